"""Streaming labeling jobs: started, looked at, stopped, replaced. The door to Ground Truth."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.exceptions import PutError, UpdateError

from everlabel import aws, clock, job_table, objects, topics
from everlabel.errors import LabelingJobNotReady, LabelingJobNotRunning
from everlabel.job_table import STARTING_OR_RUNNING, JobState, LabelingJob
from everlabel.labeling_job_request import Places, annotation_type, label_attribute, labeling_job_name, request
from everlabel.s3_uri import S3Uri
from everlabel.task_types import TASK_TYPES, Media
from everlabel.worker_templates import worker_template

BY_REQUEST = "a person"
_MOST_KEPT_BYTES = 390_000
"""Of a request as JSON: an item has at most 400 KB, says
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html; the rest of it has less than 5."""
_AT_ONCE = timedelta(hours=1)
"""A job that failed later could work, though nobody had anything to label: jobs may expire after 30 days, says
https://docs.aws.amazon.com/sagemaker/latest/dg/sms-streaming-labeling-job.html."""


class NameTaken(Exception):
    """Another request has this name already."""


class GroundTruthRefused(Exception):
    """Ground Truth does not take the request, with its own words."""


class RequestTooLarge(Exception):
    """The request and its label category configuration are more than the job table keeps."""


class BeingReplaced(Exception):
    """Another incarnation of the job began in this moment."""


def start(body: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[LabelingJob, bool]:
    """Starts a job, or finds the one that this very request started. Every step can be repeated.

    A job of the same request that ended is started again as a new incarnation. A name whose first request Ground Truth
    refused is free again. Returns the job and whether it is new.

    Raises:
        RequestTooLarge: if it cannot be kept.
        NameTaken: if another request has the name.
        GroundTruthRefused: if Ground Truth does not take it.
    """
    asked = json.dumps({"body": body, "config": config}, sort_keys=True)
    if len(asked) > _MOST_KEPT_BYTES:
        raise RequestTooLarge(f"makes the request {len(asked)} bytes of JSON; at most {_MOST_KEPT_BYTES} are kept")
    job, is_new = _reserve(body, config, asked)
    if not is_new and job.labeling_job_arn is not None and refresh(job) in (*STARTING_OR_RUNNING, JobState.STOPPING):
        return job, False
    if job.labeling_job_arn is not None or job.stopped_by is not None:
        job = _next_incarnation(job)
    _create(job)
    return job, is_new


def _reserve(body: Mapping[str, Any], config: Mapping[str, Any], asked: str) -> tuple[LabelingJob, bool]:
    name, stack = body["jobName"], aws.setting("POWERTOOLS_SERVICE_NAME")
    root = S3Uri(aws.bucket(), f"labeling-jobs/{name}")
    now = clock.iso(clock.now())
    job = LabelingJob(
        job_name=name,
        task_type=body["taskType"],
        annotation_type=annotation_type(body),
        label_attribute=label_attribute(body),
        audit_label_attribute=config.get("auditLabelAttributeName"),
        input_topic=_input_topic(name, 0),
        output_topic=topics.arn(f"{_topic(name)}_output"),
        output_path=str(root / "output/"),
        labeling_job_name=labeling_job_name(stack, name, 0),
        state=JobState.INITIALIZING,
        request=asked,
        created_at=now,
        updated_at=now,
    )
    try:
        never_ran = (LabelingJob.state == JobState.FAILED) & LabelingJob.labeling_job_arn.does_not_exist()
        job.save(LabelingJob.job_name.does_not_exist() | (never_ran & (LabelingJob.epoch == 0)))
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        found = job_table.find(name)
        if found is None or found.request != asked:
            # A request that names its configuration is another one once that place holds other labels.
            at_place = " (what labelCategoryConfigS3Uri leads to counts)" if "labelCategoryConfigS3Uri" in body else ""
            raise NameTaken(
                f"labeling job {name!r} exists and was made by another request{at_place}; use another name, "
                f"or POST the request that made it: GET /labeling-jobs/{name} shows it"
            ) from None
        return found, False
    return job, True


def _topic(job_name: str) -> str:
    # An underscore can be in neither name, so no stack and job are ever taken for others.
    return f"GroundTruth-{aws.setting('POWERTOOLS_SERVICE_NAME')}_{job_name}"


def _input_topic(job_name: str, epoch: int) -> str:
    """Each incarnation has its own, so that what is published late for one never reaches the next."""
    return topics.arn(f"{_topic(job_name)}_input-{epoch}")


def _next_incarnation(job: LabelingJob, *, unless_stopped: bool = False) -> LabelingJob:
    """Counts the epoch up; whoever loses the race takes the winner's."""
    epoch = int(job.epoch) + 1
    condition = LabelingJob.epoch == job.epoch
    if unless_stopped:
        condition &= LabelingJob.stopped_by.does_not_exist()
    try:
        job.update(
            actions=[
                LabelingJob.epoch.set(epoch),
                LabelingJob.labeling_job_name.set(
                    labeling_job_name(aws.setting("POWERTOOLS_SERVICE_NAME"), job.job_name, epoch)
                ),
                LabelingJob.input_topic.set(_input_topic(job.job_name, epoch)),
                LabelingJob.labeling_job_arn.remove(),
                LabelingJob.state.set(JobState.INITIALIZING),
                LabelingJob.stopped_by.remove(),
                LabelingJob.failure_reason.remove(),
                LabelingJob.manifest_before.set(output_manifest(job) if job.labeling_job_arn else job.manifest_before),
                LabelingJob.output_manifest.remove(),
                LabelingJob.updated_at.set(clock.iso(clock.now())),
            ],
            condition=condition,
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        job.refresh(consistent_read=True)
    return job


def _create(job: LabelingJob) -> None:
    asked = json.loads(job.request)
    body, config = asked["body"], asked["config"]
    root = S3Uri(aws.bucket(), f"labeling-jobs/{job.job_name}")
    config_uri = root / "label-category-config.json"
    objects.put_json(config_uri, config)
    template_uri = None
    if TASK_TYPES[job.task_type].media is Media.IMAGE:
        template_uri = body["settings"].get("UiTemplateS3Uri")
        if template_uri is None:
            template = root / "worker-template.liquid.html"
            objects.put(template, worker_template(body["taskType"]).encode(), "text/html")
            template_uri = str(template)
    role = aws.setting("GROUND_TRUTH_ROLE")
    by_role = {"Effect": "Allow", "Principal": {"AWS": role}}
    # The function's own role publishes by its identity policy; these let Ground Truth in.
    topics.create(job.input_topic, [{**by_role, "Sid": "GroundTruthSubscribes", "Action": "sns:Subscribe"}])
    topics.create(job.output_topic, [{**by_role, "Sid": "GroundTruthAnnounces", "Action": "sns:Publish"}])
    topics.subscribe_queue(job.output_topic, aws.setting("LABELS_QUEUE"))
    places = Places(job.input_topic, job.output_topic, job.output_path, str(config_uri), template_uri)
    wanted = request(body, job.labeling_job_name, places, role, aws.region())
    try:
        arn = aws.sagemaker().create_labeling_job(**wanted)["LabelingJobArn"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ResourceInUse":
            made = _find_made(job)
            if made is None:
                _create(_next_incarnation(job))
                return
            arn = made
        elif code in {"ValidationException", "ResourceLimitExceeded", "ResourceNotFound"}:
            reason = f"Ground Truth refused the job: {error.response['Error']['Message']}"
            _note_state(job, JobState.FAILED, reason)
            raise GroundTruthRefused(reason) from None
        else:
            raise
    job.update(
        actions=[
            LabelingJob.labeling_job_arn.set(arn),
            LabelingJob.state.set(JobState.INITIALIZING),
            LabelingJob.failure_reason.remove(),
            LabelingJob.updated_at.set(clock.iso(clock.now())),
        ],
        condition=LabelingJob.epoch == job.epoch,
    )


def _find_made(job: LabelingJob) -> str | None:
    """The ARN of an incarnation that an earlier call made and died before it could note it.

    None if the job of this name has ended: it is of an earlier stack of this name, and names are never free again.
    They are unique whatever their case, so a name alone does not say that a job is ours.
    """
    found = aws.sagemaker().describe_labeling_job(LabelingJobName=job.labeling_job_name)
    if found["LabelingJobStatus"] not in STARTING_OR_RUNNING:
        return None
    if found["InputConfig"]["DataSource"].get("SnsDataSource", {}).get("SnsTopicArn") != job.input_topic:
        reason = f"Ground Truth has another labeling job of the name {job.labeling_job_name!r}"
        _note_state(job, JobState.FAILED, reason)
        raise GroundTruthRefused(reason)
    return found["LabelingJobArn"]


def describe(job: LabelingJob) -> Mapping[str, Any] | None:
    """What Ground Truth says of the job's current incarnation, or None if there is none yet."""
    if job.labeling_job_arn is None:
        return None
    return aws.sagemaker().describe_labeling_job(LabelingJobName=job.labeling_job_name)


def refresh(job: LabelingJob) -> str:
    """The job's state as Ground Truth has it now, noted if it changed."""
    found = describe(job)
    if found is None:
        return str(job.state)
    manifest = found.get("LabelingJobOutput", {}).get("OutputDatasetS3Uri")
    return _note_state(job, str(found["LabelingJobStatus"]), manifest=manifest)


def output_manifest(job: LabelingJob) -> str:
    """Where the current incarnation writes what became of each object.

    https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html
    """
    return job.output_manifest or f"{job.output_path}{job.labeling_job_name}/manifests/output/output.manifest"


def _note_state(job: LabelingJob, state: str, reason: str | None = None, manifest: str | None = None) -> str:
    """Notes the state of the job's current incarnation; returns it, or that of a newer one that is there by now.

    `reason` is why Ground Truth refused to start it, None if it did not.
    """
    manifest = manifest or job.output_manifest
    if (state, reason, manifest) != (job.state, job.failure_reason, job.output_manifest):
        because, place = LabelingJob.failure_reason, LabelingJob.output_manifest
        try:
            job.update(
                actions=[
                    LabelingJob.state.set(state),
                    because.remove() if reason is None else because.set(reason),
                    place.remove() if manifest is None else place.set(manifest),
                    LabelingJob.updated_at.set(clock.iso(clock.now())),
                ],
                condition=LabelingJob.epoch == job.epoch,
            )
        except UpdateError as error:
            if error.cause_response_code != "ConditionalCheckFailedException":
                raise
            job.refresh(consistent_read=True)
    return str(job.state)


def in_progress(job_name: str, job: LabelingJob | None) -> LabelingJob:
    """The job of this name, as the job table has it, if what is published to it now reaches it: publishing to a
    stopped job succeeds and is lost.

    Raises:
        LabelingJobNotReady: if it is Initializing, or ended by itself and is about to be replaced, or nobody knows.
        LabelingJobNotRunning: if there is none, or a person stopped it.
    """
    if job is None:
        raise LabelingJobNotRunning(f"there is no labeling job {job_name!r}")
    try:
        state = refresh(job)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ThrottlingException":
            raise
        # After a replacement all tasks ask at once, and that is no reason to fail any.
        raise LabelingJobNotReady(f"labeling job {job_name!r} is asked for by too many at once") from None
    if state == JobState.IN_PROGRESS:
        return job
    if state == JobState.INITIALIZING or job.stopped_by is None:
        raise LabelingJobNotReady(f"labeling job {job_name!r} is {state}, not InProgress")
    raise LabelingJobNotRunning(f"labeling job {job_name!r} is {state}: stopped by {job.stopped_by}")


def stop(job: LabelingJob) -> None:
    """Stops the job for good, also one that ended by itself and is about to be replaced.

    What is open there stays open until the job is started again. Raises BeingReplaced if the job is another by now.
    """
    try:
        job.update(
            actions=[LabelingJob.stopped_by.set(BY_REQUEST), LabelingJob.updated_at.set(clock.iso(clock.now()))],
            condition=LabelingJob.epoch == job.epoch,
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        raise BeingReplaced(f"labeling job {job.job_name!r} is being replaced in this moment; ask again") from None
    if refresh(job) == JobState.IN_PROGRESS:
        aws.sagemaker().stop_labeling_job(LabelingJobName=job.labeling_job_name)
        refresh(job)


def find_ended(labeling_job_arn: str) -> LabelingJob | None:
    """The job whose incarnation has this ARN, if that ended and must be replaced.

    None if the ARN is of none of our jobs or of an earlier incarnation, or the job runs, or a person stopped it, or it
    failed before it labeled anything: the next one would fail as well. An incarnation whose replacement was begun and
    not finished still counts as ended.
    """
    ended = labeling_job_arn.rpartition("/")[2].lower()  # SageMaker writes names in lower case into ARNs
    stack = aws.setting("POWERTOOLS_SERVICE_NAME")
    for job in LabelingJob.scan(consistent_read=True):
        if job.labeling_job_name.lower() == ended:
            return job if must_be_replaced(job) else None
        if job.labeling_job_arn is None and ended == labeling_job_name(stack, job.job_name, int(job.epoch) - 1).lower():
            return job
    return None


def must_be_replaced(job: LabelingJob) -> bool:
    """Whether the job's current incarnation ended, nobody stopped it, and the next one would do better."""
    return refresh(job) not in STARTING_OR_RUNNING and job.stopped_by is None and not _never_worked(job)


def _never_worked(job: LabelingJob) -> bool:
    """Whether Ground Truth failed the job at once, before anything was labeled; then it is not replaced."""
    found = describe(job)
    if found is None or found["LabelingJobStatus"] != JobState.FAILED or found["LabelCounters"].get("TotalLabeled"):
        return False
    if found["LastModifiedTime"] - found["CreationTime"] > _AT_ONCE:
        return False
    why = f"Ground Truth, because it failed at once: {found.get('FailureReason', 'no reason given')}"
    job.update(actions=[LabelingJob.stopped_by.set(why)], condition=LabelingJob.epoch == job.epoch)
    return True


def replace(job: LabelingJob) -> LabelingJob | None:
    """Starts a new incarnation of a job that `find_ended` found. Every step can be repeated.

    Returns None if a person stopped the job meanwhile.
    """
    if job.labeling_job_arn is not None:
        job = _next_incarnation(job, unless_stopped=True)
    if job.stopped_by is not None:
        return None
    _create(job)
    return job
