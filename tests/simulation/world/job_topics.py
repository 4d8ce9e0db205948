"""Ground Truth's door to the simulated Amazon SQS, Amazon SNS and EventBridge."""

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from local.ground_truth.events import Message
from local.ground_truth.topics import Topics, unwrapped
from tests.simulation.sns import Sns
from tests.simulation.sqs import Sqs

Announce = Callable[[str, str, Sequence[str], Mapping[str, Any]], object]
"""Takes detail type, source, resources and detail of an event."""

_WORD = re.compile(r"(?:^|_)([a-z])")


class _Client:
    """A fake as a client of boto3: `create_queue(QueueName=…)` is its call of CreateQueue."""

    def __init__(self, call: Callable[[str, Mapping[str, Any]], dict[str, Any]]) -> None:
        self._call = call

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        operation = _WORD.sub(lambda match: match[1].upper(), method)
        return lambda **request: self._call(operation, request)


def _sharing(message: Message) -> Message:
    """The copies of a message that wait share their text."""
    return replace(message, body=sys.intern(message.body))


class JobTopics(Topics):
    """As on the laptop, but messages are looked at without receiving them: for whoever asks Amazon SQS, they wait
    visibly until Ground Truth takes them."""

    def __init__(self, sns: Sns, sqs: Sqs, announce: Announce) -> None:
        def put_events(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
            for entry in request["Entries"]:
                announce(entry["DetailType"], entry["Source"], entry["Resources"], json.loads(entry["Detail"]))
            return {"Operation": operation}

        clients: list[Any] = [_Client(sqs.call), _Client(sns.call), _Client(put_events)]
        super().__init__(*clients)
        self._queues = sqs
        self._seen: dict[str, int] = {}

    def receive(self, queue_url: str) -> list[Message]:
        """What came since the last look."""
        found = self._queues.came_after(queue_url, self._seen.get(queue_url, 0))
        if found:
            self._seen[queue_url] = found[-1].number
        return [_sharing(unwrapped(message.id, message.hand_over(), str(message.number))) for message in found]

    def delete(self, queue_url: str, message: Message) -> None:
        """Take a message out of its queue."""
        self._queues.remove(queue_url, int(message.receipt))
