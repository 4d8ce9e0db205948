"""One invocation of a function: a greenlet that runs its handler, and the context it is given."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from botocore.exceptions import ClientError
from greenlet import GreenletExit, greenlet

from tests.simulation.schedule import Event
from tests.simulation.task_visit import LambdaResult
from tests.simulation.world.identities import uuid_of
from tests.simulation.world.stack import NAME, Function

if TYPE_CHECKING:
    from tests.simulation.world.sandboxes import Sandbox


class Killed(BaseException):
    """The execution environment is gone. No handler can do anything about it."""


class Context:
    """The context object of the Python runtime: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    identity = None
    client_context = None
    function_version = "$LATEST"

    def __init__(self, function: Function, request_id: str, deadline: float, now: Callable[[], float]) -> None:
        self.function_name = f"{NAME}-{function.name}"
        self.memory_limit_in_mb = function.memory
        self.invoked_function_arn = function.arn
        self.aws_request_id = request_id
        self.log_group_name, self.log_stream_name = f"/aws/lambda/{self.function_name}", request_id
        self._deadline, self._now = deadline, now

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is killed; never below zero."""
        return max(0, int((self._deadline - self._now()) * 1000))


@dataclass(frozen=True, slots=True)
class Answer:
    """What AWS answered, or the error that it raised."""

    given: Any


class Invocation(greenlet):
    """From the start of a handler to its end.

    `place` names it in the keys of faults, `lines` are what it logged lately, `pending` is the event that it waits
    for; `result` is what it came to, unless it was `killed_as` something. `is_request` says whether the HTTP API asked.
    """

    def __init__(
        self,
        function: Function,
        event: Any,
        place: str,
        now: Callable[[], float],
        done: Callable[[LambdaResult], None],
        call: Callable[["Invocation", str, str, Mapping[str, Any]], Answer | None],
        sleep: Callable[["Invocation", float], None],
    ) -> None:
        super().__init__()
        self.function, self.event, self.place, self.done = function, event, place, done
        self.is_request = "requestContext" in event
        self.started_at = now()
        self.deadline = self.started_at + function.timeout
        self.context = Context(function, uuid_of(place), self.deadline, now)
        self.sandbox: Sandbox
        self.lines: list[str] = []
        self.pending: Event | None = None
        self.killed_as: LambdaResult | None = None
        self.result = LambdaResult()
        self._call, self._sleep = call, sleep
        self._counts: dict[str, int] = {}
        self._uuids: int | None = None

    def run(self) -> None:
        """Runs the handler; `result` is what the caller gets."""
        try:
            self.result = self._given(self.sandbox.handler(self.event, self.context))
        except Killed:
            pass
        except SystemExit as error:
            self.result = self._failed("Runtime.ExitError", f"Runtime exited with error: exit status {error.code}")
        except Exception as error:  # every exception of a handler is its caller's to see, whatever it is
            self.result = self._failed(type(error).__name__, str(error))

    def _given(self, answer: Any) -> LambdaResult:
        try:
            return LambdaResult(json.dumps(answer))
        except (TypeError, ValueError) as error:
            return self._failed("Runtime.MarshalError", f"Unable to marshal response: {error}")

    def _failed(self, kind: str, message: str) -> LambdaResult:
        """The error and its cause as Lambda tells them; where it was raised is left out, because it takes long."""
        request_id = self.context.aws_request_id
        cause = {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": []}
        return LambdaResult(error=kind, cause=json.dumps(cause))

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> Any:
        """Calls AWS and waits for the answer. Once it is killed, each call only raises `Killed` again."""
        if self.killed_as is not None:
            raise Killed
        if (answer := self._call(self, service, operation, params)) is None:
            return self._wait()
        if isinstance(answer.given, ClientError):
            raise answer.given
        return answer.given

    def sleep(self, seconds: float) -> None:
        """Lets virtual time pass."""
        if self.killed_as is not None:
            raise Killed
        self._sleep(self, seconds)
        self._wait()

    def uuid(self) -> UUID:
        """A random UUID that is the same whenever this very invocation draws it."""
        if self._uuids is None:
            self._uuids = UUID(self.context.aws_request_id).int >> 1
        self._uuids += 1
        return UUID(int=self._uuids, version=4)

    def count(self, what: str) -> int:
        """How often this was asked for, this time included."""
        self._counts[what] = number = self._counts.get(what, 0) + 1
        return number

    def end_the_run(self, error: BaseException) -> None:
        """Raises an error where the world runs, and not in the application."""
        self._wait(error)

    def _wait(self, error: BaseException | None = None) -> Any:
        hub = self.parent
        assert hub is not None
        try:
            return hub.switch() if error is None else hub.throw(error)
        except GreenletExit:  # thrown away with its world
            self.killed_as = LambdaResult(error="Lambda.Unknown")
            raise
