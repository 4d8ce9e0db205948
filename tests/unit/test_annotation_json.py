"""Annotation documents as JSON: round trips, the schema, and what is refused."""

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from everlabel import annotation_document, annotation_json
from everlabel.annotation_document import (
    AnnotationDocument,
    Change,
    Classification,
    Frame,
    Label,
    LabelingJob,
    Origin,
    Shape,
    ShapeType,
    Unlabeled,
)
from everlabel.annotation_json import AnnotationsRefused
from local.template import ROOT

SCHEMA = json.loads((ROOT / "layers/everlabel/everlabel/annotation-document.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.floats(-1e6, 1e6, allow_nan=False)
points = st.tuples(numbers, numbers)
attributes = st.dictionaries(text, text | st.integers(-(2**40), 2**40) | st.booleans() | st.lists(text, max_size=2))
confidences = st.none() | st.floats(0, 1)


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    kind = draw(st.sampled_from(ShapeType))
    if kind is ShapeType.MASK:
        return Shape(kind, (), draw(text), draw(text))
    if kind is ShapeType.BOX:
        (left, top), (right, bottom) = draw(points), draw(points)
        return Shape(kind, ((min(left, right), min(top, bottom)), (max(left, right), max(top, bottom))))
    most = 1 if kind is ShapeType.KEYPOINT else 5
    return Shape(kind, tuple(draw(st.lists(points, min_size=1, max_size=most))))


@st.composite
def documents(draw: st.DrawFn) -> AnnotationDocument:
    jobs = draw(
        st.lists(st.builds(LabelingJob, text, st.integers(1, 9), text, text, text, st.none() | text), min_size=1)
    )
    length = st.none() | st.integers(1, 10_000)
    frames = [
        Frame(
            index,
            draw(text),
            draw(text),
            draw(st.floats(0.1, 60)),
            draw(st.floats(0, 1e5)),
            draw(length),
            draw(length),
            draw(attributes),
        )
        for index in range(draw(st.integers(1, 3)))
    ]
    job = draw(st.sampled_from(jobs))
    frame = st.integers(0, len(frames) - 1)
    said: dict[str, Any] = {
        "frame": frame,
        "job_name": st.just(job.job_name),
        "level": st.just(job.level),
        "class_name": text,
        "origin": st.sampled_from(Origin),
        "confidence": confidences,
    }
    labels = st.builds(
        Label,
        **said,
        shape=shapes(),
        track_id=st.none() | text,
        track_name=st.none() | text,
        attributes=attributes,
        change=st.none() | st.sampled_from(Change),
        interpolated=st.booleans(),
    )
    return AnnotationDocument(
        draw(text),
        draw(text),
        draw(text),
        draw(text),
        draw(text),
        labeling_jobs=tuple(jobs),
        frames=tuple(frames),
        labels=tuple(draw(st.lists(labels, max_size=4))),
        classifications=tuple(draw(st.lists(st.builds(Classification, **said), max_size=2))),
        unlabeled=tuple(
            draw(
                st.lists(
                    st.builds(Unlabeled, said["job_name"], said["level"], st.integers(0, 9), text, st.none() | text),
                    max_size=2,
                )
            )
        ),
        attributes=draw(attributes),
        taxonomy=draw(st.none() | text),
    )


def one() -> dict[str, Any]:
    """A document that has a label, as its JSON."""
    frame = Frame(0, "000001.jpg", "s3://bucket/000001.jpg", 12.5, 0.0, 640, 480)
    box = Shape(ShapeType.BOX, ((1, 2), (3, 4.5)))
    label = Label(0, "VOTVehicle", 1, "car", box)
    job = LabelingJob("VOTVehicle", 1, "VideoObjectTracking", "BoundingBox", "VOTVehicle-ref")
    document = AnnotationDocument("task", "clip", "s3://bucket/clip.mp4", "then", "later", (job,), (frame,), (label,))
    found: dict[str, Any] = json.loads(annotation_json.write(document))
    return found


@given(documents())
@settings(max_examples=150)
def test_what_is_written_should_be_read_back_equal(document: AnnotationDocument) -> None:
    assert annotation_json.read(annotation_json.write(document)) == document


@given(documents())
@settings(max_examples=60)
def test_what_is_written_should_keep_to_the_schema(document: AnnotationDocument) -> None:
    VALIDATOR.validate(json.loads(annotation_json.write(document)))


def test_the_schema_should_keep_to_its_own_form() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("form", [AnnotationDocument, Frame, Label, Shape, Classification, Unlabeled, LabelingJob])
def test_the_schema_should_have_the_fields_of_the_dataclasses(form: Any) -> None:
    name = annotation_json.camel(form.__name__[0].lower() + form.__name__[1:])
    described = SCHEMA if form is AnnotationDocument else SCHEMA["$defs"][name]
    extra = {"version"} if form is AnnotationDocument else set()
    fields = {annotation_json.camel(field.name): field for field in dataclasses.fields(form)}
    needed = {name for name, field in fields.items() if field.default is field.default_factory is dataclasses.MISSING}
    assert set(described["properties"]) == set(fields) | extra
    assert set(described["required"]) == needed | extra


def test_a_plain_label_should_be_one_short_line() -> None:
    box = Shape(ShapeType.BOX, ((1.0, 2.0), (3.0, 4.5)))
    written = json.loads(annotation_json.write(annotation_json.read(json.dumps(one()))))
    assert written["labels"] == [
        {
            "frame": 0,
            "jobName": "VOTVehicle",
            "level": 1,
            "className": "car",
            "shape": {"type": "box", "points": [[1, 2], [3, 4.5]]},
        }
    ]
    assert annotation_json.read(json.dumps(written)).labels[0].shape == box


def test_labels_should_be_written_in_pieces() -> None:
    document = annotation_json.read(json.dumps(one()))
    pieces = list(annotation_json.chunks(document, (document.labels[0] for _ in range(2_300))))
    assert max(map(len, pieces)) < 100_000
    assert len(annotation_json.read(b"".join(pieces)).labels) == 2_300


@pytest.mark.parametrize("labels", [0, 499, 500, 501, 1000])
def test_pieces_should_make_one_document_however_many_labels_there_are(labels: int) -> None:
    document = annotation_json.read(json.dumps(one()))
    whole = dataclasses.replace(document, labels=document.labels * labels)
    assert annotation_json.read(annotation_json.write(whole)) == whole


REFUSED: list[tuple[list[str | int], Any, str, str]] = [
    (
        ["version"],
        "everlabel-annotations/2",
        "version",
        "is 'everlabel-annotations/2'; expected 'everlabel-annotations/1'",
    ),
    (["frames", 0, "time"], "soon", "frames[0].time", "is 'soon'; expected a number"),
    (["frames", 0, "time"], -1, "frames[0].time", "is -1.0; expected seconds from the clip's beginning"),
    (["frames", 0, "fps"], 0, "frames[0].fps", "is 0.0; expected frames per second, more than 0"),
    (["frames", 0, "width"], 0, "frames[0].width", "is 0; expected pixels, at least 1"),
    (["frames", 0, "width"], True, "frames[0].width", "is True; expected a whole number"),
    (["frames", 0, "index"], 1, "frames[0].index", "is 1; expected its place in the list, 0"),
    (["frames", 0, "attributes"], [], "frames[0].attributes", "is []; expected an object"),
    (["labels"], {}, "labels", "is {}; expected a list"),
    (["labels", 0, "frame"], 1, "labels[0].frame", "is 1; expected the index of one of 1 frames"),
    (["labels", 0, "jobName"], "Other", "labels[0].jobName", "is 'Other' at level 1; expected one of labelingJobs"),
    (["labels", 0, "confidence"], 2, "labels[0].confidence", "is 2.0; expected a number from 0 to 1"),
    (["labels", 0, "interpolated"], 1, "labels[0].interpolated", "is 1; expected true or false"),
    (["labels", 0, "origin"], "dog", "labels[0].origin", "is 'dog'; expected one of human, auto"),
    (["labels", 0, "name"], "car", "labels[0].name", "is not known here"),
    (["labels", 0, "shape", "points", 1], [3], "labels[0].shape.points[1]", "is [3]; expected 2 numbers"),
    (["labels", 0, "shape", "points", 1, 0], None, "labels[0].shape.points[1][0]", "is None; expected a number"),
    (["labels", 0, "shape", "points"], [[1, 2]], "labels[0].shape.points", "has 1; expected 2 for a box"),
    (["labels", 0, "shape"], {"type": "polygon"}, "labels[0].shape.points", "has 0; expected at least 1 for a polygon"),
    (
        ["labels", 0, "shape"],
        {"type": "mask", "maskColor": "#fff"},
        "labels[0].shape.maskUri",
        "is None; expected text for a mask",
    ),
    (
        ["labels", 0, "shape", "maskUri"],
        "s3://b/k",
        "labels[0].shape.maskUri",
        "is 's3://b/k'; expected none for a box",
    ),
    (
        ["unlabeled"],
        [{"jobName": "No", "level": 1, "index": 0, "outcome": "failed"}],
        "unlabeled[0].jobName",
        "is 'No' at level 1; expected one of labelingJobs",
    ),
]


@pytest.mark.parametrize(("path", "value", "field", "message"), REFUSED)
def test_what_is_wrong_should_be_named_with_what_would_be_right(
    path: list[str | int], value: Any, field: str, message: str
) -> None:
    body: Any = one()
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(AnnotationsRefused) as refused:
        annotation_json.read(json.dumps(body))
    assert (refused.value.field, refused.value.message) == (field, message)


@pytest.mark.parametrize("corner", [[0, 2], [1, 1]])
def test_a_box_should_not_stand_on_its_head(corner: list[int]) -> None:
    body = one()
    body["labels"][0]["shape"]["points"][1] = corner
    with pytest.raises(AnnotationsRefused, match=r"labels\[0\]\.shape\.points: is .* upper left corner"):
        annotation_json.read(json.dumps(body))


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (("taskId",), "taskId"),
        (("frames", 0, "name"), "frames[0].name"),
        (("labels", 0, "shape", "type"), "labels[0].shape.type"),
    ],
)
def test_what_is_missing_should_be_named(path: tuple[str | int, ...], field: str) -> None:
    body: Any = one()
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    with pytest.raises(AnnotationsRefused, match="is missing") as refused:
        annotation_json.read(json.dumps(body))
    assert refused.value.field == field
    assert not VALIDATOR.is_valid(body)


@pytest.mark.parametrize("text", ["", "[]", "{", "\ud800", '{"version": 1, "version": 2}', b"\xff", '{"a": NaN}'])
def test_what_is_no_document_should_be_refused(text: str | bytes) -> None:
    with pytest.raises(AnnotationsRefused):
        annotation_json.read(text)


def test_a_number_too_large_should_be_refused() -> None:
    body = one()
    body["frames"][0]["time"] = 10**400
    with pytest.raises(AnnotationsRefused, match=r"frames\[0\]\.time: is too large"):
        annotation_json.read(json.dumps(body))


@pytest.mark.parametrize("value", [math.nan, math.inf, "\ud800"])
def test_what_json_cannot_say_should_not_be_written(value: Any) -> None:
    document = dataclasses.replace(annotation_json.read(json.dumps(one())), attributes={"speed": value})
    with pytest.raises(AnnotationsRefused, match="cannot be written as JSON"):
        annotation_json.write(document)


def test_what_could_not_be_read_back_should_not_be_written() -> None:
    document = annotation_json.read(json.dumps(one()))
    label = dataclasses.replace(document.labels[0], frame=7)
    with pytest.raises(AnnotationsRefused, match=r"labels\[0\]\.frame: is 7"):
        annotation_json.write(dataclasses.replace(document, labels=(label,)))


def test_every_class_of_the_document_should_be_in_the_schema() -> None:
    forms = [found for found in vars(annotation_document).values() if dataclasses.is_dataclass(found)]
    assert len(forms) == len(SCHEMA["$defs"]) + 1 - len({"level", "origin"})
