"""Dead-letter queues of the stack: how full they are, and their messages sent back where they came from."""

from typing import Annotated, Any

import typer

from everlabel_cli import stack as stacks
from everlabel_cli.answer import say
from everlabel_cli.options import DryRun, OnStack, taking

_COLUMNS = {"queue": "queue", "messages": "messages", "result": "result", "reason": "reason"}


@taking(OnStack)
def redrive(
    options: OnStack,
    queues: Annotated[
        list[str] | None, typer.Argument(metavar="[QUEUE]...", help="Queues by their names in the template; else all.")
    ] = None,
    most_per_second: Annotated[
        int | None, typer.Option("--max-per-second", min=1, max=500, help="At most so many messages a second.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Send the messages of dead-letter queues back to the queues they came from.

    Mend first what made them fail. Taking a message twice is harmless. What fails again comes back.
    """
    from botocore.exceptions import ClientError

    stack = stacks.enter(options)
    found = _dead_letter_queues(stack)
    lost = [name for name in queues or [] if name not in found]
    if lost:
        raise typer.BadParameter(f"there is no dead-letter queue {', '.join(lost)}; there are {', '.join(found)}")
    sqs = stack.session.client("sqs")
    rate: Any = {} if most_per_second is None else {"MaxNumberOfMessagesPerSecond": most_per_second}
    rows: list[dict[str, Any]] = []
    for name in queues or found:
        about = sqs.get_queue_attributes(
            QueueUrl=found[name], AttributeNames=["QueueArn", "ApproximateNumberOfMessages"]
        )["Attributes"]
        row: dict[str, Any] = {"queue": name, "messages": int(about["ApproximateNumberOfMessages"]), "reason": None}
        if not row["messages"]:
            rows.append({**row, "result": "empty"})
        elif dry_run:
            rows.append({**row, "result": "would be sent back"})
        else:
            try:
                sqs.start_message_move_task(SourceArn=about["QueueArn"], **rate)
                rows.append({**row, "result": "on the way back"})
            except ClientError as error:
                rows.append({**row, "result": "refused", "reason": str(error)})
    say(rows, options, _COLUMNS)
    if any(row["result"] == "refused" for row in rows):
        raise typer.Exit(1)


def _dead_letter_queues(stack: stacks.DeployedStack) -> dict[str, str]:
    """URLs of the stack's dead-letter queues by their names in the template."""
    cloudformation = stack.session.client("cloudformation")
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack.name)
    resources = [resource for page in pages for resource in page["StackResourceSummaries"]]
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in resources
        if resource["ResourceType"] == "AWS::SQS::Queue" and resource["LogicalResourceId"].endswith("DeadLetterQueue")
    }
