"""Which annotation tasks a command is about: those of a listing that fit what was asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from everlabel_cli.moments import ago

if TYPE_CHECKING:
    from everlabel_cli.api import Api


class Status(StrEnum):
    """What `TaskStatus` says, without what that imports: the command line must be quick to say what there is."""

    INITIALIZING = "Initializing"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"


ENDED = (Status.COMPLETED, Status.FAILED, Status.STOPPED)

Statuses = Annotated[
    list[Status] | None,
    typer.Option("--status", case_sensitive=False, help="Of this status; may be given again."),
]
ClipPrefix = Annotated[str | None, typer.Option("--clip-prefix", help="Whose clip's id, or s3:// URI, begins so.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Created then or later: 2026-11-20, 2026-11-20T10:00Z, or 90m, 24h, 7d.")
]
Until = Annotated[str | None, typer.Option("--until", help="Created before then, written as --since.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Whose reason has this in it.")]


@dataclass(frozen=True)
class Choice:
    """What is asked of tasks; None asks nothing. Times are ISO 8601 in UTC, as the API writes them."""

    statuses: Sequence[Status] | None = None
    clip_prefix: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    reason: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether it fits every task."""
        return not any((self.statuses, self.clip_prefix, self.since, self.until, self.reason))

    def fits(self, task: dict[str, Any]) -> bool:
        """Whether a row of the listing is asked for."""
        created = datetime.fromisoformat(task["createdAt"])
        return (
            (not self.statuses or task["status"] in self.statuses)
            and (self.clip_prefix is None or self._begins(task, self.clip_prefix))
            and (self.since is None or created >= self.since)
            and (self.until is None or created < self.until)
            and (self.reason is None or self.reason in (task["reason"] or ""))
        )

    @staticmethod
    def _begins(task: dict[str, Any], prefix: str) -> bool:
        return bool(task["clipS3Uri" if prefix.startswith("s3://") else "clipId"].startswith(prefix))

    def tasks(self, api: "Api") -> Iterator[dict[str, Any]]:
        """The rows that fit: oldest first, status by status.

        A task that moves on while pages are read stands in two of them, and is given once.
        """
        seen: set[str] = set()
        for status in dict.fromkeys(self.statuses) if self.statuses else (None,):
            for row in api.pages("/annotation-tasks", "annotationTasks", {"status": status}):
                if self.fits(row) and row["taskId"] not in seen:
                    seen.add(row["taskId"])
                    yield row


def choice(
    statuses: Sequence[Status] | None,
    clip_prefix: str | None,
    since: str | None,
    until: str | None,
    reason: str | None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Choice:
    """What the options ask for.

    Raises:
        typer.BadParameter: if a time is none.
    """
    return Choice(statuses, clip_prefix, _moment(since, "--since", now()), _moment(until, "--until", now()), reason)


def _moment(text: str | None, option: str, now: datetime) -> datetime | None:
    if text is None:
        return None
    passed = ago(text, now)
    if passed is not None:
        return passed
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        why = f"{text!r} is no time; write 2026-11-20, 2026-11-20T10:00Z, or how long ago: 90m, 24h, 7d"
        raise typer.BadParameter(why, param_hint=option) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
