"""The attributes of a queue of Amazon SQS: which there are, what AWS refuses, what they mean.

Limits: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tests.simulation.errors import UnknownCall, refused

LONGEST_INVISIBLE = 43_200
"""Seconds, counted from a receive: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html"""
LONGEST_DELAY = 900
MOST_BYTES = 1_048_576
"""In a message, and in a batch: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""

_NUMBERS = {  # name: default, least, most
    "DelaySeconds": (0, 0, LONGEST_DELAY),
    "MaximumMessageSize": (MOST_BYTES, 1024, MOST_BYTES),
    "MessageRetentionPeriod": (345_600, 60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 0, 20),
    "VisibilityTimeout": (30, 0, LONGEST_INVISIBLE),
}
_TEXTS = ("Policy", "RedrivePolicy", "SqsManagedSseEnabled")
_READ_ONLY = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
)
_NOT_BUILT = (
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "RedriveAllowPolicy",
)


@dataclass(frozen=True, slots=True)
class Redrive:
    """Where messages go that were received too often."""

    dead_letters: str
    """The name of the queue."""
    most: int


class QueueAttributes:
    """What the attributes of one queue say. Times are in seconds, sizes in bytes."""

    def __init__(self) -> None:
        self.texts = {name: str(default) for name, (default, _, _) in _NUMBERS.items()}
        self.texts["SqsManagedSseEnabled"] = "true"
        self.redrive: Redrive | None = None
        self.change({}, None)

    def change(self, given: Mapping[str, str], redrive: Redrive | None) -> None:
        """Sets attributes that were checked; an empty text takes one away."""
        self.texts |= given
        for name in ("Policy", "RedrivePolicy"):
            if not self.texts.get(name):
                self.texts.pop(name, None)
        if "RedrivePolicy" in given:
            self.redrive = redrive
        self.visibility_timeout = int(self.texts["VisibilityTimeout"])
        self.retention = int(self.texts["MessageRetentionPeriod"])
        self.delay = int(self.texts["DelaySeconds"])
        self.maximum_size = int(self.texts["MaximumMessageSize"])

    def differ(self, given: Mapping[str, str]) -> bool:
        """Whether any attribute has another value than the one given."""
        return any(self.texts.get(name, "") != text for name, text in given.items())


def check_names(operation: str, names: Iterable[str]) -> None:
    """Refuses names of attributes that nobody can ask for."""
    for name in names:
        if name in _NOT_BUILT:
            raise UnknownCall(f"sqs {operation} {name}")
        if name != "All" and name not in _READ_ONLY and name not in _NUMBERS and name not in _TEXTS:
            raise refused(operation, "InvalidAttributeName", f"Unknown Attribute {name}.")


def check(operation: str, queue: str, given: Mapping[str, str], exists: Callable[[str], bool]) -> Redrive | None:
    """Refuses attributes that AWS would not set for a queue; returns what `RedrivePolicy` says, if it is there."""
    redrive = None
    for name, text in given.items():
        if name in _NOT_BUILT:
            raise UnknownCall(f"sqs {operation} {name}")
        if name in _NUMBERS:
            _, low, high = _NUMBERS[name]
            if not (text.isdecimal() and low <= int(text) <= high):
                raise refused(operation, "InvalidAttributeValue", f"Invalid value for the parameter {name}.")
        elif name not in _TEXTS:
            raise refused(operation, "InvalidAttributeName", f"Unknown Attribute {name}.")
        elif name == "RedrivePolicy" and text:
            redrive = _read(operation, text)
            if not exists(redrive.dead_letters):
                raise refused(operation, "InvalidParameterValue", "Dead letter target does not exist.")
            if redrive.dead_letters == queue:
                raise UnknownCall(f"sqs {operation} RedrivePolicy of a queue to itself")
    return redrive


def _read(operation: str, text: str) -> Redrive:
    try:
        policy = json.loads(text)
        redrive = Redrive(policy["deadLetterTargetArn"].rpartition(":")[2], int(policy["maxReceiveCount"]))
    except (ValueError, KeyError, TypeError):
        raise refused(operation, "InvalidParameterValue", f"Value {text} for RedrivePolicy is invalid.") from None
    if not 1 <= redrive.most <= 1000:
        raise refused(operation, "InvalidParameterValue", "maxReceiveCount must be from 1 to 1000.")
    return redrive
