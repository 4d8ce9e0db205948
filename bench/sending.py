"""Sending a level: AWS calls, billed units and US$, the first time and again after five days; source A beside it.

Counted in the simulated world; the wall time is that of moto, which answers in the same process. Where a count says
`waits`, calls take 3 to 30 ms each, as drawn there. Source A lists the first thousand frames of a clip and no more, and
its own invocation would end before 100,000 are sent, so beyond a thousand its counts are those of a thousand, times.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from bench import on_moto
from bench.census import Census, census, of_source_a, plan
from bench.measuring import Row, Work, fresh_processes, medians
from tests.simulation.world.plan import Plan

_FUNCTION = ("TriggerLabeling",)
_FIRST, _AGAIN = (0.0, 24.0), (24.0, 7 * 24.0)  # hours
_FIRST_REACH, _AGAIN_REACH = 12, 15
_LAMBDA_SECONDS = 900.0
_SIZES = (1, 300, 10_000, 100_000)
_MOST_OF_SOURCE_A = 1_000
_MOST_IN_PORTAL = 5_000  # MaxConcurrentTaskCount
_ON_MOTO = (1, 100, 300)
_NOBODY = (0.0, 99.0)  # days


@dataclass(frozen=True)
class _Case:
    """One clip of one level, and what happened to it before it is sent again."""

    objects: int
    what: str

    def plan(self, most: int) -> Plan:
        """The plan, of at most so many objects."""
        count = min(self.objects, most)
        match self.what:
            case "nothing labeled":  # and the messages still in the queue, because the portal has no room
                return plan(count, days=8, away=_NOBODY, room=1)
            case "half labeled":  # at ten tasks an hour each, then everybody leaves
                people = max(1, count // 100)
                hours = 1 + count / 2 / (10 * people)
                return plan(count, days=8, away=(hours / 24, 99.0), people=people, room=people)
            case "all but one labeled":
                return plan(count, days=8, ignored=[f"/{count:06d}.jpg"], room=_MOST_IN_PORTAL)
            case "all taken by Ground Truth":
                return plan(count, days=8, away=_NOBODY, room=_MOST_IN_PORTAL)
        raise ValueError(self.what)


_CASES = [
    *(_Case(objects, "nothing labeled") for objects in _SIZES),
    _Case(300, "half labeled"),
    _Case(10_000, "half labeled"),
    _Case(300, "all but one labeled"),
    _Case(10_000, "all but one labeled"),
    _Case(300, "all taken by Ground Truth"),
    _Case(5_000, "all taken by Ground Truth"),
]


def run(rounds: int) -> Iterator[Row]:
    """Yields the rows."""
    with fresh_processes() as pool:
        lives = [(case, *_begin(pool, case)) for case in reversed(_CASES)]
        found = {case: (ours.result(), theirs.result()) for case, ours, theirs in reversed(lives)}
    for case, (ours, theirs) in found.items():
        times = max(1.0, case.objects / _MOST_OF_SOURCE_A)
        yield from _rows(case, ours, theirs, times)
    yield from _wall(rounds)


def _begin(pool: ProcessPoolExecutor, case: _Case) -> tuple[Future[Census], Future[Census]]:
    return pool.submit(census, case.plan(case.objects)), pool.submit(of_source_a, case.plan(_MOST_OF_SOURCE_A))


def _rows(case: _Case, ours: Census, theirs: Census, times: float) -> Iterator[Row]:
    objects = _objects(case.objects)
    if case.what == "nothing labeled":
        yield from _sending(f"{objects}, first time", ours, theirs, times, _FIRST, _FIRST_REACH)
        waits = ours.total("seconds", _FUNCTION, _FIRST)
        yield Row(f"{objects}, first time", f"s it waits, of a Lambda's {_LAMBDA_SECONDS:g}", waits, _LAMBDA_SECONDS, 1)
    # What is labeled is never sent again: what is left to reach is what the rest costs.
    reach = {"nothing labeled": _AGAIN_REACH, "half labeled": _AGAIN_REACH}.get(case.what)
    yield from _sending(f"{objects}, again, {case.what}", ours, theirs, times, _AGAIN, reach)


def _sending(
    what: str, ours: Census, theirs: Census, times: float, hours: tuple[float, float], reach: float | None
) -> Iterator[Row]:
    yield Row(what, "AWS calls", ours.total("", _FUNCTION, hours), theirs.total("", _FUNCTION, hours) * times, reach)
    for units in ("write units", "read units"):
        yield Row(what, units, ours.total(units, _FUNCTION, hours), theirs.total(units, _FUNCTION, hours) * times)
    yield Row(what, "US$", ours.dollars(_FUNCTION, hours), theirs.dollars(_FUNCTION, hours) * times)


def _wall(rounds: int) -> Iterator[Row]:
    for objects in _ON_MOTO:
        works: dict[str, Work] = {
            "ours": partial(on_moto.ours, objects),
            "source A": partial(on_moto.source_a, objects),
        }
        cost = medians(works, rounds)
        yield Row(f"{_objects(objects)}, first time", "wall s on moto", cost["ours"].wall, cost["source A"].wall)


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count:,} objects"
