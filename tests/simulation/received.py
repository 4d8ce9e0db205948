"""A message of Amazon SQS as whoever receives it gets it, and what its receipt handle says."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulation.message_queue import Message
from tests.simulation.queue_attributes import LONGEST_INVISIBLE

EVERY_ATTRIBUTE = (
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "DeadLetterQueueSourceArn",
)
SENDER = "AIDAIT2UOQQY3AUEKVGXU"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Which message of a queue, and which receiving of it."""

    number: int
    received: int
    received_at: float

    def expired(self, now: float) -> bool:
        """Whether the message was received too long ago to do anything about it with this receipt:
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html"""
        return now - self.received_at > LONGEST_INVISIBLE


def read_handle(queue_arn: str, handle: str) -> Receipt | None:
    """What a handle says; None if this queue never gave it."""
    arn, _, rest = handle.rpartition("#")
    parts = rest.split("/")
    return Receipt(int(parts[0]), int(parts[1]), float(parts[2])) if arn == queue_arn and len(parts) == 3 else None


def shown(queue_arn: str, message: Message, names: Sequence[str]) -> dict[str, Any]:
    """A message as `ReceiveMessage` gives it, with these attributes. Times are in milliseconds:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"""
    found: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": f"{queue_arn}#{message.number}/{message.received}/{message.received_at!r}",
        "MD5OfBody": md5(message.body),
        "Body": message.body,
    }
    if names:
        every = {
            "SenderId": SENDER,
            "SentTimestamp": str(int(message.sent_at * 1000)),
            "ApproximateReceiveCount": str(message.received),
            "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1000)),
        }
        if message.source is not None:
            every["DeadLetterQueueSourceArn"] = message.source
        chosen = every if names is EVERY_ATTRIBUTE else {name: every[name] for name in names if name in every}
        found["Attributes"] = chosen
    return found


def md5(body: str) -> str:
    """What the answers call MD5 of the body."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
