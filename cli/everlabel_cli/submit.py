"""Many clips at once: one annotation task for each clip below a prefix."""

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from everlabel_cli import body_file, clip_attributes, clips, definitions, journal
from everlabel_cli import stack as stacks
from everlabel_cli.answer import console, say, talk
from everlabel_cli.clips import Clip
from everlabel_cli.hands import each, interruptible
from everlabel_cli.options import DryRun, Format, OnStack, taking

if TYPE_CHECKING:
    import threading

    from everlabel_cli.api import Api
    from everlabel_cli.journal import Journal

_REFUSED = {"clipS3Uri": "clip", "status": "status", "reason": "reason"}
_EVERY = 100
"""Away from a terminal, a line of progress for so many clips."""

_COUNTS = {
    "accepted": "accepted",
    "known": "known to the stack",
    "skipped": "accepted in an earlier run",
    "refused": "refused",
    "unreachable": "not answered",
}


@dataclass
class _Outcome:
    """What became of one definition."""

    result: str
    task_id: str = ""
    status: int | None = None
    reason: str | None = None
    faults: list[dict[str, str]] = field(default_factory=list)


@taking(OnStack)
def submit(
    options: OnStack,
    prefix: Annotated[str, typer.Argument(metavar="S3URI", help="s3://bucket/prefix/: all clips below it.")],
    definition: Annotated[
        str, typer.Option("--definition", metavar="FILE", help="JSON or YAML; the body of POST /annotation-tasks.")
    ],
    frames: Annotated[bool, typer.Option("--frames", help="Clips are folders of frames, not video files.")] = False,
    attributes_from: Annotated[
        Path | None,
        typer.Option("--attributes-from", metavar="CSV", help="Columns clipId, drive.<name>…, clip.<name>…"),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="The first so many clips only.")] = None,
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=200, help="How many requests at once.")] = 16,
    journal_path: Annotated[
        Path | None,
        typer.Option("--journal", metavar="FILE", help="What was accepted so far; by default in ~/.config/everlabel."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Make an annotation task of each clip below a prefix. Safe to repeat; goes on where it was interrupted.

    A clip is a video file, or with --frames a folder of .jpg or .png. Its id is its path below the prefix
    (drive-7/front.mp4 is drive-7_front).

    The definition is one task's, for all clips: {clipS3Uri} and {clipId} in any text become the clip's, and a labeling
    job without inputConfig.clipS3Uri that is not chained gets the clip.

    The same clip and labeling jobs are the same task, however often they are sent. What was accepted is noted in a
    journal and not sent again. Ctrl-C finishes what is on its way, says what was done, and ends with 130.

    The answer has the counts, the rate, and the refused clips with reasons; a table has the refused alone.
    """
    given = _definition(definition)
    place = _place(prefix)
    attributes = clip_attributes.read(attributes_from) if attributes_from is not None else {}
    stack = stacks.enter(options)
    found = clips.below(stack.session.client("s3"), place, frames)
    _tell_of_strangers(attributes, found)
    wanted = [(clip, definitions.for_clip(given, clip, attributes.get(clip.clip_id, {}))) for clip in found[:limit]]
    if dry_run:
        talk(f"{len(wanted)} of {len(found)} clips would be sent")
        if options.output is Format.TABLE and options.query is None:
            say([_in_short(clip, body) for clip, body in wanted], options)
        else:
            say([body for _, body in wanted], options)
        return
    path = journal_path or journal.place(Path(typer.get_app_dir("everlabel")) / "submitted", stack.id, str(place))
    try:
        with journal.Journal(path) as noted, interruptible() as interrupted:
            summary = _submit(stack.api(concurrency), wanted, noted, concurrency, interrupted)
            is_interrupted = interrupted.is_set()
    except journal.NotAJournal as error:
        raise typer.BadParameter(str(error), param_hint="--journal") from error
    _tell(summary, path)
    if options.output is Format.TABLE and options.query is None:
        if summary["refused"]:
            say(summary["refusals"], options, _REFUSED)
    else:
        say(summary, options)
    if is_interrupted:
        raise typer.Exit(130)
    if summary["refused"] or summary["unreachable"]:
        raise typer.Exit(1)


def _in_short(clip: Clip, body: dict[str, Any]) -> dict[str, Any]:
    """What a table says of a definition that is not sent."""
    steps = [f"{step.get('jobName')} ({step.get('jobLevel')})" for step in body["labelingJobs"]]
    given = body.get("attributes") or {}
    attributes = {f"{scope}.{name}": value for scope in given for name, value in given[scope].items()}
    return {"clip": clip.uri, "id": body["clipId"], "labeling jobs (level)": steps, "attributes": attributes}


def _definition(path: str) -> dict[str, Any]:
    bodies = body_file.read(path)
    if len(bodies) != 1:
        raise typer.BadParameter(f"{path} must hold one definition; it has {len(bodies)}", param_hint="--definition")
    definitions.refuse_unusable(bodies[0])
    return bodies[0]


def _place(prefix: str) -> Any:
    from everlabel.s3_uri import S3Uri

    try:
        return S3Uri.parse(prefix)
    except ValueError as error:
        raise typer.BadParameter(f"{prefix!r} {error}", param_hint="S3URI") from error


def _tell_of_strangers(attributes: dict[str, dict[str, Any]], found: list[Clip]) -> None:
    """A misspelt id in a table of attributes must not go unnoticed."""
    if not attributes:
        return
    ids = {clip.clip_id for clip in found}
    for what, lost in (
        ("lines of attributes are of no clip here", [name for name in attributes if name not in ids]),
        ("clips have no line of attributes", [name for name in sorted(ids) if name not in attributes]),
    ):
        if lost:
            talk(f"Note: {len(lost)} {what}: {', '.join(lost[:5])}{', …' if len(lost) > 5 else ''}")


def _submit(
    api: "Api",
    wanted: list[tuple[Clip, dict[str, Any]]],
    noted: "Journal",
    concurrency: int,
    interrupted: "threading.Event",
) -> dict[str, Any]:
    """Sends what is not noted, and returns the summary."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    counted: Counter[str] = Counter()
    refusals: list[dict[str, Any]] = []
    todo = [(clip, body) for clip, body in wanted if noted.task_of(body) is None]
    counted["skipped"] = len(wanted) - len(todo)
    shown = console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    began = time.monotonic()
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as bar:
        row = bar.add_task("Sending", total=len(wanted), completed=counted["skipped"])

        def tell(thing: tuple[Clip, dict[str, Any]], outcome: _Outcome) -> None:
            clip, body = thing
            counted[outcome.result] += 1
            if outcome.task_id:
                noted.accepted(body, outcome.task_id)
            else:
                refusals.append(
                    {
                        "clipId": clip.clip_id,
                        "clipS3Uri": clip.uri,
                        "status": outcome.status,
                        "reason": outcome.reason,
                        "faults": outcome.faults,
                    }
                )
            bar.advance(row)
            done = counted.total()
            if not shown.is_terminal and done % _EVERY == 0:
                talk(f"{done} of {len(wanted)}")

        def is_over() -> bool:
            # What does not answer, however often it is asked, will not answer the next one either.
            return interrupted.is_set() or counted["unreachable"] > 0

        each(todo, lambda thing: _sent(api, thing[1]), tell, concurrency, is_over)
    seconds = time.monotonic() - began
    sent = counted["accepted"] + counted["known"]
    return {
        "clips": len(wanted),
        **{name: counted[name] for name in _COUNTS},
        "left": len(wanted) - counted.total(),
        "seconds": round(seconds, 3),
        "clipsPerSecond": round(sent / seconds, 1) if sent else 0.0,
        "refusals": sorted(refusals, key=lambda refusal: str(refusal["clipS3Uri"])),
    }


def _sent(api: "Api", body: dict[str, Any]) -> _Outcome:
    from everlabel_cli.api import Refused, Unreachable

    try:
        answer = api.post("/annotation-tasks", body)
    except Refused as refusal:
        said = "; ".join(f"{fault['field']}: {fault['message']}" for fault in refusal.faults)
        # A refusal of this clip, or of anything: throttling and failures have been tried again and again.
        result = "refused" if refusal.status < 429 else "unreachable"
        return _Outcome(result, "", refusal.status, said or refusal.detail, refusal.faults)
    except Unreachable as error:
        return _Outcome("unreachable", "", None, str(error))
    return _Outcome("accepted" if answer.status == 202 else "known", answer.body["taskId"])


def _tell(summary: dict[str, Any], path: Path) -> None:
    """The counts on stderr, and each reason once with how many clips it is of."""
    said = [f"{summary[name]} {words}" for name, words in _COUNTS.items() if summary[name]]
    sent = summary["accepted"] + summary["known"]
    rate = f" ({summary['seconds']:.1f} s, {summary['clipsPerSecond']:g} a second)" if sent > 1 else ""
    talk(f"{summary['clips']} clip{'s' * (summary['clips'] != 1)}: {', '.join(said) or 'none sent'}{rate}")
    for reason, number in Counter(refusal["reason"] for refusal in summary["refusals"]).most_common(5):
        talk(f"  {number} × {reason}")
    if summary["left"] or summary["unreachable"]:
        talk(f"{summary['left'] + summary['unreachable']} are left; the same command goes on. Journal: {path}")
