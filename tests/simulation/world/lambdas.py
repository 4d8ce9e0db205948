"""AWS Lambda in virtual time: the shipped handlers, unchanged, each invocation a greenlet that stops at its AWS calls.

At a call the greenlet switches to the hub (whoever runs the schedule); some milliseconds later the effect happens and
the greenlet goes on. So any two invocations interleave as they do in the cloud, and a fault may strike at each call.
Where nothing else is to happen in those milliseconds, the clock goes on and the greenlet need not stop.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import blake2b
from typing import Any, Protocol

from botocore.exceptions import ClientError

from tests.simulation.errors import UnknownCall, refused
from tests.simulation.schedule import Event, Schedule
from tests.simulation.task_visit import LambdaResult
from tests.simulation.world.faults import Faults, Kind
from tests.simulation.world.identities import Identities, uuid_of
from tests.simulation.world.invocation import Answer, Invocation, Killed
from tests.simulation.world.sandboxes import Sandboxes
from tests.simulation.world.stack import Function
from tests.simulation.world.watchers import Watchers

Done = Callable[[LambdaResult], None]

_AT_CALLS = (Kind.THROTTLED, Kind.KILLED_BEFORE, Kind.KILLED_AFTER, Kind.ANSWER_LOST, Kind.SLOW)
_AT_INVOCATIONS = (Kind.RESULT_LOST, Kind.STARTED_TWICE, Kind.REFUSED)
# Seconds; each is drawn anew for each call, invocation and repetition.
_CALL_TAKES = (0.003, 0.03)
_START_TAKES = (0.01, 0.5)
_REPEATS_AFTER = (0.1, 6.0)
"""What botocore waits for an answer that was lost, and before it repeats the call."""
_AGAIN = "/again"
_THROTTLED = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "s3": "SlowDown",
    "sns": "Throttled",
    "sqs": "RequestThrottled",
}
"""What AWS calls it, by service; `ThrottlingException` elsewhere."""
_UNKNOWN = LambdaResult(
    error="Lambda.Unknown",
    cause="The cause could not be determined because Lambda did not return an error type.",
)
_TOO_MANY = LambdaResult(error="Lambda.TooManyRequestsException", cause="Rate Exceeded.")
# What differs from one repetition to the next without meaning anything: it is left out of the names of places.
_PASSING = ("enteredTime", "retryCount", "taskToken")


class Service(Protocol):
    """A simulated service of AWS."""

    def call(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What it answers. Raises its `ClientError`; anything else ends the run."""


class Lambdas:
    """The functions of a stack.

    Args:
        functions: by logical id.
        services: where calls go, by boto3's names.
        schedule: what time it is, and what happens later.
        faults: what goes wrong.
        watchers: who is told.
    """

    def __init__(
        self,
        functions: Mapping[str, Function],
        services: Mapping[str, Service],
        schedule: Schedule,
        faults: Faults,
        watchers: Watchers,
        sandboxes: Sandboxes,
        identities: Identities,
    ) -> None:
        self.functions = functions
        self.point = ""
        """The place of the call that is having its effect; empty at any other time."""
        self.caller: Invocation | None = None
        """Whose call that is."""
        self._by_arn = {function.arn: function for function in functions.values()}
        self._services, self._schedule, self._faults, self._watchers = services, schedule, faults, watchers
        self._sandboxes, self._identities = sandboxes, identities
        self._times: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._running: dict[Invocation, None] = {}
        self._timeouts: dict[Invocation, Event] = {}

    def invoke(self, function: str, payload: Any, done: Done, place: str | None = None) -> None:
        """Invokes a function, by logical id or ARN, with a payload that is the function's to keep; calls back once.

        `place` names the occasion in the keys of faults, and no other; without it the payload does, and how often it
        came.
        """
        called = self.function(function)
        if place is None:
            place = _digest(payload)
            self._times[called.name, place] += 1
            place = f"{place}/{self._times[called.name, place]}"
        name = f"{called.name}/{place}"
        strike = self._faults.strikes(f"{name}/invoke", _AT_INVOCATIONS, called.name)
        kind = None if strike is None else strike.kind
        if kind is Kind.REFUSED:
            self._tell(done, _TOO_MANY, name)
            return
        if kind is Kind.RESULT_LOST:
            self._tell(done, _UNKNOWN, name)
            done = _nobody
        elif kind is Kind.STARTED_TWICE:
            done = _first(done)
            self._begin(called, json.loads(json.dumps(payload)), f"{name}/again", done)
        self._begin(called, payload, name, done)

    def function(self, name: str) -> Function:
        """The function of a logical id or an ARN."""
        return self._by_arn.get(name) or self.functions[name]

    def close(self) -> None:
        """Kills what still runs. Nobody is told any more."""
        for invocation in self._running:
            if invocation:  # it has begun
                invocation.killed_as = _UNKNOWN
                invocation.throw(Killed())
        self._running.clear()

    # ---- from the beginning to the end ----------------------------------------------------------------------------

    def _tell(self, done: Done, result: LambdaResult, name: str) -> None:
        self._later(f"{name}/told", _START_TAKES, partial(done, result))

    def _later(self, point: str, span: tuple[float, float], callback: Callable[[], None]) -> Event:
        seconds = span[0] + (span[1] - span[0]) * self._faults.chance(point)
        return self._schedule.at(self._schedule.now() + seconds, callback)

    def _begin(self, function: Function, payload: Any, name: str, done: Done) -> None:
        self._later(f"{name}/start", _START_TAKES, partial(self._start, function, payload, name, done))

    def _start(self, function: Function, payload: Any, name: str, done: Done) -> None:
        now = self._schedule.now
        invocation = Invocation(function, payload, name, now, done, self._call, self._sleep)
        self._running[invocation] = None
        self._timeouts[invocation] = self._schedule.at(invocation.deadline, partial(self._time_out, invocation))
        for watcher in self._watchers.invoked:
            watcher(invocation)
        invocation.sandbox = self._sandboxes.take(function)
        self._go_on(invocation, invocation.switch)

    def _go_on(self, invocation: Invocation, step: Callable[..., Any], *given: Any) -> None:
        """Lets it run to its next call or to its end."""
        if invocation.is_request:
            self._sandboxes.enter(invocation)
        step(*given)
        if invocation.is_request:
            self._sandboxes.leave(invocation)
        if invocation.lines:
            self._tell_lines(invocation)
        if invocation.dead:
            self._end(invocation)

    def _tell_lines(self, invocation: Invocation) -> None:
        lines, invocation.lines = invocation.lines, []
        for line in lines:
            for watcher in self._watchers.logged:
                watcher(invocation.function.name, line)

    def _end(self, invocation: Invocation) -> None:
        del self._running[invocation]
        self._timeouts.pop(invocation).cancel()
        if invocation.killed_as is None:
            self._sandboxes.give_back(invocation)
        result = invocation.killed_as or invocation.result
        for watcher in self._watchers.returned:
            watcher(invocation, result)
        invocation.done(result)

    def _kill(self, invocation: Invocation, result: LambdaResult) -> None:
        if invocation.pending is not None:
            invocation.pending.cancel()
            invocation.pending = None
        invocation.killed_as = result
        self._go_on(invocation, invocation.throw, Killed())

    def _time_out(self, invocation: Invocation) -> None:
        seconds = f"{invocation.function.timeout:.2f}"
        message = f"RequestId: {invocation.context.aws_request_id} Error: Task timed out after {seconds} seconds"
        cause = json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": message})
        self._kill(invocation, LambdaResult(error="Sandbox.Timedout", cause=cause))

    # ---- AWS calls ------------------------------------------------------------------------------------------------

    def _sleep(self, invocation: Invocation, seconds: float) -> None:
        then = self._schedule.now() + seconds
        invocation.pending = self._schedule.at(then, partial(self._go_on, invocation, invocation.switch))

    def _call(self, invocation: Invocation, service: str, operation: str, params: Mapping[str, Any]) -> Answer | None:
        """An invocation calls AWS; runs in its greenlet. Returns the answer if nothing else happens meanwhile; if not,
        the invocation is to wait.
        """
        what = f"{service}.{operation}"
        point = f"{invocation.place}/{what}/{invocation.count(what)}"
        kind, part = self._faults.drawn(point, _AT_CALLS, f"{invocation.function.name} {what}")
        if kind is Kind.SLOW:
            seconds = self._faults.between(f"{point}/slow", 1.0, self._faults.rates.longest_call)
        else:
            seconds = _CALL_TAKES[0] + (_CALL_TAKES[1] - _CALL_TAKES[0]) * part
        if operation in _SETTLED:
            params = _SETTLED[operation](params, point)
        then = self._schedule.now() + seconds
        if kind is None and not invocation.is_request and self._schedule.skip_to(then):
            return self._at_once(invocation, service, operation, params, point)
        effect = partial(self._happen, invocation, service, operation, params, point, kind)
        invocation.pending = self._schedule.at(then, effect)
        return None

    def _at_once(
        self, invocation: Invocation, service: str, operation: str, params: Mapping[str, Any], point: str
    ) -> Answer:
        """As `_happen` without a fault, for an invocation that has not stopped."""
        try:
            if invocation.lines:
                self._tell_lines(invocation)
            answer = self._answer(invocation, service, operation, params, point)
            self._tell_answered(invocation, service, operation, params, _outcome(answer))
        except BaseException as error:
            invocation.end_the_run(error)
        return Answer(answer)

    def _happen(
        self,
        invocation: Invocation,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        point: str,
        kind: Kind | None,
    ) -> None:
        """The effect of a call, what the invocation gets, and how it goes on; `kind` is the fault that struck there."""
        answer: Any = None
        if kind is Kind.THROTTLED:
            answer = refused(operation, _THROTTLED.get(service, "ThrottlingException"), "Rate exceeded")
        elif kind is not Kind.KILLED_BEFORE:
            answer = self._answer(invocation, service, operation, params, point)
        if kind is Kind.ANSWER_LOST:
            again = partial(self._happen, invocation, service, operation, params, point + _AGAIN, None)
            invocation.pending = self._later(f"{point}/repeats", _REPEATS_AFTER, again)
            return
        outcome = "killed" if kind is Kind.KILLED_BEFORE or kind is Kind.KILLED_AFTER else _outcome(answer)
        self._tell_answered(invocation, service, operation, params, outcome)
        invocation.pending = None
        if outcome == "ok":
            self._go_on(invocation, invocation.switch, answer)
        elif outcome == "killed":
            self._kill(invocation, _UNKNOWN)
        else:
            self._go_on(invocation, invocation.throw, answer)

    def _tell_answered(
        self, invocation: Invocation, service: str, operation: str, params: Mapping[str, Any], outcome: str
    ) -> None:
        for watcher in self._watchers.answered:
            watcher(invocation, service, operation, params, outcome)

    def _answer(
        self, invocation: Invocation, service: str, operation: str, params: Mapping[str, Any], point: str
    ) -> Any:
        """What the service answers, or the error that it raises. Only AWS's errors are the application's to see."""
        if service not in self._services:
            raise UnknownCall(f"{service} {operation}")
        self.point, self.caller = point, invocation
        answer: Any
        before = self._identities.enter(point)
        try:
            answer = self._services[service].call(operation, params)
        except ClientError as refusal:
            answer = refusal
        finally:
            self._identities.leave(before)
            self.point, self.caller = "", None
        for watcher in self._watchers.called:
            watcher(invocation, service, operation, params)
        return answer


def _outcome(answer: Any) -> str:
    return str(answer.response["Error"]["Code"]) if isinstance(answer, ClientError) else "ok"


def _with_token(params: Mapping[str, Any], point: str) -> Mapping[str, Any]:
    """Botocore gives a transaction a token, so that repeating the call changes nothing."""
    return params if "ClientRequestToken" in params else {**params, "ClientRequestToken": uuid_of(point)}


def _in_order(params: Mapping[str, Any], _point: str) -> Mapping[str, Any]:
    """Pynamodb asks for a batch of items in the order of a set."""
    asked = params["RequestItems"].items()
    return {
        **params,
        "RequestItems": {name: {**each, "Keys": sorted(each["Keys"], key=repr)} for name, each in asked},
    }


_SETTLED = {"TransactWriteItems": _with_token, "BatchGetItem": _in_order}
"""Where libraries leave something to chance: what makes the same parameters of them each time."""


def _digest(payload: Any) -> str:
    if isinstance(payload, dict):
        payload = {name: value for name, value in payload.items() if name not in _PASSING}
    return blake2b(json.dumps(payload, sort_keys=True).encode(), digest_size=8).hexdigest()


def _nobody(_result: LambdaResult) -> None:
    """Nobody waits for it."""


def _first(done: Done) -> Done:
    """Calls back with whatever result comes first."""
    waiting = [done]

    def tell(result: LambdaResult) -> None:
        if waiting:
            waiting.pop()(result)

    return tell
