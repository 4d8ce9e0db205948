"""The whole life of a clip in the laptop world: the real template, the real state machine, the real handlers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from everlabel import annotation_json
from local.api_client import ApiClient
from local.ground_truth.people import Behaviour, Team
from local.street import street_clip
from local.world import Settings, World

# As the source article prints it; the test sends these very bytes.
PRINTED = (
    b'{"labelingJobs": [{"jobName": "VOTVehicle", "inputConfig": {"clipS3Uri": "s3://clip_bucket_fake/clip_id_1234", '
    b'"fps": 1}, "jobLevel": 1}, {"jobName": "AdjVOTVehicle", "inputConfig": {"chainFromJobName": "VOTVehicle"}, '
    b'"jobLevel": 2}]}'
)
DAY = 86_400


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = Settings(
        parameters={
            "ClipBuckets": "clips,clip_bucket_fake",
            "ResendAfterSeconds": "5",
            "GatherExpiriesSeconds": "1",
        },
        buckets=("clips", "clip_bucket_fake"),
        logs=tmp_path_factory.mktemp("logs"),
        team=Team(people=4, hours_per_task=(1.0, 2.0)),
        behaviours=(
            Behaviour(match="left-alone", act="ignore"),
            Behaviour(match="declined", act="decline"),
        ),
        job_limits={"idle_limit": 1000.0 * DAY},
    )
    with World(settings) as made:
        clip = street_clip().read_bytes()
        s3 = made.client("s3")
        s3.put_object(Bucket="clip_bucket_fake", Key="clip_id_1234", Body=clip)
        for name in ("left-alone", "declined", "images"):
            s3.put_object(Bucket="clips", Key=f"{name}.mp4", Body=clip)
        s3.put_object(Bucket="clips", Key="broken.mp4", Body=clip[: len(clip) // 3])
        api = ApiClient(made.api_url, made.session)
        labels = {"labels": [{"label": "vehicle"}, {"label": "pedestrian"}]}
        for name, task_type, config in (
            ("VOTVehicle", "VideoObjectTracking", labels),
            ("AdjVOTVehicle", "AdjustmentVideoObjectTracking", {**labels, "auditLabelAttributeName": "VOTVehicle-ref"}),
            ("Scene", "BoundingBox", labels),
        ):
            settings_of_job: dict[str, Any] = {"WorkteamArn": made.outputs["WorkteamArn"]}
            if name == "VOTVehicle":
                settings_of_job["TaskAvailabilityLifetimeInSeconds"] = 3 * DAY
            body = {"jobName": name, "taskType": task_type, "labelCategoryConfig": config, "settings": settings_of_job}
            assert api.post("/labeling-jobs", body).status == 201
        _listen(made)
        yield made


def _listen(world: World) -> None:
    """Somebody wants to be told of completed tasks, as `docs/annotations.md` says."""
    events, sqs = world.client("events"), world.client("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=_listener(world), AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["everlabel"], "detail-type": ["AnnotationTaskCompleted"]}
    events.put_rule(Name="listener", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="listener", Targets=[{"Id": "queue", "Arn": arn}])


def _listener(world: World) -> str:
    return str(world.client("sqs").create_queue(QueueName="listener")["QueueUrl"])


@pytest.fixture(scope="module")
def api(world: World) -> ApiClient:
    client = ApiClient(world.api_url, world.session)

    def running() -> bool:
        jobs = client.get("/labeling-jobs").body["labelingJobs"]
        states = [client.get(f"/labeling-jobs/{job['jobName']}").body["labelingJobStatus"] for job in jobs]
        return states == ["InProgress"] * 3

    world.wait_until(running, 30)
    return client


@pytest.fixture(scope="module")
def ended(world: World, api: ApiClient) -> dict[str, Any]:
    """All tasks of this module, submitted together and watched to their ends, by name."""
    definitions: dict[str, bytes | dict[str, Any]] = {"printed": PRINTED}
    for name in ("left-alone", "declined", "broken"):
        definitions[name] = _definition("VOTVehicle", name)
    definitions["images"] = _definition("Scene", "images")
    answers = {name: api.post("/annotation-tasks", body) for name, body in definitions.items()}
    assert {answer.status for answer in answers.values()} == {202}

    def look() -> dict[str, Any] | None:
        tasks = {name: api.get(f"/annotation-tasks/{answer.body['taskId']}").body for name, answer in answers.items()}
        return tasks if all(task["status"] in {"Completed", "Failed"} for task in tasks.values()) else None

    found: dict[str, Any] = world.wait_until(look, 120, every=0.5)
    return found


def _definition(job: str, name: str) -> dict[str, Any]:
    given = {"clipS3Uri": f"s3://clips/{name}.mp4", "fps": 1}
    return {"labelingJobs": [{"jobName": job, "inputConfig": given, "jobLevel": 1}], "clipId": name}


def read(world: World, uri: str) -> bytes:
    """An object's bytes."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body: bytes = world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def lines(world: World, uri: str) -> list[dict[str, Any]]:
    """A manifest's lines."""
    return [json.loads(line) for line in read(world, uri).splitlines()]


def test_the_printed_definition_runs_to_complete(world: World, ended: dict[str, Any]) -> None:
    task = ended["printed"]
    assert (task["status"], task["level"]) == ("Completed", 2)
    assert task["definition"] == json.loads(PRINTED)
    execution = world.client("stepfunctions").describe_execution(executionArn=task["executionArn"])
    assert execution["status"] == "SUCCEEDED"


def test_its_last_output_manifest_has_a_line_an_object_with_both_labels(world: World, ended: dict[str, Any]) -> None:
    job = ended["printed"]["progress"][1]["labelingJobs"][0]
    (line,) = lines(world, job["outputManifestS3Uri"])
    assert job["dataObjects"] == 1
    assert {"source-ref", "VOTVehicle-ref", "VOTVehicle-ref-metadata", "AdjVOTVehicle-ref"} <= set(line)


def test_its_labels_have_ground_truths_form(world: World, ended: dict[str, Any]) -> None:
    line = lines(world, ended["printed"]["progress"][1]["labelingJobs"][0]["outputManifestS3Uri"])[0]
    metadata = line["AdjVOTVehicle-ref-metadata"]
    assert metadata["type"] == "groundtruth/video-object-tracking"
    assert metadata["human-annotated"] == "yes"
    labels = json.loads(read(world, line["AdjVOTVehicle-ref"]))["tracking-annotations"]
    assert [frame["frame"] for frame in labels] == [f"{number:06d}.jpg" for number in range(1, 11)]
    boxes = [box for frame in labels for box in frame["annotations"]]
    assert boxes
    for box in boxes:
        assert {"height", "width", "top", "left", "class-id", "object-id", "object-name"} <= set(box)
        assert box["class-id"] in metadata["class-map"]
        assert box["object-name"].partition(":")[0] == metadata["class-map"][box["class-id"]]


def test_its_annotations_have_frames_with_sizes_and_objects_with_tracks(world: World, ended: dict[str, Any]) -> None:
    root = ended["printed"]["summaryS3Uri"].removesuffix("summary.json")
    document = annotation_json.read(read(world, f"{root}annotations.json"))
    assert [frame.time for frame in document.frames] == list(range(10))
    assert {(frame.width, frame.height) for frame in document.frames} == {(640, 272)}
    assert {(label.level, label.job_name, label.class_name) for label in document.labels} <= {
        (2, "AdjVOTVehicle", name) for name in ("vehicle", "pedestrian")
    }
    assert document.labels
    assert all(label.track_id and label.change for label in document.labels)


def test_its_summary_says_how_long_people_worked_and_what_they_changed(world: World, ended: dict[str, Any]) -> None:
    summary = json.loads(read(world, ended["printed"]["summaryS3Uri"]))
    first, second = summary["labelingJobs"]
    assert first["workSeconds"] > 0
    assert second["workSeconds"] > 0
    kept = second["agreement"]["kept"] + second["agreement"]["adjusted"] + second["agreement"]["added"]
    assert kept == summary["labels"] > 0


def test_completed_tasks_are_announced_and_no_others(world: World, ended: dict[str, Any]) -> None:
    completed = {task["taskId"] for task in ended.values() if task["status"] == "Completed"}
    heard: set[str] = set()

    def listen() -> bool:
        answer = world.client("sqs").receive_message(QueueUrl=_listener(world), MaxNumberOfMessages=10)
        heard.update(json.loads(message["Body"])["detail"]["taskId"] for message in answer.get("Messages", []))
        return heard >= completed

    world.wait_until(listen, 30)
    assert heard == completed


def test_a_task_nobody_touched_expires_in_the_portal_and_is_labeled_under_a_new_id(ended: dict[str, Any]) -> None:
    job = ended["left-alone"]["progress"][0]["labelingJobs"][0]
    assert (ended["left-alone"]["status"], job["labeled"], job["expiries"]) == ("Completed", 1, 1)


def test_a_declined_task_is_labeled_under_a_new_id(ended: dict[str, Any]) -> None:
    job = ended["declined"]["progress"][0]["labelingJobs"][0]
    assert (ended["declined"]["status"], job["labeled"], job["expiries"]) == ("Completed", 1, 1)


def test_an_image_job_labels_every_frame(world: World, ended: dict[str, Any]) -> None:
    job = ended["images"]["progress"][0]["labelingJobs"][0]
    assert (ended["images"]["status"], job["dataObjects"], job["labeled"]) == ("Completed", 10, 10)
    found = lines(world, job["outputManifestS3Uri"])
    assert [line["source-ref"][-10:] for line in found] == [f"{number:06d}.jpg" for number in range(1, 11)]
    assert all("Scene" in line and "Scene-metadata" in line for line in found)


def test_a_truncated_clip_fails_with_the_reason_in_words_and_its_execution_fails_too(
    world: World, ended: dict[str, Any]
) -> None:
    task = ended["broken"]
    assert task["status"] == "Failed"
    assert task["reason"].startswith("ClipRefused: ")
    execution = world.client("stepfunctions").describe_execution(executionArn=task["executionArn"])
    assert (execution["status"], execution["error"]) == ("FAILED", "ClipRefused")


def test_the_same_definition_again_is_the_same_task(api: ApiClient, ended: dict[str, Any]) -> None:
    again = api.post("/annotation-tasks", PRINTED)
    assert (again.status, again.body["taskId"]) == (200, ended["printed"]["taskId"])


def test_each_object_was_one_task_in_the_portal_and_one_more_for_each_id_that_was_spent(
    world: World, ended: dict[str, Any]
) -> None:
    counters = {}
    for name in ("VOTVehicle", "AdjVOTVehicle", "Scene"):
        described = world.client("sagemaker").describe_labeling_job(LabelingJobName=f"everlabel-{name}-0")
        counts = described["LabelCounters"]
        counters[name] = (counts["TotalLabeled"], counts["FailedNonRetryableError"], counts["Unlabeled"])
    assert counters == {"VOTVehicle": (3, 2, 0), "AdjVOTVehicle": (1, 0, 0), "Scene": (10, 0, 0)}
    assert {task["status"] for task in ended.values()} == {"Completed", "Failed"}


def test_a_stopped_task_keeps_late_labels_as_surplus_and_one_can_stop_only_what_runs(
    world: World, api: ApiClient, ended: dict[str, Any]
) -> None:
    assert api.post(f"/annotation-tasks/{ended['printed']['taskId']}/stop").status == 409
    world.ground_truth.pause()
    try:
        task_id = api.post("/annotation-tasks", {**_definition("VOTVehicle", "images"), "clipId": "stopped"}).body[
            "taskId"
        ]
        world.wait_until(lambda: _sent(api, task_id), 30)
        assert api.post(f"/annotation-tasks/{task_id}/stop").status == 202
        world.wait_until(lambda: _stopped(api, task_id), 30)
    finally:
        world.ground_truth.resume()
    table = world.outputs["TaskTableName"]

    def surplus() -> Any:
        return world.client("dynamodb").query(
            TableName=table,
            KeyConditionExpression="task_id = :task AND begins_with(#item, :surplus)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={":task": {"S": task_id}, ":surplus": {"S": "SURPLUS#1#VOTVehicle#000000"}},
        )["Items"]

    assert len(world.wait_until(surplus, 30)) == 1
    task = api.get(f"/annotation-tasks/{task_id}").body
    assert (task["status"], task["progress"][0]["labelingJobs"][0]["stopped"]) == ("Stopped", 1)


def _sent(api: ApiClient, task_id: str) -> bool:
    return _count(api, task_id, "sent") == 1


def _stopped(api: ApiClient, task_id: str) -> bool:
    return _count(api, task_id, "stopped") == 1


def _count(api: ApiClient, task_id: str, what: str) -> int:
    levels = api.get(f"/annotation-tasks/{task_id}").body["progress"]
    return sum(int(job[what]) for level in levels for job in level["labelingJobs"])
