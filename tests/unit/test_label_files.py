"""Label files of Ground Truth: whatever quirk they have, the same labels are read."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel.annotation_document import Origin, Shape, ShapeType
from everlabel.errors import LabelsUnreadable
from everlabel.label_files import Drawn, FrameLabels, Metadata, base_name, read_class, read_image, read_sequence
from local.template import ROOT

ATTRIBUTE = "VOTVehicle-ref"
CAR, BUS = "d79cf040-8bff-11eb-8880-038cb4c55326", "e0a1"


def line(**metadata: Any) -> dict[str, Any]:
    """An output line of a tracking job, as documented."""
    known = {
        "class-map": {"0": "car", "1": "bus"},
        "job-name": "labeling-job/vehicles",
        "human-annotated": "yes",
        "creation-date": "2026-09-29T05:50:35.566000",
        "type": "groundtruth/video-object-tracking",
    }
    return {"source-ref": "s3://b/s.json", ATTRIBUTE: "s3://b/SeqLabel.json", f"{ATTRIBUTE}-metadata": known | metadata}


def box(class_id: Any = "0", object_id: str = CAR, name: str = "car:1", left: Any = 952) -> dict[str, Any]:
    """A box as documented."""
    return {
        "height": 66,
        "width": 83,
        "top": 545,
        "left": left,
        "class-id": class_id,
        "label-category-attributes": {"occluded": "no"},
        "object-id": object_id,
        "object-name": name,
    }


def documented() -> dict[str, Any]:
    """Two frames as documented, the second one with nothing in it."""
    return {
        "tracking-annotations": [
            {
                "annotations": [box(), box("1", BUS, "bus:1", 10)],
                "frame-no": 0,
                "frame": "000001.jpg",
                "frame-attributes": {"blurred": "no"},
            },
            {"annotations": [], "frame-no": 1, "frame": "000002.jpg", "frame-attributes": {}},
        ]
    }


def read(body: Any, **metadata: Any) -> dict[str, Any]:
    """What stands in a file, frame by frame; frames with nothing are as good as none."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = read_sequence(content, Metadata.of(line(**metadata), ATTRIBUTE), "s3://b/SeqLabel.json")
    return {name: labels for name, labels in found.items() if labels.drawn or labels.attributes}


def changed(change: Callable[[Any], Any]) -> Any:
    """The documented file with something else in it."""
    body = copy.deepcopy(documented())
    return change(body) or body


def frames(body: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body["tracking-annotations"]
    return found


def each_frame(**members: Any) -> Callable[[Any], None]:
    def change(body: Any) -> None:
        for index, frame in enumerate(frames(body)):
            frame |= {key: value(index, frame) for key, value in members.items()}

    return change


def each_box(change: Callable[[dict[str, Any]], Any]) -> Callable[[Any], None]:
    def change_all(body: Any) -> None:
        for frame in frames(body):
            for each in frame["annotations"]:
                change(each)

    return change_all


FILES = ROOT / "tests" / "ground_truth_files"
"""Output lines with the label files that they refer to: in each folder one as documented, and others with a quirk of
real ones. `line` is the output line, `labels` the content of SeqLabel.json."""


def read_fixture(folder: str, name: str) -> dict[str, FrameLabels]:
    """What a fixture says, frame by frame; frames with nothing are as good as none."""
    fixture = json.loads((FILES / folder / f"{name}.json").read_text())
    if "labels" not in fixture:
        return {"1.png": read_image(fixture["line"], "Signs", "BoundingBox", "line")}
    metadata = Metadata.of(fixture["line"], ATTRIBUTE)
    found = read_sequence(json.dumps(fixture["labels"]).encode(), metadata, "s3://b/SeqLabel.json")
    return {frame: labels for frame, labels in found.items() if labels.drawn or labels.attributes}


def names_of(folder: str) -> list[str]:
    return sorted(path.stem for path in (FILES / folder).glob("*.json"))


@pytest.mark.parametrize(
    ("folder", "quirk"), [(folder.name, name) for folder in sorted(FILES.iterdir()) for name in names_of(folder.name)]
)
def test_a_file_with_a_quirk_should_be_read_like_the_documented_one(folder: str, quirk: str) -> None:
    assert read_fixture(folder, quirk) == read_fixture(folder, "documented")


def test_the_fixtures_should_all_be_there() -> None:
    assert {folder.name: len(names_of(folder.name)) for folder in FILES.iterdir()} == {
        "people": 30,
        "model": 5,
        "image": 8,
    }


def test_the_documented_fixtures_should_be_what_the_tests_below_read() -> None:
    assert read_fixture("people", "documented") == read(documented())
    stop, give_way = read_fixture("image", "documented")["1.png"].drawn
    assert (stop.class_name, stop.shape.points, stop.confidence) == ("stop", ((111, 134), (172, 262)), 0.8)
    assert (give_way.class_name, give_way.shape.points, give_way.confidence) == ("yield", ((1, 2), (4, 6)), None)


@pytest.mark.parametrize("name", names_of("model"))
def test_labels_of_a_model_should_keep_their_confidence(name: str) -> None:
    fixture = json.loads((FILES / "model" / f"{name}.json").read_text())
    assert Metadata.of(fixture["line"], ATTRIBUTE).origin is Origin.AUTO
    assert [drawn.confidence for drawn in read_fixture("model", name)["000001.jpg"].drawn] == [0.75, 0.0]


@pytest.mark.parametrize("confidence", [-0.1, 100.5, 1e999, True, "high", None, [0.5]])
def test_what_is_no_confidence_should_be_none(confidence: Any) -> None:
    body = changed(each_box(lambda each: each.update(confidence=confidence)))
    assert [drawn.confidence for drawn in read(body)["000001.jpg"].drawn] == [None, None]


@pytest.mark.parametrize(("confidence", "share"), [(1, 1), (1.5, 0.015), (100, 1), ("99.5", 0.995), (0.01, 0.01)])
def test_a_confidence_above_1_should_be_per_cent(confidence: Any, share: float) -> None:
    body = changed(each_box(lambda each: each.update(confidence=confidence)))
    assert [drawn.confidence for drawn in read(body)["000001.jpg"].drawn] == [share, share]


def test_blanks_around_a_file_should_not_matter() -> None:
    assert read(b"  \n" + json.dumps(documented()).encode() + b"\n") == read(documented())


def test_a_documented_file_should_be_read_whole() -> None:
    found = read(documented())
    assert found["000001.jpg"].attributes == {"blurred": "no"}
    car, bus = found["000001.jpg"].drawn
    shape = Shape(ShapeType.BOX, ((952, 545), (952 + 83, 545 + 66)))
    assert car == Drawn("car", shape, CAR, "car:1", {"occluded": "no"}, None)
    assert (bus.class_name, bus.track_id, bus.track_name) == ("bus", BUS, "bus:1")


@pytest.mark.parametrize(
    ("key", "item", "shape"),
    [
        (
            "polylines",
            {"vertices": [{"x": 1, "y": 2}, {"x": "3", "y": 4.5}]},
            Shape(ShapeType.POLYLINE, ((1, 2), (3, 4.5))),
        ),
        (
            "polygons",
            {"vertices": [{"x": 1, "y": 2}, {"x": 3, "y": 4}, {"x": 5, "y": 0}]},
            Shape(ShapeType.POLYGON, ((1, 2), (3, 4), (5, 0))),
        ),
        ("keypoints", {"x": 7, "y": 8}, Shape(ShapeType.KEYPOINT, ((7, 8),))),
        ("annotations", {"left": 9, "top": 8, "width": -4, "height": 2}, Shape(ShapeType.BOX, ((5, 8), (9, 10)))),
    ],
)
def test_every_shape_should_be_read(key: str, item: dict[str, Any], shape: Shape) -> None:
    body = {"detection-annotations": [{"frame": "1.jpg", key: [{"class-id": 0, **item}]}]}
    (found,) = read(body)["1.jpg"].drawn
    assert (found.shape, found.track_id, found.attributes) == (shape, None, {})


def test_what_no_other_reader_takes_should_be_mended() -> None:
    text = json.dumps(documented()).replace('"no"}, "object-id"', '"\\ud83d", "depth": 1e999}, "object-id"')
    attributes = read(text.encode())["000001.jpg"].drawn[0].attributes
    assert attributes == {"occluded": "?", "depth": None}


def test_ids_that_repeat_should_be_kept_once() -> None:
    body = changed(lambda body: frames(body)[1]["annotations"].append(box()))
    found = read(body)
    assert found["000001.jpg"].drawn[0].track_id is found["000002.jpg"].drawn[0].track_id


UNREADABLE: list[tuple[Any, str]] = [
    (b"\xff{", "f: is not JSON"),
    (b"[" * 100_000, "f: is not JSON"),
    ({}, "f: has neither tracking-annotations nor detection-annotations"),
    ("labels", "f: : is text; expected a list"),
    ({"tracking-annotations": {}}, "f: tracking-annotations: is an object; expected a list"),
    ({"tracking-annotations": [3]}, "f: tracking-annotations[0]: is a number; expected an object"),
    ({"tracking-annotations": [{"frame-no": 1}]}, "f: tracking-annotations[0].frame: is missing; expected the name"),
    ({"tracking-annotations": [{"frame": " "}]}, "f: tracking-annotations[0].frame: is text; expected the name"),
    (changed(each_box(lambda each: each.update({"class-id": "7"}))), "annotations[0].class-id: is text; the line's"),
    (changed(each_box(lambda each: each.pop("class-id"))), "annotations[0].class-id: is missing; the line's"),
    (changed(each_box(lambda each: each.pop("left"))), "annotations[0].left: is missing; expected a number of pixels"),
    (changed(each_box(lambda each: each.update(top="high"))), "annotations[0].top: is text; expected a number"),
    (changed(each_box(lambda each: each.update(top=True))), "annotations[0].top: is true or false; expected a number"),
    (changed(each_box(lambda each: each.update(width=10**400))), "annotations[0].width: is a number; expected a"),
    (
        changed(each_frame(polylines=lambda _, __: [{"class-id": 0}])),
        "polylines[0].vertices: is empty; expected points",
    ),
    (
        changed(each_frame(polygons=lambda _, __: [{"class-id": 0, "vertices": [{"x": 1}]}])),
        "polygons[0].vertices[0].y: is missing; expected a number",
    ),
]


@pytest.mark.parametrize(("body", "message"), UNREADABLE, ids=[message for _, message in UNREADABLE])
def test_what_cannot_be_read_should_be_named_with_its_place(body: Any, message: str) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(LabelsUnreadable) as unreadable:
        read_sequence(content, Metadata.of(line(), ATTRIBUTE), "f")
    assert str(unreadable.value).startswith("f: ")
    assert message in str(unreadable.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@given(
    st.sampled_from(["top", "frame", "annotations", "class-id", "left", "label-category-attributes", "object-id"]),
    json_values,
)
def test_whatever_stands_in_a_file_there_should_be_labels_or_one_clear_error(key: str, value: Any) -> None:
    body = documented()
    target = {"top": body, "frame": frames(body)[0], "annotations": frames(body)[0]}.get(key)
    (target if target is not None else frames(body)[0]["annotations"][0])[key] = value
    try:
        read(body)
    except LabelsUnreadable:
        return


# Images


def image_line(label: Any, **metadata: Any) -> dict[str, Any]:
    return {"source-ref": "s3://b/1.png", "boxes": label, "boxes-metadata": metadata}


@pytest.mark.parametrize("told", [[{"confidence": 0.8}, {"confidence": 0}], [{"confidence": 0.8}], None])
def test_boxes_of_an_image_should_be_read(told: Any) -> None:
    boxes = [
        {"class_id": 0, "left": 111, "top": 134, "width": 61, "height": 128},
        {"class_id": 5, "left": 1, "top": 2, "width": 3, "height": 4},
    ]
    label = {"image_size": [{"width": 500, "height": 400, "depth": 3}], "annotations": boxes}
    metadata = {"objects": told, "class-map": {"0": "dog", "5": "bone"}, "human-annotated": "yes"}
    dog, bone = read_image(image_line(label, **metadata), "boxes", "BoundingBox", "f").drawn
    assert (dog.class_name, dog.shape.points) == ("dog", ((111, 134), (172, 262)))
    assert (bone.class_name, bone.shape.points) == ("bone", ((1, 2), (4, 6)))
    assert (dog.confidence, bone.confidence) == ((0.8, None) if told and len(told) == 2 else (None, None))


def test_boxes_of_an_image_that_cannot_be_read_should_be_named() -> None:
    label = {"annotations": [{"class_id": 0, "left": 111}]}
    with pytest.raises(LabelsUnreadable, match=r"f: boxes\.annotations\[0\]\.top: is missing"):
        read_image(image_line(label, **{"class-map": {"0": "dog"}}), "boxes", "BoundingBox", "f")


def test_a_mask_should_be_an_object_for_each_class_but_the_background() -> None:
    colors = {
        "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.9},
        "1": {"class-name": "road", "hex-color": "#2ca02c", "confidence": 0.9},
        "2": {"class-name": "sky", "hex-color": "#1f77b4"},
    }
    found = read_image(
        image_line("s3://b/mask.png", **{"internal-color-map": colors}), "boxes", "SemanticSegmentation", "f"
    )
    assert [(drawn.class_name, drawn.shape, drawn.confidence) for drawn in found.drawn] == [
        ("road", Shape(ShapeType.MASK, (), "s3://b/mask.png", "#2ca02c"), 0.9),
        ("sky", Shape(ShapeType.MASK, (), "s3://b/mask.png", "#1f77b4"), None),
    ]


@pytest.mark.parametrize("label", [None, 3, "mask.png"])
def test_a_mask_that_is_nowhere_should_be_named(label: Any) -> None:
    with pytest.raises(LabelsUnreadable, match="expected the mask's place"):
        read_image(image_line(label), "boxes", "SemanticSegmentation", "f")


@pytest.mark.parametrize(
    ("label", "metadata"),
    [
        ("1", {"class-name": "bad", "confidence": 0.93}),
        (1, {"class-name": "bad", "confidence": 0.93}),
        (1, {"class-map": {"1": "bad"}, "confidence": 0.93}),
    ],
)
def test_a_class_or_a_verdict_should_be_read(label: Any, metadata: dict[str, Any]) -> None:
    assert read_class(image_line(label, **metadata), "boxes", "f") == ("bad", 0.93)


def test_a_class_that_nothing_names_should_be_named() -> None:
    with pytest.raises(LabelsUnreadable, match=r"f: boxes-metadata\.class-name: is missing"):
        read_class(image_line("1"), "boxes", "f")


@pytest.mark.parametrize("path", ["1.jpg", " 1.jpg", "a/b/1.jpg", "a\\1.jpg", "s3://b/1.jpg "])
def test_a_frame_should_be_known_by_its_files_name(path: str) -> None:
    assert base_name(path) == "1.jpg"
