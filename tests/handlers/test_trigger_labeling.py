"""TriggerLabeling: sends what a level must send, the first time, again, and after expiries."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from everlabel import aws, job_table, labeling_jobs, moves, sending, topics, waking
from everlabel.data_object import CORRELATION_KEY, OBJECT_ID_KEY
from everlabel.errors import LabelingJobNotReady, LabelingJobNotRunning, TaskNotFound, TaskNotInProgress
from everlabel.executions import Attempt
from everlabel.task_table import Job
from tests.handlers.conftest import Cloud
from tests.handlers.stage import CHAIN, Stage, generations, labeled, submit, unlabeled

DAY = 86_400


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    return submit(cloud)


def test_the_first_sending_publishes_every_object_once_with_our_id(stage: Stage) -> None:
    answer = stage.trigger()
    assert answer["isAllSent"] is True
    assert answer["sendAgainInSeconds"] == 5 * DAY
    messages = stage.cloud.published("VOTVehicle")
    assert generations(messages) == ["000000/g0", "000001/g0", "000002/g0"]
    first = messages[0]
    assert first["source-ref"] == f"s3://{aws.bucket()}/clips/0/fps-1/sequence-0001.json"
    assert first["dataset-objectid-attribute-name"] == OBJECT_ID_KEY
    assert first[OBJECT_ID_KEY] == f"s3://{aws.bucket()}/{stage.task_id}/1/VOTVehicle.0/000000/g0"
    assert first[CORRELATION_KEY] == f"{stage.task_id}/1/VOTVehicle/000000"
    assert len(stage.open()) == 3


def test_called_again_before_the_refresh_it_publishes_nothing(stage: Stage) -> None:
    stage.trigger()
    stage.cloud.published("VOTVehicle")
    stage.cloud.now += 4 * DAY
    answer = stage.trigger()
    assert stage.cloud.published("VOTVehicle") == []
    assert answer["sendAgainInSeconds"] == 1 * DAY


def test_it_never_comes_back_before_there_is_something_to_send(stage: Stage) -> None:
    stage.trigger()
    stage.cloud.now += 4 * DAY + 0.6
    answer = stage.trigger()
    assert answer["sendAgainInSeconds"] == DAY, "in whole seconds, rounded up"


def test_after_five_days_what_has_no_outcome_goes_again_under_the_same_id(stage: Stage) -> None:
    stage.trigger()
    messages = stage.cloud.published("VOTVehicle")
    stage.receive(labeled(messages[1]))
    stage.cloud.now += 5 * DAY
    answer = stage.trigger()
    assert stage.cloud.published("VOTVehicle") == [messages[0], messages[2]]
    assert answer["sendAgainInSeconds"] == 5 * DAY


def test_an_expired_object_goes_again_under_a_new_id_and_alone(stage: Stage) -> None:
    stage.trigger()
    messages = stage.cloud.published("VOTVehicle")
    stage.receive(unlabeled(messages[1]))
    stage.trigger()
    assert generations(stage.cloud.published("VOTVehicle")) == ["000001/g1"]
    stage.trigger()
    assert stage.cloud.published("VOTVehicle") == []


def test_a_refresh_after_an_expiry_uses_the_new_id(stage: Stage) -> None:
    stage.trigger()
    messages = stage.cloud.published("VOTVehicle")
    stage.receive(unlabeled(messages[1]))
    stage.trigger()
    stage.cloud.published("VOTVehicle")
    stage.cloud.now += 5 * DAY
    stage.trigger()
    assert generations(stage.cloud.published("VOTVehicle")) == ["000000/g0", "000001/g1", "000002/g0"]


def test_a_stale_expiry_notice_after_a_resend_changes_nothing(stage: Stage) -> None:
    stage.trigger()
    messages = stage.cloud.published("VOTVehicle")
    stage.receive(unlabeled(messages[1]))
    stage.trigger()
    assert generations(stage.cloud.published("VOTVehicle")) == ["000001/g1"]
    stage.receive(unlabeled(messages[1]))
    stage.trigger()
    assert stage.cloud.published("VOTVehicle") == []
    assert stage.open()["OPEN#1#VOTVehicle#000001"].generation == 1


class Killed(BaseException):
    """The function's process ends here."""


@pytest.mark.parametrize("calls", range(1, 4))
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_in_the_middle_of_sending_leaves_nothing_out_and_makes_no_second_id(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, calls: int, after: bool
) -> None:
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=25)
    publish, count = topics.publish, 0

    def dying(topic: str, messages: list[str]) -> None:
        nonlocal count
        count += 1
        if count == calls and not after:
            raise Killed
        publish(topic, messages)
        if count == calls:
            raise Killed

    monkeypatch.setattr(topics, "publish", dying)
    with pytest.raises(Killed):
        stage.trigger()
    monkeypatch.setattr(topics, "publish", publish)
    stage.trigger()
    ids = [message[OBJECT_ID_KEY] for message in cloud.published("VOTVehicle")]
    assert len(set(ids)) == 25
    assert all(text.endswith("/g0") for text in ids)


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_crash_while_the_to_do_list_is_written_publishes_nothing_yet(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=6)
    monkeypatch.setattr(sending, "_CREATED_PER_CURSOR", 2)
    create, count = moves.create, 0

    def dying(keys: Any, epoch: int) -> None:
        nonlocal count
        create(keys, epoch)
        count += 1
        if count > written:
            raise Killed

    monkeypatch.setattr(moves, "create", dying)
    with pytest.raises(Killed):
        stage.trigger()
    assert cloud.published("VOTVehicle") == []
    monkeypatch.setattr(moves, "create", create)
    stage.trigger()
    assert len(stage.open()) == 6
    assert len(cloud.published("VOTVehicle")) == 6


def test_out_of_time_it_goes_on_where_it_stopped(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=25)
    assert stage.trigger(seconds=1)["isAllSent"] is False
    assert stage.open() == {}
    stage.trigger()
    assert len(cloud.published("VOTVehicle")) == 25


def test_out_of_time_between_batches_nothing_goes_twice(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=25)
    left = iter([100.0, 100.0, 1.0])
    sent = sending.send_level(stage.now(), 1, Attempt(0, cloud.now), lambda: next(left))
    assert not sent.all_sent
    assert len(cloud.published("VOTVehicle")) == 20
    assert stage.trigger()["isAllSent"] is True
    assert generations(cloud.published("VOTVehicle")) == [f"{index:06d}/g0" for index in range(20, 25)]


def test_an_image_job_gets_one_object_a_frame(cloud: Cloud) -> None:
    cloud.labeling_job("Scene", "BoundingBox")
    stage = submit(cloud, [{**CHAIN[0], "jobName": "Scene"}], objects=4)
    stage.trigger()
    sources = [message["source-ref"] for message in cloud.published("Scene")]
    assert sources == [f"s3://{aws.bucket()}/clips/0/fps-1/frames/{number:06d}.jpg" for number in range(1, 5)]


def test_two_jobs_of_a_level_are_sent_side_by_side(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("LaneVOD", "VideoObjectDetection", annotationType="Polyline")
    stage = submit(cloud, [CHAIN[0], {**CHAIN[0], "jobName": "LaneVOD"}])
    stage.trigger()
    assert len(cloud.published("VOTVehicle")) == len(cloud.published("LaneVOD")) == 3


def test_the_next_level_gets_the_accepted_labels_under_ids_of_its_own(stage: Stage) -> None:
    stage.trigger()
    messages = stage.cloud.published("VOTVehicle")
    stage.receive(*(labeled(message) for message in messages))
    stage.trigger(2)
    chained = stage.cloud.published("AdjVOTVehicle")
    assert [line["VOTVehicle-ref"] for line in chained] == [labeled(message)["VOTVehicle-ref"] for message in messages]
    assert all("VOTVehicle-ref-metadata" in line for line in chained)
    assert chained[0][OBJECT_ID_KEY] == f"s3://{aws.bucket()}/{stage.task_id}/2/AdjVOTVehicle.0/000000/g0"


def test_what_failed_is_not_sent_to_the_next_level(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    stage = submit(cloud, onObjectFailure="continue")
    stage.trigger()
    messages = cloud.published("VOTVehicle")
    stage.receive(labeled(messages[0]), unlabeled(messages[1], "Unsupported image format"), labeled(messages[2]))
    stage.trigger(2)
    assert [line["source-ref"] for line in cloud.published("AdjVOTVehicle")] == [
        messages[0]["source-ref"],
        messages[2]["source-ref"],
    ]


def test_the_input_manifest_is_frozen_at_the_first_sending(stage: Stage) -> None:
    stage.trigger()
    first = stage.cloud.published("VOTVehicle")
    stage.cloud.s3.put_object(Bucket=aws.bucket(), Key="clips/0/fps-1/s", Body=b'{"source-ref": "s3://x/other"}\n')
    stage.cloud.now += 5 * DAY
    stage.trigger()
    assert stage.cloud.published("VOTVehicle") == first


def test_nothing_is_published_to_a_job_that_is_initializing(stage: Stage) -> None:
    stage.cloud.sagemaker.states["everlabel-VOTVehicle-0"] = "Initializing"
    with pytest.raises(LabelingJobNotReady, match="Initializing"):
        stage.trigger()
    assert stage.cloud.published("VOTVehicle") == []


def test_a_job_that_too_many_ask_for_is_not_ready(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not ready is tried for hours, and other errors for two minutes."""

    def refuse(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "DescribeLabelingJob")

    monkeypatch.setattr(stage.cloud.sagemaker, "describe_labeling_job", refuse)
    with pytest.raises(LabelingJobNotReady, match="too many"):
        stage.trigger()
    assert stage.cloud.published("VOTVehicle") == []


def test_nothing_is_published_to_a_job_that_somebody_stopped(stage: Stage) -> None:
    job = labeling_jobs.in_progress("VOTVehicle", job_table.find("VOTVehicle"))
    labeling_jobs.stop(job)
    with pytest.raises(LabelingJobNotRunning, match="stopped by a person"):
        stage.trigger()
    assert stage.cloud.published("VOTVehicle") == []


def test_what_was_open_in_a_replaced_job_goes_again_to_its_new_incarnation(stage: Stage) -> None:
    stage.trigger()
    messages = stage.cloud.published("VOTVehicle")
    stage.receive(labeled(messages[0]))
    job = labeling_jobs.in_progress("VOTVehicle", job_table.find("VOTVehicle"))
    stage.cloud.sagemaker.states["everlabel-VOTVehicle-0"] = "Stopped"
    token = stage.wait()
    ended = labeling_jobs.find_ended(str(job.labeling_job_arn))
    assert ended is not None
    assert waking.send_again("VOTVehicle", 1) == 1
    answer = stage.answered(token)
    assert answer is not None
    assert answer[0] == "expired"
    labeling_jobs.replace(ended)
    stage.trigger()
    ids = [message[OBJECT_ID_KEY] for message in stage.cloud.published("VOTVehicle")]
    assert ids == [f"s3://{aws.bucket()}/{stage.task_id}/1/VOTVehicle.1/{index:06d}/g0" for index in (1, 2)]


def test_failed_entries_are_published_again_and_no_others(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_batch, calls = stage.cloud.sns.publish_batch, []

    def flaky(**request: Any) -> Any:
        entries = request["PublishBatchRequestEntries"]
        calls.append([entry["Id"] for entry in entries])
        if len(calls) > 1:
            return publish_batch(**request)
        answer = publish_batch(**{**request, "PublishBatchRequestEntries": entries[:1]})
        failed = [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in entries[1:]]
        return {"Successful": answer["Successful"], "Failed": failed}

    monkeypatch.setattr(stage.cloud.sns, "publish_batch", flaky)
    stage.trigger()
    assert calls == [["0", "1", "2"], ["1", "2"]]
    assert generations(stage.cloud.published("VOTVehicle")) == ["000000/g0", "000001/g0", "000002/g0"]


def test_a_level_whose_jobs_are_done_needs_no_labeling_job_any_more(stage: Stage) -> None:
    stage.trigger()
    stage.receive(*(labeled(message) for message in stage.cloud.published("VOTVehicle")))
    labeling_jobs.stop(labeling_jobs.in_progress("VOTVehicle", job_table.find("VOTVehicle")))
    assert stage.trigger()["isAllSent"] is True


def test_messages_that_are_large_are_sent_in_smaller_batches(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=1)
    lines = [json.dumps({"source-ref": "s3://clips/x", "note": "x" * 40_000}) for _ in range(9)]
    cloud.s3.put_object(Bucket=aws.bucket(), Key="clips/0/fps-1/s", Body="\n".join(lines).encode())
    stage.trigger()
    assert len(cloud.published("VOTVehicle")) == 9


def test_tasks_that_are_not_there_or_have_ended_are_named(stage: Stage) -> None:
    stage.fail("ClipRefused", "no video stream")
    with pytest.raises(TaskNotInProgress, match="Failed"):
        stage.trigger()
    stage.task.task_id = "nobody"
    with pytest.raises(TaskNotFound, match="nobody"):
        stage.trigger()


def test_the_calls_for_a_first_sending_stay_few(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=300)
    stage.trigger()
    job = next(iter(stage.items(Job).values()))
    assert (job.created, job.full_sends, job.cursor) == (300, 1, None)
    assert len(cloud.published("VOTVehicle")) == 300
