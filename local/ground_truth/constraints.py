"""What AWS's own service model allows in a request, checked as the service does (boto3 checks only types and minima).

Source: botocore's description of SageMaker.
"""

import re
from collections.abc import Iterator

from botocore.model import ListShape, Shape, StructureShape


def broken_constraints(shape: Shape, value: object, path: str = "") -> Iterator[str]:
    """One sentence, in AWS's wording, for each value in a request that the service model does not allow."""
    if isinstance(shape, StructureShape):
        yield from _broken_in_structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _broken_in_list(shape, value, path)
    elif shape.type_name == "string":
        yield from _broken_in_string(shape, value, path)
    elif shape.type_name in ("integer", "long"):
        yield from _broken_in_number(shape, value, path)


def _broken_in_structure(shape: StructureShape, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _sentence(value, path, "Member must be a structure")
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield _sentence(None, _join(path, name), "Member must not be null")
    for name, member in value.items():
        if name not in shape.members:
            yield _sentence(member, _join(path, name), "Member is not known")
        elif member is not None:
            yield from broken_constraints(shape.members[name], member, _join(path, name))


def _broken_in_list(shape: ListShape, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield _sentence(value, path, "Member must be a list")
        return
    yield from _broken_range(shape, value, len(value), path, "length")
    for number, member in enumerate(value, 1):
        yield from broken_constraints(shape.member, member, f"{path}.{number}.member")


def _broken_in_string(shape: Shape, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield _sentence(value, path, "Member must be a string")
        return
    yield from _broken_range(shape, value, len(value), path, "length")
    pattern = shape.metadata.get("pattern")
    if pattern and r"\p" not in pattern and not re.fullmatch(pattern, value):  # re knows no Unicode categories
        yield _sentence(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    if (allowed := shape.metadata.get("enum")) and value not in allowed:
        yield _sentence(value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")


def _broken_in_number(shape: Shape, value: object, path: str) -> Iterator[str]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield _sentence(value, path, "Member must be a whole number")
        return
    yield from _broken_range(shape, value, value, path, "value")


def _broken_range(shape: Shape, value: object, size: int, path: str, what: str) -> Iterator[str]:
    if size < shape.metadata.get("min", size):
        yield _sentence(value, path, f"Member must have {what} greater than or equal to {shape.metadata['min']}")
    if size > shape.metadata.get("max", size):
        yield _sentence(value, path, f"Member must have {what} less than or equal to {shape.metadata['max']}")


def _sentence(value: object, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    name = name[0].lower() + name[1:]
    return f"{path}.{name}" if path else name
