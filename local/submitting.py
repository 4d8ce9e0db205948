"""A thousand clips submitted to a laptop world, interrupted half-way, and submitted again.

    python -m local.submitting [CLIPS]

It is the command line that submits, in a process of its own, and Ctrl-C that interrupts it. Then the task table is
counted: one task a clip, none twice.
"""

import io
import json
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import av
import numpy as np
import typer

from local import credentials, everlabel
from local.command_line import INTERRUPTED, end_in_order
from local.everlabel import CommandFailed, Everlabel
from local.ground_truth.people import Behaviour
from local.template import ROOT
from local.world import Settings, World

BUCKET, PREFIX = "clips", "drives/"
JOB = "VOTVehicle"
WAITING = "waiting"
"""What the names of the clips begin with: people leave them alone."""

_LONGEST = 3600.0
"""Seconds until half of the clips must be in; a busy laptop takes its time."""

DEFINITION = {"labelingJobs": [{"jobName": JOB, "inputConfig": {"fps": 1}, "jobLevel": 1}]}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class NotAsPromised(Exception):
    """Clips were lost or doubled on the way in."""


@dataclass(frozen=True)
class Run:
    """One run of `everlabel submit`: its exit code, its answer, its talk, and how long the process took."""

    code: int
    summary: dict[str, Any]
    talk: str
    seconds: float


@app.command()
def main(clips: Annotated[int, typer.Argument(min=2, help="How many clips.")] = 1000) -> None:
    """Print what both runs said, and how many tasks there are; exit code 1 if it is not one a clip."""
    credentials.leave_the_users()
    end_in_order()
    settings = Settings(
        day_seconds=600.0, behaviours=(Behaviour(match=WAITING, act="ignore", times=10**9),), schedules=False
    )
    with World(settings) as world, tempfile.TemporaryDirectory() as folder:
        try:
            start_job(world)
            runs = interrupted_and_again(world, Path(folder), PREFIX, clips)
            for run in runs:
                typer.echo(f"{run.talk}exit code {run.code} after {run.seconds:.1f} s\n")
            seconds = sum(run.seconds for run in runs)
            typer.echo(
                f"{clips:,} clips, {len(task_ids(world)):,} tasks, none twice: "
                f"{seconds:.0f} s in two runs, {clips / seconds:.1f} clips a second"
            )
        except (NotAsPromised, CommandFailed, TimeoutError) as error:
            typer.echo(f"Not as promised: {error}", err=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            typer.echo("Interrupted; the laptop world has ended.", err=True)
            raise typer.Exit(INTERRUPTED) from None


def start_job(world: World) -> None:
    """Starts the labeling job that the clips ask for."""
    body = {"jobName": JOB, "taskType": "VideoObjectTracking", "labelCategoryConfig": {"labels": [{"label": "car"}]}}
    team = ("--workteam-arn", world.outputs["WorkteamArn"])
    run = Everlabel(world, ROOT)
    run("jobs", "create", "-", "--wait", "--every", "0.2", *team, given=json.dumps(body))


def film_of(pictures: int) -> bytes:
    """A film of so many pictures, one a second, small and grey."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(10))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(pictures):
            picture = np.full((48, 64, 3), number * 20 % 255, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


def interrupted_and_again(world: World, folder: Path, prefix: str, clips: int) -> list[Run]:
    """Puts clips below a prefix, submits them, interrupts once half is accepted, submits again.

    Raises:
        NotAsPromised: if not every clip has a task, or one has two.
    """
    film = film_of(10)
    for number in range(clips):
        world.client("s3").put_object(Bucket=BUCKET, Key=f"{prefix}{WAITING}-{number:05d}.mp4", Body=film)
    before = task_ids(world)
    journal = folder / "journal.jsonl"
    definition = folder / "definition.json"
    definition.write_text(json.dumps(DEFINITION))
    command = ["submit", f"s3://{BUCKET}/{prefix}", "--definition", str(definition), "--journal", str(journal)]
    first = _run(world, command, journal, clips // 2)
    second = _run(world, command, journal, None)
    for is_so, what in (
        (first.code == 130, f"the first run ended with {first.code}, not 130"),
        (second.code == 0, f"the second run ended with {second.code}, not 0"),
        (0 < _taken(first) < clips, f"the first run got {_taken(first)} clips in, not a part"),
        (second.summary["skipped"] == _taken(first), "the second run sent again what was accepted"),
        (_taken(first) + _taken(second) == clips, "clips are missing, or were there twice"),
        (len(task_ids(world) - before) == clips, f"there are not {clips} tasks more than before"),
    ):
        if not is_so:
            raise NotAsPromised(what)
    return [first, second]


def _taken(run: Run) -> int:
    """How many clips a run got in. A request that was answered too late and sent again finds its task known."""
    return int(run.summary["accepted"]) + int(run.summary["known"])


def task_ids(world: World) -> set[str]:
    """The ids of all tasks.

    Raises:
        NotAsPromised: if two are of one clip.
    """
    rows = Everlabel(world, ROOT).json("tasks", "list", "--query", "[].[taskId, clipS3Uri]")
    if len({clip for _, clip in rows}) != len(rows):
        raise NotAsPromised("a clip has two tasks")
    return {task_id for task_id, _ in rows}


def _run(world: World, command: list[str], journal: Path, interrupt_at: int | None) -> Run:
    """One run of the command line; Ctrl-C comes once so many lines are in the journal."""
    began = time.monotonic()
    with subprocess.Popen(  # noqa: S603 - our own program
        everlabel.command(*command, "--output", "json"),
        env=everlabel.environment(world),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            if interrupt_at is not None:
                half = interrupt_at
                world.wait_until(lambda: _lines(journal) >= half or process.poll() is not None, _LONGEST, every=0.05)
                process.send_signal(signal.SIGINT)
            answer, talk = process.communicate()
        except BaseException:
            process.kill()
            raise
    if not answer:
        raise NotAsPromised(f"no answer came: {talk}")
    return Run(process.returncode, json.loads(answer), talk, time.monotonic() - began)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


if __name__ == "__main__":
    app()
