"""The forms of annotation tasks at the API."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
    WithJsonSchema,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import CoreSchema

from everlabel import announcing, progress
from everlabel.definition import HIGHEST_FPS, LOWEST_FPS
from everlabel.task_table import Task, TaskStatus


@dataclass(frozen=True)
class _OneFault:
    """Says in one sentence that a value is of no type of a union; else there is a fault for each of its types."""

    message: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return {**handler(source), "custom_error_type": "type", "custom_error_message": self.message}


# The pattern bounds the letters and digits, not the hyphens between them.
JobName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}$", max_length=63)]
AttributeValue = Annotated[str | int | float | bool, _OneFault("must be text, a finite number, true or false")]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


# `clip_or_chain` in the words of JSON Schema; null is as good as nothing.
_CLIP: JsonDict = {"clipS3Uri": {"type": "string"}, "fps": {"type": "number"}}
_CHAIN: JsonDict = {"chainFromJobName": {"type": "string"}}
_NULL: JsonDict = {"type": "null"}
_CLIP_OR_CHAIN: list[JsonDict] = [
    {"required": [*_CLIP], "properties": _CLIP | dict.fromkeys(_CHAIN, _NULL)},
    {"required": [*_CHAIN], "properties": _CHAIN | dict.fromkeys(_CLIP, _NULL)},
]


class InputConfig(_Form):
    """What a labeling job gets: frames of the clip, or the labels of a job at a lower level."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [*_CLIP_OR_CHAIN]})

    clipS3Uri: Annotated[str, Field(min_length=1, max_length=1200)] | None = None  # noqa: N815 # the API's own names
    fps: (
        Annotated[
            int | float,
            _OneFault("must be a finite number"),
            Field(ge=float(LOWEST_FPS), le=float(HIGHEST_FPS)),
            # Of a union, pydantic writes bounds that no reader of JSON Schema knows.
            WithJsonSchema({"type": "number", "minimum": float(LOWEST_FPS), "maximum": float(HIGHEST_FPS)}),
        ]
        | None
    ) = None
    chainFromJobName: JobName | None = None  # noqa: N815

    @model_validator(mode="after")
    def clip_or_chain(self) -> Self:
        """Exactly one kind of input."""
        if self.chainFromJobName is None:
            missing = [name for name in ("clipS3Uri", "fps") if getattr(self, name) is None]
            if missing:
                raise ValueError(f"{' and '.join(missing)} missing; give clipS3Uri with fps, or chainFromJobName alone")
        elif self.clipS3Uri is not None or self.fps is not None:
            raise ValueError("give clipS3Uri with fps, or chainFromJobName alone, not both")
        return self


class LabelingJobStep(_Form):
    """One labeling job of the task, and the level at which it runs."""

    jobName: JobName  # noqa: N815
    inputConfig: InputConfig  # noqa: N815
    jobLevel: Annotated[int, Field(ge=1, le=100)]  # noqa: N815


class Attributes(_Form):
    """What is known of the whole drive and of this clip; every frame inherits it."""

    drive: dict[str, AttributeValue] = {}
    clip: dict[str, AttributeValue] = {}


class AnnotationTaskDefinition(_Form):
    """What to label in one clip, and in which order."""

    labelingJobs: Annotated[list[LabelingJobStep], Field(min_length=1, max_length=100)]  # noqa: N815
    clipId: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")] | None = None  # noqa: N815
    taxonomy: (
        Annotated[
            str,
            Field(
                pattern=r"^[a-z0-9]+(-[a-z0-9]+)*/[1-9][0-9]{0,5}$",
                max_length=39,
                description="name and version of the taxonomy that attributes are checked against, like lava/1",
            ),
        ]
        | None
    ) = None
    attributes: Attributes | None = None
    resendAfterSeconds: Annotated[int, Field(ge=1, le=1_123_200)] | None = None  # noqa: N815 # under 14 days
    maxExpiries: Annotated[int, Field(ge=0, le=1_000)] | None = None  # noqa: N815
    maxAgeSeconds: Annotated[int, Field(ge=60, le=31_536_000)] | None = None  # noqa: N815
    onObjectFailure: Literal["fail", "continue"] | None = None  # noqa: N815


class Execution(BaseModel):
    """The answer to a task that was taken in."""

    taskId: str  # noqa: N815
    status: TaskStatus
    executionArn: str | None  # noqa: N815
    href: str


class JobView(BaseModel):
    """One labeling job of a task: how far its data objects are."""

    jobName: str  # noqa: N815
    dataObjects: int  # noqa: N815
    waiting: int
    sent: int
    labeled: int
    failed: int
    stopped: int
    expiries: int
    resends: int
    inputManifestS3Uri: str | None  # noqa: N815
    outputManifestS3Uri: str | None  # noqa: N815


class LevelView(BaseModel):
    """One level of a task."""

    jobLevel: int  # noqa: N815
    startedAt: str | None  # noqa: N815
    labelingJobs: list[JobView]  # noqa: N815


class FramesView(BaseModel):
    """The frames extracted at one rate."""

    fps: float
    frames: int
    done: bool


class TimelineEntry(BaseModel):
    """Something that happened, in ISO 8601."""

    at: str
    event: str


class AnnotationTaskSummary(BaseModel):
    """One row of a listing."""

    taskId: str  # noqa: N815
    clipId: str  # noqa: N815
    clipS3Uri: str  # noqa: N815
    status: TaskStatus
    level: int
    levels: int
    createdAt: str  # noqa: N815
    updatedAt: str  # noqa: N815
    reason: str | None


class AnnotationTaskList(BaseModel):
    """A page of tasks; `nextToken` asks for the next one."""

    annotationTasks: list[AnnotationTaskSummary]  # noqa: N815
    nextToken: str | None = None  # noqa: N815


class AnnotationTask(AnnotationTaskSummary):
    """One task, whole."""

    definition: dict[str, JsonValue]
    executionArn: str | None  # noqa: N815
    frames: list[FramesView]
    progress: list[LevelView]
    timeline: list[TimelineEntry]
    summaryS3Uri: str | None  # noqa: N815


def execution_of(task: Task) -> Execution:
    """What is said of a task that was taken in, stopped or retried."""
    return Execution(
        taskId=task.task_id,
        status=TaskStatus(task.status),
        executionArn=task.execution,
        href=f"/annotation-tasks/{task.task_id}",
    )


def row_of(task: Task) -> AnnotationTaskSummary:
    """A task as a row."""
    return AnnotationTaskSummary(
        taskId=task.task_id,
        clipId=task.clip_id,
        clipS3Uri=task.clip_uri,
        status=TaskStatus(task.status),
        level=int(task.level),
        levels=int(task.levels),
        createdAt=task.created_at,
        updatedAt=task.updated_at,
        reason=task.reason,
    )


def view_of(task: Task, found: progress.Progress) -> AnnotationTask:
    """A task with its progress."""
    started = {int(level.item.partition("#")[2]): level.started_at for level in found.levels}
    levels = sorted({job.level for job in found.jobs} | set(started))
    timeline = [TimelineEntry(at=task.created_at, event="created")]
    timeline += [
        TimelineEntry(at=frames.updated_at, event=f"frames at {frames.item.partition('#')[2]} fps extracted")
        for frames in found.frames
        if frames.done
    ]
    timeline += [TimelineEntry(at=at, event=f"level {level} began") for level, at in started.items()]
    if task.completed_at is not None:
        timeline.append(TimelineEntry(at=task.completed_at, event=str(task.status)))
    return AnnotationTask(
        **row_of(task).model_dump(),
        definition=json.loads(task.definition),
        executionArn=task.execution,
        frames=[
            FramesView(fps=float(frames.item.partition("#")[2]), frames=int(frames.extracted), done=bool(frames.done))
            for frames in found.frames
        ],
        progress=[
            LevelView(
                jobLevel=level,
                startedAt=started.get(level),
                labelingJobs=[_job_view(task, job) for job in found.jobs if job.level == level],
            )
            for level in levels
        ],
        timeline=sorted(timeline, key=lambda entry: entry.at),
        summaryS3Uri=task.summary_uri,
    )


def _job_view(task: Task, job: progress.JobProgress) -> JobView:
    output = announcing.output_manifest(task.task_id, job.level, job.job_name)
    return JobView(
        jobName=job.job_name,
        dataObjects=job.objects,
        waiting=job.waiting,
        sent=job.sent,
        labeled=job.labeled,
        failed=job.failed,
        stopped=job.stopped,
        expiries=job.expiries,
        resends=max(0, job.full_sends - 1),
        inputManifestS3Uri=job.input_manifest,
        outputManifestS3Uri=str(output) if task.summary_uri is not None else None,
    )
