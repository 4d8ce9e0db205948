"""What CreateLabelingJob accepts and refuses."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.ground_truth.requests import JobRequest, RequestRefused, read_request
from local.ground_truth.task_types import TASK_TYPES, acs_arn, pre_arn, ui_arn
from local.ground_truth.unknowns import Unknowns

REGION = "eu-west-1"
ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:in"
FILES: dict[str, dict[str, object]] = {
    "s3://b/video": {"documentVersion": "2020-03-01", "labels": [{"label": "car"}]},
    "s3://b/adjust": {
        "documentVersion": "2020-03-01",
        "labels": [{"label": "car"}],
        "auditLabelAttributeName": "L0-ref",
    },
    "s3://b/image": {"document-version": "2018-11-28", "labels": [{"label": "car"}]},
}


def read_file(uri: str) -> bytes:
    if uri not in FILES:
        raise OSError(f"{uri} is not there")
    return json.dumps(FILES[uri]).encode()


def request(name: str = "VideoObjectTracking") -> dict[str, Any]:
    task_type = TASK_TYPES[name]
    ui = {"HumanTaskUiArn": ui_arn(REGION, task_type)} if task_type.is_video else {"UiTemplateS3Uri": "s3://b/page"}
    config = "adjust" if task_type.variant and task_type.is_video else "video" if task_type.is_video else "image"
    return {
        "LabelingJobName": "VOT-1",
        "LabelAttributeName": "L-ref" if task_type.needs_ref else "L",
        "InputConfig": {"DataSource": {"SnsDataSource": {"SnsTopicArn": TOPIC}}},
        "OutputConfig": {"S3OutputPath": "s3://b/out/"},
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/GroundTruth",
        "LabelCategoryConfigS3Uri": f"s3://b/{config}",
        "StoppingConditions": {"MaxHumanLabeledObjectCount": 1},
        "HumanTaskConfig": {
            "WorkteamArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/drivers",
            "UiConfig": ui,
            "PreHumanTaskLambdaArn": pre_arn(REGION, task_type),
            "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": acs_arn(REGION, task_type)},
            "TaskTitle": "t",
            "TaskDescription": "d",
            "NumberOfHumanWorkersPerDataObject": 1,
            "TaskTimeLimitInSeconds": 3_600,
        },
    }


def read(asked: dict[str, Any]) -> JobRequest:
    return read_request(asked, REGION, Unknowns(), read_file)


@pytest.mark.parametrize("name", TASK_TYPES)
def test_each_task_type_should_be_accepted_with_its_own_arns(name: str) -> None:
    found = read(request(name))
    assert found.task_type.name == name
    assert found.max_concurrent_tasks == 1_000
    assert found.availability_lifetime == 2_592_000
    assert found.output_prefix == "s3://b/out/"


def change(*path: str, to: object) -> Callable[[dict[str, Any]], None]:
    def apply(asked: dict[str, Any]) -> None:
        for step in path[:-1]:
            asked = asked.setdefault(step, {})
        if to is None:
            del asked[path[-1]]
        else:
            asked[path[-1]] = to

    return apply


HUMAN = "HumanTaskConfig"


@pytest.mark.parametrize(
    ("wrong", "answer"),
    [
        (change("LabelingJobName", to="VOT_1"), "labelingJobName.*regular expression"),
        (change("LabelingJobName", to="V" * 64), "labelingJobName"),
        (change("LabelAttributeName", to="L"), "must end with -ref"),
        (change("LabelAttributeName", to="L-metadata"), "reserved"),
        (change("LabelAttributeName", to="$L-ref"), "labelAttributeName.*regular expression"),
        (change("LabelAttributeName", to="source-ref"), "reserved"),
        (change("InputConfig", "DataSource", "SnsDataSource", to=None), "SnsDataSource is required"),
        (change("InputConfig", "DataSource", "SnsDataSource", "SnsTopicArn", to="in"), "snsTopicArn"),
        (change("OutputConfig", "SnsTopicArn", to=f"arn:aws:sns:us-east-1:{ACCOUNT}:out"), "not in the labeling job's"),
        (change("OutputConfig", "S3OutputPath", to="b/out"), "s3OutputPath"),
        (change("RoleArn", to="GroundTruth-role-of-ours"), "roleArn"),
        (change("LabelCategoryConfigS3Uri", to=None), "LabelCategoryConfigS3Uri is required"),
        (change("LabelCategoryConfigS3Uri", to="s3://b/gone"), "is not there"),
        (change("LabelCategoryConfigS3Uri", to="s3://b/image"), "documentVersion"),
        (change("LabelCategoryConfigS3Uri", to="s3://b/adjust"), "adjustment and verification jobs only"),
        (change("LabelingJobAlgorithmsConfig", "LabelingJobAlgorithmSpecificationArn", to="arn:x"), "automated"),
        (change(HUMAN, "PreHumanTaskLambdaArn", to=None), "PreHumanTaskLambdaArn"),
        (
            change(HUMAN, "PreHumanTaskLambdaArn", to=pre_arn("us-east-1", TASK_TYPES["VideoObjectTracking"])),
            "PreHumanTaskLambdaArn for VideoObjectTracking in eu-west-1",
        ),
        (
            change(
                HUMAN,
                "AnnotationConsolidationConfig",
                to={"AnnotationConsolidationLambdaArn": "arn:aws:lambda:eu-west-1:1"},
            ),
            "regular expression",
        ),
        (change(HUMAN, "AnnotationConsolidationConfig", to=None), "AnnotationConsolidationLambdaArn for"),
        (change(HUMAN, "UiConfig", "UiTemplateS3Uri", to="s3://b/page"), "HumanTaskUiArn"),
        (change(HUMAN, "UiConfig", to={"HumanTaskUiArn": ui_arn(REGION, TASK_TYPES["VideoObjectDetection"])}), "alone"),
        (change(HUMAN, "NumberOfHumanWorkersPerDataObject", to=2), "must be 1"),
        (change(HUMAN, "NumberOfHumanWorkersPerDataObject", to=None), "must not be null"),
        (change(HUMAN, "TaskTimeLimitInSeconds", to=2_592_001), "TaskTimeLimitInSeconds"),
        (change(HUMAN, "TaskTimeLimitInSeconds", to=29), "taskTimeLimitInSeconds"),
        (change(HUMAN, "TaskAvailabilityLifetimeInSeconds", to=2_592_001), "TaskAvailabilityLifetimeInSeconds"),
        (change(HUMAN, "TaskAvailabilityLifetimeInSeconds", to=59), "taskAvailabilityLifetimeInSeconds"),
        (change(HUMAN, "MaxConcurrentTaskCount", to=5_001), "maxConcurrentTaskCount"),
        (change(HUMAN, "MaxConcurrentTaskCount", to="10"), "whole number"),
        (change(HUMAN, "TaskKeywords", to=["a", "b", "c", "d", "e", "f"]), "taskKeywords"),
        (
            change(HUMAN, "WorkteamArn", to=f"arn:aws:sagemaker:{REGION}:394669845002:workteam/public-crowd/default"),
            "private or vendor",
        ),
        (change("Colour", to="red"), "colour"),
    ],
)
def test_a_wrong_request_should_be_refused(wrong: Callable[[dict[str, Any]], None], answer: str) -> None:
    asked = request()
    wrong(asked)
    with pytest.raises(RequestRefused, match=answer) as refused:
        read(asked)
    assert refused.value.code == "ValidationException"


def test_an_adjustment_should_name_another_label() -> None:
    asked = request("AdjustmentVideoObjectTracking") | {"LabelAttributeName": "L0-ref"}
    with pytest.raises(RequestRefused, match="must differ"):
        read(asked)
    asked = request("AdjustmentVideoObjectTracking") | {"LabelCategoryConfigS3Uri": "s3://b/video"}
    with pytest.raises(RequestRefused, match="needs auditLabelAttributeName"):
        read(asked)


def test_image_jobs_should_have_a_page_and_eight_hours() -> None:
    asked = request("BoundingBox")
    asked[HUMAN]["UiConfig"] = {"HumanTaskUiArn": ui_arn(REGION, TASK_TYPES["VideoObjectDetection"])}
    with pytest.raises(RequestRefused, match="UiTemplateS3Uri"):
        read(asked)
    asked = request("BoundingBox")
    asked[HUMAN]["TaskTimeLimitInSeconds"] = 28_801
    with pytest.raises(RequestRefused, match="28800"):
        read(asked)


def test_every_broken_constraint_should_be_named_at_once() -> None:
    asked = request() | {"LabelingJobName": "a_b", "RoleArn": "short"}
    with pytest.raises(RequestRefused, match=r"^3 validation errors detected.*labelingJobName.*roleArn"):
        read(asked)
