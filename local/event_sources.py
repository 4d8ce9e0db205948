"""Queues that invoke functions.

A queue's mapping is read from moto, where CloudFormation put it; moto's own trigger ignores partial batch failures and
is switched off. Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
"""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends

from local.lambdas import Lambdas, WorldEndedError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

LOG = logging.getLogger(__name__)

MAX_RECEIVED = 10
"""Messages in one ReceiveMessage: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"""


class Poller:
    """Feeds one queue's messages to one function, a batch at a time, as the mapping says.

    A message that failed comes back after the queue's visibility timeout, but at most `patience` seconds later: on a
    laptop nobody wants to wait for minutes. How often it comes back is the queue's own business (maxReceiveCount).
    """

    def __init__(self, mapping: Mapping[str, Any], sqs: "SQSClient", lambdas: Lambdas, patience: int) -> None:
        self._queue_arn: str = mapping["EventSourceArn"]
        self._function: str = mapping["FunctionArn"].rpartition(":")[2]
        self._batch_size: int = mapping["BatchSize"]
        self._window: float = mapping.get("MaximumBatchingWindowInSeconds", 0)
        self._reports_failures = "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", [])
        self._sqs = sqs
        self._lambdas = lambdas
        self._stopped = threading.Event()
        self._queue_url = sqs.get_queue_url(QueueName=self._queue_arn.rpartition(":")[2])["QueueUrl"]
        visibility = sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["VisibilityTimeout"])
        self._patience = min(patience, int(visibility["Attributes"]["VisibilityTimeout"]))
        self._thread = threading.Thread(target=self._run, name=f"poll-{self._function}")
        self._thread.start()

    def stop(self) -> None:
        """Take no more messages. `join` waits for the batch at work."""
        self._stopped.set()

    def join(self) -> None:
        """Wait until the poller is through."""
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(WorldEndedError):
            while not self._stopped.is_set():
                if batch := self._receive():
                    self._handle(batch)

    def _receive(self) -> list["MessageTypeDef"]:
        """A batch: full, or what came within the window after its first message."""
        batch = self._take(self._batch_size, wait=1)
        closes = time.monotonic() + self._window
        while batch and len(batch) < self._batch_size and not self._stopped.is_set():
            more = self._take(self._batch_size - len(batch), wait=0)
            batch += more
            left = closes - time.monotonic()
            if not more and left <= 0:
                break
            if not more:
                self._stopped.wait(min(left, 0.05))
        return batch

    def _take(self, count: int, wait: int) -> list["MessageTypeDef"]:
        return self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=min(MAX_RECEIVED, count),
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])

    def _handle(self, batch: Sequence["MessageTypeDef"]) -> None:
        event = {"Records": [self._record(message) for message in batch]}
        answer = self._lambdas.invoke(self._function, json.dumps(event).encode())
        failed = {record["messageId"] for record in event["Records"]}
        if answer.error is None:
            failed = self._failed(json.loads(answer.payload), failed)
        for message in batch:
            try:
                self._settle(message, message["MessageId"] in failed)
            except ClientError as error:  # e.g. purged meanwhile: nothing is left to settle
                LOG.warning("%s: %s", self._queue_arn, error)

    def _settle(self, message: "MessageTypeDef", failed: bool) -> None:
        handle = message["ReceiptHandle"]
        if failed:
            self._sqs.change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=handle, VisibilityTimeout=self._patience
            )
        else:
            self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=handle)

    def _failed(self, answer: Any, ids: set[str]) -> set[str]:
        """Ids of the messages to come back. An answer that names an unknown id, or none, fails the whole batch."""
        if not self._reports_failures or not isinstance(answer, dict):
            return set()
        failures = answer.get("batchItemFailures") or []
        named = {failure.get("itemIdentifier") for failure in failures}
        return named if named <= ids else ids

    def _record(self, message: "MessageTypeDef") -> dict[str, Any]:
        attributes = message.get("MessageAttributes", {})
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: {"dataType": value["DataType"], "stringValue": value.get("StringValue")}
                for name, value in attributes.items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._queue_arn,
            "awsRegion": self._queue_arn.split(":")[3],
        }


def silence_moto(account: str, region: str) -> None:
    """Switch moto's own queue triggers off: they ignore partial batch failures and run in the sender's request."""
    for queue in sqs_backends[account][region].queues.values():
        queue.lambda_event_source_mappings.clear()
