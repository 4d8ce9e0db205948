"""Waking up: from the last label of a level to the first message of the next, in the laptop world.

The baseline polls: it looks every 30 s for what has come, and then takes as long.
"""

import json
import math
from collections.abc import Iterator
from statistics import median, quantiles

from bench.laptop_clips import Ear, laptop
from bench.measuring import Row

_CLIPS = 20
_POLL = 30.0
_P99 = 1.0
_KEY = "everlabel-correlation-id"


def run(_rounds: int) -> Iterator[Row]:
    """Yields the rows. Clips come one by one: what waits for others is the whole life's business."""
    with laptop() as clips, Ear().listening() as ear:
        clips.take(1)
        ear.heard.clear()
        for _ in range(_CLIPS):
            clips.take(1)
    took = sorted(_gaps(ear))
    polled = sorted(gap + math.ceil(at / _POLL) * _POLL - at for at, gap in _gaps_at(ear))
    what = f"{_CLIPS} clips, last label to next level's first message"
    yield Row(what, "median s, polling every 30 s", median(took), median(polled))
    yield Row(what, "p99 s, polling every 30 s", _p99(took), _p99(polled))
    yield Row(what, "p99 s, allowed", _p99(took), _P99, 1)


def _p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100, method="inclusive")[98]


def _gaps(ear: Ear) -> list[float]:
    return [gap for _, gap in _gaps_at(ear)]


def _gaps_at(ear: Ear) -> list[tuple[float, float]]:
    """For each clip: when the last label of its first level was published, and how long the next level took."""
    labeled: dict[str, float] = {}
    given: dict[str, float] = {}
    for at, topic, text in ear.heard:
        task, level, *_ = json.loads(text).get(_KEY, "//").split("/")
        if level == "1" and topic.endswith("_output"):
            labeled[task] = at
        elif level == "2" and "_input" in topic:
            given.setdefault(task, at)
    return [(labeled[task], given[task] - labeled[task]) for task in given]
