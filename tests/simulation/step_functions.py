"""AWS Step Functions in virtual time: Standard workflows, and the calls that the application and its operators make."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.simulation.asl import Failure
from tests.simulation.errors import UnknownCall, refused
from tests.simulation.execution import Engine, Execution, Status
from tests.simulation.history import MAX_EVENTS, Event
from tests.simulation.payload import MAX_DATA, size
from tests.simulation.schedule import Clock
from tests.simulation.state_machine import StateMachine
from tests.simulation.task_visit import Invoke, TaskVisit

KEPT_SECONDS = 90 * 86_400.0
"""How long an ended execution can be seen, and its name is taken:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""
MAX_ERROR, MAX_CAUSE = 256, 32_768
"""Characters: https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html"""

_ARN = r"arn:[^:]+:states:[a-z0-9-]+:[0-9]{12}"
_MACHINE_ARN = re.compile(rf"{_ARN}:stateMachine:[^:]+")
_EXECUTION_ARN = re.compile(rf"{_ARN}:execution:[^:]+:[^:]+")
_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_TOKEN = re.compile(r"AQC([0-9a-f]{12})([0-9a-f]{8})")
_PAGE = 100
_DETAILS = {
    "ExecutionAborted": "executionAbortedEventDetails",
    "ExecutionFailed": "executionFailedEventDetails",
    "ExecutionTimedOut": "executionTimedOutEventDetails",
    "TaskFailed": "taskFailedEventDetails",
    "TaskTimedOut": "taskTimedOutEventDetails",
}


class StepFunctions:
    """The service. `executions` has every execution there ever was, in the order in which they were started.

    Args:
        clock: what time it is, and what happens later.
        rng: draws the jitter of retries.
        invoke: invokes Lambda functions.
        ended: is told each execution that has ended, once; EventBridge would be.
        history_kept: how many events of each execution GetExecutionHistory can give; all are counted.
        early_answers_wait: what becomes of a token that is answered before the function which was given it has
            returned, which AWS does not document. False: the task is over at once. True: when the function has
            returned; if that fails the task fails, and the answer is lost.
        entered: is told each execution and the state it has just entered.
    """

    def __init__(
        self,
        clock: Clock,
        rng: Random,
        invoke: Invoke,
        ended: Callable[[Execution], None] = lambda _execution: None,
        *,
        history_kept: int = MAX_EVENTS,
        early_answers_wait: bool = False,
        entered: Callable[[Execution, str], None] = lambda _execution, _state: None,
    ) -> None:
        self._clock = clock
        self._engine = Engine(clock, rng, invoke, ended, history_kept, early_answers_wait, entered)
        self._machines: dict[str, StateMachine] = {}
        self._by_arn: dict[str, Execution] = {}
        self.executions: list[Execution] = []
        self._operations: dict[str, tuple[Callable[[str, Mapping[str, Any]], dict[str, Any]], Collection[str]]] = {
            "StartExecution": (self._start, {"stateMachineArn", "name", "input"}),
            "StopExecution": (self._stop, {"executionArn", "error", "cause"}),
            "DescribeExecution": (self._describe, {"executionArn"}),
            "ListExecutions": (self._list, {"stateMachineArn", "statusFilter", "maxResults", "nextToken"}),
            "GetExecutionHistory": (self._history, {"executionArn", "maxResults", "nextToken", "reverseOrder"}),
            "SendTaskSuccess": (self._succeed, {"taskToken", "output"}),
            "SendTaskFailure": (self._fail, {"taskToken", "error", "cause"}),
            "SendTaskHeartbeat": (self._heartbeat, {"taskToken"}),
        }

    def create(self, arn: str, definition: Mapping[str, Any]) -> None:
        """Puts up a state machine; its ${…} must have been replaced. Raises `UnknownCall` for what cannot be run."""
        self._machines[arn] = StateMachine.of(arn, definition)

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """What AWS answers. Raises its `ClientError`, or `UnknownCall` for what is not simulated."""
        if operation not in self._operations:
            raise UnknownCall(operation)
        answer, parameters = self._operations[operation]
        if unknown := [name for name in request if name not in parameters]:
            raise UnknownCall(f"{operation}: {', '.join(unknown)}")
        return answer(operation, request)

    def _start(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        machine = self._machine(operation, request["stateMachineArn"])
        name, text = request.get("name") or self._new_name(), request.get("input", "{}")
        if not _NAME.fullmatch(name):
            raise refused(operation, "InvalidName", f"Invalid Name: '{name}'")
        _not_longer(operation, "input", text, MAX_DATA)
        if size(text) > MAX_DATA or not _is_json(text):
            raise refused(operation, "InvalidExecutionInput", "Invalid State Machine Execution Input")
        arn = f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
        execution = self._find(arn)
        if execution is None:
            execution = Execution(self._engine, machine, arn, text, len(self.executions))
            self.executions.append(execution)
            self._by_arn[arn] = execution
            started = _started(execution)
            execution.start()
            return started
        if execution.status is not Status.RUNNING or execution.input != text:
            raise refused(operation, "ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        return _started(execution)

    def _stop(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        execution = self._existing(operation, request["executionArn"])
        error, cause = _error(operation, request)
        execution.stop(error, cause)
        return {"stopDate": _date(execution.ended_at or self._clock.now())}

    def _describe(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        execution = self._existing(operation, request["executionArn"])
        described = {**_listed(execution), "input": execution.input, "inputDetails": {"included": True}}
        if execution.output is not None:
            described |= {"output": execution.output, "outputDetails": {"included": True}}
        return described | _unless_none(error=execution.error, cause=execution.cause)

    def _list(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The newest first: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html"""
        machine = self._machine(operation, request["stateMachineArn"])
        wanted = request.get("statusFilter")
        last = _page_token(operation, request, len(self.executions))
        found = [
            execution
            for execution in reversed(self.executions[:last])
            if execution.machine.arn == machine.arn
            and (wanted is None or execution.status == wanted)
            and self._find(execution.arn) is execution
        ]
        page = found[: request.get("maxResults") or _PAGE]
        more = {"nextToken": str(page[-1].serial)} if len(page) < len(found) else {}
        return {"executions": [_listed(execution) for execution in page], **more}

    def _history(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The events that were kept; `UnknownCall` if some were not, and the first are asked for."""
        execution = self._existing(operation, request["executionArn"])
        kept = execution.history.kept
        first = execution.history.count - len(kept)
        reverse = request.get("reverseOrder", False)
        if first and not reverse:
            raise UnknownCall(f"{operation}: only the last {len(kept)} events are kept")
        events = [_event(first + index, event) for index, event in enumerate(kept, 1)]
        if reverse:
            events.reverse()
        begin = _page_token(operation, request, 0)
        end = begin + (request.get("maxResults") or _PAGE)
        return {"events": events[begin:end], **({"nextToken": str(end)} if end < len(events) else {})}

    def _succeed(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        output = request["output"]
        _not_longer(operation, "output", output, MAX_DATA)
        if not _is_json(output):
            raise refused(operation, "InvalidOutput", "Invalid Output: 'Output is not valid JSON'")
        return self._answer(operation, request["taskToken"], output)

    def _fail(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        error, cause = _error(operation, request)
        return self._answer(operation, request["taskToken"], Failure(error or "", cause or ""))

    def _heartbeat(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """No state has a HeartbeatSeconds, so a heartbeat does nothing but look at the token."""
        self._waiting(operation, request["taskToken"])
        return {}

    def _answer(self, operation: str, token: str, answer: Failure | str) -> dict[str, Any]:
        self._waiting(operation, token).answer(answer)
        return {}

    def _waiting(self, operation: str, token: str) -> TaskVisit:
        """Who waits for this token. Of spent tokens nothing is kept: their numbers tell whether they were given out.

        Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
        """
        found = _TOKEN.fullmatch(token)
        if found is None:
            raise refused(operation, "InvalidToken", "Invalid Token: 'Invalid token'")
        serial, ticket = int(found[1], 16), int(found[2], 16)
        if serial >= len(self.executions) or not self.executions[serial].issued(ticket):
            raise refused(operation, "TaskDoesNotExist", "Task Does Not Exist: 'Provided task does not exist'")
        visit = self.executions[serial].waiting(ticket)
        if visit is None:
            raise refused(operation, "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        return visit

    def _machine(self, operation: str, arn: str) -> StateMachine:
        if not _MACHINE_ARN.fullmatch(arn):
            raise refused(operation, "InvalidArn", f"Invalid Arn: '{arn}'")
        if arn not in self._machines:
            raise refused(operation, "StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        return self._machines[arn]

    def _find(self, arn: str) -> Execution | None:
        execution = self._by_arn.get(arn)
        ended_at = None if execution is None else execution.ended_at
        return None if ended_at is not None and ended_at + KEPT_SECONDS <= self._clock.now() else execution

    def _existing(self, operation: str, arn: str) -> Execution:
        if not _EXECUTION_ARN.fullmatch(arn):
            raise refused(operation, "InvalidArn", f"Invalid Arn: '{arn}'")
        execution = self._find(arn)
        if execution is None:
            raise refused(operation, "ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return execution

    def _new_name(self) -> str:
        """Names are UUIDs if none is given; this one comes from a count, so that runs are alike."""
        return f"00000000-0000-4000-8000-{len(self.executions):012x}"


def _started(execution: Execution) -> dict[str, Any]:
    return {"executionArn": execution.arn, "startDate": _date(execution.started_at)}


def _listed(execution: Execution) -> dict[str, Any]:
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine.arn,
        "name": execution.name,
        "status": execution.status.value,
        "startDate": _date(execution.started_at),
        **({} if execution.ended_at is None else {"stopDate": _date(execution.ended_at)}),
    }


def _event(number: int, event: Event) -> dict[str, Any]:
    said: dict[str, Any] = {
        "timestamp": _date(event.at),
        "type": event.type,
        "id": number,
        "previousEventId": number - 1,
    }
    if event.type.endswith("StateEntered"):
        said["stateEnteredEventDetails"] = dict(event.details)
    elif event.type.endswith("StateExited"):
        said["stateExitedEventDetails"] = dict(event.details)
    elif event.type in _DETAILS:
        said[_DETAILS[event.type]] = _unless_none(**event.details)
    return said


def _error(operation: str, request: Mapping[str, Any]) -> tuple[str | None, str | None]:
    error, cause = request.get("error"), request.get("cause")
    _not_longer(operation, "error", error or "", MAX_ERROR)
    _not_longer(operation, "cause", cause or "", MAX_CAUSE)
    return error, cause


def _not_longer(operation: str, parameter: str, text: str, most: int) -> None:
    if len(text) > most:
        constraint = f"Member must have length less than or equal to {most}"
        message = f"1 validation error detected: Value at '{parameter}' failed to satisfy constraint: {constraint}"
        raise refused(operation, "ValidationException", message)


def _page_token(operation: str, request: Mapping[str, Any], first: int) -> int:
    text = request.get("nextToken")
    if text is None:
        return first
    if not text.isdecimal():
        raise refused(operation, "InvalidToken", f"Invalid Token: '{text}'")
    return int(text)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _unless_none(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _date(time: float) -> datetime:
    return datetime.fromtimestamp(time, UTC)


def state_change(execution: Execution) -> dict[str, Any]:
    """The `detail` of the event that EventBridge is sent about an execution; times are in milliseconds.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine.arn,
        "name": execution.name,
        "status": execution.status.value,
        "startDate": int(execution.started_at * 1000),
        "stopDate": None if execution.ended_at is None else int(execution.ended_at * 1000),
        "input": execution.input,
        "output": execution.output,
        "error": execution.error,
        "cause": execution.cause,
    }
