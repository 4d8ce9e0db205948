"""Both algorithms' sending against moto, with everything there that comes before it; what is timed is the sending."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from moto import mock_aws

from local.template import ROOT, Template

_ACCOUNT, _REGION = "123456789012", "us-east-1"
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": _REGION,
    "BUCKET": "everlabel-bucket",
    "TASK_TABLE": "everlabel-TaskTable",
    "JOB_TABLE": "everlabel-JobTable",
    "POWERTOOLS_SERVICE_NAME": "everlabel",
    "RESEND_AFTER_SECONDS": "432000",
}
_JOB, _CLIP = "A1", "s3://clips/clip-1"
_DEFINITION = {
    "labelingJobs": [{"jobName": _JOB, "jobLevel": 1, "inputConfig": {"clipS3Uri": _CLIP, "fps": 1}}],
}


class _SageMaker:
    """The one call that sending makes: moto has no labeling jobs."""

    def describe_labeling_job(self, *, LabelingJobName: str) -> dict[str, Any]:  # noqa: N803
        return {"LabelingJobStatus": "InProgress", "LabelingJobName": LabelingJobName}


def ours(objects: int) -> Callable[[], object]:
    """Gets a level of one image job ready; what is returned sends it for the first time."""
    topic = _cloud(ROOT / "template.yaml")
    # Not before: pynamodb reads the names of the tables when its models are made.
    from everlabel import aws, sending, task_table
    from everlabel.executions import Attempt
    from everlabel.job_table import LabelingJob
    from everlabel.task_table import Frames, Task

    aws.sagemaker = _SageMaker  # type: ignore[assignment]
    now = datetime.now(UTC).isoformat()
    LabelingJob(
        job_name=_JOB,
        task_type="BoundingBox",
        annotation_type="BoundingBox",
        label_attribute=_JOB,
        input_topic=topic,
        output_topic=topic,
        output_path="s3://everlabel-bucket/labeling-jobs/A1/output/",
        labeling_job_name="everlabel-A1-0",
        state="InProgress",
        request=json.dumps({"body": {"settings": {}}, "config": {}}),
        created_at=now,
        updated_at=now,
    ).save()
    task = Task(
        task_id="clip-1",
        item="TASK",
        status="InProgress",
        created_at=now,
        updated_at=now,
        definition=json.dumps(_DEFINITION),
        clip_id="clip-1",
        clip_uri=_CLIP,
        levels=1,
        resend_after_seconds=432_000,
        max_expiries=10,
        max_age_seconds=15_552_000,
    )
    task.save()
    _put("frames.manifest", "".join(json.dumps(line) + "\n" for line in _frames(objects)))
    Frames(
        task_id="clip-1",
        item=task_table.frames_item("1"),
        prefix=f"{_CLIP}/",
        extracted=objects,
        done=True,
        frames_manifest="s3://everlabel-bucket/frames.manifest",
        updated_at=now,
    ).save()
    return partial(sending.send_level, task, 1, Attempt(0, datetime.now(UTC).timestamp()), lambda: 900.0)


def source_a(objects: int) -> Callable[[], object]:
    """The same for source A."""
    topic = _cloud(ROOT / "tests/simulation/source_a/template.yaml")
    from tests.simulation.source_a import task_table, trigger_labeling

    task_table.put(task_table.TASKS, "clip-1", definition=json.dumps(_DEFINITION), status="InProgress")
    task_table.put_job(_JOB, input_topic=topic, label_attribute=_JOB, media="frames")
    _put("tasks/clip-1/frames.json", json.dumps(_frames(objects)))
    event = {"taskId": "clip-1", "level": 1, "execution": "clip-1-1"}
    return partial(trigger_labeling.handler, event, None)


def _cloud(template: Path) -> str:
    """Moto with a template's tables, a bucket, and a topic with a queue behind it, whose ARN is returned."""
    os.environ.update(_ENVIRONMENT)
    mock_aws().start()
    database = boto3.client("dynamodb")
    for name, properties in Template(template).of_type("AWS::DynamoDB::Table").items():
        keys = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
        given = {key: properties[key] for key in keys if key in properties}
        database.create_table(TableName=f"everlabel-{name}", **given)
    boto3.client("s3").create_bucket(Bucket="everlabel-bucket")
    topic = boto3.client("sns").create_topic(Name="input")["TopicArn"]
    boto3.client("sqs").create_queue(QueueName="queue")
    queue = f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:queue"
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    return topic


def _frames(objects: int) -> list[dict[str, str]]:
    return [{"source-ref": f"{_CLIP}/{number:06d}.jpg"} for number in range(1, objects + 1)]


def _put(key: str, text: str) -> None:
    boto3.client("s3").put_object(Bucket="everlabel-bucket", Key=key, Body=text.encode())
