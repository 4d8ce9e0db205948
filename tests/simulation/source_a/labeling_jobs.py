"""Source A's API for labeling jobs. A job that ended is started anew when somebody asks for it, and only then."""

import json
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from everlabel import aws, topics
from everlabel.labeling_job_request import Places, configuration, label_attribute, labeling_job_name, request
from everlabel.task_types import TASK_TYPES, Media
from everlabel.worker_templates import worker_template
from tests.simulation.source_a import task_table

_RUNNING = {"Initializing", "InProgress"}


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """POST /labeling-jobs and POST /labeling-jobs/{name}/stop."""
    stack = aws.setting("POWERTOOLS_SERVICE_NAME")
    if "pathParameters" in event:
        job_name, number, status = _newest(stack, event["pathParameters"]["name"])
        if status not in _RUNNING:
            return _response(409)
        aws.sagemaker().stop_labeling_job(LabelingJobName=labeling_job_name(stack, job_name, number))
        return _response(202)
    body = json.loads(event["body"])
    job_name, number, status = _newest(stack, body["jobName"])
    if status not in _RUNNING:
        _start(body, labeling_job_name(stack, job_name, number if status is None else number + 1))
    return _response(201)


def _newest(stack: str, job_name: str) -> tuple[str, int, str | None]:
    """The number and the status of the last labeling job that there is for a name; of none, number 0 and None."""
    status = None
    for number in count():
        try:
            described = aws.sagemaker().describe_labeling_job(
                LabelingJobName=labeling_job_name(stack, job_name, number)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFound":
                raise
            return job_name, max(0, number - 1), status
        status = described["LabelingJobStatus"]
    raise AssertionError


def _start(body: dict[str, Any], name: str) -> None:
    job_name, prefix = body["jobName"], f"labeling-jobs/{body['jobName']}"
    is_image = TASK_TYPES[body["taskType"]].media is Media.IMAGE
    given = configuration(body, body["labelCategoryConfig"])
    config = _put(f"{prefix}/config.json", json.dumps(given))
    template = _put(f"{prefix}/template.html", worker_template(body["taskType"])) if is_image else None
    topic = f"GroundTruth-{aws.setting('POWERTOOLS_SERVICE_NAME')}_{job_name}"
    places = Places(
        topics.arn(f"{topic}_input"),
        topics.arn(f"{topic}_output"),
        f"s3://{aws.bucket()}/{prefix}/output/",
        config,
        template,
    )
    for side in ("input", "output"):
        aws.sns().create_topic(Name=f"{topic}_{side}")
    topics.subscribe_queue(places.output_topic, aws.setting("LABELS_QUEUE"))
    task_table.put_job(
        job_name,
        input_topic=places.input_topic,
        label_attribute=label_attribute(body),
        media="frames" if is_image else "sequences",
    )
    wanted = request(body, name, places, aws.setting("GROUND_TRUTH_ROLE"), aws.region())
    aws.sagemaker().create_labeling_job(**wanted)


def _put(key: str, text: str) -> str:
    aws.s3().put_object(Bucket=aws.bucket(), Key=key, Body=text.encode())
    return f"s3://{aws.bucket()}/{key}"


def _response(status: int) -> dict[str, Any]:
    return {"statusCode": status, "body": "{}"}
