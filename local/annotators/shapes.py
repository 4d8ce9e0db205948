"""Labels in a neutral form: what a worker is shown, and what she hands in.

No name here belongs to one output format; the portal turns `Labels` into the documented output lines. Pixels are whole
numbers, the origin is the upper left corner of the frame, x grows to the right and y downwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Box:
    """A bounding box in pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Points:
    """The (x, y) vertices of a polyline or polygon, in drawing order; a keypoint has one."""

    vertices: tuple[tuple[int, int], ...]


Geometry = Box | Points


@dataclass(frozen=True)
class Shape:
    """One thing a worker drew. `object_id` (unique) and `object_name` ("car:1") are set for tracking only."""

    label: str
    geometry: Geometry
    attributes: Mapping[str, str] = field(default_factory=dict)
    object_id: str | None = None
    object_name: str | None = None


@dataclass(frozen=True)
class FrameLabels:
    """The shapes of one frame, found by its file name, and the frame's own attributes."""

    frame: str
    shapes: tuple[Shape, ...]
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FrameImage:
    """One frame by its file name: the encoded image, usually JPEG."""

    frame: str
    jpeg: bytes


@dataclass(frozen=True)
class Work:
    """One task in the worker portal.

    `task_type` is Ground Truth's: VideoObjectTracking, VideoObjectDetection, BoundingBox, SemanticSegmentation,
    ImageMultiClass, or an Adjustment… or Verification… variant of one. `annotation_type` is BoundingBox, Polyline,
    Polygon or Keypoint. Labels and attributes are those of the label category configuration, in its order; an attribute
    without allowed values is free text. `frames` has one entry for an image job; `prior` are the labels to adjust or
    verify.
    """

    task_type: str
    annotation_type: str
    labels: tuple[str, ...]
    label_attributes: Mapping[str, Mapping[str, tuple[str, ...]]]
    frame_attributes: Mapping[str, tuple[str, ...]]
    frames: tuple[FrameImage, ...]
    prior: tuple[FrameLabels, ...] | None = None


@dataclass(frozen=True)
class Labels:
    """What a worker submits.

    `mask` is a PNG with one 8-bit channel for semantic segmentation: 0 is background, n is the n-th label.
    `image_class` is a label name, for classification and for verification. `adjusted` says that prior labels were
    changed.
    """

    frames: tuple[FrameLabels, ...]
    mask: bytes | None = None
    image_class: str | None = None
    adjusted: bool = False
    seconds_spent: float = 0.0


class Declined(Exception):
    """The worker declines the task."""


class Annotator(Protocol):
    """Whoever takes a task and hands in labels."""

    def annotate(self, work: Work) -> Labels:
        """Label every frame of `work`; raises `Declined`."""
        ...
