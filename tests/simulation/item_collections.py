"""Items in the order of their sort keys, under their partition keys, now and a moment ago.

An item collection is all items with one partition key:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItemCollections.html
"""

import zlib
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tests.simulation.attribute_values import Item, Value, thaw, thaw_item

NOTHING: Mapping[Any, Any] = MappingProxyType({})
"""What a row keeps that nobody has read."""


class Row:
    """An item and the bytes it counts for. Never changed; what readers make of it they may keep with it."""

    __slots__ = ("attributes", "kept", "size")

    def __init__(self, attributes: Item, size: int) -> None:
        self.attributes, self.size = attributes, size
        self.kept: Mapping[Any, Any] = NOTHING


class Answered(dict[str, dict[str, Any]]):
    """A whole row as answers carry it: dictionaries that are the caller's own, and the row that they were made of."""

    __slots__ = ("row",)

    def __init__(self, row: Row) -> None:
        super().__init__(thaw_item(row.attributes))
        self.row = row


class Shown(Mapping[str, dict[str, Any]]):
    """A row in DynamoDB's JSON, of which only what is looked at is made."""

    __slots__ = ("_attributes",)

    def __init__(self, row: Row) -> None:
        self._attributes = row.attributes

    def __getitem__(self, name: str) -> dict[str, Any]:
        return thaw(self._attributes[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def __len__(self) -> int:
        return len(self._attributes)

    def __eq__(self, other: object) -> bool:
        return self._attributes == other._attributes if isinstance(other, Shown) else dict(self) == other


class _Collection:
    __slots__ = ("before", "order", "rows")

    def __init__(self) -> None:
        self.order: list[Any] = []
        self.rows: dict[Any, Row] = {}
        self.before: dict[Any, list[tuple[float, Row | None]]] = {}
        """When each item was lately written, and what was there before."""

    def at(self, time: float) -> "_Collection":
        """The collection as it was at a time."""
        then = {
            sort: next((old for when, old in writes if when > time), self.rows.get(sort))
            for sort, writes in self.before.items()
            if writes[-1][0] > time
        }
        if not then:
            return self
        view = _Collection()
        view.rows = {**self.rows, **{sort: row for sort, row in then.items() if row is not None}}
        for sort, row in then.items():
            if row is None:
                view.rows.pop(sort, None)
        view.order = sorted(view.rows)
        return view


@dataclass(frozen=True)
class Span:
    """The sort keys that a query asks for; None is no bound."""

    low: Any = None
    low_counts: bool = True
    high: Any = None
    high_counts: bool = True


EVERYTHING = Span()


class ItemCollections:
    """The item collections of a table or an index.

    Args:
        now: the time in seconds.
        remembered: for how many seconds what was overwritten can still be seen; 0 remembers nothing.
        bound: what of a sort key the bounds of a Span are compared with; None for the key itself.
    """

    def __init__(self, now: Callable[[], float], remembered: float, bound: Callable[[Any], Any] | None = None) -> None:
        self._now, self._remembered, self._bound = now, remembered, bound
        self._collections: dict[Value, _Collection] = {}
        self._writes: deque[tuple[float, Value, Any]] = deque()
        self._scan_order: list[Value] | None = None

    def get(self, partition: Value, sort: Any, age: float = 0) -> Row | None:
        """The item as it was `age` seconds ago."""
        collection = self._collections.get(partition)
        if collection is None:
            return None
        if age and sort in collection.before:
            time = self._now() - age
            for when, old in collection.before[sort]:
                if when > time:
                    return old
        return collection.rows.get(sort)

    def put(self, partition: Value, sort: Any, row: Row | None) -> None:
        """Writes an item; None deletes it."""
        time = self._now() if self._remembered else 0.0
        self._forget(time - self._remembered)
        collection = self._collections.get(partition)
        if collection is None:
            if row is None:
                return
            collection = self._collections[partition] = _Collection()
            self._scan_order = None
        old = collection.rows.get(sort)
        if self._remembered:
            collection.before.setdefault(sort, []).append((time, old))
            self._writes.append((time, partition, sort))
        if row is not None:
            collection.rows[sort] = row
            if old is None:
                insort(collection.order, sort)
        elif old is not None:
            del collection.rows[sort]
            del collection.order[bisect_left(collection.order, sort)]
            self._drop_if_empty(partition, collection)

    def _forget(self, time: float) -> None:
        while self._writes and self._writes[0][0] < time:
            _, partition, sort = self._writes.popleft()
            collection = self._collections[partition]
            writes = collection.before[sort]
            del writes[0]
            if not writes:
                del collection.before[sort]
                self._drop_if_empty(partition, collection)

    def _drop_if_empty(self, partition: Value, collection: _Collection) -> None:
        if not collection.rows and not collection.before:
            del self._collections[partition]
            self._scan_order = None

    def select(
        self,
        partition: Value,
        span: Span = EVERYTHING,
        after: Any = None,
        age: float = 0,
        *,
        most: int | None = None,
        backward: bool = False,
    ) -> list[Row]:
        """The first rows of one collection, in order, from behind the sort key `after` on."""
        collection = self._collections.get(partition)
        if collection is None:
            return []
        if age and collection.before:
            collection = collection.at(self._now() - age)
        order, start, end = collection.order, 0, len(collection.order)
        if span.low is not None:
            start = (bisect_left if span.low_counts else bisect_right)(order, span.low, key=self._bound)
        if span.high is not None:
            end = (bisect_right if span.high_counts else bisect_left)(order, span.high, key=self._bound)
        if after is not None and backward:
            end = min(end, bisect_left(order, after))
        elif after is not None:
            start = max(start, bisect_right(order, after))
        if most is not None and backward:
            start = max(start, end - most)
        elif most is not None:
            end = min(end, start + most)
        rows = collection.rows
        found = [rows[sort] for sort in order[start:end]]
        if backward:
            found.reverse()
        return found

    def partitions(self, after: Value | None = None) -> list[Value]:
        """The partition keys in the order of a scan (by a checksum, as DynamoDB's is by a hash), from `after` on."""
        if self._scan_order is None:
            self._scan_order = sorted(self._collections, key=_scan_key)
        start = 0 if after is None else bisect_left(self._scan_order, _scan_key(after), key=_scan_key)
        return self._scan_order[start:]


def _scan_key(partition: Value) -> tuple[int, Any]:
    content = partition[1]
    return zlib.crc32(content if isinstance(content, bytes) else content.encode()), content
