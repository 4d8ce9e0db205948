"""Source A's sending: every data object of a level, each time, one by one.

Its faults are kept: what is found half sent is sent anew under other ids; after an expiry the new id is published and
never stored, so later sendings repeat the dead one; an id differs from others of the same object by four hexadecimal
digits; what is labeled is sent again.
"""

import json
from typing import Any
from uuid import uuid4

from everlabel import aws
from everlabel.data_object import CORRELATION_KEY, OBJECT_ID_KEY
from tests.simulation.source_a import task_table
from tests.simulation.source_a.task_table import EXPIRED, LABELED, SENT, TASKS


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Sends a level: for the first time, again before the queue forgets, or again after an expiry."""
    task, level = event["taskId"], int(event["level"])
    steps = json.loads((task_table.find(TASKS, task) or {})["definition"])["labelingJobs"]
    known = task_table.find(task, str(level))
    for step in steps:
        if step["jobLevel"] == level:
            _send(event["execution"], task, step, is_first=known is None)
    if known is None:
        task_table.put(task, str(level), status=SENT, is_last=str(level == max(each["jobLevel"] for each in steps)))
    return {"taskId": task, "level": level, "resendAfterSeconds": int(aws.setting("RESEND_AFTER_SECONDS"))}


def _send(execution: str, task: str, step: dict[str, Any], *, is_first: bool) -> None:
    level, job_name = f"{task}/{step['jobLevel']}", step["jobName"]
    job = task_table.find_job(job_name)
    lines = _lines(task, step, job["media"])
    if is_first:
        task_table.put(task, f"{step['jobLevel']}/{job_name}", objects=str(len(lines)))
    for index, line in enumerate(lines):
        name = f"{job_name}/{index:06d}"
        new_id = f"{execution}/{uuid4().hex[:4]}/{level}/{name}"
        found = {} if is_first else task_table.find(level, name) or {}
        if is_first:
            task_table.put(level, name, status=SENT, dedup_id=new_id)
        has_expired = found.get("status") == EXPIRED
        sent_id = new_id if is_first or has_expired else found["dedup_id"]
        ids = {
            "dataset-objectid-attribute-name": OBJECT_ID_KEY,
            OBJECT_ID_KEY: sent_id,
            CORRELATION_KEY: f"{level}/{name}",  # for whoever counts; the algorithm does not read it
        }
        aws.sns().publish(TopicArn=job["input_topic"], Message=json.dumps({**line, **ids}))
        if has_expired:
            task_table.update(level, name, status=SENT)


def _lines(task: str, step: dict[str, Any], media: str) -> list[dict[str, Any]]:
    """The frames of the clip, or what the level before labeled."""
    if "chainFromJobName" not in step["inputConfig"]:
        key = f"tasks/{task}/{media}.json"
        lines: list[dict[str, Any]] = json.loads(aws.s3().get_object(Bucket=aws.bucket(), Key=key)["Body"].read())
        return lines
    source = step["inputConfig"]["chainFromJobName"]
    before = task_table.children(f"{task}/{step['jobLevel'] - 1}")
    return [
        json.loads(item["line"])
        for item in before
        if item["name"].startswith(f"{source}/") and item["status"] == LABELED
    ]
