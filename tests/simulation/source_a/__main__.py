"""Prints what source A's printed algorithm loses, beside ours: `python -m tests.simulation.source_a`."""

from typing import Annotated

import typer
from rich.console import Console

from tests.simulation.source_a.control import OURS, PLANS, THEIRS, columns
from tests.simulation.world.plan import Size
from tests.simulation.world.promises import Promise
from tests.simulation.world.table import show


def main(
    seeds: Annotated[int, typer.Option(help="How many seeds of each table.")] = 4,
    clips: Annotated[int, typer.Option(help="Clips of each seed.")] = 60,
    levels: Annotated[int, typer.Option(help="Levels of labeling jobs.")] = 2,
    objects: Annotated[int, typer.Option(help="Data objects of a clip at a level.")] = 4,
    days: Annotated[int, typer.Option(help="Days of each seed.")] = 240,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
) -> None:
    """Live the same plans with both algorithms. Exit code 1 if ours broke a promise, or source A lost nothing."""
    console = Console(highlight=False, markup=False)
    size = Size(clips, levels, objects, days)
    is_as_expected = True
    lost = {"stuck": 0, "live duplicates": 0}
    for words, drawn in PLANS.items():
        both = columns([drawn(seed, size) for seed in range(1, seeds + 1)], jobs)
        console.print(f"\n{words}\n")
        show(both, console)
        is_as_expected = is_as_expected and not both[OURS].broken
        lost["stuck"] += both[THEIRS].stuck
        lost["live duplicates"] += both[THEIRS].broken[Promise.ONE_LIVE_TASK]
    if not is_as_expected or not all(lost.values()):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
