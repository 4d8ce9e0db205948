"""How pynamodb puts expressions together, with the same result in less time."""

from inspect import getattr_static
from typing import Any

from pynamodb import attributes as pynamodb_attributes
from pynamodb.attributes import (
    Attribute,
    BooleanAttribute,
    DiscriminatorAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.expressions import util
from pynamodb.expressions.condition import And, BeginsWith, Comparison, Condition, In
from pynamodb.expressions.operand import Path, Value, _Operand
from pynamodb.expressions.update import Action, SetAction, Update

_TO_OPERAND = _Operand._to_operand
_VALUE = Value.__init__
_IS_IN = Attribute.is_in
_PLAIN = (str, int, float, type)
_KINDS = frozenset((UnicodeAttribute, NumberAttribute, BooleanAttribute, DiscriminatorAttribute))
_PATHS: dict[int, tuple[Attribute[Any], Path]] = {}
"""By identity, for attributes cannot be compared; they live as long as their classes."""

_CLASSES: dict[tuple[int, tuple[Any, ...]], tuple[DiscriminatorAttribute, Any]] = {}


def path(attribute: Any) -> Path:
    """In place of `Path` where attributes begin an expression: nobody changes a path that was made."""
    known = _PATHS.get(id(attribute))
    if known is not None and known[0] is attribute and known[1].values[0] == attribute.attr_path:
        return known[1]
    made = Path(attribute)
    _PATHS[id(attribute)] = attribute, made
    return made


def is_in(self: DiscriminatorAttribute, *values: Any) -> Any:
    """In place of `DiscriminatorAttribute.is_in`, which begins each query; nobody changes a condition that was made."""
    known = _CLASSES.get((id(self), values))
    if known is not None and known[0] is self:
        return known[1]
    made = _IS_IN(self, *values)
    _CLASSES[id(self), values] = self, made
    return made


def to_operand(self: _Operand, value: Any) -> Any:
    """In place of `_Operand._to_operand`."""
    if isinstance(value, _PLAIN):
        return self._to_value(value)  # type: ignore[no-untyped-call]
    return _TO_OPERAND(self, value)


def value(self: Value, value: Any, attribute: Attribute[Any] | None = None) -> None:
    """In place of `Value.__init__`."""
    if type(attribute) in _KINDS and isinstance(value, _PLAIN):
        assert attribute is not None
        self.attr_type = kind = attribute.attr_type
        self.values = ({kind: attribute.serialize(value)},)
    else:
        _VALUE(self, value, attribute)


def serialize_path(self: Path, placeholder_names: dict[str, str], _values: dict[str, Any]) -> str:
    """In place of `Path.serialize`."""
    segments: list[str] = self.values[0]
    if len(segments) == 1:
        name = segments[0]
        known = placeholder_names.get(name)
        if known is not None:
            return known
        if name and "[" not in name and "]" not in name:
            placeholder_names[name] = made = f"#{len(placeholder_names)}"
            return made
    return util.substitute_names(segments, placeholder_names)


def serialize_value(self: Value, _names: dict[str, str], expression_attribute_values: dict[str, Any]) -> str:
    """In place of `Value.serialize`."""
    placeholder = f":{len(expression_attribute_values)}"
    expression_attribute_values[placeholder] = self.values[0]
    return placeholder


def serialize_comparison(self: Condition, names: dict[str, str], values: dict[str, Any]) -> str:
    """In place of `Comparison.serialize`."""
    left, right = self.values
    return f"{left.serialize(names, values)} {self.operator} {right.serialize(names, values)}"


def serialize_and(self: Condition, names: dict[str, str], values: dict[str, Any]) -> str:
    """In place of `And.serialize`."""
    left, right = self.values
    return f"({left.serialize(names, values)} {self.operator} {right.serialize(names, values)})"


def serialize_in(self: Condition, names: dict[str, str], values: dict[str, Any]) -> str:
    """In place of `In.serialize`."""
    left, *options = [each.serialize(names, values) for each in self.values]
    return f"{left} {self.operator} ({', '.join(options)})"


def serialize_begins_with(self: Condition, names: dict[str, str], values: dict[str, Any]) -> str:
    """In place of `BeginsWith.serialize`."""
    left, right = self.values
    return f"{self.operator} ({left.serialize(names, values)}, {right.serialize(names, values)})"


def serialize_update(self: Update, names: dict[str, str], values: dict[str, Any]) -> str | None:
    """In place of `Update.serialize`."""
    clauses = []
    for keyword, actions in (
        ("SET ", self.set_actions),
        ("REMOVE ", self.remove_actions),
        ("ADD ", self.add_actions),
        ("DELETE ", self.delete_actions),
    ):
        if actions:
            clauses.append(keyword + ", ".join([action.serialize(names, values) for action in actions]))
    return " ".join(clauses) or None


def serialize_set(self: Action, names: dict[str, str], values: dict[str, Any]) -> str:
    """In place of `SetAction.serialize`."""
    target, source = self.values
    return f"{target.serialize(names, values)} = {source.serialize(names, values)}"


REPLACED: tuple[tuple[Any, str, Any], ...] = (
    (pynamodb_attributes, "Path", path),
    (DiscriminatorAttribute, "is_in", is_in),
    (_Operand, "_to_operand", to_operand),
    (Value, "__init__", value),
    (Path, "serialize", serialize_path),
    (Value, "serialize", serialize_value),
    (Comparison, "serialize", serialize_comparison),
    (And, "serialize", serialize_and),
    (In, "serialize", serialize_in),
    (BeginsWith, "serialize", serialize_begins_with),
    (Update, "serialize", serialize_update),
    (SetAction, "serialize", serialize_set),
)
"""Owner, name, and what stands there."""
ORIGINALS = tuple((owner, name, getattr_static(owner, name)) for owner, name, _ in REPLACED)
"""What stood there before."""
