"""A small task to make pictures of: plain frames, so that every other colour in a picture is a label's."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from everlabel.annotation_document import AnnotationDocument, Frame, Label, LabelingJob, Shape, ShapeType

GROUND = (210, 200, 190)
WIDTH, HEIGHT = 320, 180

Point = tuple[float, float]


def box(left: float, top: float, width: float, height: float) -> Shape:
    return Shape(ShapeType.BOX, ((left, top), (left + width, top + height)))


def label(
    class_name: str,
    shape: Shape,
    frame: int = 0,
    track: str | None = None,
    job: str = "VOTVehicle",
    attributes: Mapping[str, object] | None = None,
) -> Label:
    track_name = None if track is None else f"{class_name}:{track}"
    return Label(frame, job, 1, class_name, shape, track, track_name, attributes or {})


def document(
    labels: Sequence[Label], frames: int = 1, fps: float = 1.0, clip_id: str = "street", task_id: str = "task-1"
) -> AnnotationDocument:
    """A task of so many frames, which `read` below can read."""
    made = tuple(
        Frame(i, f"{i:06d}.jpg", f"s3://clips/frames/{i:06d}.jpg", fps, i / fps, WIDTH, HEIGHT) for i in range(frames)
    )
    jobs = tuple(
        LabelingJob(name, 1, "VideoObjectTracking", "BoundingBox", f"{name}-ref")
        for name in sorted({made.job_name for made in labels})
    )
    return AnnotationDocument(
        task_id, clip_id, "s3://clips/street.mp4", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", jobs, made,
        tuple(labels),
    )  # fmt: skip


def read(uri: str) -> bytes:
    """Every frame is grey; nothing else is there."""
    if not uri.startswith("s3://clips/frames/"):
        raise FileNotFoundError(uri)
    return picture((WIDTH, HEIGHT))


def picture(size: tuple[int, int], colour: tuple[int, int, int] = GROUND) -> bytes:
    """A PNG of one colour, so many pixels wide and high."""
    plain = np.full((size[1], size[0], 3), colour[::-1], np.uint8)
    return cv2.imencode(".png", plain)[1].tobytes()


def opened(png: bytes) -> NDArray[np.uint8]:
    """Rows of columns of red, green and blue."""
    found = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return np.asarray(found[:, :, ::-1], np.uint8)


def is_colour(canvas: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Which pixels have exactly this colour."""
    return np.asarray((canvas == np.array(colour, np.uint8)).all(axis=-1), np.bool_)
