"""CVAT for video, read back by Datumaro, and by CVAT's own rules where Datumaro does not look."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import datumaro  # type: ignore[import-untyped]
from hypothesis import given

from everlabel.annotation_document import AnnotationDocument, ShapeType
from everlabel_cli.datasets.markup import as_text, printable
from tests.datasets.exporting import ANY_DOCUMENT, HALVES, export, labels, near, points, stored
from tests.documents import documents, sample, telling

SHAPES = (ShapeType.BOX, ShapeType.POLYLINE, ShapeType.POLYGON, ShapeType.KEYPOINT)
_OURS = {"bbox": "box", "polyline": "polyline", "polygon": "polygon", "points": "keypoint"}


def read(file: Path) -> list[tuple[Any, ...]]:
    """Frame, class, shape, points, track and attributes of what Datumaro finds."""
    dataset = datumaro.Dataset.import_from(str(file), "cvat")
    names = [category.name for category in dataset.categories()[datumaro.AnnotationType.label]]
    others = {"occluded", "outside", "keyframe", "track_id"}
    found = []
    for item in dataset:
        for said in item.annotations:
            if not said.attributes.get("outside"):
                attributes = {name: as_text(value) for name, value in said.attributes.items() if name not in others}
                found.append(
                    (item.attributes["frame"], names[said.label], _OURS[said.type.name], near(*said.points), attributes)
                )
    return sorted(found, key=str)


@ANY_DOCUMENT
@given(documents())
def test_should_give_back_every_shape_with_its_attributes(tmp_path: Path, document: AnnotationDocument) -> None:
    version = stored(tmp_path / "datasets", document)
    folder = export(version, "cvat", tmp_path / "cvat", with_images=True) / "train"
    for sequence in version.sequences():
        expected = [
            (
                place,
                printable(label.class_name),
                str(label.shape.type),
                points(label),
                {printable(name): printable(as_text(value)) for name, value in label.attributes.items()},
            )
            for found, place, label in labels(version, *SHAPES)
            if found.name == sequence.name
        ]
        assert read(folder / sequence.name / "annotations.xml") == sorted(expected, key=str)


@ANY_DOCUMENT
@given(documents())
def test_should_keep_each_track_in_one_piece(tmp_path: Path, document: AnnotationDocument) -> None:
    version = stored(tmp_path / "datasets", document)
    folder = export(version, "cvat", tmp_path / "cvat") / "train"
    for sequence in version.sequences():
        root = ElementTree.parse(folder / sequence.name / "annotations.xml").getroot()  # noqa: S314 # our own
        frames: dict[str, list[int]] = {}
        for track in root.iter("track"):
            for shape in track:
                own = {str(said.get("name")): said.text or "" for said in shape.iter("attribute")}
                if shape.get("outside") == "0" and "track_id" in own:
                    frames.setdefault(own["track_id"], []).append(int(shape.get("frame", "")))
        expected: dict[str, list[int]] = {}
        for found, place, label in labels(version, *SHAPES):
            if found.name == sequence.name and label.track_id is not None:
                expected.setdefault(label.track_id, []).append(place)
        assert frames == expected
        with_id = [track for track in root.iter("track") if track.find("*/attribute[@name='track_id']") is not None]
        assert len(with_id) == len(expected)


def test_should_leave_nothing_to_be_made_up_between_labeled_frames(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", *sample(), ratios=HALVES)
    plain = export(version, "cvat", tmp_path / "plain")
    filled = export(version, "cvat", tmp_path / "filled", gap=1.0)
    assert _bus(plain) == [("0", "0", "1"), ("1", "1", "1"), ("2", "0", "1"), ("3", "1", "1")]
    assert _bus(filled) == [("0", "0", "1"), ("1", "0", "0"), ("2", "0", "1"), ("3", "1", "1")]


def _bus(folder: Path) -> list[tuple[str | None, ...]]:
    (file,) = folder.glob("*/clip-one/annotations.xml")
    (track,) = ElementTree.parse(file).getroot().findall("track[@label='bus']")  # noqa: S314 # our own
    return [(shape.get("frame"), shape.get("outside"), shape.get("keyframe")) for shape in track]


def test_should_declare_every_label_and_attribute(tmp_path: Path) -> None:
    folder = export(stored(tmp_path / "datasets", sample()[0]), "cvat", tmp_path / "cvat")
    root = ElementTree.parse(folder / "train/clip-one/annotations.xml").getroot()  # noqa: S314 # our own
    declared = {
        (label.findtext("name"), label.findtext("type")): {
            str(said.text) for said in label.findall("attributes/*/name")
        }
        for label in root.iterfind("meta/task/labels/label")
    }
    assert declared == {
        ("car", "rectangle"): {"track_id", "occlusion", "lights"},
        ("bus", "rectangle"): {"track_id"},
        ("crossing", "polygon"): {"track_id"},
        ("left knee", "points"): {"track_id"},
        ("lane/solid", "polyline"): {"track_id", "style"},
        ("stop sign", "rectangle"): {"track_id", "is_front"},
    }
    mutable = {
        said.findtext("name"): said.findtext("mutable") for said in root.iterfind("meta/task/labels/*/*/attribute")
    }
    assert mutable == {"track_id": "False", "occlusion": "True", "lights": "True", "style": "True", "is_front": "True"}
    task = root.find("meta/task")
    assert task is not None
    numbers = ("size", "start_frame", "stop_frame", "original_size/width", "original_size/height")
    assert [task.findtext(name) for name in numbers] == ["4", "0", "3", "64", "48"]


def test_should_part_a_track_whose_class_changes_and_say_who_drew_it(tmp_path: Path) -> None:
    folder = export(stored(tmp_path / "datasets", telling()), "cvat", tmp_path / "cvat", with_images=True)
    root = ElementTree.parse(folder / "train/clip-one/annotations.xml").getroot()  # noqa: S314 # our own
    assert [(track.get("label"), track.get("source"), _frames(track)) for track in root.findall("track")] == [
        ("car", "auto", [("0", "0", "1", "1"), ("1", "0", "0", "0"), ("2", "1", "1", "0")]),
        ("ignore", "manual", [("0", "0", "1", "0"), ("1", "1", "1", "0")]),
        ("bus", "manual", [("2", "0", "1", "1")]),
    ]
    ids = [said.text for said in root.iterfind("track/box/attribute[@name='track_id']")]
    assert ids == ["a/b"] * 4
    pictures = sorted(path.name for path in (folder / "train/clip-one/images").iterdir())
    assert pictures == ["000000.jpg", "000001.jpg", "000002.jpg"]


def _frames(track: ElementTree.Element) -> list[tuple[str | None, ...]]:
    return [tuple(shape.get(name) for name in ("frame", "outside", "keyframe", "occluded")) for shape in track]
