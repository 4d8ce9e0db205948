"""Annotation documents for tests: one small fixed sample with pictures, and strategies for any."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from hypothesis import strategies as st

from everlabel import annotation_json
from everlabel.annotation_document import (
    AnnotationDocument,
    Change,
    Classification,
    Frame,
    Label,
    LabelingJob,
    Origin,
    Shape,
    ShapeType,
    Unlabeled,
)

BUCKET = "everlabel-bucket"
WIDTH, HEIGHT = 64, 48
_TRACKS = ("480dc450-c0ca-11ea-961f-a9b1c5c97972", "9b1c5c97-c0ca-11ea-961f-480dc4509720")
_JOBS = (
    LabelingJob("Vehicles", 1, "VideoObjectTracking", "BoundingBox", "Vehicles-ref"),
    LabelingJob("Signs", 1, "VideoObjectDetection", "BoundingBox", "Signs-ref"),
    LabelingJob("Lanes", 1, "VideoObjectTracking", "Polyline", "Lanes-ref"),
    LabelingJob("Joints", 1, "VideoObjectTracking", "Keypoint", "Joints-ref"),
    LabelingJob("Areas", 1, "VideoObjectDetection", "Polygon", "Areas-ref"),
    LabelingJob("AdjVehicles", 2, "AdjustmentVideoObjectTracking", "BoundingBox", "AdjVehicles-ref", "Vehicles"),
)


def box(left: float, top: float, width: float, height: float) -> Shape:
    """A box by its corner and its size."""
    return Shape(ShapeType.BOX, ((left, top), (left + width, top + height)))


def sample() -> tuple[AnnotationDocument, AnnotationDocument]:
    """Two clips of two drives, four frames each: a car and a bus that are tracked, a sign, a lane, a joint, an area.

    The bus is not seen in the second frame, and nothing in the last.
    """
    return _clip("one", "drive-a", "rainy", 0), _clip("two", "drive-b", "clear", 5)


def telling() -> AnnotationDocument:
    """A clip of three frames with one track, of which each label tells something else: a model found it and it is
    mostly hidden, nobody drew it, its class is another one. Beside it, once, an area in which nobody labeled."""
    one = sample()[0]
    car = Label(0, "Vehicles", 1, "car", box(1, 2, 10, 8), "a/b", "car:1", {"occlusion": "major"}, Origin.AUTO, 0.5)
    labels = (
        car,
        Label(0, "Vehicles", 1, "ignore", box(40, 30, 10, 12)),
        replace(car, frame=1, shape=box(2, 2, 10, 8), interpolated=True, confidence=None, attributes={}),
        replace(car, frame=2, shape=box(3, 2, 10, 8), class_name="bus", origin=Origin.HUMAN, confidence=None),
    )
    return replace(one, labeling_jobs=_JOBS[:1], frames=one.frames[:3], labels=labels, classifications=(), unlabeled=())


def _clip(name: str, drive: str, weather: str, shift: int) -> AnnotationDocument:
    attributes = {"drive": {"drive_id": drive, "weather": weather}, "clip": {"scene": "city street"}}
    inherited = {"drive_id": drive, "weather": weather, "scene": "city street"}
    frames = tuple(
        Frame(
            index,
            f"{index + 1:06d}.jpg",
            f"s3://{BUCKET}/clips/{name}/fps-2/frames/{index + 1:06d}.jpg",
            2.0,
            index / 2,
            WIDTH,
            HEIGHT,
            inherited,
        )
        for index in range(4)
    )
    labels = [label for frame in range(3) for label in _labels(frame, shift)]
    return AnnotationDocument(
        task_id=f"task-{name}",
        clip_id=f"clip-{name}",
        clip_uri=f"s3://clips/{name}.mp4",
        created_at="2026-11-20T10:00:00.000Z",
        completed_at=f"2026-11-2{1 if name == 'one' else 2}T10:00:00.000Z",
        labeling_jobs=_JOBS,
        frames=frames,
        labels=tuple(labels),
        classifications=(Classification(0, "Signs", 1, "usable"),),
        unlabeled=(Unlabeled("Joints", 1, 1, "failed", "expired"),),
        attributes=attributes,
        taxonomy="lava/1",
    )


def _labels(frame: int, shift: int) -> list[Label]:
    car, bus = _TRACKS
    x = float(shift + 6 * frame)
    found = [
        Label(
            frame,
            "AdjVehicles",
            2,
            "car",
            box(x, 10, 12, 8),
            car,
            "car:1",
            {"occlusion": "partial", "lights": True},
            change=Change.ADJUSTED,
        ),
        Label(frame, "AdjVehicles", 2, "bus", box(30, 4, 20, 16), bus, "bus:1", {}, change=Change.KEPT),
        Label(frame, "Areas", 1, "crossing", Shape(ShapeType.POLYGON, ((2.0, 40.0), (30.0, 40.0), (16.0, 46.0)))),
        Label(frame, "Joints", 1, "left knee", Shape(ShapeType.KEYPOINT, ((20.0 + frame, 21.0),)), "7", "left knee:1"),
        Label(
            frame,
            "Lanes",
            1,
            "lane/solid",
            Shape(ShapeType.POLYLINE, ((0.0, 47.0), (20.0, 30.0), (40.0, 28.0))),
            "123456789012345678901",
            "lane/solid:1",
            {"style": "solid"},
        ),
        Label(frame, "Signs", 1, "stop sign", box(50, 2, 6, 6), attributes={"is_front": "yes"}),
    ]
    return [label for label in found if (label.class_name, frame) != ("bus", 1)]


def picture(frame: Frame) -> bytes:
    """A JPEG of the frame's size whose brightness tells its number."""
    pixels = np.full((frame.height or HEIGHT, frame.width or WIDTH, 3), 20 + 40 * (frame.index % 5), np.uint8)
    is_done, encoded = cv2.imencode(".jpg", pixels)
    assert is_done
    return encoded.tobytes()


def write_folder(folder: Path, *documents: AnnotationDocument) -> Path:
    """Writes documents and their pictures as a copy of a stack's bucket."""
    for document in documents:
        place = folder / "tasks" / document.task_id / "annotations.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(annotation_json.write(document))
        for frame in document.frames:
            file = folder / frame.s3_uri.split("/", 3)[3]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(picture(frame))
    return folder


# Strategies

_NAMES = ["car", "stop sign", "lane/solid", "Fußgänger", "交差点", "a\tb", "..", "x" * 80, "<&>\"'"]
names = st.sampled_from(_NAMES)
_values = names | st.integers(-(10**12), 10**12) | st.booleans() | st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
_track_ids = st.none() | st.sampled_from(["1", "2", str(10**30), *_TRACKS, "a/b c", "ü"])


def _pixels(length: int) -> st.SearchStrategy[float]:
    return st.integers(0, 4 * length).map(lambda quarters: quarters / 4)


@st.composite
def shapes(draw: st.DrawFn, kinds: tuple[ShapeType, ...] = tuple(ShapeType)) -> Shape:
    """Any shape that lies in a sample's frame; boxes have at least a pixel."""
    kind = draw(st.sampled_from(kinds))
    if kind is ShapeType.MASK:
        return Shape(kind, (), f"s3://{BUCKET}/masks/1.png", "#2ca02c")
    if kind is ShapeType.BOX:
        left, top = draw(_pixels(WIDTH - 1)), draw(_pixels(HEIGHT - 1))
        right, bottom = draw(_pixels(WIDTH)), draw(_pixels(HEIGHT))
        return Shape(kind, ((left, top), (max(left + 1, right), max(top + 1, bottom))))
    least, most = {ShapeType.KEYPOINT: (1, 1), ShapeType.POLYLINE: (2, 5), ShapeType.POLYGON: (3, 6)}[kind]
    points = st.tuples(_pixels(WIDTH), _pixels(HEIGHT))
    return Shape(kind, tuple(draw(st.lists(points, min_size=least, max_size=most))))


@st.composite
def documents(draw: st.DrawFn, kinds: tuple[ShapeType, ...] = tuple(ShapeType)) -> AnnotationDocument:
    """Any document of a clip at one or two frame rates; a track has one class and one shape type, once a frame."""
    number = draw(st.integers(1, 10**6))
    first = sample()[0]
    frames: list[Frame] = []
    for fps in draw(st.sampled_from([(2.0,), (1.0, 2.0)])):
        for place in range(draw(st.integers(1, 4))):
            name = f"{place + 1:06d}.jpg"
            uri = f"s3://{BUCKET}/clips/{number}/fps-{fps:g}/frames/{name}"
            frames.append(Frame(len(frames), name, uri, fps, place / fps, WIDTH, HEIGHT, {}))
    labels: list[Label] = []
    tracks: dict[str, tuple[str, ShapeType]] = {}
    for _ in range(draw(st.integers(0, 4))):
        job, track_id = draw(st.sampled_from(_JOBS)), draw(_track_ids)
        class_name, kind = draw(names), draw(st.sampled_from(kinds))
        if track_id in tracks:
            continue
        if track_id is not None:
            tracks[track_id] = class_name, kind
        for index in draw(st.lists(st.integers(0, len(frames) - 1), unique=True, max_size=4)):
            attributes: dict[str, Any] = draw(st.dictionaries(names, _values, max_size=2))
            shape = draw(shapes((kind,)))
            labels.append(Label(index, job.job_name, job.level, class_name, shape, track_id, None, attributes))
    clip_id = draw(st.sampled_from(["clip-1", "a b", "ü/交", "..", f"clip-{number}"]))
    drive = draw(st.none() | st.sampled_from(["d1", "d2", "d/ü 3"]))
    return replace(
        first,
        task_id=f"task-{number}",
        clip_id=clip_id,
        clip_uri=f"s3://clips/{number}.mp4",
        frames=tuple(frames),
        labels=tuple(sorted(labels, key=lambda label: (label.frame, label.job_name))),
        classifications=(),
        unlabeled=(),
        attributes={"drive": {"drive_id": drive}} if drive else {},
    )


def is_near(one: float, other: float, within: float = 1e-3) -> bool:
    """Whether two coordinates mean the same place."""
    return math.isclose(one, other, abs_tol=within)
