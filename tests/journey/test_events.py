"""Each function answers its event of `events/` as `python -m local invoke` asks it, and does what its step is for."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from local.__main__ import run_once
from local.api_client import ApiClient
from local.seed import example, seeded
from local.template import ROOT, Template
from local.world import Settings, World

TEMPLATE = Template(ROOT / "template.yaml")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    # By the clock, the reconciler would do what the events are about.
    with seeded(Settings(logs=tmp_path_factory.mktemp("logs"), day_seconds=20, schedules=False)) as made:
        yield made


def event(name: str) -> Any:
    return json.loads((ROOT / "events" / f"{name}.json").read_text())


def answer(world: World, function: str) -> Any:
    """What the function says to its event."""
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in function).lstrip("_")
    given = run_once(function, TEMPLATE, world.endpoint_url, Path(ROOT / "events" / f"{name}.json").read_bytes())
    assert given.error is None, given.payload
    return json.loads(given.payload)


def item(world: World, table: str, **key: str) -> dict[str, Any]:
    """An item of a table, {} if there is none."""
    found = world.client("dynamodb").get_item(
        TableName=world.resource(table), Key={name: {"S": value} for name, value in key.items()}, ConsistentRead=True
    )
    read = TypeDeserializer().deserialize
    return {name: read(value) for name, value in found.get("Item", {}).items()}


def row(world: World, name: str, item_key: str) -> dict[str, Any]:
    """An item of the task that the event `name` is about."""
    task_id = next(
        found["task_id"]["S"]
        for page in world.client("dynamodb").get_paginator("scan").paginate(TableName=world.resource("TaskTable"))
        for found in page["Items"]
        if found["item"]["S"] == "TASK" and found["clip_id"]["S"] == name
    )
    return item(world, "TaskTable", task_id=task_id, item=item_key)


def test_transformation_should_extract_the_clips_frames(world: World) -> None:
    assert row(world, "transformation", "FRAMES#2") == {}
    assert answer(world, "Transformation") == {**event("transformation"), "level": 1, "isDoneTransforming": True}
    frames = row(world, "transformation", "FRAMES#2")
    folder = frames["prefix"].removeprefix(f"s3://{world.resource('Bucket')}/")
    stored = world.client("s3").list_objects_v2(Bucket=world.resource("Bucket"), Prefix=f"{folder}frames/")
    assert (frames["extracted"], stored["KeyCount"]) == (20, 20)  # ten seconds, two a second


def test_trigger_labeling_should_send_what_the_annotators_then_label(world: World) -> None:
    said = answer(world, "TriggerLabeling")
    assert said["isAllSent"]
    assert 431_000 < said["sendAgainInSeconds"] <= 432_000
    world.wait_until(lambda: not row(world, "trigger_labeling", "OPEN#1#VOTVehicle#000000"), timeout=60)
    assert row(world, "trigger_labeling", "DONE#1#VOTVehicle#000000")["outcome"] == "labeled"


def test_check_for_completion_should_park_the_token(world: World) -> None:
    assert answer(world, "CheckForCompletion") is None
    assert row(world, "check_for_completion", "LEVEL#1")["token"] == event("check_for_completion")["taskToken"]


def test_receive_labels_should_write_the_outcome(world: World) -> None:
    (record,) = event("receive_labels")["Records"]
    assert answer(world, "ReceiveLabels") == {"batchItemFailures": []}
    done = row(world, "receive_labels", "DONE#1#VOTVehicle#000000")
    assert (done["outcome"], done["line"]) == ("labeled", json.loads(record["body"])["Message"])
    assert row(world, "receive_labels", "OPEN#1#VOTVehicle#000000") == {}


def test_post_processing_should_complete_the_task(world: World) -> None:
    said = answer(world, "PostProcessing")
    bucket, _, key = said["summaryS3Uri"].removeprefix("s3://").partition("/")
    summary = json.loads(world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    assert [job["labeled"] for job in summary["labelingJobs"]] == [1, 1]
    assert row(world, "post_processing", "TASK")["status"] == "Completed"


def test_batch_error_should_fail_the_task_with_the_reason_in_words(world: World) -> None:
    assert answer(world, "BatchError") == {"taskId": event("batch_error")["taskId"]}
    task = row(world, "batch_error", "TASK")
    assert task["status"] == "Failed"
    assert task["reason"] == "LabelingJobNotRunning: labeling job 'VOTVehicle' is Stopped: stopped by a person"


def test_execution_state_change_should_close_the_task(world: World) -> None:
    assert answer(world, "ExecutionStateChange") == {"batchItemFailures": []}
    task = row(world, "execution_state_change", "TASK")
    assert task["status"] == "Failed"
    assert task["reason"].startswith("States.Runtime: An error occurred while executing the state 'IsLastLevel'")


def test_labeling_job_state_change_should_replace_the_job(world: World) -> None:
    before = item(world, "JobTable", job_name="SignVOT")
    assert event("labeling_job_state_change")["Records"][0]["body"].find(before["labeling_job_arn"]) > 0
    assert answer(world, "LabelingJobStateChange") == {"batchItemFailures": []}
    after = item(world, "JobTable", job_name="SignVOT")
    assert (before["epoch"], after["epoch"]) == (0, 1)
    found = world.client("sagemaker").describe_labeling_job(LabelingJobName=after["labeling_job_name"])
    assert found["LabelingJobStatus"] in {"Initializing", "InProgress"}


def test_labeling_jobs_api_should_start_a_job(world: World) -> None:
    said = answer(world, "LabelingJobsApi")
    assert said["statusCode"] == 201, said
    name = json.loads(said["body"])["labelingJobArn"].rpartition("/")[2]
    found = world.client("sagemaker").describe_labeling_job(LabelingJobName=name)
    assert found["HumanTaskConfig"]["TaskTitle"] == "Draw lanes"
    assert answer(world, "LabelingJobsApi")["statusCode"] == 200, "the same request again is the same job"


@pytest.mark.parametrize("name", ["labeling-job", "adjustment-job"])
def test_an_example_should_be_the_job_that_is_there(world: World, name: str) -> None:
    assert ApiClient(world.api_url, world.session).post("/labeling-jobs", example(name)).status == 200


def test_annotation_tasks_api_should_take_the_task_in(world: World) -> None:
    said = answer(world, "AnnotationTasksApi")
    assert said["statusCode"] == 202, said
    execution = json.loads(said["body"])["executionArn"]
    found = world.client("stepfunctions").describe_execution(executionArn=execution)
    assert found["status"] == "RUNNING"


@pytest.mark.parametrize("name", ["receive_labels", "labeling_job_state_change", "execution_state_change"])
def test_messages_should_be_from_the_queue_that_feeds_the_function(world: World, name: str) -> None:
    (record,) = event(name)["Records"]
    function = world.resource(name.title().replace("_", ""))
    mappings = world.client("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    assert [mapping["EventSourceArn"] for mapping in mappings] == [record["eventSourceARN"]]
    assert record["md5OfBody"] == hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest()
