"""Conditions of DynamoDB, made into functions of an item.

Each takes the item, the request's names and its values, so that one function serves every request with the same text.
What is compared with an attribute of another type, or with none, is false and no error.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulation.attribute_values import Invalid, Value, is_ordered, order, size
from tests.simulation.document_paths import Names, find, resolved
from tests.simulation.expressions import Call, Comparison, Condition, Joined, Not, Operand, Path, Placeholder

Values = Mapping[str, Value]
Test = Callable[[Mapping[str, Value], Names, Values], bool]
Term = Callable[[Mapping[str, Value], Names, Values], Value | None]

_ORDERED = ("S", "N", "B")
_TYPED = {"begins_with": ("S", "B"), "attribute_type": ("S",)}
_ELEMENT_OF = {"S": "SS", "N": "NS", "B": "BS"}


def term(operand: Operand) -> Term:
    """The function that gives the operand's value; None where the item has none."""
    if isinstance(operand, Placeholder):
        name = operand.name
        return lambda _item, _names, values: values[name]
    if isinstance(operand, Path):
        path = operand
        if len(path.parts) == 1:
            attribute = str(path.parts[0])
            return lambda item, names, _values: item.get(names.get(attribute, attribute))
        return lambda item, names, _values: find(item, resolved(path, names))
    if isinstance(operand, Call) and operand.function == "size":
        inner = term(operand.operands[0])
        return lambda item, names, values: _size_of(inner(item, names, values))
    raise AssertionError(operand)


def _size_of(value: Value | None) -> Value | None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html"""
    if value is None or value[0] in ("N", "BOOL", "NULL"):
        return None
    return ("N", str(size(value) if value[0] in ("S", "B") else len(value[1])))


def test(condition: Condition) -> Test:
    """The function that tells whether an item meets the condition."""
    if isinstance(condition, Joined):
        left, right = test(condition.left), test(condition.right)
        if condition.operator == "AND":
            return lambda item, names, values: left(item, names, values) and right(item, names, values)
        return lambda item, names, values: left(item, names, values) or right(item, names, values)
    if isinstance(condition, Not):
        inner = test(condition.condition)
        return lambda item, names, values: not inner(item, names, values)
    if isinstance(condition, Call):
        return _call(condition)
    return _comparison(condition)


def _comparison(comparison: Comparison) -> Test:
    left, rights = term(comparison.left), tuple(term(each) for each in comparison.right)
    if comparison.operator == "<>":
        right = rights[0]
        return lambda item, names, values: left(item, names, values) != right(item, names, values)
    if comparison.operator in ("=", "IN"):
        return _among(left, rights)
    return _ordered(left, rights, _BOUNDS[comparison.operator])


def _among(left: Term, rights: tuple[Term, ...]) -> Test:
    def among(item: Mapping[str, Value], names: Names, values: Values) -> bool:
        value = left(item, names, values)
        if value is None:
            return False
        for right in rights:  # noqa: SIM110 # any() takes twice as long
            if value == right(item, names, values):
                return True
        return False

    return among


def _ordered(left: Term, rights: tuple[Term, ...], bounds: tuple[Callable[[Any, Any], bool], ...]) -> Test:
    def ordered(item: Mapping[str, Value], names: Names, values: Values) -> bool:
        value = left(item, names, values)
        if value is None or not is_ordered(value):
            return False
        for holds, right in zip(bounds, rights, strict=True):
            other = right(item, names, values)
            if other is None or other[0] != value[0] or not holds(order(value), order(other)):
                return False
        return True

    return ordered


_BOUNDS: dict[str, tuple[Callable[[Any, Any], bool], ...]] = {
    "<": (lambda left, right: left < right,),
    "<=": (lambda left, right: left <= right,),
    ">": (lambda left, right: left > right,),
    ">=": (lambda left, right: left >= right,),
    "BETWEEN": (lambda left, right: left >= right, lambda left, right: left <= right),
}


def _call(call: Call) -> Test:
    first = term(call.operands[0])
    if call.function == "attribute_exists":
        return lambda item, names, values: first(item, names, values) is not None
    if call.function == "attribute_not_exists":
        return lambda item, names, values: first(item, names, values) is None
    second, holds = term(call.operands[1]), _FUNCTIONS[call.function]

    def both(item: Mapping[str, Value], names: Names, values: Values) -> bool:
        value, other = first(item, names, values), second(item, names, values)
        return value is not None and other is not None and holds(value, other)

    return both


def _begins_with(value: Value, prefix: Value) -> bool:
    return value[0] == prefix[0] and value[0] in ("S", "B") and bool(value[1].startswith(prefix[1]))


def _contains(value: Value, what: Value) -> bool:
    if value[0] in ("S", "B"):
        return value[0] == what[0] and what[1] in value[1]
    if value[0] == "L":
        return what in value[1]
    return value[0] == _ELEMENT_OF.get(what[0]) and what[1] in value[1]


_FUNCTIONS: dict[str, Callable[[Value, Value], bool]] = {
    "attribute_type": lambda value, kind: bool(value[0] == kind[1]),
    "begins_with": _begins_with,
    "contains": _contains,
}


@dataclass(frozen=True)
class Typed:
    """A value of the request that its operator takes only with certain types."""

    placeholder: str
    allowed: tuple[str, ...]
    operator: str


def typed(condition: Condition) -> list[Typed]:
    """The values whose types can be refused before any item is looked at."""
    if isinstance(condition, Joined):
        return typed(condition.left) + typed(condition.right)
    if isinstance(condition, Not):
        return typed(condition.condition)
    operands: tuple[Operand, ...] = ()
    operator = ""
    allowed: tuple[str, ...] = _ORDERED
    if isinstance(condition, Comparison) and condition.operator not in ("=", "<>", "IN"):
        operator, operands = condition.operator, (condition.left, *condition.right)
    elif isinstance(condition, Call) and condition.function in _TYPED:
        operator, operands, allowed = condition.function, condition.operands[1:], _TYPED[condition.function]
    return [Typed(each.name, allowed, operator) for each in operands if isinstance(each, Placeholder)]


def ranges(condition: Condition) -> list[tuple[str, str]]:
    """The bounds of every BETWEEN that has two values of the request."""
    if isinstance(condition, Joined):
        return ranges(condition.left) + ranges(condition.right)
    if isinstance(condition, Not):
        return ranges(condition.condition)
    if isinstance(condition, Comparison) and condition.operator == "BETWEEN":
        low, high = condition.right
        if isinstance(low, Placeholder) and isinstance(high, Placeholder):
            return [(low.name, high.name)]
    return []


def refuse_types(required: Iterable[Typed], values: Values, kind: str) -> None:
    """Raises Invalid where a value has none of the types that its operator takes."""
    for each in required:
        if values[each.placeholder][0] not in each.allowed:
            raise Invalid(
                f"Invalid {kind}: Incorrect operand type for operator or function; "
                f"operator or function: {each.operator}, operand type: {values[each.placeholder][0]}"
            )


def refuse_ranges(bounds: Iterable[tuple[str, str]], values: Values, kind: str) -> None:
    """Raises Invalid where the lower bound of a BETWEEN is above the upper one, or of another type."""
    for low, high in bounds:
        least, most = values[low], values[high]
        if least[0] != most[0] or order(least) > order(most):
            raise Invalid(
                f"Invalid {kind}: The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
            )
