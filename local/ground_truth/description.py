"""A labeling job as the API describes it.

Source: SageMaker API reference (DescribeLabelingJob, LabelingJobSummary).
"""

import hashlib
from typing import Any

from local.ground_truth.record import Record

_ECHOED = (
    "LabelingJobName",
    "LabelAttributeName",
    "InputConfig",
    "OutputConfig",
    "RoleArn",
    "LabelCategoryConfigS3Uri",
    "StoppingConditions",
    "HumanTaskConfig",
    "Tags",
)
_LISTED_ONLY = ("WorkteamArn", "PreHumanTaskLambdaArn", "AnnotationConsolidationLambdaArn")


def description(record: Record) -> dict[str, Any]:
    """The answer to DescribeLabelingJob."""
    described = {name: record.asked[name] for name in _ECHOED if name in record.asked}
    common = {name: value for name, value in summary(record).items() if name not in _LISTED_ONLY}
    return described | common | {"JobReferenceCode": reference_code(record)}


def summary(record: Record) -> dict[str, Any]:
    """The job's entry in ListLabelingJobs."""
    counters = record.job.counters
    human = record.asked["HumanTaskConfig"]
    summary = {
        "LabelingJobName": record.request.name,
        "LabelingJobArn": record.arn,
        "LabelingJobStatus": str(record.status),
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        "LabelCounters": {
            "TotalLabeled": counters.labeled,
            "HumanLabeled": counters.labeled,
            "MachineLabeled": 0,
            "FailedNonRetryableError": counters.failed,
            "Unlabeled": counters.unlabeled,
        },
        "LabelingJobOutput": {"OutputDatasetS3Uri": record.delivery.manifest_uri},
        "WorkteamArn": record.request.team,
        "PreHumanTaskLambdaArn": human["PreHumanTaskLambdaArn"],
        "AnnotationConsolidationLambdaArn": human["AnnotationConsolidationConfig"]["AnnotationConsolidationLambdaArn"],
        "InputConfig": record.asked["InputConfig"],
    }
    return summary | ({"FailureReason": record.reason} if record.reason else {})


def reference_code(record: Record) -> str:
    """The job's `JobReferenceCode`."""
    return hashlib.sha256(record.arn.encode()).hexdigest()[:10]
