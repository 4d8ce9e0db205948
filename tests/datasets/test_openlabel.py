"""OpenLABEL, held to ASAM's schema."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from jsonschema import Draft7Validator

from everlabel.annotation_document import AnnotationDocument, Label, ShapeType
from everlabel_cli.datasets.formats.openlabel import intervals
from tests.datasets.exporting import ANY_DOCUMENT, export, labels, near, points, stored
from tests.documents import documents, sample, telling

SHAPES = (ShapeType.BOX, ShapeType.POLYLINE, ShapeType.POLYGON, ShapeType.KEYPOINT)
SCHEMA = Draft7Validator(json.loads((Path(__file__).parent / "openlabel-1.0.0.schema.json").read_text()))


def read(file: Path) -> dict[str, Any]:
    """The content of a file that the schema takes."""
    body = json.loads(file.read_text())
    SCHEMA.validate(body)
    found: dict[str, Any] = body["openlabel"]
    return found


def rows(content: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Frame, class, track, shape, points and attributes of each object in each frame."""
    found = []
    for place, frame in content["frames"].items():
        for identity, said in frame.get("objects", {}).items():
            for kind, shapes in said["object_data"].items():
                for shape in shapes:
                    attributes = {
                        one["name"]: one["val"] for values in shape.get("attributes", {}).values() for one in values
                    }
                    track = attributes.pop("track_id", identity)
                    name = content["objects"][identity]["type"]
                    found.append((int(place), name, track, *geometry(kind, shape), attributes))
    return found


def geometry(kind: str, shape: dict[str, Any]) -> tuple[str, tuple[float, ...]]:
    values = shape["val"]
    if kind == "bbox":
        x, y, width, height = values
        return "box", near(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    if kind == "point2d":
        return "keypoint", near(*values)
    return "polygon" if shape["closed"] else "polyline", near(*values)


def as_written(place: int, label: Label, track: str | None) -> tuple[Any, ...]:
    return place, label.class_name, track, str(label.shape.type), points(label), dict(label.attributes)


@ANY_DOCUMENT
@given(documents())
def test_should_give_back_everything_and_fit_the_schema(tmp_path: Path, document: AnnotationDocument) -> None:
    version = stored(tmp_path / "datasets", document)
    folder = export(version, "openlabel", tmp_path / "openlabel") / "train"
    for sequence in version.sequences():
        content = read(folder / f"{sequence.name}.json")
        here = [(place, label) for found, place, label in labels(version, *SHAPES) if found.name == sequence.name]
        tracked = [as_written(place, label, label.track_id) for place, label in here if label.track_id is not None]
        untracked = [as_written(place, label, None) for place, label in here if label.track_id is None]
        tracks = {track for _, _, track, *_ in tracked}
        found = rows(content)
        assert sorted((row for row in found if row[2] in tracks), key=str) == sorted(tracked, key=str)
        others = [(row[0], row[1], None, *row[3:]) for row in found if row[2] not in tracks]
        assert sorted(others, key=str) == sorted(untracked, key=str)
        # What nobody tracked is an object of its own in each frame.
        assert len(content.get("objects", {})) == len(tracks) + len(untracked)
        assert [frame["frame_properties"]["timestamp"] for frame in content["frames"].values()] == [
            frame.time for frame in sequence.frames
        ]


def test_should_say_when_objects_are_there_and_what_was_interpolated(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", sample()[0])
    plain = read(export(version, "openlabel", tmp_path / "plain") / "train/clip-one.json")
    filled = read(export(version, "openlabel", tmp_path / "filled", gap=1.0) / "train/clip-one.json")
    bus = "9b1c5c97-c0ca-11ea-961f-480dc4509720"
    assert plain["objects"][bus] == {
        "name": "bus:1",
        "type": "bus",
        "frame_intervals": [{"frame_start": 0, "frame_end": 0}, {"frame_start": 2, "frame_end": 2}],
    }
    assert filled["objects"][bus]["frame_intervals"] == [{"frame_start": 0, "frame_end": 2}]
    assert [row for row in rows(filled) if row[5].get("interpolated")] == [
        (1, "bus", bus, "box", (30.0, 4.0, 50.0, 20.0), {"interpolated": True})
    ]
    assert plain["frames"]["3"]["frame_properties"] == {
        "timestamp": 1.5,
        "streams": {"camera": {"uri": "s3://everlabel-bucket/clips/one/fps-2/frames/000004.jpg"}},
        "frame_data": {
            "text": [
                {"name": "drive_id", "val": "drive-a"},
                {"name": "weather", "val": "rainy"},
                {"name": "scene", "val": "city street"},
            ]
        },
    }


def test_should_count_runs_of_frames() -> None:
    assert intervals([]) == []
    assert [(run["frame_start"], run["frame_end"]) for run in intervals([0, 1, 1, 2, 5, 7, 8])] == [
        (0, 2), (5, 5), (7, 8)
    ]  # fmt: skip


def test_should_say_what_one_object_was_called_later_and_how_surely(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", telling())
    content = read(export(version, "openlabel", tmp_path / "openlabel") / "train/clip-one.json")
    of_track = [(frame, name, attributes) for frame, name, track, _, _, attributes in rows(content) if track == "a/b"]
    assert of_track == [
        (0, "car", {"occlusion": "major", "confidence": 0.5}),
        (1, "car", {"interpolated": True}),
        (2, "car", {"occlusion": "major", "class": "bus"}),
    ]
    assert {found["name"] for found in content["objects"].values() if found["type"] == "car"} == {"car:1"}
    assert content["streams"]["camera"]["uri"] == "s3://clips/one.mp4"
    assert content["metadata"]["comment"] == "annotation task task-one, completed at 2026-11-21T10:00:00.000Z"
    kinds = [
        sorted(said["attributes"])
        for frame in content["frames"].values()
        for one in frame.get("objects", {}).values()
        for said in one["object_data"]["bbox"]
        if "attributes" in said
    ]
    assert kinds == [["num", "text"], ["boolean", "text"], ["text"]]
