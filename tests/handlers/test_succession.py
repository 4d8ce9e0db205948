"""An execution hands over to a successor before its history is full or it is too old."""

import pytest

from everlabel import clock, executions, task_table, tasks
from everlabel.errors import TaskNotInProgress
from everlabel.task_table import TaskStatus
from tests.handlers.conftest import Cloud
from tests.handlers.stage import CHAIN, Stage, submit
from tests.handlers.test_execution_state_change import tell
from tests.handlers.test_races import dying_at

DAY = 86_400


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    return submit(cloud, CHAIN, objects=1)


def executions_of(stage: Stage) -> list[str]:
    return [name.rpartition("-")[2] for name in stage.cloud.step_functions.executions]


def test_after_its_share_of_rounds_a_successor_goes_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executions, "MOST_ROUNDS", 20)
    old = stage.execution()
    for _ in range(10):
        assert stage.trigger()["isContinued"] is False
    answer = stage.trigger()
    assert (answer["isContinued"], answer["isAllSent"]) == (True, False)
    assert executions_of(stage) == ["0", "1"]
    assert (stage.now().status, stage.now().attempt) == (TaskStatus.IN_PROGRESS, 1)
    assert stage.execution() != old
    assert stage.trigger()["isContinued"] is False, "the successor has its own share"
    assert len(stage.cloud.published("VOTVehicle")) == 1


def test_before_it_is_too_old_a_successor_goes_on(stage: Stage) -> None:
    stage.trigger()
    stage.cloud.now += 280 * DAY
    assert stage.trigger()["isContinued"] is False
    stage.cloud.now += 1
    assert stage.trigger()["isContinued"] is True
    stage.started_at = clock.iso(stage.cloud.now)
    assert stage.trigger()["isContinued"] is False


def test_whoever_dies_while_handing_over_is_made_good(stage: Stage) -> None:
    old = stage.execution()
    stage.cloud.now += 281 * DAY
    with dying_at(executions, "start"):
        stage.trigger()
    assert executions_of(stage) == ["0"]
    event = {"taskId": stage.task_id, "level": 1, "execution": old, "startTime": stage.started_at}
    assert stage.trigger_with(event)["isContinued"] is True
    assert executions_of(stage) == ["0", "1"]
    assert stage.trigger_with(event)["isContinued"] is True
    assert executions_of(stage) == ["0", "1"]
    assert (stage.now().status, stage.now().attempt) == (TaskStatus.IN_PROGRESS, 1)


def test_the_end_of_the_old_execution_does_not_end_the_task(stage: Stage) -> None:
    old = stage.execution()
    stage.cloud.now += 281 * DAY
    stage.trigger()
    tell(old, "ABORTED")
    assert stage.now().status == TaskStatus.IN_PROGRESS


def test_a_task_that_is_stopped_meanwhile_gets_no_successor(stage: Stage) -> None:
    stage.cloud.now += 281 * DAY
    task = task_table.running_task(stage.task_id)
    tasks.stop(stage.now())
    tasks.go_on(task, 0)
    assert executions_of(stage) == ["0"]
    assert (stage.now().status, stage.now().attempt) == (TaskStatus.STOPPING, 0)
    with pytest.raises(TaskNotInProgress):
        stage.trigger()
