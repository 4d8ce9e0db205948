"""What a labeling job of a level is given: its input manifest, frozen when the level begins.

A first level gets the clip's frames, a later one the accepted labels of the labeling job that it is chained from.
"""

from collections.abc import Iterator

from pynamodb.exceptions import PutError

from everlabel import aws, clock, objects, task_table
from everlabel.definition import Definition, LabelingStep
from everlabel.errors import ManifestRefused
from everlabel.job_table import LabelingJob
from everlabel.objects import Written
from everlabel.protocol import read_line, without_ids, write_line
from everlabel.s3_uri import S3Uri
from everlabel.task_table import Frames, Job, Outcome
from everlabel.task_types import TASK_TYPES, Media


def freeze(
    task_id: str, definition: Definition, step: LabelingStep, labeling_job: LabelingJob
) -> tuple[Job, Written | None]:
    """Writes a job's input manifest once; what is sent later is always read from it.

    Returns with it what was written, unless somebody else was first.

    Raises:
        ManifestRefused: if there are no frames to make it of.
    """
    uri = S3Uri(aws.bucket(), f"tasks/{task_id}/level-{step.level}/{step.job_name}/input.manifest")
    lines = (
        _frame_lines(task_id, step, labeling_job) if step.chain_from is None else _chained(task_id, definition, step)
    )
    written = objects.put_lines(uri, lines)
    job = Job(
        task_id=task_id,
        item=task_table.job_item(step.level, step.job_name),
        manifest_uri=str(uri),
        manifest_sha256=written.sha256,
        label_attribute=labeling_job.label_attribute,
        objects=written.lines,
        updated_at=clock.iso(clock.now()),
    )
    try:
        job.save(Job.task_id.does_not_exist())
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        found = task_table.find_job(task_id, step.level, step.job_name)
        if found is None:
            raise
        return found, None
    return job, written


def _frame_lines(task_id: str, step: LabelingStep, labeling_job: LabelingJob) -> Iterator[bytes]:
    frames = Frames.get(task_id, task_table.frames_item(str(step.fps)), consistent_read=True)
    by_image = TASK_TYPES[labeling_job.task_type].media is Media.IMAGE
    manifest = frames.frames_manifest if by_image else frames.sequences_manifest
    if manifest is None:
        raise ManifestRefused(f"annotation task {task_id} has no frames at {step.fps} fps yet")
    return objects.get_lines(S3Uri.parse(manifest))


def _chained(task_id: str, definition: Definition, step: LabelingStep) -> Iterator[bytes]:
    """The accepted labels of the source, object by object. What failed there has no labels to go on with."""
    source = definition.source(step)
    for done in task_table.done_objects(task_id, source.level, source.job_name):
        if done.outcome == Outcome.LABELED and done.line is not None:
            yield write_line(without_ids(read_line(done.line))).encode()
