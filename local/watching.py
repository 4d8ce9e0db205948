"""Annotation tasks while they run: a live table on a terminal, a line for each change elsewhere."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

ENDED = ("Completed", "Failed", "Stopped")
_STYLES = {"Completed": "green", "Failed": "red", "Stopped": "yellow"}


@dataclass(frozen=True)
class Row:
    """One labeling job of one task."""

    clip: str
    level: int
    job: str
    status: str
    objects: int
    labeled: int
    expiries: int
    resends: int
    seconds: float


def rows(task: Mapping[str, Any]) -> list[Row]:
    """A task, as the API shows it, job by job; jobs that have not begun are there with nothing in them."""
    begun = {(level["jobLevel"], job["jobName"]): job for level in task["progress"] for job in level["labelingJobs"]}
    steps = sorted((step["jobLevel"], step["jobName"]) for step in task["definition"]["labelingJobs"])
    seconds = _seconds(task["createdAt"], task["updatedAt"]) if task["status"] in ENDED else 0.0
    found = []
    for level, name in steps:
        job = begun.get((level, name), {})
        found.append(
            Row(
                clip=task["clipId"],
                level=level,
                job=name,
                status=task["status"],
                objects=job.get("dataObjects", 0),
                labeled=job.get("labeled", 0),
                expiries=job.get("expiries", 0),
                resends=job.get("resends", 0),
                seconds=seconds,
            )
        )
    return found


def table(tasks: Iterable[Mapping[str, Any]], day_seconds: float) -> Table:
    """All tasks as one table, in a world whose day lasts `day_seconds`."""
    made = Table(title="Annotation tasks", title_justify="left", pad_edge=False)
    for heading in ("task", "level", "labeling job"):
        made.add_column(heading, no_wrap=True)
    for heading in ("objects", "labeled", "expiries", "re-sends", "time", "days"):
        made.add_column(heading, justify="right")
    made.add_column("status")
    for task in tasks:
        for number, row in enumerate(rows(task)):
            made.add_row(
                row.clip if number == 0 else "",
                str(row.level),
                row.job,
                str(row.objects or "–"),
                str(row.labeled or "–"),
                str(row.expiries or "–"),
                str(row.resends or "–"),
                f"{row.seconds:.0f} s" if row.seconds and number == 0 else "",
                f"{row.seconds / day_seconds:.0f}" if row.seconds and number == 0 else "",
                Text(row.status, style=_STYLES.get(row.status, "")) if number == 0 else "",
            )
    return made


def changes(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    """What happened to a task between two looks, in words."""
    clip = now["clipId"]
    told = []
    earlier = {(row.level, row.job): row for row in rows(before)} if before is not None else {}
    for row in rows(now):
        old = earlier.get((row.level, row.job))
        labeled, expiries, resends = (old.labeled, old.expiries, old.resends) if old else (0, 0, 0)
        if row.objects and not (old and old.objects):
            told.append(f"{clip}: level {row.level}, {row.job}: {row.objects} data object{'s' * (row.objects > 1)}")
        if row.expiries > expiries:
            told.append(f"{clip}: {row.job}: expired in the worker portal, goes again under a new id")
        if row.resends > resends:
            told.append(f"{clip}: {row.job}: sent again under the same id, in case the queue forgets it")
        if row.labeled > labeled and row.labeled == row.objects:
            told.append(f"{clip}: level {row.level}, {row.job}: all labeled")
    if before is None or before["status"] != now["status"]:
        kind = f": {now['reason'].partition(':')[0]}" if now.get("reason") else ""
        told.append(f"{clip}: {now['status']}{kind}")
    return told


def reasons(tasks: Iterable[Mapping[str, Any]]) -> list[str]:
    """Why tasks ended without completing, each reason once, in full, with the tasks that it is true of."""
    clips: dict[str, list[str]] = {}
    for task in tasks:
        if task.get("reason"):
            clips.setdefault(task["reason"], []).append(task["clipId"])
    return [f"{', '.join(names)}: {reason}" for reason, names in clips.items()]


@dataclass(frozen=True)
class Days:
    """The simulated days of a world: how many `passed` tells, and how many real seconds one of them lasts."""

    passed: Callable[[], float]
    seconds: float


def watch(
    console: Console, look: Callable[[], list[dict[str, Any]]], pause: Callable[[], None], days: Days, most_looks: int
) -> list[dict[str, Any]]:
    """Shows tasks until all have ended, at most `most_looks` times; returns them as they are then.

    Raises `TimeoutError`.
    """
    seen: dict[str, dict[str, Any]] = {}
    told: list[str] = []
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for _ in range(most_looks):
            tasks = look()
            for task in tasks:
                today = f"day {int(days.passed())}: "
                news = [today + line for line in changes(seen.get(task["taskId"]), task)]
                seen[task["taskId"]] = json.loads(json.dumps(task))
                told += news
                if not console.is_terminal:
                    for line in news:
                        console.print(line, highlight=False, soft_wrap=True)
            if console.is_terminal:
                live.update(
                    Group(table(tasks, days.seconds), *(Text(line, style="dim") for line in told[-6:])), refresh=True
                )
            if tasks and all(task["status"] in ENDED for task in tasks):
                return tasks
            pause()
    raise TimeoutError(f"not all tasks ended: {[(task['taskId'], task['status']) for task in seen.values()]}")


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
