"""Telling whoever listens at Amazon EventBridge that a task is completed.

At least once for each: whoever dies before the event is out is repeated, and repeats it. So listeners go by `taskId`.
"""

import json

from everlabel import aws
from everlabel.errors import NotAnnounced
from everlabel.s3_uri import S3Uri
from everlabel.task_table import Task

SOURCE, DETAIL_TYPE = "everlabel", "AnnotationTaskCompleted"


def root(task_id: str) -> S3Uri:
    """The prefix of everything that a completed task leaves."""
    return S3Uri(aws.bucket(), f"tasks/{task_id}")


def output_manifest(task_id: str, level: int, job_name: str) -> S3Uri:
    """Where a completed task's labels by one of its labeling jobs are, a line an object."""
    return root(task_id) / f"level-{level}/{job_name}/output.manifest"


def annotations(task_id: str) -> S3Uri:
    """Where a completed task's annotation document is."""
    return root(task_id) / "annotations.json"


def completed(task: Task) -> None:
    """Puts `AnnotationTaskCompleted` on the default event bus. The task is Completed.

    Raises:
        NotAnnounced: if EventBridge did not take it.
    """
    detail = {
        "taskId": task.task_id,
        "clipId": task.clip_id,
        "clipS3Uri": task.clip_uri,
        "status": task.status,
        "summaryS3Uri": task.summary_uri,
        "annotationsS3Uri": str(annotations(task.task_id)),
        "taxonomy": json.loads(task.definition).get("taxonomy"),
    }
    answer = aws.events().put_events(
        Entries=[{"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(detail)}]
    )
    if answer["FailedEntryCount"]:
        (entry,) = answer["Entries"]
        raise NotAnnounced(f"Amazon EventBridge says {entry.get('ErrorCode')}: {entry.get('ErrorMessage')}")
