"""Output messages that nobody can place: put aside with the reason, looked at, sent again once the cause is mended."""

import json
import sys
from dataclasses import dataclass

from botocore.exceptions import ClientError

from everlabel import aws, clock, objects
from everlabel.s3_uri import S3Uri

_PREFIX, _REDRIVEN = "quarantine/", "quarantine/redriven/"


@dataclass(frozen=True)
class Quarantined:
    """A message as it came (`body`), why it was put aside, and when (ISO 8601)."""

    message_id: str
    at: str
    reason: str
    body: str


def put(message_id: str, body: str, reason: str) -> None:
    """Puts a message where a person sees it; nothing is dropped. The same message again takes the same place."""
    at = clock.iso(clock.now())
    objects.put_json(_place(_PREFIX, message_id), {"messageId": message_id, "at": at, "reason": reason, "body": body})


def ids() -> list[str]:
    """The ids of the messages that were put aside and not sent again."""
    names = objects.names_below(S3Uri(aws.bucket(), _PREFIX), sys.maxsize - 1)
    return [name.removesuffix(".json") for name in names]


def find(message_id: str) -> Quarantined | None:
    """A message that was put aside, or None if there is none of this id, or it was sent again."""
    try:
        found = json.loads(objects.get(_place(_PREFIX, message_id)))
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return None
    return Quarantined(message_id, found["at"], found["reason"], found["body"])


def redrive(message: Quarantined, queue_url: str) -> None:
    """Sends a message to the queue of labels again, then keeps it under `quarantine/redriven/`.

    A crash in between sends it twice, which is harmless, as all output messages may come twice. It gets another id on
    its way; if still nobody can place it, it is put aside again under that.
    """
    aws.sqs().send_message(QueueUrl=queue_url, MessageBody=message.body)
    objects.move(_place(_PREFIX, message.message_id), _place(_REDRIVEN, message.message_id))


def _place(prefix: str, message_id: str) -> S3Uri:
    return S3Uri(aws.bucket(), f"{prefix}{message_id}.json")
