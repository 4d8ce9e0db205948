"""LabelingJobStateChange: a job that ended although nobody stopped it is replaced."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

import labeling_job_state_change
from everlabel import job_table, labeling_jobs
from everlabel.job_table import LabelingJob
from tests.conftest import ACCOUNT, REGION
from tests.handlers.conftest import Cloud, Context

NAME = "everlabel-VOTVehicle-0"


def arn(name: str = NAME) -> str:
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:labeling-job/{name.lower()}"


def record(message_id: str, *arns: str) -> dict[str, str]:
    """An SQS record with an EventBridge event of Ground Truth's."""
    event = {
        "version": "0",
        "detail-type": "SageMaker Ground Truth Labeling Job State Change",
        "source": "aws.sagemaker",
        "account": ACCOUNT,
        "region": REGION,
        "resources": list(arns),
        "detail": {"LabelingJobStatus": "Stopped"},
    }
    return {"messageId": message_id, "body": json.dumps(event)}


def handle(*records: dict[str, str]) -> list[str]:
    """The ids of messages that must come again."""
    answer = labeling_job_state_change.handler({"Records": list(records)}, Context())  # type: ignore[arg-type]
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def now(job_name: str = "VOTVehicle") -> LabelingJob:
    job = job_table.find(job_name)
    assert job is not None
    return job


@pytest.fixture(autouse=True)
def ended(cloud: Cloud) -> None:
    """A job that has ended."""
    cloud.labeling_job("VOTVehicle")
    cloud.sagemaker.states[NAME] = "Stopped"


@pytest.mark.parametrize("state", ["Stopped", "Failed", "Completed"])
def test_a_job_that_ended_by_itself_is_replaced(cloud: Cloud, state: str) -> None:
    cloud.sagemaker.states[NAME] = state
    assert handle(record("m", arn())) == []
    job = now()
    assert (job.epoch, job.labeling_job_name, job.state) == (1, "everlabel-VOTVehicle-1", "Initializing")
    assert job.labeling_job_arn == arn("everlabel-VOTVehicle-1")
    requests = cloud.sagemaker.requests
    changed = {"LabelingJobName": job.labeling_job_name, "InputConfig": requests[job.labeling_job_name]["InputConfig"]}
    assert requests["everlabel-VOTVehicle-1"] == requests[NAME] | changed
    assert job.input_topic.endswith("_VOTVehicle_input-1")


def test_the_same_news_again_change_nothing(cloud: Cloud) -> None:
    assert handle(record("1", arn()), record("2", arn())) == []
    assert handle(record("3", arn())) == []
    assert now().epoch == 1
    assert len(cloud.sagemaker.requests) == 2


def test_a_replacement_that_ends_is_replaced_too(cloud: Cloud) -> None:
    handle(record("1", arn()))
    cloud.sagemaker.states["everlabel-VOTVehicle-1"] = "Stopped"
    handle(record("2", arn("everlabel-VOTVehicle-1")))
    assert now().epoch == 2
    assert len(cloud.sagemaker.requests) == 3


def test_a_job_that_a_person_stopped_stays_stopped(cloud: Cloud) -> None:
    labeling_jobs.stop(now())
    assert handle(record("m", arn())) == []
    assert now().epoch == 0
    assert list(cloud.sagemaker.requests) == [NAME]


def test_a_job_that_runs_is_left_alone(cloud: Cloud) -> None:
    cloud.sagemaker.states[NAME] = "InProgress"
    assert handle(record("m", arn())) == []
    assert now().epoch == 0


@pytest.mark.parametrize("other", ["somebody-elses-job", "everlabel-VOTVehicle-7", "everlabel-VOTVehicle", ""])
def test_an_unknown_job_is_ignored(cloud: Cloud, other: str) -> None:
    assert handle(record("m", arn(other))) == []
    assert now().epoch == 0
    assert list(cloud.sagemaker.requests) == [NAME]


def test_only_the_job_that_ended_is_replaced(cloud: Cloud) -> None:
    cloud.labeling_job("LaneVOD", "VideoObjectDetection")
    handle(record("m", arn()))
    assert (now().epoch, now("LaneVOD").epoch) == (1, 0)


@pytest.fixture
def half_replaced(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job's new incarnation is counted but not started: whoever was about to died."""

    def die(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "x"}}, "CreateLabelingJob")

    with monkeypatch.context() as broken:
        broken.setattr(cloud.sagemaker, "create_labeling_job", die)
        assert handle(record("m", arn())) == ["m"]


@pytest.mark.usefixtures("half_replaced")
def test_news_of_other_jobs_do_not_go_on_with_a_replacement(cloud: Cloud) -> None:
    assert handle(record("1", arn("everlabel-LaneVOD-0")), record("2", arn("everlabel-VOTVehicle-1"))) == []
    assert list(cloud.sagemaker.requests) == [NAME]


@pytest.mark.usefixtures("half_replaced")
def test_after_a_crash_the_news_come_again_and_the_job_is_replaced_once(cloud: Cloud) -> None:
    assert handle(record("m", arn())) == []
    job = now()
    assert (job.epoch, job.labeling_job_arn) == (1, arn("everlabel-VOTVehicle-1"))
    assert len(cloud.sagemaker.requests) == 2


def test_one_message_that_nobody_can_read_does_not_hold_up_the_others() -> None:
    assert handle({"messageId": "bad", "body": "{"}, record("good", arn())) == ["bad"]
    assert now().epoch == 1


def test_objects_that_were_open_go_to_the_new_incarnation(cloud: Cloud) -> None:
    handle(record("m", arn()))
    cloud.sagemaker.states["everlabel-VOTVehicle-1"] = "InProgress"
    assert labeling_jobs.in_progress("VOTVehicle", job_table.find("VOTVehicle")).epoch == 1


@pytest.fixture
def refused(cloud: Cloud) -> None:
    """Ground Truth refused the job's new incarnation."""
    cloud.sagemaker.refusal = "no more"
    assert handle(record("m", arn())) == ["m"]
    cloud.sagemaker.refusal = None


@pytest.mark.usefixtures("refused")
def test_a_stop_after_a_replacement_was_refused_holds(cloud: Cloud) -> None:
    labeling_jobs.stop(now())
    assert handle(record("m", arn())) == []
    assert list(cloud.sagemaker.requests) == [NAME]


@pytest.mark.usefixtures("refused")
def test_a_job_that_is_started_again_after_that_is_replaced_when_it_ends(cloud: Cloud) -> None:
    labeling_jobs.stop(now())
    asked = json.loads(now().request)
    labeling_jobs.start(asked["body"], asked["config"])
    assert now().stopped_by is None
    ended = now().labeling_job_name
    cloud.sagemaker.states[ended] = "Stopped"
    handle(record("m", arn(ended)))
    assert list(cloud.sagemaker.requests) == [NAME, ended, now().labeling_job_name]
