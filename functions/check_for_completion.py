"""CheckForCompletion: parks the task token of a level until somebody answers it."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel import waking

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Takes `{taskId, level, isAllSent, isContinued, taskToken, enteredTime, retryCount}`; answers go to the token.

    As long as not all is sent nobody may wake the level: its to-do list may be empty because it has yet to be written.
    The state's time is up in a second, and the next sending begins.
    """
    task_id, level, token = event["taskId"], int(event["level"]), event["taskToken"]
    if event["isContinued"]:
        waking.let_end(task_id, level, token)
    elif event["isAllSent"]:
        waking.park(task_id, level, token, waking.fence(event["enteredTime"], int(event["retryCount"])))
    logger.info("looked", extra={"task_id": task_id, "level": level})
