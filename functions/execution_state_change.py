"""ExecutionStateChange: closes the task of an execution that ended badly, also when no Catch saw it."""

import json
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel import announcing, executions, failures, task_table, tasks
from everlabel.errors import TaskNotFound
from everlabel.task_table import STOPPED, TaskStatus

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Takes SQS records that hold EventBridge events; returns those that must come again as `batchItemFailures`."""
    failed = []
    for record in event["Records"]:
        try:
            _close(json.loads(record["body"])["detail"])
        except Exception:
            logger.exception("not taken; it comes again", extra={"message_id": record["messageId"]})
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _close(execution: dict[str, Any]) -> None:
    try:
        task_id, attempt = executions.task_of(execution["executionArn"])
        task_table.find_task(task_id)
    except (TaskNotFound, ValueError):
        logger.warning("an execution of no task of ours", extra={"execution": execution["executionArn"]})
        return
    error = execution.get("error") or f"the execution ended as {execution['status']}"
    reason = failures.in_words(str(error), str(execution.get("cause") or ""))
    if tasks.end(task_id, TaskStatus.FAILED, reason, attempt=attempt):
        logger.warning("failed", extra={"task_id": task_id, "reason": reason})
    task = task_table.find_task(task_id)  # as it is now: it may have been stopped meanwhile
    if task.status in STOPPED:
        tasks.close_stopped(task)
    elif task.status == TaskStatus.COMPLETED:
        announcing.completed(task)  # which is what its last step may have failed at
