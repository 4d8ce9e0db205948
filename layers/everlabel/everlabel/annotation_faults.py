"""What is wrong with an annotation document beyond the form of its fields."""

from collections.abc import Iterable

from everlabel.annotation_document import (
    AnnotationDocument,
    Classification,
    Frame,
    Label,
    Shape,
    ShapeType,
    Unlabeled,
)

_POINTS = {
    ShapeType.BOX: (2, 2),
    ShapeType.KEYPOINT: (1, 1),
    ShapeType.POLYLINE: (1, None),
    ShapeType.POLYGON: (1, None),
    ShapeType.MASK: (0, 0),
}
"""How many points a shape has: at least, at most."""

Jobs = frozenset[tuple[int, str]]
"""Levels and names of labeling jobs."""


class AnnotationsRefused(ValueError):
    """What was read, or is to be written, is no annotation document: `labels[3].shape.points: …`."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field, self.message = field, message

    def below(self, outer: str) -> "AnnotationsRefused":
        """The same, seen from farther out."""
        dot = "." if self.field and not self.field.startswith("[") else ""
        return AnnotationsRefused(f"{outer}{dot}{self.field}", self.message)


def check(document: AnnotationDocument, labels: Iterable[Label]) -> None:
    """Checks a document with these labels instead of its own. Raises AnnotationsRefused at the first fault."""
    for index, frame in enumerate(document.frames):
        _check_frame(f"frames[{index}]", frame, index)
    jobs, frames = jobs_of(document), len(document.frames)
    for index, label in enumerate(labels):
        check_label(label, index, frames, jobs)
    for index, found in enumerate(document.classifications):
        _check_said(f"classifications[{index}]", found, frames, jobs)
    for index, missing in enumerate(document.unlabeled):
        _check_job(f"unlabeled[{index}]", missing, jobs)


def jobs_of(document: AnnotationDocument) -> Jobs:
    """The labeling jobs that labels may name."""
    return frozenset((job.level, job.job_name) for job in document.labeling_jobs)


def check_label(label: Label, index: int, frames: int, jobs: Jobs) -> None:
    """Checks the label at a place in the list; `frames` is how many there are. Raises AnnotationsRefused."""
    field = f"labels[{index}]"
    _check_said(field, label, frames, jobs)
    _check_shape(f"{field}.shape", label.shape)


def _check_frame(field: str, frame: Frame, index: int) -> None:
    if frame.index != index:
        raise AnnotationsRefused(f"{field}.index", f"is {frame.index}; expected its place in the list, {index}")
    if frame.fps <= 0:
        raise AnnotationsRefused(f"{field}.fps", f"is {frame.fps}; expected frames per second, more than 0")
    if frame.time < 0:
        raise AnnotationsRefused(f"{field}.time", f"is {frame.time}; expected seconds from the clip's beginning")
    for side, pixels in (("width", frame.width), ("height", frame.height)):
        if pixels is not None and pixels < 1:
            raise AnnotationsRefused(f"{field}.{side}", f"is {pixels}; expected pixels, at least 1")


def _check_said(field: str, said: Label | Classification, frames: int, jobs: Jobs) -> None:
    if not 0 <= said.frame < frames:
        raise AnnotationsRefused(f"{field}.frame", f"is {said.frame}; expected the index of one of {frames} frames")
    if said.confidence is not None and not 0 <= said.confidence <= 1:
        raise AnnotationsRefused(f"{field}.confidence", f"is {said.confidence}; expected a number from 0 to 1")
    _check_job(field, said, jobs)


def _check_job(field: str, said: Label | Classification | Unlabeled, jobs: Jobs) -> None:
    if (said.level, said.job_name) not in jobs:
        raise AnnotationsRefused(
            f"{field}.jobName", f"is {said.job_name!r} at level {said.level}; expected one of labelingJobs"
        )


def _check_shape(field: str, shape: Shape) -> None:
    least, most = _POINTS[shape.type]
    count = len(shape.points)
    if count < least or (most is not None and count > most):
        expected = f"{least}" if least == most else f"at least {least}"
        raise AnnotationsRefused(f"{field}.points", f"has {count}; expected {expected} for a {shape.type}")
    if shape.type is ShapeType.BOX:
        (left, top), (right, bottom) = shape.points
        if left > right or top > bottom:
            raise AnnotationsRefused(
                f"{field}.points", f"is {shape.points}; expected the upper left corner, then the lower right one"
            )
    is_mask = shape.type is ShapeType.MASK
    for name, value in (("maskUri", shape.mask_uri), ("maskColor", shape.mask_color)):
        if (value is not None) != is_mask:
            raise AnnotationsRefused(
                f"{field}.{name}", f"is {value!r:.100}; expected {'text' if is_mask else 'none'} for a {shape.type}"
            )
