"""The steps of a clip that are the same for any algorithm, as short as they can be, and the one that waits."""

import json
from typing import Any

from everlabel import aws
from tests.simulation.source_a import task_table
from tests.simulation.source_a.task_table import TASKS


class ClipRefused(Exception):
    """The clip has no frames."""


def transform(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Lists a clip's frames as input lines: one for each frame, and one for all of them as a sequence."""
    task = task_table.find(TASKS, event["taskId"]) or {}
    steps = json.loads(task["definition"])["labelingJobs"]
    clip = next(step["inputConfig"]["clipS3Uri"] for step in steps if "clipS3Uri" in step["inputConfig"])
    bucket, _, prefix = clip.removeprefix("s3://").partition("/")
    found = aws.s3().list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/").get("Contents", [])
    names = [entry["Key"].removeprefix(f"{prefix}/") for entry in found]
    if not names:
        raise ClipRefused(f"{clip} has no frames")
    frames = [{"frame-no": number, "frame": name} for number, name in enumerate(names)]
    sequence = {"seq-no": 1, "prefix": f"{clip}/", "number-of-frames": len(frames), "frames": frames}
    uri = _put(event["taskId"], "sequence.json", sequence)
    _put(event["taskId"], "frames.json", [{"source-ref": f"{clip}/{name}"} for name in names])
    _put(event["taskId"], "sequences.json", [{"source-ref": uri}])
    return {"taskId": event["taskId"], "level": 1, "isDoneTransforming": True}


def wait_for_labeling(event: dict[str, Any], _context: Any) -> None:
    """Stores the token, and looks at nothing."""
    task_table.update(event["taskId"], str(event["level"]), task_token=event["taskToken"])


def post_process(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Writes a summary."""
    task = event["taskId"]
    jobs = [item for item in task_table.children(task) if "objects" in item]
    _put(task, "summary.json", {item["name"]: item["objects"] for item in jobs})
    task_table.update(TASKS, task, status="Completed")
    return {"taskId": task}


def fail(event: dict[str, Any], _context: Any) -> None:
    """Writes down why."""
    reason = f"{event['error']['Error']}: {event['error']['Cause']}"
    task_table.update(TASKS, event["taskId"], status="Failed", reason=reason)


def _put(task: str, name: str, content: Any) -> str:
    key = f"tasks/{task}/{name}"
    aws.s3().put_object(Bucket=aws.bucket(), Key=key, Body=json.dumps(content).encode())
    return f"s3://{aws.bucket()}/{key}"
