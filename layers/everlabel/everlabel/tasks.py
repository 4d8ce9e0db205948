"""Annotation tasks: taken in, started, stopped, retried, ended."""

import json
from collections.abc import Mapping
from typing import Any

from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.update import Action

from everlabel import aws, clock, executions, job_table, moves, task_table
from everlabel.data_object import ObjectKey
from everlabel.definition import Definition, clip_id, task_id
from everlabel.task_table import RUNNING, STOPPED, Done, Level, Open, Outcome, Task, TaskStatus


class WrongStatus(Exception):
    """The task's status does not allow what is asked."""


def create(body: Mapping[str, Any]) -> tuple[Task, bool]:
    """Stores a task and starts its execution, or finds the one that this clip with these jobs has.

    Returns the task and whether it is new. Whoever dies after storing and before starting is made good by the next
    call, because an execution of the same name and input is started only once.
    """
    definition = Definition.read(
        body,
        int(aws.setting("RESEND_AFTER_SECONDS")),
        int(aws.setting("MAX_EXPIRIES")),
        int(aws.setting("MAX_AGE_SECONDS")),
    )
    now = clock.iso(clock.now())
    task = Task(
        task_id=task_id(body),
        item=task_table.TASK,
        status=TaskStatus.INITIALIZING,
        created_at=now,
        updated_at=now,
        definition=json.dumps(body),
        clip_id=clip_id(body),
        clip_uri=str(definition.clip),
        levels=definition.levels,
        resend_after_seconds=definition.resend_after_seconds,
        max_expiries=definition.max_expiries,
        max_age_seconds=definition.max_age_seconds,
    )
    try:
        task.save(Task.task_id.does_not_exist())
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        found = task_table.find_task(task.task_id)
        return (start(found) if found.status == TaskStatus.INITIALIZING else found), False
    return start(task), True


def start(task: Task) -> Task:
    """Starts the task's execution and notes it; a task that moved on meanwhile is left as it is."""
    execution = executions.start(executions.name(task.task_id, int(task.attempt)), task.task_id)
    try:
        task.update(
            actions=[
                Task.status.set(TaskStatus.IN_PROGRESS),
                Task.execution.set(execution),
                Task.updated_at.set(clock.iso(clock.now())),
            ],
            condition=(Task.status == TaskStatus.INITIALIZING) & (Task.attempt == task.attempt),
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return task_table.find_task(task.task_id)
    return task


def stop(task: Task) -> Task:
    """Stops a task: its status first, so that no step goes on, then its execution.

    What is still open is closed, and the task Stopped, when Step Functions says that the execution was aborted.
    Stopping it again makes good what an earlier call left undone.

    Raises:
        WrongStatus: if it completed or failed.
    """
    if task.status not in STOPPED:
        end(task.task_id, TaskStatus.STOPPING, "stopped by request")
        task = task_table.find_task(task.task_id)
    if task.status not in STOPPED:
        raise WrongStatus(f"annotation task {task.task_id} is {task.status}; only a running task can be stopped")
    executions.stop(execution_of(task), "the annotation task was stopped by request")
    return task


def execution_of(task: Task) -> str:
    """The ARN of the task's execution; whoever started it may have died before noting it."""
    return task.execution or executions.arn(executions.name(task.task_id, int(task.attempt)))


def end(
    task_id: str,
    status: TaskStatus,
    reason: str | None = None,
    *,
    attempt: int | None = None,
    summary_uri: str | None = None,
) -> Task | None:
    """Ends a running task and returns it; None if it had ended, or is at another attempt than the one given."""
    now = clock.iso(clock.now())
    condition = Task.status.is_in(*RUNNING)
    if attempt is not None:
        condition &= Task.attempt == attempt
    actions: list[Action] = [Task.status.set(status), Task.updated_at.set(now), Task.completed_at.set(now)]
    if reason is not None:
        actions.append(Task.reason.set(reason[:4_000]))
    if summary_uri is not None:
        actions.append(Task.summary_uri.set(summary_uri))
    task = Task(task_id=task_id, item=task_table.TASK)
    try:
        task.update(actions=actions, condition=condition)
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return None
    return task


def close_stopped(task: Task) -> None:
    """Records every object of a task that is stopping as stopped, if it has no outcome, and the task as Stopped.

    Late labels are kept as surplus.
    """
    for todo in Open.query(task.task_id, Open.item.startswith("OPEN#"), consistent_read=True):
        moves.stop(todo)
    if task.status == TaskStatus.STOPPING:
        now = clock.iso(clock.now())
        task.update(
            actions=[Task.status.set(TaskStatus.STOPPED), Task.updated_at.set(now)],
            condition=Task.status.is_in(*STOPPED),
        )


def go_on(task: Task, attempt: int) -> None:
    """Hands a running task over to the execution after the one of `attempt`. Every step can be repeated.

    Whoever dies before the successor starts is made good by the next call, or by the reconciler.
    """
    try:
        task.update(
            actions=[
                Task.status.set(TaskStatus.INITIALIZING),
                Task.attempt.set(attempt + 1),
                Task.updated_at.set(clock.iso(clock.now())),
                Task.execution.remove(),
            ],
            condition=Task.status.is_in(*RUNNING) & (Task.attempt == attempt),
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        task = task_table.find_task(task.task_id)
    if task.status == TaskStatus.INITIALIZING:
        start(task)


def retry(task: Task) -> Task:
    """Goes on from where a failed task stood: labels stay, the objects that failed it go back on the to-do list.

    Raises:
        WrongStatus: if the task did not fail.
    """
    if task.status != TaskStatus.FAILED:
        raise WrongStatus(f"annotation task {task.task_id} is {task.status}; only a failed task can be retried")
    # The flags go first: a failure that is recorded from here on sets its own again.
    for level in Level.query(task.task_id, Level.item.startswith("LEVEL#"), consistent_read=True):
        level.update(actions=[Level.has_failed.set(False), Level.token.remove()])
    _open_failed_again(task)
    try:
        task.update(
            actions=[
                Task.status.set(TaskStatus.INITIALIZING),
                Task.attempt.set(Task.attempt + 1),
                Task.updated_at.set(clock.iso(clock.now())),
                Task.execution.remove(),
                Task.reason.remove(),
                Task.completed_at.remove(),
            ],
            condition=(Task.status == TaskStatus.FAILED) & (Task.attempt == task.attempt),
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        raise WrongStatus(f"annotation task {task.task_id} was retried at the same moment") from None
    return start(task)


def _open_failed_again(task: Task) -> None:
    """Only what made the task fail: what an earlier level went on without stays as it is."""
    if Definition.read(json.loads(task.definition)).on_object_failure == "continue":
        return
    epochs: dict[str, int] = {}
    at_level = Done.item.startswith(f"DONE#{int(task.level)}#")
    for done in Done.query(task.task_id, at_level, Done.outcome == Outcome.FAILED, consistent_read=True):
        job_name = ObjectKey.of_item(done.task_id, done.item).job_name
        if job_name not in epochs:
            job = job_table.find(job_name)
            epochs[job_name] = int(job.epoch) if job is not None else 0
        moves.open_again(done, epochs[job_name])
