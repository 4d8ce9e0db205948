"""Messages that nobody at Ground Truth wrote, each wrong in one way, so that it belongs into quarantine."""

import json
from collections.abc import Callable
from typing import Any

from tests.simulation.world.plan import ELSEWHERE, FORGED, LABEL_CANARY, PRESIGNED_CANARY, JobPlan

type Line = dict[str, Any]

_ID, _CORRELATION = "everlabel-object-id", "everlabel-correlation-id"


def _unknown_task(line: Line, _job: JobPlan) -> None:
    _name(line, line[_ID].replace(line[_CORRELATION].partition("/")[0], "no-such-task"))


def _unknown_job(line: Line, job: JobPlan) -> None:
    _name(line, line[_ID].replace(f"/{job.name}.", "/NoSuchJob."))


def _no_id(line: Line, _job: JobPlan) -> None:
    del line[_ID]


def _later_incarnation(line: Line, job: JobPlan) -> None:
    _name(line, line[_ID].replace(f"/{job.name}.0/", f"/{job.name}.999/"))


def _beyond_the_last_object(line: Line, _job: JobPlan) -> None:
    _name(line, line[_ID].replace("/000000/", "/099999/"))


def _two_objects(line: Line, _job: JobPlan) -> None:
    line[_CORRELATION] = line[_CORRELATION].replace("000000", "000001")


def _neither_label_nor_failure(line: Line, job: JobPlan) -> None:
    del line[job.label_attribute]


def _labels_elsewhere(line: Line, job: JobPlan) -> None:
    line[job.label_attribute] = f"s3://{ELSEWHERE}/labels.json"


def _another_job_says_so(line: Line, job: JobPlan) -> None:
    line[f"{job.label_attribute}-metadata"]["job-name"] = "labeling-job/somebody-elses"


_WRONG: dict[str, Callable[[Line, JobPlan], None]] = {
    "unknown task": _unknown_task,
    "unknown job": _unknown_job,
    "no id": _no_id,
    "later incarnation": _later_incarnation,
    "beyond the last object": _beyond_the_last_object,
    "two objects": _two_objects,
    "neither label nor failure": _neither_label_nor_failure,
    "labels elsewhere": _labels_elsewhere,
    "another job says so": _another_job_says_so,
    "other topic": lambda _line, _job: None,
    "no envelope": lambda _line, _job: None,
}
FORGERIES = ("not JSON", *_WRONG)
"""What can be wrong with a forged message. Nobody without the topic's consent can write one that is right in
everything, so there is none."""
ON_TOPIC = tuple(variant for variant in FORGERIES if variant not in {"no envelope", "other topic"})


def message(variant: str, event: str, job: JobPlan, task: str, bucket: str) -> str:
    """A forged output message about the first object that a job was given by a task. `event` signs it."""
    if variant == "not JSON":
        return f"{{{FORGED} {event} https://frames.example/?{PRESIGNED_CANARY}"
    line: Line = {
        "source-ref": f"https://frames.example/1.jpg?{PRESIGNED_CANARY}",
        FORGED: event,
        job.label_attribute: {"annotations": [], "class": LABEL_CANARY},
        f"{job.label_attribute}-metadata": {"class-map": {"0": LABEL_CANARY}, "human-annotated": "yes"},
        "dataset-objectid-attribute-name": _ID,
    }
    _name(line, f"s3://{bucket}/{task}/{job.level}/{job.name}.0/000000/g0")
    _WRONG[variant](line, job)
    return json.dumps(line)


def envelope(variant: str, text: str, topic: str) -> str:
    """How it stands in the labels queue, as if Amazon SNS had put it there."""
    if variant == "no envelope":
        return text
    topic = f"{topic}-of-somebody" if variant == "other topic" else topic
    return json.dumps({"Type": "Notification", "MessageId": "forged", "TopicArn": topic, "Message": text})


def _name(line: Line, object_id: str) -> None:
    """Gives a line an id and the correlation key that belongs to it."""
    *_, task, level, job, index, _generation = object_id.split("/")
    line[_ID], line[_CORRELATION] = object_id, f"{task}/{level}/{job.rpartition('.')[0]}/{index}"
