"""Moto's tables and queues, made safe for the many threads that use them at once.

Moto checks a condition and writes in two steps, and rebuilds a queue's list of messages while others append to it: with
several callers a conditional write can succeed twice and a message can vanish. Here each request to DynamoDB, and each
step on a queue, has its turn.
"""

# ruff: noqa: SLF001 - the lock of a queue is its own

import threading
import time
from collections.abc import Callable
from typing import Any

from moto.dynamodb.responses import DynamoHandler
from moto.sqs.models import Queue, SQSBackend

from local.patches import Patches

LOOK_AGAIN_SECONDS = 0.25
"""How soon a long poll sees a message whose visibility timeout has passed; new messages it sees at once."""


def install(patches: Patches) -> None:
    """Give every request to DynamoDB and every step on a queue its turn."""
    patches.replace(DynamoHandler, "call_action", _one_at_a_time)
    patches.replace(Queue, "delete_message", _locked)
    patches.replace(SQSBackend, "receive_message", _long_poll)


def _one_at_a_time(original: Callable[..., Any]) -> Callable[..., Any]:
    turn = threading.RLock()

    def call_action(self: DynamoHandler) -> Any:
        with turn:
            return original(self)

    return call_action


def _locked(original: Callable[..., None]) -> Callable[..., None]:
    def delete_message(self: Queue, receipt_handle: str) -> None:
        with self._messages_lock:
            original(self, receipt_handle)

    return delete_message


def _long_poll(original: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """Moto's own long poll, with the lock held while it looks and given up while it waits."""

    def receive_message(
        self: SQSBackend,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Any]:
        lock = self.get_queue(queue_name)._messages_lock
        end = time.monotonic() + wait_seconds_timeout
        with lock:
            while True:
                found = original(self, queue_name, count, 0, visibility_timeout, message_attribute_names)
                left = end - time.monotonic()
                if found or left <= 0:
                    return found
                lock.wait(min(left, LOOK_AGAIN_SECONDS))

    return receive_message
