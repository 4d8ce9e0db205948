"""DynamoDB in virtual time: the operations that the application uses, on the tables of the template.

What a hook decides (how stale a read is, which items of a batch stay behind, which transaction meets another one) is
decided outside, so that nothing here is random. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/
"""

from collections.abc import Callable, Mapping
from typing import Any

from tests.simulation.attribute_values import Invalid
from tests.simulation.dynamodb_reading import Reading
from tests.simulation.dynamodb_writing import Hit, Writing
from tests.simulation.errors import UnknownCall, refused
from tests.simulation.tables import Changed, Table


class DynamoDB:
    """The tables of one account in one Region.

    Args:
        now: the time in seconds.
        staleness: asked once for each read that is not consistent (a batch is one read): how many seconds old a view
            it gets. Without it every read is fresh.
        remembered: the oldest view in seconds that `staleness` may ask for.
        conflicts: asked for each item of a transaction: whether another transaction holds it at this moment.
        unprocessed: asked for each item of a batch: whether it is left undone and handed back.
        changed: is told of each write that did something: the table, and the item before and after.
    """

    def __init__(
        self,
        now: Callable[[], float],
        *,
        staleness: Callable[[], float] | None = None,
        remembered: float = 5.0,
        conflicts: Hit | None = None,
        unprocessed: Hit | None = None,
        changed: Changed | None = None,
    ) -> None:
        self._now, self._changed = now, changed
        self._remembered = remembered if staleness is not None else 0.0
        self.tables: dict[str, Table] = {}
        reading = Reading(self.tables, staleness, self._remembered, unprocessed)
        writing = Writing(self.tables, now, conflicts, unprocessed)
        self._operations: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "GetItem": reading.get_item,
            "BatchGetItem": reading.batch_get_item,
            "Query": reading.query,
            "Scan": reading.scan,
            "PutItem": writing.put_item,
            "UpdateItem": writing.update_item,
            "DeleteItem": writing.delete_item,
            "BatchWriteItem": writing.batch_write_item,
            "TransactWriteItems": writing.transact_write_items,
        }

    def create_table(self, name: str, properties: Mapping[str, Any]) -> Table:
        """Makes an empty table of the properties that the template gives an `AWS::DynamoDB::Table`."""
        table = self.tables[name] = Table(name, properties, self._now, self._remembered, self._changed)
        return table

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """One request in DynamoDB's JSON, as botocore's low-level client takes it, and its answer.

        Raises:
            ClientError: as AWS answers.
            UnknownCall: if the simulation has no such operation or parameter.
        """
        if operation not in self._operations:
            raise UnknownCall(f"dynamodb {operation}")
        try:
            return self._operations[operation](request)
        except Invalid as error:
            raise refused(operation, error.code, str(error)) from None
