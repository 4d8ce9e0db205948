"""What CreateLabelingJob refuses, and what a job is once it was not refused.

Sources: SageMaker API reference, CreateLabelingJob and its data types; developer guide, "Create a streaming labeling
job", "Create a video frame labeling job", "Use input and output data". Only streaming jobs are known here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel

from local.ground_truth.categories import Categories, CategoriesRefused, read_categories
from local.ground_truth.constraints import broken_constraints
from local.ground_truth.labeling_job import DAY
from local.ground_truth.task_types import ACCOUNTS, TASK_TYPES, UI_ACCOUNT, TaskType, acs_arn, pre_arn, ui_arn
from local.ground_truth.unknowns import Unknowns

_RESERVED = {"source", "source-ref"}
_LONGEST_IMAGE_TASK = 28_800
_LONGEST_VIDEO_TASK = 30 * DAY
_LONGEST_AVAILABILITY = 30 * DAY
_PRE = re.compile(r"arn:aws[a-z\-]*:lambda:([a-z0-9\-]+):(\d{12}):function:PRE-(\w+)")


class RequestRefused(Exception):
    """A request AWS would refuse: `code` is the error's name there (ValidationException, ResourceInUse, …)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class JobRequest:
    """A streaming labeling job as asked for, checked. Durations are seconds; `output_prefix` ends with a slash."""

    name: str
    label_attribute: str
    input_topic: str
    output_topic: str | None
    seed_manifest: str | None
    output_prefix: str
    task_type: TaskType
    categories: Categories
    team: str
    workers_per_object: int
    max_concurrent_tasks: int
    task_time_limit: float
    availability_lifetime: float


@cache
def service_model() -> ServiceModel:
    """botocore's description of SageMaker."""
    return botocore.session.get_session().get_service_model("sagemaker")


def check_operation(operation: str, request: Mapping[str, Any]) -> None:
    """Refuse a request whose values the service model does not allow; raises `RequestRefused`."""
    shape = service_model().operation_model(operation).input_shape
    broken = list(broken_constraints(shape, request)) if shape else []
    if broken:
        count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
        raise RequestRefused("ValidationException", count + "; ".join(broken))


def read_request(
    request: Mapping[str, Any], region: str, unknowns: Unknowns, read_file: Callable[[str], bytes]
) -> JobRequest:
    """The job a CreateLabelingJob request asks for; raises `RequestRefused`.

    `read_file` gives the content of an S3 URI and raises OSError if it cannot be read.
    """
    check_operation("CreateLabelingJob", request)
    human = request["HumanTaskConfig"]
    task_type = _task_type(human, region)
    _check_sources(request, region)
    _check_label_attribute(request["LabelAttributeName"], task_type)
    _check_human_task(human, task_type, region)
    categories = _categories(request, task_type, unknowns, read_file)
    source, output = request["InputConfig"]["DataSource"], request["OutputConfig"]
    return JobRequest(
        name=request["LabelingJobName"],
        label_attribute=request["LabelAttributeName"],
        input_topic=source["SnsDataSource"]["SnsTopicArn"],
        output_topic=output.get("SnsTopicArn"),
        seed_manifest=source.get("S3DataSource", {}).get("ManifestS3Uri"),
        output_prefix=output["S3OutputPath"].rstrip("/") + "/",
        task_type=task_type,
        categories=categories,
        team=human["WorkteamArn"],
        workers_per_object=human["NumberOfHumanWorkersPerDataObject"],
        max_concurrent_tasks=human.get("MaxConcurrentTaskCount", 1_000),
        task_time_limit=human["TaskTimeLimitInSeconds"],
        availability_lifetime=human.get("TaskAvailabilityLifetimeInSeconds", _LONGEST_AVAILABILITY),
    )


def _refuse(message: str) -> RequestRefused:
    return RequestRefused("ValidationException", message)


def _check_sources(request: Mapping[str, Any], region: str) -> None:
    source = request["InputConfig"]["DataSource"]
    if "SnsDataSource" not in source:
        raise _refuse("InputConfig.DataSource.SnsDataSource is required: only streaming labeling jobs are offered here")
    if "LabelingJobAlgorithmsConfig" in request:
        raise _refuse("Streaming labeling jobs do not support automated data labeling")
    for topic in (source["SnsDataSource"]["SnsTopicArn"], request["OutputConfig"].get("SnsTopicArn")):
        if topic and topic.split(":")[3] != region:
            raise _refuse(f"The topic {topic} is not in the labeling job's Region {region}")


def _task_type(human: Mapping[str, Any], region: str) -> TaskType:
    if region not in ACCOUNTS:
        raise _refuse(f"Ground Truth is not available in {region}")
    pre = human.get("PreHumanTaskLambdaArn")
    acs = human.get("AnnotationConsolidationConfig", {}).get("AnnotationConsolidationLambdaArn")
    match = _PRE.fullmatch(pre or "")
    task_type = TASK_TYPES.get(match[3]) if match else None
    if task_type is None:
        raise _refuse(f"PreHumanTaskLambdaArn {pre} is not a built-in task type's of this stand-in")
    if pre != pre_arn(region, task_type):
        raise _refuse(f"PreHumanTaskLambdaArn for {task_type.name} in {region} is {pre_arn(region, task_type)}")
    if acs != acs_arn(region, task_type):
        raise _refuse(
            f"AnnotationConsolidationLambdaArn for {task_type.name} in {region} is {acs_arn(region, task_type)}"
        )
    return task_type


def _check_label_attribute(name: str, task_type: TaskType) -> None:
    if name in _RESERVED or name.endswith("-metadata"):
        raise _refuse(f"LabelAttributeName {name} is reserved")
    if task_type.needs_ref and not name.endswith("-ref"):
        raise _refuse(f"LabelAttributeName must end with -ref for {task_type.name}")


def _check_human_task(human: Mapping[str, Any], task_type: TaskType, region: str) -> None:
    if f":{UI_ACCOUNT}:" in human["WorkteamArn"] or human["WorkteamArn"].endswith("workteam/public-crowd/default"):
        raise _refuse("WorkteamArn must name a private or vendor work team")
    if human["WorkteamArn"].split(":")[3] != region:
        raise _refuse(f"WorkteamArn is not in the labeling job's Region {region}")
    ui, template = human["UiConfig"].get("HumanTaskUiArn"), human["UiConfig"].get("UiTemplateS3Uri")
    if task_type.is_video and (template or ui != ui_arn(region, task_type)):
        raise _refuse(f"UiConfig for {task_type.name} must have HumanTaskUiArn {ui_arn(region, task_type)} alone")
    if not task_type.is_video and (ui or not template):
        raise _refuse(f"UiConfig for {task_type.name} must have UiTemplateS3Uri alone")
    if task_type.is_video and human["NumberOfHumanWorkersPerDataObject"] != 1:
        raise _refuse("NumberOfHumanWorkersPerDataObject must be 1 for video frame labeling jobs")
    longest = _LONGEST_VIDEO_TASK if task_type.is_video else _LONGEST_IMAGE_TASK
    if human["TaskTimeLimitInSeconds"] > longest:
        raise _refuse(f"TaskTimeLimitInSeconds must be at most {longest:.0f} for {task_type.name}")
    if human.get("TaskAvailabilityLifetimeInSeconds", 60) > _LONGEST_AVAILABILITY:
        raise _refuse(f"TaskAvailabilityLifetimeInSeconds must be at most {_LONGEST_AVAILABILITY:.0f}")


def _categories(
    request: Mapping[str, Any], task_type: TaskType, unknowns: Unknowns, read_file: Callable[[str], bytes]
) -> Categories:
    uri = request.get("LabelCategoryConfigS3Uri")
    if uri is None:
        raise _refuse(f"LabelCategoryConfigS3Uri is required for {task_type.name}")
    try:
        categories = read_categories(
            read_file(uri), is_video=task_type.is_video, quotas_enforced=unknowns.label_quotas_enforced
        )
    except (OSError, CategoriesRefused) as error:
        raise _refuse(f"{uri}: {error}") from error
    if categories.audited and not task_type.variant:
        raise _refuse("auditLabelAttributeName is for adjustment and verification jobs only")
    if task_type.is_video and task_type.variant and not categories.audited:
        raise _refuse(f"{uri}: {task_type.name} needs auditLabelAttributeName")
    if categories.audited == request["LabelAttributeName"]:
        raise _refuse("LabelAttributeName must differ from the label attribute that is adjusted or verified")
    return categories
