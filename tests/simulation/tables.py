"""A DynamoDB table as the template describes it: its keys, its indexes, and what writing to it costs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation.attribute_values import Invalid, Item, Value, attribute_size, freeze, item_size, order, size
from tests.simulation.capacity import write_units
from tests.simulation.document_paths import Parts
from tests.simulation.errors import UnknownCall
from tests.simulation.item_collections import ItemCollections, Row

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MOST_ITEM_BYTES = 400 * 1024
_MOST_KEY_BYTES = (2_048, 1_024)  # of a partition key, of a sort key
_SURELY_SHORT = 256  # characters, which have four bytes at most

# What the simulation may leave out, because no call behaves differently for it.
_WITHOUT_EFFECT = ("BillingMode", "PointInTimeRecoverySpecification", "SSESpecification", "Tags")

Place = tuple[Value, Any]
"""Where an item lies: its partition key and what its sort key sorts by."""


def refuse_twice(places: Sequence[Any], message: str) -> None:
    """Raises Invalid with the message if an item is named twice."""
    if len(dict.fromkeys(places)) != len(places):
        raise Invalid(message)


class Keys:
    """The key schema of a table or an index."""

    def __init__(self, properties: Mapping[str, Any], types: Mapping[str, str]) -> None:
        by_type = {key["KeyType"]: key["AttributeName"] for key in properties["KeySchema"]}
        self.partition: str = by_type["HASH"]
        self.sort: str | None = by_type.get("RANGE")
        self.names = (self.partition,) if self.sort is None else (self.partition, self.sort)
        self.types = {name: types[name] for name in self.names}

    def of(self, item: Mapping[str, Value]) -> Item:
        """The key attributes of an item that has them."""
        return {name: item[name] for name in self.names}

    def refuse_bad(self, name: str, value: Value) -> None:
        """Raises Invalid if the value cannot be this key."""
        if value[0] != self.types[name]:
            raise Invalid(
                f"One or more parameter values were invalid: Type mismatch for key {name} "
                f"expected: {self.types[name]} actual: {value[0]}"
            )
        if not value[1]:
            raise Invalid(
                "One or more parameter values are not valid. "
                f"The AttributeValue for a key attribute cannot contain an empty value. Key: {name}"
            )
        if len(value[1]) > _SURELY_SHORT and size(value) > _MOST_KEY_BYTES[name != self.partition]:
            raise Invalid(
                f"One or more parameter values were invalid: the key {name} is larger than "
                f"{_MOST_KEY_BYTES[name != self.partition]} bytes"
            )


Changed = Callable[[str, Row | None, Row | None], None]
"""Is told of a table and of one of its items before and after a write."""


class Index:
    """A global secondary index: projected copies of the items that have its keys."""

    def __init__(
        self, properties: Mapping[str, Any], types: Mapping[str, str], table: Keys, collections: ItemCollections
    ) -> None:
        if extra := sorted(properties.keys() - {"IndexName", "KeySchema", "Projection"}):
            raise UnknownCall(f"index properties {extra}")
        self.name: str = properties["IndexName"]
        self.keys = Keys(properties, types)
        self._table = table
        self.collections = collections
        projection = properties["Projection"]
        kept = [*table.names, *self.keys.names, *projection.get("NonKeyAttributes", ())]
        self.projected = None if projection["ProjectionType"] == "ALL" else dict.fromkeys(kept)

    def refuse_bad_keys(self, item: Mapping[str, Value]) -> None:
        """Raises Invalid if the item has an attribute that cannot be a key of the index."""
        for name in self.keys.names:
            if name in item:
                self.keys.refuse_bad(name, item[name])

    def place(self, item: Mapping[str, Value]) -> Place | None:
        """Where the item lies; None if it has not all keys of the index."""
        for name in self.keys.names:
            if name not in item:
                return None
        sort = order(item[self.keys.sort]) if self.keys.sort else ""
        return item[self.keys.partition], (sort, *(order(item[name]) for name in self._table.names))

    def row(self, item: Item) -> Row:
        """The projected copy."""
        if self.projected is None:
            return Row(item, item_size(item))
        kept = {name: item[name] for name in self.projected if name in item}
        return Row(kept, item_size(kept))

    def write(self, old: Item | None, new: Item | None) -> int:
        """Follows a write to the table; returns its write units.

        A changed key costs two writes, a change that the index does not show none:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
        """
        before = self.place(old) if old is not None else None
        after = self.place(new) if new is not None else None
        if before is None and after is None:
            return 0
        was = self.row(old) if old is not None and before is not None else None
        is_now = self.row(new) if new is not None and after is not None else None
        if before == after:
            if was is not None and is_now is not None and was.attributes == is_now.attributes:
                return 0
            assert after is not None
            self.collections.put(*after, is_now)
            return write_units(was, is_now)
        units = 0
        if before is not None:
            self.collections.put(*before, None)
            units += write_units(was, None)
        if after is not None:
            self.collections.put(*after, is_now)
            units += write_units(None, is_now)
        return units


def _row(item: Item, total: int) -> Row:
    if total > MOST_ITEM_BYTES:
        raise Invalid("Item size has exceeded the maximum allowed size")
    return Row(item, total)


class Table:
    """Items by key.

    Args:
        properties: those of an `AWS::DynamoDB::Table` in the template.
        now: the time in seconds.
        remembered: how many seconds old a read can be.
        changed: is told of each write.
    """

    def __init__(
        self,
        name: str,
        properties: Mapping[str, Any],
        now: Callable[[], float],
        remembered: float,
        changed: "Changed | None" = None,
    ) -> None:
        known = {"AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "TableName", *_WITHOUT_EFFECT}
        if extra := sorted(properties.keys() - known):
            raise UnknownCall(f"table properties {extra}")
        types = {each["AttributeName"]: each["AttributeType"] for each in properties["AttributeDefinitions"]}
        self.name = name
        self._changed = changed
        self.keys = Keys(properties, types)
        self.collections = ItemCollections(now, remembered)
        self.indexes: dict[str, Index] = {}
        for each in properties.get("GlobalSecondaryIndexes", ()):
            collections = ItemCollections(now, remembered, bound=lambda sort: sort[0])
            self.indexes[each["IndexName"]] = Index(each, types, self.keys, collections)
        self.read_units = 0.0
        """Read capacity units that were consumed so far, of indexes too."""
        self.write_units = 0.0
        """Write capacity units that were consumed so far, of indexes too."""

    def place(self, key: Mapping[str, Value]) -> Place:
        """Where the item of a key, or of its own attributes, lies."""
        keys = self.keys
        if keys.sort is None:
            return key[keys.partition], ""
        sort = key[keys.sort]
        return key[keys.partition], sort[1] if sort[0] == "S" else order(sort)

    def key(self, request: Mapping[str, Mapping[str, Any]]) -> Item:
        """The `Key` of a request. Raises Invalid if it is not of this table."""
        keys = self.keys
        if request.keys() != keys.types.keys():
            raise Invalid("The provided key element does not match the schema")
        key = {}
        for name, kind in keys.types.items():
            key[name] = value = freeze(request[name])
            if value[0] != kind:
                raise Invalid("The provided key element does not match the schema")
            keys.refuse_bad(name, value)
        return key

    def get(self, place: Place, age: float = 0) -> Row | None:
        """The item as it was `age` seconds ago."""
        return self.collections.get(*place, age)

    def row(self, item: Item) -> Row:
        """A row of the attributes. Raises Invalid if this table could not have it."""
        for name in self.keys.names:
            if name not in item:
                raise Invalid(f"One or more parameter values were invalid: Missing the key {name} in the item")
            self.keys.refuse_bad(name, item[name])
        for index in self.indexes.values():
            index.refuse_bad_keys(item)
        return _row(item, item_size(item))

    def updated(self, before: Row, item: Item, changed: Sequence[Parts]) -> Row:
        """A row of the attributes after an update of some. Raises Invalid if this table could not have it."""
        total = before.size
        for name in dict.fromkeys(str(path[0]) for path in changed):
            if name in before.attributes:
                total -= attribute_size(name, before.attributes[name])
            if name in item:
                total += attribute_size(name, item[name])
        for index in self.indexes.values():
            index.refuse_bad_keys(item)
        return _row(item, total)

    def write(self, place: Place, old: Row | None, new: Row | None) -> dict[str, int]:
        """Puts or deletes an item, in the indexes too; returns the write units of each index."""
        self.collections.put(*place, new)
        units = {}
        for index in self.indexes.values():
            cost = index.write(old.attributes if old else None, new.attributes if new else None)
            if cost:
                units[index.name] = cost
        if self._changed is not None and (old is not None or new is not None):
            self._changed(self.name, old, new)
        return units


def table_of(tables: Mapping[str, Table], request: Mapping[str, Any]) -> Table:
    """The table that a request names. Raises Invalid if there is none."""
    table = tables.get(request["TableName"])
    if table is None:
        raise Invalid("Requested resource not found", code="ResourceNotFoundException")
    return table
