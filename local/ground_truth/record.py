"""One labeling job as the API shows it, with everything that belongs to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.ground_truth.delivery import Delivery
from local.ground_truth.events import JobStatus
from local.ground_truth.labeling_job import JobSettings, LabelingJob
from local.ground_truth.requests import JobRequest


@dataclass
class Record:
    """One job as the API shows it. `status` lags behind the model's until what it promises is true: InProgress means
    that the queue is subscribed."""

    asked: Mapping[str, Any]
    request: JobRequest
    arn: str
    created: datetime
    modified: datetime
    queue_url: str
    queue_arn: str
    job: LabelingJob
    delivery: Delivery
    status: JobStatus = JobStatus.INITIALIZING
    reason: str = ""
    subscription: str | None = None


def settings_of(request: JobRequest, raised: Mapping[str, float]) -> JobSettings:
    """The settings of a job that was asked for; `raised` are the service's own limits that differ here."""
    return JobSettings(
        name=request.name,
        label_attribute=request.label_attribute,
        max_concurrent_tasks=request.max_concurrent_tasks,
        workers_per_object=request.workers_per_object,
        availability_lifetime=request.availability_lifetime,
        task_time_limit=request.task_time_limit,
        **raised,
    )
