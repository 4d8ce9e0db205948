"""What a finished object becomes: files in the documented S3 tree, a line on the output topic and in the manifest.

Source: SageMaker developer guide, "Output data" (directories), "Streaming labeling jobs" (output topic).
"""

import heapq
import json
import random
from datetime import datetime, timedelta
from urllib.parse import quote

from local.annotators.shapes import Labels
from local.ground_truth.desk import sequence_of
from local.ground_truth.events import Failed, Labeled
from local.ground_truth.images import image_size, with_palette
from local.ground_truth.inputs import DataObject
from local.ground_truth.output import JobOutput, worker_response
from local.ground_truth.requests import JobRequest
from local.ground_truth.storage import Storage
from local.ground_truth.topics import Topics
from local.ground_truth.unknowns import Unknowns


class Delivery:
    """The output of one job. `now` is Ground Truth's time in seconds, `date` the wall clock's."""

    def __init__(
        self, request: JobRequest, unknowns: Unknowns, storage: Storage, topics: Topics, rng: random.Random
    ) -> None:
        self._request = request
        self._unknowns = unknowns
        self._storage = storage
        self._topics = topics
        self._rng = rng
        self._output = JobOutput(
            request.name,
            request.label_attribute,
            request.task_type,
            request.categories.annotation_type,
            request.categories.labels,
            unknowns,
        )
        folder = request.name.lower() if unknowns.job_name_in_tree == "lower case" else request.name
        self.root = f"{request.output_prefix}{folder}/"
        self._lines: list[str] = []
        self._manifest_due: float | None = None
        self._late: list[tuple[float, int, str]] = []
        self._messages = 0

    @property
    def manifest_uri(self) -> str:
        """Where the job's output manifest is."""
        return self.root + "manifests/output/output.manifest"

    def labeled(self, event: Labeled, labels: Labels, now: float, date: datetime) -> None:
        """Write the labels and tell everybody."""
        found = event.task.object
        label, details, content = self._write_label(found, labels, date)
        accepted = date - timedelta(seconds=event.at - event.task.accepted_at)
        self._write(
            f"annotations/worker-response/iteration-1/{self._object_id(found)}/{date:%Y-%m-%d_%H-%M-%S.%f}.json",
            worker_response(content, event.worker, accepted, date),
        )
        line = json.dumps(self._output.labeled_line(found, label, details, date))
        self._publish(line, now)
        self._append(line, now)

    def failed(self, event: Failed, now: float, date: datetime) -> None:
        """Tell that an object failed. An input that was no JSON object makes no line: only the counters know of it."""
        if event.object is None:
            return
        line = json.dumps(self._output.failure_line(event.object, event.reason, date))
        if self._unknowns.failures_on_topic:
            self._publish(line, now)
        if self._unknowns.failures_in_manifest:
            self._append(line, now)

    def next_event_at(self) -> float | None:
        """When something is left to be sent or written, at the earliest."""
        due = [late[0] for late in self._late[:1]]
        if self._manifest_due is not None:
            due.append(self._manifest_due)
        return min(due, default=None)

    def advance(self, now: float) -> None:
        """Send what was delayed and write the manifest, if due."""
        while self._late and self._late[0][0] <= now:
            self._send(heapq.heappop(self._late)[2])
        if self._manifest_due is not None and self._manifest_due <= now:
            self._manifest_due = None
            lines = "".join(line + "\n" for line in self._lines)
            self._storage.write(self.manifest_uri, lines.encode(), "application/octet-stream")

    def _write_label(
        self, found: DataObject, labels: Labels, date: datetime
    ) -> tuple[object, dict[str, object], object]:
        """The label (or the URI of its file), what the metadata says about it, and the worker's answer."""
        task_type, output = self._request.task_type, self._output
        consolidated = f"annotations/consolidated-annotation/output/{self._object_id(found)}"
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

    def _object_id(self, found: DataObject) -> str:
        match self._unknowns.object_id_in_path:
            case "number":
                return str(found.number)
            case "quoted":
                return quote(found.dedup_id, safe="")
            case "raw":
                return found.dedup_id

    def _append(self, line: str, now: float) -> None:
        self._lines.append(line)
        if self._manifest_due is None:
            self._manifest_due = now + self._unknowns.manifest_lag

    def _publish(self, line: str, now: float) -> None:
        for _ in range(2 if self._rng.random() < self._unknowns.duplicate_chance else 1):
            if self._rng.random() < self._unknowns.delay_chance:
                self._messages += 1
                until = now + self._rng.uniform(0, self._unknowns.delay_longest)
                heapq.heappush(self._late, (until, self._messages, line))
            else:
                self._send(line)

    def _send(self, line: str) -> None:
        if self._request.output_topic:
            self._topics.publish(self._request.output_topic, line)
