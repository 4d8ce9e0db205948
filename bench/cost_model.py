"""Counts the numbers of `everlabel_cli.cost_model` anew, in the simulated world, and prints them.

python -m bench.cost_model
"""

from collections.abc import Mapping
from dataclasses import astuple

from bench.census import MACHINE, PRICED, Census, census, plan
from everlabel_cli.cost_model import Use
from tests.simulation.world.plan import Plan

FEW, MANY = 100, 200
_AWAY_DAYS = 5.5
_REFRESH = (24.0, 24 * _AWAY_DAYS)  # hours
_REFRESHING = (MACHINE, "TriggerLabeling", "CheckForCompletion")


def count() -> Mapping[str, Use]:
    """What a clip uses: the differences between lives of which each has more of one thing."""
    lives = {(items, levels): census(one_by_one(items, levels)) for items in (FEW, MANY) for levels in (1, 2)}
    # Nobody works, and the messages wait in the queue for five days: they are sent again once.
    again = {items: census(plan(items, days=6, away=(0.0, _AWAY_DAYS), room=1)) for items in (FEW, MANY)}
    found = {}
    for name in sorted(set(PRICED.values())):
        one, more = (used(lives[items, 1], name) for items in (FEW, MANY))
        two, two_more = (used(lives[items, 2], name) for items in (FEW, MANY))
        item, next_item = (more - one) / (MANY - FEW), (two_more - two - more + one) / (MANY - FEW)
        level = two - one - FEW * next_item
        refresh, more_refresh = (_priced(again[items].by_operation(_REFRESHING, _REFRESH), name) for items in again)
        item_refresh = (more_refresh - refresh) / (MANY - FEW)
        use = (one - level - FEW * item, level, item, next_item, refresh - FEW * item_refresh, item_refresh)
        found[name] = Use(*(round(number, 5) for number in use))
    return found


def one_by_one(items: int, levels: int) -> Plan:
    """A clip whose labels come one by one: what comes together costs less, and nobody can count on that."""
    return plan(items, levels=levels, people=1, hours_per_task=0.01)


def used(life: Census, name: str) -> float:
    """What the clip used of something; labeling jobs and the reconciler are everybody's."""
    functions = {counted.function for counted in life.counts} - {"LabelingJobsApi", "Reconciler"}
    return _priced(life.by_operation(functions), name)


def _priced(used: Mapping[str, float], name: str) -> float:
    return sum(used.get(what, 0.0) for what, priced in PRICED.items() if priced == name)


if __name__ == "__main__":
    for name, use in count().items():
        numbers = ", ".join(f"{number:g}" for number in astuple(use))
        print(f'    "{name}": Use({numbers}),')  # noqa: T201
