"""A state machine's definition, compiled: Standard, JSONPath, with Lambda functions for tasks.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
Whatever a definition says that is not understood here is refused, so that nothing is simulated which would not be so.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation import asl
from tests.simulation.asl import RUNTIME, Failure, Path, Template
from tests.simulation.errors import UnknownCall
from tests.simulation.states import ALL, AnyState, Catcher, Choice, Fail, Pass, Retrier, State, Succeed, Task, Wait

LONGEST_WAIT = 99_999_999
"""Seconds that a Wait or a time-out can have: https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html"""

_TASK = re.compile(r"arn:[^:]+:states:::lambda:invoke(\.waitForTaskToken)?")
_LIMITS = {"TimeoutSeconds", "TimeoutSecondsPath"}
_PATHS = {"Comment", "InputPath", "OutputPath"}
_ONWARD = {"Next", "End"}
_FIELDS: Mapping[str, Collection[str]] = {
    "Task": _PATHS | _ONWARD | _LIMITS | {"Resource", "Parameters", "ResultSelector", "ResultPath", "Retry", "Catch"},
    "Choice": _PATHS | {"Choices", "Default"},
    "Wait": _PATHS | _ONWARD | {"Seconds", "SecondsPath"},
    "Pass": _PATHS | _ONWARD | {"Result", "Parameters", "ResultPath"},
    "Succeed": _PATHS,
    "Fail": {"Comment", "Error", "ErrorPath", "Cause", "CausePath"},
}
_RETRY = {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy"}
_CATCH = {"ErrorEquals", "ResultPath", "Next", "Comment"}


@dataclass(frozen=True, slots=True)
class StateMachine:
    """A definition that can be run."""

    arn: str
    start_at: str
    states: Mapping[str, AnyState]

    @classmethod
    def of(cls, arn: str, definition: Mapping[str, Any]) -> "StateMachine":
        """Compiles a definition. Raises `UnknownCall` for whatever is not understood or not there."""
        _only(definition, {"Comment", "StartAt", "States"}, "the state machine")
        states = {name: _state(name, fields) for name, fields in definition["States"].items()}
        for state in states.values():
            for name in _following(state):
                if name not in states:
                    raise UnknownCall(f"{state.name} leads to {name!r}")
        if definition["StartAt"] not in states:
            raise UnknownCall(f"StartAt {definition['StartAt']!r}")
        return cls(arn, definition["StartAt"], states)


def _state(name: str, fields: Mapping[str, Any]) -> AnyState:
    kind = fields["Type"]
    if kind not in _FIELDS:
        raise UnknownCall(f"{name}: Type {kind!r}")
    _only(fields, {"Type", *_FIELDS[kind]}, name)
    return _COMPILERS[kind](name, fields)


def _task(name: str, fields: Mapping[str, Any]) -> Task:
    resource = _TASK.fullmatch(fields["Resource"])
    if resource is None:
        raise UnknownCall(f"{name}: Resource {fields['Resource']!r}")
    parameters = fields["Parameters"]
    if set(parameters) != {"FunctionName", "Payload"}:
        raise UnknownCall(f"{name}: Parameters {sorted(parameters)}")
    selector = fields.get("ResultSelector")
    return Task(
        name=name,
        kind="Task",
        input=_part(fields, "InputPath"),
        output=_part(fields, "OutputPath"),
        next=_next(name, fields),
        token=resource[1] is not None,
        parameters=asl.template(parameters),
        selector=None if selector is None else asl.template(selector),
        place=_place(fields),
        timeout=_seconds(name, fields, "TimeoutSeconds", least=1) if _LIMITS & set(fields) else None,
        retry=tuple(_retrier(name, retry) for retry in fields.get("Retry", ())),
        catch=tuple(_catcher(name, catch) for catch in fields.get("Catch", ())),
    )


def _choice(name: str, fields: Mapping[str, Any]) -> Choice:
    choices = tuple(
        (asl.rule({key: part for key, part in choice.items() if key not in {"Next", "Comment"}}), choice["Next"])
        for choice in fields["Choices"]
    )
    paths = {"input": _part(fields, "InputPath"), "output": _part(fields, "OutputPath")}
    return Choice(name=name, kind="Choice", **paths, next=fields.get("Default"), choices=choices)


def _wait(name: str, fields: Mapping[str, Any]) -> Wait:
    paths = {"input": _part(fields, "InputPath"), "output": _part(fields, "OutputPath")}
    seconds = _seconds(name, fields, "Seconds", least=0)
    return Wait(name=name, kind="Wait", **paths, next=_next(name, fields), seconds=seconds)


def _pass(name: str, fields: Mapping[str, Any]) -> Pass:
    if {"Result", "Parameters"} <= set(fields):
        raise UnknownCall(f"{name}: Result and Parameters")
    result = None
    if "Parameters" in fields:
        result = asl.template(fields["Parameters"])
    elif "Result" in fields:
        result = _fixed(fields["Result"])
    paths = {"input": _part(fields, "InputPath"), "output": _part(fields, "OutputPath")}
    return Pass(name=name, kind="Pass", **paths, next=_next(name, fields), result=result, place=_place(fields))


def _succeed(name: str, fields: Mapping[str, Any]) -> Succeed:
    paths = {"input": _part(fields, "InputPath"), "output": _part(fields, "OutputPath")}
    return Succeed(name=name, kind="Succeed", **paths, next=None)


def _fail(name: str, fields: Mapping[str, Any]) -> Fail:
    return Fail(
        name=name,
        kind="Fail",
        input=None,
        output=None,
        next=None,
        error=_text(name, fields, "Error"),
        cause=_text(name, fields, "Cause"),
    )


_COMPILERS: Mapping[str, Callable[[str, Mapping[str, Any]], AnyState]] = {
    "Task": _task,
    "Choice": _choice,
    "Wait": _wait,
    "Pass": _pass,
    "Succeed": _succeed,
    "Fail": _fail,
}


def _only(fields: Mapping[str, Any], known: Collection[str], where: str) -> None:
    if unknown := [field for field in fields if field not in known]:
        raise UnknownCall(f"{where}: {', '.join(unknown)}")


def _following(state: State) -> list[str]:
    following = [] if state.next is None else [state.next]
    if isinstance(state, Choice):
        following += [name for _, name in state.choices]
    if isinstance(state, Task):
        following += [catch.next for catch in state.catch]
    return following


def _next(name: str, fields: Mapping[str, Any]) -> str | None:
    if ("Next" in fields) == (fields.get("End") is True):
        raise UnknownCall(f"{name}: one of Next and End")
    following: str | None = fields.get("Next")
    return following


def _part(fields: Mapping[str, Any], field: str) -> Path | None:
    """The part of the data that a state is given or gives on; None is all of it, and null in the definition is {}."""
    text = fields.get(field, "$")
    if text is None:
        return _fixed({}).make
    return None if text == "$" else asl.path(text)


def _place(fields: Mapping[str, Any]) -> tuple[str, ...] | None:
    text = fields.get("ResultPath", "$")
    return None if text is None else asl.keys(text)


def _fixed(value: Any) -> Template:
    """A Result is given as it stands; `.$` in it means nothing."""
    constant = asl.copied(value)
    return Template(lambda _data, _context: constant, 6 * len(str(value)) + 2, 0, 0)


def _seconds(name: str, fields: Mapping[str, Any], field: str, least: int) -> Path:
    """A number of whole seconds, in the definition or in the input, where a wrong one is a States.Runtime."""
    if (field in fields) == (f"{field}Path" in fields):
        raise UnknownCall(f"{name}: one of {field} and {field}Path")
    if field in fields:
        if not _are_seconds(fields[field], least):
            raise UnknownCall(f"{name}: {field} {fields[field]!r}")
        return _fixed(fields[field]).make
    text = fields[f"{field}Path"]
    follow = asl.path(text)

    def seconds(data: Any, context: asl.Context) -> int:
        value = follow(data, context)
        if not _are_seconds(value, least):
            raise Failure(RUNTIME, f"The {field}Path parameter {text} is no number of seconds: {value!r}")
        return int(value)

    return seconds


def _are_seconds(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= LONGEST_WAIT


def _text(name: str, fields: Mapping[str, Any], field: str) -> Path:
    if field in fields and f"{field}Path" in fields:
        raise UnknownCall(f"{name}: {field} and {field}Path")
    if f"{field}Path" not in fields:
        return _fixed(fields.get(field)).make
    place = fields[f"{field}Path"]
    follow = asl.path(place)

    def text(data: Any, context: asl.Context) -> str:
        value = follow(data, context)
        if not isinstance(value, str):
            raise Failure(RUNTIME, f"The {field}Path parameter {place} is no string: {value!r}")
        return value

    return text


def _retrier(name: str, fields: Mapping[str, Any]) -> Retrier:
    _only(fields, _RETRY, f"{name}: Retry")
    jitter = fields.get("JitterStrategy", "NONE")
    if jitter not in {"FULL", "NONE"}:
        raise UnknownCall(f"{name}: JitterStrategy {jitter!r}")
    return Retrier(
        _errors(name, fields),
        fields.get("IntervalSeconds", 1),
        fields.get("MaxAttempts", 3),
        fields.get("BackoffRate", 2.0),
        fields.get("MaxDelaySeconds", LONGEST_WAIT),
        jitter == "FULL",
    )


def _catcher(name: str, fields: Mapping[str, Any]) -> Catcher:
    _only(fields, _CATCH, f"{name}: Catch")
    return Catcher(_errors(name, fields), _place(fields), fields["Next"])


def _errors(name: str, fields: Mapping[str, Any]) -> frozenset[str]:
    errors = frozenset(fields["ErrorEquals"])
    if not errors or (ALL in errors and len(errors) > 1):
        raise UnknownCall(f"{name}: ErrorEquals {fields['ErrorEquals']}")
    return errors
