"""Runs of the Reconciler that a long simulation leaves out would have found nothing.

Small plans with many lost notices are lived with every run, while it is noted which would have been left out.
"""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.simulation.world import world
from tests.simulation.world.drawing import draw
from tests.simulation.world.idle_runs import FUNCTION, IdleRuns
from tests.simulation.world.life import Life, live
from tests.simulation.world.plan import DAY, HOUR, Plan, Size

_MENDED = {
    "LabelsFoundLate",
    "LevelsWokenLate",
    "TasksStartedLate",
    "TasksClosedLate",
    "ExecutionsFoundDead",
    "LabelingJobsReplaced",
}
"""What a run logs when it set something right."""
SEEDS = (11, 12, 16, 33)


class EveryRun(IdleRuns):
    """Leaves no run out. `kept` and `left` are what was found by those that stay, and by those that would not."""

    seen: "EveryRun"

    def __init__(self, watchers: Any, *others: Any) -> None:
        super().__init__(watchers, *others)
        self.runs = self.left_out = 0
        self.kept: list[dict[str, int]] = []
        self.left: list[dict[str, int]] = []
        self._is_left = False
        watchers.logged.append(self._logged)
        EveryRun.seen = self

    def leaves_out(self, function: str, at: float) -> bool:
        if function == FUNCTION:
            self._is_left = super().leaves_out(function, at)
            self.runs, self.left_out = self.runs + 1, self.left_out + self._is_left
        return False

    def _logged(self, function: str, line: str) -> None:
        # A run that failed comes again a minute later, and sees what is newer than the hour.
        is_first = self._faults.now() % HOUR < 60
        if function == FUNCTION and '"reconciled"' in line and is_first:
            found = {name: count for name, count in json.loads(line).items() if name in _MENDED and count}
            if found:
                (self.left if self._is_left else self.kept).append(found)


def lossy(seed: int) -> Plan:
    """Three weeks in which every fifth notice is lost, and invocations die."""
    plan = draw(seed, Size(clips=3, levels=2, objects=2, days=90))
    rates = replace(plan.rates, lost=0.2, killed_before=0.003, killed_after=0.003)
    return replace(plan, rates=rates, quiet_at=21 * DAY)


def ends(life: Life) -> tuple[object, ...]:
    found = life.figures
    return found.objects, found.completed, found.failed, found.stopped, found.lost, found.stuck, life.broken


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_that_is_left_out_should_find_nothing_and_change_no_end(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = live(lossy(seed))
    monkeypatch.setattr(world, "IdleRuns", EveryRun)
    all_of_them = live(lossy(seed))

    watched = EveryRun.seen
    assert watched.left == []
    assert watched.kept
    assert watched.left_out > watched.runs / 2
    assert ends(some) == ends(all_of_them)
