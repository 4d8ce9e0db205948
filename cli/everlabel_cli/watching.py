"""Annotation tasks while they run: a line for each change, and on a terminal a live table."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from everlabel_cli.answer import plain
from everlabel_cli.task_choice import ENDED, Status

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_STYLES = {Status.COMPLETED: "green", Status.FAILED: "red", Status.STOPPED: "yellow"}
MOST_ROWS = 20
"""More tasks than these are shown as counts alone: a table longer than the screen is no help."""

_COUNTS = ("dataObjects", "labeled", "failed", "expiries", "resends")
JOB_COLUMNS = {"clipId": "clip", "jobLevel": "level", "jobName": "labeling job", "dataObjects": "objects"}
JOB_COLUMNS |= {"labeled": "labeled", "failed": "failed", "expiries": "expiries", "resends": "re-sends"}
JOB_COLUMNS |= {"status": "status"}


def are_few(tasks: Sequence[Mapping[str, Any]]) -> bool:
    """Whether tasks can be shown job by job: a listing does not say how far their jobs are."""
    return len(tasks) <= MOST_ROWS and all("progress" in task for task in tasks)


def job_rows(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A task, as the API shows it, job by job; jobs that have not begun are there with nothing in them."""
    begun = {(level["jobLevel"], job["jobName"]): job for level in task["progress"] for job in level["labelingJobs"]}
    steps = sorted((step["jobLevel"], step["jobName"]) for step in task["definition"]["labelingJobs"])
    return [
        {
            "clipId": task["clipId"],
            "jobLevel": level,
            "jobName": name,
            **{count: begun.get((level, name), {}).get(count, 0) for count in _COUNTS},
            "status": task["status"],
        }
        for level, name in steps
    ]


def changes(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    """What happened to a task between two looks, in words; rows of a listing have only a status to tell of."""
    clip = now["clipId"]
    of_jobs: list[str] = []
    if "progress" in now:
        earlier = {(row["jobLevel"], row["jobName"]): row for row in job_rows(before)} if before is not None else {}
        for row in job_rows(now):
            of_jobs += _job_changes(clip, earlier.get((row["jobLevel"], row["jobName"])), row)
    if before is not None and before["status"] == now["status"]:
        return of_jobs
    status = f"{clip}: {now['status']}" + (f": {now['reason']}" if now.get("reason") else "")
    return [*of_jobs, status] if now["status"] in ENDED else [status, *of_jobs]


def _job_changes(clip: str, old: Mapping[str, Any] | None, row: Mapping[str, Any]) -> Iterable[str]:
    was = old or dict.fromkeys(_COUNTS, 0)
    job, objects = row["jobName"], row["dataObjects"]
    if objects and not was["dataObjects"]:
        yield f"{clip}: level {row['jobLevel']}, {job}: {objects} data object{'s' * (objects > 1)}"
    if row["expiries"] > was["expiries"]:
        yield f"{clip}: {job}: expired in the worker portal, goes again under a new id"
    if row["resends"] > was["resends"]:
        yield f"{clip}: {job}: sent again under the same id, in case the queue forgets it"
    if row["labeled"] > was["labeled"] and row["labeled"] == objects:
        yield f"{clip}: level {row['jobLevel']}, {job}: all labeled"


def cells(tasks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a table of tasks job by job, for `JOB_COLUMNS`: what is as above, or nought, is not said."""
    found = []
    for task in tasks:
        for number, row in enumerate(job_rows(task)):
            counts = {name: row[name] or "–" for name in _COUNTS}
            found.append({**row, **counts, **({} if number == 0 else {"clipId": None, "status": None})})
    return found


def shown(tasks: Sequence[Mapping[str, Any]], told: Iterable[str]) -> "RenderableType":
    """What a terminal shows: job by job for a few tasks, for many counts and what happened last."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    if are_few(tasks):
        table = Table(*JOB_COLUMNS.values())
        for row in cells(tasks):
            said = {name: "" if row[name] is None else plain(str(row[name])) for name in JOB_COLUMNS}
            style = _STYLES.get(row["status"], "")
            table.add_row(*(Text(said[name], style=style * (name == "status")) for name in JOB_COLUMNS))
        return table
    table = Table("status", "tasks")
    counted = Counter(task["status"] for task in tasks)
    for name in Status:
        if counted[name]:
            table.add_row(Text(name, style=_STYLES.get(name, "")), str(counted[name]))
    return Group(table, *(Text(plain(line), style="dim", no_wrap=True, overflow="ellipsis") for line in told))


def watch(
    console: "Console",
    look: Callable[[], list[dict[str, Any]]],
    pause: Callable[[], bool],
    stamp: Callable[[], str],
) -> list[dict[str, Any]]:
    """Shows tasks until all have ended, or `pause` says that it is enough; returns them as they are then.

    Each change is a line that begins with a stamp; on a terminal a table stands below these lines, and of many tasks
    only the last lines are shown.
    """
    from rich.live import Live

    seen: dict[str, dict[str, Any]] = {}
    told: deque[str] = deque(maxlen=6)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            tasks = look()
            news = [f"{stamp()}{line}" for task in tasks for line in changes(seen.get(task["taskId"]), task)]
            seen |= {task["taskId"]: task for task in tasks}
            told.extend(news)
            if are_few(tasks) or not console.is_terminal:
                for line in news:
                    console.print(plain(line), highlight=False, markup=False, soft_wrap=True)
            if console.is_terminal:
                live.update(shown(tasks, told), refresh=True)
            if all(task["status"] in ENDED for task in tasks) or pause():
                return tasks
