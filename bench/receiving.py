"""Receiving a level's results in batches, some messages twice: what each costs, however many the level has.

Counted in the simulated world. Source A looks at all siblings of each result, so a level of 10,000 would take it a
hundred million items: beyond a thousand it is given 100 results only, and what each of them costs.
"""

from collections.abc import Iterator

from bench.census import READS, Census, census, of_source_a, plan
from bench.measuring import Row, fresh_processes
from tests.simulation.world.plan import Plan

_FUNCTION = ("ReceiveLabels",)
_SIZES = (100, 300, 10_000, 100_000)
_MOST_OF_SOURCE_A = 1_000
_REPEATED = 0.05
_MOST_UNITS = 2
_MOST_READS = 6
"""Of a batch: its labeling job, its task, what the job was given, the level, the to-do list's first item, the flag."""
_FLAT = 1 / 1.1


def run(_rounds: int) -> Iterator[Row]:
    """Yields the rows."""
    with fresh_processes() as pool:
        lives = {size: pool.submit(census, _plan(size)) for size in reversed(_SIZES)}
        others = {size: pool.submit(of_source_a, _plan(size)) for size in _SIZES if size <= _MOST_OF_SOURCE_A}
        found = {size: lives[size].result() for size in _SIZES}
        theirs = {size: life.result() for size, life in others.items()}
    for size, ours in found.items():
        yield from _rows(size, ours, theirs.get(size))
    yield from _flat(found)


def _plan(objects: int) -> Plan:
    # A hundred people hand in at once every six minutes: 100,000 objects take them less than the five days.
    return plan(objects, days=6, repeated=_REPEATED, people=100)


def _rows(size: int, ours: Census, theirs: Census | None) -> Iterator[Row]:
    what = f"{size:,} objects"
    messages, batches = _messages(ours), ours.total("invocation", _FUNCTION)
    other = None if theirs is None else _messages(theirs)
    for figure, count in {"AWS calls": "", "write units": "write units", "read units": "read units"}.items():
        if theirs is not None and other:
            their = theirs.total(count, _FUNCTION) / other
            yield Row(what, f"{figure} a message", ours.total(count, _FUNCTION) / messages, their)
    made = ours.by_operation(_FUNCTION)
    # The level's token is forgotten once, when it is answered.
    writes = made["write units"] - made["dynamodb.UpdateItem"]
    yield Row(what, "write units a message, allowed", writes / messages, _MOST_UNITS, 1)
    reads = sum(made.get(f"dynamodb.{operation}", 0) for operation in READS)
    reads -= messages - size  # whoever comes second looks who was first
    yield Row(what, "reads a batch, allowed", reads / batches, _MOST_READS, 1)


def _messages(life: Census) -> float:
    """How many messages came: each result is written, or tried to be written, once for each message."""
    made = life.by_operation(_FUNCTION)
    return made["dynamodb.PutItem"] or made["dynamodb.UpdateItem"]


def _flat(found: dict[int, Census]) -> Iterator[Row]:
    least, most = found[min(found)], found[max(found)]
    what = f"an object of {max(found):,}, beside one of {min(found)}"
    for figure, count in {"AWS calls": "", "write units": "write units"}.items():
        ours, baseline = (life.total(count, _FUNCTION) / _messages(life) for life in (most, least))
        yield Row(what, f"{figure} a message", ours, baseline, _FLAT)
    ours, baseline = (life.dollars(_FUNCTION) / _messages(life) for life in (most, least))
    yield Row(what, "US$ a message", ours, baseline, _FLAT)
