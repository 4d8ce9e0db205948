"""Many small things done at once, a bounded number at a time, so that an interruption leaves nothing half told."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from types import FrameType

_ENDINGS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Within the block, Ctrl-C and kill set the event instead of ending the process; a second one ends it.

    Said explicitly, since a shell's background job would ignore Ctrl-C otherwise.
    """
    interrupted = threading.Event()
    before = {ending: signal.getsignal(ending) for ending in _ENDINGS}

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        interrupted.set()
        for ending in _ENDINGS:
            signal.signal(ending, signal.SIG_DFL)

    for ending in _ENDINGS:
        signal.signal(ending, interrupt)
    try:
        yield interrupted
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)


def each[T, R](
    things: Iterable[T],
    do: Callable[[T], R],
    tell: Callable[[T, R], None],
    hands: int,
    is_over: Callable[[], bool] = lambda: False,
) -> None:
    """Does each thing in one of `hands` threads, and tells of each in the caller's thread as it is done.

    Once `is_over` says so, nothing more is begun; what is at work is finished and told.
    """
    at_work: dict[Future[R], T] = {}
    with ThreadPoolExecutor(max_workers=hands) as pool:
        for thing in things:
            if is_over():
                break
            at_work[pool.submit(do, thing)] = thing
            if len(at_work) >= hands:
                _tell_of_done(at_work, tell)
        while at_work:
            _tell_of_done(at_work, tell)


def _tell_of_done[T, R](at_work: dict[Future[R], T], tell: Callable[[T, R], None]) -> None:
    done, _ = wait(at_work, return_when=FIRST_COMPLETED)
    for future in done:
        tell(at_work.pop(future), future.result())
