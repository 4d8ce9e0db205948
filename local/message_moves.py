"""SQS sends the messages of a dead-letter queue back to where they came from; moto does not know how.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

# ruff: noqa: SLF001 - the messages of a queue and their lock are its own

import uuid
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import Message, Queue, SQSBackend
from moto.sqs.responses import SQSResponse

from local.patches import Patches


def install(patches: Patches) -> Callable[[], None]:
    """Teach moto's SQS `StartMessageMoveTask`, all at once and without a rate; what is returned takes it back."""
    patches.replace(Queue, "add_message", _noted)
    added: Any = SQSResponse
    added.start_message_move_task = _start_message_move_task

    def forget() -> None:
        del added.start_message_move_task

    return forget


def _noted(original: Callable[..., None]) -> Callable[..., None]:
    """A message knows the queue that it was sent to; moto puts the same one into the dead-letter queue."""

    def add_message(self: Queue, message: Message) -> None:
        vars(message).setdefault("first_queue", self.name)
        original(self, message)

    return add_message


def _start_message_move_task(self: SQSResponse) -> ActionResult:
    source = self._get_param("SourceArn").rpartition(":")[2]
    move_back(self.sqs_backend, source)
    return ActionResult({"TaskHandle": str(uuid.uuid4())})


def move_back(backend: SQSBackend, name: str) -> None:
    """Sends what came to a dead-letter queue from others back to them. What was sent to it directly stays."""
    queue = backend.get_queue(name)
    with queue._messages_lock:
        moved = [message for message in queue._messages if vars(message)["first_queue"] != name and message.visible]
        queue._messages = [message for message in queue._messages if message not in moved]
    for message in moved:
        message.approximate_receive_count, message.visible_at = 0, 0.0
        try:
            backend.get_queue(vars(message)["first_queue"]).add_message(message)
        except QueueDoesNotExist:
            queue.add_message(message)
