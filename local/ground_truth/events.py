"""What is said in and about a labeling job: messages, tasks, and what happens to them, as plain values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from local.ground_truth.inputs import DataObject


class JobStatus(StrEnum):
    """`LabelingJobStatus`."""

    INITIALIZING = "Initializing"
    IN_PROGRESS = "InProgress"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    COMPLETED = "Completed"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Message:
    """One message in the job's queue. `receipt` is the driver's own handle and means nothing here."""

    id: str
    body: str
    receipt: str = ""


@dataclass(slots=True, eq=False)
class Task:
    """A task in the worker portal. `worker` holds it since `accepted_at`, or nobody does."""

    object: DataObject
    expires_at: float
    worker: str | None = None
    accepted_at: float = 0.0
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The job has a new status."""

    at: float
    status: JobStatus
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeftQueue:
    """A message is gone from the queue. `expired` and `duplicate` are silent: nobody is told."""

    at: float
    message: Message
    why: Literal["taken", "duplicate", "expired", "refused"]


@dataclass(frozen=True, slots=True)
class Offered:
    """A task can be seen by workers: for the first time, or again."""

    at: float
    task: Task


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A task can no longer be worked on by whom it was offered to, or by anybody if it `is_over`."""

    at: float
    task: Task
    is_over: bool


@dataclass(frozen=True, slots=True)
class Labeled:
    """A worker submitted the object."""

    at: float
    task: Task
    worker: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The object failed and its id is spent. Without `object` the message could not be read at all."""

    at: float
    object: DataObject | None
    reason: str


Event = StatusChanged | LeftQueue | Offered | Withdrawn | Labeled | Failed
