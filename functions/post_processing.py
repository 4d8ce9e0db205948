"""PostProcessing: writes output manifests, annotations and the summary, completes the task and announces it."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel import announcing, outputs, task_table, tasks
from everlabel.task_table import TaskStatus

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Takes `{taskId}`; returns it with `summaryS3Uri`. Repeated for a completed task, it announces it again."""
    task = task_table.find_task(event["taskId"])
    if task.status != TaskStatus.COMPLETED:
        task_table.check_running(task)
        summary = str(outputs.write(task))
        ended = tasks.end(task.task_id, TaskStatus.COMPLETED, attempt=int(task.attempt), summary_uri=summary)
        if ended is not None:
            logger.info("completed", extra={"task_id": task.task_id})
        task = ended or task_table.find_task(task.task_id)  # it may have been stopped meanwhile
    if task.status == TaskStatus.COMPLETED:
        announcing.completed(task)
    return {"taskId": task.task_id, "summaryS3Uri": task.summary_uri}
