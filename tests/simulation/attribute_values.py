"""DynamoDB's attribute values as the simulated tables keep them: tuples of a type and a content, never changed.

`("S", "text")`, `("N", "1.5")`, `("B", b"…")`, `("BOOL", True)`, `("NULL", True)`, `("SS", ("a", "b"))` in order,
`("L", (value, …))`, `("M", {name: value})`. Numbers are kept in one spelling, so that equal values are equal tuples.
Versions of an item can share them, and only what leaves the table is turned into fresh dictionaries.
"""

from collections.abc import Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal, Underflow
from typing import Any

from tests.simulation.errors import UnknownCall

Value = tuple[str, Any]
Item = dict[str, Value]

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-data-types-number
# 38 digits, and magnitudes from 1E-130 to 9.99…E+125.
_NUMBERS = Context(
    prec=38, Emin=-130, Emax=125, traps=[Inexact, Overflow, Underflow, Subnormal, InvalidOperation], clamp=0
)
# Enough for any sum of two of them; what is too long is refused afterwards.
_EXACT = Context(prec=600)
_SCALARS = frozenset(("S", "N", "B", "BOOL", "NULL"))
_SETS = {"SS": "S", "NS": "N", "BS": "B"}
_ORDERED = frozenset(("S", "N", "B"))
_FALSE: Value = ("BOOL", False)
_TRUE: Value = ("BOOL", True)
_SMALL: dict[str, Value] = {str(number): ("N", str(number)) for number in range(1000)}


class Invalid(Exception):
    """What DynamoDB refuses with a message and, unless another is named, the code ValidationException."""

    def __init__(self, message: str, code: str = "ValidationException") -> None:
        super().__init__(message)
        self.code = code


def number(text: str) -> str:
    """The one spelling of a number: no exponent, no needless zero. Raises Invalid if DynamoDB could not store it."""
    if text.isascii() and text.isdecimal() and len(text) <= 38 and (text[0] != "0" or len(text) == 1):
        return text
    try:
        exact = Decimal(text)
    except InvalidOperation:
        raise Invalid(f"The parameter cannot be converted to a numeric value: {text}") from None
    if not exact.is_finite():
        raise Invalid(f"The parameter cannot be converted to a numeric value: {text}")
    return _spelled(exact)


def _spelled(exact: Decimal) -> str:
    if exact.is_zero():
        return "0"
    try:
        return format(_NUMBERS.normalize(exact), "f")
    except Overflow:
        raise Invalid(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        ) from None
    except (Underflow, Subnormal):
        raise Invalid(
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        ) from None
    except (Inexact, InvalidOperation):
        raise Invalid("Attempting to store more than 38 significant digits in a Number") from None


def added(left: str, right: str, sign: int = 1) -> Value:
    """The sum (or, with -1, the difference) of two numbers. Raises Invalid if it cannot be stored."""
    if left.isdecimal() and right.isdecimal() and len(left) < 38 and len(right) < 38:
        return freeze({"N": str(int(left) + sign * int(right))})
    exact, other = Decimal(left), Decimal(right)
    return ("N", _spelled(_EXACT.add(exact, other) if sign > 0 else _EXACT.subtract(exact, other)))


def freeze(value: Mapping[str, Any]) -> Value:
    """A value of a request as it is kept. Raises Invalid if DynamoDB would refuse it."""
    if len(value) != 1:
        raise Invalid("Supplied AttributeValue is empty or has more than one datatypes set")
    [(kind, content)] = value.items()
    if kind == "S" and isinstance(content, str):
        # Text of an enumeration arrives as plain text.
        return ("S", content if type(content) is str else str.__str__(content))
    if kind == "N" and isinstance(content, str):
        return _SMALL.get(content) or ("N", number(content))
    if kind == "BOOL" and isinstance(content, bool):
        return _TRUE if content else _FALSE
    if kind == "NULL" and content is True:
        return ("NULL", True)
    if kind == "B" and isinstance(content, bytes | bytearray):
        return ("B", bytes(content))
    if kind == "L":
        return ("L", tuple(freeze(each) for each in content))
    if kind == "M":
        return ("M", {name: freeze(each) for name, each in content.items()})
    if kind in _SETS:
        return _frozen_set(kind, [freeze({_SETS[kind]: each})[1] for each in content])
    # botocore refuses what is not of DynamoDB's form before anything is sent.
    raise UnknownCall(f"not an attribute value: {value!r}")


def _frozen_set(kind: str, contents: list[Any]) -> Value:
    if not contents:
        raise Invalid(f"One or more parameter values were invalid: An {kind} set may not be empty")
    if len(dict.fromkeys(contents)) != len(contents):
        raise Invalid(f"One or more parameter values were invalid: Input collection {contents} contains duplicates.")
    return (kind, ordered_set(kind, contents))


def ordered_set(kind: str, contents: list[Any]) -> tuple[Any, ...]:
    """The contents of a set in the order they are kept in."""
    return tuple(sorted(contents, key=Decimal if kind == "NS" else None))


def freeze_item(item: Mapping[str, Mapping[str, Any]]) -> Item:
    """The attributes of a request as they are kept."""
    return {name: freeze(value) for name, value in item.items()}


def thaw(value: Value) -> dict[str, Any]:
    """A fresh dictionary, as answers carry values."""
    kind, content = value
    if kind in _SCALARS:
        return {kind: content}
    if kind == "L":
        return {kind: [thaw(each) for each in content]}
    if kind == "M":
        return {kind: {name: thaw(each) for name, each in content.items()}}
    return {kind: list(content)}


def thaw_item(item: Mapping[str, Value]) -> dict[str, dict[str, Any]]:
    """Fresh dictionaries of all attributes."""
    return {
        name: {kind: content} if kind in _SCALARS else thaw((kind, content)) for name, (kind, content) in item.items()
    }


def is_ordered(value: Value) -> bool:
    """Whether `<` knows the type: text (by UTF-8 bytes), numbers, bytes."""
    return value[0] in _ORDERED


def order(value: Value) -> Any:
    """What sorts values of one type as DynamoDB does. Code points sort as their UTF-8 bytes do."""
    return Decimal(value[1]) if value[0] == "N" else value[1]


def size(value: Value) -> int:
    """The bytes a value counts for.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    kind, content = value
    if kind == "S":
        return len(content) if content.isascii() else len(content.encode())
    if kind == "N":
        digits = content.lstrip("-").replace(".", "").strip("0")
        return (len(digits) + 1) // 2 + 1 + int(content.startswith("-"))
    if kind == "B":
        return len(content)
    if kind == "L":
        return 3 + sum(1 + size(each) for each in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + size(each) for name, each in content.items())
    if kind in _SETS:
        return sum(size((_SETS[kind], each)) for each in content)
    return 1


def attribute_size(name: str, value: Value) -> int:
    """The bytes that an attribute counts for: name and value."""
    return (len(name) if name.isascii() else len(name.encode())) + size(value)


def item_size(item: Mapping[str, Value]) -> int:
    """The bytes that an item counts for."""
    total = 0
    for name, value in item.items():
        content = value[1]
        if value[0] == "S" and content.isascii() and name.isascii():
            total += len(name) + len(content)
        else:
            total += attribute_size(name, value)
    return total
