"""BatchError: fails the task with the reason in words; a retry goes on from there."""

import json

import pytest

from everlabel import tasks
from everlabel.task_table import Done, TaskStatus
from tests.handlers.conftest import Cloud
from tests.handlers.stage import CHAIN, Stage, generations, labeled, submit, unlabeled


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.labeling_job("VOTVehicle")
    return submit(cloud, CHAIN[:1], objects=3)


def test_the_reason_is_the_words_of_the_error(stage: Stage) -> None:
    cause = json.dumps({"errorMessage": "there is no video stream in it", "errorType": "ClipRefused", "stackTrace": []})
    stage.fail("ClipRefused", cause)
    assert (stage.now().status, stage.now().reason) == ("Failed", "ClipRefused: there is no video stream in it")


def test_the_first_reason_stays(stage: Stage) -> None:
    stage.fail("ClipRefused", "first")
    stage.fail("ClipRefused", "second")
    assert stage.now().reason == "ClipRefused: first"


def test_a_retry_keeps_labels_and_sends_what_failed_under_a_new_id(stage: Stage) -> None:
    stage.trigger()
    messages = stage.cloud.published("VOTVehicle")
    token = stage.wait()
    stage.receive(labeled(messages[0]), unlabeled(messages[1], "Unsupported image format"), labeled(messages[2]))
    answer = stage.answered(token)
    assert answer is not None
    stage.fail(*answer)
    before = {key: item.serialize() for key, item in stage.done().items() if item.outcome == "labeled"}

    task = tasks.retry(stage.now())
    assert (task.status, task.attempt, task.reason) == ("InProgress", 1, None)
    assert f"{stage.task_id}-1" in stage.cloud.step_functions.executions
    assert {key: item.serialize() for key, item in stage.items(Done).items()} == before
    stage.trigger()
    again = stage.cloud.published("VOTVehicle")
    assert generations(again) == ["000001/g1"]
    second = stage.wait()
    stage.receive(labeled(again[0]))
    assert stage.answered(second) == ("success", stage.goes_on(1, is_last=True))


def test_labels_that_came_while_the_task_was_failed_are_not_lost(stage: Stage) -> None:
    stage.trigger()
    messages = stage.cloud.published("VOTVehicle")
    stage.fail("LabelingJobNotRunning", "stopped")
    stage.receive(*(labeled(message) for message in messages))
    tasks.retry(stage.now())
    stage.trigger()
    assert stage.cloud.published("VOTVehicle") == []
    assert stage.answered(stage.wait()) == ("success", stage.goes_on(1, is_last=True))


def test_a_late_failure_of_the_first_attempt_does_not_end_the_second(stage: Stage) -> None:
    stage.fail("ClipRefused", "first")
    first = stage.task.execution
    tasks.retry(stage.now())
    assert not tasks.end(stage.task_id, TaskStatus.FAILED, "late", attempt=0)
    assert stage.now().status == "InProgress"
    assert stage.now().execution != first


def test_a_retry_leaves_alone_what_an_earlier_level_went_on_without(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    stage = submit(cloud, onObjectFailure="continue", objects=2)
    stage.trigger()
    messages = cloud.published("VOTVehicle")
    stage.receive(labeled(messages[0]), unlabeled(messages[1], "Unsupported image format"))
    stage.trigger(2)
    stage.fail("LabelingJobNotRunning", "stopped")
    assert tasks.retry(stage.now()).level == 2
    assert stage.done()["DONE#1#VOTVehicle#000001"].outcome == "failed"
    assert list(stage.open()) == ["OPEN#2#AdjVOTVehicle#000000"]


@pytest.mark.parametrize("status", ["InProgress", "Completed", "Stopped"])
def test_only_a_failed_task_can_be_retried(stage: Stage, status: str) -> None:
    if status != "InProgress":
        tasks.end(stage.task_id, TaskStatus(status))
    with pytest.raises(tasks.WrongStatus, match=f"is {status}; only a failed task"):
        tasks.retry(stage.now())


def test_two_retries_at_once_start_one_execution(stage: Stage) -> None:
    stage.fail("ClipRefused", "first")
    one, other = stage.now(), stage.now()
    tasks.retry(one)
    with pytest.raises(tasks.WrongStatus):
        tasks.retry(other)
    assert [name for name in stage.cloud.step_functions.executions if name.endswith("-1")] == [f"{stage.task_id}-1"]
