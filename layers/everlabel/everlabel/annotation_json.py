"""Annotation documents as JSON: names in camelCase, and what is as it mostly is left out.

A member with a default (`"attributes": {}`, `"origin": "human"`) is written only where it differs from it, and means
that default where it is missing. Everything else must be there, and nothing that is unknown may be. The form is held
by `annotation-document.schema.json`, in words by the dataclasses of `annotation_document`.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from everlabel import strict_json
from everlabel.annotation_document import VERSION, AnnotationDocument, Label
from everlabel.annotation_faults import AnnotationsRefused, check, check_label, jobs_of

__all__ = ["AnnotationsRefused", "camel", "chunks", "read", "write"]

_PER_CHUNK = 500
_AFTER_LABELS = ("labels", "frames", "classifications", "unlabeled")
"""The long lists: what frames are like may be known only when all labels are."""


def read(text: str | bytes) -> AnnotationDocument:
    """Reads a document.

    Raises:
        AnnotationsRefused: naming the field, the value and what would be right.
    """
    try:
        body = strict_json.read(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
    except ValueError as error:
        raise AnnotationsRefused("", f"the annotation document {error}") from None
    if not isinstance(body, dict):
        raise AnnotationsRefused("", f"the annotation document is {_shown(body)}; expected an object")
    version = body.pop("version", None)
    if version != VERSION:
        raise AnnotationsRefused("version", f"is {_shown(version)}; expected {VERSION!r}")
    document: AnnotationDocument = _reader(AnnotationDocument)(body)
    check(document, document.labels)
    return document


def write(document: AnnotationDocument) -> bytes:
    """The document as JSON, one label a line. Reading it back gives an equal document.

    Raises:
        AnnotationsRefused: if `read` would refuse it.
    """
    return b"".join(chunks(document, document.labels))


def chunks(
    document: AnnotationDocument, labels: Iterable[Label], rest: Callable[[], AnnotationDocument] | None = None
) -> Iterator[bytes]:
    """The same in pieces, with these labels instead of the document's: so they need not be in memory all at once.

    `rest` is asked for the document that has frames, classifications and unlabeled objects as they are to be written,
    once all labels are; it has as many frames.
    """
    check(document, ())
    head = ((name, value) for name, value in _plain_members(document) if name not in _AFTER_LABELS)
    yield b"{\n" + b"".join(b'"%s": %s,\n' % (name.encode(), _json(value)) for name, value in head)
    jobs, lines, before = jobs_of(document), list[bytes](), b'"labels": [\n'
    for index, label in enumerate(labels):
        check_label(label, index, len(document.frames), jobs)
        lines.append(_json(_plain(label)))
        if len(lines) == _PER_CHUNK:
            yield before + b",\n".join(lines)
            lines, before = [], b",\n"
    yield (before if lines or before != b",\n" else b"") + b",\n".join(lines) + b"\n]"
    if rest is not None:
        document = rest()
        check(document, ())
    for name, value in _plain_members(document):
        if name in _AFTER_LABELS and name != "labels":
            yield b',\n"%s": [\n' % name.encode()
            for start in range(0, len(value), _PER_CHUNK):
                yield (b",\n" if start else b"") + b",\n".join(
                    _json(_plain(each)) for each in value[start : start + _PER_CHUNK]
                )
            yield b"\n]"
    yield b"\n}\n"


def camel(name: str) -> str:
    """A field's name in JSON: `class_name` is `className`."""
    first, *more = name.split("_")
    return first + "".join(word.capitalize() for word in more)


# Writing


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except ValueError as error:  # also if it is not Unicode
        raise AnnotationsRefused("", f"cannot be written as JSON: {error}") from None


def _plain_members(document: AnnotationDocument) -> Iterator[tuple[str, Any]]:
    """Members with their values; those of long lists are made plain one by one, as they are written."""
    yield "version", VERSION
    for member in _members(AnnotationDocument):
        value = getattr(document, member.attribute)
        if value != member.default:
            yield member.name, value if member.name in _AFTER_LABELS else _plain(value)


def _plain(value: Any) -> Any:
    """A value as JSON has it; pixels and times that are whole numbers without their `.0`."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, tuple):
        return [_plain(member) for member in value]
    if value is None or isinstance(value, str | int | float | Mapping):
        return value
    form: Any = type(value)
    members = ((member, getattr(value, member.attribute)) for member in _members(form))
    return {member.name: _plain(held) for member, held in members if held != member.default}


# Reading

_Reader = Callable[[Any], Any]


@dataclasses.dataclass(frozen=True)
class _Member:
    """A field of a dataclass and its member in JSON."""

    attribute: str
    name: str
    default: Any
    """`dataclasses.MISSING` where it has none, which equals nothing."""
    read: _Reader


@cache
def _members(form: Any) -> tuple[_Member, ...]:
    types = get_type_hints(form)
    return tuple(
        _Member(
            field.name,
            camel(field.name),
            field.default if field.default_factory is dataclasses.MISSING else field.default_factory(),
            _reader(types[field.name]),
        )
        for field in dataclasses.fields(form)
    )


@cache
def _reader(form: Any) -> _Reader:
    """What reads a value of a type of `annotation_document`, or refuses it."""
    if get_origin(form) is UnionType:
        inner = _reader(next(each for each in get_args(form) if each is not NoneType))
        return lambda value: None if value is None else inner(value)
    if get_origin(form) is tuple:
        return _tuple_reader(get_args(form))
    if get_origin(form) is Mapping:
        return lambda value: _of(dict, value, "an object")
    if dataclasses.is_dataclass(form):
        return lambda value: _read_members(form, value)
    if issubclass(form, StrEnum):
        return lambda value: _read_word(form, value)
    return {str: _read_text, bool: _read_truth, int: _read_whole, float: _read_number}[form]


def _tuple_reader(forms: tuple[Any, ...]) -> _Reader:
    inner, many = _reader(forms[0]), forms[-1] is Ellipsis

    def read_all(value: Any) -> tuple[Any, ...]:
        members = _of(list, value, "a list")
        if not many and len(members) != len(forms):
            raise AnnotationsRefused("", f"is {_shown(value)}; expected {len(forms)} numbers")
        found = []
        for index, member in enumerate(members):
            try:
                found.append(inner(member))
            except AnnotationsRefused as error:
                raise error.below(f"[{index}]") from None
        return tuple(found)

    return read_all


def _read_members(form: Any, value: Any) -> Any:
    given, members = _of(dict, value, "an object"), _members(form)
    found = {}
    for member in members:
        if member.name in given:
            try:
                found[member.attribute] = member.read(given[member.name])
            except AnnotationsRefused as error:
                raise error.below(member.name) from None
        elif member.default is dataclasses.MISSING:
            raise AnnotationsRefused(member.name, "is missing")
    if unknown := given.keys() - {member.name for member in members}:
        raise AnnotationsRefused(min(unknown)[:100], "is not known here")
    return form(**found)


def _read_word(form: type[StrEnum], value: Any) -> StrEnum:
    try:
        return form(value)
    except ValueError:
        raise AnnotationsRefused("", f"is {_shown(value)}; expected one of {', '.join(form)}") from None


def _read_text(value: Any) -> str:
    return str(_of(str, value, "text"))


def _read_truth(value: Any) -> bool:
    return bool(_of(bool, value, "true or false"))


def _read_whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise AnnotationsRefused("", f"is {_shown(value)}; expected a whole number")
    return value


def _read_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AnnotationsRefused("", f"is {_shown(value)}; expected a number")
    try:
        return float(value)
    except OverflowError:
        raise AnnotationsRefused("", "is too large; expected a number that a double holds") from None


def _of(form: type, value: Any, expected: str) -> Any:
    if not isinstance(value, form):
        raise AnnotationsRefused("", f"is {_shown(value)}; expected {expected}")
    return value


def _shown(value: Any) -> str:
    return f"{value!r:.100}"
