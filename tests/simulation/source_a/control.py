"""The red control: source A's algorithm under the same plans as ours, measured by the same ledger."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from local.template import Template
from tests.simulation.source_a.observer import SourceAObserver
from tests.simulation.source_a.scenarios import long_pause, repeated_messages
from tests.simulation.world.drawing import draw
from tests.simulation.world.life import Algorithm, Life, live
from tests.simulation.world.plan import Plan, Size
from tests.simulation.world.processes import processes
from tests.simulation.world.table import Figures

OURS, THEIRS = "Everlabel", "source A"
PLANS: dict[str, Callable[[int, Size], Plan]] = {
    "70 days without workers, and no fault": long_pause,
    "repeated and late messages": repeated_messages,
    "everything at once": draw,
}
"""What both algorithms are put through, in words, and what draws it from a seed."""


@cache
def algorithm() -> Algorithm:
    """Source A's template, and who watches its table."""
    return Algorithm(Template(Path(__file__).parent / "template.yaml"), SourceAObserver, is_control=True)


def run(plan: Plan) -> Figures:
    """What source A makes of a plan: its column of the table."""
    return life(plan).figures


def life(plan: Plan, *, traced: str | None = None) -> Life:
    """Source A lives a plan to its last day, whatever it breaks on the way; `traced` is as for `live`.

    Its ids are taken as they were printed: they do not match the documented pattern, and worked.
    """
    own = replace(
        plan,
        unknowns=replace(plan.unknowns, ids_must_match_pattern=False),
        parameters={"ResendAfterSeconds": plan.parameters["ResendAfterSeconds"]},
    )
    return live(own, traced=traced, algorithm=algorithm())


def lives_of_source_a(plans: Iterable[Plan], jobs: int) -> Figures:
    """Source A lives each plan, as many side by side as `jobs` says; its column, added up."""
    figures = Figures()
    with processes(jobs) as pool:
        for found in pool.map(run, plans):
            figures.add(found)
    return figures


def columns(plans: Iterable[Plan], jobs: int) -> dict[str, Figures]:
    """Both algorithms live each plan, as many side by side as `jobs` says; the table's columns, added up."""
    both = {OURS: Figures(), THEIRS: Figures()}
    with processes(jobs) as pool:
        for ours, theirs in pool.map(_live_both, plans):
            both[OURS].add(ours)
            both[THEIRS].add(theirs)
    return both


def _live_both(plan: Plan) -> tuple[Figures, Figures]:
    return live(plan).figures, run(plan)
