"""One visit of an execution to a Task: its attempts, its token, its retries and catches.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.simulation.asl import Failure, placed
from tests.simulation.payload import size, within_limit
from tests.simulation.states import TIMEOUT, Task, matches

if TYPE_CHECKING:
    from tests.simulation.execution import Execution

_ENVELOPE: dict[str, Any] = {
    "ExecutedVersion": "$LATEST",
    "SdkHttpMetadata": {"HttpStatusCode": 200},
    "SdkResponseMetadata": {},
    "StatusCode": 200,
}
_ENVELOPE_BYTES = 4096  # more than there is around a payload, an error or a path


@dataclass(frozen=True, slots=True)
class LambdaResult:
    """What an invocation came to: JSON text, or an error.

    An error of the function is its `errorType`, with the JSON that Lambda gives as the cause; one of Lambda itself is
    called `Lambda.…`: https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
    """

    payload: str = "null"
    error: str | None = None
    cause: str = ""


type Invoke = Callable[[str, Any, Callable[[LambdaResult], None]], None]
"""Invokes a function by name with a payload that is the function's to keep, and calls back once, then or later."""


class TaskVisit:
    """From entering a Task to leaving it. `ticket` numbers the attempt among all of the execution's."""

    __slots__ = ("_answered", "_early", "_execution", "_open", "_retries", "_returned", "_state", "ticket")

    def __init__(self, execution: "Execution", state: Task) -> None:
        self._execution = execution
        self._state = state
        self._retries = [0] * len(state.retry)
        self._early: Failure | str | None
        self._new_attempt()

    @property
    def retries(self) -> int:
        """How often it was tried again."""
        return sum(self._retries)

    def attempt(self) -> None:
        """Invokes the function."""
        execution, state = self._execution, self._state
        try:
            given = execution.given(state)
            parameters = state.parameters.make(given, execution.context)
            within_limit(parameters, execution.bound_of(state.parameters, execution.bound))
            seconds = None if state.timeout is None else state.timeout(given, execution.context)
        except Failure as failure:
            self._handle(failure)
            return
        execution.log("TaskScheduled")
        execution.log("TaskStarted")
        self._open = True
        if seconds is not None:
            execution.alarm(seconds, self._times_out)
        execution.engine.invoke(parameters["FunctionName"], parameters["Payload"], partial(self._returns, self.ticket))

    def waits(self, ticket: int) -> bool:
        """Whether this attempt has a token that would be taken now."""
        return self._open and self._state.token and not self._answered and ticket == self.ticket

    def answer(self, answer: Failure | str) -> None:
        """Answers the token, which must be waited for, with JSON text or an error."""
        self._answered = True
        if self._execution.engine.early_answers_wait and not self._returned:
            self._early = answer
        else:
            self._close(partial(self._settle, answer))

    def _new_attempt(self) -> None:
        self.ticket = self._execution.new_ticket()
        self._open = False  # whether something is waited for
        self._returned = False  # whether the function has
        self._answered = False  # whether the token was
        self._early = None  # an answer that waits until the function has returned

    def _close(self, step: Callable[[], None]) -> None:
        """Nothing that comes in counts any more; what there is leads to `step`."""
        self._open = False
        self._execution.unset_alarm()
        self._execution.run(step)

    def _returns(self, ticket: int, result: LambdaResult) -> None:
        if ticket != self.ticket or not self._open or self._returned:
            return  # the time of its attempt was over
        self._returned = True
        if result.error is not None:
            self._close(partial(self._fail, "TaskFailed", Failure(result.error, result.cause)))
        elif not self._state.token:
            envelope = {**_ENVELOPE, "Payload": json.loads(result.payload)}
            self._close(partial(self._complete, envelope, size(result.payload) + _ENVELOPE_BYTES))
        else:
            self._execution.run(partial(self._execution.log, "TaskSubmitted"))
            if self._early is not None:
                self._close(partial(self._settle, self._early))

    def _times_out(self) -> None:
        self._close(partial(self._fail, "TaskTimedOut", Failure(TIMEOUT, "")))

    def _settle(self, answer: Failure | str) -> None:
        if isinstance(answer, Failure):
            self._fail("TaskFailed", answer)
        else:
            self._complete(json.loads(answer), size(answer))

    def _complete(self, result: Any, bound: int) -> None:
        execution, state = self._execution, self._state
        try:
            bound = within_limit(result, bound)
        except Failure as failure:
            self._fail("TaskFailed", failure)
            return
        execution.log("TaskSucceeded")
        try:
            if state.selector is not None:
                bound = execution.bound_of(state.selector, bound)
                result = state.selector.make(result, execution.context)
                bound = within_limit(result, bound)
            data = execution.data if state.place is None else placed(execution.data, state.place, result)
            execution.bound = bound if state.place == () else execution.bound + bound + _ENVELOPE_BYTES
            execution.leave(data, state.next)
        except Failure as failure:
            self._handle(failure)

    def _fail(self, event: str, failure: Failure) -> None:
        self._execution.log(event, error=failure.error, cause=failure.cause)
        self._handle(failure)

    def _handle(self, failure: Failure) -> None:
        """Tries again, goes where the error is caught, or raises it to end the execution."""
        execution, state = self._execution, self._state
        for index, retrier in enumerate(state.retry):
            if matches(retrier.errors, failure.error):
                if (attempts := self._retries[index]) < retrier.most:
                    self._retries[index] += 1
                    seconds = retrier.delay(attempts, execution.engine.rng)
                    execution.alarm(seconds, partial(execution.run, self._try_again))
                    return
                break  # the first that matches counts
        for catcher in state.catch:
            if matches(catcher.errors, failure.error):
                data = execution.data
                if catcher.place is not None:
                    data = placed(data, catcher.place, {"Error": failure.error, "Cause": failure.cause})
                    execution.bound += 6 * (len(failure.error) + len(failure.cause)) + _ENVELOPE_BYTES
                execution.go(data, catcher.next)
                return
        raise failure

    def _try_again(self) -> None:
        self._new_attempt()
        self.attempt()
