"""The annotation document: everything that a completed task says about its clip, in one neutral form.

It belongs to no labeling service and to no training format: post-processing writes it, datasets, exports and pictures
are made of it. In JSON its names are in camelCase (`annotation-document.schema.json` holds it to its form). Pixels
count from the upper left corner of the frame, x to the right and y downwards; times are seconds from the clip's
beginning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

VERSION = "everlabel-annotations/1"
"""What the document calls itself. A reader refuses what it does not know."""


class ShapeType(StrEnum):
    """What was drawn."""

    BOX = "box"
    POLYLINE = "polyline"
    POLYGON = "polygon"
    KEYPOINT = "keypoint"
    MASK = "mask"


class Origin(StrEnum):
    """Who said so."""

    HUMAN = "human"
    AUTO = "auto"


class Change(StrEnum):
    """What the last level did to an object of the level before."""

    KEPT = "kept"
    ADJUSTED = "adjusted"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Shape:
    """A geometry in pixels.

    A box has two points, its upper left and its lower right corner (right = left + width); a keypoint has one; lines
    and polygons have their vertices in drawing order. A mask has none, but the place and the colour of its pixels.
    """

    type: ShapeType
    points: tuple[tuple[float, float], ...] = ()
    mask_uri: str | None = None
    mask_color: str | None = None
    """Of a mask: `#2ca02c`, the colour of this class in the PNG's palette."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of the clip. Jobs at different frame rates have different frames, so a time may come twice."""

    index: int
    """Its place in the document's list, from 0; labels refer to it."""
    name: str
    """The file's name, which is what labels are joined on: `000001.jpg`."""
    s3_uri: str
    fps: float
    time: float
    width: int | None
    height: int | None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Drive, clip and frame attributes: what a frame does not say itself it inherits."""


@dataclass(frozen=True, slots=True)
class Label:
    """One object in one frame."""

    frame: int
    job_name: str
    """The labeling job that had the last word on it."""
    level: int
    class_name: str
    shape: Shape
    track_id: str | None = None
    """The same for one object in all frames of a task; None where nobody tracked."""
    track_name: str | None = None
    """What workers saw: `car:1`."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin = Origin.HUMAN
    confidence: float | None = None
    change: Change | None = None
    """Against the level before; None at the first level."""
    interpolated: bool = False


@dataclass(frozen=True, slots=True)
class Classification:
    """What a labeling job says of a whole frame: a class, or the verdict of a verification."""

    frame: int
    job_name: str
    level: int
    class_name: str
    origin: Origin = Origin.HUMAN
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Unlabeled:
    """A data object that has no label, and why."""

    job_name: str
    level: int
    index: int
    outcome: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LabelingJob:
    """One labeling job of the task."""

    job_name: str
    level: int
    task_type: str
    annotation_type: str
    label_attribute: str
    chain_from: str | None = None


@dataclass(frozen=True, slots=True)
class AnnotationDocument:
    """One task. `labels` are the accepted ones: of a chain of levels, those of the last level that labeled the object.

    Frames are in the order of their frame rate and time; labels in the order of frame, job, track and class.
    """

    task_id: str
    clip_id: str
    clip_uri: str
    created_at: str
    completed_at: str
    """When the last outcome was written down, so that writing the document again gives the same one."""
    labeling_jobs: tuple[LabelingJob, ...]
    frames: tuple[Frame, ...]
    labels: tuple[Label, ...]
    classifications: tuple[Classification, ...] = ()
    unlabeled: tuple[Unlabeled, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """As POSTed: `{"drive": {…}, "clip": {…}}`."""
    taxonomy: str | None = None
    """Name and version: `lava/1`."""
