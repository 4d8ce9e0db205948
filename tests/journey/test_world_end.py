"""However a laptop world ends, nothing of it is left."""

import json
import socket
import threading
import time
from pathlib import Path

import psutil
import pytest

from local.world import Settings, World


def settings(template: Path, logs: Path, **more: int) -> Settings:
    return Settings(template=template, parameters={}, logs=logs, **more)  # type: ignore[arg-type]


@pytest.fixture
def others() -> set[threading.Thread | psutil.Process]:
    """The threads and the child processes of whatever ran in this process before."""
    return {*threading.enumerate(), *psutil.Process().children()}


def assert_nothing_is_left(others: set[threading.Thread | psutil.Process]) -> None:
    left = [thread.name for thread in set(threading.enumerate()) - others]
    assert not [name for name in left if "process_request" not in name], left
    assert not set(psutil.Process().children()) - others


def test_a_world_should_end_at_once_whatever_is_at_work(
    small_template: Path, tmp_path: Path, others: set[threading.Thread | psutil.Process]
) -> None:
    with World(settings(small_template, tmp_path)) as world:
        client = world.client("stepfunctions")
        for number in range(20):
            client.start_execution(
                stateMachineArn=world.outputs["Machine"], input=json.dumps({"id": str(number), "seconds": 3600})
            )
        world.client("lambda").update_function_configuration(FunctionName=world.resource("Slow"), Timeout=600)
        world.client("lambda").invoke(FunctionName=world.resource("Slow"), InvocationType="Event", Payload=b"{}")
        world.wait_until(lambda: (tmp_path / "Slow.log").exists())
        before = time.monotonic()
    assert time.monotonic() - before < 10
    assert_nothing_is_left(others)


def test_an_error_within_a_world_should_end_it_and_be_seen(
    small_template: Path, tmp_path: Path, others: set[threading.Thread | psutil.Process]
) -> None:
    with pytest.raises(ZeroDivisionError), World(settings(small_template, tmp_path)):
        _ = 1 / 0
    assert_nothing_is_left(others)


def test_a_world_that_cannot_start_should_leave_nothing(
    small_template: Path, tmp_path: Path, others: set[threading.Thread | psutil.Process]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit), World(settings(small_template, tmp_path, api_port=port)):
            pass
    assert_nothing_is_left(others)
