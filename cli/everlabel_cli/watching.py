"""Annotation tasks while they run: a live table on a terminal, a line for each change elsewhere."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from everlabel_cli.answer import plain
from everlabel_cli.task_choice import ENDED, Status

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_STYLES = {Status.COMPLETED: "green", Status.FAILED: "red", Status.STOPPED: "yellow"}
MOST_ROWS = 20
"""More tasks than these are shown as counts alone: a table longer than the screen is no help."""


def job_rows(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A task, as the API shows it, job by job; jobs that have not begun are there with nothing in them."""
    begun = {(level["jobLevel"], job["jobName"]): job for level in task["progress"] for job in level["labelingJobs"]}
    steps = sorted((step["jobLevel"], step["jobName"]) for step in task["definition"]["labelingJobs"])
    counts = ("dataObjects", "labeled", "failed", "expiries", "resends")
    return [
        {
            "clipId": task["clipId"],
            "jobLevel": level,
            "jobName": name,
            **{count: begun.get((level, name), {}).get(count, 0) for count in counts},
            "status": task["status"],
        }
        for level, name in steps
    ]


def changes(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    """What happened to a task between two looks, in words; rows of a listing have only a status to tell of."""
    clip = now["clipId"]
    told: list[str] = []
    if "progress" in now:
        earlier = {(row["jobLevel"], row["jobName"]): row for row in job_rows(before)} if before is not None else {}
        for row in job_rows(now):
            told += _job_changes(clip, earlier.get((row["jobLevel"], row["jobName"])), row)
    if before is None or before["status"] != now["status"]:
        reason = f": {now['reason']}" if now.get("reason") else ""
        told.append(f"{clip}: {now['status']}{reason}")
    return told


def _job_changes(clip: str, old: Mapping[str, Any] | None, row: Mapping[str, Any]) -> Iterable[str]:
    was = old or dict.fromkeys(("dataObjects", "labeled", "expiries", "resends"), 0)
    job, objects = row["jobName"], row["dataObjects"]
    if objects and not was["dataObjects"]:
        yield f"{clip}: level {row['jobLevel']}, {job}: {objects} data object{'s' * (objects > 1)}"
    if row["expiries"] > was["expiries"]:
        yield f"{clip}: {job}: expired in the worker portal, goes again under a new id"
    if row["resends"] > was["resends"]:
        yield f"{clip}: {job}: sent again under the same id, in case the queue forgets it"
    if row["labeled"] > was["labeled"] and row["labeled"] == objects:
        yield f"{clip}: level {row['jobLevel']}, {job}: all labeled"


def shown(tasks: list[dict[str, Any]], told: list[str]) -> "RenderableType":
    """What a terminal shows: job by job for a few tasks, counts for many, and what happened last."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    if len(tasks) <= MOST_ROWS and all("progress" in task for task in tasks):
        table = Table("clip", "level", "labeling job", "objects", "labeled", "expiries", "re-sends", "status")
        for task in tasks:
            for number, row in enumerate(job_rows(task)):
                cells = [row["clipId"] * (number == 0), row["jobLevel"], row["jobName"]]
                cells += [row[count] or "–" for count in ("dataObjects", "labeled", "expiries", "resends")]
                status = Text(row["status"] * (number == 0), style=_STYLES.get(row["status"], ""))
                table.add_row(*(Text(plain(str(cell))) for cell in cells), status)
    else:
        table = Table("status", "tasks")
        counted = Counter(task["status"] for task in tasks)
        for name in Status:
            if counted[name]:
                table.add_row(Text(name, style=_STYLES.get(name, "")), str(counted[name]))
    return Group(table, *(Text(plain(line), style="dim", no_wrap=True, overflow="ellipsis") for line in told[-6:]))


def watch(
    console: "Console",
    look: Callable[[], list[dict[str, Any]]],
    pause: Callable[[], bool],
    stamp: Callable[[], str],
) -> list[dict[str, Any]]:
    """Shows tasks until all have ended, or `pause` says that it is enough; returns them as they are then.

    Away from a terminal each change is a line that begins with a stamp.
    """
    from rich.live import Live

    seen: dict[str, dict[str, Any]] = {}
    told: list[str] = []
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            tasks = look()
            news = [f"{stamp()}{line}" for task in tasks for line in changes(seen.get(task["taskId"]), task)]
            seen |= {task["taskId"]: task for task in tasks}
            told = (told + news)[-6:]
            if console.is_terminal:
                live.update(shown(tasks, told), refresh=True)
            else:
                for line in news:
                    console.print(plain(line), highlight=False, markup=False, soft_wrap=True)
            if all(task["status"] in ENDED for task in tasks) or pause():
                return tasks
