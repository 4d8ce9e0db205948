"""What a world's watchers are told, as facts for the ledger and as lines of a timeline."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from local.ground_truth.events import (
    Event,
    Failed,
    JobStatus,
    Labeled,
    LeftQueue,
    Offered,
    StatusChanged,
    Task,
    Withdrawn,
)
from tests.simulation.execution import Execution
from tests.simulation.world.ledger import Ledger
from tests.simulation.world.plan import LABEL_CANARY, PRESIGNED_CANARY
from tests.simulation.world.watchers import Item, Watchers

_KEY = "everlabel-correlation-id"
_IDS = frozenset({_KEY, "everlabel-object-id", "dataset-objectid-attribute-name"})
_TOKEN = re.compile("AQC[0-9a-f]{20}")
_OVER = frozenset({JobStatus.STOPPED, JobStatus.COMPLETED, JobStatus.FAILED})
_INCARNATION = re.compile(r"everlabel-(.+)-[0-9]+")
_TASK = re.compile(r"(.+)-[0-9]+")


def digest(line: Mapping[str, object]) -> int:
    """What tells one line from another, whatever ids it carries; the same in this process only."""
    return hash(json.dumps({key: line[key] for key in line if key not in _IDS}, sort_keys=True))


class Observer:
    """Listens to a world and tells the ledger. With `traced`, it writes down what concerns that task."""

    def __init__(self, ledger: Ledger, watchers: Watchers, buckets: Collection[str], traced: str | None = None) -> None:
        self.is_there: Callable[[str], bool] = lambda _uri: True
        """Whether there is an object of this URI in Amazon S3."""
        self.timeline: list[tuple[float, str]] = []
        self._ledger, self._buckets, self._traced = ledger, frozenset(buckets), traced
        self._known: set[Task] = set()  # portal tasks that were offered before
        watchers.item_changed.append(self._item_changed)
        watchers.state_entered.append(self._state_entered)
        watchers.execution_ended.append(self._execution_ended)
        watchers.portal.append(self._portal)
        watchers.s3_looked.append(self._s3_looked)
        watchers.put_on_bus.append(self._put_on_bus)
        watchers.logged.append(self._logged)
        watchers.called.append(self._called)
        self._now = ledger.now

    def note(self, text: str, task: str | None = None) -> None:
        """Writes a line if it concerns the traced task, or all."""
        if self._traced is not None and task in {None, self._traced}:
            self.timeline.append((self._now(), text))

    # ---- the task table -------------------------------------------------------------------------------------------

    def _item_changed(self, table: str, before: Item | None, after: Item | None) -> None:
        item = after if after is not None else before
        if table != "TaskTable" or item is None:
            return
        task, name = item["task_id"]["S"], item["item"]["S"]
        kind, _, rest = name.partition("#")
        if kind == "TASK":
            self._task_changed(task, before, after)
        elif kind == "OPEN":
            self._open_changed(task, rest, before, after)
        elif kind == "DONE":
            self._done_changed(task, rest, before, after)
        elif kind == "JOB" and before is None and after is not None:
            level, _, job = rest.partition("#")
            self._ledger.frozen(task, int(level), job, int(after["objects"]["N"]))
        elif kind == "SURPLUS" and before is None:
            self._ledger.surplus += 1
            self.note(f"surplus label kept: {rest}", task)
        elif kind == "LEVEL" and self._traced == task:
            self._level_changed(task, rest, before or {}, after or {})

    def _task_changed(self, task: str, before: Item | None, after: Item | None) -> None:
        if after is None:
            return
        status, reason = after["status"]["S"], after.get("reason", {}).get("S")
        if before is None or before["status"]["S"] != status:
            self.note(f"task is {status}" + (f": {reason[:200]}" if reason else ""), task)
        self._ledger.status(task, status, reason)

    def _level_changed(self, task: str, level: str, before: Item, after: Item) -> None:
        for name in ("token", "resend", "has_failed"):
            old, new = before.get(name), after.get(name)
            if old != new:
                said = "" if new is None else f" = {next(iter(new.values()))}"
                self.note(f"level {level}: {name}{said if name != 'token' else ' parked' if new else ' gone'}", task)

    def _open_changed(self, task: str, rest: str, before: Item | None, after: Item | None) -> None:
        key = f"{task}/{rest.replace('#', '/')}"
        if before is None:
            self._ledger.listed(key)
        elif after is None:
            self._ledger.struck_off(key)
        if self._traced == task:
            old, new = _words(before), _words(after)
            if old != new:
                self.note(f"to-do {rest}: {old or 'nothing'} → {new or 'nothing'}", task)

    def _done_changed(self, task: str, rest: str, before: Item | None, after: Item | None) -> None:
        key = f"{task}/{rest.replace('#', '/')}"
        if after is None:
            self.note(f"record {rest}: removed", task)
            self._ledger.erased(key)
            return
        outcome, line = after["outcome"]["S"], after.get("line", {}).get("S")
        self.note(f"record {rest}: {outcome}, generation {after['generation']['N']}", task)
        if before is None or before != after:
            self._ledger.recorded(key, outcome, None if line is None else digest(json.loads(line)))

    # ---- Ground Truth ---------------------------------------------------------------------------------------------

    def _portal(self, job: str, event: Event) -> None:
        if isinstance(event, StatusChanged):
            self._job_changed(job, event)
        elif isinstance(event, LeftQueue):
            if self._traced is not None and event.why != "taken" and self._traced in event.message.body:
                self.note(f"{job}: a message left the queue: {event.why}", self._traced)
        elif isinstance(event, Failed):
            if event.object is not None:
                key = str(event.object.line.get(_KEY))
                self._ledger.failed(key)
                self.note(f"{job}: {event.object.dedup_id} failed: {event.reason}", key.partition("/")[0])
        else:
            self._task_event(job, event)

    def _task_event(self, job: str, event: Offered | Withdrawn | Labeled) -> None:
        found = event.task.object
        key = str(found.line.get(_KEY))
        if isinstance(event, Offered):
            if event.task not in self._known:
                self._known.add(event.task)
                self.note(f"{job}: {found.dedup_id} is in the portal", key.partition("/")[0])
                self._ledger.admitted(key)
        elif isinstance(event, Withdrawn):
            if event.is_over:
                self._known.discard(event.task)
                self._ledger.withdrawn(key)
        else:
            self.note(f"{job}: {found.dedup_id} labeled by {event.worker}", key.partition("/")[0])

    def _job_changed(self, job: str, event: StatusChanged) -> None:
        self.note(f"{job} is {event.status} {event.reason}")
        name = _INCARNATION.fullmatch(job)
        if event.status in _OVER and name is not None:
            self._ledger.incarnation_ended(name[1])

    # ---- executions and functions -----------------------------------------------------------------------------------

    def _state_entered(self, execution: Execution, state: str) -> None:
        task = _TASK.fullmatch(execution.name)
        if task is None:
            return
        data = execution.data
        level = _level(state, data) if isinstance(data, dict) else None
        self.note(f"{execution.name} enters {state}" + (f", level {level}" if level else ""), task[1])
        self._ledger.entered(task[1], level, state, execution.started_at, execution.history.count)

    def _execution_ended(self, execution: Execution) -> None:
        task = _TASK.fullmatch(execution.name)
        if task is not None:
            self.note(f"{execution.name} {execution.status} {execution.error or ''}", task[1])
            self._ledger.execution_ended(task[1])

    def _called(self, invocation: Any, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        if service == "sns" and operation in {"Publish", "PublishBatch"}:
            for entry in parameters.get("PublishBatchRequestEntries", [parameters]):
                line = json.loads(entry["Message"])
                self._ledger.given(line[_KEY], digest(line))
                if self._traced is not None:
                    what = f"{invocation.function.name}: publishes {line['everlabel-object-id']}"
                    self.note(what, line[_KEY].partition("/")[0])

    def _put_on_bus(self, detail_type: str, source: str, detail: Mapping[str, Any]) -> None:
        if (source, detail_type) == ("everlabel", "AnnotationTaskCompleted"):
            task = detail["taskId"]
            self.note("announced", task)
            outputs = [detail["summaryS3Uri"], detail["annotationsS3Uri"]]
            self._ledger.announced(task, [uri for uri in outputs if not self.is_there(uri)])

    def _logged(self, function: str, line: str) -> None:
        secrets = [LABEL_CANARY, PRESIGNED_CANARY]
        token = _TOKEN.search(line)
        self._ledger.logged(function, line, secrets if token is None else [*secrets, token[0]])

    def _s3_looked(self, function: str, operation: str, bucket: str, _key: str) -> None:
        self._ledger.looked(function, operation, bucket, self._buckets)


def _words(item: Item | None) -> str:
    """An item of the to-do list in words."""
    if item is None:
        return ""
    generation, epoch = item["generation"]["N"], item["epoch"]["N"]
    return f"generation {generation}, incarnation {epoch}{', due' if item['due'].get('BOOL') else ''}"


def written(at: float, start: float) -> str:
    """A time as day and time of day since the beginning."""
    day = int((at - start) // 86_400)
    return f"day {day:3d} {datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def _level(state: str, data: Mapping[str, Any]) -> int | None:
    """The level that an execution is at: in IsLastLevel that which is completed, though its data have the next one."""
    if state != "IsLastLevel" or "isLastLevel" not in data:
        return data.get("level")
    if data["isContinued"]:
        return None
    return int(data["level"]) - (not data["isLastLevel"])
