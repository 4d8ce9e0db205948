"""The simulation: `python -m tests.simulation run`, and `python -m tests.simulation replay SEED`."""

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from tests.simulation.source_a.control import OURS, THEIRS, lives_of_source_a
from tests.simulation.world.crash_points import DETOURS, STRAIGHT, everywhere
from tests.simulation.world.defences import DEFENCES
from tests.simulation.world.drawing import draw
from tests.simulation.world.excerpt import Excerpt
from tests.simulation.world.knock_outs import told, verdicts
from tests.simulation.world.life import Life, live
from tests.simulation.world.observer import written
from tests.simulation.world.plan import Plan, Size
from tests.simulation.world.runs import KNOWN, Seed, known_seeds, lives, shortest, until_broken, wakes_late
from tests.simulation.world.table import show
from tests.simulation.world.targets import TARGETS
from tests.simulation.world.undocumented import WALKS, combinations, walk
from tests.simulation.world.world import START

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False, markup=False)

_LONGEST_TIMELINE = 200
CORES = os.process_cpu_count() or 1

Clips = Annotated[int, typer.Option(help="Clips of each seed.")]
Levels = Annotated[int, typer.Option(help="Levels of labeling jobs.")]
Objects = Annotated[int, typer.Option(help="Data objects of a clip at a level.")]
Jobs = Annotated[int, typer.Option(help="Processes.")]
Days = Annotated[int, typer.Option(help="Days of each seed.")]


@app.command()
def run(
    seeds: Annotated[int, typer.Option(help="How many seeds.")] = 200,
    first: Annotated[int, typer.Option(help="The first of them.")] = 1,
    clips: Clips = 60,
    levels: Levels = 2,
    objects: Objects = 4,
    days: Days = 240,
    jobs: Jobs = CORES,
    control: Annotated[
        int, typer.Option(help="How many of the seeds source A's algorithm lives too, for its losses beside ours.")
    ] = 2,
    known: Annotated[bool, typer.Option(help="Seeds that broke a promise once go first.")] = True,
    shrink_seconds: Annotated[
        float, typer.Option(help="How long to look for a shorter way to a broken promise.")
    ] = 120,
) -> None:
    """Live many seeds; stop at the first broken promise, and say how to get there. Exit code 1 if there is one."""
    size = Size(clips, levels, objects, days)
    listed = known_seeds(KNOWN.read_text()) if known else []
    listed += [Seed(number, size) for number in range(first, first + seeds)]
    begun = time.monotonic()
    with _Progress(len(listed)) as told:
        figures, broken = until_broken(lives(listed, jobs), told)
    columns = {OURS: figures}
    if control:
        columns[THEIRS] = lives_of_source_a(
            [draw(number, size) for number in range(first, first + min(control, seeds))], jobs
        )
    show(columns, console)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    console.print(f"{time.monotonic() - begun:.0f} s, at most {peak / 1024:.0f} MB a process")
    if broken is not None:
        _explain(*broken, shrink_seconds)
        raise typer.Exit(1)
    late = wakes_late(figures)
    if late is not None:
        console.print(f"BROKEN: {late}")
        raise typer.Exit(1)


@app.command()
def replay(
    seed: Annotated[int | None, typer.Argument(help="The seed; none with --plan.")] = None,
    plan: Annotated[Path | None, typer.Option(help="A file with the part of a seed's plan that is lived.")] = None,
    clips: Clips = 60,
    levels: Levels = 2,
    objects: Objects = 4,
    days: Days = 240,
    trace: Annotated[str | None, typer.Option(help="The task to print the timeline of.")] = None,
) -> None:
    """Live one seed, or a part of it, and print what happened. Exit code 1 if a promise is broken."""
    found = _plan(seed, Size(clips, levels, objects, days), plan)
    life = live(found, traced=trace)
    if life.broken is not None and trace is None:
        life = live(found, traced=life.broken.task or "")
    _timeline(found, life)
    show({OURS: life.figures}, console)
    if life.broken is not None:
        console.print(f"BROKEN: {life.broken}")
        raise typer.Exit(1)


def _plan(seed: int | None, size: Size, part: Path | None) -> Plan:
    if part is None and seed is not None:
        return Seed(seed, size).plan()
    if part is None or seed is not None:
        raise typer.BadParameter("give a seed, or --plan with a file")
    try:
        return Excerpt.read(part.read_text()).plan()
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{part} cannot be lived: {error}", param_hint="--plan") from None


@app.command()
def stories(
    seeds: Annotated[int, typer.Option(help="How many seeds of each story that draws faults.")] = 3,
    jobs: Jobs = CORES,
) -> None:
    """Tell the small plans that are aimed at one defence each. Exit code 1 if one does not end as it should."""
    found = list(told(TARGETS, seeds, jobs))
    for one in found:
        if one.wrong is not None:
            console.print(f"BROKEN: {one.story.name}, seed {one.seed}: {one.wrong}")
    console.print(f"{len(TARGETS)} stories, told {len(found)} times")
    if any(one.wrong for one in found):
        raise typer.Exit(1)


@app.command()
def crash_points(jobs: Jobs = CORES) -> None:
    """Crash in each way at each AWS call of each story. Exit code 1 if one does not end as it should."""
    wrongs, count = everywhere([STRAIGHT, *DETOURS], jobs)
    for wrong in wrongs:
        console.print(f"BROKEN: {wrong}")
    console.print(f"{count:,} crashes in {len(DETOURS) + 1} stories, {len(wrongs)} with consequences")
    if wrongs:
        raise typer.Exit(1)


@app.command()
def undocumented(jobs: Jobs = CORES) -> None:
    """Try what Ground Truth's documentation leaves open in every combination. Exit code 1 if one fails."""
    failed = 0
    for what, names in WALKS.items():
        total, runs, decided = combinations(names), 0, 0
        for each in walk(names, jobs):
            runs, decided = runs + 1, decided + each.stands_for
            if each.wrong is not None:
                failed += each.stands_for
                console.print(f"BROKEN: {each.row}: {each.wrong}", soft_wrap=True)
            if runs % 5_000 == 0:
                console.print(f"{what}: {decided:,} of {total:,} combinations")
        console.print(f"{what}: {decided:,} of {total:,} combinations decided by {runs:,} runs")
    console.print(f"{failed} combinations fail")
    if failed:
        raise typer.Exit(1)


@app.command()
def knock_outs(
    names: Annotated[list[str] | None, typer.Argument(help="Which defences; all of them if none is named.")] = None,
    jobs: Jobs = CORES,
) -> None:
    """Remove one defence after the other, and see whether a promise breaks. Exit code 1 if one is not missed."""
    chosen = [each for each in DEFENCES if not names or each.name in names]
    survivors = 0
    for verdict in verdicts(chosen, jobs):
        survivors += verdict.wrong is None
        by = f"{verdict.story}, seed {verdict.seed}: {verdict.wrong}" if verdict.wrong else "NOT MISSED"
        console.print(f"{verdict.knock_out:45} {verdict.seconds:5.1f} s  {by[:200]}", soft_wrap=True)
    console.print(f"{len(chosen)} defences knocked out, {len(chosen) - survivors} missed")
    if survivors:
        raise typer.Exit(1)


class _Progress:
    """Says how far it is: a bar on a terminal, else a line now and then."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._bar = Progress(console=console) if console.is_terminal else None

    def __enter__(self) -> Callable[[Seed, Life], None]:
        if self._bar is not None:
            self._bar.start()
            self._row = self._bar.add_task("seeds", total=self._total)
        return self._told

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _told(self, _seed: Seed, _life: Life) -> None:
        self._done += 1
        if self._bar is not None:
            self._bar.advance(self._row)
        elif self._done % 20 == 0 or self._done == self._total:
            console.print(f"{self._done} of {self._total} seeds")


def _explain(seed: Seed, life: Life, seconds: float) -> None:
    console.print(f"BROKEN by seed {seed.number}: {life.broken}")
    plan, until = seed.plan(), time.monotonic() + seconds
    console.print(f"Looking for a shorter way for at most {seconds:.0f} s …")
    short = shortest(plan, life, lambda: time.monotonic() < until)
    again = live(short)
    if again.broken is None:  # the faults that struck are not all there was to it
        short, again = plan, life
    task = "" if again.broken is None else again.broken.task or ""
    _timeline(short, live(short, traced=task))
    console.print(f"BROKEN by seed {seed.number}: {again.broken}")
    console.print(f'Again:\n  make replay ARGS="{_written(seed, short)}"', soft_wrap=True)


def _written(seed: Seed, plan: Plan) -> str:
    """What names a seed's plan on the command line; a part of one is written to a file."""
    if plan.only is None:
        size = seed.size
        return f"{seed.number} --clips {size.clips} --levels {size.levels} --objects {size.objects} --days {size.days}"
    file = Path(f"simulation-seed-{seed.number}.json")
    file.write_text(Excerpt.of(seed, plan).written())
    return f"--plan {file}"


def _timeline(plan: Plan, life: Life) -> None:
    """What happened to the traced task, and what struck."""
    console.print(f"{len(plan.clips)} clips, {len(plan.events)} operators' events, {len(plan.habits)} workers' habits")
    lines = life.timeline
    if len(lines) > _LONGEST_TIMELINE:
        left_out = len(lines) - _LONGEST_TIMELINE
        lines = [*lines[: _LONGEST_TIMELINE // 4], (lines[0][0], f"({left_out} lines left out)")]
        lines += life.timeline[-3 * _LONGEST_TIMELINE // 4 :]
    for at, text in lines:
        console.print(f"{written(at, START)}  {text}", soft_wrap=True)


if __name__ == "__main__":
    app()
