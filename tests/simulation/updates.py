"""Update expressions of DynamoDB, applied.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html: all that is read
is read from the item as it was before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.attribute_values import Invalid, Item, Value, added, ordered_set
from tests.simulation.conditions import Typed, Values
from tests.simulation.document_paths import Names, Parts, find, resolved
from tests.simulation.expressions import Arithmetic, Call, Operand, Path, Placeholder, Update

_SETS = ("SS", "NS", "BS")


Make = Callable[[Item, Names, Values], Value]


@dataclass(frozen=True)
class Prepared:
    """An update expression, made ready to be applied to any item with any names and values."""

    update: Update
    sets: tuple[tuple[Path, Make], ...]
    paths: tuple[Path, ...]
    """What is changed, in the order of SET, REMOVE, ADD, DELETE."""
    typed: tuple[Typed, ...]


def prepare(update: Update) -> Prepared:
    """Turns what the expression says into functions."""
    changed = [path for path, _ in update.sets]
    changed += update.removes
    changed += [path for path, _ in (*update.adds, *update.deletes)]
    required = [each for _, operand in update.sets for each in _typed(operand)]
    required += [Typed(each.name, ("N", *_SETS), "ADD") for _, each in update.adds]
    required += [Typed(each.name, _SETS, "DELETE") for _, each in update.deletes]
    sets = tuple((path, _maker(operand)) for path, operand in update.sets)
    return Prepared(update, sets, tuple(changed), tuple(required))


def _typed(operand: Operand) -> list[Typed]:
    operands: tuple[Operand, ...]
    if isinstance(operand, Arithmetic):
        operator, allowed, operands = "+" if operand.sign > 0 else "-", ("N",), (operand.left, operand.right)
    elif isinstance(operand, Call):
        operator, allowed, operands = operand.function, ("L",), operand.operands
    else:
        return []
    inner = [required for each in operands for required in _typed(each)]
    if operator == "if_not_exists":
        return inner
    return inner + [Typed(each.name, allowed, operator) for each in operands if isinstance(each, Placeholder)]


def apply(prepared: Prepared, item: Item, names: Names, values: Values) -> Item:
    """The item after the update; the one before is left as it is. Raises Invalid if the item does not allow it."""
    update, after = prepared.update, dict(item)
    for path, make in prepared.sets:
        _put(after, resolved(path, names), make(item, names, values))
    for path, placeholder in update.adds:
        parts = resolved(path, names)
        _put(after, parts, _with(find(item, parts), values[placeholder.name]))
    for path, placeholder in update.deletes:
        parts = resolved(path, names)
        _refuse_missing_parent(item, parts)
        left = _without(find(item, parts), values[placeholder.name])
        if left is not None:
            _put(after, parts, left)
        elif find(item, parts) is not None:
            _remove(after, parts)
    # The last indices first, so that the others still mean what they meant.
    removed = [resolved(path, names) for path in update.removes]
    for parts in sorted(removed, key=_last_index, reverse=True) if len(removed) > 1 else removed:
        _remove(after, parts)
    return after


def _refuse_missing_parent(item: Item, parts: Parts) -> None:
    if len(parts) > 1 and (find(item, parts[:-1]) or ("", None))[0] != ("L" if isinstance(parts[-1], int) else "M"):
        raise Invalid("The document path provided in the update expression is invalid for update")


def _last_index(parts: Parts) -> int:
    return parts[-1] if isinstance(parts[-1], int) else -1


def _maker(operand: Operand) -> Make:
    if isinstance(operand, Placeholder):
        name = operand.name
        return lambda _item, _names, values: values[name]
    if isinstance(operand, Path):
        path = operand
        return lambda item, names, _values: _existing(find(item, resolved(path, names)))
    if isinstance(operand, Arithmetic):
        sign, left, right = operand.sign, _maker(operand.left), _maker(operand.right)
        return lambda item, names, values: _sum(left(item, names, values), right(item, names, values), sign)
    first, second = operand.operands
    if operand.function == "if_not_exists":
        assert isinstance(first, Path)
        looked_for, otherwise = first, _maker(second)
        return lambda item, names, values: (
            find(item, resolved(looked_for, names)) or otherwise(item, names, values)
        )  # a value is a tuple, so always true
    head, tail = _maker(first), _maker(second)
    return lambda item, names, values: _appended(head(item, names, values), tail(item, names, values))


def _existing(value: Value | None) -> Value:
    if value is None:
        raise Invalid("The provided expression refers to an attribute that does not exist in the item")
    return value


def _sum(left: Value, right: Value, sign: int) -> Value:
    if left[0] != "N" or right[0] != "N":
        raise Invalid("An operand in the update expression has an incorrect data type")
    return added(left[1], right[1], sign)


def _appended(head: Value, tail: Value) -> Value:
    if head[0] != "L" or tail[0] != "L":
        raise Invalid("An operand in the update expression has an incorrect data type")
    return ("L", head[1] + tail[1])


def _with(old: Value | None, more: Value) -> Value:
    if old is None:
        return more
    if old[0] != more[0] or old[0] not in ("N", *_SETS):
        raise Invalid("An operand in the update expression has an incorrect data type")
    if old[0] == "N":
        return added(old[1], more[1])
    return (old[0], ordered_set(old[0], list(dict.fromkeys((*old[1], *more[1])))))


def _without(old: Value | None, less: Value) -> Value | None:
    if old is None:
        return None
    if old[0] != less[0]:
        raise Invalid("An operand in the update expression has an incorrect data type")
    left = tuple(each for each in old[1] if each not in less[1])
    return (old[0], left) if left else None


def _put(item: Item, parts: Parts, value: Value) -> None:
    if len(parts) == 1:
        item[str(parts[0])] = value
        return
    item[str(parts[0])] = _changed(item.get(str(parts[0])), parts[1:], value)


def _changed(container: Value | None, parts: Parts, value: Value) -> Value:
    first, *rest = parts
    if container is None or container[0] != ("L" if isinstance(first, int) else "M"):
        raise Invalid("The document path provided in the update expression is invalid for update")
    content: Any = container[1]
    if isinstance(first, int):
        inside = first < len(content)
        new = _changed(content[first] if inside else None, tuple(rest), value) if rest else value
        # Beyond the end means at the end.
        return ("L", (*content[:first], new, *content[first + 1 :]) if inside else (*content, new))
    new = _changed(content.get(first), tuple(rest), value) if rest else value
    return ("M", {**content, first: new})


def _remove(item: Item, parts: Parts) -> None:
    if len(parts) == 1:
        item.pop(str(parts[0]), None)
        return
    name = str(parts[0])
    item[name] = _lacking(item.get(name), parts[1:])


def _lacking(container: Value | None, parts: Parts) -> Value:
    first, *rest = parts
    if container is None or container[0] != ("L" if isinstance(first, int) else "M"):
        raise Invalid("The document path provided in the update expression is invalid for update")
    content: Any = container[1]
    if isinstance(first, int):
        if first >= len(content):
            return container
        new = (_lacking(content[first], tuple(rest)),) if rest else ()
        return ("L", (*content[:first], *new, *content[first + 1 :]))
    if rest:
        return ("M", {**content, first: _lacking(content.get(first), tuple(rest))})
    return ("M", {name: each for name, each in content.items() if name != first})
