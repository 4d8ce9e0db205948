"""ASAM OpenLABEL 1.0.0: `<split>/<clip>.json`, pictures in `<split>/<clip>/`.

An object has the id of its track where OpenLABEL takes it (a UUID or a whole number), else a UUID made of it, and the
track's id as an attribute. A box is its centre, width and height.

Source: https://www.asam.net/standards/detail/openlabel/, its JSON schema
"""

import json
import re
import uuid
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from everlabel.annotation_document import Frame, Label, ShapeType
from everlabel_cli.datasets.export import Export, File, Format
from everlabel_cli.datasets.geometry import left_top_size, plain
from everlabel_cli.datasets.sequences import Sequence

TRACK, INTERPOLATED, CONFIDENCE, CLASS = "track_id", "interpolated", "confidence", "class"
_CAMERA = "camera"
_ID = re.compile(r"-?[0-9]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _files(export: Export) -> Iterator[File]:
    for sequence in export.sequences():
        root = f"{sequence.split}/{sequence.name}"
        yield File(f"{root}.json", json.dumps({"openlabel": _content(sequence)}, ensure_ascii=False).encode())
        for place, frame in enumerate(sequence.frames):
            yield File(f"{root}/{sequence.images[place]}", frame)


def object_id(label: Label, own: str) -> str:
    """The id of a label's object; `own` is one that nothing else in the dataset has."""
    if label.track_id is None:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, own))
    return label.track_id if _ID.fullmatch(label.track_id) else str(uuid.uuid5(uuid.NAMESPACE_URL, label.track_id))


def _content(sequence: Sequence) -> dict[str, Any]:
    document = sequence.document
    frames: dict[str, Any] = {}
    objects: dict[str, dict[str, Any]] = {}
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, frame in enumerate(sequence.frames):
        here: dict[str, Any] = {}
        for number, label in enumerate(sequence.at(place)):
            if label.shape.type is ShapeType.MASK:
                continue
            identity = object_id(label, f"{document.task_id}/{sequence.name}/{place}/{number}")
            known = objects.setdefault(identity, {"name": label.track_name or identity, "type": label.class_name})
            places[identity].append(place)
            kind, said = _shape(label, number, known["type"])
            here.setdefault(identity, {"object_data": {}})["object_data"].setdefault(kind, []).append(said)
        frames[str(place)] = {"frame_properties": _frame(frame), **({"objects": here} if here else {})}
    for identity, found in objects.items():
        found["frame_intervals"] = intervals(places[identity])
    return {
        "metadata": {
            "schema_version": "1.0.0",
            "name": sequence.name,
            "comment": f"annotation task {document.task_id}, completed at {document.completed_at}",
        },
        "streams": {_CAMERA: {"type": "camera", "uri": document.clip_uri, "description": f"{sequence.fps:g} fps"}},
        "frame_intervals": intervals(list(range(len(sequence.frames)))),
        "frames": frames,
        **({"objects": objects} if objects else {}),
    }


def intervals(places: list[int]) -> list[dict[str, int]]:
    """Runs of successive numbers, first and last included."""
    found: list[dict[str, int]] = []
    for place in places:
        if found and place <= found[-1]["frame_end"] + 1:
            found[-1]["frame_end"] = place
        else:
            found.append({"frame_start": place, "frame_end": place})
    return found


def _frame(frame: Frame) -> dict[str, Any]:
    return {
        "timestamp": plain(frame.time),
        "streams": {_CAMERA: {"uri": frame.s3_uri}},
        **({"frame_data": _attributes(dict(frame.attributes))} if frame.attributes else {}),
    }


def _shape(label: Label, number: int, object_type: str) -> tuple[str, dict[str, Any]]:
    said = dict(label.attributes)
    if label.class_name != object_type:
        said[CLASS] = label.class_name  # an object has one type, whatever was said of it later
    if label.track_id is not None and not _ID.fullmatch(label.track_id):
        said[TRACK] = label.track_id
    if label.interpolated:
        said[INTERPOLATED] = True
    if label.confidence is not None:
        said[CONFIDENCE] = label.confidence
    rest = {"name": f"{label.shape.type}-{number}", **({"attributes": _attributes(said)} if said else {})}
    values = [plain(value) for point in label.shape.points for value in point]
    match label.shape.type:
        case ShapeType.BOX:
            left, top, width, height = left_top_size(label.shape)
            centre = [left + width / 2, top + height / 2, width, height]
            return "bbox", {"val": [plain(value) for value in centre], **rest}
        case ShapeType.KEYPOINT:
            return "point2d", {"val": values, **rest}
        case shape:
            is_closed = shape is ShapeType.POLYGON
            return "poly2d", {"val": values, "mode": "MODE_POLY2D_ABSOLUTE", "closed": is_closed, **rest}


def _attributes(said: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for name, value in said.items():
        match value:
            case bool():
                kind = "boolean"
            case int() | float():
                kind = "num"
            case str():
                kind = "text"
            case _:
                kind, value = "text", json.dumps(value, ensure_ascii=False)
        found.setdefault(kind, []).append({"name": name, "val": value})
    return found


FORMAT = Format("openlabel", frozenset(set(ShapeType) - {ShapeType.MASK}), _files)
