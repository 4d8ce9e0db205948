"""Paths into DynamoDB's items: `a.b[0]` as `("a", "b", 0)`.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.Attributes.html
"""

from collections.abc import Iterable, Mapping, Sequence

from tests.simulation.attribute_values import Invalid, Item, Value
from tests.simulation.expressions import Path

Names = Mapping[str, str]
Parts = tuple[str | int, ...]


def resolved(path: Path, names: Names) -> Parts:
    """The path with the request's names in place of placeholders."""
    parts = path.parts
    if len(parts) == 1:
        first = str(parts[0])
        return (names.get(first, first),)
    return tuple(names.get(part, part) if isinstance(part, str) else part for part in parts)


def find(item: Mapping[str, Value], parts: Sequence[str | int]) -> Value | None:
    """The value at a path, or None."""
    value = item.get(str(parts[0]))
    for part in parts[1:]:
        if value is None:
            return None
        kind, content = value
        if isinstance(part, int):
            value = content[part] if kind == "L" and part < len(content) else None
        else:
            value = content.get(part) if kind == "M" else None
    return value


def project(item: Item, paths: Iterable[Parts]) -> Item:
    """Only what lies at the paths, which must be resolved and must not overlap."""
    found: Item = {}
    deep: dict[str, list[Parts]] = {}
    for path in paths:
        name = str(path[0])
        if len(path) > 1:
            deep.setdefault(name, []).append(path[1:])
        elif name in item:
            found[name] = item[name]
    for name, rests in deep.items():
        part = _part(item.get(name), rests)
        if part is not None:
            found[name] = part
    return found


def _part(value: Value | None, rests: list[Parts]) -> Value | None:
    if any(not rest for rest in rests):
        return value
    below: dict[str | int, list[Parts]] = {}
    for first, *rest in rests:
        below.setdefault(first, []).append(tuple(rest))
    if value is None:
        return None
    kind, content = value
    if kind == "M":
        inner = {name: _part(content.get(name), below[name]) for name in below if isinstance(name, str)}
        kept = {name: part for name, part in inner.items() if part is not None}
        return ("M", kept) if kept else None
    if kind == "L":
        indices = sorted(index for index in below if isinstance(index, int) and index < len(content))
        parts = [_part(content[index], below[index]) for index in indices]
        elements = tuple(part for part in parts if part is not None)
        return ("L", elements) if elements else None
    return None


def refuse_overlap(paths: Sequence[Parts], kind: str) -> None:
    """Raises Invalid if one path is another or lies below it, or if they disagree on what is a list."""
    if len({path[0]: None for path in paths}) == len(paths):
        return
    for position, path in enumerate(paths):
        for other in paths[:position]:
            for mine, theirs in zip(path, other, strict=False):
                if mine != theirs:
                    if type(mine) is not type(theirs):
                        raise Invalid(f"Invalid {kind}: Two document paths conflict with each other: {other}, {path}")
                    break
            else:
                raise Invalid(f"Invalid {kind}: Two document paths overlap with each other: {other}, {path}")
