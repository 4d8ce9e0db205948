"""COCO, read back by pycocotools."""

import contextlib
import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from pycocotools import mask  # type: ignore[import-untyped]
from pycocotools.coco import COCO  # type: ignore[import-untyped]
from pycocotools.cocoeval import COCOeval  # type: ignore[import-untyped]

from everlabel.annotation_document import AnnotationDocument, ShapeType
from everlabel_cli.datasets.geometry import area
from tests.datasets.exporting import ANY_DOCUMENT, HALVES, corners, export, labels, near, points, stored
from tests.documents import documents, sample


def read(path: Path) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def rows(coco: Any) -> list[tuple[Any, ...]]:
    """What a file says of each object: image, class, track, box, attributes."""
    return [
        (
            coco.imgs[said["image_id"]]["file_name"],
            coco.cats[said["category_id"]]["name"],
            said.get("track_id"),
            near(*said["bbox"]),
            said["attributes"],
        )
        for said in coco.anns.values()
    ]


@ANY_DOCUMENT
@given(documents())
def test_should_give_back_boxes_polygons_tracks_and_attributes(tmp_path: Path, document: AnnotationDocument) -> None:
    version = stored(tmp_path / "datasets", document)
    coco = read(export(version, "coco", tmp_path / "coco") / "annotations/instances_train.json")
    expected = []
    for sequence, place, label in labels(version, ShapeType.BOX, ShapeType.POLYGON):
        xs, ys = zip(*label.shape.points, strict=True)
        bbox = near(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
        image = f"{sequence.name}/{sequence.images[place]}"
        expected.append((image, label.class_name, label.track_id, bbox, label.attributes))
    assert rows(coco) == expected
    assert [image["frame_id"] for image in coco.imgs.values()] == [
        place for sequence in version.sequences() for place in range(len(sequence.frames))
    ]


def test_should_give_back_outlines_whose_masks_have_the_area_of_the_polygon(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", *sample(), ratios=HALVES)
    coco = read(export(version, "coco", tmp_path / "coco") / "annotations/instances_train.json")
    (crossing,) = coco.getCatIds(catNms=["crossing"])
    found = coco.loadAnns(coco.getAnnIds(catIds=[crossing]))
    assert len(found) == 3
    for said in found:
        assert said["segmentation"] == [[2, 40, 30, 40, 16, 46]]
        assert said["area"] == area(sample()[0].labels[2].shape) == 84
        assert mask.area(coco.annToRLE(said)) == pytest.approx(84, rel=0.25)


def test_should_be_what_the_evaluation_calls_perfect(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", *sample(), ratios=HALVES)
    coco = read(export(version, "coco", tmp_path / "coco") / "annotations/instances_train.json")
    found = [
        {"image_id": said["image_id"], "category_id": said["category_id"], "bbox": said["bbox"], "score": 1.0}
        for said in coco.anns.values()
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(coco, coco.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1)


@ANY_DOCUMENT
@given(documents((ShapeType.POLYLINE,)))
def test_should_keep_polylines_apart_from_objects(tmp_path: Path, document: AnnotationDocument) -> None:
    version = stored(tmp_path / "datasets", document)
    folder = export(version, "coco", tmp_path / "coco") / "annotations"
    assert not read(folder / "instances_train.json").anns
    expected = [
        (label.class_name, label.track_id, points(label)) for _, _, label in labels(version, ShapeType.POLYLINE)
    ]
    found = []
    if (folder / "polylines_train.json").exists():
        lines = read(folder / "polylines_train.json")
        found = [
            (lines.cats[said["category_id"]]["name"], said.get("track_id"), near(*said["polyline"]))
            for said in lines.anns.values()
        ]
    assert found == expected


@ANY_DOCUMENT
@given(documents((ShapeType.KEYPOINT, ShapeType.BOX)))
def test_should_give_back_keypoints(tmp_path: Path, document: AnnotationDocument) -> None:
    version = stored(tmp_path / "datasets", document)
    coco = read(export(version, "coco-keypoints", tmp_path / "coco") / "annotations/person_keypoints_train.json")
    expected = [
        (label.class_name, label.track_id, points(label)) for _, _, label in labels(version, ShapeType.KEYPOINT)
    ]
    found = [
        (coco.cats[said["category_id"]]["name"], said.get("track_id"), near(*said["keypoints"][:2]))
        for said in coco.anns.values()
    ]
    assert found == expected
    assert all(category["keypoints"] == [category["name"]] for category in coco.cats.values())


def test_should_number_classes_alike_in_all_splits_and_mark_interpolated_boxes(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", *sample(), ratios=HALVES)
    folder = export(version, "coco", tmp_path / "coco", gap=1.0) / "annotations"
    train, val = read(folder / "instances_train.json"), read(folder / "instances_val.json")
    assert train.cats == val.cats
    made_up = [said for said in train.anns.values() if said.get("interpolated")]
    assert [(train.cats[said["category_id"]]["name"], said["bbox"]) for said in made_up] == [("bus", [30, 4, 20, 16])]


def test_should_be_laid_out_as_fiftyone_imports_coco(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", *sample(), ratios=HALVES)
    folder = export(version, "fiftyone", tmp_path / "fiftyone", with_images=True)
    for split in HALVES:
        coco = read(folder / split / "labels.json")
        assert {
            str(path.relative_to(folder / split / "data")) for path in (folder / split / "data").rglob("*.jpg")
        } == {image["file_name"] for image in coco.imgs.values()}
    expected = [(label.class_name, corners(label)) for _, _, label in labels(version, ShapeType.BOX)]
    boxes = [row for split in ("train", "val") for row in rows(read(folder / split / "labels.json"))]
    assert len([row for row in boxes if row[1] != "crossing"]) == len(expected)


def test_should_tell_the_evaluation_to_pass_over_where_nobody_labeled(tmp_path: Path) -> None:
    one, _ = sample()
    ignored = dataclasses.replace(one, labels=(dataclasses.replace(one.labels[0], class_name="ignore"),))
    version = stored(tmp_path / "datasets", ignored)
    coco = read(export(version, "coco", tmp_path / "coco") / "annotations/instances_train.json")
    assert [said["iscrowd"] for said in coco.anns.values()] == [1]


def test_should_say_all_that_is_known_of_a_picture_and_an_object(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", *sample())
    body = json.loads((export(version, "coco", tmp_path / "coco") / "annotations/instances_train.json").read_text())
    assert body["info"] == {"description": "road", "version": "1"}
    assert body["videos"] == [{"id": 1, "name": "clip-one", "fps": 2}, {"id": 2, "name": "clip-two", "fps": 2}]
    assert [category["id"] for category in body["categories"]] == [1, 2, 3, 4]
    assert body["images"][5] == {
        "id": 6,
        "file_name": "clip-two/000002.jpg",
        "width": 64,
        "height": 48,
        "video_id": 2,
        "frame_id": 1,
        "time": 0.5,
        "clip_id": "clip-two",
        "s3_uri": "s3://everlabel-bucket/clips/two/fps-2/frames/000002.jpg",
        "attributes": {"drive_id": "drive-b", "weather": "clear", "scene": "city street"},
    }
    assert body["annotations"][1] == {
        "id": 2,
        "image_id": 1,
        "category_id": 1,
        "bbox": [30, 4, 20, 16],
        "area": 320,
        "segmentation": [],
        "iscrowd": 0,
        "attributes": {},
        "track_id": "9b1c5c97-c0ca-11ea-961f-480dc4509720",
        "instance_id": 2,
    }
    folder = export(version, "coco-keypoints", tmp_path / "keypoints") / "annotations"
    (joint, *_) = json.loads((folder / "person_keypoints_train.json").read_text())["annotations"]
    assert (joint["keypoints"], joint["num_keypoints"]) == ([20, 21, 2], 1)  # 2: labeled and visible


def test_should_call_a_clip_by_its_name_whatever_its_folder_is_called(tmp_path: Path) -> None:
    one = dataclasses.replace(sample()[0], clip_id="a clip / with slashes")
    folder = export(stored(tmp_path / "datasets", one), "coco", tmp_path / "coco") / "annotations"
    image = json.loads((folder / "instances_train.json").read_text())["images"][2]
    assert (image["clip_id"], image["time"]) == ("a clip / with slashes", 1)
    assert image["file_name"].startswith("a_clip_with_slashes-")
