"""LabelingJobsApi: what it starts in Ground Truth and around it, what it refuses, and what it makes whole."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

import labeling_jobs_api
from everlabel import aws, job_table, labeling_jobs, objects, topics
from everlabel.job_table import LabelingJob
from everlabel.task_types import TASK_TYPES, Media
from tests import strict_model
from tests.conftest import ACCOUNT, REGION
from tests.handlers.api_events import Answer, Api
from tests.handlers.conftest import WORKTEAM, Cloud

API = Api(labeling_jobs_api.handler)
JOBS = "/labeling-jobs"
LABELS: dict[str, Any] = {"labels": [{"label": "car", "editsAllowed": "none"}]}
NAME = "everlabel-VOTVehicle-0"


def body(task_type: str = "VideoObjectTracking", **more: Any) -> dict[str, Any]:
    """A request that has no fault."""
    audited = {"auditLabelAttributeName": "Other-ref"} if TASK_TYPES[task_type].starts_from_labels else {}
    return {
        "jobName": "VOTVehicle",
        "taskType": task_type,
        "labelCategoryConfig": LABELS | audited,
        "settings": {"WorkteamArn": WORKTEAM},
    } | more


def post(given: Any) -> Answer:
    return API.call("POST", JOBS, given)


def topic(kind: str) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:GroundTruth-everlabel_VOTVehicle_{kind}"


# ---- started ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task_type", TASK_TYPES)
def test_a_job_of_every_task_type_starts_with_a_valid_request(cloud: Cloud, task_type: str) -> None:
    answer = post(body(task_type))
    assert answer.status == 201
    assert list(cloud.sagemaker.requests) == [NAME]
    request = cloud.sagemaker.requests[NAME]
    assert strict_model.faults("sagemaker", "CreateLabelingJob", request) == []
    assert request["LabelAttributeName"] == answer.body["labelAttributeName"]
    assert request["InputConfig"]["DataSource"]["SnsDataSource"]["SnsTopicArn"] == topic("input-0")
    assert request["OutputConfig"] == {
        "S3OutputPath": f"s3://{aws.bucket()}/labeling-jobs/VOTVehicle/output/",
        "SnsTopicArn": topic("output"),
    }
    config = cloud.object(request["LabelCategoryConfigS3Uri"].removeprefix(f"s3://{aws.bucket()}/"))
    assert config["labels"] == LABELS["labels"]
    ui = request["HumanTaskConfig"]["UiConfig"]
    if TASK_TYPES[task_type].media is Media.IMAGE:
        key = ui["UiTemplateS3Uri"].removeprefix(f"s3://{aws.bucket()}/")
        page = cloud.s3.get_object(Bucket=aws.bucket(), Key=key)["Body"].read().decode()
        assert "<crowd-form>" in page
        assert 'name="annotatedResult"' in page
    else:
        assert config["annotationType"] == "BoundingBox"
        assert ui["HumanTaskUiArn"].startswith(f"arn:aws:sagemaker:{REGION}:394669845002:human-task-ui/Video")


def test_the_answer_says_where_everything_is(cloud: Cloud) -> None:
    answer = post(body())
    assert answer.body == {
        "jobName": "VOTVehicle",
        "taskType": "VideoObjectTracking",
        "annotationType": "BoundingBox",
        "labelAttributeName": "VOTVehicle-ref",
        "auditLabelAttributeName": None,
        "labelingJobStatus": "Initializing",
        "labelingJobArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:labeling-job/{NAME.lower()}",
        "epoch": 0,
        "inputSnsTopicArn": topic("input-0"),
        "outputSnsTopicArn": topic("output"),
        "s3OutputPath": f"s3://{aws.bucket()}/labeling-jobs/VOTVehicle/output/",
        "createdAt": "2027-01-15T08:00:00.000Z",
        "updatedAt": "2027-01-15T08:00:00.000Z",
        "labelCounters": {
            "TotalLabeled": 1,
            "HumanLabeled": 1,
            "MachineLabeled": 0,
            "FailedNonRetryableError": 0,
            "Unlabeled": 3,
        },
        "failureReason": None,
        "definition": body(),
    }
    assert API.call("GET", f"{JOBS}/VOTVehicle").body == answer.body | {"labelingJobStatus": "InProgress"}
    assert cloud.sagemaker.requests[NAME]["RoleArn"] == aws.setting("GROUND_TRUTH_ROLE")


def test_only_ground_truth_may_subscribe_to_the_input_and_publish_to_the_output(cloud: Cloud) -> None:
    post(body())
    for kind, action in {"input-0": "sns:Subscribe", "output": "sns:Publish"}.items():
        attributes = cloud.sns.get_topic_attributes(TopicArn=topic(kind))["Attributes"]
        (statement,) = json.loads(attributes["Policy"])["Statement"]
        assert statement["Effect"] == "Allow"
        assert statement["Principal"] == {"AWS": aws.setting("GROUND_TRUTH_ROLE")}
        assert statement["Action"] == action
        assert statement["Resource"] == topic(kind)


def test_what_ground_truth_announces_reaches_the_queue_of_labels_once(cloud: Cloud) -> None:
    for _ in range(2):
        post(body())
    cloud.sns.publish(TopicArn=topic("output"), Message='{"a": 1}')
    url = cloud.sqs.get_queue_url(QueueName="everlabel-LabelsQueue")["QueueUrl"]
    (message,) = cloud.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    envelope = json.loads(message["Body"])
    assert envelope["Message"] == '{"a": 1}'
    assert envelope["TopicArn"] == topic("output")
    listening = cloud.sns.list_subscriptions_by_topic(TopicArn=topic("input-0"))["Subscriptions"]
    assert [entry["Endpoint"].rpartition(":")[2] for entry in listening] == ["GroundTruth-everlabel-votvehicle-0"]


def test_a_template_of_ones_own_is_taken_as_it_is(cloud: Cloud) -> None:
    own = "s3://clips/template.liquid.html"
    post(body("BoundingBox", settings={"WorkteamArn": WORKTEAM, "UiTemplateS3Uri": own}))
    assert cloud.sagemaker.requests[NAME]["HumanTaskConfig"]["UiConfig"] == {"UiTemplateS3Uri": own}


def test_a_configuration_in_s3_is_the_same_as_one_in_the_request(cloud: Cloud) -> None:
    cloud.s3.put_object(Bucket="clips", Key="config.json", Body=json.dumps(LABELS))
    given = body()
    del given["labelCategoryConfig"]
    assert post({**given, "labelCategoryConfigS3Uri": "s3://clips/config.json"}).status == 201
    config = cloud.object("labeling-jobs/VOTVehicle/label-category-config.json")
    assert config == {"documentVersion": "2020-03-01", "annotationType": "BoundingBox", **LABELS}


@pytest.mark.parametrize("again", [body(), dict(reversed(body().items()))])
def test_the_same_name_and_request_again_are_the_same_job(cloud: Cloud, again: dict[str, Any]) -> None:
    first = post(body())
    second = post(again)
    assert (first.status, second.status) == (201, 200)
    assert second.body["labelingJobArn"] == first.body["labelingJobArn"]
    assert second.body["epoch"] == 0
    assert list(cloud.sagemaker.requests) == [NAME]


@pytest.mark.parametrize(
    "change",
    [
        {"taskType": "VideoObjectDetection"},
        {"labelAttributeName": "cars-ref"},
        {"labelCategoryConfig": {"labels": [{"label": "truck"}]}},
        {"settings": {"WorkteamArn": WORKTEAM, "TaskTitle": "other"}},
    ],
)
def test_the_same_name_with_another_request_is_a_conflict(cloud: Cloud, change: dict[str, Any]) -> None:
    post(body())
    answer = post(body() | change)
    assert answer.status == 409
    assert "use another name, or POST the request that made it: GET /labeling-jobs/VOTVehicle" in answer.body["detail"]
    made_it = API.call("GET", f"{JOBS}/VOTVehicle").body["definition"]
    assert post(made_it).status == 200
    assert list(cloud.sagemaker.requests) == [NAME]


# ---- refused ------------------------------------------------------------------------------------------------------

AUDITED = "labelCategoryConfig.auditLabelAttributeName"
FAULTY: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"body", "jobName", "taskType", "settings"}),
    (
        {"jobName": "a" * 33, "taskType": "Painting", "labelCategoryConfig": {}, "settings": {"TaskTitle": 5}},
        {"jobName", "taskType", "labelCategoryConfig.labels", "settings.WorkteamArn", "settings.TaskTitle"},
    ),
    (
        body("AdjustmentBoundingBox", labelCategoryConfig=LABELS, labelAttributeName="a-ref", settings=[], x=1),
        {AUDITED, "labelAttributeName", "settings", "x"},
    ),
    ({"labelCategoryConfigS3Uri": "s3://elsewhere/x"}, {"labelCategoryConfigS3Uri", "jobName", "taskType", "settings"}),
    (body(labelCategoryConfig=5), {"labelCategoryConfig"}),
    (body(surprise=1), {"surprise"}),
    (body(jobName="a_b"), {"jobName"}),
    (body(jobName="a" + "-" * 3_000 + "b"), {"jobName"}),
    (body(jobName="a" * 33), {"jobName"}),
    (body() | {"taskType": "Painting"}, {"taskType"}),
    (body(annotationType="Circle"), {"annotationType"}),
    (body("BoundingBox", annotationType="Polygon"), {"annotationType"}),
    (body(labelAttributeName="cars"), {"labelAttributeName"}),
    (body(labelAttributeName="a" + "-" * 200 + "b-ref"), {"labelAttributeName"}),
    (body(labelCategoryConfigS3Uri="s3://clips/x"), {"body"}),
    ({key: value for key, value in body().items() if key != "labelCategoryConfig"}, {"body"}),
    (body(labelCategoryConfig={}), {"labelCategoryConfig.labels"}),
    (body(labelCategoryConfig=LABELS | {"auditLabelAttributeName": 5}), {AUDITED}),
    (body("AdjustmentBoundingBox", labelCategoryConfig=LABELS), {AUDITED}),
    (
        body("AdjustmentBoundingBox", labelCategoryConfig={"labels": 5, "auditLabelAttributeName": [5]}),
        {"labelCategoryConfig.labels", AUDITED},
    ),
    (body(settings={}), {"settings.WorkteamArn"}),
    (body(settings={"WorkteamArn": "team"}), {"settings.WorkteamArn"}),
    (
        body(
            settings={
                "WorkteamArn": WORKTEAM,
                "TaskTitle": "\u0000",
                "TaskKeywords": ["a,b"],
                "MaxConcurrentTaskCount": 5_001,
                "TaskTimeLimitInSeconds": 29,
                "NumberOfHumanWorkersPerDataObject": 10,
                "KmsKeyId": "a key",
                "Tags": [{"Key": "a;b", "Value": ""}],
                "StoppingConditions": {},
            }
        ),
        {
            "settings.TaskTitle",
            "settings.TaskKeywords[0]",
            "settings.MaxConcurrentTaskCount",
            "settings.TaskTimeLimitInSeconds",
            "settings.NumberOfHumanWorkersPerDataObject",
            "settings.KmsKeyId",
            "settings.Tags[0].Key",
            "settings.StoppingConditions",
        },
    ),
    (
        body(settings={"WorkteamArn": WORKTEAM, "NumberOfHumanWorkersPerDataObject": 2}, labelAttributeName="x"),
        {"settings.NumberOfHumanWorkersPerDataObject", "labelAttributeName"},
    ),
]


def test_a_faulty_request_is_refused_with_each_field_at_once(cloud: Cloud) -> None:
    answers = [post(given) for given, _ in FAULTY]
    assert {answer.status for answer in answers} == {400}
    assert [set(answer.faults) for answer in answers] == [fields for _, fields in FAULTY]
    assert API.call("GET", JOBS).body == {"labelingJobs": []}
    assert cloud.sagemaker.requests == {}
    assert cloud.sns.list_topics()["Topics"] == []


UNREADABLE: list[tuple[str, bytes | None, str]] = [
    ("s3://clips/missing.json", None, "NoSuchKey"),
    ("s3://elsewhere/config.json", None, "not allowed"),
    ("s3://clips", None, "no object"),
    ("s3://clips/", None, "no object"),
    ("s3://clips/../config.json", None, "'..'"),
    ("config.json", None, "s3://"),
    ("s3://clips/config.json", b"{", "JSON"),
    ("s3://clips/config.json", b"\xff", "Unicode"),
    ("s3://clips/config.json", b"[" * 100_000, "nested"),
    ("s3://clips/config.json", b"[]", "JSON object"),
    ("s3://clips/config.json", b'{"labels": [{"label": "\\ud800"}]}', "Unicode"),
]


def test_a_configuration_that_cannot_be_read_is_refused_beside_other_faults(cloud: Cloud) -> None:
    for uri, content, says in UNREADABLE:
        if content is not None:
            cloud.s3.put_object(Bucket="clips", Key="config.json", Body=content)
        given = body(labelAttributeName="cars") | {"labelCategoryConfigS3Uri": uri}
        del given["labelCategoryConfig"]
        answer = post(given)
        assert answer.status == 400
        assert set(answer.faults) == {"labelCategoryConfigS3Uri", "labelAttributeName"}
        assert says in answer.faults["labelCategoryConfigS3Uri"]


def test_a_configuration_that_is_more_than_can_be_kept_is_refused(cloud: Cloud) -> None:
    given = body() | {"labelCategoryConfigS3Uri": "s3://clips/config.json"}
    del given["labelCategoryConfig"]
    for length, status in [(400_000, 400), (380_000, 201)]:
        config = LABELS | {"instructions": {"shortInstruction": "x" * length, "fullInstruction": "x"}}
        cloud.s3.put_object(Bucket="clips", Key="config.json", Body=json.dumps(config))
        answer = post(given)
        assert answer.status == status
    assert len(cloud.sagemaker.requests) == 1


def test_what_ground_truth_refuses_is_said_in_its_words_and_leaves_the_name_free(cloud: Cloud) -> None:
    cloud.sagemaker.refusal = "Workteam does not exist"
    answer = post(body())
    assert answer.status == 422
    assert "Workteam does not exist" in answer.body["detail"]
    shown = API.call("GET", f"{JOBS}/VOTVehicle").body
    assert shown["labelingJobStatus"] == "Failed"
    assert shown["failureReason"] == "Ground Truth refused the job: Workteam does not exist"
    cloud.sagemaker.refusal = "no such role"
    assert post(body()).status == 422
    assert API.call("GET", f"{JOBS}/VOTVehicle").body["failureReason"] == "Ground Truth refused the job: no such role"
    cloud.sagemaker.refusal = None
    corrected = post(body(settings={"WorkteamArn": f"{WORKTEAM}-2"}))
    assert corrected.status == 201
    assert corrected.body["labelingJobStatus"] == "Initializing"
    assert corrected.body["failureReason"] is None
    assert cloud.sagemaker.requests[NAME]["HumanTaskConfig"]["WorkteamArn"] == f"{WORKTEAM}-2"


def test_a_name_that_has_labels_stays_taken_when_a_new_incarnation_is_refused(cloud: Cloud) -> None:
    post(body())
    cloud.sagemaker.states[NAME] = "Stopped"
    cloud.sagemaker.refusal = "no more"
    assert post(body()).status == 422
    assert "no more" in API.call("GET", f"{JOBS}/VOTVehicle").body["failureReason"]
    assert post(body(labelAttributeName="other-ref")).status == 409
    cloud.sagemaker.refusal = None
    answer = post(body())
    assert (answer.status, answer.body["epoch"], answer.body["labelingJobStatus"]) == (200, 1, "Initializing")
    assert API.call("GET", f"{JOBS}/VOTVehicle").body["failureReason"] is None


def test_a_configuration_in_s3_that_changed_is_another_request(cloud: Cloud) -> None:
    given = body() | {"labelCategoryConfigS3Uri": "s3://clips/config.json"}
    del given["labelCategoryConfig"]
    cloud.s3.put_object(Bucket="clips", Key="config.json", Body=json.dumps(LABELS))
    post(given)
    cloud.s3.put_object(Bucket="clips", Key="config.json", Body=json.dumps({"labels": [{"label": "truck"}]}))
    answer = post(given)
    assert answer.status == 409
    assert "what labelCategoryConfigS3Uri leads to counts" in answer.body["detail"]


TAGS = [
    ("team", "Wahrnehmung für München", []),
    ("a_b.c:d/e=f+g-h@i", "", []),
    ("数", "٣ \u00a0", []),
    ("a;b", "c\nd", ["Key", "Value"]),
    ("", "é\u0301", ["Key", "Value"]),
]


@pytest.mark.parametrize(("key", "value", "wrong"), TAGS)
def test_tags_have_the_letters_that_aws_takes(key: str, value: str, wrong: list[str]) -> None:
    answer = post(body(settings={"WorkteamArn": WORKTEAM, "Tags": [{"Key": key, "Value": value}]}))
    assert answer.status == (400 if wrong else 201)
    if wrong:
        assert list(answer.faults) == [f"settings.Tags[0].{name}" for name in wrong]


def test_what_is_not_there_is_not_found() -> None:
    for method, path in [
        ("GET", f"{JOBS}/nobody"),
        ("POST", f"{JOBS}/nobody/stop"),
        ("DELETE", f"{JOBS}/nobody"),
        ("GET", f"{JOBS}/nobody/stop"),
    ]:
        assert API.call(method, path).status == 404


@pytest.mark.parametrize(("method", "after"), [("GET", ""), ("POST", "/stop")])
def test_a_name_longer_than_any_of_ground_truths_is_refused(method: str, after: str) -> None:
    answer = API.call(method, f"{JOBS}/{'x' * 64}{after}")
    assert answer.status == 400
    assert list(answer.faults) == ["path.jobName"]


def test_a_body_over_64_kilobytes_is_refused() -> None:
    answer = post(json.dumps(body()).ljust(65_537))
    assert answer.status == 400
    assert list(answer.faults) == ["body"]


# ---- made whole ---------------------------------------------------------------------------------------------------


def die(*_: Any, **__: Any) -> Any:
    raise ClientError({"Error": {"Code": "InternalFailure", "Message": "x"}}, "Any")


def break_storing(_cloud: Cloud, broken: pytest.MonkeyPatch) -> None:
    broken.setattr(objects, "put_json", die)


def break_topics(_cloud: Cloud, broken: pytest.MonkeyPatch) -> None:
    broken.setattr(topics, "create", die)


def break_subscription(_cloud: Cloud, broken: pytest.MonkeyPatch) -> None:
    broken.setattr(topics, "subscribe_queue", die)


def break_before_ground_truth(cloud: Cloud, broken: pytest.MonkeyPatch) -> None:
    broken.setattr(cloud.sagemaker, "create_labeling_job", die)


def break_after_ground_truth(cloud: Cloud, broken: pytest.MonkeyPatch) -> None:
    create = cloud.sagemaker.create_labeling_job

    def made_but_nobody_hears(**request: Any) -> Any:
        create(**request)
        die()

    broken.setattr(cloud.sagemaker, "create_labeling_job", made_but_nobody_hears)


@pytest.mark.parametrize(
    "breaks",
    [break_storing, break_topics, break_subscription, break_before_ground_truth, break_after_ground_truth],
)
def test_after_a_crash_the_same_request_makes_it_whole(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, breaks: Callable[[Cloud, pytest.MonkeyPatch], None]
) -> None:
    with monkeypatch.context() as broken:
        breaks(cloud, broken)
        assert post(body()).status == 500
    assert API.call("GET", f"{JOBS}/VOTVehicle").body["labelingJobArn"] is None
    answer = post(body())
    assert answer.status == 200
    assert answer.body["labelingJobArn"].endswith(NAME.lower())
    assert answer.body["epoch"] == 0
    assert list(cloud.sagemaker.requests) == [NAME]
    assert cloud.object("labeling-jobs/VOTVehicle/label-category-config.json")["labels"] == LABELS["labels"]
    assert len(cloud.sns.list_subscriptions_by_topic(TopicArn=topic("output"))["Subscriptions"]) == 1


# ---- stopped and started again ------------------------------------------------------------------------------------


def test_stopping_says_what_ground_truth_counts_as_unlabeled(cloud: Cloud) -> None:
    post(body())
    answer = API.call("POST", f"{JOBS}/VOTVehicle/stop")
    assert answer.status == 202
    assert answer.body["labelingJobStatus"] == "Stopping"
    assert answer.body["open"] == 3
    assert answer.body["note"] == (
        "Ground Truth counts 3 data objects as unlabeled there; those of running tasks stay on their to-do lists and "
        "are sent again when the same request starts the job again."
    )
    assert cloud.sagemaker.states[NAME] == "Stopping"
    job = job_table.find("VOTVehicle")
    assert job is not None
    assert job.stopped_by


@pytest.mark.parametrize(("unlabeled", "says"), [(0, "counts no data object"), (1, "counts 1 data object as")])
def test_few_unlabeled_objects_are_counted_in_words(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, unlabeled: int, says: str
) -> None:
    post(body())
    describe = cloud.sagemaker.describe_labeling_job
    counters = {"LabelCounters": {"Unlabeled": unlabeled}}
    monkeypatch.setattr(cloud.sagemaker, "describe_labeling_job", lambda **name: describe(**name) | counters)
    answer = API.call("POST", f"{JOBS}/VOTVehicle/stop")
    assert answer.body["open"] == unlabeled
    assert says in answer.body["note"]


def test_a_job_that_never_ran_cannot_be_stopped(cloud: Cloud) -> None:
    cloud.sagemaker.refusal = "no team"
    post(body())
    answer = API.call("POST", f"{JOBS}/VOTVehicle/stop")
    assert answer.status == 409
    assert "never ran" in answer.body["detail"]
    assert "no team" in answer.body["detail"]


def test_a_job_that_ran_can_be_stopped_also_when_its_replacement_was_refused(cloud: Cloud) -> None:
    post(body())
    cloud.sagemaker.states[NAME] = "Stopped"
    cloud.sagemaker.refusal = "no more"
    post(body())
    assert API.call("POST", f"{JOBS}/VOTVehicle/stop").status == 202
    job = job_table.find("VOTVehicle")
    assert job is not None
    assert job.stopped_by


def test_a_job_that_initializes_cannot_be_stopped_yet(cloud: Cloud) -> None:
    post(body())
    cloud.sagemaker.states[NAME] = "Initializing"
    answer = API.call("POST", f"{JOBS}/VOTVehicle/stop")
    assert answer.status == 409
    assert "Initializing" in answer.body["detail"]
    assert cloud.sagemaker.states[NAME] == "Initializing"


@pytest.mark.usefixtures("cloud")
def test_a_job_that_is_being_replaced_cannot_be_stopped_in_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    post(body())
    refresh = labeling_jobs.refresh

    def replaced_after(job: LabelingJob) -> str:
        state = refresh(job)
        LabelingJob(job.job_name).update(actions=[LabelingJob.epoch.set(1)])
        return state

    monkeypatch.setattr(labeling_jobs, "refresh", replaced_after)
    answer = API.call("POST", f"{JOBS}/VOTVehicle/stop")
    assert (answer.status, "ask again" in answer.body["detail"]) == (409, True)
    found = job_table.find("VOTVehicle")
    assert found is not None
    assert found.stopped_by is None


def test_stopping_what_has_ended_is_no_error_and_asks_nothing_of_ground_truth(cloud: Cloud) -> None:
    post(body())
    cloud.sagemaker.states[NAME] = "Stopped"
    answer = API.call("POST", f"{JOBS}/VOTVehicle/stop")
    assert (answer.status, answer.body["labelingJobStatus"]) == (202, "Stopped")
    assert cloud.sagemaker.states[NAME] == "Stopped"


@pytest.mark.parametrize("ended", ["Stopped", "Failed", "Completed"])
def test_a_job_that_ended_starts_again_as_a_new_incarnation(cloud: Cloud, ended: str) -> None:
    first = post(body())
    API.call("POST", f"{JOBS}/VOTVehicle/stop")
    cloud.sagemaker.states[NAME] = ended
    answer = post(body())
    assert (answer.status, answer.body["epoch"]) == (200, 1)
    assert answer.body["labelingJobArn"].endswith("everlabel-votvehicle-1")
    assert list(cloud.sagemaker.requests) == [NAME, "everlabel-VOTVehicle-1"]
    requests = list(cloud.sagemaker.requests.values())
    own = {"SnsDataSource": {"SnsTopicArn": topic("input-1")}}
    changed = {"LabelingJobName": "everlabel-VOTVehicle-1", "InputConfig": {"DataSource": own}}
    assert requests[1] == requests[0] | changed
    assert (first.body["inputSnsTopicArn"], answer.body["inputSnsTopicArn"]) == (topic("input-0"), topic("input-1"))
    assert answer.body["outputSnsTopicArn"] == first.body["outputSnsTopicArn"]
    job = job_table.find("VOTVehicle")
    assert job is not None
    assert job.stopped_by is None


def test_a_job_that_is_stopping_is_not_started_again_yet() -> None:
    post(body())
    API.call("POST", f"{JOBS}/VOTVehicle/stop")
    answer = post(body())
    assert (answer.status, answer.body["epoch"], answer.body["labelingJobStatus"]) == (200, 0, "Stopping")


def test_jobs_are_listed_by_name() -> None:
    for name in ("b", "a", "C"):
        post(body(jobName=name))
    listed = API.call("GET", JOBS).body["labelingJobs"]
    assert [job["jobName"] for job in listed] == ["C", "a", "b"]
    assert listed[1]["labelAttributeName"] == "a-ref"


def test_a_name_that_ground_truth_gave_to_somebody_else_is_not_taken_over(cloud: Cloud) -> None:
    foreign = {"InputConfig": {"DataSource": {"SnsDataSource": {"SnsTopicArn": "arn:aws:sns:us-east-1:1:another"}}}}
    cloud.sagemaker.requests["everlabel-VOTVehicle-0"] = foreign
    cloud.sagemaker.states["everlabel-VOTVehicle-0"] = "InProgress"
    answer = post(body())
    assert answer.status == 422
    assert "another labeling job of the name 'everlabel-VOTVehicle-0'" in answer.body["detail"]
    job = job_table.find("VOTVehicle")
    assert job is not None
    assert job.labeling_job_arn is None
