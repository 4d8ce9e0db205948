"""Sending a level's data objects to their labeling jobs, so that every step can be repeated.

First all to-do items of a job are written, then the job is marked as created, and only then anything is published: ten
at a time, in index order, moving the job's cursor. Coming back later, either everything without an outcome goes again
under the id it has (before the queue forgets it), or only what is due. A crash anywhere repeats ids that Ground Truth
has seen, and it ignores them.

The rule about silence: once every copy of an object's message has left the queue, Ground Truth has the object, and it
is sent no more. If it is not answered as long as the longest task can last, and a day, its notice was lost: it is due
under a new generation.
"""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.update import Action

from everlabel import (
    aws,
    clock,
    input_manifests,
    input_queues,
    job_table,
    labeling_jobs,
    moves,
    objects,
    reading,
    task_table,
    topics,
)
from everlabel.data_object import DeduplicationId, ObjectKey
from everlabel.definition import Definition, LabelingStep
from everlabel.errors import ManifestRefused
from everlabel.executions import Attempt
from everlabel.job_table import LabelingJob
from everlabel.labeling_job_request import longest_answer
from everlabel.moves import Patience
from everlabel.objects import Written
from everlabel.protocol import input_message, read_line
from everlabel.s3_uri import S3Uri
from everlabel.task_table import Job, Level, Open, Task

# What a slice needs to write down where it stopped.
_ENOUGH_SECONDS = 20.0
# The cursor is written once in so many batches; a crash repeats at most that many, which Ground Truth ignores.
_BATCHES_PER_CURSOR = 50
_CREATED_PER_CURSOR = 2_500
_DAY = 86_400.0  # what a message may take from us to the queue, and an answer from Ground Truth to us


SOON = 1
"""Seconds. The shortest time-out that Step Functions takes."""


@dataclass(frozen=True)
class Sent:
    """How far a sending got."""

    all_sent: bool
    again_in_seconds: int
    """When to send again: what is left until the next full sending, or `SOON` if not all was sent."""
    is_spent: bool = False
    """Nothing was sent: the execution must hand over to a successor first."""
    silent: int = 0
    """How many objects had not been answered for too long."""


SecondsLeft = Callable[[], float]


def send_level(task: Task, level: int, attempt: Attempt, seconds_left: SecondsLeft) -> Sent:
    """Sends what a level must send now, in the time that is left.

    Raises:
        TaskNotInProgress: if the task ends meanwhile.
        LabelingJobNotReady: if a job is not InProgress yet; nothing was published to it.
        LabelingJobNotRunning: if a job was stopped.
        ManifestRefused: if an input manifest cannot be made or read.
    """
    task_id = task.task_id
    definition = Definition.read(json.loads(task.definition))
    if not definition.at(level):
        raise ManifestRefused(f"annotation task {task_id} has no level {level}; it has {definition.levels}")
    resend_after = int(task.resend_after_seconds)
    steps = definition.at(level)
    items = [task_table.level_item(level), *(task_table.job_item(level, step.job_name) for step in steps)]
    rows, known = reading.rows_and_jobs([(task_id, item) for item in items], [step.job_name for step in steps])
    rounds = _begin_level(task, definition, level, attempt, has_begun=(task_id, items[0]) in rows)
    if attempt.is_spent(rounds, definition.levels):
        return Sent(False, SOON, is_spent=True)
    again_in = float(resend_after)
    silent = 0
    used: dict[str, int] = {}
    for step, item in zip(steps, items[1:], strict=True):
        found = rows.get((task_id, item))
        job = found if isinstance(found, Job) else None
        listed = None
        # If every object has an outcome, not even the labeling job need be there.
        if job is not None and job.created >= job.objects:
            listed = task_table.open_objects(task_id, level, step.job_name)
            first = next(listed, None)
            if first is None:
                continue
            listed = chain([first], listed)
        labeling_job = labeling_jobs.in_progress(step.job_name, known.get(step.job_name))
        written = None
        if job is None:
            job, written = input_manifests.freeze(task_id, definition, step, labeling_job)
        sending = _Sending(job, step, labeling_job, Patience.with_task(task), seconds_left, written, listed)
        all_sent = sending.create() and sending.publish(resend_after)
        silent += sending.silent
        if not all_sent:
            return Sent(False, SOON, silent=silent)
        again_in = min(again_in, float(job.last_full_send or 0) + resend_after - clock.now())
        used[step.job_name] = int(labeling_job.epoch)
    # A job that was replaced while this sent may have missed some of it, and whoever woke the levels that wait for it
    # found this one awake.
    if {job_name: int(job.epoch) for job_name, job in job_table.find_all(used).items()} != used:
        return Sent(False, SOON, silent=silent)
    # Rounded up: who comes back too early has nothing to send, and comes again.
    return Sent(True, max(SOON, math.ceil(again_in)), silent=silent)


def _begin_level(task: Task, definition: Definition, level: int, attempt: Attempt, *, has_begun: bool) -> int:
    """Clears `resend` before the to-do list is read: an expiry that comes after the reading sets it again.

    `has_begun` is what to try first. Returns how many rounds this is of the execution at this level.
    """
    now = clock.iso(clock.now())
    begun = Level(
        task_id=task.task_id,
        item=task_table.level_item(level),
        is_last=level == definition.levels,
        tolerates_failures=definition.on_object_failure == "continue",
        rounds=1,
        attempt=attempt.number,
        rounds_of_attempt=1,
        back_at=clock.now() + float(task.resend_after_seconds) + 2 * _DAY,
        started_at=now,
    )
    if not has_begun or not _begin_again(begun, attempt):
        try:
            begun.save(Level.task_id.does_not_exist())
        except PutError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            _begin_again(begun, attempt)
    if task.level != level:
        task.update(
            actions=[Task.level.set(level), Task.updated_at.set(now)],
            condition=Task.status.is_in(*task_table.RUNNING),
        )
    return int(begun.rounds_of_attempt)


def _begin_again(level: Level, attempt: Attempt) -> bool:
    """Counts one more round of a level. Returns False if it has not begun."""
    try:
        level.update(
            actions=[
                Level.resend.set(False),
                Level.rounds.add(1),
                Level.rounds_of_attempt.add(1),
                Level.back_at.set(level.back_at),
            ],
            condition=Level.task_id.exists(),
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    if level.attempt != attempt.number:
        level.update(actions=[Level.attempt.set(attempt.number), Level.rounds_of_attempt.set(1)])
    return True


def _beginning(now: float) -> list[Action]:
    """A full sending begins."""
    return [Job.cursor.set(0), Job.pass_started.set(now), Job.last_published.set(now)]


class _Sending:
    """One job of a level, being sent."""

    def __init__(
        self,
        job: Job,
        step: LabelingStep,
        labeling_job: LabelingJob,
        patience: Patience,
        seconds_left: SecondsLeft,
        written: Written | None,
        listed: Iterator[Open] | None,
    ) -> None:
        self._job, self._step, self._labeling_job = job, step, labeling_job
        self._patience, self._seconds_left = patience, seconds_left
        self._written, self._todo = written, listed
        self._has_begun = False
        self._all_new = written is not None
        """Whether the to-do list is what this invocation puts there, so that it need not be read. Not if another one
        was first: its messages may be answered already."""
        self._published_before = 0.0
        self._oldest_in_queue: float | None = None
        self.silent = 0

    def _out_of_time(self) -> bool:
        return self._seconds_left() < _ENOUGH_SECONDS

    def create(self) -> bool:
        """Writes the to-do items that are missing. Returns False if the time ran out first."""
        job, total, epoch = self._job, int(self._job.objects), int(self._labeling_job.epoch)
        while job.created < total:
            if self._out_of_time():
                return False
            end = min(total, int(job.created) + _CREATED_PER_CURSOR)
            moves.create([self._key(index) for index in range(int(job.created), end)], epoch)
            # Only now: a stop either closes what was just written, or is seen here.
            task_table.running_task(job.task_id)
            self._note_created(end)
        return True

    def _note_created(self, end: int) -> None:
        """Moves the mark forward; an invocation that was thought dead must not set it back.

        Once all are written down, the first full sending begins with that.
        """
        self._has_begun = end == self._job.objects
        begins = _beginning(clock.now()) if self._has_begun else []
        try:
            self._job.update(actions=[Job.created.set(end), *begins], condition=Job.created < end)
        except UpdateError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            self._has_begun = self._all_new = False
            self._job.refresh(consistent_read=True)

    def publish(self, resend_after: int) -> bool:
        """Publishes what must go now. Returns False if the time ran out first."""
        job, now = self._job, clock.now()
        if job.cursor is None and now - float(job.last_full_send or 0) >= resend_after:
            self._begin_full_send(now)
        elif job.cursor is not None and not self._has_begun:
            # Before anything is published: no message is younger than this says, but for the life of one Lambda.
            job.update(actions=[Job.last_published.set(now)])
        for published, batch in enumerate(topics.batches(self._messages()), start=1):
            topics.publish(self._labeling_job.input_topic, [message for _, message in batch])
            for todo, _ in batch:
                if todo.due:
                    moves.sent(todo)
            out_of_time = self._out_of_time()
            if out_of_time or published % _BATCHES_PER_CURSOR == 0:
                self._move_cursor(self._index(batch[-1][0]) + 1)
                task_table.running_task(job.task_id)
            if out_of_time:
                return False
        if self._out_of_time():
            return False
        if job.cursor is not None:
            self._end_full_send()
        return True

    def _begin_full_send(self, now: float) -> None:
        if self._job.full_sends:
            self._published_before = float(self._job.last_published or 0)
            self._oldest_in_queue = input_queues.oldest(self._labeling_job.labeling_job_name)
        self._job.update(actions=_beginning(now))

    def _end_full_send(self) -> None:
        self._job.update(
            actions=[
                # The time of its start: nothing that this sending covers is older than it says.
                Job.last_full_send.set(self._job.pass_started),
                Job.full_sends.add(1),
                Job.cursor.remove(),
                Job.pass_started.remove(),
                Job.updated_at.set(clock.iso(clock.now())),
            ]
        )

    def _messages(self) -> Iterator[tuple[Open, str]]:
        """What must go now, as messages: the to-do list and the manifest are both in index order."""
        job, epoch = self._job, int(self._labeling_job.epoch)
        lines = enumerate(self._lines())
        for todo in self._listed():
            index = self._index(todo)
            if (todo.due or todo.epoch < epoch) and moves.left_behind(todo):
                continue
            if todo.epoch < epoch:
                adopted = moves.adopt_epoch(todo, epoch)
                if adopted is None:
                    continue
                todo = adopted
            if not (todo.due or (job.cursor is not None and index >= job.cursor)):
                continue
            ready = self._to_be_sent(todo)
            if ready is None:
                if self._out_of_time():
                    return  # `publish` says so
                continue
            todo = ready
            line = self._line(lines, index)
            sent = DeduplicationId(self._key(index), int(todo.epoch), int(todo.generation))
            try:
                yield todo, input_message(read_line(line.decode()), sent, aws.bucket())
            except ManifestRefused as error:  # this object's fault alone: the others go on
                moves.fail(sent.key, sent.generation, sent.epoch, str(error))

    def _lines(self) -> Iterator[bytes]:
        if self._written is not None:
            return map(bytes.rstrip, self._written.body)
        return objects.get_lines(S3Uri.parse(self._job.manifest_uri))

    def _listed(self) -> Iterator[Open]:
        """The to-do list."""
        if self._all_new:
            keys = (self._key(index) for index in range(int(self._job.objects)))
            return moves.new(keys, int(self._labeling_job.epoch))
        return self._todo or task_table.open_objects(self._job.task_id, self._step.level, self._step.job_name)

    def _line(self, lines: Iterator[tuple[int, bytes]], index: int) -> bytes:
        for at, line in lines:
            if at == index:
                return line
        raise ManifestRefused(f"{self._job.manifest_uri} has fewer than the {int(self._job.objects)} lines it had")

    def _to_be_sent(self, todo: Open) -> Open | None:
        """The object as it must be sent; None if it need not, or must not any more."""
        key = ObjectKey.of_item(todo.task_id, todo.item)
        too_old = self._patience.is_too_old(todo)
        if too_old is not None:
            moves.fail(key, int(todo.generation), int(todo.epoch), too_old, is_spent=False)
            return None
        if todo.due:
            return todo
        if todo.taken_at is None:
            if not self._has_left_the_queue(todo):
                return todo
            moves.taken(todo)
            return None
        longest = longest_answer(json.loads(self._labeling_job.request)["body"]) + _DAY
        if clock.now() - todo.taken_at < longest or moves.left_behind(todo):
            return None
        self.silent += 1
        words = f"no answer for {longest / _DAY:g} days"
        moves.expire(key, int(todo.generation), int(todo.epoch), words, self._patience)
        current = moves.find_open(key)
        return current if current is not None and current.due else None

    def _has_left_the_queue(self, todo: Open) -> bool:
        """Whether everything in the queue is younger than the last message about this object, with a day to spare."""
        if self._oldest_in_queue is None:
            return False
        return max(self._published_before, float(todo.sent_at or 0)) + _DAY < self._oldest_in_queue

    def _move_cursor(self, index: int) -> None:
        if self._job.cursor is not None and index > self._job.cursor:
            self._job.update(actions=[Job.cursor.set(index)])

    def _key(self, index: int) -> ObjectKey:
        return ObjectKey(self._job.task_id, self._step.level, self._step.job_name, index)

    def _index(self, todo: Open) -> int:
        return ObjectKey.of_item(todo.task_id, todo.item).index
