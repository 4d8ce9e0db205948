"""The task table: one query gives everything about one clip.

| item                        | holds                                                                       |
|-----------------------------|-----------------------------------------------------------------------------|
| `TASK`                      | the definition as POSTed, status, execution, level, times                   |
| `FRAMES#1`                  | how far the clip's frames at one rate are, and the manifests made of them   |
| `LEVEL#1`                   | the parked task token and its fence, and whether something must be resent   |
| `JOB#1#VOTVehicle`          | the frozen input manifest, and how far its objects are created and sent     |
| `OPEN#1#VOTVehicle#000042`  | the to-do list: one item per object without an outcome                      |
| `DONE#1#VOTVehicle#000042`  | the record: one item per object with an outcome, written once               |
| `SURPLUS#1#VOTVehicle#000042#…` | a label for an object that had an outcome: kept, never used             |
"""

import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    DiscriminatorAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from everlabel.attributes import optional_number, optional_text
from everlabel.errors import TaskNotFound, TaskNotInProgress
from everlabel.tables import Stored

TASK = "TASK"


class TaskStatus(StrEnum):
    """The statuses of an annotation task, in Ground Truth's words for those of a labeling job."""

    INITIALIZING = "Initializing"  # stored, but no execution is known to have started
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"  # no step goes on; what is open has yet to be closed
    STOPPED = "Stopped"


RUNNING = (TaskStatus.INITIALIZING, TaskStatus.IN_PROGRESS)
STOPPED = (TaskStatus.STOPPING, TaskStatus.STOPPED)


class ByStatus(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call] # its __init_subclass__ has no types
    """Tasks by status, oldest first."""

    class Meta:
        index_name = "by_status"
        projection = IncludeProjection(["kind", "clip_id", "clip_uri", "level", "levels", "updated_at", "reason"])

    status = UnicodeAttribute(hash_key=True)
    created_at = UnicodeAttribute(range_key=True)


class Row(Stored):
    """Any item; what a query gives back is of the class that wrote it."""

    class Meta:
        # pynamodb reads the name when the class is made: the one thing here that happens at import.
        table_name = os.environ.get("TASK_TABLE", "")

    task_id = UnicodeAttribute(hash_key=True)
    item = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()


class Task(Row, discriminator="TASK"):
    """One clip × an ordered list of labeling jobs."""

    by_status = ByStatus()
    status = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    completed_at = optional_text()
    definition = UnicodeAttribute()
    clip_id = UnicodeAttribute()
    clip_uri = UnicodeAttribute()
    level = NumberAttribute(default=1)
    levels = NumberAttribute()
    resend_after_seconds = NumberAttribute()
    max_expiries = NumberAttribute()
    max_age_seconds = NumberAttribute()
    attempt = NumberAttribute(default=0)
    execution = optional_text()
    reason = optional_text()
    summary_uri = optional_text()


class Frames(Row, discriminator="FRAMES"):
    """The clip's frames at one rate: `FRAMES#<fps>`."""

    prefix = UnicodeAttribute()
    resume = optional_text()
    extracted = NumberAttribute(default=0)
    done = BooleanAttribute(default=False)
    source_etag = optional_text()
    sequences_manifest = optional_text()
    frames_manifest = optional_text()
    updated_at = UnicodeAttribute()


class Level(Row, discriminator="LEVEL"):
    """Token and `resend` are on one item, so that parking can be refused while something must be sent."""

    token = optional_text()
    fence = optional_text()
    resend = BooleanAttribute(default=False)
    has_failed = BooleanAttribute(default=False)
    is_last = BooleanAttribute()
    tolerates_failures = BooleanAttribute()
    rounds = NumberAttribute(default=0)
    """How often something was, or was to be, sent."""
    attempt = optional_number()
    rounds_of_attempt = NumberAttribute(default=0)
    """The same for the execution of this attempt, whose history has an end."""
    back_at = optional_number()
    """When the execution has sent again, if it lives; in epoch seconds."""
    started_at = UnicodeAttribute()


class Job(Row, discriminator="JOB"):
    """What one labeling job of a level was given, and how far that is sent."""

    manifest_uri = UnicodeAttribute()
    manifest_sha256 = UnicodeAttribute()
    label_attribute = UnicodeAttribute()
    objects = NumberAttribute()
    created = NumberAttribute(default=0)
    """OPEN items are written for all objects below this index."""
    cursor = optional_number()
    """A full sending is under way and goes on at this index; absent when none is."""
    pass_started = optional_number()
    last_published = optional_number()
    """When an invocation that is part of a full sending last began to publish."""
    last_full_send = optional_number()
    full_sends = NumberAttribute(default=0)
    updated_at = UnicodeAttribute()


class Open(Row, discriminator="OPEN"):
    """An object without an outcome."""

    generation = NumberAttribute(default=0)
    epoch = NumberAttribute(default=0)
    due = BooleanAttribute(default=False)
    """It must be sent although no full sending is due: it expired, or its job was replaced."""
    expiries = NumberAttribute(default=0)
    since = optional_number()
    """When it was put on the list, in epoch seconds."""
    sent_at = optional_number()
    """When it was last sent because it was due."""
    taken_at = optional_number()
    """By then every copy of its message had left the queue, so Ground Truth has it; it is not sent again."""
    reason = optional_text()


class Outcome(StrEnum):
    """How an object ended."""

    LABELED = "labeled"
    FAILED = "failed"
    STOPPED = "stopped"


class Done(Row, discriminator="DONE"):
    """The outcome of an object. A labeled one never changes; a failed one may be opened again by a retry."""

    outcome = UnicodeAttribute()
    generation = NumberAttribute()
    """How many ids were spent on it before the one that this outcome answers."""
    is_spent = BooleanAttribute(default=True)
    """Whether nobody works under that id any more; else a retry must go on with it."""
    line = optional_text()
    reason = optional_text()
    at = UnicodeAttribute()


class Surplus(Row, discriminator="SURPLUS"):
    """A label for an object that had an outcome already."""

    generation = NumberAttribute()
    line = UnicodeAttribute()
    at = UnicodeAttribute()


def level_item(level: int) -> str:
    """The range key of a level."""
    return f"LEVEL#{level}"


def job_item(level: int, job_name: str) -> str:
    """The range key of a labeling job at a level."""
    return f"JOB#{level}#{job_name}"


def frames_item(fps: str) -> str:
    """The range key of the frames at a rate, as `definition.rate` writes it."""
    return f"FRAMES#{fps}"


def find_task(task_id: str) -> Task:
    """The task as it is now. Raises TaskNotFound."""
    try:
        return Task.get(task_id, TASK, consistent_read=True)
    except Task.DoesNotExist:
        raise TaskNotFound(f"there is no annotation task {task_id!r}") from None


def running_task(task_id: str) -> Task:
    """The task, if steps may still work on it. Raises TaskNotFound or TaskNotInProgress."""
    task = find_task(task_id)
    check_running(task)
    return task


def check_running(task: Task) -> None:
    """Raises TaskNotInProgress if no step may work on a task any more."""
    if task.status not in RUNNING:
        raise TaskNotInProgress(f"annotation task {task.task_id} is {task.status}")


def find_level(task_id: str, level: int) -> Level | None:
    """The level as it is now, or None if it has not begun."""
    try:
        return Level.get(task_id, level_item(level), consistent_read=True)
    except Level.DoesNotExist:
        return None


def find_job(task_id: str, level: int, job_name: str) -> Job | None:
    """What a labeling job of a level was given, or None if its manifest is not frozen yet."""
    try:
        return Job.get(task_id, job_item(level, job_name), consistent_read=True)
    except Job.DoesNotExist:
        return None


def open_objects(task_id: str, level: int, job_name: str) -> Iterator[Open]:
    """The to-do list of a job, in index order."""
    return iter(Open.query(task_id, Open.item.startswith(f"OPEN#{level}#{job_name}#"), consistent_read=True))


def done_objects(task_id: str, level: int, job_name: str) -> Iterator[Done]:
    """The record of a job, in index order."""
    return iter(Done.query(task_id, Done.item.startswith(f"DONE#{level}#{job_name}#"), consistent_read=True))


def anything_open(task_id: str, level: int) -> bool:
    """Whether any data object of the level has no outcome: one read, however many there are."""
    found = Open.query(task_id, Open.item.startswith(f"OPEN#{level}#"), consistent_read=True, limit=1)
    return next(iter(found), None) is not None


def anything_left_behind(task_id: str, level: int, job_name: str, epoch: int) -> bool:
    """Whether an object without an outcome was sent to an earlier incarnation of its job than this one."""
    earlier = Open.query(
        task_id, Open.item.startswith(f"OPEN#{level}#{job_name}#"), Open.epoch < epoch, consistent_read=True
    )
    return next(iter(earlier), None) is not None


def find_rows(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Row]:
    """Items by task id and range key, a hundred a request; what does not exist is left out.

    Reads cost half and may see the past: enough for what was settled long ago.
    """
    found = Row.batch_get(list(dict.fromkeys(keys)))
    return {(row.task_id, row.item): row for row in found}
