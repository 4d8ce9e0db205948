"""Amazon EventBridge and Lambda's schedules in virtual time: the rules of the template, and what they invoke.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html and
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from tests.simulation.errors import UnknownCall, know
from tests.simulation.schedule import Schedule
from tests.simulation.task_visit import LambdaResult
from tests.simulation.world.deliveries import Deliveries
from tests.simulation.world.identities import Identities
from tests.simulation.world.lambdas import Lambdas
from tests.simulation.world.stack import ACCOUNT, REGION, Function, Stack

_RETRY_AFTER = (60.0, 120.0)
"""Seconds before the first and the second repetition of an asynchronous invocation."""
_REFUSED_AFTER = 60.0
"""Seconds before one that Lambda had no room for is tried again, which does not count as a repetition."""
_UNITS = {"minute": 60, "hour": 3_600, "day": 86_400}
_RULE = {"Name", "Description", "EventPattern", "State", "Targets", "EventBusName"}


class Events:
    """The default event bus, the rules of the template, and the schedules of its functions.

    Args:
        watch: is told detail type, source and detail of what functions put on the bus.
        expressions: schedules that differ from the template's, by function.
        leaves_out: whether a run of a function that is due now is left out.
    """

    def __init__(
        self,
        stack: Stack,
        schedule: Schedule,
        lambdas: Lambdas,
        deliveries: Deliveries,
        identities: Identities,
        watch: Callable[[str, str, Mapping[str, Any]], None],
        expressions: Mapping[str, str],
        leaves_out: Callable[[str, float], bool] | None,
    ) -> None:
        self._watch, self._leaves_out = watch, leaves_out
        self._expressions = expressions
        self._schedule, self._lambdas, self._deliveries, self._identities = schedule, lambdas, deliveries, identities
        self._announced: dict[str, int] = {}
        self._rules: list[tuple[Mapping[str, Any], str]] = []
        for name, rule in stack.of_type("AWS::Events::Rule").items():
            if unknown := sorted(rule.keys() - _RULE):
                raise UnknownCall(f"{name}: a rule with {unknown}")
            if rule.get("State", "ENABLED") == "ENABLED":
                self._rules += [(rule["EventPattern"], _target(name, each)) for each in rule["Targets"]]
        for function in lambdas.functions.values():
            for event in function.events.values():
                self._take(function, event["Type"], event.get("Properties", {}))

    def announce(self, detail_type: str, source: str, resources: Sequence[str], detail: Mapping[str, Any]) -> str:
        """Something happened: every rule that matches hands it on, once, twice or never. Returns its id."""
        whose = "/".join(resources) or detail.get("taskId")
        what = f"{source}/{detail_type}/{whose}/{detail.get('status')}"
        self._announced[what] = number = self._announced.get(what, 0) + 1
        event = self._event(f"{what}/{number}", detail_type, source, resources, detail)
        for pattern, target in self._rules:
            if matches(pattern, event):
                if ":sqs:" in target:
                    self._deliveries.send(target, json.dumps(event), event["id"])
                else:
                    self._invoke(target, event, event["id"])
        return str(event["id"])

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """PutEvents, as botocore gives it to the default bus, without the answer's ResponseMetadata.

        Raises:
            UnknownCall: for what is not built.
        """
        if operation != "PutEvents":
            raise UnknownCall(f"events {operation}")
        know(operation, request, frozenset({"Entries"}))
        given = []
        for entry in request["Entries"]:
            know(operation, entry, frozenset({"Source", "DetailType", "Detail"}))
            detail = json.loads(entry["Detail"])
            self._watch(entry["DetailType"], entry["Source"], detail)
            given.append({"EventId": self.announce(entry["DetailType"], entry["Source"], (), detail)})
        return {"FailedEntryCount": 0, "Entries": given}

    def _event(
        self, what: str, detail_type: str, source: str, resources: Sequence[str], detail: Mapping[str, Any]
    ) -> dict[str, Any]:
        with self._identities.at(what):
            event_id = self._identities.new()
        return {
            "version": "0",
            "id": event_id,
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": datetime.fromtimestamp(self._schedule.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": list(resources),
            "detail": dict(detail),
        }

    # ---- functions ------------------------------------------------------------------------------------------------

    def _take(self, function: Function, kind: str, properties: Mapping[str, Any]) -> None:
        """One of the events that invoke a function, as SAM has them."""
        if kind == "EventBridgeRule":
            self._rules.append((properties["Pattern"], function.arn))
        elif kind in ("Schedule", "ScheduleV2"):
            is_on = properties.get("State", "ENABLED") == "ENABLED" and properties.get("Enabled", True)
            if is_on:
                given = properties["Schedule" if kind == "Schedule" else "ScheduleExpression"]
                self._await(function, self._expressions.get(function.name, given), properties.get("Input"))
        elif kind not in ("SQS", "HttpApi"):
            raise UnknownCall(f"{function.name}: an event of type {kind}")

    def _await(self, function: Function, expression: str, given: str | None) -> None:
        at = following(expression, self._schedule.now())
        self._schedule.at(at, partial(self._run, function, expression, given))

    def _run(self, function: Function, expression: str, given: str | None) -> None:
        self._await(function, expression, given)
        if self._leaves_out is not None and self._leaves_out(function.name, self._schedule.now()):
            return
        place = f"{expression}/{self._schedule.now():.0f}"
        if given is None:
            event = self._event(f"{function.name}/{place}", "Scheduled Event", "aws.events", (), {})
        else:
            event = json.loads(given)
        self._invoke(function.arn, event, place)

    def _invoke(self, function: str, event: Any, place: str, tried: int = 0, failed: int = 0) -> None:
        """Invokes a function asynchronously: what fails is repeated, and then dropped."""
        done = partial(self._again, function, event, place, tried + 1, failed)
        self._lambdas.invoke(function, json.loads(json.dumps(event)), done, f"{place}/{tried + 1}")

    def _again(self, function: str, event: Any, place: str, tried: int, failed: int, result: LambdaResult) -> None:
        if result.error is None:
            return
        if result.error == "Lambda.TooManyRequestsException":
            after = _REFUSED_AFTER
        elif failed < self._lambdas.function(function).retries:
            after, failed = _RETRY_AFTER[failed], failed + 1
        else:
            return
        again = partial(self._invoke, function, event, place, tried, failed)
        self._schedule.at(self._schedule.now() + after, again)


def _target(rule: str, target: Mapping[str, Any]) -> str:
    if unknown := sorted(target.keys() - {"Id", "Arn"}):
        raise UnknownCall(f"{rule}: a target with {unknown}")
    return str(target["Arn"])


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether an event is what a pattern asks for."""
    if not isinstance(event, dict):
        return False
    for name, wanted in pattern.items():
        value = event.get(name)
        if isinstance(wanted, dict):
            if not matches(wanted, value):
                return False
        else:
            values = value if isinstance(value, list) else [value]
            if not any(_allows(one, each, is_there=name in event) for one in wanted for each in values):
                return False
    return True


def _allows(wanted: Any, value: Any, *, is_there: bool) -> bool:
    if not isinstance(wanted, dict):
        return is_there and value == wanted
    [(operator, operand)] = wanted.items()
    if operator == "exists":
        return is_there is operand
    if operator == "prefix":
        return isinstance(value, str) and value.startswith(operand)
    if operator == "suffix":
        return isinstance(value, str) and value.endswith(operand)
    if operator == "anything-but" and not isinstance(operand, dict):
        return is_there and value not in (operand if isinstance(operand, list) else [operand])
    raise UnknownCall(f"EventBridge's {wanted}")


def following(expression: str, now: float) -> float:
    """When a `rate(…)` or a `cron(…)` of minutes and hours is due next. Rates count from the epoch.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        every = int(rate[1]) * _UNITS[rate[2]]
        return (now // every + 1) * every
    cron = re.fullmatch(r"cron\((\S+) (\S+) (?:\*|\?) \* (?:\*|\?) \*\)", expression)
    if cron is None:
        raise UnknownCall(f"the schedule {expression}")
    minutes, hours = _field(cron[1], 60), _field(cron[2], 24)
    at = datetime.fromtimestamp(now, UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    while at.hour not in hours:
        at = at.replace(minute=0) + timedelta(hours=1)
    while at.minute not in minutes or at.hour not in hours:
        at += timedelta(minutes=1)
    return at.timestamp()


def _field(text: str, end: int) -> Sequence[int]:
    if text == "*":
        return range(end)
    if step := re.fullmatch(r"(\*|\d+)/(\d+)", text):
        return range(0 if step[1] == "*" else int(step[1]), end, int(step[2]))
    return [int(each) for each in text.split(",")]


type Announce = Callable[[str, str, Sequence[str], Mapping[str, Any]], object]
"""`Events.announce`: detail type, source, resources, detail."""
