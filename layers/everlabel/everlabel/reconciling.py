"""What notices lose is found again: labels that nobody announced, levels that sleep, tasks that never started.

What is looked at every hour grows with what happened in that hour, and not with what is waiting: the lines that are
new in each output manifest, and the few tasks that are starting or stopping. Twice a day every task in progress is
looked at, a hundred a request.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import batched, takewhile

from everlabel import (
    clock,
    executions,
    input_queues,
    labeling_jobs,
    output_manifest,
    replacing,
    task_table,
    tasks,
    topics,
    waking,
)
from everlabel.job_table import JobState, LabelingJob
from everlabel.protocol import NotPlaceable
from everlabel.receiving import OutputMessage, Receiver
from everlabel.task_table import Level, Task, TaskStatus

_ENOUGH_SECONDS = 60.0
_GRACE_SECONDS = 600  # whoever is at it has finished by then, or is dead
_HOUR = 3_600
_LINES = 30  # of which two objects and a level are read in one request of a hundred items
_MANIFESTS = 2  # a job's last incarnation may have written lines that nobody read before it was replaced


@dataclass
class Findings:
    """What was found and set right, or is to be known of."""

    labels: int = 0
    """Lines of output manifests whose notice never came."""
    levels: int = 0
    """Levels that had something to do and slept."""
    tasks_started: int = 0
    tasks_closed: int = 0
    dead_executions: int = 0
    jobs_replaced: int = 0
    topics_without_subscribers: int = 0
    """Or whose subscriber has lost its queue."""
    queue_age_seconds: float = 0.0
    """Of the oldest message that waits in any queue of Ground Truth's."""
    oldest_level_seconds: float | None = None
    """How long the level that waits longest does; looked at twice a day."""
    unplaceable: list[str] = field(default_factory=list)
    """Why lines of output manifests could not be placed, each reason once."""
    unfinished: bool = False
    """The time ran out; what is left is done an hour later."""


class Reconciliation:
    """One run. Each step stands for itself, so that one which fails holds up no other."""

    def __init__(self, seconds_left: Callable[[], float]) -> None:
        self._seconds_left = seconds_left
        self._now = clock.now()
        self.findings = Findings()
        self._woken: set[tuple[str, int]] = set()
        """Levels without news that were woken: once a run is enough, however many lines a manifest has of them."""

    def steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """What there is to do and time for, each with a name."""
        return self._in_time(self._steps())

    def _steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        jobs = sorted(LabelingJob.scan(consistent_read=True), key=lambda job: job.job_name)
        for job in jobs:
            yield f"labeling job {job.job_name}", partial(self._look_at, job)
            yield f"output of {job.job_name}", partial(self._read_manifests, job)
        yield "queues", partial(self._look_at_queues, jobs)
        yield "tasks that never started", self._start_tasks
        yield "tasks that are stopping", self._close_tasks
        if int(self._now // _HOUR) % 12 == 0:
            yield "tasks in progress", self._find_dead_executions

    def _out_of_time(self) -> bool:
        self.findings.unfinished |= self._seconds_left() < _ENOUGH_SECONDS
        return self.findings.unfinished

    def _in_time[T](self, things: Iterable[T]) -> Iterator[T]:
        return takewhile(lambda _: not self._out_of_time(), things)

    # ---- labeling jobs --------------------------------------------------------------------------------------------

    def _look_at(self, job: LabelingJob) -> None:
        if job.labeling_job_arn is None:
            # Whoever asked for a job was told if it was refused; that a replacement was, nobody was, and limits pass.
            begun = job.stopped_by is None and (job.state == JobState.INITIALIZING or job.epoch > 0)
            if begun and self._is_old(job.updated_at) and replacing.replace(job) is not None:
                self.findings.jobs_replaced += 1
        elif labeling_jobs.must_be_replaced(job):
            self.findings.jobs_replaced += replacing.replace(job) is not None
        elif job.state == JobState.IN_PROGRESS:
            self.findings.levels += replacing.tell(job)
            heard = topics.has_subscribers(job.input_topic) and input_queues.is_there(job.labeling_job_name)
            self.findings.topics_without_subscribers += not heard

    def _look_at_queues(self, jobs: Sequence[LabelingJob]) -> None:
        oldest = input_queues.measures([job.labeling_job_name for job in jobs if job.state == JobState.IN_PROGRESS])
        self.findings.queue_age_seconds = max((self._now - sent for sent in oldest.values()), default=0.0)

    # ---- output manifests -----------------------------------------------------------------------------------------

    def _read_manifests(self, job: LabelingJob) -> None:
        places = [output_manifest.Place(**place) for place in json.loads(job.manifests or "[]")]
        known = {place.uri for place in places}
        last = [job.manifest_before, labeling_jobs.output_manifest(job) if job.labeling_job_arn else None]
        places += [output_manifest.Place(uri) for uri in last if uri is not None and uri not in known]
        places = places[-_MANIFESTS:]
        for position, place in enumerate(places):
            while not self._out_of_time():
                lines, behind = output_manifest.chunk(place)
                if behind == place:
                    break  # nothing is new
                for some in batched(lines, _LINES, strict=False):
                    try:
                        self._check(job, some)
                    except Exception:  # of thousands of calls one fails, which holds up all lines behind it for an hour
                        self._woken.clear()  # it may have failed where it had news for one of them
                        self._check(job, some)
                # Only now: whoever dies before this reads the same lines again.
                places[position] = place = behind
                so_far = json.dumps([place.as_json() for place in places])
                job.update(actions=[LabelingJob.manifests.set(so_far)], condition=LabelingJob.job_name.exists())
                if place.etag:
                    break  # what is written from now on is read an hour later

    def _check(self, job: LabelingJob, lines: Sequence[str]) -> None:
        """Takes in what is not on the record, and wakes the levels that wait for nothing else."""
        read: list[OutputMessage] = []
        for line in lines:
            try:
                read.append(OutputMessage.read("", job.output_topic, line))
            except NotPlaceable as reason:
                self._note_unplaceable(str(reason))
        rows = task_table.find_rows(
            [
                (key.task_id, item)
                for key in (message.sent.key for message in read)
                for item in (key.item("OPEN"), key.item("DONE"), task_table.level_item(key.level))
            ]
        )
        news: list[OutputMessage] = []
        asleep: set[tuple[str, int]] = set()
        for message in read:
            key = message.sent.key
            is_open, is_done = ((key.task_id, key.item(kind)) in rows for kind in ("OPEN", "DONE"))
            if is_open or not is_done:
                news.append(message)
            elif _is_waiting(rows.get((key.task_id, task_table.level_item(key.level)))):
                asleep.add(message.level)
        receiver = Receiver(news)
        levels: set[tuple[str, int]] = set()
        for message in news:
            try:
                receiver.take(message)
                levels.add(message.level)
            except NotPlaceable as reason:
                self._note_unplaceable(str(reason))
        levels |= asleep - self._woken
        self._woken |= asleep
        self.findings.labels += receiver.labeled
        self.findings.levels += sum(waking.wake(*level) for level in sorted(levels))

    def _note_unplaceable(self, reason: str) -> None:
        if reason not in self.findings.unplaceable:
            self.findings.unplaceable.append(reason)

    # ---- annotation tasks -----------------------------------------------------------------------------------------

    def _is_old(self, written_at: str) -> bool:
        return self._now - datetime.fromisoformat(written_at).timestamp() > _GRACE_SECONDS

    def _start_tasks(self) -> None:
        """Whoever stored them died before starting, or could not start them."""
        for row in self._in_time(Task.by_status.query(TaskStatus.INITIALIZING)):
            task = task_table.find_task(row.task_id)  # the index may be behind
            if task.status == TaskStatus.INITIALIZING and self._is_old(task.updated_at):
                tasks.start(task)
                self.findings.tasks_started += 1

    def _close_tasks(self) -> None:
        """Nobody heard that their executions ended."""
        for row in self._in_time(Task.by_status.query(TaskStatus.STOPPING)):
            task = task_table.find_task(row.task_id)
            if task.status != TaskStatus.STOPPING or not self._is_old(task.updated_at):
                continue
            if executions.status(tasks.execution_of(task)) == "RUNNING":
                tasks.stop(task)
            else:
                tasks.close_stopped(task)
                self.findings.tasks_closed += 1

    def _find_dead_executions(self) -> None:
        """Fails the tasks whose execution ended and left no word. One that lives has sent again by `back_at`."""
        longest = 0.0
        # Without time for all, those who began last are looked at half a day later.
        for rows in self._in_time(batched(Task.by_status.query(TaskStatus.IN_PROGRESS), 100, strict=False)):
            items = {row.task_id: task_table.level_item(int(row.level)) for row in rows}
            levels = task_table.find_rows(items.items())
            for row in rows:
                level = levels.get((row.task_id, items[row.task_id]))
                began = datetime.fromisoformat(row.updated_at).timestamp()
                back_at = began + 2 * 24 * _HOUR
                if isinstance(level, Level):
                    back_at = float(level.back_at or 0)
                    longest = max(longest, self._now - datetime.fromisoformat(level.started_at).timestamp())
                if back_at < self._now:
                    self._close_if_dead(row.task_id)
        self.findings.oldest_level_seconds = longest

    def _close_if_dead(self, task_id: str) -> None:
        task = task_table.find_task(task_id)
        status = executions.status(tasks.execution_of(task))
        if task.status != TaskStatus.IN_PROGRESS or status == "RUNNING":
            return
        words = f"its execution ended as {status}" if status is not None else "its execution is gone"
        if tasks.end(task_id, TaskStatus.FAILED, f"{words}, and nobody was told", attempt=int(task.attempt)):
            self.findings.dead_executions += 1


def _is_waiting(level: task_table.Row | None) -> bool:
    return isinstance(level, Level) and level.token is not None
