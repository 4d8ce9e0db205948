"""Task tokens: valid for one attempt of one task, answered once.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
"""

import contextlib
import re
import threading
from collections.abc import Iterator

from moto.core.exceptions import AWSError
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint, CallbackOutcome
from moto.stepfunctions.parser.asl.eval.environment import Environment

TOKEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What moto's tokens look like."""


class InvalidToken(AWSError):
    """The string is no task token."""

    TYPE = "InvalidToken"
    STATUS = 400


class TaskDoesNotExist(AWSError):
    """Nothing was ever waiting for the token."""

    TYPE = "TaskDoesNotExist"
    STATUS = 400


class TaskTimedOut(AWSError):
    """The token has expired or its task is closed."""

    TYPE = "TaskTimedOut"
    STATUS = 400


class Endpoint(CallbackEndpoint):
    """Where one attempt of a task waits for its token. Who comes first decides: an answer, or the end of waiting."""

    def __init__(self, token: str, attempt: Environment) -> None:
        super().__init__(callback_id=token)
        self._attempt = attempt
        self._decision = threading.Lock()
        self._closed = False

    def answer(self, outcome: CallbackOutcome) -> None:
        """Hand the outcome to the waiting task. Raises `TaskTimedOut` when nobody waits for it any more."""
        with self._decision:
            if self._closed or self._outcome is not None or not self._attempt.is_running():
                raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
            self.notify(outcome)

    def wait(self, timeout: float | None = None) -> CallbackOutcome | None:
        """The outcome, or None when there was none in time; nothing is accepted after that."""
        super().wait(timeout)
        return self.close()

    def close(self) -> CallbackOutcome | None:
        """Accept nothing any more, and wake who waits."""
        with self._decision:
            self._closed = True
            self._notify_event.set()
            return self._outcome


class TaskTokens:
    """Every token there was, and who waits for it."""

    def __init__(self) -> None:
        self._endpoints: dict[str, Endpoint | None] = {}  # None: the attempt is over

    @contextlib.contextmanager
    def waiting(self, token: str, attempt: Environment) -> Iterator[Endpoint]:
        """The token is valid within the block, and never again."""
        endpoint = self._endpoints[token] = Endpoint(token, attempt)
        try:
            yield endpoint
        finally:
            endpoint.close()
            self._endpoints[token] = None

    def answer(self, token: str, outcome: CallbackOutcome) -> None:
        """Hand the outcome to who waits. Raises `TaskTimedOut`, `TaskDoesNotExist` or `InvalidToken`."""
        if not TOKEN.fullmatch(token):
            raise InvalidToken("Invalid Token: 'Invalid token'")
        if token not in self._endpoints:
            raise TaskDoesNotExist("Task Does Not Exist: 'Provided task does not exist'")
        endpoint = self._endpoints[token]
        if endpoint is None:
            raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
        endpoint.answer(outcome)
