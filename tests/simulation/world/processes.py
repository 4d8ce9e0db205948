"""Processes that live worlds side by side."""

import gc
import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def processes(jobs: int) -> ProcessPoolExecutor:
    """So many of them, begun afresh: one that is forked has the locks of all threads there are, and may wait for them
    for ever."""
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=begin)


def begin() -> None:
    """A world makes millions of objects and few circles; looking for those as often as Python does takes a sixth of the
    time."""
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)
