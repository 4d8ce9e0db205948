"""Queues that invoke functions: the event source mappings of the template.

Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
"""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any

from tests.simulation.errors import UnknownCall
from tests.simulation.schedule import Event, Schedule
from tests.simulation.sqs import MOST_ENTRIES, Sqs
from tests.simulation.task_visit import LambdaResult
from tests.simulation.world.faults import Faults, Kind
from tests.simulation.world.lambdas import Lambdas
from tests.simulation.world.stack import REGION

MOST_BATCHES = 10
"""Batches of one queue at work at once."""
_POLL_TAKES = 0.02
_PROPERTIES = {"Queue", "BatchSize", "MaximumBatchingWindowInSeconds", "FunctionResponseTypes", "ScalingConfig"}


class QueueSource:
    """Feeds one queue's messages to one function, a batch at a time. It looks only when there may be something."""

    def __init__(
        self,
        properties: Mapping[str, Any],
        function: str,
        schedule: Schedule,
        sqs: Sqs,
        lambdas: Lambdas,
        faults: Faults,
    ) -> None:
        if unknown := sorted(properties.keys() - _PROPERTIES):
            raise UnknownCall(f"{function}: an SQS event with {unknown}")
        self.queue_arn: str = properties["Queue"]
        self._queue = self.queue_arn.rpartition(":")[2]
        self._function = function
        self._most = int(properties.get("BatchSize", 10))
        self._wait = max(_POLL_TAKES, float(properties.get("MaximumBatchingWindowInSeconds", 0)))
        self._reports = "ReportBatchItemFailures" in properties.get("FunctionResponseTypes", [])
        self._most_batches = int(properties.get("ScalingConfig", {}).get("MaximumConcurrency", MOST_BATCHES))
        self._schedule, self._sqs, self._lambdas, self._faults = schedule, sqs, lambdas, faults
        self._batches = 0
        self._look: Event | None = None
        self._look_at = 0.0

    def arrived(self) -> None:
        """A message is visible, or will be."""
        self._look_by(self._schedule.now() + self._wait)

    def _look_by(self, time: float) -> None:
        """Looks at this time, unless it looks sooner: whoever looks finds out when to look again."""
        if self._look is not None:
            if self._look_at <= time:
                return
            self._look.cancel()
        self._look_at = time
        self._look = self._schedule.at(time, self._poll)

    def _poll(self) -> None:
        self._look = None
        if self._batches >= self._most_batches:
            return  # who ends looks again
        messages = self._sqs.receive(self.queue_arn, self._most)
        if messages:
            self._batches += 1
            records = [_record(self.queue_arn, message) for message in messages]
            ids = "/".join(f"{message['MessageId']}{_receives(message)}" for message in messages)
            place = blake2b(ids.encode(), digest_size=8).hexdigest()
            self._lambdas.invoke(self._function, {"Records": records}, partial(self._settle, messages), place)
        self._look_again(full=len(messages) == self._most)

    def _look_again(self, *, full: bool) -> None:
        now = self._schedule.now()
        if full:
            self._look_by(now + _POLL_TAKES)
        elif (due := self._sqs.next_visible_at(self.queue_arn)) is not None:
            self._look_by(max(now, due) + self._wait)

    def _settle(self, messages: Sequence[Mapping[str, Any]], result: LambdaResult) -> None:
        """Deletes what was taken. What failed is visible again when its time is over; so is what was not deleted."""
        self._batches -= 1
        failed = self._failed(messages, result)
        taken = [message for message in messages if message["MessageId"] not in failed]
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(taken)
            if not self._stays(message)
        ]
        url = self._sqs.call("GetQueueUrl", {"QueueName": self._queue})["QueueUrl"]
        for start in range(0, len(entries), MOST_ENTRIES):
            self._sqs.call("DeleteMessageBatch", {"QueueUrl": url, "Entries": entries[start : start + MOST_ENTRIES]})
        self._look_again(full=True)

    def _stays(self, message: Mapping[str, Any]) -> bool:
        """Amazon SQS delivers at least once."""
        point = f"{self._queue}/{message['MessageId']}/{_receives(message)}/delete"
        return self._faults.strikes(point, (Kind.DUPLICATED,), f"a message of {self._queue}") is not None

    def _failed(self, messages: Sequence[Mapping[str, Any]], result: LambdaResult) -> set[str]:
        """Ids of the messages that come again. An answer that names none of them, or cannot be read, fails all."""
        every = {message["MessageId"] for message in messages}
        if result.error is not None:
            return every
        answer = json.loads(result.payload)
        if not self._reports or not isinstance(answer, dict):
            return set()
        named = {failure.get("itemIdentifier") for failure in answer.get("batchItemFailures") or []}
        return named if named <= every else every


def _receives(message: Mapping[str, Any]) -> str:
    return str(message["Attributes"]["ApproximateReceiveCount"])


def _record(queue_arn: str, message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }
