"""What `docs/security.md` says of roles and resources, held against the template; and each test that it names."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.model import OperationModel

import annotation_tasks_api
import labeling_jobs_api
from tests.handlers.api_events import Api
from tests.handlers.conftest import TEMPLATE, WORKTEAM, Cloud

DOCUMENT = (TEMPLATE.root / "docs" / "security.md").read_text()
FUNCTIONS = TEMPLATE.of_type("AWS::Serverless::Function")


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def granted(function: str) -> Iterator[tuple[str, str]]:
    """Actions and the resources they are granted on, as JSON of the template."""
    for policy in FUNCTIONS[function]["Policies"]:
        for statement in as_list(policy["Statement"]):
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    yield action, json.dumps(resource)


def test_the_table_should_have_each_role() -> None:
    written = dict(re.findall(r"^\| `(\w+)` \| ([a-z0-9 ]+) \|", DOCUMENT, re.MULTILINE))
    made = {name: {action.partition(":")[0] for action, _ in granted(name)} for name in FUNCTIONS}
    assert {name: set(services.split()) for name, services in written.items()} == made


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_role_should_reach_beyond_the_stack(function: str) -> None:
    for action, resource in granted(function):
        assert "*" not in action
        assert "Delete" not in action or action.startswith("dynamodb:")
        if action.startswith("s3:Put"):
            assert "${Bucket.Arn}/" in resource
        if resource == '"*"':
            assert action == "cloudwatch:GetMetricData"
        if action == "iam:PassRole":
            assert resource == '{"Fn::GetAtt": ["GroundTruthRole", "Arn"]}'


def test_the_labels_queue_should_take_messages_from_our_topics_alone() -> None:
    policies = TEMPLATE.of_type("AWS::SQS::QueuePolicy")
    statements = [
        statement
        for policy in policies.values()
        if {"Ref": "LabelsQueue"} in policy["Queues"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    (statement,) = statements
    assert (statement["Action"], statement["Principal"]) == ("sqs:SendMessage", {"Service": "sns.amazonaws.com"})
    assert ":GroundTruth-${AWS::StackName}_*" in json.dumps(statement["Condition"]["ArnLike"]["aws:SourceArn"])


def test_the_bucket_should_be_private_and_spoken_to_over_tls() -> None:
    (bucket,) = TEMPLATE.of_type("AWS::S3::Bucket").values()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    (policy,) = TEMPLATE.of_type("AWS::S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": False}}


@pytest.mark.parametrize("place", ["s3://everlabel-bucket/tasks/x", "s3://clips-of-others/a", "s3://сlips/a"])
def test_what_is_not_in_an_allowed_bucket_should_not_be_read(cloud: Cloud, place: str) -> None:
    asked: list[str] = []

    def note(model: OperationModel, **_: Any) -> None:
        asked.append(model.name)

    cloud.s3.meta.events.register("before-call.s3", note)
    step = {"jobName": "VOTVehicle", "inputConfig": {"clipS3Uri": place, "fps": 1}, "jobLevel": 1}
    task = Api(annotation_tasks_api.handler).call("POST", "/annotation-tasks", {"labelingJobs": [step]})
    body = {"jobName": "Lane", "taskType": "VideoObjectDetection", "settings": {"WorkteamArn": WORKTEAM}}
    job = Api(labeling_jobs_api.handler).call("POST", "/labeling-jobs", {**body, "labelCategoryConfigS3Uri": place})
    assert "labelingJobs[0].inputConfig.clipS3Uri" in task.faults
    assert "labelCategoryConfigS3Uri" in job.faults
    cloud.s3.list_buckets()
    cloud.s3.meta.events.unregister("before-call.s3", note)
    assert asked == ["ListBuckets"]


def test_each_test_that_the_document_names_should_be_there() -> None:
    named = re.findall(r"`(test_\w+)`", DOCUMENT)
    sources = "".join(path.read_text() for path in Path(TEMPLATE.root, "tests").rglob("test_*.py"))
    missing = [name for name in named if f"def {name}(" not in sources]
    assert named
    assert missing == []
