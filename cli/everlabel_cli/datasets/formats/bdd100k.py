"""BDD100K, which is Scalabel's JSON: all labels of a split, tracked boxes by clip, and pictures.

    labels/det_20/det_<split>.json
    labels/box_track_20/<split>/<clip>.json
    images/100k/<split>/

Scalabel counts the last pixel of a box in: its `x2` is the right edge less one. What it must have and we have not is
null.

Source: https://doc.scalabel.ai/format.html, https://doc.bdd100k.com/format.html
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from everlabel.annotation_document import Frame, Label, ShapeType
from everlabel_cli.datasets.export import Export, File, Format
from everlabel_cli.datasets.geometry import bounds, occlusion, plain, size
from everlabel_cli.datasets.masks import runs
from everlabel_cli.datasets.sequences import Sequence

_FRAME_ATTRIBUTES = {"weather": "weather", "scene": "scene", "time_of_day": "timeofday"}
"""Ours, which are LAVA's, and BDD100K's name for the same."""
_NOTHING = {"box2d": None, "box3d": None, "poly2d": None, "rle": None, "graph": None}


def _files(export: Export) -> Iterator[File]:
    frames: dict[str, list[dict[str, Any]]] = {split: [] for split in export.splits}
    for sequence in export.sequences():
        found = [_frame(export, sequence, place, lambda _: True) for place in _all(sequence)]
        frames[sequence.split] += found
        boxes = [_frame(export, sequence, place, _is_tracked_box) for place in _all(sequence)]
        yield File(f"labels/box_track_20/{sequence.split}/{sequence.name}.json", _json(boxes))
        for frame, said in zip(sequence.frames, found, strict=True):
            yield File(f"images/100k/{sequence.split}/{said['name']}", frame)
    for split, found in frames.items():
        yield File(f"labels/det_20/det_{split}.json", _json(found))


def _all(sequence: Sequence) -> range:
    return range(len(sequence.frames))


def _is_tracked_box(label: Label) -> bool:
    return label.track_id is not None and label.shape.type is ShapeType.BOX


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _frame(export: Export, sequence: Sequence, place: int, is_wanted: Callable[[Label], bool]) -> dict[str, Any]:
    frame = sequence.frames[place]
    width, height = size(frame)
    # Scalabel reads true and false of a frame, unlike those of a label, as numbers.
    attributes = {
        _FRAME_ATTRIBUTES.get(name, name): json.dumps(value) if isinstance(value, bool) else _simple(value)
        for name, value in frame.attributes.items()
    }
    labels = (
        _label(export, label, frame, f"untracked-{place}-{number}")
        for number, label in enumerate(sequence.at(place))
        if is_wanted(label)
    )
    return {
        "name": f"{sequence.name}__{sequence.images[place]}",
        "url": frame.s3_uri,
        "videoName": sequence.name,
        "frameIndex": place,
        "timestamp": round(frame.time * 1000),
        "size": {"width": width, "height": height},
        "attributes": attributes,
        "labels": [label for label in labels if label is not None],
    }


def _label(export: Export, label: Label, frame: Frame, own_id: str) -> dict[str, Any] | None:
    """None for a mask that covers no pixel."""
    geometry = _mask(export, label, frame) if label.shape.type is ShapeType.MASK else _geometry(label, own_id)
    if geometry is None:
        return None
    attributes = {name: _simple(value) for name, value in label.attributes.items()}
    hidden = occlusion(label.attributes)
    if hidden is not None:
        attributes.setdefault("occluded", bool(hidden))
    if label.interpolated:
        attributes["interpolated"] = True
    return {
        "id": own_id if label.track_id is None else label.track_id,
        "category": label.class_name,
        "attributes": attributes,
        "manualShape": not label.interpolated,
        "score": label.confidence,
        **_NOTHING,
        **geometry,
    }


def _mask(export: Export, label: Label, frame: Frame) -> dict[str, Any] | None:
    found = runs(label, frame, export.stored.frame_bytes)
    width, height = size(frame)
    return None if found is None else {"rle": {"counts": found.text, "size": [height, width]}}


def _geometry(label: Label, own_id: str) -> dict[str, Any]:
    points = [[plain(x), plain(y)] for x, y in label.shape.points]
    match label.shape.type:
        case ShapeType.BOX:
            left, top, right, bottom = bounds(label.shape)
            return {"box2d": {"x1": plain(left), "y1": plain(top), "x2": plain(right - 1), "y2": plain(bottom - 1)}}
        case ShapeType.KEYPOINT:
            return {
                "graph": {"nodes": [{"location": points[0], "category": label.class_name, "id": own_id}], "edges": []}
            }
        case shape:
            is_closed = shape is ShapeType.POLYGON
            return {"poly2d": [{"vertices": points, "types": "L" * len(points), "closed": is_closed}]}


def _simple(value: Any) -> Any:
    return value if isinstance(value, str | bool | int | float) else json.dumps(value, ensure_ascii=False)


FORMAT = Format("bdd100k", frozenset(ShapeType), _files)
