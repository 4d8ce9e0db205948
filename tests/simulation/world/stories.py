"""Small plans with a known end: one or a few clips, what becomes of them, and within how many hours.

A story is told without any fault, with faults that are drawn from a seed, or with a fault at a chosen call.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal
from unittest.mock import patch

from everlabel import executions
from local.ground_truth.people import Behaviour, Team
from local.ground_truth.unknowns import Unknowns
from tests.simulation.world.faults import Faults, Kind, Rates, Strike
from tests.simulation.world.life import Life, live
from tests.simulation.world.plan import (
    DAY,
    HOUR,
    ClipPlan,
    Habit,
    JobPlan,
    OperatorAct,
    OperatorEvent,
    Plan,
    Poison,
    Size,
    TeamPlan,
)

_LOOKS = 0.25 * HOUR


class Chosen(Faults):
    """Strikes at chosen points, beside what the rates say, and remembers the points of all calls.

    Args:
        chosen: the kind of fault for each point.
        once: the kind of fault for the first point that matches a pattern, as file names do.
        unheard: the queues that nothing reaches which may be lost.
    """

    def __init__(
        self,
        seed: int,
        rates: Rates,
        chosen: Mapping[str, Kind],
        once: Mapping[str, Kind],
        unheard: Sequence[str] = (),
    ) -> None:
        super().__init__(seed, rates)
        self.calls: list[str] = []
        self._chosen, self._once = chosen, dict(once)
        self._unheard = frozenset(f"delivery to everlabel-{queue}" for queue in unheard)

    def strikes(self, point: str, kinds: Sequence[Kind], where: str = "", chance: float | None = None) -> Strike | None:
        """What was chosen for the point, or else what is drawn."""
        if Kind.KILLED_BEFORE in kinds:
            self.calls.append(point)
        kind = Kind.LOST if where in self._unheard else self._chosen.get(point) or self._first(point)
        if kind is None or kind not in kinds:
            return super().strikes(point, kinds, where, chance)
        self.struck.append(Strike(point, kind, self.now(), where))
        return self.struck[-1]

    def _first(self, point: str) -> Kind | None:
        pattern = next((pattern for pattern in self._once if fnmatchcase(point, pattern)), None)
        return None if pattern is None else self._once.pop(pattern)


@dataclass(frozen=True)
class Story:
    """Clips with two objects and two levels; of sequences, with one object.

    Tasks end as `status` within so many hours after their submission, whatever is drawn from `rates`, with at most
    `surplus` second labels. `away` are the hours in which nobody works, `most_rounds` the limit of an execution;
    `once` is what strikes at the first point that matches a pattern.
    """

    name: str
    within: float
    begins: float = 1.0
    """When clips are submitted, in hours: their labeling jobs run by then."""
    status: Literal["Completed", "Failed", "Stopped"] = "Completed"
    clips: int = 1
    media: Literal["image", "video"] = "image"
    on_object_failure: Literal["fail", "continue"] = "fail"
    poison: Poison = ""
    away: tuple[float, float] | None = None
    hours_per_task: tuple[float, float] = (0.1, 0.1)
    habits: tuple[Behaviour, ...] = ()
    events: tuple[OperatorEvent, ...] = ()
    unknowns: Unknowns = field(default_factory=Unknowns)
    parameters: Mapping[str, int] = field(default_factory=dict)
    empty_is_zero: bool = False
    """Whether CloudWatch says of an empty queue that its oldest message is 0 seconds old; it may say nothing."""
    rates: Rates = field(default_factory=Rates)
    once: Mapping[str, Kind] = field(default_factory=dict)
    unheard: tuple[str, ...] = ()
    surplus: float = math.inf
    most_rounds: int = executions.MOST_ROUNDS
    lifetime: float = 3 * DAY
    time_limit: float = 2 * HOUR
    max_concurrent: int = 1_000
    every_run: bool = True
    """Whether also those runs of the reconciler happen that would find nothing."""

    def plan(self, seed: int = 1) -> Plan:
        """The same as a plan."""
        kinds = ("BoundingBox",) * 2 if self.media == "image" else ("VideoObjectTracking",) * 2
        common = {
            "team": "team",
            "lifetime": self.lifetime,
            "time_limit": self.time_limit,
            "max_concurrent": self.max_concurrent,
        }
        first = JobPlan("A1", 1, kinds[0], **common)  # type: ignore[arg-type]
        second = JobPlan("A2", 2, f"Adjustment{kinds[1]}", chain_from="A1", **common)  # type: ignore[arg-type]
        holidays = () if self.away is None else ((self.away[0] / 24, self.away[1] / 24),)
        team = Team(people=2 * self.clips, hours_per_task=self.hours_per_task, holidays=holidays)
        clips = (
            ClipPlan(f"clip-{number}", self.begins * HOUR, 2, self.on_object_failure, self.poison)
            for number in range(1, self.clips + 1)
        )
        parameters = {"ResendAfterSeconds": int(5 * DAY), "GatherExpiriesSeconds": 60, "MaxExpiries": 3}
        days = math.ceil((self.begins + self.within) / 24)
        return Plan(
            seed=seed,
            size=Size(self.clips, 2, 2 if self.media == "image" else 1, days),
            jobs=(first, second),
            teams=(TeamPlan("team", team),),
            clips=tuple(clips),
            habits=tuple(Habit(f"habit-{number}", habit) for number, habit in enumerate(self.habits)),
            events=self.events,
            unknowns=self.unknowns,
            rates=self.rates,
            parameters={**parameters, **self.parameters},
            quiet_at=(days + 1) * DAY,  # nobody helps at the end
        )

    @property
    def is_drawn(self) -> bool:
        """Whether it differs from seed to seed."""
        return bool(self.once) or any(getattr(self.rates, kind) for kind in Kind)

    def faults(self, seed: int = 1, chosen: Mapping[str, Kind] | None = None) -> Chosen:
        """The faults of the story, and more where they are chosen."""
        return Chosen(seed, self.rates, chosen or {}, self.once, self.unheard)

    def tell(self, seed: int = 1, faults: Faults | None = None, traced: str | None = None) -> Life:
        """Lives it."""
        with patch.object(executions, "MOST_ROUNDS", self.most_rounds):
            return live(
                self.plan(seed),
                faults=faults or self.faults(seed),
                step=_LOOKS,
                retries=False,
                traced=traced,
                every_run=self.every_run,
                empty_is_zero=self.empty_is_zero,
            )

    def wrong(self, life: Life) -> str | None:
        """In what way a life was not as it should be; None if it was."""
        if life.broken is not None:
            return str(life.broken)
        figures = life.figures
        if figures.surplus > self.surplus:
            return f"people labeled {figures.surplus} objects for nothing"
        ended = {"Completed": figures.completed, "Failed": figures.failed, "Stopped": figures.stopped}
        if ended[self.status] != self.clips:
            found = ", ".join(f"{count} {status}" for status, count in ended.items() if count) or "none"
            return f"the end should be {self.status}: {found}"
        hours = figures.days * 24 - self.begins
        return None if hours <= self.within else f"it took {hours:g} hours, more than {self.within:g}"


def event(
    hours: float, act: OperatorAct, subject: str = "clip-1", lasts: float = 0.0, variant: str = ""
) -> OperatorEvent:
    """What somebody does so many hours after the beginning, for so many hours."""
    key = "-".join([act.replace(" ", "-"), f"{hours:g}", subject, variant.replace(" ", "-")]).rstrip("-")
    return OperatorEvent(hours * HOUR, key, act, subject, lasts * HOUR, variant)
