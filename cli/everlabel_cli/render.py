"""Pictures of completed tasks: contact sheets, overlay videos, plots, reports.

Of the tasks of a stack (by id or by filter), of a copy of its bucket (--from), or of a dataset version (--dataset).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from everlabel_cli.answer import NotDone, talk
from everlabel_cli.options import taking
from everlabel_cli.rendering.chosen import OfTasks, Reader, Work, each, together

if TYPE_CHECKING:
    from everlabel.annotation_document import AnnotationDocument
    from everlabel_cli.rendering.report import Video

app = typer.Typer(help=__doc__, no_args_is_help=True)


class Over(StrEnum):
    """What an overlay video shows."""

    AUTO = "auto"
    CLIP = "clip"
    FRAMES = "frames"


class PlotForm(StrEnum):
    """What plots are written as."""

    SVG = "svg"
    PNG = "png"


OverOption = Annotated[
    Over,
    typer.Option("--over", help="All pictures of the clip, or the labeled frames only; auto: the clip if it is there."),
]
Together = Annotated[
    bool | None,
    typer.Option("--together/--each", help="One of all tasks, or one of each. A dataset is shown together, else each."),
]


@app.command()
@taking(OfTasks)
def sheet(
    options: OfTasks,
    columns: Annotated[int | None, typer.Option("--columns", min=1, max=100, help="Frames side by side.")] = None,
    width: Annotated[int, typer.Option("--width", min=32, max=4096, help="Of a frame, in pixels.")] = 480,
    most: Annotated[int, typer.Option("--frames", min=1, max=2000, help="At most so many, evenly chosen.")] = 40,
) -> None:
    """Draw a contact sheet (PNG) of each task: its frames with their labels."""
    with _making():
        from everlabel_cli.rendering.sheet import contact_sheet

        def make(work: Work) -> list[Path]:
            png = contact_sheet(work.document, work.read, columns=columns, tile_width=width, most=most)
            return [_written(options.to / f"{work.name}.png", png)]

        each(options, make)


@app.command()
@taking(OfTasks)
def video(
    options: OfTasks,
    over: OverOption = Over.AUTO,
    width: Annotated[int, typer.Option("--width", min=32, max=4096, help="At most, in pixels.")] = 1280,
) -> None:
    """Make an overlay video (MP4, H.264) of each task: the clip with its labels drawn."""
    with _making():

        def make(work: Work) -> list[Path]:
            path = options.to / f"{work.name}.mp4"
            return [path] if _video(work, path, over, width) else []

        each(options, make)


@app.command()
@taking(OfTasks)
def plots(
    options: OfTasks,
    form: Annotated[PlotForm, typer.Option("--format", help="Vectors or pixels.")] = PlotForm.SVG,
    as_one: Together = None,
) -> None:
    """Draw plots: labels per class and over time, tracks and their gaps, attributes, changes by later levels."""
    with _making():
        from everlabel_cli.rendering import plot_files
        from everlabel_cli.rendering.class_styles import class_styles
        from everlabel_cli.rendering.plots import plots as made

        write = {PlotForm.SVG: plot_files.svg, PlotForm.PNG: plot_files.png}[form]

        def drawn(documents: "Sequence[AnnotationDocument]", folder: Path) -> list[Path]:
            every = made(documents, class_styles(documents))
            return [_written(folder / f"{plot.name}.{form}", write(plot)) for plot in every]

        if _is_together(options, as_one):
            together(options, lambda documents, _: drawn(documents, options.to))
        else:
            each(options, lambda work: drawn([work.document], options.to / work.name))


@app.command()
@taking(OfTasks)
def report(
    options: OfTasks,
    as_one: Together = None,
    title: Annotated[str | None, typer.Option("--title", help="Of a report of many tasks.")] = None,
    over: OverOption = Over.AUTO,
    has_video: Annotated[bool, typer.Option("--video/--no-video", help="Put the overlay video in.")] = True,
    most: Annotated[int, typer.Option("--frames", min=1, max=500, help="Frames to show, evenly chosen.")] = 24,
) -> None:
    """Write a report (one HTML file that needs nothing else) of each task, or of all together."""
    with _making():
        from everlabel_cli.rendering.report import dataset_report, task_report

        def together_made(documents: "Sequence[AnnotationDocument]", read: Reader) -> list[Path]:
            text = dataset_report(title or options.dataset or "Completed tasks", documents, read, most=most)
            return [_written(options.to / "report.html", text.encode())]

        def make(work: Work) -> list[Path]:
            shown = _video_of_report(work, options.to / f"{work.name}.mp4", over) if has_video else None
            summary = work.read.summary(work.document)
            text = task_report(work.document, work.read, video=shown, summary=summary, most=most)
            return [_written(options.to / f"{work.name}.html", text.encode())]

        if _is_together(options, as_one):
            together(options, together_made)
        else:
            each(options, make)


@contextmanager
def _making() -> Iterator[None]:
    """What rendering needs is an extra of the package."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise NotDone(f"pictures need {error.name}; install it with: pip install 'everlabel[render]'") from error


def _is_together(options: OfTasks, together: bool | None) -> bool:
    return options.dataset is not None if together is None else together


def _video(work: Work, path: Path, over: Over, width: int) -> list[float] | None:
    """Makes the video and returns the times of its pictures; None if there is nothing to show."""
    from everlabel.errors import ClipRefused
    from everlabel_cli.rendering.video import overlay_video

    if not work.document.frames:
        talk(f"Task {work.document.task_id} has no frames to make a video of.")
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    is_file = not work.document.clip_uri.endswith("/")  # else a prefix of frames, which has no other pictures
    if over is not Over.FRAMES and (is_file or over is Over.CLIP):
        try:
            return overlay_video(work.document, work.read, path, over_clip=True, max_width=width, progress=work.tell)
        except (OSError, ClipRefused) as error:
            if over is Over.CLIP:
                raise NotDone(f"the clip {work.document.clip_uri} cannot be shown: {error}") from error
            work.read.missing.pop(work.document.clip_uri, None)
            talk(f"The clip {work.document.clip_uri} cannot be shown ({error}); the video has its labeled frames only.")
    return overlay_video(work.document, work.read, path, max_width=width, progress=work.tell)


def _video_of_report(work: Work, path: Path, over: Over) -> "Video | None":
    """The video in the report itself if it is small, else beside it."""
    from everlabel_cli.rendering.report import LARGEST_EMBEDDED, Video
    from everlabel_cli.rendering.video import MAX_WIDTH

    made = path.with_name(f".{path.name}.report")
    times = _video(work, made, over, MAX_WIDTH)
    if times is None:
        return None
    if made.stat().st_size > LARGEST_EMBEDDED:
        made.replace(path)
        return Video.beside(path, times)
    shown = Video.embedded(made.read_bytes(), times)
    made.unlink()
    return shown


def _written(path: Path, body: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path
