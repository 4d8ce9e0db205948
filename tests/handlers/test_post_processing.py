"""PostProcessing: writes output manifests, annotations and the summary, completes the task and announces it."""

import json
from typing import Any

import cv2
import numpy as np
import pytest

from everlabel import annotation_json, aws, progress, tasks
from everlabel.annotation_document import AnnotationDocument, Change, Origin, Shape, ShapeType, Unlabeled
from everlabel.api.annotation_tasks import view_of
from everlabel.errors import LabelsUnreadable, ManifestRefused, NotAnnounced, TaskNotInProgress
from everlabel.task_table import TaskStatus
from local.template import ROOT
from tests.handlers.conftest import Cloud
from tests.handlers.stage import (
    CHAIN,
    SEQ_LABEL,
    Stage,
    label_key,
    labeled,
    put_labels,
    submit,
    unlabeled,
)


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    stage = submit(cloud, onObjectFailure="continue", attributes={"drive": {"weather": "clear"}})
    stage.trigger()
    messages = cloud.published("VOTVehicle")
    stage.receive(labeled(messages[0]), unlabeled(messages[1]), unlabeled(messages[2], "Unsupported image format"))
    stage.trigger()
    stage.receive(labeled(cloud.published("VOTVehicle")[0]))
    stage.trigger(2)
    stage.receive(*(labeled(line, "AdjVOTVehicle-ref", "AdjVOTVehicle") for line in cloud.published("AdjVOTVehicle")))
    return stage


def test_the_output_manifest_of_a_level_has_one_line_a_labeled_object_with_all_its_labels(stage: Stage) -> None:
    stage.post_process()
    lines = stage.cloud.lines(f"s3://everlabel-bucket/tasks/{stage.task_id}/level-2/AdjVOTVehicle/output.manifest")
    assert [line["source-ref"][-18:] for line in lines] == ["sequence-0001.json", "sequence-0002.json"]
    assert all({"VOTVehicle-ref", "AdjVOTVehicle-ref"} < set(line) for line in lines)
    assert not any("everlabel" in key or "objectid" in key for line in lines for key in line)


def test_the_summary_counts_and_says_where_everything_is(stage: Stage) -> None:
    answer = stage.post_process()
    assert answer["summaryS3Uri"] == f"s3://everlabel-bucket/tasks/{stage.task_id}/summary.json"
    summary = stage.cloud.object(f"tasks/{stage.task_id}/summary.json")
    assert summary["attributes"] == {"drive": {"weather": "clear"}}
    assert summary["frames"] == [{"fps": 1, "count": 3, "width": None, "height": None}]
    first, second = summary["labelingJobs"]
    assert (first["dataObjects"], first["labeled"], first["failed"], first["expiries"]) == (3, 2, 1, 1)
    assert (second["dataObjects"], second["labeled"], second["failed"], second["expiries"]) == (2, 2, 0, 0)
    assert first["dataObjectsPerClass"] == second["dataObjectsPerClass"] == {"car": 2}
    assert first["outputManifestS3Uri"].endswith("/level-1/VOTVehicle/output.manifest")
    assert [(job["chainedFrom"], job["taskType"], job["annotationType"]) for job in (first, second)] == [
        (None, "VideoObjectTracking", "BoundingBox"),
        ("VOTVehicle", "AdjustmentVideoObjectTracking", "BoundingBox"),
    ]
    assert summary["levels"] == [
        {"jobLevel": 1, "expiries": 1, "resends": 0, "workSeconds": None},
        {"jobLevel": 2, "expiries": 0, "resends": 0, "workSeconds": None},
    ]
    assert (first["resends"], second["resends"]) == (0, 0)
    assert (summary["createdAt"], summary["completedAt"]) == (stage.task.created_at, document(stage).completed_at)


def test_the_task_completes_and_says_where_its_outputs_are(stage: Stage) -> None:
    stage.post_process()
    task = stage.now()
    assert (task.status, task.summary_uri) == (
        "Completed",
        f"s3://everlabel-bucket/tasks/{stage.task_id}/summary.json",
    )
    output = f"s3://everlabel-bucket/tasks/{stage.task_id}/level-1/VOTVehicle/output.manifest"
    assert view_of(task, progress.of(stage.task_id)).progress[0].labelingJobs[0].outputManifestS3Uri == output


def test_done_again_it_gives_the_same_answer(stage: Stage) -> None:
    first = stage.post_process()
    completed_at = stage.now().completed_at
    stage.cloud.now += 60
    assert stage.post_process() == first
    assert stage.now().completed_at == completed_at


def test_a_task_that_was_stopped_meanwhile_does_not_complete(stage: Stage) -> None:
    stage.fail("Broken", "")
    with pytest.raises(TaskNotInProgress):
        stage.post_process()


# Annotations


def document(stage: Stage) -> AnnotationDocument:
    """What was written."""
    place = {"Bucket": aws.bucket(), "Key": f"tasks/{stage.task_id}/annotations.json"}
    return annotation_json.read(stage.cloud.s3.get_object(**place)["Body"].read())


def box(left: int, track: str = "a", class_id: str = "0", **attributes: str) -> dict[str, Any]:
    """An object of a label file."""
    size = {"left": left, "top": 2, "width": 30, "height": 40}
    return {**size, "class-id": class_id, "object-id": track, "label-category-attributes": attributes}


def labels(*boxes: dict[str, Any], frame: str = "000001.jpg", **attributes: str) -> dict[str, Any]:
    """A label file of one frame."""
    return {"tracking-annotations": [{"frame": frame, "annotations": list(boxes), "frame-attributes": attributes}]}


def test_the_annotations_have_the_labels_of_the_last_level_with_what_became_of_them(stage: Stage) -> None:
    put_labels(stage.cloud, "VOTVehicle", labels(box(1), box(100, "gone"), box(200, "b")))
    put_labels(stage.cloud, "AdjVOTVehicle", labels(box(200, "b", occlusion="none"), box(1), box(300, "new")))
    stage.post_process()
    found = document(stage)
    assert [(job.job_name, job.level, job.chain_from) for job in found.labeling_jobs] == [
        ("VOTVehicle", 1, None),
        ("AdjVOTVehicle", 2, "VOTVehicle"),
    ]
    assert [(label.frame, label.job_name, label.level, label.track_id, label.change) for label in found.labels] == [
        (frame, "AdjVOTVehicle", 2, track, change)
        for frame in (0, 1)
        for track, change in (("a", Change.KEPT), ("b", Change.ADJUSTED), ("new", Change.ADDED))
    ]
    assert found.labels[0].shape == Shape(ShapeType.BOX, ((1, 2), (31, 42)))
    assert {label.origin for label in found.labels} == {Origin.HUMAN}


def test_an_object_without_a_label_is_told_with_its_reason(stage: Stage) -> None:
    stage.post_process()
    reason = "Unsupported image format"
    assert document(stage).unlabeled == (Unlabeled("VOTVehicle", 1, 2, "failed", reason),)


def test_frames_have_times_and_inherit_the_attributes_of_drive_and_clip(stage: Stage) -> None:
    put_labels(stage.cloud, "VOTVehicle", labels(box(1), blurred="no"))
    put_labels(stage.cloud, "AdjVOTVehicle", labels(box(1), blurred="yes", weather="rainy"))
    stage.post_process()
    found = document(stage)
    assert [(frame.index, frame.name, frame.fps, frame.time) for frame in found.frames] == [
        (0, "000001.jpg", 1, 0),
        (1, "000002.jpg", 1, 1),
        (2, "000003.jpg", 1, 2),
    ]
    assert found.frames[0].attributes == {"blurred": "yes", "weather": "rainy", "drive.weather": "clear"}
    assert found.frames[2].attributes == {"weather": "clear"}
    assert found.attributes == {"drive": {"weather": "clear"}}


def test_the_size_of_frames_is_read_from_the_first_one(stage: Stage) -> None:
    _, picture = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))
    stage.cloud.s3.put_object(Bucket=aws.bucket(), Key="clips/0/fps-1/frames/000001.jpg", Body=picture.tobytes())
    stage.post_process()
    assert {(frame.width, frame.height) for frame in document(stage).frames} == {(64, 48)}
    assert stage.cloud.object(f"tasks/{stage.task_id}/summary.json")["frames"] == [
        {"fps": 1, "count": 3, "width": 64, "height": 48}
    ]


def test_annotations_written_again_are_the_same(stage: Stage) -> None:
    stage.post_process()
    first = document(stage)
    stage.cloud.now += 3_600
    stage.now().update(actions=[type(stage.now()).status.set("InProgress")])
    stage.post_process()
    assert document(stage) == first


def test_the_summary_says_how_much_the_second_level_changed_and_how_long_people_worked(stage: Stage) -> None:
    put_labels(stage.cloud, "VOTVehicle", labels(box(1), box(100, "gone")))
    put_labels(stage.cloud, "AdjVOTVehicle", labels(box(16), box(300, "new")))
    root = "labeling-jobs/AdjVOTVehicle/output/AdjVOTVehicle/annotations/worker-response/iteration-1/0"
    for number, seconds in enumerate((30, 12.5)):
        answers = json.dumps({"answers": [{"timeSpentInSeconds": seconds}]})
        stage.cloud.s3.put_object(Bucket=aws.bucket(), Key=f"{root}/{number}.json", Body=answers)
    stage.post_process()
    summary = stage.cloud.object(f"tasks/{stage.task_id}/summary.json")
    first, second = summary["labelingJobs"]
    assert (summary["version"], first["agreement"], first["workSeconds"]) == (2, None, None)
    agreement = second["agreement"]
    assert {key: agreement[key] for key in ("kept", "adjusted", "added", "removed", "changedShare", "meanIou")} == {
        "kept": 0,
        "adjusted": 2,
        "added": 2,
        "removed": 2,
        "changedShare": 1.0,
        "meanIou": round(15 / 45, 4),
    }
    assert second["workSeconds"] == 42.5
    assert summary["levels"][1] == {"jobLevel": 2, "expiries": 0, "resends": 0, "workSeconds": 42.5}
    assert summary["classes"]["car"] == {"labels": 4, "frames": 2, "tracks": 2, "attributes": {}}
    assert summary["annotationsS3Uri"] == f"s3://everlabel-bucket/tasks/{stage.task_id}/annotations.json"
    assert summary["objectsPerFrame"] == {"labeledFrames": 2, "mean": 2.0, "max": 2}


# Frame rates


def test_frames_of_two_rates_have_times_of_their_own_and_the_labels_of_their_jobs(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("Lanes")
    clip = CHAIN[0]["inputConfig"]
    fast = {"jobName": "Lanes", "inputConfig": {**clip, "fps": 2}, "jobLevel": 1}
    stage = submit(cloud, [fast, CHAIN[0]], objects=2)
    _, picture = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))
    cloud.s3.put_object(Bucket=aws.bucket(), Key="clips/0/fps-2/frames/000001.jpg", Body=picture.tobytes())
    put_labels(cloud, "VOTVehicle", labels(box(5, "z"), box(1, "a"), brightness="low"))
    put_labels(cloud, "Lanes", labels(box(9, "b")))
    stage.trigger()
    stage.receive(*(labeled(line) for line in cloud.published("VOTVehicle")))
    stage.receive(*(labeled(line, "Lanes-ref", "Lanes") for line in cloud.published("Lanes")))
    stage.post_process()
    found = document(stage)
    assert [(frame.index, frame.name, frame.fps, frame.time, frame.width) for frame in found.frames] == [
        (0, "000001.jpg", 1, 0, None),
        (1, "000002.jpg", 1, 1, None),
        (2, "000001.jpg", 2, 0, 64),
        (3, "000002.jpg", 2, 0.5, 64),
    ]
    # In the order of frame, job and track, whatever order they were drawn in.
    assert [(label.frame, label.job_name, label.track_id) for label in found.labels] == [
        (0, "VOTVehicle", "a"),
        (0, "VOTVehicle", "z"),
        (1, "VOTVehicle", "a"),
        (1, "VOTVehicle", "z"),
        (2, "Lanes", "b"),
        (3, "Lanes", "b"),
    ]
    assert [frame.attributes for frame in found.frames] == [{"brightness": "low"}] * 2 + [{}] * 2
    summary = cloud.object(f"tasks/{stage.task_id}/summary.json")
    assert {(frames["fps"], frames["count"], frames["width"]) for frames in summary["frames"]} == {
        (1, 2, None),
        (2, 2, 64),
    }
    assert summary["objectsPerFrame"] == {"labeledFrames": 4, "mean": 1.5, "max": 2}
    assert summary["frameAttributes"] == {"brightness": {"low": 2}}


# Label files


@pytest.mark.parametrize("job_name", ["VOTVehicle", "AdjVOTVehicle"])
def test_a_label_file_that_comes_late_is_waited_for(stage: Stage, job_name: str) -> None:
    key = label_key(job_name, 1)
    stage.cloud.s3.delete_object(Bucket=aws.bucket(), Key=key)
    with pytest.raises(LabelsUnreadable, match=f"{key}: is not there, or may not be read"):
        stage.post_process()
    assert stage.now().status == "InProgress"
    assert stage.cloud.events.put == []
    put_labels(stage.cloud, job_name, SEQ_LABEL)
    stage.post_process()
    assert stage.now().status == "Completed"


def test_labels_of_a_frame_that_nobody_was_sent_are_not_lost_in_silence(stage: Stage) -> None:
    put_labels(stage.cloud, "VOTVehicle", labels(box(1), frame="000009.jpg"))
    with pytest.raises(LabelsUnreadable, match=r"has the frame '000009\.jpg', which its sequence has not"):
        stage.post_process()


def test_after_unreadable_labels_a_retry_goes_on(stage: Stage) -> None:
    put_labels(stage.cloud, "VOTVehicle", {})
    with pytest.raises(LabelsUnreadable) as unreadable:
        stage.post_process()
    stage.fail("LabelsUnreadable", json.dumps({"errorMessage": str(unreadable.value)}))
    assert "has neither tracking-annotations nor detection-annotations" in str(stage.now().reason)
    put_labels(stage.cloud, "VOTVehicle", SEQ_LABEL)
    tasks.retry(stage.now())
    stage.post_process()
    assert stage.now().status == "Completed"


def test_a_data_object_that_is_of_no_frame_of_the_clip_is_refused(stage: Stage) -> None:
    frames = b'{"source-ref": "s3://everlabel-bucket/clips/0/fps-1/sequence-0003.json"}\n'
    stage.cloud.s3.put_object(Bucket=aws.bucket(), Key="clips/0/fps-1/s", Body=frames)
    with pytest.raises(ManifestRefused, match=r"has .*sequence-0001\.json, which is of no frames of the clip"):
        stage.post_process()


# Images


def image_task(cloud: Cloud) -> Stage:
    """Boxes on three frames, checked by people; and a class for each."""
    cloud.labeling_job("Signs", "BoundingBox", annotation_type="BoundingBox")
    cloud.labeling_job("Check", "VerificationBoundingBox", annotation_type="BoundingBox", audit="Signs")
    cloud.labeling_job("Time", "ImageMultiClass", annotation_type="ImageMultiClass")
    clip = {"clipS3Uri": "s3://clip_bucket_fake/clip_id_1234", "fps": 1}
    steps: list[dict[str, Any]] = [
        {"jobName": "Signs", "inputConfig": clip, "jobLevel": 1},
        {"jobName": "Time", "inputConfig": clip, "jobLevel": 1},
        {"jobName": "Check", "inputConfig": {"chainFromJobName": "Signs"}, "jobLevel": 2},
    ]
    return submit(cloud, steps)


def image_line(message: dict[str, Any], attribute: str, label: Any, **metadata: Any) -> dict[str, Any]:
    """An output line of an image job."""
    return {**message, attribute: label, f"{attribute}-metadata": metadata}


def test_images_have_boxes_verdicts_and_classes(cloud: Cloud) -> None:
    stage = image_task(cloud)
    stage.trigger()
    drawn = {"annotations": [{"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4}], "image_size": [{}]}
    signs = {"class-map": {"0": "stop"}, "objects": [{"confidence": 0.7}], "human-annotated": "no"}
    boxes = [image_line(message, "Signs", drawn, **signs) for message in cloud.published("Signs")]
    times = [image_line(message, "Time", "1", **{"class-name": "night"}) for message in cloud.published("Time")]
    stage.receive(*boxes, *times)
    stage.trigger(2)
    verdicts = [{"class-name": name, "confidence": 0.0} for name in ("good", "bad", "good")]
    messages = zip(cloud.published("Check"), verdicts, strict=True)
    stage.receive(*(image_line(message, "Check", "0", **verdict) for message, verdict in messages))
    stage.post_process()
    found = document(stage)
    assert [(label.frame, label.level, label.class_name, label.origin, label.confidence) for label in found.labels] == [
        (frame, 1, "stop", Origin.AUTO, 0.7) for frame in range(3)
    ]
    assert [(said.frame, said.job_name, said.class_name, said.confidence) for said in found.classifications] == [
        (0, "Check", "good", None),
        (0, "Time", "night", None),
        (1, "Check", "bad", None),
        (1, "Time", "night", None),
        (2, "Check", "good", None),
        (2, "Time", "night", None),
    ]
    summary = cloud.object(f"tasks/{stage.task_id}/summary.json")
    assert summary["classifications"] == {"Check": {"bad": 1, "good": 2}, "Time": {"night": 3}}
    assert summary["autoLabeledShare"] == 1.0


# Taxonomy


SIGNS = "TrafficSignVOD"


def sign_task(cloud: Cloud) -> Stage:
    """A task whose workers saw short words."""
    cloud.labeling_job(SIGNS, "VideoObjectDetection")
    steps = [{**CHAIN[0], "jobName": SIGNS}]
    stage = submit(cloud, steps, objects=1, taxonomy="lava/1", attributes={"clip": {"scene": "highway"}})
    stage.trigger()
    put_labels(cloud, SIGNS, labels({**box(1, is_front="true"), "object-id": None}))
    for message in cloud.published(SIGNS):
        line = labeled(message, f"{SIGNS}-ref", SIGNS)
        line[f"{SIGNS}-ref-metadata"]["class-map"] = {"0": "construction"}
        stage.receive(line)
    return stage


def test_words_that_were_shortened_for_workers_are_restored(cloud: Cloud) -> None:
    stage = sign_task(cloud)
    taxonomy = (ROOT / "taxonomies/lava/taxonomy.json").read_bytes()
    cloud.s3.put_object(Bucket=aws.bucket(), Key="taxonomies/lava/1.json", Body=taxonomy)
    stage.post_process()
    found = document(stage)
    assert (found.taxonomy, found.frames[0].attributes["scene"]) == ("lava/1", "highway")
    assert [label.class_name for label in found.labels] == ["highway construction and maintenance"]
    ((_, _, detail),) = cloud.events.put
    assert detail["taxonomy"] == "lava/1"


@pytest.mark.parametrize(("file", "message"), [(None, "is not there"), (b"{}", "is no taxonomy")])
def test_labels_are_not_read_without_their_taxonomy(cloud: Cloud, file: bytes | None, message: str) -> None:
    stage = sign_task(cloud)
    if file is not None:
        cloud.s3.put_object(Bucket=aws.bucket(), Key="taxonomies/lava/1.json", Body=file)
    with pytest.raises(LabelsUnreadable, match=f"taxonomies/lava/1.json: {message}"):
        stage.post_process()


# The announcement


def test_a_completed_task_is_announced_once(stage: Stage) -> None:
    stage.post_process()
    root = f"s3://everlabel-bucket/tasks/{stage.task_id}"
    assert stage.cloud.events.put == [
        (
            "everlabel",
            "AnnotationTaskCompleted",
            {
                "taskId": stage.task_id,
                "clipId": "clip_id_1234",
                "clipS3Uri": "s3://clip_bucket_fake/clip_id_1234",
                "status": "Completed",
                "summaryS3Uri": f"{root}/summary.json",
                "annotationsS3Uri": f"{root}/annotations.json",
                "taxonomy": None,
            },
        )
    ]


def test_whoever_died_before_the_announcement_makes_it_when_repeated(stage: Stage) -> None:
    stage.cloud.events.refusal = "InternalFailure"
    with pytest.raises(NotAnnounced, match="InternalFailure: try again"):
        stage.post_process()
    assert (stage.now().status, stage.cloud.events.put) == ("Completed", [])
    stage.cloud.events.refusal = None
    stage.post_process()
    assert len(stage.cloud.events.put) == 1


def test_a_task_that_was_stopped_at_the_last_moment_is_not_announced(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = tasks.end
    monkeypatch.setattr(tasks, "end", lambda *_, **__: ended(stage.task_id, TaskStatus.STOPPING, "stopped by request"))
    stage.post_process()
    assert stage.cloud.events.put == []
