"""How far an annotation task is, out of one query."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from everlabel.task_table import Done, Frames, Job, Level, Open, Outcome, Row


@dataclass
class JobProgress:
    """Counts of one labeling job's data objects; `waiting` are written down but were not sent yet."""

    job_name: str
    level: int
    objects: int = 0
    waiting: int = 0
    sent: int = 0
    labeled: int = 0
    failed: int = 0
    stopped: int = 0
    expiries: int = 0
    """How many ids were spent without a label: expired in the worker portal, or declined."""
    full_sends: int = 0
    """How often everything without an outcome was sent; all but the first are re-sends."""
    last_outcome_at: str | None = None
    """When the last outcome was written down, in ISO 8601."""
    input_manifest: str | None = None


@dataclass
class Progress:
    """One task, summed up."""

    jobs: list[JobProgress] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    frames: list[Frames] = field(default_factory=list)


# Everything but output lines and manifests' hashes: counting must not read what it does not count.
_COUNTED = (
    "task_id",
    "item",
    "kind",
    "outcome",
    "generation",
    "at",
    "epoch",
    "due",
    "expiries",
    "objects",
    "created",
    "cursor",
    "full_sends",
    "manifest_uri",
    "manifest_sha256",
    "label_attribute",
    "updated_at",
    "prefix",
    "extracted",
    "done",
    "resend",
    "has_failed",
    "is_last",
    "tolerates_failures",
    "rounds",
    "started_at",
    "completed_at",
)


def of(task_id: str) -> Progress:
    """Reads all items of a task, without the output lines, and counts."""
    return count(Row.query(task_id, attributes_to_get=list(_COUNTED), consistent_read=True))


def count(items: Iterable[Row]) -> Progress:
    """Counts items of one task; which come in any order."""
    found = Progress()
    jobs: defaultdict[tuple[int, str], JobProgress] = defaultdict(lambda: JobProgress("", 0))
    unsent: dict[tuple[int, str], float | None] = {}
    todo: list[tuple[tuple[int, str], int, Open]] = []
    recorded: set[tuple[tuple[int, str], int]] = set()
    for item in items:
        if isinstance(item, Level):
            found.levels.append(item)
        elif isinstance(item, Frames):
            found.frames.append(item)
        elif isinstance(item, Job | Open | Done):
            _, level, name, *rest = item.item.split("#")
            place = (int(level), name)
            job = jobs[place]
            job.level, job.job_name = place
            if isinstance(item, Job):
                job.objects, job.full_sends = int(item.objects), int(item.full_sends)
                job.input_manifest = item.manifest_uri
                # During the first sending, what lies behind the cursor was never sent.
                unsent[place] = item.cursor if item.full_sends == 0 else None
            elif isinstance(item, Done):
                recorded.add((place, int(rest[0])))
                job.expiries += int(item.generation)
                job.labeled += item.outcome == Outcome.LABELED
                job.failed += item.outcome == Outcome.FAILED
                job.stopped += item.outcome == Outcome.STOPPED
                job.last_outcome_at = max(job.last_outcome_at or item.at, item.at)
            else:
                todo.append((place, int(rest[0]), item))
    for place, index, item in todo:
        if (place, index) in recorded:
            continue  # it has an outcome, and is about to be taken off the list
        jobs[place].expiries += int(item.generation)
        cursor = unsent.get(place)
        if item.due or (cursor is not None and index >= cursor):
            jobs[place].waiting += 1
        else:
            jobs[place].sent += 1
    found.jobs = [jobs[place] for place in sorted(jobs)]
    found.levels.sort(key=lambda level: int(level.item.partition("#")[2]))
    return found
