"""What DynamoDB's reads and writes cost, in capacity units.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

import math
from collections.abc import Mapping
from typing import Any

from tests.simulation.item_collections import Row

_WRITE_UNIT, _READ_UNIT = 1_024, 4_096  # bytes


def write_units(old: Row | None, new: Row | None) -> int:
    """Units of a write: the larger of both sizes counts, and at least one."""
    size = max(old.size if old else 0, new.size if new else 0)
    return 1 if size <= _WRITE_UNIT else math.ceil(size / _WRITE_UNIT)


def read_units(size: int, *, consistent: bool) -> float:
    """Units of a read: one for 4 KB, half of it if eventually consistent, never nothing."""
    return (1 if size <= _READ_UNIT else math.ceil(size / _READ_UNIT)) * (1.0 if consistent else 0.5)


def add_capacity(
    answer: dict[str, Any],
    request: Mapping[str, Any],
    table: str,
    units: float,
    index_units: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Adds the units of one table to an answer, if the request wants them; returns the answer.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConsumedCapacity.html
    """
    wanted = request.get("ReturnConsumedCapacity", "NONE")
    if wanted == "NONE":
        return answer
    if wanted == "TOTAL" and not index_units:
        answer["ConsumedCapacity"] = {"TableName": table, "CapacityUnits": float(units)}
        return answer
    indexes = index_units or {}
    capacity: dict[str, Any] = {"TableName": table, "CapacityUnits": float(units + sum(indexes.values()))}
    if wanted == "INDEXES":
        capacity["Table"] = {"CapacityUnits": float(units)}
        if indexes:
            capacity["GlobalSecondaryIndexes"] = {
                name: {"CapacityUnits": float(cost)} for name, cost in indexes.items()
            }
    answer["ConsumedCapacity"] = capacity
    return answer


def add_capacities(answer: dict[str, Any], request: Mapping[str, Any], units: Mapping[str, float]) -> dict[str, Any]:
    """Adds the units of several tables to an answer, if the request wants them; returns the answer."""
    if request.get("ReturnConsumedCapacity", "NONE") != "NONE":
        answer["ConsumedCapacity"] = [
            {"TableName": table, "CapacityUnits": float(cost)} for table, cost in units.items()
        ]
    return answer
