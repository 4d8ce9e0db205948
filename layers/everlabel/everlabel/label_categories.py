"""Label category configurations held to what Ground Truth documents of them.

Keys: https://docs.aws.amazon.com/sagemaker/latest/dg/sms-label-cat-config-attributes.html
Quotas: the same page, "Label and label category attribute quotas". Whether Ground Truth enforces them is not
documented, so what breaks one is a warning.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from everlabel.json_form import Form, join
from everlabel.task_types import AnnotationType

MOST_LABELS = 30
MOST_ATTRIBUTES = 10
"""Of a label, those for all labels included; and of a frame."""
MOST_FREE_TEXTS = 5
"""How many of them may be free text."""
MOST_VALUES = 10
LONGEST_NAME = 16
"""Characters of a label, an attribute's name, a value."""
LONGEST_DESCRIPTION = 128
LONGEST_SHORT_INSTRUCTION = 254
LONGEST_FULL_INSTRUCTION = 2_047
"""Instructions must be shorter than 255 and 2,048 characters."""

VIDEO_VERSION, IMAGE_VERSION = "2020-03-01", "2018-11-28"
_DRAWN = (AnnotationType.BOUNDING_BOX, AnnotationType.POLYLINE, AnnotationType.POLYGON, AnnotationType.KEYPOINT)
_MEMBERS = (
    "annotationType",
    "frameAttributes",
    "categoryGlobalAttributes",
    "instructions",
    "auditLabelAttributeName",
)
_EDITS = ("any", "none")


@dataclass(frozen=True, order=True)
class Finding:
    """Something that is wrong (an error) or beyond a documented quota (a warning), and what would be right."""

    field: str
    message: str
    is_error: bool = True


def findings(config: Any) -> list[Finding]:
    """Everything that there is to say of a configuration, by field."""
    form = Form()
    is_image = isinstance(config, Mapping) and "document-version" in config
    if is_image:
        given = form.members(config, "", ("document-version", "labels"), ("auditLabelAttributeName",))
        form.one_of(given, "document-version", "", (IMAGE_VERSION,))
    else:
        given = form.members(config, "", ("documentVersion", "labels"), _MEMBERS)
        form.one_of(given, "documentVersion", "", (VIDEO_VERSION,))
        form.one_of(given, "annotationType", "", _DRAWN)
    form.text(given, "auditLabelAttributeName", "")
    quotas = list(_quotas(form, given, is_image))
    errors = {Finding(fault.field, fault.message) for fault in form.faults}
    return sorted(errors | {Finding(path, message, is_error=False) for path, message in quotas})


def _quotas(form: Form, config: Mapping[str, Any], is_image: bool) -> Iterator[tuple[str, str]]:
    """Notes what has the wrong form, and gives what breaks a quota."""
    labels = _list(form, config, "labels", "")
    if config.get("labels") == []:
        form.note("labels", 'must be a list like [{"label": "car"}, …] with at least one label')
    if len(labels) > MOST_LABELS:
        yield "labels", f"are {len(labels)}; Ground Truth documents at most {MOST_LABELS}"
    everywhere = _list(form, config, "categoryGlobalAttributes", "")
    yield from _attributes(form, everywhere, "categoryGlobalAttributes")
    frame = _list(form, config, "frameAttributes", "")
    yield from _attributes(form, frame, "frameAttributes")
    yield from _too_many(frame, "frameAttributes")
    seen: dict[str, str] = {}
    for number, given in enumerate(labels):
        path = f"labels[{number}]"
        label = form.members(given, path, ("label",), () if is_image else ("categoryAttributes", "editsAllowed"))
        name = form.text(label, "label", path)
        yield from _too_long(name, join(path, "label"), LONGEST_NAME)
        if name in seen:
            form.note(join(path, "label"), f"{name!r} is {seen[name]} too; no label may be there twice")
        elif name:
            seen[name] = path
        form.one_of(label, "editsAllowed", path, _EDITS)
        own = _list(form, label, "categoryAttributes", path)
        inside = join(path, "categoryAttributes")
        yield from _attributes(form, own, inside)
        yield from _too_many([*everywhere, *own], inside)
    instructions = form.members(
        config.get("instructions", {}), "instructions", (), ("shortInstruction", "fullInstruction")
    )
    longest = {"shortInstruction": LONGEST_SHORT_INSTRUCTION, "fullInstruction": LONGEST_FULL_INSTRUCTION}
    for key, most in longest.items():
        yield from _too_long(form.text(instructions, key, "instructions"), f"instructions.{key}", most)


def _list(form: Form, owner: Mapping[str, Any], key: str, path: str) -> list[Any]:
    given = owner.get(key, [])
    if not isinstance(given, list):
        form.note(join(path, key), f"{given!r:.100} must be a list")
        return []
    return given


def _attributes(form: Form, given: list[Any], path: str) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for number, item in enumerate(given):
        inside = f"{path}[{number}]"
        known = ("enum", "minimum", "maximum", "editsAllowed", "isRequired")
        attribute = form.members(item, inside, ("name", "type", "description"), known)
        name = form.text(attribute, "name", inside)
        if name in seen:
            form.note(join(inside, "name"), f"{name!r} is there twice")
        seen.add(name)
        yield from _too_long(name, join(inside, "name"), LONGEST_NAME)
        description = form.text(attribute, "description", inside)
        yield from _too_long(description, join(inside, "description"), LONGEST_DESCRIPTION)
        kind = form.one_of(attribute, "type", inside, ("string", "number"))
        form.one_of(attribute, "editsAllowed", inside, _EDITS)
        form.truth(attribute, "isRequired", inside)
        for bound in ("minimum", "maximum"):
            form.number(attribute, bound, inside)
            if kind == "number" and bound not in attribute:
                form.note(join(inside, bound), "is missing; a number needs minimum and maximum")
        values = form.texts(attribute, "enum", inside)
        if len(values) > MOST_VALUES:
            message = f"has {len(values)} values; Ground Truth documents at most {MOST_VALUES}"
            yield join(inside, "enum"), message
        for value in values:
            yield from _too_long(value, join(inside, "enum"), LONGEST_NAME)


def _too_long(text: str, path: str, most: int) -> Iterator[tuple[str, str]]:
    if len(text) > most:
        yield path, f"{text!r:.60} has {len(text)} characters; Ground Truth documents at most {most}"


def _too_many(attributes: list[Any], path: str) -> Iterator[tuple[str, str]]:
    if len(attributes) > MOST_ATTRIBUTES:
        yield path, f"make {len(attributes)} attributes; Ground Truth documents at most {MOST_ATTRIBUTES}"
    free = [
        item for item in attributes if isinstance(item, Mapping) and item.get("type") == "string" and "enum" not in item
    ]
    if len(free) > MOST_FREE_TEXTS:
        yield path, f"make {len(free)} free texts; Ground Truth documents at most {MOST_FREE_TEXTS}"
