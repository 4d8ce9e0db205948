"""Some small plans, lived to the end with every promise kept; and how runs over many seeds behave."""

from dataclasses import replace

import pytest
from rich.console import Console

from local.ground_truth.people import Behaviour
from tests.simulation.world.drawing import draw
from tests.simulation.world.faults import Rates
from tests.simulation.world.life import Life, live
from tests.simulation.world.plan import HOUR, Habit, OperatorEvent, Plan, Size
from tests.simulation.world.promises import Broken, Promise
from tests.simulation.world.runs import KNOWN, Seed, known_seeds, shortest, until_broken, wakes_late
from tests.simulation.world.table import Figures, percentile, rows, show

SMALL = Size(clips=3, levels=2, objects=2, days=60)


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_small_plan_should_keep_every_promise(seed: int) -> None:
    life = live(draw(seed, SMALL))

    assert life.broken is None
    assert life.figures.stuck == life.figures.lost == 0


def test_a_seed_should_always_draw_the_same_plan() -> None:
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def calm(plan: Plan) -> Plan:
    """A plan in which nothing goes wrong."""
    clips = tuple(replace(clip, poison="") for clip in plan.clips)
    return replace(plan, clips=clips, rates=Rates(), habits=(), events=())


def test_a_broken_promise_should_be_reduced_to_what_breaks_it() -> None:
    """A person's stop of one clip's task breaks a promise that only this test makes: that every task completes."""
    plan = calm(draw(1, SMALL))
    clips = [clip.key for clip in plan.clips]
    events = [OperatorEvent(clip.at + HOUR, f"start-{clip.key}", "start twice", clip.key) for clip in plan.clips]
    events.append(OperatorEvent(plan.clips[1].at + 60, "stop", "stop task", clips[1]))
    habits = (Habit("slow", Behaviour(clips[0], "return")),)
    plan = replace(plan, events=tuple(sorted(events)), habits=habits)

    def stops(part: Plan) -> Life:
        life = live(part)
        if life.figures.stopped:
            life.broken = Broken(Promise.ALL_END, "a task is stopped", 0.0, f"{clips[1]}-1")
        return life

    short = shortest(plan, stops(plan), lambda: True, stops)

    assert [clip.key for clip in short.clips] == [clips[1]]
    assert [event.key for event in short.events] == ["stop"]
    assert not short.habits
    assert not short.only


def test_a_run_should_end_at_the_first_broken_promise() -> None:
    seed, late = Seed(1, SMALL), Broken(Promise.WAKES, "late", 0.0)
    lived = [(seed, Life(Figures(seeds=1))), (seed, Life(Figures(seeds=1), late)), (seed, Life(Figures(seeds=1)))]

    figures, broken = until_broken(lived)

    assert figures.seeds == 2
    assert broken == lived[1]


def test_waking_should_be_judged_over_all_levels() -> None:
    assert wakes_late(Figures(wakes=[1.0] * 99 + [3_000.0])) is not None
    assert wakes_late(Figures(wakes=[1.0] * 199 + [3_000.0])) is None


def test_percentiles_should_be_values_that_were_there() -> None:
    assert percentile([], 99) == 0
    assert percentile([3, 1, 2], 50) == 2
    assert percentile([3, 1, 2], 100) == 3


def test_known_seeds_should_be_readable() -> None:
    assert known_seeds("# nothing\n\n7 60 2 4 240 # slept\n") == [Seed(7, Size(60, 2, 4, 240))]
    known_seeds(KNOWN.read_text())


def test_the_table_should_have_a_row_for_every_quantity(capsys: pytest.CaptureFixture[str]) -> None:
    show({"Everlabel": Figures(seeds=2), "control": Figures(seeds=3)}, Console(width=200))

    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["Everlabel", "control"]
    assert [line[:40].rstrip() for line in printed[1:]] == list(rows(Figures()))
    assert printed[1].split() == ["seeds", "2", "3"]
