"""CheckForCompletion: parks the task token of a level until somebody answers it."""

import pytest

from everlabel import sending, task_table, waking
from everlabel.errors import TaskNotFound
from tests.handlers.conftest import Cloud
from tests.handlers.stage import CHAIN, Stage, labeled, submit, unlabeled


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    return submit(cloud, objects=2)


def test_it_waits_while_anything_is_open(stage: Stage) -> None:
    stage.trigger()
    token = stage.wait()
    assert stage.answered(token) is None


def test_results_that_came_before_the_token_wake_it_at_once(stage: Stage) -> None:
    stage.trigger()
    assert stage.receive(*(labeled(message) for message in stage.cloud.published("VOTVehicle"))) == []
    token = stage.wait()
    assert stage.answered(token) == ("success", stage.goes_on(2, is_last=False))


def test_as_long_as_not_all_is_sent_nobody_wakes_the_level(cloud: Cloud) -> None:
    """All objects of one labeling job have their labels, and those of the other are not even written down."""
    cloud.labeling_job("VOTPedestrian")
    cloud.labeling_job("VOTVehicle")
    clip = {"clipS3Uri": "s3://clips/a.mp4", "fps": 1}
    steps = [{"jobName": name, "jobLevel": 1, "inputConfig": clip} for name in ("VOTPedestrian", "VOTVehicle")]
    stage = submit(cloud, steps, objects=1)
    job = sending._Sending.create
    with pytest.MonkeyPatch.context() as slow:
        slow.setattr(sending._Sending, "create", lambda self: self._step.job_name == "VOTPedestrian" and job(self))
        answer = stage.trigger()
    assert (answer["isAllSent"], answer["sendAgainInSeconds"]) == (False, 1)
    label = labeled(cloud.published("VOTPedestrian")[0], "VOTPedestrian-ref", "VOTPedestrian")
    stage.receive(label)
    assert not stage.open()
    token = stage.wait(is_all_sent=False)
    stage.receive(label)
    assert stage.answered(token) is None
    assert stage.trigger()["isAllSent"] is True
    assert len(cloud.published("VOTVehicle")) == 1


def test_an_execution_that_was_taken_over_from_is_told_to_end(stage: Stage) -> None:
    stage.trigger()
    token = stage.wait(is_continued=True)
    assert stage.answered(token) == ("success", stage.goes_on(1, is_last=False, is_continued=True))
    level = task_table.find_level(stage.task_id, 1)
    assert level is not None
    assert level.token is None


def test_the_last_level_says_so(stage: Stage) -> None:
    stage.trigger()
    stage.receive(*(labeled(message) for message in stage.cloud.published("VOTVehicle")))
    stage.trigger(2)
    messages = stage.cloud.published("AdjVOTVehicle")
    stage.receive(*(labeled(message, "AdjVOTVehicle-ref", "AdjVOTVehicle") for message in messages))
    token = stage.wait(2)
    assert stage.answered(token) == ("success", stage.goes_on(2, is_last=True))


def test_an_expiry_that_came_before_the_token_sends_it_back_at_once(stage: Stage) -> None:
    stage.trigger()
    stage.receive(unlabeled(stage.cloud.published("VOTVehicle")[0]))
    token = stage.wait()
    answer = stage.answered(token)
    assert answer is not None
    assert answer[0] == "expired"


def test_after_the_resend_it_waits_again(stage: Stage) -> None:
    stage.trigger()
    stage.receive(unlabeled(stage.cloud.published("VOTVehicle")[0]))
    stage.wait()
    stage.trigger()
    token = stage.wait()
    assert stage.answered(token) is None


def test_the_token_of_an_older_wait_does_not_replace_a_newer_one(stage: Stage) -> None:
    import check_for_completion
    from tests.handlers.conftest import Context

    stage.trigger()
    late = stage.parked(1, "late")
    late["enteredTime"] = "2027-01-15T07:00:00.000Z"
    token = stage.wait()
    check_for_completion.handler(late, Context())  # type: ignore[arg-type]
    level = task_table.find_level(stage.task_id, 1)
    assert level is not None
    assert level.token == token


def test_a_retried_invocation_with_the_same_token_is_harmless(stage: Stage) -> None:
    stage.trigger()
    token = stage.wait()
    stage.entered -= 1
    stage.wait(token=token)
    stage.receive(*(labeled(message) for message in stage.cloud.published("VOTVehicle")))
    assert stage.answered(token) == ("success", stage.goes_on(2, is_last=False))


def test_a_stale_token_is_no_error(stage: Stage) -> None:
    stage.trigger()
    token = stage.wait()
    stage.cloud.step_functions.waiting.remove(token)  # it timed out
    failed = stage.receive(*(labeled(message) for message in stage.cloud.published("VOTVehicle")))
    assert failed == []
    assert len(stage.done()) == 2
    again = stage.wait()
    assert stage.answered(again) == ("success", stage.goes_on(2, is_last=False))


def test_a_level_without_objects_is_done(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    stage = submit(cloud, objects=1, onObjectFailure="continue")
    stage.trigger()
    stage.receive(unlabeled(cloud.published("VOTVehicle")[0], "Unsupported image format"))
    stage.trigger(2)
    token = stage.wait(2)
    assert stage.answered(token) == ("success", stage.goes_on(2, is_last=True))


def test_failed_objects_fail_the_level_and_are_named(stage: Stage) -> None:
    stage.trigger()
    messages = stage.cloud.published("VOTVehicle")
    token = stage.wait()
    stage.receive(labeled(messages[0]), unlabeled(messages[1], "Unsupported image format"))
    answer = stage.answered(token)
    assert answer is not None
    assert answer[0] == "ObjectsFailed"
    assert "1 data object has no label at level 1" in answer[1]
    assert "1#VOTVehicle#000001: Unsupported image format" in answer[1]


def test_a_level_that_never_began_is_named(stage: Stage) -> None:
    with pytest.raises(TaskNotFound, match="has not begun level 1"):
        stage.wait()


def test_two_jobs_of_a_level_are_both_waited_for(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("LaneVOD", "VideoObjectDetection", annotationType="Polyline")
    stage = submit(cloud, [CHAIN[0], {**CHAIN[0], "jobName": "LaneVOD"}], objects=1)
    stage.trigger()
    token = stage.wait()
    stage.receive(*(labeled(message) for message in cloud.published("VOTVehicle")))
    assert stage.answered(token) is None
    stage.receive(*(labeled(message, "LaneVOD-ref", "LaneVOD") for message in cloud.published("LaneVOD")))
    assert stage.answered(token) == ("success", stage.goes_on(1, is_last=True))


def test_three_levels_run_one_after_the_other(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    cloud.labeling_job("Third", "AdjustmentVideoObjectTracking", audit="AdjVOTVehicle-ref")
    chain = [*CHAIN, {"jobName": "Third", "inputConfig": {"chainFromJobName": "AdjVOTVehicle"}, "jobLevel": 3}]
    stage = submit(cloud, chain, objects=2)
    for level, name in enumerate(("VOTVehicle", "AdjVOTVehicle", "Third"), start=1):
        stage.trigger(level)
        token = stage.wait(level)
        messages = cloud.published(name)
        assert len(messages) == 2
        stage.receive(labeled(messages[0], f"{name}-ref", name))
        assert stage.answered(token) is None
        stage.receive(labeled(messages[1], f"{name}-ref", name))
        assert stage.answered(token) == ("success", stage.goes_on(min(level + 1, 3), is_last=level == 3))
    stage.post_process()
    place = f"s3://everlabel-bucket/tasks/{stage.task_id}/level-3/Third/output.manifest"
    assert [sorted(key for key in line if key.endswith("-ref")) for line in cloud.lines(place)] == [
        ["AdjVOTVehicle-ref", "Third-ref", "VOTVehicle-ref", "source-ref"]
    ] * 2


def test_fences_are_ordered_as_text_even_where_the_time_is_written_shorter() -> None:
    times = ["2027-01-15T08:00:13Z", "2027-01-15T08:00:13.001Z", "2027-01-15T08:00:13.1Z", "2027-01-15T08:00:14Z"]
    fences = [waking.fence(entered, retry) for entered in times for retry in (0, 1, 10)]
    assert fences == sorted(fences)
    assert len(set(fences)) == len(fences)
