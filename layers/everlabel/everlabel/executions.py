"""The door to AWS Step Functions."""

import json
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from everlabel import aws, clock

# A token that answers nothing any more: the state timed out, was answered before, or its execution ended.
_STALE = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}
_LONGEST_CAUSE = 32_768  # https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html

# A Standard execution ends after a year or 25,000 events: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
# A round has 11 events, and 3 more for each invocation that is tried again.
MOST_ROUNDS = 600
LONGEST_SECONDS = 280 * 86_400  # 300 days less the longest wait of a round


@dataclass(frozen=True)
class Attempt:
    """Which of a task's executions a step belongs to, and when that began, in epoch seconds."""

    number: int
    started_at: float

    @classmethod
    def read(cls, execution_arn: str, start_time: str) -> "Attempt":
        """Takes what the context object of a state machine says: `$$.Execution.Id` and `$$.Execution.StartTime`."""
        return cls(task_of(execution_arn)[1], datetime.fromisoformat(start_time).timestamp())

    def is_spent(self, rounds: int, levels: int) -> bool:
        """Whether a successor must go on, after so many rounds at one of so many levels."""
        return rounds > MOST_ROUNDS // levels or clock.now() - self.started_at > LONGEST_SECONDS


def name(task_id: str, attempt: int) -> str:
    """What the execution of a task's attempt is called; so a second start of it is refused by Step Functions."""
    return f"{task_id}-{attempt}"


def task_of(execution_arn: str) -> tuple[str, int]:
    """The task id and the attempt behind an execution's ARN. Raises ValueError if it is none of ours."""
    task_id, _, attempt = execution_arn.rpartition(":")[2].rpartition("-")
    return task_id, int(attempt)


def start(name: str, task_id: str) -> str:
    """Starts the execution `name` for a task, or finds the one that has this name; returns its ARN."""
    machine = aws.setting("STATE_MACHINE")
    try:
        return aws.step_functions().start_execution(
            stateMachineArn=machine, name=name, input=json.dumps({"taskId": task_id})
        )["executionArn"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise
    return arn(name)


def arn(name: str) -> str:
    """The ARN of the execution that has this name."""
    return f"{aws.setting('STATE_MACHINE').replace(':stateMachine:', ':execution:')}:{name}"


def stop(arn: str, cause: str) -> None:
    """Stops an execution; one that ended or never was is left alone."""
    try:
        aws.step_functions().stop_execution(executionArn=arn, cause=cause)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
            raise


def status(arn: str) -> str | None:
    """The execution's status in Step Functions' words; None if there is none, or it ended more than 90 days ago."""
    try:
        return aws.step_functions().describe_execution(executionArn=arn)["status"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
            raise
    return None


def succeed(token: str, output: dict[str, object]) -> bool:
    """Answers a task token. Returns False if the token is stale: the truth is in the table, so that is no error."""
    try:
        aws.step_functions().send_task_success(taskToken=token, output=json.dumps(output))
    except ClientError as error:
        return _is_stale(error)
    return True


def fail(token: str, error_name: str, cause: str) -> bool:
    """Answers a task token with a named error. Returns False if the token is stale."""
    try:
        aws.step_functions().send_task_failure(taskToken=token, error=error_name, cause=cause[:_LONGEST_CAUSE])
    except ClientError as error:
        return _is_stale(error)
    return True


def _is_stale(error: ClientError) -> bool:
    if error.response["Error"]["Code"] not in _STALE:
        raise error
    return False
