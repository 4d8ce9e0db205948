"""Amazon SQS in virtual time: standard queues with retention, visibility timeouts, dead letters and redrive.

`Sqs.call` is what botocore would ask; `receive`, `send` and the questions about time are for the services of the world
that stand beside the queues: the poller of Lambda, SNS, CloudWatch. Nothing waits: a receive answers at once
with what is visible, whatever `WaitTimeSeconds` says, and who wants to wait looks at `next_visible_at`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation.errors import UnknownCall, refused
from tests.simulation.message_queue import Message, Queue
from tests.simulation.queue_attributes import LONGEST_DELAY, LONGEST_INVISIBLE, MOST_BYTES, Redrive, check, check_names
from tests.simulation.received import EVERY_ATTRIBUTE, Receipt, md5, read_handle, shown

MOST_RECEIVED = 10
MOST_POLLED = 10_000
"""The largest batch of an event source mapping: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
MOST_ENTRIES = 10
MOST_IN_FLIGHT = 120_000
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""
PAUSE = 60
"""Seconds between two purges, and from deleting a queue to making one of its name again:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html"""
_OWN = "AWS.SimpleQueueService."  # before the names of errors that are Amazon SQS's own
_PARAMETERS = {
    "ChangeMessageVisibility": {"QueueUrl", "ReceiptHandle", "VisibilityTimeout"},
    "CreateQueue": {"QueueName", "Attributes"},
    "DeleteMessage": {"QueueUrl", "ReceiptHandle"},
    "DeleteMessageBatch": {"QueueUrl", "Entries"},
    "DeleteQueue": {"QueueUrl"},
    "GetQueueAttributes": {"QueueUrl", "AttributeNames"},
    "GetQueueUrl": {"QueueName"},
    "PurgeQueue": {"QueueUrl"},
    "ReceiveMessage": {
        "QueueUrl",
        "MaxNumberOfMessages",
        "VisibilityTimeout",
        "WaitTimeSeconds",
        "AttributeNames",
        "MessageSystemAttributeNames",
        "MessageAttributeNames",  # no message has any
    },
    "SendMessage": {"QueueUrl", "MessageBody", "DelaySeconds"},
    "SendMessageBatch": {"QueueUrl", "Entries"},
    "SetQueueAttributes": {"QueueUrl", "Attributes"},
    "StartMessageMoveTask": {"SourceArn", "DestinationArn"},
}
_ENTRY = {
    "DeleteMessageBatch": {"Id", "ReceiptHandle"},
    "SendMessageBatch": {"Id", "MessageBody", "DelaySeconds"},
}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")

Json = dict[str, Any]


class Sqs:
    """All queues of an account in a Region.

    Args:
        now: seconds since 1970.
        new_id: makes a message id.
        arrived: is told the ARN of a queue whenever one of its messages is visible, or will be, sooner than before.
    """

    def __init__(
        self,
        now: Callable[[], float],
        new_id: Callable[[], str],
        arrived: Callable[[str], None] = lambda _: None,
        *,
        region: str = "us-east-1",
        account: str = "123456789012",
    ) -> None:
        self._now, self._new_id, self._arrived = now, new_id, arrived
        self._arn = f"arn:aws:sqs:{region}:{account}:"
        self._url = f"https://sqs.{region}.amazonaws.com/{account}/"
        self._queues: dict[str, Queue] = {}
        self._deleted_at: dict[str, float] = {}
        self._moves = 0
        self._operations: dict[str, Callable[[Mapping[str, Any]], Json]] = {
            "ChangeMessageVisibility": self._change_message_visibility,
            "CreateQueue": self._create_queue,
            "DeleteMessage": self._delete_message,
            "DeleteMessageBatch": self._delete_message_batch,
            "DeleteQueue": self._delete_queue,
            "GetQueueAttributes": self._get_queue_attributes,
            "GetQueueUrl": self._get_queue_url,
            "PurgeQueue": self._purge_queue,
            "ReceiveMessage": self._receive_message,
            "SendMessage": self._send_message,
            "SendMessageBatch": self._send_message_batch,
            "SetQueueAttributes": self._set_queue_attributes,
            "StartMessageMoveTask": self._start_message_move_task,
        }

    def call(self, operation: str, request: Mapping[str, Any]) -> Json:
        """One call of the API, without the answer's ResponseMetadata.

        Raises:
            ClientError: as botocore does.
            UnknownCall: for what is not built.
        """
        parameters = _PARAMETERS.get(operation)
        if parameters is None or not request.keys() <= parameters:
            raise UnknownCall(f"sqs {operation} {', '.join(sorted(request.keys() - (parameters or set())))}")
        return self._operations[operation](request)

    # ---- for the world around the queues --------------------------------------------------------------------------

    def send(self, queue_arn: str, body: str) -> str:
        """What another service delivers to a queue: the id of the message. Raises ClientError if there is no queue."""
        return self._send(self._find("SendMessage", queue_arn), body, None)

    def receive(self, queue_arn: str, most: int) -> list[Json]:
        """What the poller of Lambda gets: up to 10,000 messages, with all attributes, as `ReceiveMessage` gives them.

        Lambda gathers the batch with many calls; here it is one. Raises ClientError if there is no queue.
        """
        if not 1 <= most <= MOST_POLLED:
            raise ValueError(f"a batch has 1 to {MOST_POLLED} messages, not {most}")
        queue = self._find("ReceiveMessage", queue_arn)
        return [shown(queue_arn, message, EVERY_ATTRIBUTE) for message in self._take(queue, most, None)]

    def came_after(self, queue_arn: str, number: int) -> list[Message]:
        """What came to a queue after the message of this number (0: all), without receiving it: for a service that owns
        the queue and takes messages out with `remove`. Raises ClientError if there is no queue."""
        return self._find("ReceiveMessage", queue_arn).after(number, self._now())

    def remove(self, queue_arn: str, number: int) -> None:
        """Takes a message out of its queue, if it is there. Raises ClientError if there is no queue."""
        self._find("DeleteMessage", queue_arn).remove(number, self._now())

    def oldest_age(self, queue_arn: str) -> float | None:
        """CloudWatch's ApproximateAgeOfOldestMessage in seconds; None while CloudWatch would report nothing."""
        return self._find("GetQueueAttributes", queue_arn).oldest_age(self._now())

    def oldest_ages(self, queue_arn: str, times: Sequence[float]) -> list[float | None]:
        """The same at moments of the past two days, in ascending order. Raises ClientError if there is no queue."""
        return self._find("GetQueueAttributes", queue_arn).oldest_ages(times, self._now())

    def made_at(self, queue_arn: str) -> float:
        """When a queue was made. Raises ClientError if there is no queue."""
        return self._find("GetQueueAttributes", queue_arn).made_at

    def expired(self, queue_arn: str) -> int:
        """How many messages of a queue were lost because its retention period passed."""
        queue = self._find("GetQueueAttributes", queue_arn)
        queue.counts(self._now())
        return queue.expired

    def next_visible_at(self, queue_arn: str) -> float | None:
        """When the next message that is delayed or in flight becomes visible."""
        return self._find("GetQueueAttributes", queue_arn).next_visible_at()

    def next_event_at(self) -> float | None:
        """When anything happens in any queue by itself: a message becomes visible, or is lost."""
        times = [time for queue in self._queues.values() if (time := queue.next_event_at()) is not None]
        return min(times, default=None)

    # ---- queues ---------------------------------------------------------------------------------------------------

    def _create_queue(self, request: Mapping[str, Any]) -> Json:
        name, now = request["QueueName"], self._now()
        given: Mapping[str, str] = request.get("Attributes", {})
        if not _NAME.fullmatch(name):
            raise refused("CreateQueue", "InvalidParameterValue", "Can only include alphanumeric characters")
        redrive = self._checked("CreateQueue", name, given)
        queue = self._queues.get(name)
        if queue is not None:
            if queue.attributes.differ(given):
                raise refused("CreateQueue", "QueueAlreadyExists", f"{name} has other attributes")
            return {"QueueUrl": self._url + name}
        if now - self._deleted_at.get(name, -PAUSE) < PAUSE:
            raise refused("CreateQueue", f"{_OWN}QueueDeletedRecently", f"wait {PAUSE} seconds")
        self._queues[name] = queue = Queue(self._arn + name, now)
        queue.attributes.change(given, redrive)
        return {"QueueUrl": self._url + name}

    def _set_queue_attributes(self, request: Mapping[str, Any]) -> Json:
        queue, given = self._find("SetQueueAttributes", request["QueueUrl"]), request["Attributes"]
        redrive = self._checked("SetQueueAttributes", queue.arn.rpartition(":")[2], given)
        queue.attributes.change(given, redrive)
        queue.changed_at = self._now()
        return {}

    def _checked(self, operation: str, queue: str, given: Mapping[str, str]) -> Redrive | None:
        return check(operation, queue, given, self._queues.__contains__)

    def _get_queue_url(self, request: Mapping[str, Any]) -> Json:
        self._find("GetQueueUrl", request["QueueName"])
        return {"QueueUrl": self._url + request["QueueName"]}

    def _get_queue_attributes(self, request: Mapping[str, Any]) -> Json:
        queue = self._find("GetQueueAttributes", request["QueueUrl"])
        names: Sequence[str] = request.get("AttributeNames", ())
        check_names("GetQueueAttributes", names)
        visible, delayed, in_flight = queue.counts(self._now())
        every = queue.attributes.texts | {
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesDelayed": str(delayed),
            "ApproximateNumberOfMessagesNotVisible": str(in_flight),
            "CreatedTimestamp": str(int(queue.made_at)),
            "LastModifiedTimestamp": str(int(queue.changed_at)),
            "QueueArn": queue.arn,
        }
        found = every if "All" in names else {name: every[name] for name in names if name in every}
        return {"Attributes": found} if found else {}

    def _purge_queue(self, request: Mapping[str, Any]) -> Json:
        """At once, although AWS takes up to a minute."""
        queue, now = self._find("PurgeQueue", request["QueueUrl"]), self._now()
        if queue.purged_at is not None and now - queue.purged_at < PAUSE:
            code = f"{_OWN}PurgeQueueInProgress"
            raise refused("PurgeQueue", code, f"wait {PAUSE} seconds", ResponseMetadata={"HTTPStatusCode": 403})
        queue.purged_at = now
        queue.purge(now)
        return {}

    def _delete_queue(self, request: Mapping[str, Any]) -> Json:
        """At once, although AWS takes up to a minute."""
        self._find("DeleteQueue", request["QueueUrl"])
        name = request["QueueUrl"].rpartition("/")[2]
        del self._queues[name]
        self._deleted_at[name] = self._now()
        return {}

    def _find(self, operation: str, place: str) -> Queue:
        """The queue of a URL, an ARN or a name."""
        queue = self._queues.get(place.rpartition("/" if place.startswith("https:") else ":")[2])
        if queue is None:
            raise refused(operation, f"{_OWN}NonExistentQueue", "The specified queue does not exist.")
        return queue

    # ---- messages -------------------------------------------------------------------------------------------------

    def _send_message(self, request: Mapping[str, Any]) -> Json:
        queue = self._find("SendMessage", request["QueueUrl"])
        body: str = request["MessageBody"]
        self._check_body("SendMessage", queue, body)
        if fault := _delay_fault(request):
            raise refused("SendMessage", "InvalidParameterValue", fault)
        return {
            "MD5OfMessageBody": md5(body),
            "MessageId": self._send(queue, body, request.get("DelaySeconds")),
        }

    def _send_message_batch(self, request: Mapping[str, Any]) -> Json:
        queue = self._find("SendMessageBatch", request["QueueUrl"])
        entries = _entries("SendMessageBatch", request)
        size = sum(len(entry["MessageBody"].encode()) for entry in entries)
        if size > MOST_BYTES:
            raise refused("SendMessageBatch", f"{_OWN}BatchRequestTooLong", f"You have sent {size} bytes.")
        for entry in entries:
            self._check_body("SendMessageBatch", queue, entry["MessageBody"])
        successful, failed = [], []
        for entry in entries:
            if fault := _delay_fault(entry):
                failed.append(_failure(entry["Id"], "InvalidParameterValue", fault))
                continue
            body = entry["MessageBody"]
            message_id = self._send(queue, body, entry.get("DelaySeconds"))
            successful.append({"Id": entry["Id"], "MessageId": message_id, "MD5OfMessageBody": md5(body)})
        return {"Successful": successful, "Failed": failed}

    def _check_body(self, operation: str, queue: Queue, body: str) -> None:
        if not body:
            raise refused(operation, "MissingParameter", "The request must contain the parameter MessageBody.")
        if len(body.encode()) > queue.attributes.maximum_size:
            raise refused(operation, "InvalidParameterValue", "Message must be shorter.")

    def _send(self, queue: Queue, body: str, delay: int | None) -> str:
        message_id, now = self._new_id(), self._now()
        queue.add(Message(message_id, body, now), now, queue.attributes.delay if delay is None else delay)
        self._arrived(queue.arn)
        return message_id

    def _receive_message(self, request: Mapping[str, Any]) -> Json:
        queue = self._find("ReceiveMessage", request["QueueUrl"])
        most = request.get("MaxNumberOfMessages", 1)
        for name, value, low, high in (
            ("MaxNumberOfMessages", most, 1, MOST_RECEIVED),
            ("WaitTimeSeconds", request.get("WaitTimeSeconds", 0), 0, 20),
            ("VisibilityTimeout", request.get("VisibilityTimeout", 0), 0, LONGEST_INVISIBLE),
        ):
            if not low <= value <= high:
                raise refused("ReceiveMessage", "InvalidParameterValue", f"{name} must be between {low} and {high}")
        names = [*request.get("AttributeNames", ()), *request.get("MessageSystemAttributeNames", ())]
        taken = self._take(queue, most, request.get("VisibilityTimeout"))
        chosen = EVERY_ATTRIBUTE if "All" in names else names
        return {"Messages": [shown(queue.arn, message, chosen) for message in taken]} if taken else {}

    def _take(self, queue: Queue, most: int, timeout: int | None) -> list[Message]:
        """A message that was received `maxReceiveCount` times moves to the dead letters when somebody would receive it
        once more, not before; it keeps the count and the time when it was sent."""
        now, redrive = self._now(), queue.attributes.redrive
        room = MOST_IN_FLIGHT - queue.counts(now)[2]
        if room <= 0:
            raise refused("ReceiveMessage", "OverLimit", f"{MOST_IN_FLIGHT} messages are in flight")
        dead_letters = self._queues.get(redrive.dead_letters) if redrive is not None else None
        limit = redrive.most if redrive is not None and dead_letters is not None else None
        timeout = queue.attributes.visibility_timeout if timeout is None else timeout
        taken, dead = queue.take(min(most, room), now, timeout, limit)
        if dead_letters is not None and dead:
            for message in dead:
                message.source = queue.arn
                dead_letters.add(message, now)
            self._arrived(dead_letters.arn)
        return taken

    def _delete_message(self, request: Mapping[str, Any]) -> Json:
        queue = self._find("DeleteMessage", request["QueueUrl"])
        self._delete(queue, "DeleteMessage", request["ReceiptHandle"])
        return {}

    def _delete_message_batch(self, request: Mapping[str, Any]) -> Json:
        entries = _entries("DeleteMessageBatch", request)
        queue = self._find("DeleteMessageBatch", request["QueueUrl"])
        successful, failed = [], []
        for entry in entries:
            try:
                self._delete(queue, "DeleteMessageBatch", entry["ReceiptHandle"])
                successful.append({"Id": entry["Id"]})
            except ClientError as error:
                failed.append(
                    _failure(entry["Id"], error.response["Error"]["Code"], error.response["Error"]["Message"])
                )
        return {"Successful": successful, "Failed": failed}

    def _delete(self, queue: Queue, operation: str, handle: str) -> None:
        """An old handle deletes nothing, and AWS does not say so:
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html"""
        receipt = self._read_handle(queue, operation, handle)
        message = queue.held(receipt.number, receipt.received, self._now())
        if message is not None:
            queue.forget(message, self._now())

    def _change_message_visibility(self, request: Mapping[str, Any]) -> Json:
        operation, timeout, now = "ChangeMessageVisibility", request["VisibilityTimeout"], self._now()
        if not 0 <= timeout <= LONGEST_INVISIBLE:
            raise refused(operation, "InvalidParameterValue", f"maximum visibility timeout is {LONGEST_INVISIBLE}")
        queue = self._find(operation, request["QueueUrl"])
        receipt = self._read_handle(queue, operation, request["ReceiptHandle"])
        message = queue.held(receipt.number, receipt.received, now)
        if message is None:
            reason = "Message does not exist or is not available for visibility timeout change."
            raise refused(operation, "InvalidParameterValue", reason)
        if not queue.in_flight(message):
            raise refused(operation, "MessageNotInflight", "The specified message isn't in flight.")
        if now + timeout - message.received_at > LONGEST_INVISIBLE:
            reason = f"Total VisibilityTimeout for the message is beyond the limit [{LONGEST_INVISIBLE} seconds]"
            raise refused(operation, "InvalidParameterValue", reason)
        queue.hide(message, now, timeout)
        self._arrived(queue.arn)
        return {}

    def _read_handle(self, queue: Queue, operation: str, handle: str) -> Receipt:
        receipt = read_handle(queue.arn, handle)
        if receipt is None:
            raise refused(operation, "ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
        if receipt.expired(self._now()):
            raise refused(operation, "InvalidParameterValue", "The receipt handle has expired.")
        return receipt

    def _start_message_move_task(self, request: Mapping[str, Any]) -> Json:
        """Moves at once what is visible, with new ids and as newly sent; AWS does it in the background:
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html

        Without a destination each message goes where it came from; what was sent to the dead letters directly stays.
        """
        operation, now = "StartMessageMoveTask", self._now()
        source, target = (request.get(name, "").rpartition(":")[2] for name in ("SourceArn", "DestinationArn"))
        if source not in self._queues or (target and target not in self._queues):
            raise refused(operation, "ResourceNotFoundException", "The resource that you specified doesn't exist.")
        if not any(
            (redrive := queue.attributes.redrive) is not None and redrive.dead_letters == source
            for queue in self._queues.values()
        ):
            raise refused(operation, "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        dead = self._queues[source]
        for message in dead.visible(now):
            queue = self._queues.get(target or (message.source or "").rpartition(":")[2])
            if queue is not None:
                dead.forget(message, now)
                self._send(queue, message.body, 0)
        self._moves += 1
        return {"TaskHandle": f"{request['SourceArn']}#{self._moves}"}


def _entries(operation: str, request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The entries of a batch: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html"""
    entries: Sequence[Mapping[str, Any]] = request["Entries"]
    if not entries:
        raise refused(operation, f"{_OWN}EmptyBatchRequest", "There should be at least one entry in the request.")
    if len(entries) > MOST_ENTRIES:
        raise refused(operation, f"{_OWN}TooManyEntriesInBatchRequest", f"You have sent {len(entries)}.")
    for entry in entries:
        if not entry.keys() <= _ENTRY[operation]:
            raise UnknownCall(f"sqs {operation} {', '.join(sorted(entry.keys() - _ENTRY[operation]))}")
        if not _NAME.fullmatch(entry["Id"]):
            raise refused(operation, f"{_OWN}InvalidBatchEntryId", "A batch entry id can only contain letters")
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise refused(operation, f"{_OWN}BatchEntryIdsNotDistinct", "An Id is repeated.")
    return entries


def _delay_fault(request: Mapping[str, Any]) -> str | None:
    if 0 <= request.get("DelaySeconds", 0) <= LONGEST_DELAY:
        return None
    return f"DelaySeconds must be >= 0 and <= {LONGEST_DELAY}."


def _failure(entry_id: str, code: str, message: str) -> Json:
    return {"Id": entry_id, "SenderFault": True, "Code": code, "Message": message}
