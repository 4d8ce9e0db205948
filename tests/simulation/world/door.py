"""Where the application meets the world: what it calls outside of itself goes there while a world runs.

Only what an invocation calls is taken; whatever else runs in the process is served as ever.
"""

import json
import logging
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from typing import Any, TextIO

from botocore.client import BaseClient
from greenlet import getcurrent
from pynamodb.connection import Connection

from tests.simulation.world import quick_expressions, quick_json, quick_models, quick_requests
from tests.simulation.world.invocation import Invocation

_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "simulated", "AWS_SECRET_ACCESS_KEY": "simulated"}  # open nothing

# What Powertools leaves out of log lines anyway: https://docs.python.org/3/howto/logging.html#optimization
_UNREAD = ("logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks")


def _taking_calls(original: Callable[[Any, str, Any], Any]) -> Callable[[Any, str, Any], Any]:
    def make_api_call(self: Any, operation: str, params: Any) -> Any:
        current = getcurrent()
        if isinstance(current, Invocation):
            return current.call(self._service_model.service_name, operation, params)
        return original(self, operation, params)

    return make_api_call


# For good, and not only while a world runs: an invocation that is thrown away with its world still unwinds, and must
# not reach the network. Boto3's clients and paginators come through here.
BaseClient._make_api_call = _taking_calls(BaseClient._make_api_call)  # type: ignore[attr-defined]


class _Straight:
    """What pynamodb takes for a client of botocore while an invocation calls: its name for the call is all it needs."""

    @staticmethod
    def _make_api_call(operation: str, params: Any) -> Any:
        current: Any = getcurrent()
        return current.call("dynamodb", operation, params)


def _straight(original: property) -> property:
    straight = _Straight()

    def client(connection: Connection) -> Any:
        return straight if isinstance(getcurrent(), Invocation) else original.__get__(connection)

    return property(client)


Connection.client = _straight(Connection.__dict__["client"])  # type: ignore[assignment,method-assign]

# For good, too, since it makes no difference but in time: a world's days begin and end some hundred times, and each
# change of a class makes Python forget what it knows of all classes below.
for _owner, _name, _value in (*quick_models.REPLACED, *quick_expressions.REPLACED, *quick_requests.REPLACED):
    setattr(_owner, _name, _value)


class _Output:
    """Takes what invocations print or log; the rest goes to whatever the standard output is, or was before a run."""

    def __init__(self) -> None:
        self.outside = sys.stdout

    def write(self, text: str) -> int:
        """Keeps a line for the watchers."""
        current = getcurrent()
        if not isinstance(current, Invocation):
            return self._beside().write(text)
        if line := text.rstrip("\n"):
            current.lines.append(line)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""
        if not isinstance(getcurrent(), Invocation):
            self._beside().flush()

    def _beside(self) -> TextIO:
        return self.outside if sys.stdout is self else sys.stdout

    def __getattr__(self, name: str) -> Any:
        return getattr(self._beside(), name)


_OUTPUT = _Output()


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
    with _set(os.environ, {**_CREDENTIALS, **environment}):
        # Not before: pynamodb reads the names of the tables when its models are made.
        from everlabel import aws, clock, frames, job_table, task_table

        for variable, model in (("TASK_TABLE", task_table.Row), ("JOB_TABLE", job_table.LabelingJob)):
            if environment.get(variable, model.Meta.table_name) != model.Meta.table_name:
                raise RuntimeError(f"everlabel was imported with another {variable}: {model.Meta.table_name!r}")
        if sys.stdout is not _OUTPUT:
            _OUTPUT.outside = sys.stdout
        replaced: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
            (vars(json), {"loads": quick_json.loads, "dumps": quick_json.dumps}),
            (vars(logging), dict.fromkeys(_UNREAD, False)),
            (vars(time), {"sleep": _sleeping(time.sleep)}),
            (vars(uuid), {"uuid4": _drawing(uuid.uuid4)}),
            (vars(clock), {"now": now}),
            (vars(aws), {"setting": _setting(aws.setting)}),
            (vars(frames), {"ThreadPoolExecutor": _AtOnce}),
            (vars(sys), {"stdout": _OUTPUT}),
        )
        with ExitStack() as stack:
            for names, values in replaced:
                stack.enter_context(_set(names, values))
            # Powertools' logger holds on to the output that it found first, which a test may have closed since.
            for handler in logging.getLogger(environment["POWERTOOLS_SERVICE_NAME"]).handlers:
                if isinstance(handler, logging.StreamHandler):
                    handler.stream = _OUTPUT
            yield


@contextmanager
def _set(names: MutableMapping[str, Any], values: Mapping[str, Any]) -> Iterator[None]:
    """As `patch.dict`, which would copy the whole environment for each of a world's days."""
    before = {name: names[name] for name in values if name in names}
    names.update(values)
    try:
        yield
    finally:
        names.update(before)
        for name in values.keys() - before.keys():
            del names[name]


def _sleeping(original: Callable[[float], None]) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        current = getcurrent()
        if isinstance(current, Invocation):
            current.sleep(seconds)
        else:
            original(seconds)

    return sleep


def _drawing(original: Callable[[], uuid.UUID]) -> Callable[[], uuid.UUID]:
    def uuid4() -> uuid.UUID:
        current = getcurrent()
        return current.uuid() if isinstance(current, Invocation) else original()

    return uuid4


def _setting(original: Callable[[str], str]) -> Callable[[str], str]:
    def setting(name: str) -> str:
        current = getcurrent()
        return current.function.environment[name] if isinstance(current, Invocation) else original(name)

    return setting
