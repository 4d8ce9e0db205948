"""Few combinations of many switches in which every three answers to three switches stand together at least once."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from random import Random
from typing import Any

_TRIES = 12
"""Rows that are drawn for each that is kept: the one with the most new triples."""

type Triple = tuple[tuple[str, int], ...]


def covering_rows(switches: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """The combinations, the same each time: as many as a greedy search needs."""
    chance = Random("covering")  # noqa: S311 # the same rows each time
    names = list(switches)
    missing: set[Triple] = {
        tuple(zip(three, answers, strict=True))
        for three in combinations(names, 3)
        for answers in product(*(range(len(switches[name])) for name in three))
    }
    rows: list[dict[str, int]] = []
    while missing:
        seed = dict(min(missing))
        drawn = (
            {name: seed.get(name, chance.randrange(len(answers))) for name, answers in switches.items()}
            for _ in range(_TRIES)
        )
        best = max(drawn, key=lambda row: len(_triples(row, names) & missing))
        missing -= _triples(best, names)
        rows.append(best)
    return [{name: switches[name][answer] for name, answer in row.items()} for row in rows]


def _triples(row: Mapping[str, int], names: Sequence[str]) -> set[Triple]:
    return {tuple((name, row[name]) for name in three) for three in combinations(names, 3)}
