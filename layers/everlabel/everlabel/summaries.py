"""The summary of a completed task: counts and figures for people and programs that do not read every label."""

import json
from collections import Counter
from typing import Any

from everlabel import announcing, clock
from everlabel.annotations import Annotations
from everlabel.merging import Step
from everlabel.progress import JobProgress, Progress
from everlabel.task_table import Task

VERSION = 2
"""Goes up when a key changes its meaning or goes; that one is added does not count."""


def body(task: Task, found: Progress, classes: dict[Step, Counter[str]], written: Annotations) -> dict[str, Any]:
    """The summary as JSON has it; `docs/annotations.md` says what each key means.

    Args:
        classes: by level and labeling job, how many data objects have each class.
        written: what was found while the annotation document was written.
    """
    document = written.document
    sizes = {frame.fps: (frame.width, frame.height) for frame in reversed(document.frames)}
    return {
        "version": VERSION,
        "taskId": task.task_id,
        "clipId": task.clip_id,
        "clipS3Uri": task.clip_uri,
        "attributes": json.loads(task.definition).get("attributes", {}),
        "taxonomy": document.taxonomy,
        "createdAt": task.created_at,
        "completedAt": document.completed_at,
        "summarizedAt": clock.iso(clock.now()),
        "annotationsS3Uri": str(announcing.annotations(task.task_id)),
        "frames": [
            _frames(float(frames.item.partition("#")[2]), int(frames.extracted), sizes) for frames in found.frames
        ],
        "labelingJobs": [_job(task.task_id, job, classes, written) for job in found.jobs],
        "levels": _levels(found, written),
        **written.counts.as_json(document.frames, document.attributes),
    }


def _frames(fps: float, count: int, sizes: dict[float, tuple[int | None, int | None]]) -> dict[str, Any]:
    width, height = sizes.get(fps, (None, None))
    return {"fps": fps, "count": count, "width": width, "height": height}


def _job(task_id: str, job: JobProgress, classes: dict[Step, Counter[str]], written: Annotations) -> dict[str, Any]:
    step = (job.level, job.job_name)
    described = next(each for each in written.document.labeling_jobs if (each.level, each.job_name) == step)
    agreement = written.agreements.get(step)
    return {
        "jobName": job.job_name,
        "jobLevel": job.level,
        "taskType": described.task_type,
        "annotationType": described.annotation_type,
        "chainedFrom": described.chain_from,
        "dataObjects": job.objects,
        "labeled": job.labeled,
        "failed": job.failed,
        "expiries": job.expiries,
        "resends": max(0, job.full_sends - 1),
        "dataObjectsPerClass": dict(sorted(classes[step].items())),
        "outputManifestS3Uri": str(announcing.output_manifest(task_id, *step)),
        "workSeconds": _work(written.work_seconds.get(step, [])),
        "agreement": agreement.as_json() if agreement is not None else None,
    }


def _levels(found: Progress, written: Annotations) -> list[dict[str, Any]]:
    """Expiries, re-sends and work of all labeling jobs of a level together."""
    levels = sorted({job.level for job in found.jobs})
    return [
        {
            "jobLevel": level,
            "expiries": sum(job.expiries for job in found.jobs if job.level == level),
            "resends": sum(max(0, job.full_sends - 1) for job in found.jobs if job.level == level),
            "workSeconds": _work([s for step, each in written.work_seconds.items() if step[0] == level for s in each]),
        }
        for level in levels
    ]


def _work(seconds: list[float]) -> float | None:
    """Together; null where nobody tells."""
    return round(sum(seconds), 3) if seconds else None
