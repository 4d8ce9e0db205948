"""DynamoDB's reads: GetItem, BatchGetItem, Query, Scan."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.simulation.attached import Attached
from tests.simulation.attribute_values import Invalid
from tests.simulation.capacity import add_capacities, add_capacity, read_units
from tests.simulation.dynamodb_writing import Hit
from tests.simulation.errors import know
from tests.simulation.page import PARAMETERS, Page, shown
from tests.simulation.tables import Table, refuse_twice, table_of

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
_MOST_KEYS = 100
_MOST_BYTES = 16 * 1024 * 1024

_ITEM = frozenset(("ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"))
_GET = _ITEM | {"TableName", "Key", "ReturnConsumedCapacity"}
_BARE = frozenset(("TableName", "Key", "ConsistentRead", "ReturnConsumedCapacity"))
_BATCH = frozenset(("RequestItems", "ReturnConsumedCapacity"))
_KEYS = _ITEM | {"Keys"}
_SCAN = PARAMETERS
_QUERY = PARAMETERS | {"KeyConditionExpression", "ScanIndexForward"}


class Reading:
    """What is read; `staleness` says how many seconds old the view of a read is that is not consistent."""

    def __init__(
        self,
        tables: Mapping[str, Table],
        staleness: Callable[[], float] | None,
        remembered: float,
        unprocessed: Hit | None,
    ) -> None:
        self._tables, self._staleness, self._remembered, self._unprocessed = tables, staleness, remembered, unprocessed

    def get_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html"""
        know("GetItem", request, _GET)
        table = table_of(self._tables, request)
        paths = None
        if not request.keys() <= _BARE:
            attached = Attached(request)
            paths = attached.projection()
            attached.done()
        place = table.place(table.key(request["Key"]))
        consistent = bool(request.get("ConsistentRead"))
        row = table.get(place, 0 if consistent else self._age())
        units = read_units(row.size if row else 0, consistent=consistent)
        table.read_units += units
        return add_capacity({} if row is None else {"Item": shown(row, paths)}, request, table.name, units)

    def batch_get_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""
        know("BatchGetItem", request, _BATCH)
        wanted: Mapping[str, Mapping[str, Any]] = request["RequestItems"]
        if sum(len(each["Keys"]) for each in wanted.values()) > _MOST_KEYS:
            raise Invalid("Too many items requested for the BatchGetItem call")
        is_fresh = all(each.get("ConsistentRead") for each in wanted.values())
        age = 0 if is_fresh else self._age()
        responses: dict[str, list[Any]] = {}
        left: dict[str, Any] = {}
        units: dict[str, float] = {}
        room = _MOST_BYTES
        for name, each in wanted.items():
            know("BatchGetItem", each, _KEYS)
            table = table_of(self._tables, {"TableName": name})
            attached = Attached(each)
            paths = attached.projection()
            attached.done()
            consistent = bool(each.get("ConsistentRead"))
            places = [table.place(table.key(key)) for key in each["Keys"]]
            refuse_twice(places, "Provided list of item keys contains duplicates")
            responses[name], units[name] = [], 0.0
            for key, place in zip(each["Keys"], places, strict=True):
                row = table.get(place, 0 if consistent else age)
                size = row.size if row else 0
                if size > room or (self._unprocessed is not None and self._unprocessed(name, key)):
                    left.setdefault(name, {**each, "Keys": []})["Keys"].append(dict(key))
                    continue
                room -= size
                units[name] += read_units(size, consistent=consistent)
                if row is not None:
                    responses[name].append(shown(row, paths))
            table.read_units += units[name]
        return add_capacities({"Responses": responses, "UnprocessedKeys": left}, request, units)

    def query(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html"""
        know("Query", request, _QUERY)
        page = Page(table_of(self._tables, request), request)
        partition, span = page.attached.key_condition(page.keys)
        page.refuse_filter_on_keys()
        page.attached.done()
        after = page.after()
        if after is not None and after[0] != partition:
            raise Invalid("The provided starting key is outside query boundaries based on provided conditions")
        rows = page.collections.select(
            partition,
            span,
            after[1] if after is not None else None,
            0 if page.is_consistent else self._age(),
            most=page.limit,
            backward=request.get("ScanIndexForward") is False,
        )
        page.take(rows)
        return page.answer()

    def scan(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html"""
        know("Scan", request, _SCAN)
        page = Page(table_of(self._tables, request), request)
        page.attached.done()
        after = page.after()
        age = 0 if page.is_consistent else self._age()
        for partition in page.collections.partitions(after[0] if after is not None else None):
            sort = after[1] if after is not None and after[0] == partition else None
            if not page.take(page.collections.select(partition, after=sort, age=age)):
                break
        return page.answer()

    def _age(self) -> float:
        if self._staleness is None:
            return 0
        age = self._staleness()
        if not 0 <= age <= self._remembered:
            raise ValueError(f"a view {age} seconds old; only {self._remembered} are remembered")
        return age
