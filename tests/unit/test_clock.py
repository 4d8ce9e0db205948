"""Times as they are stored and shown."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel import clock

SECONDS = st.floats(0, 4_000_000_000)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_800_000_000, "2027-01-15T08:00:00.000Z"),
        (1_800_000_000.25, "2027-01-15T08:00:00.250Z"),
    ],
)
def test_a_time_is_iso_8601_in_utc_with_milliseconds(seconds: float, text: str) -> None:
    assert clock.iso(seconds) == text


@given(SECONDS, SECONDS)
def test_times_sort_as_text(one: float, other: float) -> None:
    earlier, later = sorted([one, other])
    assert clock.iso(earlier) <= clock.iso(later)


@given(SECONDS)
def test_a_time_reads_back_to_the_millisecond(seconds: float) -> None:
    assert datetime.fromisoformat(clock.iso(seconds)).timestamp() == pytest.approx(seconds, abs=0.001)


def test_now_is_a_time_of_this_century() -> None:
    assert clock.iso(clock.now()).startswith("20")
