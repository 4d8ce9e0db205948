"""The tasks that pictures are made of: which, from where, and one after the other."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from everlabel_cli import stack as stacks
from everlabel_cli.answer import NotDone, console, say, talk
from everlabel_cli.options import OnStack

if TYPE_CHECKING:
    from everlabel.annotation_document import AnnotationDocument
    from everlabel_cli.task_source import TaskSource

_COLUMNS = {"clipId": "clip", "taskId": "task", "file": "file"}


@dataclass(frozen=True, kw_only=True)
class OfTasks(OnStack):
    """Options of a command that makes pictures of tasks."""

    tasks: Annotated[list[str] | None, typer.Argument(metavar="[TASK]...", help="Ids of completed tasks.")] = None
    to: Annotated[Path, typer.Option("--to", help="The folder that pictures are written to.")] = Path("pictures")
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FOLDER", help="A copy of a stack's bucket (`aws s3 sync`), of tasks and frames."
        ),
    ] = None
    dataset: Annotated[str | None, typer.Option("--dataset", metavar="NAME[/VERSION]", help="A dataset version.")] = (
        None
    )
    at: Annotated[
        str,
        typer.Option("--at", envvar="EVERLABEL_DATASETS", help="Where datasets lie: a folder, or s3://bucket/prefix."),
    ] = "datasets"
    since: Annotated[str | None, typer.Option("--since", help="Completed since: 2026-11-20, or 24h ago.")] = None
    until: Annotated[str | None, typer.Option("--until", help="Completed before, or on that day.")] = None
    taxonomy: Annotated[str | None, typer.Option("--taxonomy", help="Labeled by it: lava, or lava/1.")] = None
    where: Annotated[
        list[str] | None,
        typer.Option("--where", help="What must hold: 'attributes.drive.weather=rainy', or with !=. May be repeated."),
    ] = None


@dataclass
class Reader:
    """Reads frames, masks and clips from a source of tasks, and remembers what it could not."""

    source: "TaskSource"
    missing: dict[str, str] = field(default_factory=dict)
    """Addresses, and why they cannot be read."""

    def __call__(self, uri: str) -> bytes:
        """What lies at an address: a source finds everything as it finds a frame. Raises OSError."""
        from everlabel.annotation_document import Frame

        try:
            return self.source.frame_bytes(Frame(0, "", uri, 1.0, 0.0, None, None))
        except NotDone as error:
            self.missing[uri] = error.message
            raise FileNotFoundError(error.message) from error

    def summary(self, document: "AnnotationDocument") -> Mapping[str, Any] | None:
        """What PostProcessing wrote beside the document; None if it is not there, as in a dataset version."""
        from everlabel_cli.task_source import FolderSource, StackSource

        match self.source:
            case StackSource(bucket=bucket):
                uri = f"s3://{bucket}/tasks/{document.task_id}/summary.json"
            case FolderSource():  # to which all buckets are the same folder
                uri = f"s3://any-bucket/tasks/{document.task_id}/summary.json"
            case _:
                return None
        try:
            found = json.loads(self(uri))
        except (OSError, ValueError):
            self.missing.pop(uri, None)
            return None
        return found if isinstance(found, dict) else None

    def tell(self) -> None:
        """Says on stderr what was not there; pictures show an empty place for it."""
        if self.missing:
            reason = next(iter(self.missing.values()))
            others = len(self.missing) - 1
            talk(f"Cannot be read: {reason}" + (f" (and {others} more)" if others else ""))


@dataclass(frozen=True)
class Work:
    """One task to make a picture of."""

    name: str
    """For files."""
    document: "AnnotationDocument"
    read: Reader
    tell: Callable[[float], None]
    """Is told the share that is done."""


def each(options: OfTasks, make: Callable[[Work], list[Path]]) -> None:
    """Makes something of each task, with a bar if somebody looks, and says which files there are now."""
    from rich.progress import Progress

    source = _source(options)
    documents = _documents(options, source)
    read = Reader(source)
    rows: list[dict[str, Any]] = []
    with Progress(console=console(), transient=True, disable=not console().is_terminal) as bar:
        shown = bar.add_task("Drawing", total=len(documents))
        for number, (name, document) in enumerate(_named(documents)):

            def tell(share: float, before: int = number) -> None:
                bar.update(shown, completed=before + share)

            paths = make(Work(name, document, read, tell))
            tell(1.0)
            rows += [{"clipId": document.clip_id, "taskId": document.task_id, "file": str(path)} for path in paths]
    read.tell()
    say(rows, options, _COLUMNS)


def together(options: OfTasks, make: "Callable[[Sequence[AnnotationDocument], Reader], list[Path]]") -> None:
    """Makes something of all tasks together, and says which files there are now."""
    source = _source(options)
    read = Reader(source)
    documents = _documents(options, source)
    rows = [{"tasks": len(documents), "file": str(path)} for path in make(documents, read)]
    read.tell()
    say(rows, options, {"tasks": "tasks", "file": "file"})


def _source(options: OfTasks) -> "TaskSource":
    from everlabel_cli.task_source import FolderSource, S3Frames, StackSource

    folder = None if options.folder is None else FolderSource(options.folder)
    if options.dataset is not None:
        return _version(options, options.dataset, S3Frames() if folder is None else folder)
    if folder is not None:
        return folder
    if not (options.tasks or _asked(options)):
        raise typer.BadParameter(
            "which tasks? Give ids, or a filter such as --since 2026-11-20, or --from a folder, or --dataset"
        )
    return StackSource(stacks.enter(options))


def _version(options: OfTasks, which: str, frames: "TaskSource") -> "TaskSource":
    """A dataset version; frames that it has no copy of come from elsewhere."""
    from everlabel_cli.datasets.reading import find
    from everlabel_cli.datasets.store import open_store

    os.environ.update(stacks.environment(os.environ, options.profile, options.region, options.endpoint_url))
    name, slash, number = which.partition("/")
    if not name or (slash and not number.isdecimal()):
        raise typer.BadParameter(f"{which!r}; expected a name, or a name and a number: road/3", param_hint="--dataset")
    try:
        store = open_store(options.at)
    except ValueError as error:
        raise typer.BadParameter(f"{options.at!r} {error}", param_hint="--at") from error
    return find(store, name, int(number) if slash else None, frames)


def _documents(options: OfTasks, source: "TaskSource") -> "list[AnnotationDocument]":
    from everlabel_cli.task_filter import FilterRefused, TaskFilter

    try:
        chosen = TaskFilter.read(options.since, options.until, options.taxonomy, tuple(options.where or ()))
    except FilterRefused as error:
        raise typer.BadParameter(str(error)) from error
    if options.tasks:
        if _asked(options):
            raise typer.BadParameter("give either task ids or a filter")
        return list(_by_id(source, options.tasks))
    found = list(source.documents(chosen))
    if not found:
        raise NotDone("no completed task is as asked for")
    return found


def _by_id(source: "TaskSource", task_ids: Sequence[str]) -> "Iterator[AnnotationDocument]":
    from everlabel_cli.task_source import StackSource

    if isinstance(source, StackSource):
        yield from map(source.document_of, task_ids)
        return
    found = {document.task_id: document for document in source.documents() if document.task_id in task_ids}
    for task_id in task_ids:
        if task_id not in found:
            raise NotDone(f"there is no annotation document of a task {task_id!r}")
        yield found[task_id]


def _asked(options: OfTasks) -> bool:
    return any((options.since, options.until, options.taxonomy, options.where))


def _named(documents: "Sequence[AnnotationDocument]") -> "Iterator[tuple[str, AnnotationDocument]]":
    """The documents with a name for files, after the clip; clips of the same name have their task's id behind it."""
    from everlabel_cli.datasets.names import distinct, file_name

    names = [file_name(document.clip_id) for document in documents]
    yield from zip(distinct(names, [file_name(document.task_id) for document in documents]), documents, strict=True)
