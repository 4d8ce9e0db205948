"""The annotation tasks that `events/` speaks of: one for each step, standing where that step begins.

So each event can be tried at any time and in any order, and no execution is at work on the same task. Written with
the application's own models, in a process that has the functions' environment (see `local.seed`); nothing about a
table is said here again.
"""

import json
from typing import Any

from everlabel import aws, clock, executions, frames, manifest, moves, objects, task_table
from everlabel.data_object import DeduplicationId, ObjectKey
from everlabel.definition import Definition, clip_id, task_id
from everlabel.protocol import input_message
from everlabel.s3_uri import S3Uri
from everlabel.task_table import Job, Level, Task, TaskStatus

CLIP = "s3://clip_bucket_fake/clip_id_1234"
FIRST, SECOND = "VOTVehicle", "AdjVOTVehicle"

RESEND_AFTER_SECONDS, MAX_EXPIRIES, MAX_AGE_SECONDS = 432_000, 10, 15_552_000
_LONG = 900.0
_LABELS = {
    "tracking-annotations": [
        {
            "annotations": [
                {
                    "class-id": "0",
                    "left": 100,
                    "top": 60,
                    "width": 80,
                    "height": 50,
                    "label-category-attributes": {},
                    "object-id": "6f9b5d5e-0000-4000-8000-000000000000",
                    "object-name": "car:1",
                }
            ],
            "frame-no": "0",
            "frame": manifest.frame_name(1),
            "frame-attributes": {},
        }
    ]
}
"""What workers of both levels drew: one car."""


def definition(function: str, fps: int = 1) -> dict[str, Any]:
    """The definition of the task that an event is about: the clip's id is the event's name."""
    return {
        "clipId": function,
        "labelingJobs": [
            {"jobName": FIRST, "inputConfig": {"clipS3Uri": CLIP, "fps": fps}, "jobLevel": 1},
            {"jobName": SECOND, "inputConfig": {"chainFromJobName": FIRST}, "jobLevel": 2},
        ],
    }


def handler(_event: dict[str, Any], _context: object) -> dict[str, str]:
    """Writes the tasks; returns their ids by the events' names."""
    return {
        # At a rate that no other task has: there is something left to extract.
        "transformation": _task("transformation", fps=2).task_id,
        "trigger_labeling": _with_frames("trigger_labeling").task_id,
        "check_for_completion": _sent("check_for_completion"),
        "receive_labels": _sent("receive_labels"),
        "post_processing": _labeled("post_processing"),
        "batch_error": _sent("batch_error"),
        "execution_state_change": _sent("execution_state_change"),
    }


def _task(function: str, fps: int = 1) -> Task:
    body = definition(function, fps)
    read = Definition.read(body, RESEND_AFTER_SECONDS, MAX_EXPIRIES, MAX_AGE_SECONDS)
    now, known_as = clock.iso(clock.now()), task_id(body)
    machine = f"arn:aws:states:{aws.region()}:123456789012:execution:everlabel-AnnotationTask"
    task = Task(
        task_id=known_as,
        item=task_table.TASK,
        status=TaskStatus.IN_PROGRESS,
        created_at=now,
        updated_at=now,
        definition=json.dumps(body),
        clip_id=clip_id(body),
        clip_uri=str(read.clip),
        levels=read.levels,
        resend_after_seconds=read.resend_after_seconds,
        max_expiries=read.max_expiries,
        max_age_seconds=read.max_age_seconds,
        execution=f"{machine}:{executions.name(known_as, 0)}",
    )
    task.save()
    return task


def _with_frames(function: str) -> Task:
    task = _task(function)
    if not frames.transform(task, lambda: _LONG):
        raise TimeoutError(f"no frames of {CLIP} within {_LONG} seconds")
    return task


def _sent(function: str) -> str:
    """Level 1 waits for its one data object. Nobody works on it, so it stays so until the event comes."""
    task = _with_frames(function)
    _begin(task, 1, FIRST, is_last=False)
    return task.task_id


def _labeled(function: str) -> str:
    """Both levels have their label."""
    task = _with_frames(function)
    line: dict[str, Any] = {"source-ref": str(_sequence(task))}
    for level, job_name in ((1, FIRST), (2, SECOND)):
        key = _begin(task, level, job_name, is_last=level == 2)
        place = S3Uri(aws.bucket(), f"labeling-jobs/{job_name}/output/everlabel-{job_name}-0/annotations")
        # Not a number: those are of objects that Ground Truth itself was sent.
        file = place / f"consolidated-annotation/output/{function}/SeqLabel.json"
        objects.put_json(file, _LABELS)
        line |= {
            f"{job_name}-ref": str(file),
            f"{job_name}-ref-metadata": {
                "class-map": {"0": "car"},
                "job-name": f"labeling-job/everlabel-{job_name}-0",
                "human-annotated": "yes",
                "creation-date": "2026-11-20T10:00:00.000000",
                "type": "groundtruth/video-object-tracking",
            },
        }
        moves.label(key, 0, input_message(line, DeduplicationId(key, 0, 0), aws.bucket()))
    return task.task_id


def _begin(task: Task, level: int, job_name: str, *, is_last: bool) -> ObjectKey:
    """A level with one labeling job that was sent one data object."""
    now = clock.now()
    uri = S3Uri(aws.bucket(), f"tasks/{task.task_id}/level-{level}/{job_name}/input.manifest")
    written = objects.put_lines(uri, [manifest.manifest([_sequence(task)])])
    Level(
        task_id=task.task_id,
        item=task_table.level_item(level),
        is_last=is_last,
        tolerates_failures=False,
        rounds=1,
        back_at=now + RESEND_AFTER_SECONDS,  # or the reconciler takes its execution for dead
        started_at=clock.iso(now),
    ).save()
    Job(
        task_id=task.task_id,
        item=task_table.job_item(level, job_name),
        manifest_uri=str(uri),
        manifest_sha256=written.sha256,
        label_attribute=f"{job_name}-ref",
        objects=written.lines,
        created=written.lines,
        cursor=None,
        last_full_send=now,
        full_sends=1,
        updated_at=clock.iso(now),
    ).save()
    key = ObjectKey(task.task_id, level, job_name, 0)
    moves.create([key], 0)
    return key


def _sequence(task: Task) -> S3Uri:
    found = task_table.Frames.get(task.task_id, task_table.frames_item("1"), consistent_read=True)
    return S3Uri.parse(found.prefix) / "sequence-0001.json"
