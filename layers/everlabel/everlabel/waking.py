"""Who waits for a level, and who wakes it.

`park` stores the task token and then looks whether the to-do list is empty; `wake` is called after an outcome was
written and looks the same. Each acts on what it finds, so whoever comes second wakes the clip. An expiry sets `resend`
on the item that holds the token, so parking is refused as long as something must be sent.
"""

from datetime import datetime
from typing import Any

from pynamodb.exceptions import UpdateError

from everlabel import clock, executions
from everlabel.errors import TaskNotFound
from everlabel.task_table import (
    RUNNING,
    Done,
    Level,
    Outcome,
    Task,
    anything_left_behind,
    anything_open,
    find_level,
    find_task,
    level_item,
)

EXPIRED = "expired"
OBJECTS_FAILED = "ObjectsFailed"


def fence(entered_time: str, retry_count: int) -> str:
    """What orders the tokens of a level as text: when Step Functions entered the state, then how often it retried.

    The time is written anew with milliseconds, because ISO 8601 allows leaving out zeros, which sorts wrongly.
    """
    return f"{clock.iso(datetime.fromisoformat(entered_time).timestamp())}#{retry_count:06d}"


def park(task_id: str, level: int, token: str, fence: str) -> None:
    """Stores the token of a level that waits, and wakes it at once if there is nothing to wait for.

    A token older than the one that is stored is dropped: its state is not waiting any more.
    """
    try:
        Level(task_id=task_id, item=level_item(level)).update(
            actions=[Level.token.set(token), Level.fence.set(fence)],
            condition=Level.task_id.exists()
            & (Level.fence.does_not_exist() | (Level.fence < fence) | (Level.fence == fence))
            & (Level.resend == False),  # noqa: E712 # pynamodb makes a condition of it
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        current = find_level(task_id, level)
        if current is None:
            raise TaskNotFound(f"annotation task {task_id!r} has not begun level {level}") from None
        if current.resend:
            executions.fail(token, EXPIRED, "an object expired before the wait began")
        return
    wake(task_id, level, must_send=False)


def ask_to_send(task_id: str, level: int) -> None:
    """Notes that something of the level must be sent again."""
    Level(task_id=task_id, item=level_item(level)).update(
        actions=[Level.resend.set(True)], condition=Level.task_id.exists()
    )


def send_again(job_name: str, epoch: int) -> int:
    """Sends every level back that waits for objects at an incarnation of this labeling job before `epoch`.

    Returns how many levels. It reads each task in progress, which is affordable because a labeling job ends once in
    weeks.
    """
    woken = 0
    for status in RUNNING:
        for row in Task.by_status.query(status):
            level = int(find_task(row.task_id).level)  # the index may be behind
            if anything_left_behind(row.task_id, level, job_name, epoch):
                ask_to_send(row.task_id, level)
                wake(row.task_id, level)
                woken += 1
    return woken


def wake(task_id: str, level: int, *, must_send: bool = True) -> bool:
    """Answers the level's token if the level is done or must send; else, or if nobody waits, does nothing.

    Without `must_send` the caller knows of nothing to send, so that one read is enough of a level that is not done.
    Returns whether it answered a token.
    """
    is_done = not anything_open(task_id, level)
    if not (is_done or must_send):
        return False
    # Only now: the flag of a failure is set together with the end of the last item.
    current = find_level(task_id, level)
    if current is None or current.token is None:
        return False
    if is_done:
        failed = _what_failed(current)
        if failed is not None:
            executions.fail(current.token, OBJECTS_FAILED, failed)
        else:
            executions.succeed(current.token, _completed(current, level))
    elif current.resend:
        executions.fail(current.token, EXPIRED, "at least one data object must be sent under a new id")
    else:
        return False
    _forget(current)
    return True


def let_end(task_id: str, level: int, token: str) -> None:
    """Answers the token of an execution that a successor has taken over from."""
    executions.succeed(token, {"taskId": task_id, "level": level, "isLastLevel": False, "isContinued": True})


def _completed(current: Level, level: int) -> dict[str, Any]:
    """What the execution goes on with: the next level, unless this was the last."""
    is_last = bool(current.is_last)
    return {"taskId": current.task_id, "level": level + (not is_last), "isLastLevel": is_last, "isContinued": False}


def _forget(level: Level) -> None:
    """Removes a token that was answered, so that later outcomes do not answer it again."""
    try:
        level.update(actions=[Level.token.remove()], condition=Level.token == level.token)
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise


def _what_failed(current: Level) -> str | None:
    """What failed at a level whose to-do list is empty, in words; None if nothing did, or failures are tolerated.

    The flag only says that looking is worth the reads: a retry may have opened again what failed.
    """
    if current.tolerates_failures or not current.has_failed:
        return None
    level = int(current.item.partition("#")[2])
    failed = Done.query(
        current.task_id,
        Done.item.startswith(f"DONE#{level}#"),
        Done.outcome == Outcome.FAILED,
        attributes_to_get=["task_id", "item", "kind", "outcome", "generation", "reason", "at"],
        consistent_read=True,
    )
    reasons = [f"{done.item.removeprefix('DONE#')}: {done.reason}" for done in failed]
    if not reasons:
        return None
    objects = "1 data object has" if len(reasons) == 1 else f"{len(reasons)} data objects have"
    return f"{objects} no label at level {level}. {'; '.join(reasons[:20])}"
