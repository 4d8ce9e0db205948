"""Many plans, lived one after the other or side by side, until the first broken promise; and the shortest way to it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.simulation.world.drawing import draw
from tests.simulation.world.life import Life, live
from tests.simulation.world.plan import Plan, Size
from tests.simulation.world.processes import processes
from tests.simulation.world.promises import WAKES_IN_SECONDS, Broken, Promise
from tests.simulation.world.shrinking import shrunk
from tests.simulation.world.table import Figures, percentile

KNOWN = Path(__file__).parents[1] / "known_seeds.txt"
"""Seeds that broke a promise once. They run first."""
_KINDS = ("clip", "fault", "event", "habit")


@dataclass(frozen=True)
class Seed:
    """What a plan is drawn from."""

    number: int
    size: Size

    def plan(self) -> Plan:
        """The plan, the same each time."""
        return draw(self.number, self.size)


def known_seeds(text: str) -> list[Seed]:
    """Lines of seed, clips, levels, objects and days; what follows is for people. Raises ValueError."""
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    return [Seed(int(words[0]), Size(*map(int, words[1:5]))) for words in lines if words]


def lives(seeds: Sequence[Seed], jobs: int) -> Iterator[tuple[Seed, Life]]:
    """Lives the plan of each seed, as many side by side as `jobs` says; in the order in which they end."""
    if jobs == 1:
        for seed in seeds:
            yield seed, live(seed.plan())
        return
    with processes(jobs) as pool:
        started: dict[Future[Life], Seed] = {pool.submit(_live, seed): seed for seed in seeds}
        try:
            for done in as_completed(started):
                yield started[done], done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _live(seed: Seed) -> Life:
    return live(seed.plan())


def until_broken(
    lived: Iterable[tuple[Seed, Life]], told: Callable[[Seed, Life], None] = lambda _seed, _life: None
) -> tuple[Figures, tuple[Seed, Life] | None]:
    """Adds up figures until a promise is broken; returns them, and where that was."""
    figures = Figures()
    for seed, life in lived:
        figures.add(life.figures)
        told(seed, life)
        if life.broken is not None:
            return figures, (seed, life)
    return figures, None


def wakes_late(figures: Figures) -> Broken | None:
    """What can be said only of all levels together."""
    late = percentile(figures.wakes, 99)
    if late <= WAKES_IN_SECONDS:
        return None
    return Broken(Promise.WAKES, f"99 of 100 levels went on after {late:.0f} s", 0.0)


def shortest(plan: Plan, life: Life, goes_on: Callable[[], bool], lived: Callable[[Plan], Life] = live) -> Plan:
    """The smallest part of a plan found in time that breaks the same promise.

    Clips go first, because each makes the next attempt cheaper; then faults, operators' events, and workers' habits.
    """
    promise = None if life.broken is None else life.broken.promise
    kept: dict[str, Sequence[str]] = {"fault": [f"fault:{key}" for key in life.struck]}
    for kind in ("clip", "event", "habit"):
        kept[kind] = [atom for atom in plan.atoms() if atom.startswith(f"{kind}:")]

    def fails(kind: str, part: Sequence[str]) -> bool:
        attempt = lived(plan.reduced([atom for each in _KINDS for atom in (part if each == kind else kept[each])]))
        return attempt.broken is not None and attempt.broken.promise == promise

    own = _own_clip(plan, life.broken)
    if own and goes_on() and fails("clip", own):
        kept["clip"] = own
    for kind in _KINDS:
        kept[kind] = shrunk(kept[kind], partial(fails, kind), goes_on)
    return plan.reduced([atom for kind in _KINDS for atom in kept[kind]])


def _own_clip(plan: Plan, broken: Broken | None) -> list[str]:
    """The clip that the promise was broken for."""
    task = "" if broken is None or broken.task is None else broken.task
    return [f"clip:{clip.key}" for clip in plan.clips if task.startswith(f"{clip.key}-")]
