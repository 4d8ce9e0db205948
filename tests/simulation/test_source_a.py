"""The red control: what ours keeps, source A's printed algorithm loses, under the same plans.

If source A lost nothing here, the simulation would be blind to what the application is there for.
"""

from tests.simulation.source_a import control
from tests.simulation.source_a.scenarios import calm, long_pause, repeated_messages
from tests.simulation.world.drawing import draw
from tests.simulation.world.life import live
from tests.simulation.world.plan import Size
from tests.simulation.world.promises import Promise


def test_source_a_should_complete_every_clip_while_nothing_goes_wrong() -> None:
    figures = control.run(calm(1, Size(clips=4, days=60)))

    assert (figures.completed, figures.stuck, figures.broken.total()) == (4, 0, 0)


def test_a_long_pause_should_leave_clips_stuck_for_ever_and_none_of_ours() -> None:
    plan = long_pause(4, Size(clips=4, days=125))

    theirs, ours = control.run(plan), live(plan)

    assert theirs.faults.total() == 0
    assert theirs.stuck > 0
    assert ours.broken is None, ours.broken
    assert ours.figures.completed == 4


def test_repeated_and_late_messages_should_make_live_duplicates_and_none_of_ours() -> None:
    plan = repeated_messages(4, Size(clips=4, days=90))

    theirs, ours = control.run(plan), live(plan)

    assert theirs.broken[Promise.ONE_LIVE_TASK] > 0
    assert theirs.broken[Promise.ONE_LABEL] > 0
    assert ours.broken is None, ours.broken
    assert ours.figures.completed == 4


def test_source_a_should_break_promises_where_ours_keeps_them_all() -> None:
    plans = [draw(seed, Size(clips=6, days=120)) for seed in (4, 5)]

    for plan in plans:
        ours = live(plan)
        assert ours.broken is None, ours.broken
    theirs = [control.run(plan) for plan in plans]

    assert sum(figures.stuck for figures in theirs) > 0
    assert sum(figures.broken[Promise.ONE_LIVE_TASK] for figures in theirs) > 0
