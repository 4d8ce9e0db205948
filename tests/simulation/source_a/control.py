"""The red control: source A's algorithm under the same plans as ours, measured by the same ledger."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from local.template import Template
from tests.simulation.source_a.observer import SourceAObserver
from tests.simulation.world.life import Algorithm, Life, live
from tests.simulation.world.plan import Plan
from tests.simulation.world.table import Figures


@cache
def algorithm() -> Algorithm:
    """Source A's template, and who watches it."""
    return Algorithm(Template(Path(__file__).parent / "template.yaml"), SourceAObserver, is_control=True)


def run(plan: Plan) -> Figures:
    """What source A makes of a plan: its row of the table."""
    return life(plan).figures


def life(plan: Plan, *, traced: str | None = None, day: Callable[[int], None] = lambda _day: None) -> Life:
    """Source A lives a plan to its last day, whatever it breaks on the way.

    Its ids are taken as they were printed: they do not match the documented pattern, and worked.
    """
    own = replace(
        plan,
        unknowns=replace(plan.unknowns, ids_must_match_pattern=False),
        parameters={"ResendAfterSeconds": plan.parameters["ResendAfterSeconds"]},
    )
    return live(own, traced=traced, day=day, algorithm=algorithm())
