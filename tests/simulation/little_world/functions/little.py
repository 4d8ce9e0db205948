"""Functions for the tests of the simulated world: each does what its event says."""

import json
import os
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.metrics import MetricUnit

from everlabel import aws, clock

logger = Logger()
metrics = Metrics()
app = APIGatewayHttpResolver()
runs = 0


class ClipRefused(Exception):
    """Known by this name."""


@cache
def _client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload] # any service


def _add(item: str) -> None:
    update = {"UpdateExpression": "ADD seen :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    _client("dynamodb").update_item(TableName=os.environ["TABLE"], Key={"id": {"S": item}}, **update)


def _add_in_the_end(item: str) -> None:
    try:
        time.sleep(3600)
    finally:
        _add(item)


def _call(given: Any) -> Any:
    service, operation, params = given
    return getattr(_client(service), operation)(**params)


def _call_and_swallow(given: Any) -> Any:
    try:
        return _call(given)
    except Exception as error:
        return type(error).__name__


def _log(text: str) -> None:
    logger.info(text)
    metrics.add_metric(text, MetricUnit.Count, 1)
    metrics.flush_metrics()


def _refuse(reason: str) -> None:
    raise ClipRefused(reason)


DOING: dict[str, Callable[..., Any]] = {
    "add": _add,
    "add in the end": _add_in_the_end,
    "call": _call,
    "call and swallow": _call_and_swallow,
    "exit": sys.exit,
    "give no JSON": lambda: object(),
    "log": _log,
    "refuse": _refuse,
    # As a handler would: by the module, at the moment.
    "setting": lambda name: aws.setting(name),
    "sleep": lambda seconds: time.sleep(seconds),
}


def do(event: Any, context: Any) -> Any:
    """Does one thing after the other and says what it saw."""
    global runs  # the very state that no two invocations may share
    runs += 1
    mine = runs
    began = clock.now()
    answers = [DOING[what](*given) for what, *given in event.get("do", [])]
    if runs != mine:
        raise RuntimeError("another invocation was here")
    return {
        "answers": [answer for answer in answers if answer is not None],
        "took": clock.now() - began,
        "left": context.get_remaining_time_in_millis(),
        "runs": runs,
    }


@app.get("/talk/<name>")
def _talk(name: str) -> list[str]:
    time.sleep(2)
    return [name, app.current_event.path]


def talk(event: Any, context: Any) -> Any:
    """Answers a request with what it knows of it after a while."""
    return app.resolve(event, context)


def take(event: Any, _context: Any) -> Any:
    """Counts messages by their bodies and fails the bad ones."""
    for record in event["Records"]:
        if record["body"] == "terrible":
            raise ClipRefused("terrible")
        _add(record["body"])
    _add(f"batch of {len(event['Records'])}")
    bad = [record["messageId"] for record in event["Records"] if record["body"].startswith("bad")]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in bad]}


def tick(event: Any, _context: Any) -> None:
    """Counts, and fails at three in the morning."""
    _add(json.dumps([event["detail-type"], event["time"]]))
    if "T03:" in event["time"]:
        raise ClipRefused("too early")
