"""The forms of labeling jobs at the API."""

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from everlabel.api.annotation_tasks import JobName
from everlabel.job_table import JobState, LabelingJob
from everlabel.task_types import TASK_TYPES, AnnotationType


def _one_of(names: Iterable[str]) -> Callable[[str], str]:
    allowed = list(names)

    def check(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return check


# The tables of task types are the only lists; the OpenAPI document takes its enumerations from them.
TaskTypeName = Annotated[
    str, AfterValidator(_one_of(TASK_TYPES)), Field(json_schema_extra={"enum": [str(name) for name in TASK_TYPES]})
]
AnnotationTypeName = Annotated[
    str,
    AfterValidator(_one_of(AnnotationType)),
    Field(json_schema_extra={"enum": [str(kind) for kind in AnnotationType]}),
]
# The pattern bounds the letters and digits, not the hyphens between them.
AttributeName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,126}$", max_length=127)]
Keyword = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+( [A-Za-z0-9]+)*$", max_length=30)]


def _of_tags(value: str) -> str:
    """What tags may have is a pattern of Unicode's categories, which few languages' regular expressions know.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Tag.html
    """
    if not all(letter in "_.:/=+-@" or unicodedata.category(letter)[0] in "LZN" for letter in value):
        raise ValueError("must have only letters, digits, spaces and _ . : / = + - @")
    return value


TagText = Annotated[str, AfterValidator(_of_tags)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Tag(_Form):
    """A tag of the labeling job in Amazon SageMaker."""

    Key: Annotated[TagText, Field(min_length=1, max_length=128)]
    Value: Annotated[TagText, Field(max_length=256)]


class Settings(_Form):
    """Ground Truth's own settings under their own names.

    Bounds and patterns: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HumanTaskConfig.html
    """

    WorkteamArn: Annotated[
        str, Field(pattern=r"^arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:workteam/.{1,200}$", max_length=256)
    ]
    TaskTitle: (
        Annotated[str, Field(pattern=r"^[\t\n\r -\uD7FF\uE000-\uFFFD]*$", min_length=1, max_length=128)] | None
    ) = None
    TaskDescription: Annotated[str, Field(pattern=r"^.+$", max_length=255)] | None = None
    TaskKeywords: Annotated[list[Keyword], Field(min_length=1, max_length=5)] | None = None
    TaskTimeLimitInSeconds: Annotated[int, Field(ge=30, le=2_592_000)] | None = None
    TaskAvailabilityLifetimeInSeconds: Annotated[int, Field(ge=60, le=2_592_000)] | None = None
    MaxConcurrentTaskCount: Annotated[int, Field(ge=1, le=5_000)] | None = None
    NumberOfHumanWorkersPerDataObject: Annotated[int, Field(ge=1, le=9)] | None = None
    UiTemplateS3Uri: Annotated[str, Field(pattern=r"^s3://[^/]+/[^?#]+$", max_length=1_024)] | None = None
    KmsKeyId: Annotated[str, Field(pattern=r"^[a-zA-Z0-9:/_-]+$", max_length=2_048)] | None = None
    ContentClassifiers: list[Literal["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"]] | None = None
    Tags: Annotated[list[Tag], Field(max_length=50)] | None = None


class LabelingJobDefinition(_Form):
    """A streaming labeling job that many clips will share; its label category configuration is inline or in S3."""

    jobName: JobName  # noqa: N815 # the API's own names
    taskType: TaskTypeName  # noqa: N815
    annotationType: AnnotationTypeName | None = None  # noqa: N815
    labelCategoryConfig: dict[str, JsonValue] | None = None  # noqa: N815
    labelCategoryConfigS3Uri: Annotated[str, Field(min_length=1, max_length=1_200)] | None = None  # noqa: N815
    labelAttributeName: AttributeName | None = None  # noqa: N815
    settings: Settings


class LabelCounters(BaseModel):
    """How many data objects Ground Truth has in which state."""

    TotalLabeled: int = 0
    HumanLabeled: int = 0
    MachineLabeled: int = 0
    FailedNonRetryableError: int = 0
    Unlabeled: int = 0


class LabelingJobRow(BaseModel):
    """One row of a listing; the state is as last heard of."""

    jobName: str  # noqa: N815
    taskType: str  # noqa: N815
    annotationType: str  # noqa: N815
    labelAttributeName: str  # noqa: N815
    auditLabelAttributeName: str | None  # noqa: N815
    labelingJobStatus: JobState  # noqa: N815
    labelingJobArn: str | None  # noqa: N815
    epoch: int
    inputSnsTopicArn: str  # noqa: N815
    outputSnsTopicArn: str  # noqa: N815
    s3OutputPath: str  # noqa: N815
    createdAt: str  # noqa: N815
    updatedAt: str  # noqa: N815


class LabelingJobView(LabelingJobRow):
    """One job with what Ground Truth says of it now."""

    labelCounters: LabelCounters  # noqa: N815
    failureReason: str | None = None  # noqa: N815
    definition: dict[str, JsonValue]
    """The request that made it; the same again starts it again once it ended."""


class StoppedLabelingJob(LabelingJobView):
    """A job that was stopped, and what Ground Truth counts as unlabeled there."""

    open: Annotated[int, Field(description="data objects that Ground Truth counts as unlabeled")]
    note: str


class LabelingJobList(BaseModel):
    """All labeling jobs, by name."""

    labelingJobs: list[LabelingJobRow]  # noqa: N815


def row_of(job: LabelingJob) -> LabelingJobRow:
    """A job as a row."""
    return LabelingJobRow(
        jobName=job.job_name,
        taskType=job.task_type,
        annotationType=job.annotation_type,
        labelAttributeName=job.label_attribute,
        auditLabelAttributeName=job.audit_label_attribute,
        labelingJobStatus=JobState(job.state),
        labelingJobArn=job.labeling_job_arn,
        epoch=int(job.epoch),
        inputSnsTopicArn=job.input_topic,
        outputSnsTopicArn=job.output_topic,
        s3OutputPath=job.output_path,
        createdAt=job.created_at,
        updatedAt=job.updated_at,
    )


def view_of(job: LabelingJob, described: Mapping[str, Any] | None) -> LabelingJobView:
    """A job with Ground Truth's description of it."""
    now = described or {}
    return LabelingJobView(
        **row_of(job).model_dump(),
        labelCounters=LabelCounters(**now.get("LabelCounters", {})),
        failureReason=now.get("FailureReason", job.failure_reason),
        definition=json.loads(job.request)["body"],
    )


def stopped_view_of(job: LabelingJob, described: Mapping[str, Any] | None) -> StoppedLabelingJob:
    """A job that was stopped, with what becomes of what Ground Truth counts as unlabeled.

    Ground Truth's counter knows nothing of tasks: some of what it counts may be of tasks that ended.
    """
    view = view_of(job, described)
    unlabeled = view.labelCounters.Unlabeled
    match unlabeled:
        case 0:
            note = "Ground Truth counts no data object as unlabeled there."
        case 1:
            note = (
                "Ground Truth counts 1 data object as unlabeled there; if it is of a running task, it stays on that "
                "task's to-do list and is sent again when the same request starts the job again."
            )
        case _:
            note = (
                f"Ground Truth counts {unlabeled} data objects as unlabeled there; those of running tasks stay on "
                "their to-do lists and are sent again when the same request starts the job again."
            )
    return StoppedLabelingJob(**view.model_dump(), open=unlabeled, note=note)
