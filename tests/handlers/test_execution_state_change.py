"""ExecutionStateChange: closes the task of an execution that ended badly, also when no Catch saw it."""

import json
from typing import Any

import pytest

import execution_state_change
from everlabel import tasks
from everlabel.task_table import TaskStatus
from tests.handlers.conftest import Cloud, Context
from tests.handlers.stage import CHAIN, Stage, labeled, submit


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.labeling_job("VOTVehicle")
    return submit(cloud, CHAIN[:1], objects=3)


def tell(arn: str | None, status: str, **more: Any) -> list[dict[str, str]]:
    detail = {"executionArn": arn, "status": status, **more}
    event = {"Records": [{"messageId": "1", "body": json.dumps({"source": "aws.states", "detail": detail})}]}
    answer: dict[str, Any] = execution_state_change.handler(event, Context())  # type: ignore[arg-type]
    return list(answer["batchItemFailures"])


def test_a_task_whose_execution_died_outside_any_catch_fails_with_its_words(stage: Stage) -> None:
    assert tell(stage.now().execution, "FAILED", error="States.Runtime", cause="bad path") == []
    assert (stage.now().status, stage.now().reason) == ("Failed", "States.Runtime: bad path")


def test_a_timed_out_execution_fails_the_task(stage: Stage) -> None:
    tell(stage.now().execution, "TIMED_OUT")
    assert (stage.now().status, stage.now().reason) == ("Failed", "the execution ended as TIMED_OUT")


def test_stopping_stops_the_execution_and_what_is_open_is_recorded_as_stopped(stage: Stage) -> None:
    stage.trigger()
    messages = stage.cloud.published("VOTVehicle")
    stage.receive(labeled(messages[0]))
    execution = stage.now().execution
    tasks.stop(stage.now())
    assert stage.cloud.step_functions.stopped == [execution]
    tell(execution, "ABORTED")
    assert {key[-6:]: item.outcome for key, item in stage.done().items()} == {
        "000000": "labeled",
        "000001": "stopped",
        "000002": "stopped",
    }
    assert stage.open() == {}
    assert stage.now().status == "Stopped"


def test_late_labels_of_a_stopped_task_are_kept_as_surplus(stage: Stage) -> None:
    stage.trigger()
    messages = stage.cloud.published("VOTVehicle")
    tasks.stop(stage.now())
    stage.receive(labeled(messages[0]))
    tell(stage.now().execution, "ABORTED")
    stage.receive(labeled(messages[1]))
    assert {item.outcome for item in stage.done().values()} == {"stopped"}
    assert sorted(stage.surplus())[0].startswith("SURPLUS#1#VOTVehicle#000000#")
    assert len(stage.surplus()) == 2


def test_stopping_twice_is_harmless_and_a_completed_task_cannot_be_stopped(stage: Stage) -> None:
    tasks.stop(stage.now())
    tasks.stop(stage.now())
    assert stage.now().status == "Stopping"
    other = submit(stage.cloud, CHAIN[:1], objects=1, clipId="another")
    tasks.end(other.task_id, TaskStatus.COMPLETED)
    with pytest.raises(tasks.WrongStatus, match="is Completed"):
        tasks.stop(other.now())


def test_news_of_an_earlier_attempt_leave_the_retry_alone(stage: Stage) -> None:
    first = stage.now().execution
    stage.fail("ClipRefused", "first")
    tasks.retry(stage.now())
    tell(first, "FAILED", error="ClipRefused", cause="first")
    assert stage.now().status == "InProgress"


def test_executions_of_no_task_of_ours_are_passed_over(stage: Stage) -> None:
    assert tell("arn:aws:states:us-east-1:123456789012:execution:everlabel-AnnotationTask:by-hand", "FAILED") == []
    assert tell("arn:aws:states:us-east-1:123456789012:execution:everlabel-AnnotationTask:nobody-0", "FAILED") == []
    assert stage.now().status == "InProgress"


def test_what_cannot_be_read_comes_again(cloud: Cloud) -> None:
    event = {"Records": [{"messageId": "7", "body": "not json"}]}
    answer = execution_state_change.handler(event, Context())  # type: ignore[arg-type]
    assert answer == {"batchItemFailures": [{"itemIdentifier": "7"}]}
    assert cloud.step_functions.executions == {}


def test_a_completed_task_whose_announcement_failed_is_announced_here(stage: Stage) -> None:
    tasks.end(stage.task_id, TaskStatus.COMPLETED)
    stage.cloud.events.refusal = "ThrottlingException"
    assert tell(stage.now().execution, "FAILED", error="NotAnnounced") == [{"itemIdentifier": "1"}]
    stage.cloud.events.refusal = None
    assert tell(stage.now().execution, "FAILED", error="NotAnnounced") == []
    assert [detail["taskId"] for _, _, detail in stage.cloud.events.put] == [stage.task_id]
    assert stage.now().status == "Completed"
