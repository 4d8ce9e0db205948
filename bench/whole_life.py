"""Clips all the way through the laptop world: whether many at once take longer each than ten."""

import os
from collections.abc import Iterator

from bench.laptop_clips import laptop
from bench.measuring import Row

_FEW = 10
_MANY = int(os.environ.get("BENCH_CLIPS", "100"))
_REACH = 1 / 1.2


def run(_rounds: int) -> Iterator[Row]:
    """Yields the rows."""
    with laptop() as clips:
        clips.take(_FEW)
        few = clips.take(_FEW) / _FEW
        yield Row(f"{_MANY:,} clips at once, beside {_FEW}", "s a clip", clips.take(_MANY) / _MANY, few, _REACH)
