"""TriggerLabeling: sends what a level must send now."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel import aws, sending, task_table, tasks
from everlabel.errors import TaskNotInProgress
from everlabel.task_table import TaskStatus

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes `{taskId, level}`; returns them with `isAllSent` and, in seconds, when to send again and how long
    expiries may gather."""
    task_id, level = event["taskId"], int(event["level"])
    try:
        sent = sending.send_level(task_id, level, lambda: context.get_remaining_time_in_millis() / 1000)
    except TaskNotInProgress:
        # It was stopped while this ran, and who closed its objects did not see those written since.
        task = task_table.find_task(task_id)
        if task.status == TaskStatus.STOPPED:
            tasks.close_stopped(task)
        raise
    logger.info("sent" if sent.all_sent else "out of time", extra={"task_id": task_id, "level": level})
    return {
        "taskId": task_id,
        "level": level,
        "isAllSent": sent.all_sent,
        "sendAgainInSeconds": sent.again_in_seconds,
        "gatherSeconds": int(aws.setting("GATHER_EXPIRIES_SECONDS")),
    }
