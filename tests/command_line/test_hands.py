"""Many things at once, and how they end."""

import os
import signal
import threading

import pytest

from everlabel_cli.hands import each, interruptible


def test_everything_should_be_done_and_told_once() -> None:
    told: dict[int, int] = {}
    each(range(100), lambda number: number * number, told.__setitem__, 7)
    assert told == {number: number * number for number in range(100)}


def test_no_more_should_be_at_work_than_there_are_hands() -> None:
    together = threading.Barrier(3)
    at_work: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        at_work.append(number)
        most.append(len(at_work))
        together.wait(10)
        at_work.remove(number)

    each(range(9), work, lambda _thing, _result: None, 3)
    assert max(most) == 3


def test_after_the_end_nothing_should_begin_and_what_began_should_be_told() -> None:
    begun: list[int] = []
    told: list[int] = []
    each(range(1000), begun.append, lambda number, _: told.append(number), 4, lambda: len(told) >= 10)
    assert sorted(told) == sorted(begun)
    assert 10 <= len(told) < 20


def test_an_error_should_reach_the_caller() -> None:
    def fail(_number: int) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        each([1], fail, lambda _thing, _result: None, 2)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_should_be_noted_and_the_handlers_put_back(ending: signal.Signals) -> None:
    before = signal.getsignal(ending)
    with interruptible() as interrupted:
        assert not interrupted.is_set()
        os.kill(os.getpid(), ending)
        assert interrupted.wait(5)
        # The next one ends the process, as if nobody listened.
        assert signal.getsignal(ending) == signal.SIG_DFL
    assert signal.getsignal(ending) == before
