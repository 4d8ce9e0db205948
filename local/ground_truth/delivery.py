"""What a finished object becomes: a line on the output topic and, a while later, in the output manifest.

Source: SageMaker developer guide, "Output data", "Streaming labeling jobs" (output topic).
"""

import heapq
import json
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from local.ground_truth.events import Failed, Labeled
from local.ground_truth.output import output_of
from local.ground_truth.requests import JobRequest
from local.ground_truth.unknowns import Unknowns


class Tree(Protocol):
    """A job's files below `root`, an S3 URI that ends with a slash."""

    root: str

    def label(self, event: Labeled, date: datetime) -> tuple[object, Mapping[str, object]]:
        """Write what a worker submitted: the label (or the URI of its file), and what the metadata says about it."""

    def extend(self, manifest: str, lines: bytes) -> None:
        """The output manifest, an S3 URI, has grown by these lines."""


class Delivery:
    """The output of one job. `now` is Ground Truth's time in seconds, `date` what the lines say."""

    def __init__(
        self,
        request: JobRequest,
        unknowns: Unknowns,
        tree: Tree,
        publish: Callable[[str, str], None],
        rng: random.Random,
    ) -> None:
        self.manifest_uri = tree.root + "manifests/output/output.manifest"
        self._topic = request.output_topic
        self._unknowns = unknowns
        self._output = output_of(request, unknowns)
        self._tree = tree
        self._publish_line = publish
        self._rng = rng
        self._lines: list[str] = []
        self._manifest_due: float | None = None
        self._late: list[tuple[float, int, str]] = []
        self._messages = 0

    def labeled(self, event: Labeled, now: float, date: datetime) -> None:
        """Write the labels and tell everybody."""
        label, details = self._tree.label(event, date)
        line = json.dumps(self._output.labeled_line(event.task.object, label, details, date))
        self._publish(line, now)
        self._append(line, now)

    def failed(self, event: Failed, now: float, date: datetime) -> None:
        """Tell that an object failed. An input that was no JSON object makes no line: only the counters know of it."""
        if event.object is None:
            return
        on_topic, in_manifest = self._unknowns.failures_on_topic, self._unknowns.failures_in_manifest
        if not (on_topic or in_manifest):
            return
        line = json.dumps(self._output.failure_line(event.object, event.reason, date))
        if on_topic:
            self._publish(line, now)
        if in_manifest:
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
            lines, self._lines = self._lines, []
            self._tree.extend(self.manifest_uri, "".join(line + "\n" for line in lines).encode())

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
        if self._topic:
            self._publish_line(self._topic, line)
