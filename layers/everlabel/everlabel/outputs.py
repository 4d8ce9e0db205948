"""What a completed task leaves in S3: an output manifest per labeling job, the annotation document, and the summary.

tasks/<task id>/level-1/VOTVehicle/output.manifest
                annotations.json
                summary.json
"""

import json
from collections import Counter
from collections.abc import Iterator

from everlabel import annotations, announcing, objects, progress, reading, summaries, task_table
from everlabel.definition import Definition, LabelingStep
from everlabel.errors import ManifestRefused
from everlabel.job_table import LabelingJob
from everlabel.protocol import read_line, without_ids, write_line
from everlabel.s3_uri import S3Uri
from everlabel.task_table import Job, Outcome, Task, job_item


def write(task: Task) -> S3Uri:
    """Writes everything that a task leaves and returns the summary's place.

    Writing it again gives the same manifests and annotations.

    Raises:
        LabelsUnreadable: if a label file is not there (yet) or none.
        ManifestRefused: if a labeling job of the task never began.
    """
    definition = Definition.read(json.loads(task.definition))
    keys = {step: (task.task_id, job_item(step.level, step.job_name)) for step in definition.steps}
    rows, labeling_jobs = reading.rows_and_jobs(keys.values(), (step.job_name for step in definition.steps))
    given: dict[LabelingStep, tuple[Job, LabelingJob]] = {}
    classes: dict[tuple[int, str], Counter[str]] = {}
    for step, key in keys.items():
        place = announcing.output_manifest(task.task_id, step.level, step.job_name)
        counter = classes.setdefault((step.level, step.job_name), Counter())
        job, labeling_job = rows.get(key), labeling_jobs.get(step.job_name)
        if not isinstance(job, Job) or labeling_job is None:
            raise ManifestRefused(f"annotation task {task.task_id} never began {step.job_name} of level {step.level}")
        given[step] = job, labeling_job
        objects.put_lines(place, _output_lines(task.task_id, step, job.label_attribute, counter))
    found = progress.of(task.task_id)
    last = max((job.last_outcome_at for job in found.jobs if job.last_outcome_at is not None), default=task.created_at)
    written = annotations.write(task, definition, given, announcing.annotations(task.task_id), last)
    summary = announcing.root(task.task_id) / "summary.json"
    objects.put_json(summary, summaries.body(task, found, classes, written))
    return summary


def _output_lines(task_id: str, step: LabelingStep, label_attribute: str, classes: Counter[str]) -> Iterator[bytes]:
    """One line a labeled object, in index order, with the labels of this level and of those it was chained from."""
    for done in task_table.done_objects(task_id, step.level, step.job_name):
        if done.outcome != Outcome.LABELED or done.line is None:
            continue
        line = read_line(done.line)
        metadata = line.get(f"{label_attribute}-metadata")
        class_map = metadata.get("class-map") if isinstance(metadata, dict) else None
        if isinstance(class_map, dict):
            # A class map lists the classes that an object has, not how many: so this counts data objects.
            classes.update({str(name) for name in class_map.values()})
        yield write_line(without_ids(line)).encode()
