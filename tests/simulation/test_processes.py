"""Worlds that are lived side by side."""

import gc
import threading

from tests.simulation.world.processes import processes

lock = threading.Lock()


def is_free() -> bool:
    """Whether nobody holds the lock; in another process, that of that one."""
    return lock.acquire(blocking=False)


def test_a_process_should_hold_no_lock_of_another() -> None:
    """A forked one would, and nobody in it would ever give it back."""
    with lock, processes(1) as pool:
        assert pool.submit(is_free).result(60)


def test_a_process_should_seldom_look_for_circles() -> None:
    with processes(1) as pool:
        assert pool.submit(gc.get_threshold).result(60)[0] > 100_000
