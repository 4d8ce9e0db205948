"""Transformation: from a clip to frames and input manifests, a slice at a time."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel import frames, task_table

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes `{taskId}`; returns `{taskId, level, isDoneTransforming}`, where level is the one to go on with."""
    task = task_table.running_task(event["taskId"])
    done = frames.transform(task, lambda: context.get_remaining_time_in_millis() / 1000)
    logger.info("transformed" if done else "out of time", extra={"task_id": task.task_id})
    return {"taskId": task.task_id, "level": int(task.level), "isDoneTransforming": done}
