"""DynamoDB's writes: PutItem, UpdateItem, DeleteItem, BatchWriteItem, TransactWriteItems."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation import document_paths, updates
from tests.simulation.attached import Attached
from tests.simulation.attribute_values import Invalid, freeze_item, thaw_item
from tests.simulation.capacity import add_capacities, add_capacity, write_units
from tests.simulation.document_paths import Parts
from tests.simulation.errors import UnknownCall, know, refused
from tests.simulation.item_collections import Answered, Row
from tests.simulation.tables import Table, refuse_twice, table_of

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
_MOST_IN_BATCH = 25
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html, also for the 10 minutes
_MOST_IN_TRANSACTION = 100
_TOKEN_SECONDS = 600

_CONDITIONAL = frozenset(
    (
        "TableName",
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnValuesOnConditionCheckFailure",
    )
)
_RETURNS = frozenset(("ReturnValues", "ReturnConsumedCapacity"))
_ACTIONS = {
    "Put": _CONDITIONAL | {"Item"},
    "Delete": _CONDITIONAL | {"Key"},
    "Update": _CONDITIONAL | {"Key", "UpdateExpression"},
    "ConditionCheck": _CONDITIONAL | {"Key"},
}
_BATCH = frozenset(("RequestItems", "ReturnConsumedCapacity"))
_TRANSACTION = frozenset(("TransactItems", "ReturnConsumedCapacity", "ClientRequestToken"))
_RETURN_VALUES = {
    "Put": ("NONE", "ALL_OLD"),
    "Delete": ("NONE", "ALL_OLD"),
    "Update": ("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"),
}

Hit = Callable[[str, Mapping[str, Mapping[str, Any]]], bool]
"""Whether something happens to an item, given its table and its key."""


class _Write:
    """One write, understood and not done. Raises Invalid for what DynamoDB refuses whatever the item is."""

    __slots__ = ("_attached", "_request", "_row", "_test", "_update", "action", "changed", "key", "place", "table")

    def __init__(self, tables: Mapping[str, Table], action: str, request: Mapping[str, Any]) -> None:
        self.table = table = table_of(tables, request)
        self.action, self._request = action, request
        self._attached = attached = Attached(request)
        self._test = attached.condition("ConditionExpression")
        self._row: Row | None = None
        self.changed: Sequence[Parts] = ()
        if action == "Put":
            self._row = table.row(freeze_item(request["Item"]))
            self.key = table.keys.of(self._row.attributes)
        else:
            self.key = table.key(request["Key"])
        if action == "Update":
            self._update, self.changed = attached.update(table.keys)
        attached.done()
        self.place = table.place(self.key)

    def holds(self, old: Row | None) -> bool:
        """Whether the condition is met."""
        attached, test = self._attached, self._test
        return test is None or test(old.attributes if old else {}, attached.names, attached.values)

    def new(self, old: Row | None) -> Row | None:
        """What is there afterwards. Raises Invalid if this item does not allow the update."""
        if self.action != "Update":
            return old if self.action == "ConditionCheck" else self._row
        before = old or self.table.row(self.key)
        after = updates.apply(self._update, before.attributes, self._attached.names, self._attached.values)
        return self.table.updated(before, after, self.changed)

    def old_for_failure(self, old: Row | None) -> dict[str, Any]:
        """What a failed condition shows of the item that failed it."""
        wanted = self._request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        return {"Item": thaw_item(old.attributes)} if wanted and old else {}

    def do(self, old: Row | None, new: Row | None) -> dict[str, int]:
        """Does it; returns the write units of the indexes."""
        return {} if self.action == "ConditionCheck" else self.table.write(self.place, old, new)


class Writing:
    """What is written."""

    def __init__(
        self, tables: Mapping[str, Table], now: Callable[[], float], conflicts: Hit | None, unprocessed: Hit | None
    ) -> None:
        self._tables, self._now, self._conflicts, self._unprocessed = tables, now, conflicts, unprocessed
        self._tokens: dict[str, tuple[float, str]] = {}

    def put_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html"""
        return self._write("PutItem", "Put", request)

    def update_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html"""
        return self._write("UpdateItem", "Update", request)

    def delete_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html"""
        return self._write("DeleteItem", "Delete", request)

    def _write(self, operation: str, action: str, request: Mapping[str, Any]) -> dict[str, Any]:
        know(operation, request, _SINGLE[action])
        returns = request.get("ReturnValues", "NONE")
        if returns not in _RETURN_VALUES[action]:
            raise Invalid(f"ReturnValues can only be {' or '.join(_RETURN_VALUES[action])}")
        write = _Write(self._tables, action, request)
        table = write.table
        old = table.get(write.place)
        if not write.holds(old):
            # A write that is refused costs what it would have written over.
            table.write_units += write_units(old, None)
            more = write.old_for_failure(old)
            raise refused(operation, "ConditionalCheckFailedException", "The conditional request failed", **more)
        new = write.new(old)
        of_indexes = write.do(old, new)
        units = write_units(old, new)
        table.write_units += units + sum(of_indexes.values())
        return add_capacity(_returned(returns, write, old, new), request, table.name, units, of_indexes)

    def batch_write_item(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html"""
        know("BatchWriteItem", request, _BATCH)
        wanted: Mapping[str, Sequence[Mapping[str, Any]]] = request["RequestItems"]
        if sum(len(each) for each in wanted.values()) > _MOST_IN_BATCH:
            raise Invalid("Too many items requested for the BatchWriteItem call")
        writes: dict[str, list[_Write]] = {}
        for name, each in wanted.items():
            writes[name] = [self._in_batch(name, one) for one in each]
            refuse_twice([write.place for write in writes[name]], "Provided list of item keys contains duplicates")
        left: dict[str, list[Any]] = {}
        units: dict[str, float] = {}
        for name, each_write in writes.items():
            units[name] = 0.0
            for write, one in zip(each_write, wanted[name], strict=True):
                if self._unprocessed is not None and self._unprocessed(name, thaw_item(write.key)):
                    left.setdefault(name, []).append(_copied(one))
                    continue
                old = write.table.get(write.place)
                new = write.new(old)
                units[name] += write_units(old, new) + sum(write.do(old, new).values())
            self._tables[name].write_units += units[name]
        return add_capacities({"UnprocessedItems": left}, request, units)

    def _in_batch(self, table: str, request: Mapping[str, Any]) -> _Write:
        [(kind, what)] = request.items()
        if kind not in ("PutRequest", "DeleteRequest"):
            raise UnknownCall(f"BatchWriteItem with {kind}")
        know("BatchWriteItem", what, frozenset(("Item",)) if kind == "PutRequest" else frozenset(("Key",)))
        return _Write(self._tables, kind.removesuffix("Request"), {"TableName": table, **what})

    def transact_write_items(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""
        know("TransactWriteItems", request, _TRANSACTION)
        if self._was_done(request):
            return {}
        if len(request["TransactItems"]) > _MOST_IN_TRANSACTION:
            raise Invalid(f"Member must have length less than or equal to {_MOST_IN_TRANSACTION}")
        writes = [self._in_transaction(each) for each in request["TransactItems"]]
        refuse_twice(
            [(write.table.name, *write.place) for write in writes],
            "Transaction request cannot include multiple operations on one item",
        )
        olds = [write.table.get(write.place) for write in writes]
        news, reasons = zip(*[self._outcome(write, old) for write, old in zip(writes, olds, strict=True)], strict=True)
        codes = [reason["Code"] for reason in reasons]
        if codes != ["None"] * len(codes):
            message = f"Transaction cancelled, please refer cancellation reasons for specific reasons {codes}"
            raise refused(
                "TransactWriteItems", "TransactionCanceledException", message, CancellationReasons=list(reasons)
            )
        units: dict[str, float] = {}
        for write, old, new in zip(writes, olds, news, strict=True):
            # Everything costs twice: once to prepare, once to commit.
            cost = 2 * (write_units(old, new) + sum(write.do(old, new).values()))
            write.table.write_units += cost
            units[write.table.name] = units.get(write.table.name, 0.0) + cost
        if "ClientRequestToken" in request:
            self._tokens[request["ClientRequestToken"]] = (self._now(), _fingerprint(request))
        return add_capacities({}, request, units)

    def _in_transaction(self, request: Mapping[str, Any]) -> _Write:
        [(action, what)] = request.items()
        if action not in _ACTIONS:
            raise UnknownCall(f"TransactWriteItems with {action}")
        know("TransactWriteItems", what, _ACTIONS[action])
        return _Write(self._tables, action, what)

    def _outcome(self, write: _Write, old: Row | None) -> tuple[Row | None, dict[str, Any]]:
        """What a write of a transaction makes of the item, and the reason if it cannot."""
        if self._conflicts is not None and self._conflicts(write.table.name, thaw_item(write.key)):
            return None, {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
        if not write.holds(old):
            shown = write.old_for_failure(old)
            return None, {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", **shown}
        try:
            return write.new(old), {"Code": "None"}
        except Invalid as error:
            return None, {"Code": "ValidationError", "Message": str(error)}

    def _was_done(self, request: Mapping[str, Any]) -> bool:
        """Whether this is the repetition of a request that succeeded less than ten minutes ago."""
        for token, (time, _) in list(self._tokens.items()):
            if time >= self._now() - _TOKEN_SECONDS:
                break
            del self._tokens[token]
        before = self._tokens.get(request.get("ClientRequestToken", ""))
        if before is not None and before[1] != _fingerprint(request):
            raise Invalid("another request had this token", code="IdempotentParameterMismatchException")
        return before is not None


_SINGLE = {action: _ACTIONS[action] | _RETURNS for action in ("Put", "Update", "Delete")}


def _returned(returns: str, write: _Write, old: Row | None, new: Row | None) -> dict[str, Any]:
    row = old if returns.endswith("_OLD") else new
    if returns == "NONE" or row is None:
        return {}
    if returns.startswith("ALL"):
        return {"Attributes": Answered(row)}
    updated = document_paths.project(row.attributes, write.changed)
    return {"Attributes": thaw_item(updated)} if updated else {}


def _copied(request: Mapping[str, Any]) -> dict[str, Any]:
    [(kind, what)] = request.items()
    [(part, attributes)] = what.items()
    return {kind: {part: thaw_item(freeze_item(attributes))}}


def _fingerprint(request: Mapping[str, Any]) -> str:
    return json.dumps(request["TransactItems"], sort_keys=True, default=repr)
