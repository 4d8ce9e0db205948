"""LabelingJobsApi: starts, lists and stops the streaming labeling jobs that all clips share."""

from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from everlabel import aws, job_table, labeling_job_request, labeling_jobs, objects, strict_json
from everlabel.api import problems
from everlabel.api.labeling_jobs import (
    LabelingJobDefinition,
    LabelingJobList,
    LabelingJobView,
    StoppedLabelingJob,
    row_of,
    stopped_view_of,
    view_of,
)
from everlabel.definition import Fault
from everlabel.job_table import JobState, LabelingJob
from everlabel.s3_uri import S3Uri

logger = Logger()
app = APIGatewayHttpResolver(enable_validation=True, response_validation_error_http_code=500)

# DynamoDB takes no key of more than 2,048 bytes; no name that Ground Truth takes comes near.
JobName = Annotated[str, Path(max_length=63)]


def _configuration(body: Any) -> tuple[dict[str, Any] | None, list[Fault]]:
    """The label category configuration of a body of any form, inline or read from S3, or what is wrong with it."""
    inline, text = labeling_job_request.configurations(body)
    if isinstance(inline, dict) or not isinstance(text, str):
        return inline if isinstance(inline, dict) else None, []
    try:
        uri = S3Uri.parse(text)
        if uri.bucket not in aws.setting("CLIP_BUCKETS").split(","):
            raise ValueError(f"is in a bucket that is not allowed; ClipBuckets has: {aws.setting('CLIP_BUCKETS')}")
        if not uri.key:
            raise ValueError("names a bucket but no object in it")
        given = strict_json.read(objects.get(uri))
        if not isinstance(given, dict):
            raise ValueError("does not hold a JSON object")
    except ClientError as error:
        return None, [Fault("labelCategoryConfigS3Uri", f"{text!r} cannot be read: {error.response['Error']['Code']}")]
    except ValueError as error:
        return None, [Fault("labelCategoryConfigS3Uri", f"{text!r} {error}")]
    return given, []


def _faults(body: Any, config: dict[str, Any] | None) -> list[Fault]:
    return labeling_job_request.faults(body, config, aws.setting("POWERTOOLS_SERVICE_NAME"), aws.region())


def _faults_of_any(event: APIGatewayProxyEventV2) -> list[Fault]:
    body = problems.read_body(event)
    config, found = _configuration(body)
    return found + _faults(body, config)


problems.handle(app, logger, {"POST /labeling-jobs": _faults_of_any})


def _find(name: str) -> LabelingJob:
    job = job_table.find(name)
    if job is None:
        raise problems.Refused(HTTPStatus.NOT_FOUND, f"there is no labeling job {name!r}")
    return job


def _view(status: HTTPStatus, job: LabelingJob) -> Response[LabelingJobView]:
    view = view_of(job, labeling_jobs.describe(job))
    return Response(status_code=int(status), content_type="application/json", body=view)


@app.post(
    "/labeling-jobs",
    status_code=201,
    summary="Start a streaming labeling job",
    tags=["Labeling jobs"],
    responses=problems.answers(
        LabelingJobView,
        HTTPStatus.OK,
        HTTPStatus.CREATED,
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.CONFLICT,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
)
def create_labeling_job(body: Annotated[LabelingJobDefinition, Body()]) -> Response[LabelingJobView]:
    """Starts a job that clips are then sent to. The same name and request again give the same job."""
    given = body.model_dump(exclude_none=True, exclude_unset=True)
    config, found = _configuration(given)
    found += _faults(given, config)
    if found or config is None:
        raise problems.faulty(found)
    try:
        job, is_new = labeling_jobs.start(given, labeling_job_request.configuration(given, config))
    except labeling_jobs.RequestTooLarge as error:
        field = "labelCategoryConfig" if "labelCategoryConfig" in given else "labelCategoryConfigS3Uri"
        raise problems.faulty([Fault(field, str(error))]) from None
    except labeling_jobs.NameTaken as error:
        raise problems.Refused(HTTPStatus.CONFLICT, str(error)) from None
    except labeling_jobs.GroundTruthRefused as error:
        raise problems.Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
    logger.info("started" if is_new else "known already", extra={"job": job.job_name, "epoch": int(job.epoch)})
    return _view(HTTPStatus.CREATED if is_new else HTTPStatus.OK, job)


@app.get(
    "/labeling-jobs",
    summary="List labeling jobs",
    tags=["Labeling jobs"],
    responses=problems.answers(LabelingJobList, HTTPStatus.OK),
)
def list_labeling_jobs() -> LabelingJobList:
    """Lists all labeling jobs by name."""
    jobs = sorted(LabelingJob.scan(), key=lambda job: job.job_name)
    return LabelingJobList(labelingJobs=[row_of(job) for job in jobs])


@app.get(
    "/labeling-jobs/<jobName>",
    summary="Show a labeling job",
    tags=["Labeling jobs"],
    responses=problems.answers(LabelingJobView, HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND),
)
def describe_labeling_job(jobName: JobName) -> Response[LabelingJobView]:  # noqa: N803
    """Shows a job with its live state and label counters."""
    job = _find(jobName)
    labeling_jobs.refresh(job)
    return _view(HTTPStatus.OK, job)


@app.post(
    "/labeling-jobs/<jobName>/stop",
    status_code=202,
    summary="Stop a labeling job",
    tags=["Labeling jobs"],
    responses=problems.answers(
        StoppedLabelingJob, HTTPStatus.ACCEPTED, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT
    ),
)
def stop_labeling_job(jobName: JobName) -> Response[StoppedLabelingJob]:  # noqa: N803
    """Stops a job until the request that made it is POSTed again; says what Ground Truth counts as unlabeled there."""
    job = _find(jobName)
    state = labeling_jobs.refresh(job)
    if state == JobState.INITIALIZING:
        raise problems.Refused(
            HTTPStatus.CONFLICT,
            f"labeling job {jobName!r} is Initializing; Ground Truth stops it once it is InProgress",
        )
    if state == JobState.FAILED and job.labeling_job_arn is None and not job.epoch:
        raise problems.Refused(
            HTTPStatus.CONFLICT,
            f"labeling job {jobName!r} never ran, so there is nothing to stop"
            + (f": {job.failure_reason}" if job.failure_reason else ""),
        )
    try:
        labeling_jobs.stop(job)
    except labeling_jobs.BeingReplaced as error:
        raise problems.Refused(HTTPStatus.CONFLICT, str(error)) from None
    body = stopped_view_of(job, labeling_jobs.describe(job))
    return Response(status_code=int(HTTPStatus.ACCEPTED), content_type="application/json", body=body)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes an HTTP API event (payload 2.0) and returns its response."""
    return problems.unreadable(event, "POST /labeling-jobs") or app.resolve(event, context)
