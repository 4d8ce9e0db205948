"""The files of a job's output, in the documented S3 tree: labels, workers' answers, the manifest.

Source: SageMaker developer guide, "Output data" (directories).
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

from local.annotators.shapes import Labels
from local.ground_truth.desk import sequence_of
from local.ground_truth.events import Labeled, Task
from local.ground_truth.images import image_size, with_palette
from local.ground_truth.inputs import DataObject
from local.ground_truth.output import output_of, output_root, worker_response
from local.ground_truth.requests import JobRequest
from local.ground_truth.storage import Storage
from local.ground_truth.unknowns import Unknowns


def object_id(found: DataObject, unknowns: Unknowns) -> str:
    """`<datasetObjectId>` in the keys of an object's files."""
    match unknowns.object_id_in_path:
        case "number":
            return str(found.number)
        case "quoted":
            return quote(found.dedup_id, safe="")
        case "raw":
            return found.dedup_id


class OutputTree:
    """The files of one job. `labels` gives what was handed in for a task."""

    def __init__(
        self, request: JobRequest, unknowns: Unknowns, storage: Storage, labels: Callable[[Task], Labels]
    ) -> None:
        self.root = output_root(request, unknowns)
        self._request = request
        self._unknowns = unknowns
        self._storage = storage
        self._labels = labels
        self._output = output_of(request, unknowns)
        self._manifest = bytearray()

    def label(self, event: Labeled, date: datetime) -> tuple[object, Mapping[str, object]]:
        """Write what a worker submitted: the label (or the URI of its file), and what the metadata says about it."""
        found = event.task.object
        label, details, content = self._write_label(found, self._labels(event.task), date)
        accepted = date - timedelta(seconds=event.at - event.task.accepted_at)
        answer = f"{object_id(found, self._unknowns)}/{date:%Y-%m-%d_%H-%M-%S.%f}.json"
        self._write(
            f"annotations/worker-response/iteration-1/{answer}",
            worker_response(content, event.worker, accepted, date),
        )
        return label, details

    def extend(self, manifest: str, lines: bytes) -> None:
        """The output manifest, an S3 URI, has grown by these lines."""
        self._manifest += lines
        self._storage.write(manifest, bytes(self._manifest), "application/octet-stream")

    def _write_label(
        self, found: DataObject, labels: Labels, date: datetime
    ) -> tuple[object, dict[str, object], object]:
        """Beside label and metadata, the worker's answer."""
        task_type, output = self._request.task_type, self._output
        consolidated = f"annotations/consolidated-annotation/output/{object_id(found, self._unknowns)}"
        if task_type.is_video:
            content = output.sequence_labels(labels, sequence_of(found, self._storage).frames)
            return self._write(f"{consolidated}/SeqLabel.json", content), output.sequence_details(labels), content
        if task_type.variant == "Verification" or task_type.drawing == "ImageMultiClass":
            name = labels.image_class or output.labels[0]
            label, details = output.image_class(name)
            return label, details, {"category": {"label": name}}
        if task_type.drawing == "BoundingBox":
            boxes, details = output.image_boxes(labels, image_size(self._storage.read(found.source)))
            return boxes, details, {"boundingBox": boxes}
        if labels.mask is None:
            raise ValueError("a segmentation needs a mask")
        uri = f"{self.root}{consolidated}_{date:%Y-%m-%dT%H:%M:%S.%f}.png"
        self._storage.write(uri, with_palette(labels.mask, output.palette()), "image/png")
        return uri, output.segmentation_details(labels), {"mask": uri}

    def _write(self, path: str, content: object) -> str:
        uri = self.root + path
        self._storage.write(uri, json.dumps(content).encode(), "application/json")
        return uri
