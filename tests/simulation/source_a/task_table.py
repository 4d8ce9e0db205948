"""Source A's two tables: tasks as a tree of task, level, job and data object; and labeling jobs by name.

Every item is found by its parent's path and its own name; every attribute is a string.

| parent | name | is |
|---|---|---|
| `tasks` | `<task>` | a clip's annotation task: definition, status, reason |
| `<task>` | `<level>` | a level: status once everything was sent, token of the execution that waits |
| `<task>` | `<level>/<job>` | a labeling job of a level: how many data objects it was given |
| `<task>/<level>` | `<job>/<index>` | a data object: status, deduplication id, output line |
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

type Item = dict[str, str]

TASKS = "tasks"
SENT, EXPIRED, LABELED, FAILED = "SENT", "EXPIRED", "LABELED", "FAILED"


@cache
def _client() -> "DynamoDBClient":
    return boto3.client("dynamodb")


def put(parent: str, name: str, **attributes: str) -> None:
    """Writes an item, whatever was there before."""
    item = {"parent": parent, "name": name, **attributes}
    _client().put_item(TableName=os.environ["TASK_TABLE"], Item=_written(item))


def put_new(parent: str, name: str, **attributes: str) -> None:
    """Writes an item unless it is there."""
    item = _written({"parent": parent, "name": name, **attributes})
    try:
        _client().put_item(
            TableName=os.environ["TASK_TABLE"], Item=item, ConditionExpression="attribute_not_exists(parent)"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise


def find(parent: str, name: str) -> Item | None:
    """One item."""
    key = _written({"parent": parent, "name": name})
    answer = _client().get_item(TableName=os.environ["TASK_TABLE"], Key=key, ConsistentRead=True)
    return _read(answer["Item"]) if "Item" in answer else None


def update(parent: str, name: str, **attributes: str) -> None:
    """Sets attributes of an item, whatever they were. Raises ClientError if there is no such item."""
    _client().update_item(
        TableName=os.environ["TASK_TABLE"],
        Key=_written({"parent": parent, "name": name}),
        UpdateExpression="SET " + ", ".join(f"#{each} = :{each}" for each in attributes),
        ConditionExpression="attribute_exists(parent)",
        ExpressionAttributeNames={f"#{each}": each for each in attributes},
        ExpressionAttributeValues=_written({f":{each}": value for each, value in attributes.items()}),
    )


def children(parent: str) -> list[Item]:
    """All items under a path, by name."""
    pages = (
        _client()
        .get_paginator("query")
        .paginate(
            TableName=os.environ["TASK_TABLE"],
            KeyConditionExpression="parent = :parent",
            ExpressionAttributeValues=_written({":parent": parent}),
            ConsistentRead=True,
        )
    )
    return [_read(item) for page in pages for item in page["Items"]]


def put_job(name: str, **attributes: str) -> None:
    """Writes a labeling job."""
    _client().put_item(TableName=os.environ["JOB_TABLE"], Item=_written({"job_name": name, **attributes}))


def find_job(name: str) -> Item:
    """A labeling job. Raises KeyError if there is none of this name."""
    key = _written({"job_name": name})
    return _read(_client().get_item(TableName=os.environ["JOB_TABLE"], Key=key, ConsistentRead=True)["Item"])


def _written(item: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"S": value} for name, value in item.items()}


def _read(item: Mapping[str, Any]) -> Item:
    return {name: value["S"] for name, value in item.items()}
