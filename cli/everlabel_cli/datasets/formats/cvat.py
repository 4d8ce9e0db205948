"""CVAT for video 1.1: `<split>/<clip>/annotations.xml`, pictures in `images/`.

Everything is a track: what nobody tracked is one of a single frame. A track has `outside` where it ends and where it
is not labeled, so CVAT makes up nothing in between; boxes that were interpolated are no key frames. Frames count from 0
in the order of the pictures' names. The id that a track has in the annotation document is its attribute `track_id`.

Source: https://docs.cvat.ai/docs/dataset_management/formats/xml_format/
"""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element  # nosec B405 # written, never read

from everlabel.annotation_document import Label, Origin, ShapeType
from everlabel_cli.datasets.export import Export, File, Format
from everlabel_cli.datasets.geometry import bounds, number, occlusion, size
from everlabel_cli.datasets.markup import add, written
from everlabel_cli.datasets.sequences import Sequence

TRACK = "track_id"
_ELEMENTS = {
    ShapeType.BOX: ("rectangle", "box"),
    ShapeType.POLYLINE: ("polyline", "polyline"),
    ShapeType.POLYGON: ("polygon", "polygon"),
    ShapeType.KEYPOINT: ("points", "points"),
}
"""What CVAT calls a shape as a label's type, and as an element."""

_Track = list[tuple[int, Label]]


def _files(export: Export) -> Iterator[File]:
    for sequence in export.sequences():
        root = f"{sequence.split}/{sequence.name}"
        yield File(f"{root}/annotations.xml", _annotations(sequence))
        for place, frame in enumerate(sequence.frames):
            yield File(f"{root}/images/{place:06d}.{sequence.images[place].rpartition('.')[2]}", frame)


def _annotations(sequence: Sequence) -> bytes:
    tracks = tracks_of(sequence)
    root = Element("annotations")
    add(root, "version", "1.1")
    _add_task(add(root, "meta"), sequence, tracks)
    for identity, track in enumerate(tracks):
        _add_track(root, identity, track, len(sequence.frames))
    return written(root)


def tracks_of(sequence: Sequence) -> list[_Track]:
    """The labels of each object in the order of time, without those whose shape CVAT has not."""
    found: dict[Any, _Track] = {}
    for place, label in sequence.everything():
        if label.shape.type in _ELEMENTS:
            # CVAT's tracks have one class and one type of shape each.
            key = (label.track_id, label.class_name, label.shape.type) if label.track_id is not None else id(label)
            found.setdefault(key, []).append((place, label))
    return list(found.values())


def _add_task(meta: Element, sequence: Sequence, tracks: list[_Track]) -> None:
    width, height = size(sequence.frames[0])
    task = add(meta, "task")
    add(task, "name", sequence.name)
    add(task, "size", len(sequence.frames))
    add(task, "mode", "interpolation")
    add(task, "start_frame", 0)
    add(task, "stop_frame", len(sequence.frames) - 1)
    labels = add(task, "labels")
    names: dict[tuple[str, ShapeType], dict[str, None]] = {}
    for track in tracks:
        for _, label in track:
            attributes = names.setdefault((label.class_name, label.shape.type), {TRACK: None})
            attributes |= dict.fromkeys(label.attributes)
    for (name, shape), attributes in names.items():
        found = add(labels, "label")
        add(found, "name", name)
        add(found, "type", _ELEMENTS[shape][0])
        listed = add(found, "attributes")
        for attribute in attributes:
            said = add(listed, "attribute")
            add(said, "name", attribute)
            add(said, "mutable", str(attribute != TRACK))
            add(said, "input_type", "text")
            add(said, "default_value", "")
            add(said, "values", "")
    original = add(task, "original_size")
    add(original, "width", width)
    add(original, "height", height)


def _add_track(root: Element, identity: int, track: _Track, frames: int) -> None:
    _, first = track[0]
    source = "auto" if first.origin is Origin.AUTO else "manual"
    found = add(root, "track", id=identity, label=first.class_name, source=source)
    nexts = [place for place, _ in track[1:]] + [frames]
    for (place, label), following in zip(track, nexts, strict=True):
        _add_shape(found, place, label, is_outside=False)
        if place + 1 < following:
            _add_shape(found, place + 1, label, is_outside=True)


def _add_shape(track: Element, place: int, label: Label, *, is_outside: bool) -> None:
    found = add(
        track,
        _ELEMENTS[label.shape.type][1],
        frame=place,
        outside=int(is_outside),
        occluded=int(bool(occlusion(label.attributes))),
        keyframe=int(is_outside or not label.interpolated),
        z_order=0,
    )
    if label.shape.type is ShapeType.BOX:
        corners = zip(("xtl", "ytl", "xbr", "ybr"), bounds(label.shape), strict=True)
        found.attrib |= {name: number(value) for name, value in corners}
    else:
        found.set("points", ";".join(f"{number(x)},{number(y)}" for x, y in label.shape.points))
    said = dict(label.attributes)
    if label.track_id is not None:
        said[TRACK] = label.track_id
    for name, value in said.items():
        add(found, "attribute", value, name=name)


FORMAT = Format("cvat", frozenset(_ELEMENTS), _files)
