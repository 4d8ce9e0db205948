"""Functions for the tests of the laptop world: each does one thing that Lambda must carry."""

# ruff: noqa: ARG001 - Lambda gives every handler both

import os
import sys
import time
from typing import Any

import boto3


class ClipRefused(Exception):
    """Known to the state machine by this name."""


class Wobble(Exception):
    """Goes away when tried again."""


def _table() -> Any:
    return boto3.resource("dynamodb").Table(os.environ["TABLE"])


def _count(item: str) -> int:
    answer = _table().update_item(
        Key={"id": item},
        UpdateExpression="ADD seen :one",
        ExpressionAttributeValues={":one": 1},
        ReturnValues="UPDATED_NEW",
    )
    return int(answer["Attributes"]["seen"])


def echo(event: Any, context: Any) -> Any:
    return {
        "event": event,
        "function": context.function_name,
        "milliseconds": context.get_remaining_time_in_millis(),
        "greeting": os.environ["GREETING"],
        "path": sys.path,
        "process": os.getpid(),
    }


def broken(event: Any, context: Any) -> None:
    sys.stdout.write("about to break\n")
    raise ClipRefused("not a video")


def slow(event: Any, context: Any) -> None:
    time.sleep(30)


def leave(event: Any, context: Any) -> None:
    sys.exit(3)


def park(event: Any, context: Any) -> None:
    _table().put_item(Item={"id": event["id"], "token": event["token"], "retries": event["retries"]})


def refuse(event: Any, context: Any) -> Any:
    if _count(event["refuse"]) < 2:
        raise Wobble("once")
    if event["refuse"].startswith("for good"):
        raise ClipRefused("not a video")
    return {"was": event["refuse"]}


def collect(event: Any, context: Any) -> Any:
    for record in event["Records"]:
        _count(record["body"])
    _table().put_item(Item={"id": f"batch of {event['Records'][0]['body']}", "size": len(event["Records"])})
    bad = [record["messageId"] for record in event["Records"] if record["body"].startswith("bad")]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in bad]}


def tick(event: Any, context: Any) -> None:
    _count(event.get("detail-type", "tick"))
