"""Messages of a dead-letter queue in moto find back to where they came from."""

import json
from collections.abc import Iterator

import pytest
from moto.sqs.models import SQSBackend, sqs_backends

from local import message_moves
from local.patches import Patches

ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture
def backend() -> Iterator[SQSBackend]:
    """Two queues with one dead-letter queue, whose messages die of the second receipt."""
    patches = Patches()
    forget = message_moves.install(patches)
    made = sqs_backends[ACCOUNT][REGION]
    made.reset()
    dead = made.create_queue("dead", {})
    policy = json.dumps({"deadLetterTargetArn": dead.queue_arn, "maxReceiveCount": 1})
    for name in ("one", "other"):
        made.create_queue(name, {}, RedrivePolicy=policy)
    yield made
    made.reset()
    forget()
    patches.undo()


def bodies(backend: SQSBackend, name: str) -> list[str]:
    return [message.body for message in backend.get_queue(name).messages]


def let_die(backend: SQSBackend, name: str, body: str) -> None:
    backend.send_message(name, body)
    for _ in range(2):
        backend.receive_message(name, 1, 0, 0)


def test_each_message_should_go_back_to_its_own_queue(backend: SQSBackend) -> None:
    let_die(backend, "one", "a")
    let_die(backend, "other", "b")
    assert sorted(bodies(backend, "dead")) == ["a", "b"]
    message_moves.move_back(backend, "dead")
    assert [bodies(backend, name) for name in ("dead", "one", "other")] == [[], ["a"], ["b"]]


def test_a_message_should_live_again_as_if_it_were_new(backend: SQSBackend) -> None:
    let_die(backend, "one", "a")
    message_moves.move_back(backend, "dead")
    (received,) = backend.receive_message("one", 1, 0, 0)
    assert (received.body, received.approximate_receive_count) == ("a", 1)


def test_what_was_sent_to_the_dead_letter_queue_itself_should_stay(backend: SQSBackend) -> None:
    backend.send_message("dead", "mine")
    message_moves.move_back(backend, "dead")
    assert bodies(backend, "dead") == ["mine"]
