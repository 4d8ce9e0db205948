"""TriggerLabeling: sends what a level must send now."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel import aws, sending, task_table, tasks
from everlabel.errors import TaskNotInProgress
from everlabel.executions import Attempt
from everlabel.task_table import STOPPED

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Takes `{taskId, level, execution, startTime}`; returns the first two with `isAllSent`, `isContinued` (another
    execution goes on) and, in seconds, when to send again and how long expiries may gather."""
    task_id, level = event["taskId"], int(event["level"])
    attempt = Attempt.read(event["execution"], event["startTime"])
    task = task_table.running_task(task_id)
    sent = sending.Sent(False, sending.SOON, is_spent=attempt.number < task.attempt)
    try:
        if not sent.is_spent:
            sent = sending.send_level(task, level, attempt, lambda: context.get_remaining_time_in_millis() / 1000)
    except TaskNotInProgress:
        # It was stopped while this ran, and who closed its objects did not see those written since.
        task = task_table.find_task(task_id)
        if task.status in STOPPED:
            tasks.close_stopped(task)
        raise
    if sent.is_spent:
        tasks.go_on(task, attempt.number)
    if sent.silent:
        metrics.add_metric("SilentObjects", MetricUnit.Count, sent.silent)
        metrics.flush_metrics()
    how = "continued" if sent.is_spent else "sent" if sent.all_sent else "out of time"
    logger.info(how, extra={"task_id": task_id, "level": level, "silent": sent.silent})
    return {
        "taskId": task_id,
        "level": level,
        "isAllSent": sent.all_sent,
        "isContinued": sent.is_spent,
        "sendAgainInSeconds": sent.again_in_seconds,
        "gatherSeconds": int(aws.setting("GATHER_EXPIRIES_SECONDS")),
    }
