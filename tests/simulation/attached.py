"""The expressions of one request, with the names and values that it attaches to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.simulation import conditions, document_paths, updates
from tests.simulation.attribute_values import Invalid, Value, freeze, order
from tests.simulation.conditions import Test, Typed
from tests.simulation.document_paths import Parts
from tests.simulation.expression_parser import Parser
from tests.simulation.expressions import Call, Comparison, Condition, Joined, Path, Placeholder, Update
from tests.simulation.item_collections import EVERYTHING, Span
from tests.simulation.tables import Keys
from tests.simulation.updates import Prepared


@dataclass(frozen=True)
class _Read:
    """A parsed expression and which placeholders it has."""

    what: Any
    names: tuple[str, ...]
    values: tuple[str, ...]
    typed: tuple[Typed, ...] = ()
    ranges: tuple[tuple[str, str], ...] = ()
    test: Test | None = None


@cache
def _condition(text: str, kind: str) -> _Read:
    parser = Parser(text, kind)
    what = parser.condition()
    typed, ranges = tuple(conditions.typed(what)), tuple(conditions.ranges(what))
    return _Read(what, tuple(parser.names), tuple(parser.values), typed, ranges, conditions.test(what))


@cache
def _update(text: str) -> _Read:
    parser = Parser(text, "UpdateExpression")
    prepared = updates.prepare(parser.update())
    return _Read(prepared, tuple(parser.names), tuple(parser.values), prepared.typed)


@cache
def _projection(text: str) -> _Read:
    parser = Parser(text, "ProjectionExpression")
    return _Read(parser.paths(), tuple(parser.names), ())


_NOTHING = updates.prepare(Update())


class Attached:
    """What a request says in expressions. Everything raises Invalid where DynamoDB answers ValidationException."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._request = request
        self.names: Mapping[str, str] = request.get("ExpressionAttributeNames", {})
        given: Mapping[str, Any] = request.get("ExpressionAttributeValues", {})
        for parameter, what in (("Names", self.names), ("Values", given)):
            if not what and f"ExpressionAttribute{parameter}" in request:
                raise Invalid(f"ExpressionAttribute{parameter} must not be empty")
        self.values: dict[str, Value] = {name: freeze(value) for name, value in given.items()}
        self._used: dict[str, None] = {}

    def condition(self, kind: str) -> Test | None:
        """The function for a ConditionExpression or FilterExpression; None if the request has none."""
        read = self._parsed(kind)
        return None if read is None else read.test

    def attributes_in(self, kind: str) -> list[str]:
        """The attributes that a condition names."""
        read = self._parsed(kind)
        return [] if read is None else [self.names[name] for name in read.names]

    def update(self, keys: Keys) -> tuple[Prepared, list[Parts]]:
        """The update expression and what it changes; without one, nothing."""
        text = self._request.get("UpdateExpression")
        if text is None:
            return _NOTHING, []
        read = _update(text)
        self._take(read, "UpdateExpression")
        prepared: Prepared = read.what
        paths = [document_paths.resolved(path, self.names) for path in prepared.paths]
        document_paths.refuse_overlap(paths, "UpdateExpression")
        for path in paths:
            if path[0] in keys.names:
                raise Invalid(
                    f"One or more parameter values were invalid: Cannot update attribute {path[0]}. "
                    "This attribute is part of the key"
                )
        return prepared, paths

    def projection(self) -> list[Parts] | None:
        """The paths that are asked for; None for everything."""
        text = self._request.get("ProjectionExpression")
        if text is None:
            return None
        read = _projection(text)
        self._take(read, "ProjectionExpression")
        paths = [document_paths.resolved(path, self.names) for path in read.what]
        document_paths.refuse_overlap(paths, "ProjectionExpression")
        return paths

    def key_condition(self, keys: Keys) -> tuple[Value, Span]:
        """The partition key and the sort keys that a query asks for."""
        read = self._parsed("KeyConditionExpression")
        if read is None:
            raise Invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified")
        partition, span = None, None
        for part in _conjuncts(read.what):
            name, operator, values = self._key_part(part)
            for value in values:
                if name in keys.types and value[0] != keys.types[name]:
                    raise Invalid(
                        "One or more parameter values were invalid: Condition parameter type does not match schema type"
                    )
            if name == keys.partition and operator == "=" and partition is None:
                keys.refuse_bad(name, values[0])
                partition = values[0]
            elif name == keys.sort and span is None:
                keys.refuse_bad(name, values[0])
                span = _span(operator, values)
            else:
                raise Invalid("Query key condition not supported")
        if partition is None:
            raise Invalid(f"Query condition missed key schema element: {keys.partition}")
        return partition, span or EVERYTHING

    def _key_part(self, part: Condition) -> tuple[str, str, list[Value]]:
        if isinstance(part, Comparison) and part.operator not in ("<>", "IN"):
            left, operator, rights = part.left, part.operator, part.right
        elif isinstance(part, Call) and part.function == "begins_with":
            left, operator, rights = part.operands[0], part.function, part.operands[1:]
        else:
            raise Invalid("Invalid operator used in KeyConditionExpression")
        if not isinstance(left, Path) or len(left.parts) != 1:
            raise Invalid("Query key condition not supported")
        values = [self.values[each.name] for each in rights if isinstance(each, Placeholder)]
        if len(values) != len(rights):
            raise Invalid("Query key condition not supported")
        return str(document_paths.resolved(left, self.names)[0]), operator, values

    def done(self) -> None:
        """Raises Invalid if the request attaches what no expression uses."""
        used = self._used
        for parameter, attached in (("Names", self.names), ("Values", self.values)):
            for name in attached:
                if name not in used:
                    raise Invalid(f"Value provided in ExpressionAttribute{parameter} unused in expressions: {name}")

    def _parsed(self, kind: str) -> _Read | None:
        text = self._request.get(kind)
        if text is None:
            return None
        read = _condition(text, kind)
        self._take(read, kind)
        return read

    def _take(self, read: _Read, kind: str) -> None:
        for name in read.names:
            if name not in self.names:
                raise Invalid(
                    f"Invalid {kind}: An expression attribute name used in the document path is not defined; "
                    f"attribute name: {name}"
                )
            self._used[name] = None
        for value in read.values:
            if value not in self.values:
                raise Invalid(
                    f"Invalid {kind}: An expression attribute value used in expression is not defined; "
                    f"attribute value: {value}"
                )
            self._used[value] = None
        if read.typed:
            conditions.refuse_types(read.typed, self.values, kind)
            conditions.refuse_ranges(read.ranges, self.values, kind)


def _conjuncts(condition: Condition) -> list[Condition]:
    if isinstance(condition, Joined) and condition.operator == "AND":
        return _conjuncts(condition.left) + _conjuncts(condition.right)
    return [condition]


def _span(operator: str, values: list[Value]) -> Span:
    first = order(values[0])
    if operator == "begins_with":
        return Span(first, True, _behind(first), False)
    if operator == "BETWEEN":
        return Span(first, True, order(values[1]), True)
    if operator == "=":
        return Span(first, True, first, True)
    if operator in ("<", "<="):
        return Span(high=first, high_counts=operator == "<=")
    return Span(low=first, low_counts=operator == ">=")


def _behind(prefix: Any) -> Any:
    """The first that comes after everything that begins so; None if nothing does."""
    last = 0x10FFFF if isinstance(prefix, str) else 0xFF
    kept = prefix
    while kept:
        point = ord(kept[-1:])
        if point < last:
            return kept[:-1] + (chr(point + 1) if isinstance(kept, str) else bytes((point + 1,)))
        kept = kept[:-1]
    return None
