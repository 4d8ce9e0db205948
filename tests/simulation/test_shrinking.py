"""Shrinking finds the shortest failing list."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.world.shrinking import shrunk


@given(st.integers(0, 80), st.data())
def test_exactly_the_parts_that_matter_should_stay(count: int, data: st.DataObject) -> None:
    parts = list(range(count))
    needed = data.draw(st.sets(st.sampled_from(parts))) if parts else set[int]()

    assert shrunk(parts, lambda attempt: needed <= set(attempt)) == sorted(needed)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_no_single_part_should_be_superfluous(parts: list[int]) -> None:
    limit = max(1, sum(parts) // 2)

    def fails(attempt: Sequence[int]) -> bool:
        return sum(attempt) >= limit

    if not fails(parts):
        return
    found = shrunk(parts, fails)

    assert fails(found)
    assert not any(fails(found[:place] + found[place + 1 :]) for place in range(len(found)))


def test_what_is_tried_should_be_few() -> None:
    tried = list[Sequence[int]]()

    def fails(attempt: Sequence[int]) -> bool:
        tried.append(attempt)
        return {17, 700} <= set(attempt)

    assert shrunk(range(1_000), fails) == [17, 700]
    assert len(tried) < 100


def test_it_should_end_with_the_shortest_so_far_when_time_is_over() -> None:
    left = iter([True] * 5)

    def fails(attempt: Sequence[int]) -> bool:
        return 0 in attempt

    found = shrunk(range(100), fails, lambda: next(left, False))

    assert 0 in found
    assert 1 < len(found) < 100
