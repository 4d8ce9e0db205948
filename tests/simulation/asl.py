"""The Amazon States Language's paths, payload templates and choice rules, as functions.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
What is compiled here is called with a state's input and with the context object. Data are never changed in place, so
one tree may be shared by many states; what a template gives is always a copy.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation.errors import UnknownCall

RUNTIME = "States.Runtime"
"""Ends an execution whatever its Retry and Catch say:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""
RESULT_PATH_MATCH_FAILURE = "States.ResultPathMatchFailure"

CONTEXT = frozenset(
    {
        "Execution.Id",
        "Execution.Input",
        "Execution.Name",
        "Execution.StartTime",
        "State.EnteredTime",
        "State.Name",
        "State.RetryCount",
        "Task.Token",
    }
)
"""What of the context object can be asked for: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html"""

type Context = Callable[[str], Any]
type Path = Callable[[Any, Context], Any]
type Rule = Callable[[Any, Context], bool]

_PATH = re.compile(r"\$((?:\.\w+)*)")


class Failure(Exception):
    """A state failed with an error that has a name."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error, cause)
        self.error, self.cause = error, cause


class Missing(Failure):
    """A path leads nowhere.

    AWS documents a States.ParameterPathFailure for this; what executions show is States.Runtime, which nothing
    catches, so that is what a state machine has to live with.
    """

    def __init__(self, path: str) -> None:
        super().__init__(RUNTIME, f"The JSONPath '{path}' could not be found in the input")


def copied(value: Any) -> Any:
    """A copy of a JSON value that shares nothing with it."""
    if isinstance(value, dict):
        return {key: copied(part) for key, part in value.items()}
    if isinstance(value, list):
        return [copied(part) for part in value]
    return value


def keys(text: str) -> tuple[str, ...]:
    """The names in a reference path such as `$.error.Cause`. Raises `UnknownCall` for any other kind of path."""
    found = _PATH.fullmatch(text)
    if found is None:
        raise UnknownCall(f"path {text!r}")
    return tuple(found[1].split(".")[1:])


def path(text: str) -> Path:
    """A path into the input (`$.…`) or the context object (`$$.…`). Called, it raises `Missing` if nothing is there."""
    if text.startswith("$$."):
        name = text.removeprefix("$$.")
        if name not in CONTEXT:
            raise UnknownCall(f"path {text!r}")
        return lambda _data, context: context(name)
    names = keys(text)

    def follow(data: Any, _context: Context) -> Any:
        for name in names:
            if not isinstance(data, dict) or name not in data:
                raise Missing(text)
            data = data[name]
        return data

    return follow


def placed(data: Any, names: tuple[str, ...], value: Any) -> Any:
    """The data with `value` at the path. Raises `Failure` if something stands on the way that has no names."""
    if not names:
        return value
    if not isinstance(data, dict):
        raise Failure(RESULT_PATH_MATCH_FAILURE, f"Unable to apply ResultPath at {names[0]!r} to the input")
    first, *rest = names
    return {**data, first: placed(data.get(first, {}), tuple(rest), value) if rest else value}


@dataclass(frozen=True, slots=True)
class Template:
    """A payload template. It gives at most `own` bytes, and the input or a part of the context once for each path."""

    make: Path
    own: int
    of_input: int
    of_context: int


def template(value: Any) -> Template:
    """Compiles Parameters or a ResultSelector. Raises `UnknownCall` for intrinsic functions."""
    if isinstance(value, dict):
        return _object(value)
    if isinstance(value, list):
        parts = [template(part) for part in value]
        makes = [part.make for part in parts]
        return _together(lambda data, context: [make(data, context) for make in makes], 2 + len(parts), parts)
    constant = copied(value)
    return Template(lambda _data, _context: constant, 6 * len(str(value)) + 2, 0, 0)


def _object(value: Mapping[str, Any]) -> Template:
    parts = {name.removesuffix(".$"): _chosen(name, part) for name, part in value.items()}
    makes = [(name, part.make) for name, part in parts.items()]
    own = 2 + sum(6 * len(name) + 4 for name in parts)
    return _together(
        lambda data, context: {name: make(data, context) for name, make in makes}, own, list(parts.values())
    )


def _chosen(name: str, part: Any) -> Template:
    if not name.endswith(".$"):
        return template(part)
    if not isinstance(part, str):
        raise UnknownCall(f"{name!r}: {part!r}")
    follow, of_context = path(part), part.startswith("$$.")
    return Template(lambda data, context: copied(follow(data, context)), 0, not of_context, of_context)


def _together(make: Path, own: int, parts: list[Template]) -> Template:
    return Template(
        make,
        own + sum(part.own for part in parts),
        sum(part.of_input for part in parts),
        sum(part.of_context for part in parts),
    )


_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool)


_COMPARISONS: Mapping[str, tuple[Callable[[Any], bool], Callable[[Any, Any], bool]]] = {
    "BooleanEquals": (_is_truth, operator.eq),
    **{f"Numeric{name}": (_is_number, compare) for name, compare in _ORDER.items()},
    **{f"String{name}": (_is_text, compare) for name, compare in _ORDER.items()},
}
_TESTS: Mapping[str, Callable[[Any], bool]] = {
    "IsBoolean": _is_truth,
    "IsNull": lambda value: value is None,
    "IsNumeric": _is_number,
    "IsString": _is_text,
}


def rule(choice: Mapping[str, Any]) -> Rule:
    """Compiles a choice rule without its Next. Raises `UnknownCall` for a comparison that there is not.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """
    match choice:
        case {"And": list(rules), **rest} if not rest:
            every = [rule(part) for part in rules]
            return lambda data, context: all(part(data, context) for part in every)
        case {"Or": list(rules), **rest} if not rest:
            some = [rule(part) for part in rules]
            return lambda data, context: any(part(data, context) for part in some)
        case {"Not": dict(opposite), **rest} if not rest:
            inner = rule(opposite)
            return lambda data, context: not inner(data, context)
        case {"Variable": str(variable), **rest} if len(rest) == 1:
            ((comparison, wanted),) = rest.items()
            return _comparison(variable, comparison, wanted)
    raise UnknownCall(f"choice rule {choice!r}")


def _comparison(variable: str, comparison: str, wanted: Any) -> Rule:
    follow = path(variable)
    if comparison == "IsPresent" and isinstance(wanted, bool):
        return lambda data, context: _present(follow, data, context) is wanted
    if comparison in _TESTS and isinstance(wanted, bool):
        test = _TESTS[comparison]
        return lambda data, context: test(follow(data, context)) is wanted
    if comparison not in _COMPARISONS or not _COMPARISONS[comparison][0](wanted):
        raise UnknownCall(f"{comparison}: {wanted!r}")
    fits, compare = _COMPARISONS[comparison]

    def holds(data: Any, context: Context) -> bool:
        value = follow(data, context)
        return fits(value) and compare(value, wanted)

    return holds


def _present(follow: Path, data: Any, context: Context) -> bool:
    try:
        follow(data, context)
    except Missing:
        return False
    return True
