"""Where the application meets the world: what it calls outside of itself goes there while a world runs.

Only what an invocation calls is taken; whatever else runs in the process is served as ever.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from botocore.client import BaseClient
from greenlet import getcurrent  # type: ignore[import-untyped]

from tests.simulation.world.invocation import Invocation

_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "simulated", "AWS_SECRET_ACCESS_KEY": "simulated"}  # open nothing


def _taking_calls(original: Callable[[Any, str, Any], Any]) -> Callable[[Any, str, Any], Any]:
    def make_api_call(self: Any, operation: str, params: Any) -> Any:
        current = getcurrent()
        if isinstance(current, Invocation):
            return current.call(self._service_model.service_name, operation, params)
        return original(self, operation, params)

    return make_api_call


# For good, and not only while a world runs: an invocation that is thrown away with its world still unwinds, and must
# not reach the network. Boto3's clients and paginators and pynamodb all come through here.
BaseClient._make_api_call = _taking_calls(BaseClient._make_api_call)  # type: ignore[attr-defined]


class _Output:
    """Takes what invocations print or log; the rest goes where it always went."""

    def __init__(self, beside: Any) -> None:
        self._beside = beside

    def write(self, text: str) -> int:
        """Keeps a line for the watchers."""
        current = getcurrent()
        if not isinstance(current, Invocation):
            return int(self._beside.write(text))
        if line := text.rstrip("\n"):
            current.lines.append(line)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""
        if not isinstance(getcurrent(), Invocation):
            self._beside.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._beside, name)


class _AtOnce:
    """Stands in for a ThreadPoolExecutor: a greenlet cannot stop in another thread, and order would be chance."""

    def __init__(self, _workers: int) -> None:
        pass

    def __enter__(self) -> "_AtOnce":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Does it now."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def opened(environment: Mapping[str, str], now: Callable[[], float]) -> Iterator[None]:
    """A world runs: what its invocations see of the process is the world's, and everything is put back at the end.

    Args:
        environment: the variables of all functions; each function's settings are only its own.
        now: the world's time.
    """
    from everlabel import aws, clock, frames

    variables = {**_CREDENTIALS, **environment}
    outside = {name: os.environ.get(name) for name in variables}
    output, sleep, setting, stdout = _Output(sys.stdout), time.sleep, aws.setting, sys.stdout
    handlers = logging.getLogger(environment["POWERTOOLS_SERVICE_NAME"]).handlers

    def pass_time(seconds: float) -> None:
        current = getcurrent()
        if isinstance(current, Invocation):
            current.sleep(seconds)
        else:
            sleep(seconds)

    def own_setting(name: str) -> str:
        current = getcurrent()
        return current.function.environment[name] if isinstance(current, Invocation) else setting(name)

    replaced: list[tuple[Any, str, Any]] = [
        (time, "sleep", pass_time),
        (clock, "now", now),
        (aws, "setting", own_setting),
        (frames, "ThreadPoolExecutor", _AtOnce),
        (sys, "stdout", output),
    ]
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in replaced]
    os.environ.update(variables)
    for owner, name, value in replaced:
        setattr(owner, name, value)
    for handler in handlers:
        handler.setStream(output)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for handler in handlers:  # also those that were made meanwhile
            handler.setStream(stdout)  # type: ignore[attr-defined]
        for owner, name, value in originals:
            setattr(owner, name, value)
        for name, before in outside.items():
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before
