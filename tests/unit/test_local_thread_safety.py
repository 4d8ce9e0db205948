"""What happens at once to moto's queues and tables: each test puts one caller in the middle of another's step."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.dynamodb.responses import DynamoHandler
from moto.sqs.models import Message, SQSBackend

from local import credentials, moto_server, thread_safety
from local.patches import Patches

SOON = 0.2
"""Seconds that a caller who should have to wait is given to show that it does not."""


@pytest.fixture(autouse=True)
def made_safe() -> Iterator[None]:
    patches = Patches()
    thread_safety.install(patches)
    yield
    patches.undo()


@pytest.fixture
def backend() -> SQSBackend:
    made = SQSBackend("us-east-1", "123456789012")
    made.create_queue("q", region="us-east-1")
    return made


class Meanwhile:
    """Runs something in another thread in the middle of a step, once, and gives it a moment to get through."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act
        self._thread: threading.Thread | None = None
        self.result: Any = None

    def __call__(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run)
            self._thread.start()
            self._thread.join(SOON)

    def _run(self) -> None:
        self.result = self._act()

    def wait(self) -> Any:
        assert self._thread, "nothing came in between"
        self._thread.join()
        return self.result


def bodies(messages: list[Message]) -> list[str]:
    return sorted(str(message.body) for message in messages)


class Watched(list[Message]):
    """A list that says when somebody has gone through all of it."""

    def __init__(self, messages: list[Message], gone_through: Callable[[], None]) -> None:
        super().__init__(messages)
        self._gone_through = gone_through

    def __iter__(self) -> Iterator[Message]:
        yield from super().__iter__()
        self._gone_through()


def test_a_message_sent_while_another_is_deleted_should_stay(backend: SQSBackend) -> None:
    backend.send_message("q", "old")
    receipt = backend.receive_message("q", 1, 0, 30)[0].receipt_handle
    assert receipt
    queue = backend.queues["q"]
    meanwhile = Meanwhile(lambda: backend.send_message("q", "new"))
    queue._messages = Watched(queue._messages, meanwhile)
    backend.delete_message("q", receipt)
    meanwhile.wait()
    assert bodies(queue._messages) == ["new"]


def test_one_message_should_not_be_received_by_two(backend: SQSBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.send_message("q", "only")
    meanwhile = Meanwhile(lambda: backend.receive_message("q", 1, 0, 30))
    mark = Message.mark_received

    def mark_received(self: Message, visibility_timeout: int | None = None) -> None:
        meanwhile()
        mark(self, visibility_timeout)

    monkeypatch.setattr(Message, "mark_received", mark_received)
    assert bodies(backend.receive_message("q", 1, 0, 30)) == ["only"]
    assert meanwhile.wait() == []


def test_a_long_poll_should_get_a_message_that_comes_while_it_waits(backend: SQSBackend) -> None:
    meanwhile = Meanwhile(lambda: backend.receive_message("q", 1, 10, 30))
    meanwhile()
    backend.send_message("q", "late")
    assert bodies(meanwhile.wait()) == ["late"]


def test_requests_to_tables_should_take_turns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Moto looks at a condition and writes in one request: as long as requests take turns, nothing comes between."""
    at_work, most = 0, 0
    listed = DynamoHandler.list_tables

    def list_tables(self: DynamoHandler) -> Any:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        threading.Event().wait(SOON)
        at_work -= 1
        return listed(self)

    monkeypatch.setattr(DynamoHandler, "list_tables", list_tables)
    with moto_server.serving(0, tmp_path) as url:
        client = credentials.client(credentials.session(credentials.REGION), "dynamodb", url)
        crowd = [threading.Thread(target=client.list_tables) for _ in range(2)]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        client.close()
    assert most == 1
