"""CheckForCompletion: parks the task token of a level until somebody answers it."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel import waking

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Takes `{taskId, level, taskToken, enteredTime, retryCount}`; the answer goes to the token."""
    fence = waking.fence(event["enteredTime"], int(event["retryCount"]))
    waking.park(event["taskId"], int(event["level"]), event["taskToken"], fence)
    logger.info("parked", extra={"task_id": event["taskId"], "level": event["level"]})
