"""Formats of boxes in single pictures (Pascal VOC, KITTI, YOLO), read back by Datumaro."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import datumaro  # type: ignore[import-untyped]
import pytest
import yaml
from hypothesis import given

from everlabel.annotation_document import AnnotationDocument, ShapeType
from everlabel_cli.datasets.formats.kitti import type_names
from everlabel_cli.datasets.markup import as_text, printable
from everlabel_cli.datasets.reading import StoredVersion
from tests.datasets.exporting import ANY_DOCUMENT, HALVES, corners, export, labels, near, stored
from tests.documents import documents, sample, telling

Row = tuple[Any, ...]


def read(folder: Path, form: str, subset: str = "train") -> list[Row]:
    """Picture, class and corners of what Datumaro finds."""
    dataset = datumaro.Dataset.import_from(str(folder), form)
    names = [category.name for category in dataset.categories()[datumaro.AnnotationType.label]]
    return sorted(
        (item.id, names[said.label], *corners_of(said))
        for item in dataset
        if item.subset == subset
        for said in item.annotations
        if said.type == datumaro.AnnotationType.bbox
    )


def corners_of(said: Any) -> tuple[float, ...]:
    left, top, width, height = said.get_bbox()
    return near(left, top, left + width, top + height)


def expected(version: StoredVersion, name_of: dict[str, str] | None = None, split: str = "train") -> list[Row]:
    """The same of what went in."""
    return sorted(
        (picture_name(sequence, place), (name_of or {}).get(label.class_name, label.class_name), *corners(label))
        for sequence, place, label in labels(version, ShapeType.BOX)
        if sequence.split == split
    )


def picture_name(sequence: Any, place: int) -> str:
    return f"{sequence.name}__{sequence.images[place].rpartition('.')[0]}"


@ANY_DOCUMENT
@given(documents())
def test_voc_should_give_back_boxes_tracks_and_attributes(tmp_path: Path, document: AnnotationDocument) -> None:
    version = stored(tmp_path / "datasets", document)
    folder = export(version, "voc", tmp_path / "voc")
    dataset = datumaro.Dataset.import_from(str(folder), "voc_detection")
    assert {item.id for item in dataset} == {
        picture_name(sequence, place) for sequence in version.sequences() for place in range(len(sequence.frames))
    }
    found = [
        (item.id, *corners_of(said), said.attributes.get("track_id"), _own(said.attributes))
        for item in dataset
        for said in item.annotations
        if said.type == datumaro.AnnotationType.bbox
    ]
    assert sorted(found, key=str) == sorted(
        (
            (
                picture_name(sequence, place),
                *corners(label),
                label.track_id,
                {
                    printable(name).strip(): printable(as_text(value)).strip()
                    for name, value in label.attributes.items()
                },
            )
            for sequence, place, label in labels(version, ShapeType.BOX)
        ),
        key=str,
    )


def _own(attributes: dict[str, Any]) -> dict[str, str]:
    """Attributes that are not VOC's: Datumaro makes numbers and truth values of texts."""
    others = {"difficult", "pose", "truncated", "occluded", "track_id", "interpolated"}
    return {name: as_text(value) for name, value in attributes.items() if name not in others}


def test_voc_should_list_splits_and_pictures(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", *sample(), ratios=HALVES)
    folder = export(version, "voc", tmp_path / "voc", with_images=True)
    for split in HALVES:
        assert read(folder, "voc_detection", split) == expected(version, split=split)
        for name in (folder / f"ImageSets/Main/{split}.txt").read_text().split():
            assert (folder / f"JPEGImages/{name}.jpg").exists()


def test_voc_should_say_what_is_hidden_made_up_or_to_be_passed_over(tmp_path: Path) -> None:
    folder = export(stored(tmp_path / "datasets", telling()), "voc", tmp_path / "voc")
    found = [
        (box.findtext("name"), box.findtext("occluded"), box.findtext("difficult"), _said(box))
        for number in (1, 2, 3)
        for box in ElementTree.parse(folder / f"Annotations/clip-one__{number:06d}.xml").iter("object")  # noqa: S314
    ]
    assert found == [
        ("car", "1", "0", {"occlusion": "major", "track_id": "a/b"}),
        ("ignore", "0", "1", {}),
        ("car", "0", "0", {"track_id": "a/b", "interpolated": "true"}),
        ("bus", "1", "0", {"occlusion": "major", "track_id": "a/b"}),
    ]


def _said(box: ElementTree.Element) -> dict[str | None, str | None]:
    return {said.findtext("name"): said.findtext("value") for said in box.iter("attribute")}


def test_where_nobody_labeled_should_be_dont_care_for_kitti_and_nothing_for_yolo(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", telling())
    kitti = export(version, "kitti", tmp_path / "kitti") / "train/label_2/clip-one__000001.txt"
    assert [line.split()[:3] for line in kitti.read_text().splitlines()] == [
        ["car", "-1", "2"],
        ["DontCare", "-1", "3"],
    ]
    yolo = export(version, "yolo", tmp_path / "yolo") / "labels/train/clip-one__000001.txt"
    assert yolo.read_text() == "1 0.09375 0.125 0.15625 0.16666667\n"


@ANY_DOCUMENT
@given(documents())
def test_kitti_should_give_back_boxes(tmp_path: Path, document: AnnotationDocument) -> None:
    version = stored(tmp_path / "datasets", document)
    folder = export(version, "kitti", tmp_path / "kitti", with_images=True)
    types = type_names(sorted({label.class_name for _, _, label in labels(version, ShapeType.BOX)}))
    assert read(folder, "kitti_detection") == expected(version, types)
    for path in folder.glob("train/label_2/*.txt"):
        assert all(len(line.split()) == 15 for line in path.read_text().splitlines())


def test_kitti_should_say_how_much_is_hidden_and_where_nobody_labeled(tmp_path: Path) -> None:
    folder = export(stored(tmp_path / "datasets", sample()[0]), "kitti", tmp_path / "kitti")
    assert (folder / "train/label_2/clip-one__000002.txt").read_text() == (
        "car -1 1 -10 6 10 18 18 -1 -1 -1 -1000 -1000 -1000 -10\n"
        "stop_sign -1 3 -10 50 2 56 8 -1 -1 -1 -1000 -1000 -1000 -10\n"
    )
    assert type_names(["a b", "a_b", "ignore", " "]) == {"a b": "a_b", "a_b": "a_b_", "ignore": "DontCare", " ": "_"}


@ANY_DOCUMENT
@given(documents())
def test_yolo_should_give_back_boxes(tmp_path: Path, document: AnnotationDocument) -> None:
    version = stored(tmp_path / "datasets", document)
    folder = export(version, "yolo", tmp_path / "yolo", with_images=True)
    if expected(version):
        assert read(folder, "yolo") == expected(version)
    assert {path.stem for path in folder.glob("labels/train/*.txt")} == {
        path.stem for path in folder.glob("images/train/*.jpg")
    }


def test_yolo_should_number_classes_alike_whatever_is_exported(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", *sample(), ratios=HALVES)
    both = export(version, "yolo", tmp_path / "both")
    one = export(version, "yolo", tmp_path / "one", split="val")
    names = {0: "bus", 1: "car", 2: "stop sign"}
    assert yaml.safe_load((both / "data.yaml").read_text()) == {
        "train": "images/train", "val": "images/val", "names": names
    }  # fmt: skip
    assert yaml.safe_load((one / "data.yaml").read_text()) == {"val": "images/val", "names": names}
    assert not (one / "labels/train").exists()
    for split in HALVES:
        texts = [path.read_text() for path in sorted((both / "labels" / split).iterdir())]
        assert [len(text.splitlines()) for text in texts] == [3, 2, 3, 0]


def test_yolo_should_cut_boxes_off_at_the_edges(tmp_path: Path) -> None:
    import dataclasses

    from tests.documents import box

    one, _ = sample()
    shapes = [box(-10, -10, 26, 34), box(60, 40, 100, 100), box(70, 0, 5, 5)]
    moved = tuple(dataclasses.replace(one.labels[0], shape=shape) for shape in shapes)
    version = stored(tmp_path / "datasets", dataclasses.replace(one, labels=moved))
    lines = (export(version, "yolo", tmp_path / "yolo") / "labels/train/clip-one__000001.txt").read_text().splitlines()
    numbers = [[float(text) for text in line.split()[1:]] for line in lines]
    assert numbers == [pytest.approx([0.125, 0.25, 0.25, 0.5]), pytest.approx([62 / 64, 44 / 48, 4 / 64, 8 / 48])]
