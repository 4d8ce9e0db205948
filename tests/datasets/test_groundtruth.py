"""Ground Truth's input, read by the stand-in for Ground Truth, from S3."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from everlabel import aws, manifest
from everlabel.annotation_document import Label, LabelingJob, ShapeType
from everlabel.taxonomy_configurations import configurations
from everlabel_cli.answer import NotDone
from everlabel_cli.datasets.building import Order, build
from everlabel_cli.datasets.export import Export
from everlabel_cli.datasets.formats import find_format
from everlabel_cli.datasets.output import open_output, write_export
from everlabel_cli.datasets.reading import find
from everlabel_cli.datasets.store import FolderStore
from everlabel_cli.task_filter import EVERYTHING
from local.ground_truth import inputs, prior
from tests.conftest import REGION
from tests.datasets.exporting import NOW, Documents, export, stored
from tests.documents import box, sample
from tests.taxonomies import LAVA_FILE, lava

ONE, TWO = sample()


@pytest.fixture
def bucket() -> Iterator[Any]:
    with mock_aws():
        aws.s3.cache_clear()
        found = boto3.resource("s3", region_name=REGION).Bucket("out")
        found.create()
        yield found
    aws.s3.cache_clear()


def write(tmp_path: Path, *documents: Any) -> int:
    version = stored(tmp_path / "datasets", *documents)
    output = open_output("s3://out/again/")
    return write_export(Export(version, place=output.uri), find_format("groundtruth"), output, with_images=True)


def read(bucket: Any, key: str) -> bytes:
    body: bytes = bucket.Object(key).get()["Body"].read()
    return body


def lines(bucket: Any, job: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read(bucket, f"again/train/{job}.manifest").splitlines()]


def sequence_labels(bucket: Any, line: dict[str, Any], attribute: str) -> list[Any]:
    body = read(bucket, line[attribute].removeprefix("s3://out/"))
    return list(prior.read_sequence_labels(body, prior.class_map(line, attribute)))


def test_should_give_the_stand_in_the_labels_that_went_in(tmp_path: Path, bucket: Any) -> None:
    write(tmp_path, ONE, TWO)
    for document, line in zip((ONE, TWO), lines(bucket, "Vehicles"), strict=True):
        sequence = inputs.read_sequence(read(bucket, line["source-ref"].removeprefix("s3://out/")))
        assert [frame.name for frame in sequence.frames] == [frame.name for frame in document.frames]
        found = sequence_labels(bucket, line, "Vehicles-ref")
        assert [frame.frame for frame in found] == [frame.name for frame in document.frames]
        for place, frame in enumerate(found):
            expected = [label for label in document.labels if (label.frame, label.job_name) == (place, "AdjVehicles")]
            assert [(shape.label, shape.object_id, shape.object_name) for shape in frame.shapes] == [
                (label.class_name, label.track_id, label.track_name) for label in expected
            ]
            assert [box_of(shape.geometry) for shape in frame.shapes] == [label.shape.points for label in expected]


def box_of(box: Any) -> tuple[tuple[float, float], ...]:
    return (box.left, box.top), (box.left + box.width, box.top + box.height)


@pytest.mark.parametrize(
    ("job", "kind", "shape"),
    [
        ("Lanes", "tracking", ShapeType.POLYLINE),
        ("Joints", "tracking", ShapeType.KEYPOINT),
        ("Areas", "detection", ShapeType.POLYGON),
    ],
)
def test_should_write_what_else_is_drawn(tmp_path: Path, bucket: Any, job: str, kind: str, shape: ShapeType) -> None:
    write(tmp_path, ONE)
    (line,) = lines(bucket, job)
    assert line[f"{job}-ref-metadata"]["type"] == f"groundtruth/video-object-{kind}"
    found = sequence_labels(bucket, line, f"{job}-ref")
    expected = [label for label in ONE.labels if label.shape.type is shape]
    assert [drawn.geometry.vertices for frame in found for drawn in frame.shapes] == [
        tuple((round(x), round(y)) for x, y in label.shape.points) for label in expected
    ]
    assert [drawn.attributes for frame in found for drawn in frame.shapes] == [label.attributes for label in expected]


def test_should_write_boxes_of_single_images_into_the_line(tmp_path: Path, bucket: Any) -> None:
    job = LabelingJob("Stills", 1, "BoundingBox", "BoundingBox", "Stills")
    drawn = [
        dataclasses.replace(label, job_name="Stills", level=1) for label in ONE.labels if label.class_name == "car"
    ]
    write(
        tmp_path, dataclasses.replace(ONE, labeling_jobs=(job,), labels=tuple(drawn), classifications=(), unlabeled=())
    )
    found = lines(bucket, "Stills")
    assert [line["source-ref"] for line in found] == [frame.s3_uri for frame in ONE.frames[:3]]
    for line, label in zip(found, drawn, strict=True):
        (frame,) = prior.read_image_boxes(line["Stills"], prior.class_map(line, "Stills"), "")
        assert [box_of(shape.geometry) for shape in frame.shapes] == [label.shape.points]


def test_should_describe_labels_as_ground_truth_does(tmp_path: Path, bucket: Any) -> None:
    still = LabelingJob("Stills", 1, "BoundingBox", "BoundingBox", "Stills")
    drawn = dataclasses.replace(ONE.labels[0], job_name="Stills", level=1, confidence=0.5)
    nothing: dict[str, Any] = {"classifications": (), "unlabeled": ()}
    write(tmp_path, dataclasses.replace(ONE, labeling_jobs=(still,), labels=(drawn,), **nothing))
    assert lines(bucket, "Stills") == [
        {
            "source-ref": ONE.frames[0].s3_uri,
            "Stills": {
                "image_size": [{"width": 64, "height": 48, "depth": 3}],
                "annotations": [{"class_id": 0, "left": 0, "top": 10, "width": 12, "height": 8}],
            },
            "Stills-metadata": {
                "objects": [{"confidence": 0.5}],
                "class-map": {"0": "car"},
                "job-name": "labeling-job/Stills",
                "human-annotated": "yes",
                "creation-date": "2026-11-21T10:00:00.000",
                "type": "groundtruth/object-detection",
            },
        }
    ]


def test_should_write_the_words_that_workers_read(tmp_path: Path, bucket: Any) -> None:
    """The labeling jobs that a taxonomy makes know no others."""
    said = (("highway construction and maintenance", "construction"), ("yield", "yield"))
    drawn = [
        Label(0, "AdjTrafficSignVOD", 2, name, box(10 * place, 2, 6, 6), attributes={"is_front": "yes"})
        for place, (name, _) in enumerate(said)
    ]
    jobs = (
        LabelingJob("TrafficSignVOD", 1, "VideoObjectDetection", "BoundingBox", "TrafficSignVOD-ref"),
        LabelingJob(
            "AdjTrafficSignVOD", 2, "AdjustmentVideoObjectDetection", "BoundingBox", "AdjTrafficSignVOD-ref",
            "TrafficSignVOD",
        ),
    )  # fmt: skip
    one = dataclasses.replace(ONE, labeling_jobs=jobs, labels=tuple(drawn), classifications=(), unlabeled=())
    store = FolderStore(tmp_path)
    source = Documents([one], {"lava/1": LAVA_FILE.read_bytes()})
    build(Order("road", "memory", EVERYTHING, {"train": 1.0}), source, store, NOW)
    output = open_output("s3://out/again/")
    exported = Export(find(store, "road", None), place=output.uri)
    write_export(exported, find_format("groundtruth"), output, with_images=False)
    (line,) = lines(bucket, "TrafficSignVOD")
    (first, *_) = sequence_labels(bucket, line, "TrafficSignVOD-ref")
    assert [(shape.label, shape.attributes) for shape in first.shapes] == [
        (short, {"is_front": "yes"}) for _, short in said
    ]
    offered = configurations(lava())["AdjTrafficSignVOD"].label_category_config["labels"]
    assert set(line["TrafficSignVOD-ref-metadata"]["class-map"].values()) <= {label["label"] for label in offered}


def test_should_refuse_a_copy_of_a_taxonomy_that_is_none(tmp_path: Path, bucket: Any) -> None:
    store = FolderStore(tmp_path)
    build(Order("road", "memory", EVERYTHING, {"train": 1.0}), Documents([ONE], {"lava/1": b"{}"}), store, NOW)
    output = open_output("s3://out/again/")
    exported = Export(find(store, "road", None), place=output.uri)
    with pytest.raises(NotDone, match="the version's taxonomy lava/1 is none: labelingJobs is missing"):
        write_export(exported, find_format("groundtruth"), output, with_images=False)
    assert bucket.name == "out"


def test_should_write_each_frame_of_a_sequence_once_in_parts_that_ground_truth_takes(
    tmp_path: Path, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "MOST_FRAMES", 3)
    write(tmp_path, ONE)
    first, second = lines(bucket, "Vehicles")
    assert first["Vehicles-ref-metadata"] == second["Vehicles-ref-metadata"]
    assert first["Vehicles-ref-metadata"]["class-map"] == {"0": "bus", "1": "car"}
    found = [frame for line in (first, second) for frame in sequence_labels(bucket, line, "Vehicles-ref")]
    assert [(frame.frame, len(frame.shapes)) for frame in found] == [
        ("000001.jpg", 2), ("000002.jpg", 1), ("000003.jpg", 2), ("000004.jpg", 0)
    ]  # fmt: skip
    assert [[shape.geometry.left for shape in frame.shapes] for frame in found] == [[0, 30], [6], [12, 30], []]
    body = json.loads(read(bucket, second["Vehicles-ref"].removeprefix("s3://out/")))["tracking-annotations"]
    assert body == [{"annotations": [], "frame-no": "0", "frame": "000004.jpg", "frame-attributes": {}}]


def test_should_ask_at_the_frame_rate_that_a_job_labeled_and_nowhere_else(tmp_path: Path, bucket: Any) -> None:
    slow = tuple(
        dataclasses.replace(frame, index=4 + place, fps=1.0, time=place, s3_uri=f"s3://frames/slow/{frame.name}")
        for place, frame in enumerate(ONE.frames[:2])
    )
    lanes = tuple(dataclasses.replace(label, frame=4) for label in ONE.labels[:6] if label.job_name == "Lanes")
    others = tuple(label for label in ONE.labels if label.job_name != "Lanes")
    write(tmp_path, dataclasses.replace(ONE, frames=(*ONE.frames, *slow), labels=(*others, *lanes)))
    assert [line["source-ref"].split("/")[-2] for line in lines(bucket, "Lanes")] == ["clip-one-1fps"]
    assert [line["source-ref"].split("/")[-2] for line in lines(bucket, "Vehicles")] == ["clip-one-2fps"]


def test_should_ask_again_of_a_clip_in_which_a_job_found_nothing(tmp_path: Path, bucket: Any) -> None:
    write(tmp_path, dataclasses.replace(ONE, labels=()))
    (line,) = lines(bucket, "Vehicles")
    assert [frame.shapes for frame in sequence_labels(bucket, line, "Vehicles-ref")] == [()] * 4


def test_should_round_pixels_and_make_ids_for_what_has_none(tmp_path: Path, bucket: Any) -> None:
    shape = dataclasses.replace(ONE.labels[0].shape, points=((1.4, 2.6), (5.5, 9.4)))
    nameless: tuple[Label, ...] = (
        dataclasses.replace(ONE.labels[0], shape=shape, track_id=None, track_name=None),
        dataclasses.replace(ONE.labels[0], shape=shape, track_id=None, track_name=None),
    )
    write(tmp_path, dataclasses.replace(ONE, labels=nameless))
    (line,) = lines(bucket, "Vehicles")
    first, second = sequence_labels(bucket, line, "Vehicles-ref")[0].shapes
    assert box_of(first.geometry) == ((1, 3), (6, 9))
    assert first.object_id != second.object_id
    assert (first.object_name, second.object_name) == ("car:1", "car:2")


def test_should_refuse_a_folder_and_frames_of_several_places(tmp_path: Path, bucket: Any) -> None:
    version = stored(tmp_path / "datasets", ONE)
    with pytest.raises(NotDone, match="expected --to s3://"):
        export(version, "groundtruth", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    moved = dataclasses.replace(ONE.frames[3], s3_uri="s3://elsewhere/4.jpg")
    with pytest.raises(NotDone, match="under one prefix"):
        write(tmp_path, dataclasses.replace(ONE, frames=(*ONE.frames[:3], moved)))
    assert bucket.name == "out"
