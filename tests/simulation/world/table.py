"""The figures of one run or of many, and the table they make."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self

from rich.console import Console
from rich.table import Table

from tests.simulation.world.promises import Promise

DAY = 86_400.0


@dataclass
class Figures:
    """What happened, added up. Durations are seconds."""

    seeds: int = 0
    clips: int = 0
    objects: int = 0
    days: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    """Those that struck, by kind."""
    operator_events: int = 0
    completed: int = 0
    failed: int = 0
    stopped: int = 0
    lost: int = 0
    """Objects without an outcome in tasks that completed."""
    stuck: int = 0
    """Tasks that had not ended at the end."""
    broken: Counter[str] = field(default_factory=Counter)
    """Broken promises; a run of the application ends with the first, a control's goes on."""
    expiries: int = 0
    """How often Ground Truth failed an object."""
    replacements: int = 0
    surplus: int = 0
    wakes: list[float] = field(default_factory=list)
    """From the last outcome of a level to the next state."""
    ends: list[float] = field(default_factory=list)
    """How long after the faults stopped the last task of a run ended; nothing of a run in which all had ended."""
    most_history: int = 0
    longest_execution: float = 0.0

    def add(self, other: Self) -> None:
        """Takes another's figures in; of peaks the higher one counts."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if each.name in {"most_history", "longest_execution"}:
                setattr(self, each.name, max(mine, theirs))
            elif isinstance(mine, Counter):
                mine.update(theirs)
            else:
                setattr(self, each.name, mine + theirs)


def percentile(values: list[float], share: float) -> float:
    """The smallest value that so many of 100 do not exceed; 0 if there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))] if ordered else 0.0


def rows(figures: Figures) -> dict[str, str]:
    """Each quantity in words, and its value."""
    kinds = ", ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in sorted(figures.faults.items()))
    wakes = [percentile(figures.wakes, share) for share in (50, 99, 100)]
    return {
        "seeds": f"{figures.seeds:,}",
        "clips": f"{figures.clips:,}",
        "data objects": f"{figures.objects:,}",
        "days": f"{figures.days:,.0f}",
        "faults": f"{figures.faults.total():,}",
        "faults by kind": kinds or "none",
        "operator events": f"{figures.operator_events:,}",
        "tasks completed": f"{figures.completed:,}",
        "tasks failed with a reason": f"{figures.failed:,}",
        "tasks stopped": f"{figures.stopped:,}",
        "objects lost": f"{figures.lost:,}",
        "tasks stuck": f"{figures.stuck:,}",
        "live duplicates": f"{figures.broken[Promise.ONE_LIVE_TASK]:,}",
        "labels accepted twice": f"{figures.broken[Promise.ONE_LABEL]:,}",
        "expiries, declines, refusals": f"{figures.expiries:,}",
        "labeling jobs ended and replaced": f"{figures.replacements:,}",
        "second labels, kept aside": f"{figures.surplus:,}",
        "last outcome to next state, median": f"{wakes[0]:.1f} s",
        "… 99 of 100": f"{wakes[1]:.1f} s",
        "… worst": f"{wakes[2]:,.0f} s",
        "last end after faults stopped, worst": f"{max(figures.ends, default=0.0) / DAY:.1f} days",
        "most history events": f"{figures.most_history:,}",
        "longest execution": f"{figures.longest_execution / DAY:.1f} days",
    }


def show(columns: Mapping[str, Figures], console: Console) -> None:
    """Prints a column for each algorithm."""
    values = {name: rows(figures) for name, figures in columns.items()}
    if not console.is_terminal:
        console.print(f"{'':40}" + "  ".join(values), soft_wrap=True)
        for quantity in rows(Figures()):
            console.print(f"{quantity:40}" + "  ".join(found[quantity] for found in values.values()), soft_wrap=True)
        return
    table = Table("", *values)
    for quantity in rows(Figures()):
        table.add_row(quantity, *(found[quantity] for found in values.values()))
    console.print(table)
