"""Workers who use every word that their labeling job offers them, and only those.

In each frame they draw each label once, and from frame to frame each attribute has its next value. Whoever adjusts
reads the labels of the job before, moves each by a pixel and gives each attribute its next value.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from local.annotators.shapes import Box, FrameLabels, Geometry, Labels, Points, Shape
from local.ground_truth import prior
from local.ground_truth.events import Labeled
from local.ground_truth.inputs import DataObject, Sequence, read_sequence, split_s3_uri
from local.ground_truth.requests import JobRequest
from local.ground_truth.unknowns import Unknowns
from tests.simulation.s3 import S3
from tests.simulation.world.finished_work import FinishedWork

_Words = Mapping[str, tuple[str, ...]]


class EveryWord(FinishedWork):
    """What they hand in for video jobs; any other job's labels are as in every world."""

    def __init__(self, request: JobRequest, unknowns: Unknowns, s3: S3) -> None:
        super().__init__(request, unknowns, s3)
        self._offered, self._is_adjusting = request.categories, bool(request.task_type.variant)

    def label(self, event: Labeled, date: datetime) -> tuple[object, Mapping[str, object]]:
        """The URI of the label file, and what the metadata says about it."""
        found = event.task.object
        if not self._task_type.is_video:
            return super().label(event, date)
        sequence = read_sequence(self._read(found.source))
        labels = Labels(self._adjusted(found) if self._is_adjusting else self._drawn(sequence))
        labels = replace(labels, adjusted=self._is_adjusting and self._offered.editable)
        content = json.dumps(self._output.sequence_labels(labels, sequence.frames)).encode()
        uri = self._stored(f"{self._place(found)}/SeqLabel.json", content)
        return uri, self._output.sequence_details(labels)

    def _drawn(self, sequence: Sequence) -> tuple[FrameLabels, ...]:
        return tuple(
            FrameLabels(
                frame.name,
                tuple(self._shape(place, number, label) for number, label in enumerate(self._offered.labels)),
                _chosen(self._offered.frame_attributes, place),
            )
            for place, frame in enumerate(sequence.frames)
        )

    def _shape(self, place: int, number: int, label: str) -> Shape:
        attributes = _chosen(self._offered.label_attributes[label], place + number)
        shape = Shape(label, _geometry(self._offered.annotation_type, 20 * number, place), attributes)
        is_tracking = self._task_type.is_tracking
        return replace(shape, object_id=f"id-{number}", object_name=f"{label}:1") if is_tracking else shape

    def _adjusted(self, found: DataObject) -> tuple[FrameLabels, ...]:
        audited = self._offered.audited or ""
        before = prior.read_sequence_labels(self._read(str(found.line[audited])), prior.class_map(found.line, audited))
        if not self._offered.editable:
            return before
        return tuple(replace(frame, shapes=tuple(map(self._corrected, frame.shapes))) for frame in before)

    def _corrected(self, shape: Shape) -> Shape:
        offered = self._offered.label_attributes[shape.label]
        nexts = {name: _next(offered[name], value) for name, value in shape.attributes.items()}
        return replace(shape, geometry=_moved(shape.geometry), attributes=nexts)

    def _read(self, uri: str) -> bytes:
        content = self._s3.read(*split_s3_uri(uri))
        assert content is not None, uri
        return content


def _chosen(offered: _Words, turn: int) -> dict[str, str]:
    return {name: values[turn % len(values)] for name, values in offered.items()}


def _next(values: tuple[str, ...], value: str) -> str:
    return values[(values.index(value) + 1) % len(values)]


def _geometry(annotation_type: str, left: int, top: int) -> Geometry:
    corners = ((left, top), (left + 10, top), (left + 5, top + 10))
    drawn = {"Polyline": corners[:2], "Polygon": corners, "Keypoint": corners[:1]}
    return Points(drawn[annotation_type]) if annotation_type in drawn else Box(left, top, 10, 10)


def _moved(geometry: Geometry) -> Geometry:
    if isinstance(geometry, Box):
        return replace(geometry, left=geometry.left + 1)
    return Points(tuple((x + 1, y) for x, y in geometry.vertices))
