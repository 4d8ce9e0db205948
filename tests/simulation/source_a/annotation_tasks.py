"""Source A's API for annotation tasks: it starts them, and can neither stop nor retry one."""

import json
from typing import Any

from botocore.exceptions import ClientError

from everlabel import aws
from everlabel.definition import task_id
from tests.simulation.source_a import task_table
from tests.simulation.source_a.task_table import TASKS


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """POST /annotation-tasks; whatever else is asked for there is not."""
    if "pathParameters" in event:
        return {"statusCode": 404, "body": "{}"}
    task = task_id(json.loads(event["body"]))
    task_table.put_new(TASKS, task, definition=event["body"], status="InProgress")
    try:
        aws.step_functions().start_execution(
            stateMachineArn=aws.setting("STATE_MACHINE"), name=f"{task}-1", input=json.dumps({"taskId": task})
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise
    return {"statusCode": 202, "body": "{}"}
