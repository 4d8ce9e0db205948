"""BatchError: fails the task with the reason in words."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel import executions, failures, tasks
from everlabel.task_table import TaskStatus

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Takes `{taskId, execution, error: {Error, Cause}}`; returns `{taskId}`. What is open stays open for a retry."""
    error = event["error"]
    reason = failures.in_words(str(error.get("Error", "")), str(error.get("Cause", "")))
    _, attempt = executions.task_of(event["execution"])
    if tasks.end(event["taskId"], TaskStatus.FAILED, reason, attempt=attempt):
        logger.warning("failed", extra={"task_id": event["taskId"], "reason": reason})
    return {"taskId": event["taskId"]}
