"""What Ground Truth writes as labels, read leniently: real files differ from what is documented.

https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html. Frame numbers come as text or as numbers and count
from 0 or 1, so frames are known by their file's name alone; class ids come as text or as numbers, and mean what the
class map of that very line says; frames without labels may be missing; what is not known is ignored. Adjusted and
unadjusted labels, and those of people and of models, have one form.

An error names the file and the place in it, and never what a label says: errors are logged.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from everlabel.annotation_document import Origin, Shape, ShapeType
from everlabel.errors import LabelsUnreadable
from everlabel.task_types import AnnotationType

_LISTS = {
    "annotations": ShapeType.BOX,
    "polylines": ShapeType.POLYLINE,
    "polygons": ShapeType.POLYGON,
    "keypoints": ShapeType.KEYPOINT,
}
"""The lists of a frame, and what is in them."""
_BACKGROUND = "BACKGROUND"
"""The class of a mask that Ground Truth adds to everybody's own."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One object in one frame, as it was drawn."""

    class_name: str
    shape: Shape
    track_id: str | None = None
    track_name: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    confidence: float | None = None


@dataclass(slots=True)
class FrameLabels:
    """What was said of one frame."""

    drawn: list[Drawn] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Metadata:
    """What an output line says about its label, beside the label."""

    class_map: Mapping[str, str]
    origin: Origin
    body: Json

    @classmethod
    def of(cls, line: Json, label_attribute: str) -> "Metadata":
        """Reads `<label attribute>-metadata`; what is missing there is empty."""
        body = line.get(f"{label_attribute}-metadata")
        body = body if isinstance(body, dict) else {}
        class_map = body.get("class-map")
        names = class_map if isinstance(class_map, dict) else {}
        is_auto = str(body.get("human-annotated", "yes")).strip().lower() in {"no", "false"}
        return cls(
            {_class_id(key): _clean(name) for key, name in names.items() if isinstance(name, str)},
            Origin.AUTO if is_auto else Origin.HUMAN,
            body,
        )


def read_sequence(content: bytes, metadata: Metadata, file: str) -> dict[str, FrameLabels]:
    """The labels of a SeqLabel.json (tracking or detection, any shape), by the names of the frames' files.

    Raises:
        LabelsUnreadable: naming `file` and the place in it.
    """
    text = content.decode(errors="replace")
    try:
        body = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError):
        raise LabelsUnreadable(f"{file}: is not JSON") from None
    if "\\ud" in text.lower():
        body = _clean(body)  # it may hold half a character
    tracks: dict[str, str] = {}
    found: dict[str, FrameLabels] = {}
    for place, frame in _frames(body, file):
        name = frame.get("frame")
        if not isinstance(name, str) or not name.strip():
            raise LabelsUnreadable(f"{place}.frame: is {_kind(name)}; expected the name of the frame's file")
        labels = found.setdefault(base_name(name), FrameLabels())
        labels.attributes.update(_object(frame.get("frame-attributes")))
        for key, shape_type in _LISTS.items():
            for index, item in enumerate(_list(frame.get(key), f"{place}.{key}")):
                labels.drawn.append(_drawn(item, shape_type, metadata, tracks, f"{place}.{key}[{index}]"))
    return found


def read_image(line: Json, label_attribute: str, annotation_type: str, file: str) -> FrameLabels:
    """The boxes of an image, or the classes of its mask; `line` is the output line and `file` what errors call it.

    Raises:
        LabelsUnreadable: naming `file` and the place in it.
    """
    metadata = Metadata.of(line, label_attribute)
    if annotation_type == AnnotationType.MASK:
        return FrameLabels(list(_masks(line.get(label_attribute), metadata, f"{file}: {label_attribute}")))
    place = f"{file}: {label_attribute}.annotations"
    items = _list(_object(line.get(label_attribute)).get("annotations"), place)
    said = metadata.body.get("objects")
    told = [_object(each).get("confidence") for each in said] if isinstance(said, list) else []
    drawn = []
    for index, item in enumerate(items):
        given = item if "confidence" in item or len(told) != len(items) else {**item, "confidence": told[index]}
        drawn.append(_drawn(_clean(given), ShapeType.BOX, metadata, {}, f"{place}[{index}]"))
    return FrameLabels(drawn)


def read_class(line: Json, label_attribute: str, file: str) -> tuple[str, float | None]:
    """The class of an image, or the verdict on its labels; and the confidence.

    Raises:
        LabelsUnreadable: if the line names none.
    """
    metadata = Metadata.of(line, label_attribute)
    name = metadata.body.get("class-name")
    if not isinstance(name, str):
        name = metadata.class_map.get(_class_id(line.get(label_attribute)))
    if name is None:
        raise LabelsUnreadable(f"{file}: {label_attribute}-metadata.class-name: is missing, and no class-map tells")
    return _clean(name), _confidence(metadata.body.get("confidence"), metadata.origin)


def base_name(path: str) -> str:
    """The name of a frame's file: some files have whole paths, or blanks before them."""
    return path.strip().replace("\\", "/").rpartition("/")[2]


def _frames(body: Any, file: str) -> Iterator[tuple[str, Json]]:
    key, frames = "", body
    if isinstance(body, dict):
        named = [name for name in body if name.endswith("-annotations")]
        if not named:
            raise LabelsUnreadable(f"{file}: has neither tracking-annotations nor detection-annotations")
        key, frames = named[0], body[named[0]]
    for index, frame in enumerate(_list(frames, f"{file}: {key}")):
        yield f"{file}: {key}[{index}]", frame


def _drawn(item: Json, shape_type: ShapeType, metadata: Metadata, tracks: dict[str, str], place: str) -> Drawn:
    object_id, object_name = item.get("object-id"), item.get("object-name")
    track_id = None if object_id is None else str(object_id)
    return Drawn(
        _class_name(item, metadata, place),
        Shape(shape_type, _points(item, shape_type, place)),
        # An id stands in every frame: kept once, it takes a fraction of the memory.
        None if track_id is None else tracks.setdefault(track_id, track_id),
        None if object_name is None else tracks.setdefault(str(object_name), str(object_name)),
        _object(item.get("label-category-attributes")),
        _confidence(item.get("confidence"), metadata.origin),
    )


def _class_name(item: Json, metadata: Metadata, place: str) -> str:
    """By the class map of the line; a file without one may still say the name, or name objects `car:1`."""
    given = item.get("class-id", item.get("class_id"))
    name = metadata.class_map.get(_class_id(given))
    if name is None and not metadata.class_map:
        said = item.get("class-name", str(item.get("object-name", "")).rpartition(":")[0])
        name = said if isinstance(said, str) and said else None
    if name is None:
        raise LabelsUnreadable(f"{place}.class-id: is {_kind(given)}; the line's class-map does not have it")
    return name


def _class_id(value: Any) -> str:
    """`0`, whether it is written as 0, "0", " 0" or 0.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _points(item: Json, shape_type: ShapeType, place: str) -> tuple[tuple[float, float], ...]:
    match shape_type:
        case ShapeType.BOX:
            left, top, width, height = (_pixels(item, side, place) for side in ("left", "top", "width", "height"))
            across, down = sorted((left, left + width)), sorted((top, top + height))
            return (across[0], down[0]), (across[1], down[1])
        case ShapeType.KEYPOINT:
            return ((_pixels(item, "x", place), _pixels(item, "y", place)),)
    vertices = _list(item.get("vertices"), f"{place}.vertices")
    if not vertices:
        raise LabelsUnreadable(f"{place}.vertices: is empty; expected points")
    return tuple(
        (_pixels(point, "x", f"{place}.vertices[{index}]"), _pixels(point, "y", f"{place}.vertices[{index}]"))
        for index, point in enumerate(vertices)
    )


def _pixels(item: Json, name: str, place: str) -> float:
    value = item.get(name)
    number = _number(value)
    if number is None:
        raise LabelsUnreadable(f"{place}.{name}: is {_kind(value)}; expected a number of pixels")
    return number


def _number(value: Any) -> float | None:
    """A finite number, whether it is written as 4, 4.0 or "4"; None if it is none."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _masks(label: Any, metadata: Metadata, place: str) -> Iterator[Drawn]:
    """One object for each class of the mask's palette but the background."""
    if not isinstance(label, str) or not label.startswith("s3://"):
        raise LabelsUnreadable(f"{place}: is {_kind(label)}; expected the mask's place in Amazon S3")
    for key, entry in _object(metadata.body.get("internal-color-map")).items():
        name, color = _object(entry).get("class-name"), _object(entry).get("hex-color")
        if not isinstance(name, str) or not isinstance(color, str):
            raise LabelsUnreadable(f"{place}-metadata.internal-color-map.{key}: has no class-name or no hex-color")
        if name != _BACKGROUND:
            confidence = _confidence(_object(entry).get("confidence"), metadata.origin)
            yield Drawn(_clean(name), Shape(ShapeType.MASK, (), label, color), confidence=confidence)


def _confidence(value: Any, origin: Origin) -> float | None:
    """From 0 to 1; None if nobody says. Of a single worker Ground Truth says 0, which means nothing.

    What is more than 1 is per cent, as Amazon Rekognition has it.
    """
    number = _number(value)
    if number is None or not 0 <= number <= 100:
        return None
    share = number / 100 if number > 1 else number
    return share if share or origin is Origin.AUTO else None


def _list(value: Any, place: str) -> list[Json]:
    """A list of objects; none at all is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise LabelsUnreadable(f"{place}: is {_kind(value)}; expected a list")
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise LabelsUnreadable(f"{place}[{index}]: is {_kind(item)}; expected an object")
    return value


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _kind(value: Any) -> str:
    """What a value is, without saying it: a label is nobody's business in a log."""
    kinds = {type(None): "missing", str: "text", bool: "true or false", dict: "an object", list: "a list"}
    return kinds.get(type(value), "a number")


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _clean[T](value: T) -> T:
    """Without what no other reader takes: halves of characters, as text has that was cut, and infinite numbers."""
    if isinstance(value, str):
        cleaned: Any = value if value.isascii() else value.encode(errors="replace").decode()
    elif isinstance(value, float):
        cleaned = value if math.isfinite(value) else None
    elif isinstance(value, list):
        cleaned = [_clean(member) for member in value]
    elif isinstance(value, dict):
        cleaned = {_clean(key): _clean(member) for key, member in value.items()}
    else:
        return value
    return cleaned  # type: ignore[no-any-return]
