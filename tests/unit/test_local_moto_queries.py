"""Moto's queries answer as before, and look at their partition alone."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models.table import Table

from local import moto_queries
from local.patches import Patches


@pytest.fixture
def table() -> Iterator[Any]:
    """Three partitions of three items, and an index that has one of each."""
    with mock_aws():
        made = boto3.resource("dynamodb", region_name="us-east-1").create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("task", "item", "status")],
            KeySchema=[{"AttributeName": "task", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by_status",
                    "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
        )
        for task in "abc":
            for item in "132":
                made.put_item(Item={"task": task, "item": item, **({"status": "new"} if item == "1" else {})})
        yield made


def answers(table: Any) -> list[Any]:
    def ask(**more: Any) -> Any:
        found = table.query(**more)
        return found["Items"], found["Count"], found.get("LastEvaluatedKey")

    of_b = {"KeyConditionExpression": "task = :t", "ExpressionAttributeValues": {":t": "b"}}
    return [
        ask(**of_b),
        ask(**of_b, ScanIndexForward=False, Limit=2),
        ask(**of_b, ExclusiveStartKey={"task": "b", "item": "1"}),
        ask(KeyConditionExpression="task = :t", ExpressionAttributeValues={":t": "nobody"}),
        ask(
            IndexName="by_status",
            KeyConditionExpression="#s = :s",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={":s": "new"},
        ),
        table.scan()["Count"],
    ]


def test_a_query_answers_as_before_and_looks_at_its_partition(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = answers(table)
    assert [item["item"] for item in before[0][0]] == ["1", "2", "3"]
    looked_at: list[int] = []
    whole = Table.all_items

    def all_items(self: Table) -> Any:
        found = whole(self)
        looked_at.append(len(found))
        return found

    monkeypatch.setattr(Table, "all_items", all_items)
    patches = Patches()
    moto_queries.install(patches)
    try:
        assert answers(table) == before
    finally:
        patches.undo()
    assert looked_at == [3, 3, 3, 0, 9, 9]
