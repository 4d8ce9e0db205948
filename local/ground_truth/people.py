"""People as policy: when workers take tasks, how long they need, and what they leave alone.

Pure, in virtual time (seconds since some Monday's midnight). What they draw is the annotators' business.
Same seed, same people.
"""

import heapq
import random
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from local.ground_truth.events import Task
from local.ground_truth.labeling_job import DAY

HOUR = 3_600.0

_Ending = Literal["submit", "decline", "return"]


@dataclass(frozen=True)
class Behaviour:
    """A special case: what people do with tasks whose input line contains `match`, in jobs whose name contains `job`.

    ignore: nobody opens the task, so it waits until it expires. decline: somebody takes it and declines. return:
    somebody takes it, gives it back to the pool, and it is done later. submit: as always, which `hours` makes special:
    how long she keeps it, instead of what her team needs, be it beyond the task's lifetime in the portal or beyond its
    time limit. `times` is for how many tasks it holds.
    """

    match: str
    act: Literal["ignore"] | _Ending
    times: int = 1
    job: str = ""
    hours: float | None = None


@dataclass(frozen=True)
class Team:
    """A work team: how many people, how long a task takes them, and when they work.

    `hours_per_task` is the range of scaled hours; the working day is from `opens` to `closes` o'clock on each day not
    in `days_off` (0 is Monday); `holidays` are from-to pairs in days since the beginning.
    """

    people: int = 2
    hours_per_task: tuple[float, float] = (0.5, 2.0)
    opens: float = 0.0
    closes: float = 24.0
    days_off: frozenset[int] = frozenset()
    holidays: tuple[tuple[float, float], ...] = ()

    def next_working(self, at: float) -> float:
        """The first moment from `at` on at which somebody takes a new task."""
        for _ in range(10_000):
            day, second = divmod(at, DAY)
            holiday = next((last for first, last in self.holidays if first * DAY <= at < last * DAY), None)
            if holiday is not None:
                at = holiday * DAY
            elif int(day) % 7 in self.days_off or second >= self.closes * HOUR:
                at = (day + 1) * DAY
            elif second < self.opens * HOUR:
                at = day * DAY + self.opens * HOUR
            else:
                return at
        raise ValueError(f"{self} never works")


@dataclass(frozen=True, slots=True)
class Act:
    """A worker takes a task, or is done with it in one of four ways."""

    kind: Literal["accept"] | _Ending
    job: str
    task: Task
    worker: str


@dataclass(slots=True)
class _Left:
    behaviour: Behaviour
    times: int


_USUAL = Behaviour("", "submit")


class Workforce:
    """One team's people over all jobs. They take the oldest task they see and work on one at a time."""

    def __init__(self, team: Team, rng: random.Random, behaviours: Iterable[Behaviour] = ()) -> None:
        self.team = team
        self._rng = rng
        self._left: list[_Left] = []
        for behaviour in behaviours:
            self.behave(behaviour)
        self._waiting: OrderedDict[Task, tuple[str, _Ending, float | None]] = OrderedDict()
        self._ignored: set[Task] = set()
        self._idle = [f"worker-{number}" for number in range(1, team.people + 1)]
        self._busy: list[tuple[float, int, Act]] = []
        self._turns = 0
        self._paused = False
        self._now = 0.0

    def behave(self, behaviour: Behaviour) -> None:
        """Add a special case for tasks offered from now on."""
        if behaviour.times > 0:
            self._left.append(_Left(behaviour, behaviour.times))

    def change(self, team: Team) -> None:
        """From now on the same people have other habits. Raises ValueError if they are not as many."""
        if team.people != self.team.people:
            raise ValueError(f"{self.team.people} people cannot become {team.people}")
        self.team = team

    def forget(self) -> None:
        """No task that is offered from now on is a special case."""
        self._left.clear()

    def pause(self) -> None:
        """From now on nobody takes a new task, until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Back to work."""
        self._paused = False

    def offer(self, job: str, task: Task, now: float) -> None:
        """A task appears in the portal; one that was ignored before stays so."""
        self._now = max(self._now, now)
        if task not in self._ignored:
            behaviour = self._plan(job, task)
            if behaviour.act == "ignore":
                self._ignored.add(task)
            else:
                self._waiting[task] = (job, behaviour.act, behaviour.hours)

    def withdraw(self, task: Task) -> None:
        """A task left the pool; whoever works on it will find out when handing in."""
        self._waiting.pop(task, None)
        if task.is_over:
            self._ignored.discard(task)

    def postpone(self, act: Act, until: float) -> None:
        """The worker is not done before `until` after all."""
        self._idle.remove(act.worker)
        self._work(until, act)

    def next_event_at(self) -> float | None:
        """When somebody does something, at the earliest."""
        due = [self._busy[0][0]] if self._busy else []
        if self._waiting and self._idle and not self._paused:
            due.append(self.team.next_working(self._now))
        return min(due, default=None)

    def advance(self, now: float) -> list[Act]:
        """What people do up to `now`: those who end come first, so that they can take the next task."""
        self._now = max(self._now, now)
        acts = []
        while self._busy and self._busy[0][0] <= now:
            act = heapq.heappop(self._busy)[2]
            self._idle.append(act.worker)
            acts.append(act)
        if not acts and not self._paused and self.team.next_working(now) <= now:
            while self._waiting and self._idle:
                acts.append(self._begin(now))
        return acts

    def _begin(self, now: float) -> Act:
        task, (job, ending, hours) = self._waiting.popitem(last=False)
        worker = self._idle.pop(0)
        if hours is None:
            hours = self._rng.uniform(*self.team.hours_per_task)
        self._work(now + HOUR * hours, Act(ending, job, task, worker))
        return Act("accept", job, task, worker)

    def _work(self, until: float, act: Act) -> None:
        self._turns += 1
        heapq.heappush(self._busy, (until, self._turns, act))

    def _plan(self, job: str, task: Task) -> Behaviour:
        for entry in self._left:
            behaviour = entry.behaviour
            if behaviour.job in job and behaviour.match in task.object.text:
                entry.times -= 1
                if not entry.times:
                    self._left.remove(entry)
                return behaviour
        return _USUAL
