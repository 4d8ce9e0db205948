"""What a piece of work costs, round after round in turn with what it is compared with, and the ratio of the medians.

No absolute time is a claim: it belongs to the machine and to its other guests. A ratio is taken in one run.
"""

import json
import multiprocessing
import os
import platform
import re
import resource
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

OUT = Path("out/bench")

Work = Callable[[], object]
"""To be pickled, so a function of a module or a `functools.partial` of one."""


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
    def falls_short(self) -> bool:
        """Whether ours misses what it should reach."""
        return self.reach is not None and self.ratio < self.reach


def cost_of(work: Work) -> Cost:
    """Does the work in a fresh process of its own; starting that and importing what the work needs do not count."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
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


def show(title: str, rows: list[Row], console: Console | None = None) -> None:
    """Prints the rows as a table; the ones that fall short are named as such."""
    table = Table("what", "figure", title=f"{title} · {machine()}", title_justify="left")
    for heading in ("ours", "baseline", "times less", "to reach", ""):
        table.add_column(heading, justify="right")
    for row in rows:
        reach = "" if row.reach is None else f"{row.reach:g}"
        verdict = "" if row.reach is None else "falls short" if row.falls_short else "reached"
        table.add_row(
            row.what, row.figure, f"{row.ours:.4g}", f"{row.baseline:.4g}", f"{row.ratio:.2f}", reach, verdict
        )
    (console or Console(width=None if sys.stdout.isatty() else 130)).print(table)


def write(name: str, rows: list[Row], rounds: int) -> Path:
    """Writes the rows to a JSON file and returns its path."""
    path = OUT / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    listed = [asdict(row) | {"ratio": row.ratio, "falls_short": row.falls_short} for row in rows]
    path.write_text(json.dumps({"machine": machine(), "rounds": rounds, "rows": listed}, indent=2) + "\n")
    return path


def _cost_here(work: Work) -> Cost:
    cpu, wall = _cpu_seconds(), time.perf_counter()
    work()
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
