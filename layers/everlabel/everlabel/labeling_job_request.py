"""CreateLabelingJob requests for streaming labeling jobs, built from what a user asks for.

https://docs.aws.amazon.com/sagemaker/latest/dg/sms-streaming-create-job.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from everlabel.definition import Fault
from everlabel.task_types import LAMBDA_ACCOUNTS, TASK_TYPES, Media, TaskType

# Ground Truth's own settings that a user may give, and where the request has them.
HUMAN_TASK_SETTINGS = (
    "WorkteamArn",
    "TaskTitle",
    "TaskDescription",
    "TaskKeywords",
    "TaskTimeLimitInSeconds",
    "TaskAvailabilityLifetimeInSeconds",
    "MaxConcurrentTaskCount",
    "NumberOfHumanWorkersPerDataObject",
)
# A name of Ground Truth's has at most 63 characters, and the incarnation's number needs some of them.
_LONGEST_NAME = 63


@dataclass(frozen=True)
class Places:
    """Where a labeling job reads, writes and announces."""

    input_topic: str
    output_topic: str
    output_path: str
    label_category_config: str
    worker_template: str | None
    """Only image jobs have one; the interface of video jobs is Ground Truth's own."""


def labeling_job_name(stack: str, job_name: str, epoch: int) -> str:
    """The name of one incarnation in Ground Truth, unique in account and Region whatever its case.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateLabelingJob.html
    """
    return f"{stack}-{job_name}-{epoch}"


def label_attribute(body: Mapping[str, Any]) -> str:
    """The label attribute name as asked for, or the job's name with the suffix its type needs."""
    given = body.get("labelAttributeName")
    if given:
        return str(given)
    return f"{body['jobName']}-ref" if TASK_TYPES[body["taskType"]].ref_suffix else str(body["jobName"])


def annotation_type(body: Mapping[str, Any]) -> str:
    """The annotation type as asked for, or the one that comes first for the task type."""
    return str(body.get("annotationType") or TASK_TYPES[body["taskType"]].annotation_types[0])


def configuration(body: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The label category configuration that Ground Truth gets: what was given, with what its type wants added."""
    if TASK_TYPES[body["taskType"]].media is Media.IMAGE:
        return {"document-version": "2018-11-28", **given}
    return {"documentVersion": "2020-03-01", "annotationType": annotation_type(body), **given}


def configurations(body: Any) -> tuple[Any, Any]:
    """What a body of any form gives as configuration, inline and by its place in S3; None for what it does not give."""
    given = body if isinstance(body, Mapping) else {}
    return given.get("labelCategoryConfig"), given.get("labelCategoryConfigS3Uri")


def faults(body: Any, config: Mapping[str, Any] | None, stack: str, region: str) -> list[Fault]:
    """Everything that Ground Truth would refuse, or that would make its labels unusable, all at once.

    What has the wrong form (which the API's schema names) is passed over here, so that both lists can stand in one
    answer. `config` is the label category configuration as given, None if there is none or it could not be read (which
    is named elsewhere).
    """
    if not isinstance(body, Mapping):
        return []
    found: list[Fault] = []
    job_name, task_type = _text(body, "jobName"), TASK_TYPES.get(_text(body, "taskType") or "")
    if job_name and len(labeling_job_name(stack, job_name, 999)) > _LONGEST_NAME:
        spare = _LONGEST_NAME - len(labeling_job_name(stack, "", 999))
        found.append(Fault("jobName", f"{job_name!r} is too long beside stack {stack!r}: at most {spare}"))
    if region not in LAMBDA_ACCOUNTS:
        found.append(Fault("taskType", f"Ground Truth has no built-in task types in {region}"))
    if len([given for given in configurations(body) if given is not None]) != 1:
        found.append(Fault("body", "give either labelCategoryConfig or labelCategoryConfigS3Uri"))
    attribute = _text(body, "labelAttributeName")
    if task_type is not None:
        attribute = attribute or (label_attribute(body) if job_name else None)
        found += _type_faults(body, task_type, attribute)
    if attribute and attribute.endswith("-metadata"):
        found.append(Fault("labelAttributeName", f"{attribute!r} must not end in -metadata"))
    if config is not None:
        drawn = annotation_type(body) if task_type is not None else _text(body, "annotationType")
        found += _configuration_faults(config, task_type, attribute, drawn)
    return sorted(found)


def _text(body: Mapping[str, Any], field: str) -> str | None:
    given = body.get(field)
    return given if isinstance(given, str) else None


def _type_faults(body: Mapping[str, Any], task_type: TaskType, attribute: str | None) -> Iterator[Fault]:
    drawn = annotation_type(body)
    if drawn not in task_type.annotation_types:
        allowed = ", ".join(task_type.annotation_types)
        yield Fault("annotationType", f"{drawn!r} is none of {task_type.name}'s: {allowed}")
    if attribute and task_type.ref_suffix != attribute.endswith("-ref"):
        verb = "must" if task_type.ref_suffix else "must not"
        yield Fault("labelAttributeName", f"{attribute!r} {verb} end in -ref for {task_type.name}")
    settings = body.get("settings")
    workers = settings.get("NumberOfHumanWorkersPerDataObject") if isinstance(settings, Mapping) else None
    if task_type.media is Media.FRAMES and workers not in (None, 1):
        yield Fault("settings.NumberOfHumanWorkersPerDataObject", "must be 1 for video frame jobs")


def _configuration_faults(
    config: Mapping[str, Any], task_type: TaskType | None, attribute: str | None, drawn: str | None
) -> Iterator[Fault]:
    field = "labelCategoryConfig"
    yield from _label_faults(config.get("labels"), task_type)
    written = config.get("annotationType")
    if written is not None and drawn is not None and written != drawn:
        yield Fault(f"{field}.annotationType", f"{written!r} differs from annotationType {drawn!r}")
    audited = config.get("auditLabelAttributeName")
    if audited is not None and not isinstance(audited, str):
        yield Fault(f"{field}.auditLabelAttributeName", f"{audited!r} is no label attribute name")
    if audited and audited == attribute:
        yield Fault("labelAttributeName", f"{attribute!r} must differ from auditLabelAttributeName")
    if task_type is None:
        return
    if task_type.starts_from_labels and not audited:
        why = f"is missing; {task_type.name} needs the label attribute name of the job it works on"
        yield Fault(f"{field}.auditLabelAttributeName", why)
    if not task_type.starts_from_labels and audited:
        yield Fault(f"{field}.auditLabelAttributeName", f"{task_type.name} starts from bare frames")


def _label_faults(labels: Any, task_type: TaskType | None) -> Iterator[Fault]:
    field = "labelCategoryConfig.labels"
    entries = [entry for entry in labels if isinstance(entry, dict)] if isinstance(labels, list) else []
    names = [entry.get("label") for entry in entries]
    if not names or not all(isinstance(name, str) and name for name in names) or len(names) != len(labels):
        yield Fault(field, 'must be a list like [{"label": "car"}, …] with at least one label')
    elif len(set(names)) != len(names):
        twice = sorted({str(name) for name in names if names.count(name) > 1})
        yield Fault(field, f"names these labels twice: {', '.join(twice)}")
    if task_type is not None and task_type.verifies and task_type.media is Media.FRAMES:
        editable = [entry.get("label") for entry in entries if entry.get("editsAllowed") != "none"]
        if editable:
            yield Fault(field, f'a verification needs "editsAllowed": "none" for {editable}')


def task_time_limit(body: Mapping[str, Any]) -> int:
    """For how many seconds a worker may hold a task.

    By default three days, as the video task types have it, or eight hours:
    https://docs.aws.amazon.com/sagemaker/latest/dg/sms-video-object-tracking.html
    """
    default = 259_200 if TASK_TYPES[body["taskType"]].media is Media.FRAMES else 28_800
    return int(body["settings"].get("TaskTimeLimitInSeconds", default))


def longest_answer(body: Mapping[str, Any]) -> int:
    """Seconds within which Ground Truth answers an object that it took: a worker may open it at the last moment.

    Tasks of private and vendor teams are available for 30 days if nothing else is asked for:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HumanTaskConfig.html
    """
    return int(body["settings"].get("TaskAvailabilityLifetimeInSeconds", 2_592_000)) + task_time_limit(body)


def request(body: Mapping[str, Any], name: str, places: Places, role: str, region: str) -> dict[str, Any]:
    """The CreateLabelingJob request of one incarnation."""
    task_type = TASK_TYPES[body["taskType"]]
    settings = body["settings"]
    ui = task_type.ui(region)
    human_task: dict[str, Any] = {
        "PreHumanTaskLambdaArn": task_type.pre_lambda(region),
        "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": task_type.consolidation_lambda(region)},
        "UiConfig": {"HumanTaskUiArn": ui} if ui else {"UiTemplateS3Uri": places.worker_template},
        "NumberOfHumanWorkersPerDataObject": 1,  # what video allows
        "TaskTimeLimitInSeconds": task_time_limit(body),
        "TaskTitle": body["jobName"],
        "TaskDescription": f"{task_type.name}: {body['jobName']}",
        **{key: settings[key] for key in HUMAN_TASK_SETTINGS if key in settings},
    }
    output = {"S3OutputPath": places.output_path, "SnsTopicArn": places.output_topic}
    if "KmsKeyId" in settings:
        output["KmsKeyId"] = settings["KmsKeyId"]
    source: dict[str, Any] = {"DataSource": {"SnsDataSource": {"SnsTopicArn": places.input_topic}}}
    if "ContentClassifiers" in settings:
        source["DataAttributes"] = {"ContentClassifiers": settings["ContentClassifiers"]}
    return {
        "LabelingJobName": name,
        "LabelAttributeName": label_attribute(body),
        "InputConfig": source,
        "OutputConfig": output,
        "RoleArn": role,
        "LabelCategoryConfigS3Uri": places.label_category_config,
        "HumanTaskConfig": human_task,
        **({"Tags": settings["Tags"]} if "Tags" in settings else {}),
    }
