"""Which drive goes into which split."""

import contextlib
from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from everlabel_cli.datasets.splitting import Split, SplitRefused, read_ratios, split

RATIOS = {"train": 0.8, "val": 0.1, "test": 0.1}
drives = st.lists(st.text(min_size=1, max_size=5), min_size=3, max_size=12, unique=True)


@settings(max_examples=20)
@given(drives, drives)
def test_should_move_no_drive_when_others_are_added(there: list[str], added: list[str]) -> None:
    try:
        before = split(Counter(there), RATIOS, None)
    except SplitRefused:
        assume(False)
    after = split(Counter([*there, *added]), RATIOS, before.seed)
    assert {drive: after.of(drive) for drive in there} == {drive: before.of(drive) for drive in there}


@settings(max_examples=20)
@given(drives, st.integers(0, 10**9))
def test_should_leave_no_split_empty_or_refuse(there: list[str], seed: int) -> None:
    for wanted in (seed, None):
        with contextlib.suppress(SplitRefused):
            made = split(Counter(there), RATIOS, wanted)
            assert {made.of(drive) for drive in there} == set(RATIOS)


def test_should_come_near_the_ratios() -> None:
    many = Counter(f"drive-{number}" for number in range(2000))
    made = split(many, RATIOS, None)
    counts = Counter(made.of(drive) for drive in many)
    assert {name: round(counts[name] / 2000, 1) for name in RATIOS} == RATIOS
    ten = Counter(f"drive-{number}" for number in range(10))
    assert Counter(split(ten, RATIOS, None).of(drive) for drive in ten) == {"train": 8, "val": 1, "test": 1}


def test_should_weigh_drives_by_their_tasks() -> None:
    weights = {"long": 8, "short": 1, "other": 1}
    made = split(weights, RATIOS, None)
    assert made.of("long") == "train"


def test_should_say_so_when_there_are_fewer_drives_than_splits() -> None:
    with pytest.raises(
        SplitRefused, match=r"3 splits \(train, val, test\) need at least as many drives, and there are 2: a, b"
    ):
        split({"a": 1, "b": 1}, RATIOS, None)
    with pytest.raises(SplitRefused, match=r"there is 1: a\. .* --ratios 100"):
        split({"a": 5}, {"train": 0.5, "val": 0.5}, None)


def test_should_name_a_seed_that_would_do() -> None:
    weights = {"a": 1, "b": 1, "c": 1}
    empty = next(seed for seed in range(99) if len({Split(seed, RATIOS).of(drive) for drive in weights}) < 3)
    with pytest.raises(
        SplitRefused, match=rf"with seed {empty} none of 3 drives falls into .*; seed (\d+) would fill all"
    ):
        split(weights, RATIOS, empty)


@pytest.mark.parametrize(
    ("text", "ratios"),
    [
        ("80/10/10", {"train": 0.8, "val": 0.1, "test": 0.1}),
        ("3/1", {"train": 0.75, "val": 0.25}),
        ("1", {"train": 1.0}),
        ("0.5/0/0.5", {"train": 0.5, "test": 0.5}),
    ],
)
def test_should_read_ratios(text: str, ratios: dict[str, float]) -> None:
    assert read_ratios(text) == ratios


@pytest.mark.parametrize("text", ["", "80,10", "1/2/3/4", "-1/2", "a", "0/0", "1e9", "nan"])
def test_should_refuse_other_ratios(text: str) -> None:
    with pytest.raises(SplitRefused, match="the ratios are"):
        read_ratios(text)
