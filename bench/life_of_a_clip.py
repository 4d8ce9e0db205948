"""The whole life of a clip: state transitions, what its Lambdas take, and US$, with 0, 1 and 5 refreshes on the way.

Counted in the simulated world, beside source A's machine. The time of a Lambda is that of its AWS calls, 3 to 30 ms
each, one after the other, and of the steps that both have: what comes after labeling source A leaves to others.
"""

from collections.abc import Iterator

from bench.census import MACHINE, Census, census, of_source_a, plan
from bench.measuring import Row, fresh_processes
from tests.simulation.world.plan import Plan

_SHARED = ("TriggerLabeling", "CheckForCompletion", "WaitForLabeling", "ReceiveLabels")
_LIVES = [
    # levels, data objects a level, refreshes
    (1, 10, 0),
    (2, 1, 0),
    (2, 10, 0),
    (2, 10, 1),
    (2, 10, 5),
    (2, 300, 0),
]


def run(_rounds: int) -> Iterator[Row]:
    """Yields the rows."""
    with fresh_processes() as pool:
        lives = [(pool.submit(census, _plan(*life)), pool.submit(of_source_a, _plan(*life))) for life in _LIVES]
        for (levels, objects, refreshes), (ours, theirs) in zip(_LIVES, lives, strict=True):
            what = f"{levels} level{'s' * (levels > 1)} of {objects}, {refreshes} refreshes"
            yield from _rows(what, ours.result(), theirs.result())


def _plan(levels: int, objects: int, refreshes: int) -> Plan:
    """Nobody works while it is refreshed, and the worker portal has room for little, so that messages wait."""
    away = (0.0, 5.0 * refreshes + 0.5) if refreshes else None
    return plan(objects, levels=levels, days=5 * refreshes + 6, away=away, people=50, room=5, lifetime_days=30)


def _rows(what: str, ours: Census, theirs: Census) -> Iterator[Row]:
    yield Row(what, "state transitions", ours.total("transition", [MACHINE]), theirs.total("transition", [MACHINE]), 1)
    for figure in ("invocation", "seconds"):
        heading = {"invocation": "invocations", "seconds": "Lambda s"}[figure]
        yield Row(what, heading, ours.total(figure, _SHARED), theirs.total(figure, _SHARED), 1)
    functions = (MACHINE, *_SHARED)
    yield Row(what, "US$", ours.dollars(functions), theirs.dollars(functions))
