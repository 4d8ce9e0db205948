"""Virtual time."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.schedule import Schedule


def test_events_should_happen_in_order_of_time_and_then_of_asking() -> None:
    clock, seen = Schedule(10.0), list[tuple[str, float]]()
    for name, time in [("c", 12.0), ("a", 11.0), ("d", 12.0), ("b", 11.0)]:
        clock.at(time, lambda name=name: seen.append((name, clock.now())))  # type: ignore[misc]
    clock.run_until(20.0)
    assert seen == [("a", 11.0), ("b", 11.0), ("c", 12.0), ("d", 12.0)]
    assert clock.now() == 20.0


def test_what_is_asked_for_now_should_happen_after_what_was_asked_before() -> None:
    clock, seen = Schedule(), list[str]()

    def first() -> None:
        seen.append("first")
        clock.at(clock.now(), lambda: seen.append("third"))

    clock.at(1.0, first)
    clock.at(1.0, lambda: seen.append("second"))
    clock.run_until(1.0)
    assert seen == ["first", "second", "third"]


def test_a_cancelled_event_should_not_happen() -> None:
    clock, seen = Schedule(), list[str]()
    event = clock.at(1.0, lambda: seen.append("cancelled"))
    clock.at(2.0, lambda: seen.append("kept"))
    event.cancel()
    event.cancel()
    assert (len(clock), clock.next_at()) == (1, 2.0)
    assert clock.step()
    assert not clock.step()
    assert seen == ["kept"]
    event.cancel()
    assert len(clock) == 0


def test_cancelling_what_has_happened_should_do_nothing() -> None:
    clock = Schedule()
    event = clock.at(1.0, lambda: None)
    clock.run_until(1.0)
    event.cancel()
    assert (len(clock), clock.next_at()) == (0, None)


@pytest.mark.parametrize("time", [4.9, math.nan, -math.inf])
def test_the_past_should_be_refused(time: float) -> None:
    with pytest.raises(ValueError, match="has passed"):
        Schedule(5.0).at(time, lambda: None)


def test_an_error_should_come_out_and_leave_the_rest_to_happen() -> None:
    clock, seen = Schedule(), list[str]()
    clock.at(1.0, lambda: [].pop())
    clock.at(1.0, lambda: seen.append("after"))
    with pytest.raises(IndexError):
        clock.run_until(2.0)
    assert clock.now() == 1.0
    clock.run_until(2.0)
    assert seen == ["after"]


def test_time_should_stand_still_between_events_when_asked_to() -> None:
    clock, seen = Schedule(), list[float]()
    clock.at(5.0, lambda: seen.append(clock.now()))
    clock.run_until(4.0)
    assert (seen, clock.now()) == ([], 4.0)


def test_time_should_be_skipped_only_where_nothing_happens_meanwhile() -> None:
    clock, seen = Schedule(), list[tuple[bool, float]]()

    def skip(to: float) -> None:
        seen.append((clock.skip_to(to), clock.now()))

    clock.at(1.0, lambda: skip(2.0))
    clock.at(3.0, lambda: skip(4.0))
    clock.at(4.0, lambda: skip(6.5))
    clock.at(5.0, lambda: skip(6.5))
    clock.run_until(6.0)
    skip(6.2)
    assert seen == [(True, 2.0), (False, 3.0), (False, 4.0), (False, 5.0), (False, 6.0)]


def test_an_error_should_end_skipping_too() -> None:
    clock = Schedule()
    clock.at(1.0, lambda: [].pop())
    with pytest.raises(IndexError):
        clock.run_until(9.0)
    assert not clock.skip_to(2.0)


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=30))
@settings(derandomize=True, max_examples=20, database=None)
def test_throwing_out_cancelled_events_should_change_nothing(pattern: list[tuple[int, bool]]) -> None:
    asked = (pattern * 3000)[:3000]
    clock, seen = Schedule(), list[int]()
    events = [clock.at(time, lambda number=number: seen.append(number)) for number, (time, _) in enumerate(asked)]  # type: ignore[misc]
    gone = {number for number, (_, cancel) in enumerate(asked) if cancel or number % 3}
    for number in sorted(gone):
        events[number].cancel()
    assert len(clock._heap) < 3000
    assert len(clock) == 3000 - len(gone)
    clock.run_until(50)
    assert seen == sorted(set(range(3000)) - gone, key=lambda number: (asked[number][0], number))
