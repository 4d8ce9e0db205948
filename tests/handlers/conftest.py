"""Handlers against moto, with tables made from `template.yaml`."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from moto import mock_aws

from everlabel import aws, clock, input_queues, job_table, labeling_jobs
from everlabel.data_object import OBJECT_ID_KEY
from everlabel.job_table import LabelingJob
from local.template import Template
from tests.conftest import ACCOUNT, REGION
from tests.strict_model import StrictClient, faults_of

TEMPLATE = Template(Path(__file__).parents[2] / "template.yaml")
_CREATED = datetime(2026, 11, 1, tzinfo=UTC)
WORKTEAM = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/team"


@dataclass
class Context:
    """The context object of an invocation; `seconds` are left."""

    seconds: float = 900
    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:function"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class StepFunctions:
    """Step Functions as the functions see it: executions by name, and tokens that somebody waits for or not."""

    executions: dict[str, str] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    ended: dict[str, str] = field(default_factory=dict)
    """How executions ended, by ARN; the others run."""
    waiting: set[str] = field(default_factory=set)
    answers: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:  # noqa: A002, N803
        if self.executions.setdefault(name, input) != input:
            raise ClientError({"Error": {"Code": "ExecutionAlreadyExists", "Message": name}}, "StartExecution")
        return {"executionArn": f"{stateMachineArn.replace(':stateMachine:', ':execution:')}:{name}"}

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803
        if executionArn.rpartition(":")[2] not in self.executions:
            raise ClientError(
                {"Error": {"Code": "ExecutionDoesNotExist", "Message": executionArn}}, "DescribeExecution"
            )
        return {"status": self.ended.get(executionArn, "RUNNING")}

    def stop_execution(self, *, executionArn: str, cause: str) -> None:  # noqa: N803
        assert cause
        self.stopped.append(executionArn)

    def send_task_success(self, *, taskToken: str, output: str) -> None:  # noqa: N803
        self._answer(taskToken, "success", json.loads(output), "SendTaskSuccess")

    def send_task_failure(self, *, taskToken: str, error: str, cause: str) -> None:  # noqa: N803
        self._answer(taskToken, error, cause, "SendTaskFailure")

    def _answer(self, token: str, kind: str, what: Any, operation: str) -> None:
        if token not in self.waiting:
            raise ClientError({"Error": {"Code": "TaskTimedOut", "Message": "stale"}}, operation)
        self.waiting.remove(token)
        self.answers[token] = (kind, what)


@dataclass
class EventBus:
    """Amazon EventBridge's default bus: the details of what was put there, or nothing if it refuses."""

    put: list[tuple[str, str, Any]] = field(default_factory=list)
    """Source, detail type and detail."""
    refusal: str | None = None

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        if self.refusal is not None:
            refused = [{"ErrorCode": self.refusal, "ErrorMessage": "try again"} for _ in Entries]
            return {"FailedEntryCount": len(Entries), "Entries": refused}
        self.put += [(entry["Source"], entry["DetailType"], json.loads(entry["Detail"])) for entry in Entries]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": str(len(self.put))} for _ in Entries]}


@dataclass
class SageMaker:
    """The labeling-job calls of SageMaker: requests by name, and the state of each."""

    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    refusal: str | None = None
    began: Callable[[str, str], None] = field(default=lambda _name, _topic: None)
    """Told of each new job and of its input topic."""
    labeled: int = 1
    lived: timedelta = timedelta(minutes=5)
    """From its creation to its last change."""

    def create_labeling_job(self, **request: Any) -> dict[str, str]:
        name = request["LabelingJobName"]
        if self.refusal:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": self.refusal}}, "CreateLabelingJob")
        if name in self.requests:
            raise ClientError({"Error": {"Code": "ResourceInUse", "Message": name}}, "CreateLabelingJob")
        self.requests[name] = request
        self.states[name] = "InProgress"
        self.began(name, request["InputConfig"]["DataSource"]["SnsDataSource"]["SnsTopicArn"])
        return {"LabelingJobArn": self._arn(name)}

    def describe_labeling_job(self, *, LabelingJobName: str) -> dict[str, Any]:  # noqa: N803
        return {
            "LabelingJobStatus": self.states[LabelingJobName],
            "LabelingJobArn": self._arn(LabelingJobName),
            "InputConfig": self.requests[LabelingJobName].get("InputConfig", {"DataSource": {}}),
            "CreationTime": _CREATED,
            "LastModifiedTime": _CREATED + self.lived,
            "LabelCounters": {"Unlabeled": 3, "TotalLabeled": self.labeled, "HumanLabeled": self.labeled},
        }

    def stop_labeling_job(self, *, LabelingJobName: str) -> None:  # noqa: N803
        self.states[LabelingJobName] = "Stopping"

    def _arn(self, name: str) -> str:
        return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:labeling-job/{name.lower()}"


@dataclass
class Cloud:
    """The parts of the cloud that a test looks at, and what it does to them."""

    s3: Any
    sqs: Any
    sns: Any
    step_functions: StepFunctions
    sagemaker: SageMaker
    events: EventBus
    now: float = 1_800_000_000.0
    oldest_in_queue: dict[str, float] = field(default_factory=dict)
    """By labeling job, the time before which nothing in its queue was sent. `published` empties queues of itself."""
    _queues: dict[str, str] = field(default_factory=dict)

    def labeling_job(self, name: str, task_type: str = "VideoObjectTracking", **more: Any) -> LabelingJob:
        """A running labeling job."""
        audit = more.pop("audit", None)
        body = {"jobName": name, "taskType": task_type, "settings": {"WorkteamArn": WORKTEAM}, **more}
        config = {"labels": [{"label": "car"}]} | ({"auditLabelAttributeName": audit} if audit else {})
        job, _ = labeling_jobs.start(body, config)
        return job

    def subscribe(self, labeling_job_name: str, topic: str) -> None:
        """Ground Truth makes a queue for each job and subscribes it to the input topic."""
        url = self.sqs.create_queue(QueueName=f"GroundTruth-{labeling_job_name.lower()}")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        self._queues[labeling_job_name] = url

    def published(self, name: str) -> list[dict[str, Any]]:
        """The input messages that reached the newest incarnation of a job since last asked, ordered by their ids."""
        job = job_table.find(name)
        assert job is not None
        url = self._queues[job.labeling_job_name]
        lines: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                lines.append(json.loads(json.loads(message["Body"])["Message"]))
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return sorted(lines, key=lambda line: str(line[OBJECT_ID_KEY]))

    def object(self, key: str) -> Any:
        """A stored JSON object of our bucket."""
        return json.loads(self.s3.get_object(Bucket=aws.bucket(), Key=key)["Body"].read())

    def lines(self, uri: str) -> list[Any]:
        """A stored manifest."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return [json.loads(line) for line in self.s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()]


@cache
def _client(service: str) -> Any:
    """One client a service for all tests: making one takes longer than most tests do."""
    return boto3.client(service)  # type: ignore[call-overload] # any service


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """An empty cloud with the template's tables, the buckets, and the clock in the test's hand."""
    with mock_aws():
        database = _client("dynamodb")
        for name, properties in TEMPLATE.of_type("AWS::DynamoDB::Table").items():
            keys = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
            database.create_table(
                TableName=f"everlabel-{name}", **{key: properties[key] for key in keys if key in properties}
            )
        s3, sqs, sns = _client("s3"), _client("sqs"), _client("sns")
        for bucket in (aws.bucket(), "clips", "clip_bucket_fake"):
            s3.create_bucket(Bucket=bucket)
        sqs.create_queue(QueueName="everlabel-LabelsQueue")
        made = Cloud(s3, sqs, sns, StepFunctions(), SageMaker(), EventBus())
        made.sagemaker.began = made.subscribe
        for door, client in {
            "s3": s3,
            "sns": sns,
            "sqs": sqs,
            "step_functions": made.step_functions,
            "sagemaker": made.sagemaker,
            "events": made.events,
        }.items():
            monkeypatch.setattr(aws, door, lambda client=client: client)
        monkeypatch.setattr(clock, "now", lambda: made.now)
        monkeypatch.setattr(input_queues, "oldest", made.oldest_in_queue.get)
        monkeypatch.setattr(
            input_queues,
            "measures",
            lambda jobs: {job: made.oldest_in_queue[job] for job in jobs if job in made.oldest_in_queue},
        )
        yield made


@pytest.fixture(autouse=True)
def valid_requests(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every request of every handler is held against AWS's own service models, also those that a fake takes."""
    broken: list[str] = []

    def check(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
        broken.extend(faults_of(model, params))

    real = [client.meta.events for client in (cloud.s3, cloud.sqs, cloud.sns)]
    for events in real:
        events.register("provide-client-params", check)
    sagemaker = StrictClient(cloud.sagemaker, "sagemaker", broken)
    step_functions = StrictClient(cloud.step_functions, "stepfunctions", broken)
    events_client = StrictClient(cloud.events, "events", broken)
    monkeypatch.setattr(aws, "events", lambda: events_client)
    monkeypatch.setattr(aws, "sagemaker", lambda: sagemaker)
    monkeypatch.setattr(aws, "step_functions", lambda: step_functions)
    yield
    for events in real:
        events.unregister("provide-client-params", check)
    # Not where the request was made: a handler that reports its failures would swallow it there.
    assert broken == []


@pytest.fixture
def context() -> Context:
    return Context()
