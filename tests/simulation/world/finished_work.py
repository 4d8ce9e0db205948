"""What workers hand in where nobody draws: one small label, the same for every object of a job."""

import json
from collections.abc import Mapping
from datetime import datetime

from local.annotators.shapes import Box, FrameLabels, Labels, Shape
from local.ground_truth.events import Labeled
from local.ground_truth.inputs import DataObject, SequenceFrame, split_s3_uri
from local.ground_truth.output import output_of, output_root
from local.ground_truth.output_tree import object_id
from local.ground_truth.requests import JobRequest
from local.ground_truth.unknowns import Unknowns
from tests.simulation.growing_file import GrowingFile
from tests.simulation.s3 import S3

_FRAME = SequenceFrame(1, "000001.jpg")


class FinishedWork:
    """A job's files in the simulated Amazon S3: labels, and the manifest, which is stored anew whenever it grows.

    Labels that are files are told apart by their URI, boxes on an image by the number of the object they are of.
    """

    def __init__(self, request: JobRequest, unknowns: Unknowns, s3: S3) -> None:
        self.root = output_root(request, unknowns)
        self._task_type, self._unknowns, self._s3 = request.task_type, unknowns, s3
        self._output = output_of(request, unknowns)
        self._manifest = GrowingFile()
        drawn = (Shape(self._output.labels[0], Box(1, 2, 3, 4)),)
        self._labels = Labels((FrameLabels(_FRAME.name, drawn),), adjusted=bool(self._task_type.variant))
        self._file = b""
        if self._task_type.is_video:
            self._file = json.dumps(self._output.sequence_labels(self._labels, [_FRAME])).encode()

    def label(self, event: Labeled, _date: datetime) -> tuple[object, Mapping[str, object]]:
        """The label (or the URI of its file), and what the metadata says about it."""
        found, task_type, output = event.task.object, self._task_type, self._output
        if task_type.is_video:
            return self._stored(f"{self._place(found)}/SeqLabel.json", self._file), output.sequence_details(
                self._labels
            )
        if task_type.variant == "Verification" or task_type.drawing == "ImageMultiClass":
            return output.image_class(output.labels[0])
        if task_type.drawing == "BoundingBox":
            drawn = (Shape(output.labels[0], Box(found.number, 2, 3, 4)),)
            labels = Labels((FrameLabels(_FRAME.name, drawn),), adjusted=self._labels.adjusted)
            return output.image_boxes(labels, (16, 9))
        return self._stored(f"{self._place(found)}.png", b"mask"), output.segmentation_details(self._labels)

    def extend(self, manifest: str, lines: bytes) -> None:
        """The output manifest, an S3 URI, has grown by these lines."""
        bucket, key = split_s3_uri(manifest)
        self._s3.put(bucket, key, self._manifest.extend(lines), "application/octet-stream")

    def _place(self, found: DataObject) -> str:
        return f"{self.root}annotations/consolidated-annotation/output/{object_id(found, self._unknowns)}"

    def _stored(self, uri: str, content: bytes) -> str:
        bucket, key = split_s3_uri(uri)
        self._s3.put(bucket, key, content, "application/octet-stream")
        return uri
