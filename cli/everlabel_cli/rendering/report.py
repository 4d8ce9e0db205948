"""A report of one task or of many, as one HTML file that needs nothing else."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import cv2
import jinja2
from markupsafe import Markup

from everlabel.annotation_document import AnnotationDocument
from everlabel_cli.rendering import figures
from everlabel_cli.rendering.class_styles import ClassStyle, Line, class_styles
from everlabel_cli.rendering.lettering import Canvas, printable
from everlabel_cli.rendering.moments import Moment, evenly, moments
from everlabel_cli.rendering.overlay import Overlay, Read
from everlabel_cli.rendering.plot_files import inline_svg
from everlabel_cli.rendering.plots import plots
from everlabel_cli.rendering.sheet import count, tile

MOST_FRAMES = 24
"""In a report, if nothing else is asked for: about a megabyte of pictures."""
LARGEST_EMBEDDED = 8_000_000
"""Bytes of a video that is put into the report itself; a larger one stays a file beside it."""

_TILE_WIDTH = 640  # sharp at twice the density of the page's narrowest column
_MOST_ROWS = 200
_WEBP_QUALITY = 82
_DASHES = {Line.SOLID: "", Line.DASHED: "7 5", Line.DOTTED: "0.1 6"}


@dataclass(frozen=True)
class Video:
    """A video that a report shows."""

    address: str
    """Of its bytes as `data:…`, or relative to the report."""
    times: tuple[float, ...]
    """When its pictures begin, in seconds."""

    @classmethod
    def embedded(cls, mp4: bytes, times: Sequence[float]) -> "Video":
        """In the report itself."""
        return cls(_data("video/mp4", mp4), tuple(times))

    @classmethod
    def beside(cls, path: Path, times: Sequence[float]) -> "Video":
        """A file in the report's folder."""
        return cls(quote(path.name), tuple(times))


@dataclass(frozen=True)
class Table:
    """Rows under headings."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str | int | float, ...]]

    @property
    def shown(self) -> Sequence[tuple[str | int | float, ...]]:
        """The rows that a reader has patience for."""
        return self.rows[:_MOST_ROWS]


@dataclass(frozen=True)
class Picture:
    """A frame with its labels."""

    address: str
    width: int
    height: int
    alt: str
    name: str
    said: str
    seconds: float


@dataclass(frozen=True)
class _Page:
    title: str
    kind: str
    about: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    documents: Sequence[AnnotationDocument]
    pictures: Sequence[Picture]
    pictures_said: str
    tables: Sequence[Table]
    video: Video | None = None
    styles: Mapping[str, ClassStyle] = field(default_factory=dict)


def task_report(
    document: AnnotationDocument,
    read: Read,
    *,
    video: Video | None = None,
    summary: Mapping[str, Any] | None = None,
    most: int = MOST_FRAMES,
) -> str:
    """One task: its video if there is one, frames, plots, and how it was labeled.

    Args:
        document: the task's annotations.
        read: for the frames, and the pictures that masks are in.
        video: the overlay video.
        summary: what PostProcessing counted, for how long people worked and how much later levels changed.
        most: frames that are shown.
    """
    styles = class_styles([document])
    overlay = Overlay(styles, read)
    every = moments(document)
    chosen = evenly(every, most)
    about = (("Task", document.task_id), ("Clip", document.clip_uri), ("Completed", document.completed_at))
    page = _Page(
        title=document.clip_id,
        kind="Annotation task",
        about=(*about, *((("Taxonomy", document.taxonomy),) if document.taxonomy else ())),
        facts=_facts([document]),
        documents=[document],
        pictures=[_picture(moment, overlay, read, moment.frame.name) for moment in chosen],
        pictures_said=f"{len(chosen)} of {len(every)} frames." if len(chosen) < len(every) else "",
        tables=[table for table in (*_task_tables(document), _work(summary or {})) if table.rows],
        video=video,
        styles=styles,
    )
    return _html(page)


def dataset_report(title: str, documents: Sequence[AnnotationDocument], read: Read, *, most: int = MOST_FRAMES) -> str:
    """Many tasks: what they hold together, and the busiest frame of some of them."""
    styles = class_styles(documents)
    overlay = Overlay(styles, read)
    chosen = evenly([document for document in documents if document.frames], most)
    busiest = [max(moments(document), key=lambda moment: len(moment.labels)) for document in chosen]
    times = sorted(document.completed_at for document in documents)
    taxonomies = sorted({document.taxonomy for document in documents if document.taxonomy})
    page = _Page(
        title=title,
        kind="Dataset",
        about=(
            *((("Completed", f"{times[0]} to {times[-1]}"),) if times else ()),
            *((("Taxonomy", ", ".join(taxonomies)),) if taxonomies else ()),
        ),
        facts=(("tasks", f"{len(documents):,}"), *_facts(documents)),
        documents=documents,
        pictures=[
            _picture(moment, overlay, read, document.clip_id) for document, moment in zip(chosen, busiest, strict=True)
        ],
        pictures_said=f"The busiest frame of {'each task' if len(chosen) == len(documents) else 'some tasks'}.",
        tables=[table for table in _dataset_tables(documents) if table.rows],
        styles=styles,
    )
    return _html(page)


def _html(page: _Page) -> str:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["printable"] = _said
    here = files("everlabel_cli.rendering")
    script = (here / "report.js").read_text("utf-8") if page.video else ""
    template = environment.from_string((here / "report.html.jinja").read_text("utf-8"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return template.render(
        page=page,
        # Matplotlib escapes what it draws.
        plots=[(plot, Markup(inline_svg(plot))) for plot in plots(page.documents, page.styles)],  # noqa: S704 # nosec B704
        dashes=_DASHES,
        # These two are files of ours.
        style=Markup((here / "report.css").read_text("utf-8")),  # noqa: S704 # nosec B704
        script=Markup(script),  # noqa: S704 # nosec B704
        script_source=f"'sha256-{digest}'" if script else "'none'",
    )


def _said(value: object) -> str:
    """A cell: numbers with thousands apart, texts without what cannot be shown."""
    return f"{value:,}" if isinstance(value, int | float) else printable(str(value))


def _picture(moment: Moment, overlay: Overlay, read: Read, name: str) -> Picture:
    drawn, _ = tile(moment, overlay, read, _TILE_WIDTH)
    classes = Counter(label.class_name for label in moment.labels)
    what = ", ".join(f"{number} {class_name}" for class_name, number in sorted(classes.items())) or "no labels"
    said = count(len(moment.labels), "label")
    alt = f"Frame {moment.frame.name} at {moment.frame.time:.2f} s: {what}"
    address = _data("image/webp", _webp(drawn))
    return Picture(address, drawn.shape[1], drawn.shape[0], alt, name, said, moment.frame.time)


def _webp(picture: Canvas) -> bytes:
    quality = (cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY)
    return cv2.imencode(".webp", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality)[1].tobytes()


def _data(media_type: str, body: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(body).decode()}"


def _facts(documents: Sequence[AnnotationDocument]) -> tuple[tuple[str, str], ...]:
    found = figures.tracks(documents)
    classes = {label.class_name for document in documents for label in document.labels}
    numbers = (
        ("frames", sum(len(document.frames) for document in documents)),
        ("labels", sum(len(document.labels) for document in documents)),
        ("tracks", len(found)),
        ("classes", len(classes)),
        ("unlabeled", sum(len(document.unlabeled) for document in documents)),
    )
    return tuple((name, f"{number:,}") for name, number in numbers)


def _task_tables(document: AnnotationDocument) -> Iterator[Table]:
    attributes = [
        (f"{kind}: {name}", figures.said(value))
        for kind, values in document.attributes.items()
        for name, value in (values.items() if isinstance(values, Mapping) else ())
    ]
    yield Table("Attributes of drive and clip", ("Attribute", "Value"), attributes)
    yield _frame_attributes([document])
    labels = Counter(label.job_name for label in document.labels)
    classified = Counter(found.job_name for found in document.classifications)
    missing = Counter(found.job_name for found in document.unlabeled)
    yield Table(
        "Labeling jobs",
        ("Job", "Level", "Task type", "Accepted labels", "Classifications", "Unlabeled objects"),
        [
            (
                job.job_name,
                job.level,
                job.task_type,
                *(counts[job.job_name] for counts in (labels, classified, missing)),
            )
            for job in document.labeling_jobs
        ],
    )
    yield _classifications([document])
    yield Table(
        "Data objects without a label",
        ("Job", "Level", "Object", "Outcome", "Reason"),
        [(found.job_name, found.level, found.index, found.outcome, found.reason or "") for found in document.unlabeled],
    )


def _work(summary: Mapping[str, Any]) -> Table:
    """How labeling went; a cell is empty where the summary says nothing."""
    columns = (
        "Job", "Level", "Expiries", "Re-sends", "Seconds worked", "Kept", "Adjusted", "Added", "Removed", "Mean IoU",
    )  # fmt: skip
    rows = []
    for job in summary.get("labelingJobs", ()):
        agreement = job.get("agreement") or {}
        said = [job.get(name) for name in ("jobName", "jobLevel", "expiries", "resends", "workSeconds")]
        said += [agreement.get(name) for name in ("kept", "adjusted", "added", "removed", "meanIou")]
        rows.append(tuple("" if value is None else value for value in said))
    return Table("Work, and changes by later levels", columns, rows)


def _dataset_tables(documents: Sequence[AnnotationDocument]) -> Iterator[Table]:
    counts: Counter[tuple[str, str]] = Counter()
    for document in documents:
        for kind, values in document.attributes.items():
            for name, value in values.items() if isinstance(values, Mapping) else ():
                counts[f"{kind}: {name}", figures.said(value)] += 1
    rows = [(name, value, number) for (name, value), number in sorted(counts.items())]
    yield Table("Attributes of drives and clips", ("Attribute", "Value", "Tasks"), rows)
    yield _frame_attributes(documents)
    yield _classifications(documents)
    yield Table(
        "Tasks",
        ("Clip", "Task", "Completed", "Frames", "Labels", "Unlabeled objects"),
        [
            (made.clip_id, made.task_id, made.completed_at, len(made.frames), len(made.labels), len(made.unlabeled))
            for made in documents
        ],
    )


def _frame_attributes(documents: Sequence[AnnotationDocument]) -> Table:
    rows = [
        (name, value, number)
        for name, values in sorted(figures.frame_attribute_counts(documents).items())
        for value, number in values.most_common()
    ]
    return Table("Attributes of frames", ("Attribute", "Value", "Frames"), rows)


def _classifications(documents: Sequence[AnnotationDocument]) -> Table:
    counts = Counter((found.job_name, found.class_name) for made in documents for found in made.classifications)
    rows = [(job, class_name, number) for (job, class_name), number in sorted(counts.items())]
    return Table("Classifications", ("Job", "Class", "Frames"), rows)
