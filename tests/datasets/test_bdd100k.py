"""BDD100K, read back by Scalabel."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from hypothesis import given

from everlabel.annotation_document import AnnotationDocument, ShapeType
from tests.datasets.exporting import ANY_DOCUMENT, HALVES, corners, export, labels, near, points, stored
from tests.datasets.scalabels import box2d_to_bbox, graph_to_keypoints, load
from tests.documents import documents, sample, telling

SHAPES = (ShapeType.BOX, ShapeType.POLYLINE, ShapeType.POLYGON, ShapeType.KEYPOINT)


def read(file: Path) -> list[Any]:
    """The frames that Scalabel finds, held to its types."""
    frames: list[Any] = load(str(file)).frames
    for frame in frames:
        assert len({label.id for label in frame.labels}) == len(frame.labels)
    return frames


def shape(label: Any) -> tuple[str, tuple[float, ...]]:
    """What was drawn, and its points."""
    if label.box2d:
        left, top, width, height = box2d_to_bbox(label.box2d)
        return "box", near(left, top, left + width, top + height)
    if label.graph:
        return "keypoint", near(*graph_to_keypoints(label.graph)[:2])
    (poly,) = label.poly2d
    assert len(poly.types) == len(poly.vertices)
    return "polygon" if poly.closed else "polyline", near(*(value for vertex in poly.vertices for value in vertex))


@ANY_DOCUMENT
@given(documents(SHAPES))
def test_should_give_back_everything(tmp_path: Path, document: AnnotationDocument) -> None:
    version = stored(tmp_path / "datasets", document)
    folder = export(version, "bdd100k", tmp_path / "bdd100k") / "labels"
    frames = read(folder / "det_20/det_train.json")
    found = [
        (frame.videoName, frame.frameIndex, label.category, shape(label), _own(label.attributes))
        for frame in frames
        for label in frame.labels
    ]
    assert found == [
        (sequence.name, place, label.class_name, (label.shape.type, points(label)), label.attributes)
        for sequence, place, label in labels(version, *ShapeType)
    ]
    tracked = [
        (frame.videoName, frame.frameIndex, label.id, shape(label))
        for sequence in version.sequences()
        for frame in read(folder / f"box_track_20/train/{sequence.name}.json")
        for label in frame.labels
    ]
    assert tracked == [
        (sequence.name, place, label.track_id, ("box", corners(label)))
        for sequence, place, label in labels(version, ShapeType.BOX)
        if label.track_id is not None
    ]


def _own(attributes: dict[str, Any]) -> dict[str, Any]:
    """Without the one that BDD100K has for what our `occlusion` says."""
    return {name: value for name, value in attributes.items() if name != "occluded"}


def test_should_say_weather_scene_and_what_is_hidden_in_their_words(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", *sample(), ratios=HALVES)
    folder = export(version, "bdd100k", tmp_path / "bdd100k", gap=1.0, with_images=True)
    (frame, *_) = read(next(folder.glob("labels/box_track_20/*/clip-one.json")))
    assert frame.attributes == {"drive_id": "drive-a", "weather": "rainy", "scene": "city street"}
    assert frame.labels[0].attributes == {"occlusion": "partial", "lights": True, "occluded": True}
    for split in HALVES:
        frames = read(folder / f"labels/det_20/det_{split}.json")
        assert [frame.timestamp for frame in frames] == [0, 500, 1000, 1500]
        assert [(frame.size.width, frame.size.height) for frame in frames] == [(64, 48)] * 4
        assert all((folder / "images/100k" / split / frame.name).exists() for frame in frames)
        assert [label.category for frame in frames for label in frame.labels if not label.manualShape] == ["bus"]


def test_should_keep_what_frames_say_as_it_is_said(tmp_path: Path) -> None:
    one, _ = sample()
    said = {"time_of_day": "dawn/dusk", "wipers": True, "speed": 13.5, "lanes": [1, 2]}
    frames = tuple(dataclasses.replace(frame, attributes=said) for frame in one.frames)
    version = stored(tmp_path / "datasets", dataclasses.replace(one, frames=frames))
    folder = export(version, "bdd100k", tmp_path / "bdd100k")
    (frame, *_) = read(folder / "labels/det_20/det_train.json")
    assert frame.attributes == {"timeofday": "dawn/dusk", "wipers": "true", "speed": 13.5, "lanes": json.dumps([1, 2])}


def test_should_say_who_said_it_how_surely_and_whether_anybody_drew_it(tmp_path: Path) -> None:
    folder = export(stored(tmp_path / "datasets", telling()), "bdd100k", tmp_path / "bdd100k")
    frames = read(folder / "labels/box_track_20/train/clip-one.json")
    found = [label for frame in frames for label in frame.labels]
    assert [(label.id, label.category, label.score, label.manualShape) for label in found] == [
        ("a/b", "car", 0.5, True), ("a/b", "car", None, False), ("a/b", "bus", None, True)
    ]  # fmt: skip
    assert [label.attributes.get("interpolated") for label in found] == [None, True, None]
    assert found[0].attributes == {"occlusion": "major", "occluded": True}
    assert [frame.url for frame in frames] == [frame.s3_uri for frame in telling().frames]
