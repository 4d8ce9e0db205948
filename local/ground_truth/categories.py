"""Label category configurations: which labels and attributes workers are offered.

Source: SageMaker developer guide, "Create a labeling category configuration file with label category and frame
attributes" (video), "Provide labels" (images: `{"document-version": "2018-11-28", "labels": [{"label": …}]}`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

ANNOTATION_TYPES = ("BoundingBox", "Polyline", "Polygon", "Keypoint")
_MOST_LABELS = 30
_MOST_ATTRIBUTES = 10
_MOST_VALUES = 10
_LONGEST_NAME = 16


class CategoriesRefused(ValueError):
    """The label category configuration cannot be used."""


@dataclass(frozen=True)
class Categories:
    """Labels in their order; label -> attribute -> allowed values (none for free text; minimum and maximum for a
    number); the same for frames; `audited` is the label attribute to adjust or verify; `editable` is False if every
    label says `editsAllowed: none`, which makes an adjustment a verification."""

    labels: tuple[str, ...]
    annotation_type: str
    label_attributes: Mapping[str, Mapping[str, tuple[str, ...]]]
    frame_attributes: Mapping[str, tuple[str, ...]]
    audited: str | None
    editable: bool


def read_categories(body: bytes, *, is_video: bool, quotas_enforced: bool) -> Categories:
    """Read a label category configuration; raises `CategoriesRefused`."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CategoriesRefused(f"the label category configuration is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise CategoriesRefused("the label category configuration is not a JSON object")
    versions = {found.get("documentVersion"), found.get("document-version")} - {None}
    if not versions <= {"2020-03-01", "2018-11-28"} or (is_video and "2020-03-01" not in versions):
        raise CategoriesRefused('documentVersion must be "2020-03-01"')
    labels = _dicts(found, "labels")
    names = tuple(_name(label, "label") for label in labels)
    if not names or len(set(names)) != len(names):
        raise CategoriesRefused("labels must name at least one label, and none twice")
    annotation_type = found.get("annotationType", "BoundingBox") if is_video else "BoundingBox"
    if annotation_type not in ANNOTATION_TYPES:
        raise CategoriesRefused(f"annotationType must be one of {', '.join(ANNOTATION_TYPES)}")
    audited = found.get("auditLabelAttributeName")
    if audited is not None and not isinstance(audited, str):
        raise CategoriesRefused("auditLabelAttributeName must be a string")
    everywhere = _attributes(found, "categoryGlobalAttributes")
    categories = Categories(
        names,
        annotation_type,
        {
            name: everywhere | _attributes(label, "categoryAttributes")
            for name, label in zip(names, labels, strict=True)
        },
        _attributes(found, "frameAttributes"),
        audited,
        any(label.get("editsAllowed") != "none" for label in labels),
    )
    if quotas_enforced:
        _check_quotas(categories)
    return categories


def _attributes(owner: Mapping[str, object], key: str) -> dict[str, tuple[str, ...]]:
    return {_name(item, "name"): _allowed(item) for item in _dicts(owner, key)}


def _allowed(attribute: Mapping[str, object]) -> tuple[str, ...]:
    if attribute.get("type") == "number":
        if "minimum" not in attribute or "maximum" not in attribute:
            raise CategoriesRefused(f"the number {attribute['name']} needs minimum and maximum")
        return str(attribute["minimum"]), str(attribute["maximum"])
    values = attribute.get("enum", [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise CategoriesRefused(f"enum of {attribute['name']} must be a list of strings")
    return tuple(values)


def _dicts(owner: Mapping[str, object], key: str) -> list[dict[str, object]]:
    items = owner.get(key, [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise CategoriesRefused(f"{key} must be a list of objects")
    return items


def _name(item: Mapping[str, object], key: str) -> str:
    name = item.get(key)
    if not isinstance(name, str) or not name:
        raise CategoriesRefused(f"{key} must be a string and not empty")
    return name


def _check_quotas(categories: Categories) -> None:
    if len(categories.labels) > _MOST_LABELS:
        raise CategoriesRefused(f"more than {_MOST_LABELS} labels")
    groups = [*categories.label_attributes.values(), categories.frame_attributes]
    if any(len(group) > _MOST_ATTRIBUTES for group in groups):
        raise CategoriesRefused(f"more than {_MOST_ATTRIBUTES} attributes")
    values = [values for group in groups for values in group.values()]
    if any(len(allowed) > _MOST_VALUES for allowed in values):
        raise CategoriesRefused(f"more than {_MOST_VALUES} values of an attribute")
    names = [
        *categories.labels,
        *(name for group in groups for name in group),
        *(v for allowed in values for v in allowed),
    ]
    if too_long := [name for name in names if len(name) > _LONGEST_NAME]:
        raise CategoriesRefused(f"longer than {_LONGEST_NAME} characters: {', '.join(too_long)}")
