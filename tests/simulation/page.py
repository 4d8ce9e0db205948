"""One page of a DynamoDB query or scan: at most 1 MB of items, and at most `Limit` of them, before the filter."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.simulation import document_paths
from tests.simulation.attached import Attached
from tests.simulation.attribute_values import Invalid, freeze_item, thaw_item
from tests.simulation.capacity import add_capacity, read_units
from tests.simulation.document_paths import Parts
from tests.simulation.item_collections import Answered, Row
from tests.simulation.tables import Index, Place, Table

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
_MOST_BYTES = 1024 * 1024

PARAMETERS = frozenset(
    (
        "TableName",
        "IndexName",
        "ConsistentRead",
        "ProjectionExpression",
        "FilterExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "Select",
        "Limit",
        "ExclusiveStartKey",
        "ReturnConsumedCapacity",
    )
)
_SELECTS = ("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT")


def shown(row: Row, paths: Sequence[Parts] | None) -> dict[str, Any]:
    """An item as answers carry it."""
    return Answered(row) if paths is None else thaw_item(document_paths.project(row.attributes, paths))


class Page:
    """A page under way. Raises Invalid where DynamoDB refuses the request."""

    def __init__(self, table: Table, request: Mapping[str, Any]) -> None:
        self._request, self._table = request, table
        self._index: Index | None = None
        if "IndexName" in request:
            self._index = table.indexes.get(request["IndexName"])
            if self._index is None:
                raise Invalid(f"The table does not have the specified index: {request['IndexName']}")
        self.keys = (self._index or table).keys
        self.collections = (self._index or table).collections
        self.is_consistent = bool(request.get("ConsistentRead"))
        if self.is_consistent and self._index is not None:
            raise Invalid("Consistent reads are not supported on global secondary indexes")
        self.limit: int | None = request.get("Limit")
        if self.limit is not None and self.limit < 1:
            raise Invalid("Limit must be greater than or equal to 1")
        self.attached = Attached(request)
        self._filter = self.attached.condition("FilterExpression")
        self._paths = self.attached.projection()
        self._only_counts = request.get("Select") == "COUNT"
        self._refuse_select(request.get("Select"))
        self._items: list[dict[str, Any]] = []
        self._size = self._scanned = self._count = 0
        self._last: Row | None = None
        self._is_cut = False

    def _refuse_select(self, select: str | None) -> None:
        if select is not None and select not in _SELECTS:
            raise Invalid(f"Member must satisfy enum value set: {_SELECTS}")
        if select is not None and (select == "SPECIFIC_ATTRIBUTES") != (self._paths is not None):
            raise Invalid("Select SPECIFIC_ATTRIBUTES and a ProjectionExpression go together")
        if self._index is None and select == "ALL_PROJECTED_ATTRIBUTES":
            raise Invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
        if self._index is None or self._index.projected is None:
            return
        missing = [str(path[0]) for path in self._paths or () if path[0] not in self._index.projected]
        if missing or select == "ALL_ATTRIBUTES":
            raise Invalid(
                "One or more parameter values were invalid: "
                f"Global secondary index {self._index.name} does not project {missing or select}"
            )

    def refuse_filter_on_keys(self) -> None:
        """A query (not a scan) has its key condition for that."""
        for name in self.attached.attributes_in("FilterExpression"):
            if name in self.keys.names:
                raise Invalid(
                    f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}"
                )

    def after(self) -> Place | None:
        """Where the page before ended; None for the first page."""
        if "ExclusiveStartKey" not in self._request:
            return None
        key = freeze_item(self._request["ExclusiveStartKey"])
        types = {**self._table.keys.types, **self.keys.types}
        if len(key) != len(types) or any(name not in key or key[name][0] != kind for name, kind in types.items()):
            raise Invalid("The provided starting key is invalid")
        return self._table.place(key) if self._index is None else self._index.place(key)

    def take(self, rows: Sequence[Row]) -> bool:
        """Goes over rows; returns whether the page has room for more."""
        test, names, values = self._filter, self.attached.names, self.attached.values
        for row in rows:
            if self._size + row.size > _MOST_BYTES:
                self._is_cut = True
                return False
            self._size += row.size
            self._scanned += 1
            self._last = row
            if test is None or test(row.attributes, names, values):
                self._count += 1
                if not self._only_counts:
                    self._items.append(shown(row, self._paths))
            # A limit that is reached ends the page, also where nothing follows.
            if self._scanned == self.limit:
                self._is_cut = True
                return False
        return True

    def answer(self) -> dict[str, Any]:
        """The page as DynamoDB answers it."""
        answer: dict[str, Any] = {"Count": self._count, "ScannedCount": self._scanned}
        if not self._only_counts:
            answer["Items"] = self._items
        if self._is_cut and self._last is not None:
            attributes = self._last.attributes
            answer["LastEvaluatedKey"] = thaw_item({**self._table.keys.of(attributes), **self.keys.of(attributes)})
        units = read_units(self._size, consistent=self.is_consistent)
        self._table.read_units += units
        if self._index is not None:
            return add_capacity(answer, self._request, self._table.name, 0, {self._index.name: units})
        return add_capacity(answer, self._request, self._table.name, units)
