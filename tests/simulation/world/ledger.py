"""What happened to each data object, level, task and execution, and whether that keeps the promises.

The ledger is told facts, one by one, and raises `Broken` at the first that breaks a promise. It knows nothing of the
application but the facts' words: a data object is `<task>/<level>/<job>/<index>`, all of it text.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from tests.simulation.world.promises import (
    LONGEST_EXECUTION,
    MOST_HISTORY_EVENTS,
    WAKES_AT_WORST,
    Broken,
    Promise,
)

RUNNING = frozenset({"Initializing", "InProgress"})
ENDED = frozenset({"Completed", "Failed", "Stopped"})

type Step = tuple[int, str]
"""A level and a labeling job of it."""
type Place = tuple[str, int, str]
"""A task's labeling job at a level."""


@dataclass(slots=True)
class ObjectRecord:
    """One data object."""

    admissions: int = 0
    live: int = 0
    failures: int = 0
    """How often Ground Truth failed it: expired, declined, refused."""
    reopened: int = 0
    ends_before: int = 0
    """How many incarnations of its job had ended when it was first admitted."""
    outcome: str | None = None
    label: int | None = None
    """A digest of the accepted label's line."""
    given: int | None = None
    """A digest of the input line that was sent."""


@dataclass(slots=True)
class LevelRecord:
    """One level of a task."""

    objects: dict[str, int] = field(default_factory=dict)
    """By labeling job; those that are not here have not begun."""
    open: int = 0
    """How many items the to-do list has."""
    outcomes: int = 0
    all_in_at: float | None = None
    """When the last object got its outcome; None while any has none."""


@dataclass(slots=True)
class TaskRecord:
    """One annotation task."""

    status: str = "Initializing"
    reason: str | None = None
    retries: int = 0
    ended_at: float | None = None
    is_announced: bool = False
    """Whether an event said that it is completed."""
    running_since: float | None = None
    """When the execution that is at work was started; None while there is none."""
    levels: defaultdict[int, LevelRecord] = field(default_factory=lambda: defaultdict(LevelRecord))


def place_of(key: str) -> Place:
    """Where a data object belongs."""
    task, level, job, _ = key.split("/")
    return task, int(level), job


class Ledger:
    """All records of a world.

    Args:
        steps: by level and job what it is given: so many objects made of frames, or the labels of a level and job.
        now: seconds since 1970.
        broken: is told of a broken promise; raises it unless told otherwise (a control counts them).
        announces: whether completed tasks are announced.
    """

    def __init__(
        self,
        steps: Mapping[Step, int | Step],
        now: Callable[[], float],
        broken: Callable[[Broken], None] | None = None,
        *,
        announces: bool = True,
    ) -> None:
        self.objects: defaultdict[str, ObjectRecord] = defaultdict(ObjectRecord)
        self.tasks: defaultdict[str, TaskRecord] = defaultdict(TaskRecord)
        self.wakes: list[float] = []
        self.surplus = 0
        self.most_history, self.longest_execution = 0, 0.0
        self.replacements = 0
        self.now, self._broken, self._announces = now, broken, announces
        self._sources = {step: source for step, source in steps.items() if not isinstance(source, int)}
        self._from_frames = {step: source for step, source in steps.items() if isinstance(source, int)}
        self._jobs = Counter(level for level, _ in steps)
        self._ends: Counter[str] = Counter()
        self._accepted: defaultdict[Place, set[int]] = defaultdict(set)
        self._given: defaultdict[Place, dict[int, str]] = defaultdict(dict)
        self._asleep: dict[tuple[str, int], LevelRecord] = {}

    def _break(self, promise: Promise, what: str, task: str | None = None) -> None:
        broken = Broken(promise, what, self.now(), task)
        if self._broken is None:
            raise broken
        self._broken(broken)

    # ---- the portal -----------------------------------------------------------------------------------------------

    def admitted(self, key: str) -> None:
        """A task for this object appeared in the portal."""
        found, task, job = self.objects[key], *key.split("/")[::2]
        if not found.admissions:
            found.ends_before = self._ends[job]
        found.admissions += 1
        found.live += 1
        if found.live > 1:
            self._break(Promise.ONE_LIVE_TASK, f"{key} has {found.live} live tasks", task)
        replacements = self._ends[job] - found.ends_before
        if found.admissions > 1 + found.failures + replacements + found.reopened:
            what = (
                f"{key} was admitted {found.admissions} times after {found.failures} failures, "
                f"{replacements} ends of its job and {found.reopened} retries"
            )
            self._break(Promise.FEW_ADMISSIONS, what, task)

    def withdrawn(self, key: str) -> None:
        """A portal task of this object is over."""
        self.objects[key].live -= 1

    def failed(self, key: str) -> None:
        """Ground Truth failed the object: it expired, was declined or was refused."""
        self.objects[key].failures += 1

    def incarnation_ended(self, job: str) -> None:
        """A labeling job stopped, failed or completed."""
        self._ends[job] += 1
        self.replacements += 1

    # ---- what is sent ---------------------------------------------------------------------------------------------

    def given(self, key: str, line: int) -> None:
        """An input line without ids (its digest) was published for an object."""
        found = self.objects[key]
        if found.given == line:
            return
        task, level, job = place = place_of(key)
        if found.given is not None:
            self._break(Promise.SAME_LABELS, f"{key} was sent with other input than before", task)
        found.given = line
        twin = self._given[place].setdefault(line, key)
        if twin != key:
            self._break(Promise.SAME_LABELS, f"{key} was given the input of {twin}", task)
        source = self._sources.get((level, job))
        if source is not None and line not in self._accepted[task, *source]:
            what = f"{key} was given what {source[1]} of level {source[0]} never accepted"
            self._break(Promise.SAME_LABELS, what, task)

    def frozen(self, task: str, level: int, job: str, objects: int) -> None:
        """It was settled how many objects a labeling job of a level is given."""
        self.tasks[task].levels[level].objects[job] = objects
        self._look(task, level)

    # ---- the record -----------------------------------------------------------------------------------------------

    def listed(self, key: str) -> None:
        """The object came onto the to-do list."""
        task, level, _ = place_of(key)
        self.tasks[task].levels[level].open += 1

    def struck_off(self, key: str) -> None:
        """The object left the to-do list."""
        task, level, _ = place_of(key)
        self.tasks[task].levels[level].open -= 1

    def recorded(self, key: str, outcome: str, label: int | None = None) -> None:
        """An outcome was written: `labeled` with a digest of the label's line without ids, `failed` or `stopped`."""
        found, place = self.objects[key], place_of(key)
        if found.outcome is not None and "labeled" in {found.outcome, outcome}:
            if (found.outcome, found.label) != (outcome, label):
                self._break(Promise.ONE_LABEL, f"{key} was {found.outcome} and became {outcome}", place[0])
            return
        found.outcome, found.label = outcome, label
        if outcome == "labeled" and label is not None:
            self._accepted[place].add(label)
        self.tasks[place[0]].levels[place[1]].outcomes += 1
        self._look(place[0], place[1])

    def erased(self, key: str) -> None:
        """The outcome of an object was removed: only a retry may do so, and only with a failed one."""
        found, (task, level, _) = self.objects[key], place_of(key)
        if found.outcome == "labeled":
            self._break(Promise.ONE_LABEL, f"the label of {key} was removed", task)
        elif not self.tasks[task].retries or found.outcome != "failed":
            self._break(Promise.ONE_LABEL, f"{key} was {found.outcome} and opened again; nobody asked for it", task)
        found.outcome, found.label = None, None
        found.reopened += 1
        self.tasks[task].levels[level].outcomes -= 1
        self.tasks[task].levels[level].all_in_at = None
        self._asleep.pop((task, level), None)

    # ---- tasks and executions -------------------------------------------------------------------------------------

    def retried(self, task: str) -> None:
        """A person asked for a retry."""
        self.tasks[task].retries += 1

    def status(self, task: str, status: str, reason: str | None) -> None:
        """The status of a task was written."""
        found = self.tasks[task]
        if status == found.status:
            return
        found.status, found.reason = status, reason
        found.ended_at = self.now() if status in ENDED else None
        if status in {"Failed", "Stopped"} and not reason:
            self._break(Promise.ALL_END, f"{task} is {status} and nobody says why", task)
        if status == "Completed":
            self._check_completed(task)

    def announced(self, task: str, missing: Collection[str]) -> None:
        """An event said that a task is completed; `missing` of what it names is not there."""
        status = self.tasks[task].status
        if status != "Completed":
            self._break(Promise.ANNOUNCED, f"{task} was announced as completed and is {status}", task)
        if missing:
            self._break(Promise.ANNOUNCED, f"{task} was announced without {', '.join(missing)}", task)
        self.tasks[task].is_announced = True

    def unannounced(self) -> list[str]:
        """Completed tasks that no event has told of yet."""
        if not self._announces:
            return []
        return [task for task, found in self.tasks.items() if found.status == "Completed" and not found.is_announced]

    def entered(self, task: str, level: int | None, state: str, started_at: float, events: int) -> None:
        """An execution of a task entered a state; `events` its history has."""
        found = self.tasks[task]
        found.running_since = started_at
        self.most_history = max(self.most_history, events)
        age = self.now() - started_at
        self.longest_execution = max(self.longest_execution, age)
        if events > MOST_HISTORY_EVENTS:
            self._break(Promise.SHORT_HISTORY, f"an execution of {task} has {events:,} events", task)
        if age > LONGEST_EXECUTION:
            self._break(Promise.SHORT_LIFE, f"an execution of {task} is {age / 86_400:.1f} days old", task)
        if level is not None and state in {"IsLastLevel", "BatchError"}:
            asleep = self._asleep.pop((task, level), None)
            if asleep is not None and asleep.all_in_at is not None and state == "IsLastLevel":
                self._woke(task, level, self.now() - max(asleep.all_in_at, started_at))

    def execution_ended(self, task: str) -> None:
        """An execution of a task ended, in whatever way."""
        self.tasks[task].running_since = None

    def _look(self, task: str, level: int) -> None:
        """Whether the level has all its outcomes now."""
        found = self.tasks[task].levels[level]
        is_whole = len(found.objects) == self._jobs[level] and found.outcomes == sum(found.objects.values())
        if is_whole and found.all_in_at is None:
            found.all_in_at = self.now()
            self._asleep[task, level] = found

    def _woke(self, task: str, level: int, after: float) -> None:
        self.wakes.append(after)
        if after > WAKES_AT_WORST:
            self._break(Promise.WAKES, f"level {level} of {task} went on {after / 60:.0f} minutes late", task)

    def look_for_sleepers(self) -> None:
        """Finds levels that have all outcomes, and whose execution has not gone on in time. To be called hourly."""
        for (task, level), record in self._asleep.items():
            found = self.tasks[task]
            if found.status not in RUNNING or found.running_since is None or record.all_in_at is None:
                continue
            asleep = self.now() - max(record.all_in_at, found.running_since)
            if asleep > WAKES_AT_WORST:
                self._break(Promise.WAKES, f"level {level} of {task} sleeps since {asleep / 60:.0f} minutes", task)
                return

    def _check_completed(self, task: str) -> None:
        """Every object of a completed task has an outcome, and each level was given what the one before accepted."""
        for level, found in self.tasks[task].levels.items():
            if found.open or found.all_in_at is None:
                what = f"{task} is Completed, but level {level} has {found.outcomes} outcomes of {found.objects}"
                self._break(Promise.ALL_END, what, task)
        for (level, job), objects in self._from_frames.items():
            given = len(self._given[task, level, job])
            if given != objects:
                what = f"{task} is Completed, but {job} was given {given} objects of {objects}"
                self._break(Promise.ALL_END, what, task)
        for (level, job), source in self._sources.items():
            accepted, lines = self._accepted[task, *source], self._given[task, level, job]
            if accepted != lines.keys():
                what = f"{job} of {task} was given {len(lines)} of {len(accepted)} labels of level {source[0]}"
                self._break(Promise.SAME_LABELS, what, task)

    # ---- logs, buckets, quarantine ----------------------------------------------------------------------------------

    def logged(self, function: str, line: str, secrets: Collection[str]) -> None:
        """A log line was written."""
        for secret in secrets:
            if secret in line:
                self._break(Promise.NO_SECRETS, f"{function} logs {secret!r}: {line[:2_000]}")

    def looked(self, function: str, operation: str, bucket: str, allowed: Collection[str]) -> None:
        """A function wanted to read or list."""
        if bucket not in allowed:
            self._break(Promise.OWN_BUCKETS, f"{function} wants {operation} of bucket {bucket}")

    def quarantined(self, forgeries: Mapping[str, bool], forged_by: Mapping[str, str | None]) -> None:
        """What lies in quarantine at the end: for each message the event that forged it, None if none did.

        `forgeries` are the events that forged something, and whether it must have arrived.
        """
        for message, event in forged_by.items():
            if event is None:
                self._break(Promise.QUARANTINE, f"{message} is in quarantine, and nobody forged it")
        for event in sorted({event for event, arrives in forgeries.items() if arrives} - set(forged_by.values())):
            self._break(Promise.QUARANTINE, f"what {event} forged is not in quarantine")

    # ---- the end ----------------------------------------------------------------------------------------------------

    def stuck(self) -> list[str]:
        """Tasks that have not ended."""
        return [task for task, found in self.tasks.items() if found.status not in ENDED]

    def the_end(self, submitted: Iterable[str], may_fail: Callable[[str], bool], quiet_at: float, bound: float) -> None:
        """Time is over. Failed may be only what had to fail: operators have retried the rest."""
        for task in submitted:
            if task not in self.tasks:
                self._break(Promise.ALL_END, f"{task} was submitted and never taken in", task)
        for task in self.unannounced():
            self._break(Promise.ANNOUNCED, f"{task} is Completed, and nobody was told", task)
        for task, found in self.tasks.items():
            if found.status not in ENDED:
                self._break(Promise.ALL_END, f"{task} is still {found.status}", task)
            elif found.status == "Failed" and not may_fail(task):
                self._break(Promise.ALL_END, f"{task} is Failed after its retry: {found.reason}", task)
            elif found.status == "Stopped" and any(level.open for level in found.levels.values()):
                self._break(Promise.ALL_END, f"{task} is Stopped, but objects of it are open", task)
            if found.ended_at is not None and found.ended_at > quiet_at + bound:
                late = (found.ended_at - quiet_at - bound) / 86_400
                self._break(Promise.IN_TIME, f"{task} ended {late:.1f} days after the bound", task)
