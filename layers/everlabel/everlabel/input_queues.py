"""The door to the queues that Ground Truth keeps: `GroundTruth-<labeling job>`, in lower case.

https://docs.aws.amazon.com/sagemaker/latest/dg/sms-streaming-how-it-works-sqs.html. They are looked at and never
touched. How old the oldest message is, only CloudWatch says:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from everlabel import aws, clock

_LOOK_BACK = 15 * 60  # metrics come once a minute, some minutes late
_MOST_QUERIES = 500  # in one GetMetricData


def name(labeling_job_name: str) -> str:
    """What the queue of a labeling job is called."""
    return f"GroundTruth-{labeling_job_name.lower()}"


def oldest(labeling_job_name: str) -> float | None:
    """A time before which nothing in a job's queue was sent, in epoch seconds; None if nothing is known.

    That is now if the queue is empty.
    """
    measured = measures([labeling_job_name])
    if measured:
        return measured[labeling_job_name]
    # A queue that nobody has used for hours has no metrics.
    return clock.now() if _is_empty(name(labeling_job_name)) else None


def measures(labeling_job_names: Sequence[str]) -> dict[str, float]:
    """The same for those jobs whose queues have metrics."""
    found: dict[str, float] = {}
    for start in range(0, len(labeling_job_names), _MOST_QUERIES):
        found |= _some(labeling_job_names[start : start + _MOST_QUERIES])
    return found


def _some(jobs: Sequence[str]) -> dict[str, float]:
    now = clock.now()
    answer = aws.cloudwatch().get_metric_data(
        MetricDataQueries=[
            {
                "Id": f"q{position}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SQS",
                        "MetricName": "ApproximateAgeOfOldestMessage",
                        "Dimensions": [{"Name": "QueueName", "Value": name(job)}],
                    },
                    "Period": 60,
                    "Stat": "Maximum",
                },
            }
            for position, job in enumerate(jobs)
        ],
        StartTime=datetime.fromtimestamp(now - _LOOK_BACK, UTC),
        EndTime=datetime.fromtimestamp(now, UTC),
        ScanBy="TimestampDescending",
    )
    newest = {
        result["Id"]: result["Timestamps"][0].timestamp() - result["Values"][0]
        for result in answer["MetricDataResults"]
        if result["Values"]
    }
    return {job: newest[f"q{position}"] for position, job in enumerate(jobs) if f"q{position}" in newest}


def is_there(labeling_job_name: str) -> bool:
    """Whether a job still has its queue; if somebody deleted it, what is sent is dropped although a topic has it."""
    return _find(name(labeling_job_name)) is not None


def _is_empty(queue: str) -> bool:
    url = _find(queue)
    if url is None:
        return False
    counts = aws.sqs().get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    )["Attributes"]
    return not any(int(count) for count in counts.values())


def _find(queue: str) -> str | None:
    try:
        return aws.sqs().get_queue_url(QueueName=queue)["QueueUrl"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}:
            raise
        return None
