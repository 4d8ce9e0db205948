"""Output lines and SeqLabel.json, key by key."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.annotators.shapes import Box, FrameLabels, Geometry, Labels, Points, Shape
from local.ground_truth.inputs import DataObject, SequenceFrame
from local.ground_truth.output import JobOutput, worker_response
from local.ground_truth.task_types import TASK_TYPES
from local.ground_truth.unknowns import Unknowns

AT = datetime(2026, 11, 20, 5, 50, 35, 566000, UTC)
DATE = "2026-11-20T05:50:35.566000"
FOUND = DataObject(
    "",
    {"source-ref": "s3://b/o", "dataset-objectid-attribute-name": "K", "K": "i", "x": {"y": [1]}},
    "s3://b/o",
    "K",
    "i",
)
FRAMES = (SequenceFrame(5, "a.jpg"), SequenceFrame(6, "b.jpg"))
CAR = Shape("car", Box(1, 2, 3, 4), {"occluded": "no"}, "id-1", "car:1")
LABELS = Labels((FrameLabels("a.jpg", (CAR,), {"weather": "dry"}),))


def output(task_type: str = "VideoObjectTracking", annotation_type: str = "BoundingBox", **unknowns: Any) -> JobOutput:
    return JobOutput(
        "Job", "L-ref", TASK_TYPES[task_type], annotation_type, ("bus", "car", "truck"), Unknowns(**unknowns)
    )


def test_a_line_should_carry_the_label_and_everything_that_was_sent() -> None:
    assert output().labeled_line(FOUND, "s3://b/l", {"class-map": {"1": "car"}}, AT) == {
        "source-ref": "s3://b/o",
        "dataset-objectid-attribute-name": "K",
        "K": "i",
        "x": {"y": [1]},
        "L-ref": "s3://b/l",
        "L-ref-metadata": {
            "class-map": {"1": "car"},
            "job-name": "labeling-job/Job",
            "human-annotated": "yes",
            "creation-date": DATE,
            "type": "groundtruth/video-object-tracking",
        },
    }


def test_an_id_the_service_made_should_be_named_on_the_line() -> None:
    found = DataObject("", {"source-ref": "s3://b/o"}, "s3://b/o", "$L-ref-object-id", "m")
    line = output().labeled_line(found, "s3://b/l", {}, AT)
    assert line["dataset-objectid-attribute-name"] == "$L-ref-object-id"
    assert line["$L-ref-object-id"] == "m"


def test_a_failure_line_should_have_a_reason_and_no_label() -> None:
    line = output().failure_line(FOUND, "expired", AT)
    assert "L-ref" not in line
    assert line["L-ref-metadata"] == {
        "failure-reason": "expired",
        "job-name": "labeling-job/Job",
        "human-annotated": "yes",
        "creation-date": DATE,
        "type": "groundtruth/video-object-tracking",
    }
    assert line["x"] == {"y": [1]}
    assert output(failure_line_has_label_key=True).failure_line(FOUND, "expired", AT)["L-ref"] == 0


def test_a_label_the_sender_made_up_should_not_survive_a_failure() -> None:
    found = DataObject(
        "", {"source-ref": "s3://b/o", "L-ref": "s3://b/old", "L-ref-metadata": {}}, "s3://b/o", "K", "i"
    )
    assert "L-ref" not in output().failure_line(found, "expired", AT)


def test_tracking_should_have_every_frame_and_identities() -> None:
    assert output().sequence_labels(LABELS, FRAMES) == {
        "tracking-annotations": [
            {
                "annotations": [
                    {
                        "height": 4,
                        "width": 3,
                        "top": 2,
                        "left": 1,
                        "class-id": "1",
                        "label-category-attributes": {"occluded": "no"},
                        "object-id": "id-1",
                        "object-name": "car:1",
                    }
                ],
                "frame-no": "0",
                "frame": "a.jpg",
                "frame-attributes": {"weather": "dry"},
            },
            {"annotations": [], "frame-no": "1", "frame": "b.jpg", "frame-attributes": {}},
        ]
    }


def frame_numbers(job: JobOutput) -> list[object]:
    frames: Any = job.sequence_labels(LABELS, FRAMES)["tracking-annotations"]
    return [frame["frame-no"] for frame in frames]


def test_frames_may_be_numbered_and_left_out_otherwise() -> None:
    assert frame_numbers(output(frame_no_is_string=False)) == [0, 1]
    assert frame_numbers(output(frame_no_from_sequence=True)) == ["5", "6"]
    assert frame_numbers(output(unlabeled_frames_missing=True)) == ["0"]


@pytest.mark.parametrize(
    ("annotation_type", "geometry", "key", "expected"),
    [
        ("Polyline", Points(((1, 2), (3, 4))), "polylines", {"vertices": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}),
        (
            "Polygon",
            Points(((1, 2), (3, 4), (5, 6))),
            "polygons",
            {"vertices": [{"x": x, "y": x + 1} for x in (1, 3, 5)]},
        ),
        ("Keypoint", Points(((1, 2),)), "keypoints", {"x": 1, "y": 2}),
    ],
)
def test_each_geometry_should_have_its_own_list(
    annotation_type: str, geometry: Geometry, key: str, expected: dict[str, object]
) -> None:
    labels = Labels((FrameLabels("a.jpg", (Shape("truck", geometry),)),))
    job = output("VideoObjectDetection", annotation_type)
    frames: Any = job.sequence_labels(labels, FRAMES)["detection-annotations"]
    assert frames[0][key] == [expected | {"class-id": "2", "label-category-attributes": {}}]
    assert job.sequence_details(labels) == {"class-map": {"2": "truck"}}


def test_a_video_adjustment_should_say_so_if_something_changed() -> None:
    adjusted = Labels(LABELS.frames, adjusted=True)
    assert "adjustment-status" not in output().sequence_details(adjusted)
    job = output("AdjustmentVideoObjectTracking")
    assert job.sequence_details(adjusted)["adjustment-status"] == "adjusted"
    assert "adjustment-status" not in job.sequence_details(LABELS)
    other = output("AdjustmentVideoObjectTracking", unmodified_video_status="unadjusted")
    assert other.sequence_details(LABELS)["adjustment-status"] == "unadjusted"


def test_image_boxes_should_have_number_ids_and_confidences() -> None:
    label, details = output("AdjustmentBoundingBox").image_boxes(LABELS, (500, 400))
    assert label == {
        "image_size": [{"width": 500, "height": 400, "depth": 3}],
        "annotations": [{"class_id": 1, "left": 1, "top": 2, "width": 3, "height": 4}],
    }
    assert details == {"objects": [{"confidence": 0.0}], "class-map": {"1": "car"}, "adjustment-status": "unadjusted"}


def test_a_verdict_should_be_a_class_of_its_own_type() -> None:
    job = output("VerificationBoundingBox")
    assert job.image_class("car") == ("1", {"class-name": "car", "confidence": 0.0})
    metadata: Any = job.labeled_line(FOUND, "1", {}, AT)["L-ref-metadata"]
    assert metadata["type"] == "groundtruth/label-verification"
    assert output(class_index_is_string=False).image_class("car")[0] == 1


def test_a_mask_should_have_a_colour_for_each_class_and_the_background() -> None:
    job = output("SemanticSegmentation")
    colors: Any = job.segmentation_details(LABELS)["internal-color-map"]
    assert {number: color["class-name"] for number, color in colors.items()} == {
        "0": "BACKGROUND",
        "1": "bus",
        "2": "car",
        "3": "truck",
    }
    assert [color["hex-color"] for color in colors.values()] == job.palette()
    assert len(set(job.palette())) == 4


def test_a_worker_response_should_have_the_documented_times() -> None:
    response: Any = worker_response({"x": 1}, "ann", AT - timedelta(seconds=90), AT)
    (answer,) = response["answers"]
    assert answer["acceptanceTime"] == "2026-11-20T05:49:05.566Z"
    assert answer["submissionTime"] == "2026-11-20T05:50:35.566Z"
    assert answer["timeSpentInSeconds"] == 90.0
    assert answer["workerMetadata"]["identityData"]["sub"] == "ann"
