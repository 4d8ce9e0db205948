"""What a piece of work costs, round after round in turn with what it is compared with, and the ratio of the medians.

No absolute time is a claim: it belongs to the machine and to its other guests. A ratio is taken in one run.
"""

import multiprocessing
import os
import platform
import re
import resource
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

OUT = Path("out/bench")
"""Where results go."""

Work = Callable[[], object]
"""To be pickled, so a function of a module or a `functools.partial` of one. If it returns a function, that is the
work, and the call that returned it only got ready."""


@dataclass(frozen=True)
class Cost:
    cpu: float
    """Seconds of the process and of its children."""
    wall: float
    """Seconds."""
    peak: float
    """The most memory that the process, or one of its children, had resident, in MB."""


@dataclass(frozen=True)
class Row:
    """One comparison: what ours and the baseline took, lower being better, and how far ours should reach."""

    what: str
    figure: str
    """What was measured, with its unit."""
    ours: float
    baseline: float
    reach: float | None = None
    """How many times less than the baseline ours should take; None if nothing is promised."""

    @cached_property
    def ratio(self) -> float:
        """How many times less ours took."""
        return self.baseline / self.ours if self.ours else float("inf")

    @property
    def verdict(self) -> str:
        """In words; nothing if nothing is promised."""
        return "" if self.reach is None else "falls short" if self.falls_short else "reached"

    @property
    def falls_short(self) -> bool:
        """Whether ours misses what it should reach."""
        return self.reach is not None and self.ratio < self.reach


def fresh_processes(number: int = os.process_cpu_count() or 1) -> ProcessPoolExecutor:
    """A pool of processes that inherit nothing of this one."""
    return ProcessPoolExecutor(number, mp_context=multiprocessing.get_context("spawn"))


def cost_of(work: Work) -> Cost:
    """Does the work in a fresh process of its own; starting that and importing what the work needs do not count."""
    with fresh_processes(1) as process:
        return process.submit(_cost_here, work).result()


def medians(works: Mapping[str, Work], rounds: int) -> dict[str, Cost]:
    """Does all of the works in turn, once to warm up and then `rounds` times, and takes the median of each figure."""
    costs: dict[str, list[Cost]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            cost = cost_of(work)
            if number:
                costs[name].append(cost)
    return {
        name: Cost(*(median(values) for values in zip(*((c.cpu, c.wall, c.peak) for c in several), strict=True)))
        for name, several in costs.items()
    }


def machine() -> str:
    """What the figures were taken on, in a line."""
    model = next(iter(re.findall(r"model name\s*:\s*(.+)", _read("/proc/cpuinfo"))), platform.machine())
    return (
        f"{model}, {os.process_cpu_count()} cores, {platform.system()} {platform.machine()},"
        f" Python {platform.python_version()}"
    )


def _cost_here(work: Work) -> Cost:
    cpu, wall = _cpu_seconds(), time.perf_counter()
    ready = work()
    if callable(ready):
        cpu, wall = _cpu_seconds(), time.perf_counter()
        ready()
    return Cost(_cpu_seconds() - cpu, time.perf_counter() - wall, _peak_megabytes())


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _peak_megabytes() -> float:
    # Not ru_maxrss of our own, which a process inherits from the one that started it.
    own = re.search(r"VmHWM:\s*(\d+) kB", _read("/proc/self/status"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(int(own[1]) if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, children) / 1024


def _read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""
