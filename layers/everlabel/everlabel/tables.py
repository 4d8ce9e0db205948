"""The door to Amazon DynamoDB: one connection for all models and transactions, on the session of the other clients.

Of its own, pynamodb makes each model a session and a client, which read botocore's files and connect anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import batched
from typing import Any

from botocore.session import Session
from pynamodb.connection import Connection, TableConnection
from pynamodb.exceptions import TableError
from pynamodb.models import Model

from everlabel import aws


class _OnOurSession(Connection):
    @property
    def session(self) -> Session:
        """What clients are made of."""
        return aws.core()


_MOST_KEYS = 100


@cache
def connection() -> Connection:
    """The connection; nothing is opened before the first call."""
    return _OnOurSession()


class Stored(Model):
    """What is kept in one of our tables."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        table = super()._get_connection()
        if table.connection is not connection():
            _acquaint(table)
        return table

    @classmethod
    def place(cls, *key: str) -> tuple[str, dict[str, Any]]:
        """The name of the table, and a key as DynamoDB takes it."""
        table = cls._get_connection()
        return table.table_name, table.get_meta_table().get_identifier_map(*key)["Key"]


def find_together(wanted: Iterable[tuple[type[Stored], tuple[str, ...]]]) -> Iterator[Stored]:
    """Items of several tables as they are now, each by its model and key; what does not exist is left out.

    Pynamodb asks one table at a time. A request has at most a hundred keys:
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
    """
    for some in batched(dict.fromkeys(wanted), _MOST_KEYS, strict=False):
        models: dict[str, type[Stored]] = {}
        keys: defaultdict[str, list[Any]] = defaultdict(list)
        for model, key in some:
            name, place = model.place(*key)
            models[name] = model
            keys[name].append(place)
        asked: dict[str, Any] = {name: {"ConsistentRead": True, "Keys": found} for name, found in keys.items()}
        while asked:
            answer = connection().dispatch("BatchGetItem", {"RequestItems": asked})
            for name, items in answer["Responses"].items():
                yield from map(models[name].from_raw_data, items)
            asked = answer.get("UnprocessedKeys", {})


def _acquaint(table: TableConnection) -> None:
    """Has a table that was just described use the connection of all."""
    try:
        connection().get_meta_table(table.table_name)
    except TableError:
        connection().add_meta_table(table.get_meta_table())
    shared: Any = connection()
    table.connection = shared
