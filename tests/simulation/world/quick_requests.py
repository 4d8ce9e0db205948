"""How pynamodb calls, with the same result in less time.

Nobody listens to pynamodb's signals here, and nobody reads its debug messages: both are left out.
"""

from functools import cache
from inspect import getattr_static
from typing import Any

from pynamodb.connection import Connection
from pynamodb.connection.base import BOTOCORE_EXCEPTIONS, MetaTable
from pynamodb.exceptions import GetError, QueryError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action, Update
from pynamodb.models import Model

_TYPE = MetaTable.get_attribute_type
_GET = Model.__dict__["get"]
_UPDATE = Model.update
_QUERY = Connection.query
_BATCH_GET = Connection.batch_get_item
_CONDITION = (Condition, type(None))
_PARAMETERS = {"index_name": "IndexName", "limit": "Limit", "scan_index_forward": "ScanIndexForward"}
_OPTIONS = {"range_key_condition", "filter_condition", "consistent_read", *_PARAMETERS}
_ABOUT_TABLES = frozenset(
    ("DescribeTable", "ListTables", "UpdateTable", "UpdateTimeToLive", "DeleteTable", "CreateTable")
)


@cache
def _key(table: MetaTable) -> tuple[str, str, str | None, str]:
    """Name and type of a table's hash key, and of its range key, if it has one."""
    hash_key, range_key = table.hash_keyname, table.range_keyname
    range_type = "" if range_key is None else _TYPE(table, range_key)
    return hash_key, _TYPE(table, hash_key), range_key, range_type


def identifier_map(self: MetaTable, hash_key: Any, range_key: Any = None, key: str = "Key") -> dict[str, Any]:
    """In place of `MetaTable.get_identifier_map`."""
    hash_name, hash_type, range_name, range_type = _key(self)
    found = {hash_name: {hash_type: hash_key}}
    if range_key is not None and range_name is not None:
        found[range_name] = {range_type: range_key}
    return {key: found}


def attribute_type(self: MetaTable, attribute_name: str, value: Any = None) -> Any:
    """In place of `MetaTable.get_attribute_type`."""
    hash_name, hash_type, range_name, range_type = _key(self)
    if attribute_name == hash_name:
        return hash_type
    return range_type if attribute_name == range_name else _TYPE(self, attribute_name, value)


def get(
    cls: type[Model], hash_key: Any, range_key: Any = None, consistent_read: bool = False, attributes_to_get: Any = None
) -> Any:
    """In place of `Model.get`, which is every third call of the application."""
    if attributes_to_get is not None or hash_key is None:
        return _GET.__func__(cls, hash_key, range_key, consistent_read, attributes_to_get)
    hash_key, range_key = cls._serialize_keys(hash_key, range_key)
    table = cls._get_connection()
    request = {"TableName": table.table_name, **identifier_map(table.get_meta_table(), hash_key, range_key)}
    request["ConsistentRead"] = consistent_read
    try:
        item = table.connection.dispatch("GetItem", request).get("Item")
    except BOTOCORE_EXCEPTIONS as error:
        # These words and this cause are pynamodb's.
        raise GetError(f"Failed to get item: {error}", error)  # noqa: B904
    if not item:
        raise cls.DoesNotExist
    return cls._instantiate(item)


def batch_get_item(
    self: Connection, table_name: str, keys: Any, consistent_read: bool | None = None, *others: Any, **options: Any
) -> Any:
    """In place of `Connection.batch_get_item`. What was not answered comes again with its types."""
    if others or any(value is not None for value in options.values()):
        return _BATCH_GET(self, table_name, keys, consistent_read, *others, **options)
    hash_key, hash_type, range_key, range_type = _key(self.get_meta_table(table_name))
    types = {hash_key: hash_type, range_key: range_type}
    asked: dict[str, Any] = {"ConsistentRead": consistent_read} if consistent_read else {}
    asked["Keys"] = [
        {name: value if type(value) is dict else {types[name]: value} for name, value in key.items()} for key in keys
    ]
    try:
        return self.dispatch("BatchGetItem", {"RequestItems": {table_name: asked}})
    except BOTOCORE_EXCEPTIONS as error:
        raise GetError(f"Failed to batch get items: {error}", error)  # noqa: B904 # as in `get`


@cache
def _hash_key(table: MetaTable, index: str | None) -> tuple[str, str] | None:
    """Name and type of the hash key of a table or an index; None if there is no such index."""
    if index is None:
        return _key(table)[:2]
    if not table.has_index_name(index):  # type: ignore[no-untyped-call]
        return None
    name = table.get_index_hash_keyname(index)
    return name, _TYPE(table, name)


def query(self: Connection, table_name: str, hash_key: Any, *others: Any, **options: Any) -> Any:
    """In place of `Connection.query`, for the first page."""
    given = {name: value for name, value in options.items() if value is not None}
    key = _hash_key(self.get_meta_table(table_name), given.get("index_name"))
    if others or key is None or type(hash_key) is not str or not given.keys() <= _OPTIONS:
        return _QUERY(self, table_name, hash_key, *others, **options)
    in_range, filtered = given.get("range_key_condition"), given.get("filter_condition")
    if not isinstance(in_range, _CONDITION) or not isinstance(filtered, _CONDITION):
        return _QUERY(self, table_name, hash_key, **options)
    names: dict[str, str] = {key[0]: "#0"}
    values: dict[str, Any] = {":0": {key[1]: hash_key}}
    request: dict[str, Any] = {"TableName": table_name, "KeyConditionExpression": "#0 = :0"}
    if in_range is not None:
        request["KeyConditionExpression"] = f"(#0 = :0 AND {in_range.serialize(names, values)})"
    if filtered is not None:
        request["FilterExpression"] = filtered.serialize(names, values)
    if given.get("consistent_read"):
        request["ConsistentRead"] = True
    for option, parameter in _PARAMETERS.items():
        if option in given:
            request[parameter] = given[option]
    request["ExpressionAttributeNames"] = {name: own for own, name in names.items()}
    request["ExpressionAttributeValues"] = values
    try:
        return self.dispatch("Query", request)
    except BOTOCORE_EXCEPTIONS as error:
        raise QueryError(f"Failed to query items: {error}", error)  # noqa: B904 # as in `get`


def update(self: Model, actions: list[Action], condition: Any = None, *, add_version_condition: bool = True) -> Any:
    """In place of `Model.update`."""
    known = isinstance(actions, list) and actions and isinstance(condition, _CONDITION)
    if not known or self._version_attribute_name is not None:
        return _UPDATE(self, actions, condition, add_version_condition=add_version_condition)
    table = self._get_connection()
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    key = identifier_map(table.get_meta_table(), *self._get_hash_range_key_serialized_values())
    request: dict[str, Any] = {"TableName": table.table_name, **key}
    if condition is not None:
        request["ConditionExpression"] = condition.serialize(names, values)
    request["ReturnValues"] = "ALL_NEW"
    request["UpdateExpression"] = Update(*actions).serialize(names, values)
    if names:
        request["ExpressionAttributeNames"] = {name: own for own, name in names.items()}
    if values:
        request["ExpressionAttributeValues"] = values
    try:
        data = table.connection.dispatch("UpdateItem", request)
    except BOTOCORE_EXCEPTIONS as error:
        raise UpdateError(f"Failed to update item: {error}", error)  # noqa: B904 # as in `get`
    item = data["Attributes"]
    stored = self._get_discriminator_class(item)
    if stored and stored is not type(self):
        raise ValueError(f"Cannot update this item from the returned class: {stored.__name__}")
    self.deserialize(item)
    return data


def dispatch(self: Connection, operation_name: str, operation_kwargs: dict[str, Any]) -> Any:
    """In place of `Connection.dispatch`."""
    if operation_name not in _ABOUT_TABLES and "ReturnConsumedCapacity" not in operation_kwargs:
        operation_kwargs["ReturnConsumedCapacity"] = "TOTAL"
    return self._make_api_call(operation_name, operation_kwargs)


REPLACED: tuple[tuple[Any, str, Any], ...] = (
    (MetaTable, "get_identifier_map", identifier_map),
    (MetaTable, "get_attribute_type", attribute_type),
    (Connection, "dispatch", dispatch),
    (Connection, "query", query),
    (Connection, "batch_get_item", batch_get_item),
    (Model, "get", classmethod(get)),
    (Model, "update", update),
)
"""Owner, name, and what stands there."""
ORIGINALS = tuple((owner, name, getattr_static(owner, name)) for owner, name, _ in REPLACED)
"""What stood there before."""
