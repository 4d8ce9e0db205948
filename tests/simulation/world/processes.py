"""Processes that live worlds side by side."""

import gc
from concurrent.futures import ProcessPoolExecutor


def processes(jobs: int) -> ProcessPoolExecutor:
    """So many of them."""
    return ProcessPoolExecutor(jobs, initializer=begin)


def begin() -> None:
    """A world makes millions of objects and few circles; looking for those as often as Python does takes a sixth of the
    time."""
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)
