"""The door to Amazon DynamoDB: one connection for all models and transactions, on the session of the other clients.

Of its own, pynamodb makes each model a session and a client, which read botocore's files and connect anew.
"""

from functools import cache
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


def _acquaint(table: TableConnection) -> None:
    """Has a table that was just described use the connection of all."""
    try:
        connection().get_meta_table(table.table_name)
    except TableError:
        connection().add_meta_table(table.get_meta_table())
    shared: Any = connection()
    table.connection = shared
