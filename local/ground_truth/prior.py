"""Labels of an earlier job, as an adjustment or verification job gets them: in its input line and in a SeqLabel.json.

Source: SageMaker developer guide, "Label verification and adjustment", "Output data".
"""

import json
from collections.abc import Mapping

from local.annotators.shapes import Box, FrameLabels, Geometry, Points, Shape
from local.ground_truth.inputs import InputRefused

LIST_NAMES = {"BoundingBox": "annotations", "Polyline": "polylines", "Polygon": "polygons", "Keypoint": "keypoints"}


def class_map(line: Mapping[str, object], attribute: str) -> Mapping[str, str]:
    """Class id -> label of a label attribute; raises `InputRefused` if the line has no such label, since unlabeled
    objects fail one by one, as documented."""
    metadata = line.get(f"{attribute}-metadata")
    if attribute not in line or not isinstance(metadata, dict):
        raise InputRefused(f"the line has no label {attribute} to adjust or verify", line)
    found = metadata.get("class-map", {})
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found.values()):
        raise InputRefused(f"{attribute}-metadata has no class-map", line)
    return {str(number): name for number, name in found.items()}


def find_audited(line: Mapping[str, object]) -> str:
    """The label attribute of an image line when no configuration names it: the last one that has metadata."""
    names = [name for name in line if f"{name}-metadata" in line]
    if not names:
        raise InputRefused("the line has no label to adjust or verify", line)
    return names[-1]


def read_sequence_labels(body: bytes, names: Mapping[str, str]) -> tuple[FrameLabels, ...]:
    """The labels of a SeqLabel.json (tracking or detection, any annotation type); raises `InputRefused`."""
    try:
        found = json.loads(body)
        frames = found.get("tracking-annotations", found.get("detection-annotations"))
        return tuple(_frame(frame, names) for frame in frames)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputRefused(f"the labels to adjust cannot be read: {error!r}") from error


def read_image_boxes(label: object, names: Mapping[str, str], frame: str) -> tuple[FrameLabels, ...]:
    """The boxes of an image line's label; raises `InputRefused`."""
    try:
        boxes = label["annotations"]  # type: ignore[index] # whatever is not a mapping of lists ends below
        shapes = tuple(Shape(names[str(box["class_id"])], _box(box)) for box in boxes)
    except (KeyError, TypeError, ValueError) as error:
        raise InputRefused(f"the labels to adjust cannot be read: {error!r}") from error
    return (FrameLabels(frame, shapes),)


def _frame(frame: Mapping[str, object], names: Mapping[str, str]) -> FrameLabels:
    shapes = [
        _shape(item, names)
        for key in LIST_NAMES.values()
        for item in frame.get(key, [])  # type: ignore[attr-defined] # a value of another type raises TypeError
    ]
    return FrameLabels(str(frame["frame"]), tuple(shapes), dict(frame.get("frame-attributes") or {}))  # type: ignore[call-overload]


def _shape(item: Mapping[str, object], names: Mapping[str, str]) -> Shape:
    attributes = {str(name): str(value) for name, value in dict(item.get("label-category-attributes") or {}).items()}  # type: ignore[call-overload]
    object_id, object_name = item.get("object-id"), item.get("object-name")
    return Shape(
        names[str(item["class-id"])],
        _geometry(item),
        attributes,
        None if object_id is None else str(object_id),
        None if object_name is None else str(object_name),
    )


def _geometry(item: Mapping[str, object]) -> Geometry:
    if "vertices" in item:
        return Points(tuple((round(point["x"]), round(point["y"])) for point in item["vertices"]))  # type: ignore[attr-defined]
    if "x" in item:
        return Points(((_pixel(item["x"]), _pixel(item["y"])),))
    return _box(item)


def _box(item: Mapping[str, object]) -> Box:
    return Box(*(_pixel(item[side]) for side in ("left", "top", "width", "height")))


def _pixel(value: object) -> int:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number of pixels")
    return round(value)
