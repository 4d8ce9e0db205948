"""BDD100K: what Scalabel's reader wants is there, and its boxes are ours."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given

from everlabel.annotation_document import AnnotationDocument, ShapeType
from tests.datasets.exporting import ANY_DOCUMENT, HALVES, corners, export, labels, near, points, stored
from tests.documents import documents, sample

# What Scalabel's types (scalabel/label/typing.py, 0.3.1) ask for, with null where there is nothing.
FRAME = {"name", "url", "videoName", "frameIndex", "timestamp", "size", "attributes", "labels"}
LABEL = {"id", "category", "attributes", "manualShape", "score", "box2d", "box3d", "poly2d", "rle", "graph"}


def read(file: Path) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = json.loads(file.read_text())
    for frame in frames:
        assert set(frame) == FRAME
        assert isinstance(frame["timestamp"], int)
        for label in frame["labels"]:
            assert set(label) == LABEL
            assert isinstance(label["id"], str)
            assert all(isinstance(value, str | bool | int | float) for value in label["attributes"].values())
        assert len({label["id"] for label in frame["labels"]}) == len(frame["labels"])
    return frames


def shape(label: dict[str, Any]) -> tuple[float, ...]:
    """Points, as scalabel.label.transforms has them: the last pixel of a box counts in."""
    if label["box2d"]:
        box = label["box2d"]
        return near(box["x1"], box["y1"], box["x2"] + 1, box["y2"] + 1)
    if label["graph"]:
        return near(*label["graph"]["nodes"][0]["location"])
    (poly,) = label["poly2d"]
    assert len(poly["types"]) == len(poly["vertices"])
    return near(*(value for vertex in poly["vertices"] for value in vertex))


@ANY_DOCUMENT
@given(documents((ShapeType.BOX, ShapeType.POLYLINE, ShapeType.POLYGON, ShapeType.KEYPOINT)))
def test_should_give_back_everything(tmp_path: Path, document: AnnotationDocument) -> None:
    version = stored(tmp_path / "datasets", document)
    folder = export(version, "bdd100k", tmp_path / "bdd100k") / "labels"
    frames = read(folder / "det_20/det_train.json")
    found = [
        (frame["videoName"], frame["frameIndex"], label["category"], shape(label))
        for frame in frames
        for label in frame["labels"]
    ]
    assert found == [
        (sequence.name, place, label.class_name, points(label))
        for sequence, place, label in labels(version, *ShapeType)
    ]
    tracked = [
        (frame["videoName"], frame["frameIndex"], label["id"], shape(label))
        for sequence in version.sequences()
        for frame in read(folder / f"box_track_20/train/{sequence.name}.json")
        for label in frame["labels"]
    ]
    assert tracked == [
        (sequence.name, place, label.track_id, corners(label))
        for sequence, place, label in labels(version, ShapeType.BOX)
        if label.track_id is not None
    ]


def test_should_say_weather_scene_and_what_is_hidden_in_their_words(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", *sample(), ratios=HALVES)
    folder = export(version, "bdd100k", tmp_path / "bdd100k", gap=1.0, with_images=True)
    (frame, *_) = read(next(folder.glob("labels/box_track_20/*/clip-one.json")))
    assert frame["attributes"] == {"drive_id": "drive-a", "weather": "rainy", "scene": "city street"}
    assert frame["labels"][0]["attributes"] == {"occlusion": "partial", "lights": True, "occluded": True}
    for split in HALVES:
        frames = read(folder / f"labels/det_20/det_{split}.json")
        assert [frame["timestamp"] for frame in frames] == [0, 500, 1000, 1500]
        assert all((folder / "images/100k" / split / frame["name"]).exists() for frame in frames)
        assert [label["category"] for frame in frames for label in frame["labels"] if not label["manualShape"]] == [
            "bus"
        ]
