"""One execution of a state machine, in virtual time.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from random import Random
from typing import Any

from tests.simulation.asl import RUNTIME, Failure, Template, placed
from tests.simulation.history import History
from tests.simulation.payload import size, text_of, within_limit
from tests.simulation.schedule import Clock, Handle
from tests.simulation.state_machine import StateMachine
from tests.simulation.states import NO_CHOICE_MATCHED, AnyState, Choice, Fail, Pass, Task, Wait
from tests.simulation.task_visit import Invoke, TaskVisit

MAX_SECONDS = 365 * 86_400.0
"""An execution lasts a year at most: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

_CONTEXT_BYTES = 4096  # more than an ARN, a name, a time or a token


class Status(StrEnum):
    """Of an execution."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


_LAST_EVENTS = {
    Status.SUCCEEDED: "ExecutionSucceeded",
    Status.FAILED: "ExecutionFailed",
    Status.TIMED_OUT: "ExecutionTimedOut",
    Status.ABORTED: "ExecutionAborted",
}


@dataclass(frozen=True, slots=True)
class Engine:
    """What all executions share; the fields are those of `step_functions.StepFunctions`."""

    clock: Clock
    rng: Random
    invoke: Invoke
    ended: Callable[["Execution"], None]
    history_kept: int
    early_answers_wait: bool
    entered: Callable[["Execution", str], None]


class Execution:
    """One execution. `status`, `output`, `error` and `cause` say how it ended.

    `data` are what the state was given, `bound` the bytes they have at most.
    """

    __slots__ = (
        "_alarm",
        "_busy",
        "_end_of_time",
        "_entered_at",
        "_state",
        "_steps",
        "_tickets",
        "_visit",
        "arn",
        "bound",
        "cause",
        "data",
        "ended_at",
        "engine",
        "error",
        "history",
        "input",
        "machine",
        "name",
        "output",
        "serial",
        "started_at",
        "status",
    )

    def __init__(self, engine: Engine, machine: StateMachine, arn: str, text: str, serial: int) -> None:
        self.engine, self.machine, self.serial = engine, machine, serial
        self.arn, self.name, self.input = arn, arn.rpartition(":")[2], text
        self.started_at = engine.clock.now()
        self.ended_at: float | None = None
        self.status = Status.RUNNING
        self.output: str | None = None
        self.error: str | None = None
        self.cause: str | None = None
        self.history = History(engine.clock, engine.history_kept)
        self.data: Any = json.loads(text)
        self.bound = size(text)

        self._steps: list[Callable[[], None]] = []
        self._busy = False
        self._state: AnyState = machine.states[machine.start_at]
        self._entered_at = self.started_at
        self._visit: TaskVisit | None = None
        self._tickets = 0
        self._alarm: Handle | None = None
        self._end_of_time = engine.clock.at(self.started_at + MAX_SECONDS, partial(self._end, Status.TIMED_OUT))

    def start(self) -> None:
        """Enters the first state."""
        self.log("ExecutionStarted")
        self.run(partial(self._enter, self.machine.start_at))

    def stop(self, error: str | None, cause: str | None) -> None:
        """Ends it from outside; nothing happens if it has ended."""
        if self.status is Status.RUNNING:
            self._end(Status.ABORTED, error, cause)

    def issued(self, ticket: int) -> bool:
        """Whether there was an attempt with this number."""
        return 0 < ticket <= self._tickets

    def waiting(self, ticket: int) -> TaskVisit | None:
        """Who waits for an answer to the token of this attempt."""
        return self._visit if self._visit is not None and self._visit.waits(ticket) else None

    def run(self, step: Callable[[], None]) -> None:
        """Does a step and those it leads to, one after the other; what comes in meanwhile waits for its turn.

        Nothing is done when the execution has ended.
        """
        if self.status is not Status.RUNNING:
            return
        self._steps.append(step)
        if self._busy:
            return
        self._busy = True
        try:
            while self._steps:
                self._steps.pop(0)()
        except Failure as failure:
            self._end(Status.FAILED, failure.error, failure.cause)
        finally:
            self._busy = False

    def new_ticket(self) -> int:
        """Numbers attempts of tasks."""
        self._tickets += 1
        return self._tickets

    def alarm(self, seconds: float, callback: Callable[[], None]) -> None:
        """Sets the only alarm there is: the end of a Wait, of an attempt's time, or of the pause before the next."""
        self._alarm = self.engine.clock.at(self.engine.clock.now() + seconds, callback)

    def unset_alarm(self) -> None:
        """It does not ring."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def log(self, event: str, **details: str | None) -> None:
        """Writes an event into the history. Raises `Failure` if that is full."""
        self.history.add(event, **details)

    def given(self, state: AnyState) -> Any:
        """What the state takes of the data."""
        return self.data if state.input is None else state.input(self.data, self.context)

    def leave(self, data: Any, following: str | None) -> None:
        """Out of the state with what it gives of these data, to another or to the end."""
        self.go(data if self._state.output is None else self._state.output(data, self.context), following)

    def go(self, data: Any, following: str | None) -> None:
        """Out of the state with these data."""
        self.bound = within_limit(data, self.bound)
        self.data = data
        self.log(f"{self._state.kind}StateExited", name=self._state.name)
        if following is None:
            self.output = text_of(data)
            self._end(Status.SUCCEEDED)
        else:
            self._steps.append(partial(self._enter, following))

    def bound_of(self, template: Template, bound: int) -> int:
        """How many bytes a template gives at most for data that have at most `bound`."""
        context = max(_CONTEXT_BYTES, 6 * len(self.input))
        return template.own + template.of_input * bound + template.of_context * context

    def context(self, name: str) -> Any:
        """The context object: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html"""
        match name:
            case "Execution.Id":
                return self.arn
            case "Execution.Input":
                return json.loads(self.input)
            case "Execution.Name":
                return self.name
            case "Execution.StartTime":
                return _iso(self.started_at)
            case "State.EnteredTime":
                return _iso(self._entered_at)
            case "State.Name":
                return self._state.name
            case "State.RetryCount":
                return 0 if self._visit is None else self._visit.retries
            case "Task.Token" if self._visit is not None and isinstance(self._state, Task) and self._state.token:
                return token(self.serial, self._visit.ticket)
        raise Failure(RUNTIME, f"The JSONPath '$$.{name}' could not be found in the context object")

    def _enter(self, name: str) -> None:
        state = self._state = self.machine.states[name]
        self._entered_at = self.engine.clock.now()
        self._visit = None
        self.log(f"{state.kind}StateEntered", name=name)
        self.engine.entered(self, name)
        if isinstance(state, Task):
            self._visit = TaskVisit(self, state)
            self._visit.attempt()
            return
        given = self.given(state)
        if isinstance(state, Choice):
            self.leave(given, self._chosen(state, given))
        elif isinstance(state, Wait):
            seconds = state.seconds(given, self.context)
            self.alarm(seconds, partial(self.run, partial(self.leave, given, state.next)))
        elif isinstance(state, Pass):
            self.leave(self._passed(state, given), state.next)
        elif isinstance(state, Fail):
            self._end(Status.FAILED, state.error(given, self.context), state.cause(given, self.context))
        else:
            self.leave(given, None)

    def _chosen(self, state: Choice, given: Any) -> str:
        for rule, following in state.choices:
            if rule(given, self.context):
                return following
        if state.next is None:
            raise Failure(NO_CHOICE_MATCHED, f"no rule of {state.name} holds, and it has no Default")
        return state.next

    def _passed(self, state: Pass, given: Any) -> Any:
        value = given
        if state.result is not None:
            value = state.result.make(given, self.context)
        made = self.bound if state.result is None else self.bound_of(state.result, self.bound)
        if state.place is None:
            return self.data
        self.bound = made if state.place == () else self.bound + made + _CONTEXT_BYTES
        return placed(self.data, state.place, value)

    def _end(self, status: Status, error: str | None = None, cause: str | None = None) -> None:
        self.unset_alarm()
        self._end_of_time.cancel()
        self._steps.clear()
        self._visit = self.data = None
        self.status, self.error, self.cause = status, error or None, cause or None  # empty is not told apart from none
        self.ended_at = self.engine.clock.now()
        details = {} if status is Status.SUCCEEDED else {"error": self.error, "cause": self.cause}
        self.history.close(_LAST_EVENTS[status], **details)
        self.engine.ended(self)


def token(serial: int, ticket: int) -> str:
    """The token of an attempt of a task, from which both numbers can be read."""
    return f"AQC{serial:012x}{ticket:08x}"


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
