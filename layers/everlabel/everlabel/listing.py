"""Pages of annotation tasks."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from everlabel import strict_json
from everlabel.task_table import TASK, Task, TaskStatus


class NotAToken(ValueError):
    """A next token that no page gave."""


@dataclass(frozen=True)
class Page:
    """Some tasks, and what asks for more; None at the end."""

    tasks: list[Task]
    next_token: str | None


def tasks(status: TaskStatus | None, most: int, token: str | None) -> Page:
    """A page of at most `most` tasks of one status, oldest first; of all statuses, one after the other, if None.

    Raises:
        NotAToken: if the token is not one of ours.
    """
    statuses = [status] if status is not None else list(TaskStatus)
    first, after = _read(token) if token is not None else (statuses[0], None)
    if first not in statuses:
        raise NotAToken(f"belongs to a listing of status {first}; ask with that status or without a token")
    found: list[Task] = []
    for position in range(statuses.index(first), len(statuses)):
        rows = Task.by_status.query(statuses[position], limit=most - len(found), last_evaluated_key=after)
        found += list(rows)
        after = None
        if rows.last_evaluated_key is not None:
            return Page(found, _write(statuses[position], rows.last_evaluated_key))
        if len(found) == most and position + 1 < len(statuses):
            return Page(found, _write(statuses[position + 1], None))
    return Page(found, None)


def _write(status: TaskStatus, after: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps({"status": status, "after": after}).encode()).decode()


def _read(token: str) -> tuple[TaskStatus, dict[str, dict[str, Any]] | None]:
    try:
        place = strict_json.read(base64.urlsafe_b64decode(token.encode()))
        status, after = TaskStatus(place["status"]), place["after"]
        keys = {"task_id", "item", "status", "created_at"}
        # DynamoDB refuses a key that is empty or belongs to another status.
        if after is None or (
            set(after) == keys
            and all(set(value) == {"S"} and isinstance(value["S"], str) and value["S"] for value in after.values())
            and (after["status"]["S"], after["item"]["S"]) == (status, TASK)
        ):
            return status, after
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise NotAToken("is not one that a listing gave")
