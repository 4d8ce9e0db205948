"""One streaming labeling job: a pure model in virtual time.

Nothing here reads a clock, a queue or a file: every call is told what time it is (in seconds, on any origin, never
going back), and what happened is handed out as values by `advance`. Whoever drives it (the laptop's service, a
simulation of a year) asks `next_event_at` when to come back. Each step costs the same however many objects there are.
Sources: SageMaker developer guide, "Create a streaming labeling job", "Manage labeling requests with an Amazon SQS
queue", "Duplicate message handling", "Stop a streaming labeling job", and the API reference of CreateLabelingJob.
An object that asks for several workers is treated as one task.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from local.ground_truth.events import (
    Event,
    Failed,
    JobStatus,
    Labeled,
    LeftQueue,
    Message,
    Offered,
    StatusChanged,
    Task,
    Withdrawn,
)
from local.ground_truth.input_queue import InputQueue
from local.ground_truth.inputs import DataObject, InputRefused, read_line
from local.ground_truth.unknowns import Unknowns

DAY = 86_400.0
_FEW = 100


@dataclass(frozen=True)
class JobSettings:
    """What one job was created with, and the service's own clocks. Durations are seconds."""

    name: str
    label_attribute: str
    max_concurrent_tasks: int = 1_000
    workers_per_object: int = 1
    availability_lifetime: float = 30 * DAY
    task_time_limit: float = 3 * DAY
    initializing_takes: float = 180.0
    stopping_takes: float = 60.0
    queue_retention: float = 14 * DAY
    idle_limit: float = 10 * DAY


@dataclass(frozen=True)
class Counters:
    """`LabelCounters`; unlabeled are the objects in the queue and in the portal."""

    labeled: int
    failed: int
    unlabeled: int


class TaskNotHeld(Exception):
    """The worker does not hold this task (any more): someone else does, or it is over."""


class LabelingJob:
    """One streaming labeling job. `examine` looks at an object as it is taken from the queue and raises `InputRefused`
    if it cannot become a task."""

    def __init__(
        self,
        settings: JobSettings,
        now: float,
        unknowns: Unknowns | None = None,
        examine: Callable[[DataObject], None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.unknowns = unknowns or Unknowns()
        self.status = JobStatus.INITIALIZING
        self.reason = ""
        self._examine = examine
        self._now = now
        self._created_at = now
        self._status_due: float | None = now + settings.initializing_takes
        self._events: list[Event] = []
        self._queue = InputQueue(settings.queue_retention, self.unknowns, self._dedup_id)
        self._open: set[Task] = set()
        self._expiries: deque[Task] = deque()
        self._time_limits: deque[tuple[float, Task]] = deque()
        self._active_at = now
        self._objects = self._labeled = self._failed = 0

    @property
    def counters(self) -> Counters:
        """Objects by outcome."""
        return Counters(self._labeled, self._failed, len(self._queue) + len(self._open))

    @property
    def is_taking_input(self) -> bool:
        """The queue is subscribed to the input topic."""
        return self.status == JobStatus.IN_PROGRESS or (
            self.status == JobStatus.INITIALIZING and self.unknowns.early_input == "kept"
        )

    @property
    def is_over(self) -> bool:
        """Stopped, Completed or Failed: nothing will happen any more."""
        return self.status in (JobStatus.STOPPED, JobStatus.COMPLETED, JobStatus.FAILED)

    def next_event_at(self) -> float | None:
        """When something happens by itself, at the earliest; None if nothing ever will."""
        if self.is_over:
            return None
        self._drop_stale()
        due = math.inf
        for at in (
            self._status_due,
            self._ends_at(),
            self._queue.next_expiry(),
            self._expiries[0].expires_at if self._expiries else None,
            self._time_limits[0][0] if self._time_limits else None,
        ):
            if at is not None and at < due:
                due = at
        due = min(due, self._idle_at(due))
        return None if due == math.inf else due

    def advance(self, now: float) -> list[Event]:
        """Everything that happened since the last call, up to and including `now`, in order of time."""
        self._catch_up(now)
        events, self._events = self._events, []
        return events

    def receive(self, message: Message, now: float) -> bool:
        """A message was delivered to the input topic. False: it is lost, since the queue is not subscribed."""
        self._catch_up(now)
        if not self.is_taking_input:
            return False
        self._active_at = now
        discarded = self._queue.put(message, now)
        if discarded is None:
            self._refill(arriving=True)
        else:
            self._events.append(LeftQueue(now, discarded, "duplicate"))
        return True

    def accept(self, task: Task, worker: str, now: float) -> None:
        """A worker takes a task; raises `TaskNotHeld` if it is not available."""
        self._catch_up(now)
        if task.is_over or task.worker is not None:
            raise TaskNotHeld(task.object.dedup_id)
        task.worker, task.accepted_at = worker, now
        self._time_limits.append((now + self.settings.task_time_limit, task))

    def submit(self, task: Task, worker: str, now: float) -> None:
        """The worker hands in labels; raises `TaskNotHeld`, for example after the task's time limit."""
        self._catch_up(now)
        self._check_held(task, worker)
        self._labeled += 1
        self._events.append(Labeled(now, task, worker))
        self._close(task)

    def decline(self, task: Task, worker: str, now: float) -> None:
        """The worker declines: documented as "marked as expired". Raises `TaskNotHeld`."""
        self._catch_up(now)
        self._check_held(task, worker)
        self._fail(task.object, self.unknowns.decline_reason)
        self._close(task)

    def give_back(self, task: Task, worker: str, now: float) -> None:
        """The worker returns the task to the pool. Raises `TaskNotHeld`."""
        self._catch_up(now)
        self._check_held(task, worker)
        self._return(task)

    def stop(self, now: float) -> None:
        """StopLabelingJob. Nothing happens if the job is stopping or over; must not be called while Initializing."""
        self._catch_up(now)
        if self.status == JobStatus.IN_PROGRESS:
            self._begin_stop("")

    def fail(self, reason: str, now: float) -> None:
        """The job cannot go on, for example because its input topic is gone."""
        self._catch_up(now)
        if not self.is_over:
            self._end(JobStatus.FAILED, reason)

    # What happens by itself

    def _catch_up(self, now: float) -> None:
        while (at := self.next_event_at()) is not None and at <= now:
            self._now = max(self._now, at)
            self._step()
        self._now = max(self._now, now)

    def _step(self) -> None:
        now = self._now
        if self._status_due is not None and self._status_due <= now:
            self._reach_status()
        elif (ends := self._ends_at()) is not None and ends <= now:
            self._end(JobStatus(self.unknowns.ended_job_status), "the job was not completed within 30 days")
        elif (expiry := self._queue.next_expiry()) is not None and expiry <= now:
            self._active_at = now
            self._events.append(LeftQueue(now, self._queue.expire(), "expired"))
        elif self._time_limits and self._time_limits[0][0] <= now:
            self._return(self._time_limits.popleft()[1])
        elif self._expiries and self._expiries[0].expires_at <= now:
            self._expire(self._expiries.popleft())
        else:
            self._begin_stop("idle for more than 10 days")

    def _reach_status(self) -> None:
        self._status_due = None
        if self.status == JobStatus.INITIALIZING:
            self._active_at = self._now
            self._change(JobStatus.IN_PROGRESS, "")
            self._refill(arriving=True)
        else:
            self._end(JobStatus.STOPPED, self.reason)

    def _begin_stop(self, reason: str) -> None:
        self._change(JobStatus.STOPPING, reason)
        self._status_due = self._now + self.settings.stopping_takes

    def _end(self, status: JobStatus, reason: str) -> None:
        self.status = status  # first, so that a closed task does not make room for another
        for task in sorted(self._open, key=lambda task: task.object.number):
            if self.unknowns.stop_fails_open_objects:
                self._fail(task.object, "the labeling job ended")
            self._close(task)
        self._change(status, reason)

    def _change(self, status: JobStatus, reason: str) -> None:
        self.status, self.reason = status, reason
        self._events.append(StatusChanged(self._now, status, reason))

    def _idle_at(self, before: float) -> float:
        """When the job has been idle for too long, if that is earlier than `before`; else any later time."""
        at = self._active_at + self.settings.idle_limit
        if at >= before or self.status != JobStatus.IN_PROGRESS or self._queue:
            return math.inf
        return math.inf if self._open and self.unknowns.open_tasks_keep_job_alive else at

    def _ends_at(self) -> float | None:
        after = self.unknowns.job_ends_after
        return None if after is None or self.is_over else self._created_at + after

    # The portal

    def _refill(self, *, arriving: bool = False) -> None:
        """Take from the queue what there is room for. An object that finds nobody before it in the queue needs only a
        free place; otherwise the documented gap must be there (a job with one place would never refill, so one place
        is the least)."""
        most = self.settings.max_concurrent_tasks
        gap = max(1, most - self.settings.workers_per_object)
        while self.status == JobStatus.IN_PROGRESS and self._queue:
            straight = not self.unknowns.refill_leaves_gap or (arriving and len(self._queue) == 1)
            if len(self._open) >= (most if straight else gap):
                break
            self._take()

    def _take(self) -> None:
        message = self._queue.take()
        self._active_at = self._now
        try:
            found = read_line(message.body, message.id, self.settings.label_attribute, self.unknowns)
        except InputRefused as error:
            self._events.append(LeftQueue(self._now, message, "refused"))
            line = error.line
            refused = None if line is None else self._numbered(DataObject(message.body, line, "", "", message.id))
            self._fail(refused, str(error))
            return
        if not self._queue.is_first_taken(found.dedup_id):
            self._events.append(LeftQueue(self._now, message, "duplicate"))
            return
        self._events.append(LeftQueue(self._now, message, "taken"))
        found = self._numbered(found)
        try:
            self._examine(found)
        except InputRefused as error:
            self._fail(found, str(error))
            return
        task = Task(found, self._now + self.settings.availability_lifetime)
        self._open.add(task)
        self._expiries.append(task)
        self._events.append(Offered(self._now, task))

    def _dedup_id(self, message: Message) -> str | None:
        try:
            return read_line(message.body, message.id, self.settings.label_attribute, self.unknowns).dedup_id
        except InputRefused:
            return None

    def _numbered(self, found: DataObject) -> DataObject:
        self._objects += 1
        return replace(found, number=self._objects - 1)

    def _check_held(self, task: Task, worker: str) -> None:
        if task.is_over or task.worker != worker:
            raise TaskNotHeld(task.object.dedup_id)

    def _expire(self, task: Task) -> None:
        """Only an untouched task expires; one a worker holds has until it comes back."""
        if task.worker is None:
            self._fail(task.object, self.unknowns.expiry_reason)
            self._close(task)

    def _return(self, task: Task) -> None:
        task.worker = None
        self._events.append(Withdrawn(self._now, task, is_over=False))
        if task.expires_at <= self._now:
            self._expire(task)
        else:
            self._events.append(Offered(self._now, task))

    def _fail(self, found: DataObject | None, reason: str) -> None:
        self._failed += 1
        self._events.append(Failed(self._now, found, reason))

    def _close(self, task: Task) -> None:
        task.is_over = True
        self._open.discard(task)
        if len(self._expiries) > 2 * len(self._open) + _FEW:  # one that nobody takes must not keep all others in memory
            self._expiries = deque(each for each in self._expiries if not each.is_over)
        self._events.append(Withdrawn(self._now, task, is_over=True))
        self._active_at = self._now
        self._refill()

    def _drop_stale(self) -> None:
        """Forget the clocks of tasks that are over, and time limits of tasks their worker has given back."""
        while self._expiries and self._expiries[0].is_over:
            self._expiries.popleft()
        while self._time_limits:
            at, task = self._time_limits[0]
            if not task.is_over and task.worker is not None and at == task.accepted_at + self.settings.task_time_limit:
                break
            self._time_limits.popleft()
