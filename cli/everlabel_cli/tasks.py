"""Annotation tasks: clips on their way through labeling jobs."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from everlabel_cli import stack as stacks
from everlabel_cli import task_choice, watching
from everlabel_cli.answer import NotDone, agreed, console, say, talk
from everlabel_cli.hands import each, interruptible
from everlabel_cli.options import DryRun, Format, OnStack, Yes, taking
from everlabel_cli.task_choice import ENDED, Choice, ClipPrefix, Reason, Since, Status, Statuses, Until

if TYPE_CHECKING:
    from everlabel_cli.api import Api

app = typer.Typer(help=__doc__, no_args_is_help=True)

_COLUMNS = {"taskId": "task", "status": "status", "level": "level", "levels": "of", "createdAt": "created"}
_COLUMNS |= {"reason": "reason"}
TaskIds = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Tasks' ids.")]
Concurrency = Annotated[int, typer.Option("--concurrency", min=1, max=200, help="How many requests at once.")]


@app.command("list")
@taking(OnStack)
def list_tasks(
    options: OnStack,
    status: Statuses = None,
    clip_prefix: ClipPrefix = None,
    since: Since = None,
    until: Until = None,
    reason: Reason = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
) -> None:
    """List annotation tasks, oldest first within a status."""
    chosen = task_choice.choice(status, clip_prefix, since, until, reason)
    say(list(islice(chosen.tasks(stacks.enter(options).api()), limit)), options, _COLUMNS)


@app.command()
@taking(OnStack)
def show(options: OnStack, task_id: Annotated[str, typer.Argument(metavar="ID", help="The task's id.")]) -> None:
    """Show how far a task is, per level and labeling job; JSON has all there is."""
    task = _task(stacks.enter(options).api(), task_id)
    if options.output is not Format.TABLE or options.query is not None:
        say(task, options)
        return
    for name in ("clipS3Uri", "executionArn", "summaryS3Uri", "reason"):
        if task[name] is not None:
            talk(f"{name}: {task[name]}")
    say(
        watching.job_rows(task),
        options,
        {name: said for name, said in watching.JOB_COLUMNS.items() if name != "clipId"},
    )


@app.command()
@taking(OnStack)
def summary(options: OnStack, task_id: Annotated[str, typer.Argument(metavar="ID", help="The task's id.")]) -> None:
    """Show what a completed task came to: labels and tracks per class; JSON has all figures."""
    stack = stacks.enter(options)
    task = _task(stack.api(), task_id)
    if task["summaryS3Uri"] is None:
        raise NotDone(f"task {task_id} is {task['status']}; only a completed task has a summary")
    from everlabel import objects
    from everlabel.s3_uri import S3Uri

    found = json.loads(objects.get(S3Uri.parse(task["summaryS3Uri"])))
    if options.output is not Format.TABLE or options.query is not None:
        say(found, options)
        return
    per_frame, lengths = found["objectsPerFrame"], found["trackLengths"]
    frames, tracks = per_frame["labeledFrames"], lengths["tracks"]
    talk(f"{found['clipId']}: {found['labels']} labels in {frames} frames, {tracks} tracks")
    rows = [{"class": name, **counts} for name, counts in found["classes"].items()]
    say(rows, options, {"class": "class", "labels": "labels", "frames": "frames", "tracks": "tracks"})


@app.command()
@taking(OnStack)
def watch(
    options: OnStack,
    ids: TaskIds = None,
    status: Statuses = None,
    clip_prefix: ClipPrefix = None,
    since: Since = None,
    until: Until = None,
    reason: Reason = None,
    every: Annotated[float, typer.Option("--every", min=0.1, help="Seconds between looks.")] = 5,
) -> None:
    """Watch tasks until all have ended: a line for each change, and on a terminal a live table, on stderr.

    Those that are watched are chosen once, at the beginning. The answer is the tasks as they are in the end, as a table
    job by job if they are few. Exit code 1 if one did not complete.
    """
    chosen = task_choice.choice(status, clip_prefix, since, until, reason)
    api = stacks.enter(options).api()
    wanted = ids or [task["taskId"] for task in chosen.tasks(api)]
    look = _looker(api, wanted)
    with interruptible() as interrupted:
        tasks = watching.watch(
            console(), look, lambda: interrupted.wait(every), lambda: f"{datetime.now().astimezone():%H:%M:%S} "
        )
        is_interrupted = interrupted.is_set()
    if options.output is Format.TABLE and options.query is None and watching.are_few(tasks):
        say(watching.cells(tasks), options, watching.JOB_COLUMNS)
    else:
        say([_row(task) for task in tasks], options, _COLUMNS)
    if is_interrupted:
        raise typer.Exit(130)
    if any(task["status"] != Status.COMPLETED for task in tasks):
        raise typer.Exit(1)


def _looker(api: "Api", ids: list[str]) -> Callable[[], list[dict[str, Any]]]:
    """How to look at tasks: one by one if they are few, else by the listing, which knows less and costs less."""
    if len(ids) <= watching.MOST_ROWS:
        return lambda: [_task(api, task_id) for task_id in ids]

    def look() -> list[dict[str, Any]]:
        found = {task["taskId"]: task for task in Choice().tasks(api)}
        return [found[task_id] for task_id in ids if task_id in found]

    return look


@app.command()
@taking(OnStack)
def stop(
    options: OnStack,
    ids: TaskIds = None,
    status: Statuses = None,
    clip_prefix: ClipPrefix = None,
    since: Since = None,
    until: Until = None,
    reason: Reason = None,
    concurrency: Concurrency = 16,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Stop tasks for good, by id or all that fit. Labels that come later are kept as surplus.

    Of those that fit, tasks that have ended already are left out.
    """
    running = [name for name in Status if name not in ENDED]
    chosen = task_choice.choice(status, clip_prefix, since, until, reason)
    _change(options, ids, chosen, running, "stop", "stopped", concurrency, None if yes else "Stop", dry_run)


@app.command()
@taking(OnStack)
def retry(
    options: OnStack,
    ids: TaskIds = None,
    status: Statuses = None,
    clip_prefix: ClipPrefix = None,
    since: Since = None,
    until: Until = None,
    reason: Reason = None,
    concurrency: Concurrency = 16,
    dry_run: DryRun = False,
) -> None:
    """Let failed tasks go on from where they stood, by id or all that fit; labels that were accepted stay."""
    chosen = task_choice.choice(status, clip_prefix, since, until, reason)
    _change(options, ids, chosen, [Status.FAILED], "retry", "retried", concurrency, None, dry_run)


def _change(
    options: OnStack,
    ids: list[str] | None,
    chosen: Choice,
    eligible: list[Status],
    verb: str,
    done: str,
    concurrency: int,
    question: str | None,
    dry_run: bool,
) -> None:
    """Stops or retries tasks: those given by id as they are, of those that fit the eligible."""
    if bool(ids) != chosen.is_all:
        raise typer.BadParameter("give either ids, or options that choose tasks (--status, --clip-prefix, …)")
    api = stacks.enter(options).api(concurrency)
    if ids is not None and ids:
        wanted = list(dict.fromkeys(ids))
    else:
        wanted = [task["taskId"] for task in chosen.tasks(api) if task["status"] in eligible]
        if wanted and question is not None and not dry_run:
            agreed(f"{question} {len(wanted)} task{'s' * (len(wanted) != 1)}?", yes=False)
    rows: list[dict[str, Any]] = []
    if dry_run:
        rows = [{"taskId": task_id, "result": f"would be {done}", "reason": None} for task_id in wanted]
    with interruptible() as interrupted:
        if not dry_run:
            each(wanted, _asker(api, verb, done), lambda _, row: rows.append(row), concurrency, interrupted.is_set)
        is_interrupted = interrupted.is_set()
    say(sorted(rows, key=lambda row: str(row["taskId"])), options, {"taskId": "task", "result": "result"} | _WHY)
    counted = Counter(row["result"] for row in rows)
    talk(", ".join(f"{number} {result}" for result, number in counted.items()) or "no task fits")
    if is_interrupted:
        talk(f"interrupted; {len(wanted) - len(rows)} not begun")
        raise typer.Exit(130)
    if counted["refused"]:
        raise typer.Exit(1)


_WHY = {"reason": "reason"}


def _asker(api: "Api", verb: str, done: str) -> Callable[[str], dict[str, Any]]:
    from everlabel_cli.api import Refused, Unreachable, name_in_path

    def ask(task_id: str) -> dict[str, Any]:
        try:
            answer = api.post(f"/annotation-tasks/{name_in_path(task_id)}/{verb}").body
        except Refused as refusal:
            return {"taskId": task_id, "result": "refused", "status": None, "reason": refusal.detail}
        except Unreachable as error:
            return {"taskId": task_id, "result": "refused", "status": None, "reason": str(error)}
        return {"taskId": task_id, "result": done, "status": answer["status"], "reason": None}

    return ask


def _task(api: "Api", task_id: str) -> dict[str, Any]:
    from everlabel_cli.api import name_in_path

    found: dict[str, Any] = api.get(f"/annotation-tasks/{name_in_path(task_id)}")
    return found


def _row(task: dict[str, Any]) -> dict[str, Any]:
    """What a listing says of a task."""
    keys = ("taskId", "clipId", "clipS3Uri", "status", "level", "levels", "createdAt", "updatedAt", "reason")
    return {key: task[key] for key in keys}
