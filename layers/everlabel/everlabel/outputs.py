"""What a completed task leaves in S3: an output manifest per labeling job, and the summary."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from everlabel import aws, clock, objects, progress, task_table
from everlabel.definition import Definition, LabelingStep
from everlabel.errors import ManifestRefused
from everlabel.protocol import read_line, without_ids, write_line
from everlabel.s3_uri import S3Uri
from everlabel.task_table import Job, Outcome, Task


def write(task: Task) -> S3Uri:
    """Writes the output manifests and the summary of a task and returns the summary's place.

    Writing them again gives the same manifests.
    """
    definition = Definition.read(json.loads(task.definition))
    root = S3Uri(aws.bucket(), f"tasks/{task.task_id}")
    classes: dict[tuple[int, str], Counter[str]] = {}
    for step in definition.steps:
        place = root / f"level-{step.level}/{step.job_name}/output.manifest"
        counter = classes.setdefault((step.level, step.job_name), Counter())
        job = task_table.find_job(task.task_id, step.level, step.job_name)
        if job is None:
            raise ManifestRefused(f"annotation task {task.task_id} never began {step.job_name} of level {step.level}")
        objects.put_lines(place, _output_lines(task.task_id, step, job.label_attribute, counter))
        job.update(actions=[Job.output_manifest_uri.set(str(place))])
    summary = root / "summary.json"
    objects.put_json(summary, _summary(task, classes))
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


def _summary(task: Task, classes: dict[tuple[int, str], Counter[str]]) -> dict[str, Any]:
    found = progress.of(task.task_id)
    definition = json.loads(task.definition)
    return {
        "version": 1,
        "taskId": task.task_id,
        "clipId": task.clip_id,
        "clipS3Uri": task.clip_uri,
        "attributes": definition.get("attributes", {}),
        "createdAt": task.created_at,
        "summarizedAt": clock.iso(clock.now()),
        "frames": [
            {"fps": float(frames.item.partition("#")[2]), "count": int(frames.extracted)} for frames in found.frames
        ],
        "labelingJobs": [
            {
                "jobName": job.job_name,
                "jobLevel": job.level,
                "dataObjects": job.objects,
                "labeled": job.labeled,
                "failed": job.failed,
                "expiries": job.expiries,
                "resends": max(0, job.full_sends - 1),
                "dataObjectsPerClass": dict(sorted(classes[(job.level, job.job_name)].items())),
                "outputManifestS3Uri": job.output_manifest,
            }
            for job in found.jobs
        ],
    }
