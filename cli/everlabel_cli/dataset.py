"""Dataset versions: built of completed tasks, checked, and exported to what training software reads.

A version is numbered and never changes. Its clips are split into train, val and test by drive.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from everlabel_cli import stack as stacks
from everlabel_cli.answer import NotDone, say, talk
from everlabel_cli.options import Answering, EndpointUrl, OnStack, Profile, Region, taking

if TYPE_CHECKING:
    from everlabel_cli.datasets.reading import StoredVersion
    from everlabel_cli.datasets.store import Store
    from everlabel_cli.task_source import TaskSource

app = typer.Typer(help=__doc__, no_args_is_help=True)

_COLUMNS = {
    "name": "name",
    "version": "version",
    "createdAt": "made",
    "tasks": "tasks",
    "splits": "splits",
    "taxonomies": "taxonomies",
}
_BUILT = {"name": "name", "version": "version", "tasks": "tasks", "splits": "splits", "place": "place"}

At = Annotated[
    str,
    typer.Option("--at", envvar="EVERLABEL_DATASETS", help="Where datasets lie: a folder, or s3://bucket/prefix."),
]
Which = Annotated[str, typer.Argument(metavar="NAME[/VERSION]", help="A dataset; without a version, its latest.")]
From = Annotated[
    Path | None,
    typer.Option(
        "--from", metavar="FOLDER", help="Read tasks and frames from a copy of a stack's bucket (`aws s3 sync`)."
    ),
]


@dataclass(frozen=True, kw_only=True)
class InAccount(Answering):
    """Options of a command that may read and write S3, and needs no stack."""

    profile: Profile = None
    region: Region = None
    endpoint_url: EndpointUrl = None


@app.command()
@taking(OnStack)
def build(
    options: OnStack,
    name: Annotated[str, typer.Option("--name", help="The dataset's name.")],
    place: Annotated[
        str,
        typer.Option("--to", envvar="EVERLABEL_DATASETS", help="Where datasets lie: a folder, or s3://bucket/prefix."),
    ] = "datasets",
    source: From = None,
    since: Annotated[str | None, typer.Option("--since", help="Completed since: 2026-11-20, or 24h ago.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Completed before, or on that day.")] = None,
    taxonomy: Annotated[str | None, typer.Option("--taxonomy", help="Labeled by it: lava, or lava/1.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", help="What must hold: 'attributes.drive.weather=rainy', or with !=. May be repeated."),
    ] = None,
    ratios: Annotated[str, typer.Option("--ratios", help="Of train, val and test.")] = "80/10/10",
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Of the split. Else that of the version before, or the one nearest to the ratios."),
    ] = None,
    images: Annotated[bool, typer.Option("--images", help="Copy the frames into the version.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Make a version even if an equal one is there.")] = False,
) -> None:
    """Build the next version of a dataset out of completed tasks."""
    from everlabel import clock
    from everlabel_cli.datasets.building import Order
    from everlabel_cli.datasets.building import build as make
    from everlabel_cli.datasets.splitting import SplitRefused, read_ratios
    from everlabel_cli.datasets.version import row
    from everlabel_cli.task_filter import FilterRefused, TaskFilter

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise typer.BadParameter(f"{name!r}; expected letters, digits, '.', '_' and '-'", param_hint="--name")
    try:
        chosen = TaskFilter.read(since, until, taxonomy, tuple(where or ()))
        shares = read_ratios(ratios)
        store = _store(place)
        tasks, said = _tasks(options, source)
        order = Order(name, said, chosen, shares, seed, images, force)
        built = make(order, tasks, store, clock.iso(clock.now()))
    except (FilterRefused, SplitRefused) as error:
        raise typer.BadParameter(str(error)) from error
    version = built.version
    if not built.is_new:
        talk(f"Equal to version {version.number}; nothing was made (--force makes one).")
    answer = {**row(version), "isNew": built.is_new, "place": store.where(name, version.number)}
    say(answer, options, _BUILT)


@app.command("list")
@taking(InAccount)
def list_versions(
    options: InAccount,
    name: Annotated[str | None, typer.Argument(help="Only this dataset.")] = None,
    at: At = "datasets",
) -> None:
    """List datasets and their versions."""
    from everlabel_cli.datasets.reading import find
    from everlabel_cli.datasets.version import row

    _use(options)
    store = _store(at)
    names = store.names() if name is None else [name]
    versions = [find(store, each, number).version for each in names for number in store.numbers(each)]
    say([row(version) for version in versions], options, _COLUMNS)


@app.command()
@taking(InAccount)
def show(options: InAccount, which: Which, at: At = "datasets") -> None:
    """Show a version: what is in it and where it came from."""
    import json

    from everlabel_cli.datasets.version import row
    from everlabel_cli.options import Format

    stored = _find(options, which, at)
    if options.output is Format.TABLE and options.query is None:
        typer.echo(stored.read("datasheet.md").decode(), nl=False)
        return
    manifest = json.loads(stored.read("dataset.json"))
    say({**row(stored.version), **manifest, "datasheet": json.loads(stored.read("datasheet.json"))}, options)


@app.command()
@taking(InAccount)
def verify(options: InAccount, which: Which, at: At = "datasets") -> None:
    """Compare each file of a version with its checksum. Exit code 1 if one is not what it was."""
    stored = _find(options, which, at)
    rows = [{"file": path, "problem": problem} for path, problem in stored.changed()]
    say(rows, options, {"file": "file", "problem": "problem"})
    if rows:
        raise NotDone(f"{len(rows)} files of {which} are not as they were written")
    talk(f"All files of {stored.version.name}/{stored.version.number} are as they were written.")


@app.command()
@taking(InAccount)
def export(
    options: InAccount,
    which: Which,
    form: Annotated[str, typer.Option("--format", help="One of `everlabel dataset formats`.")],
    to: Annotated[str, typer.Option("--to", help="A new folder, or s3://bucket/prefix.")],
    at: At = "datasets",
    split: Annotated[str | None, typer.Option("--split", help="Only this one.")] = None,
    interpolate: Annotated[
        float | None,
        typer.Option("--interpolate", metavar="SECONDS", help="Boxes between labeled frames at most so far apart."),
    ] = None,
    images: Annotated[bool, typer.Option("--images", help="Write the pictures too.")] = False,
    source: From = None,
) -> None:
    """Export a version to a format that training software reads."""
    from everlabel_cli.datasets.export import Export, left_out
    from everlabel_cli.datasets.formats import find_format
    from everlabel_cli.datasets.output import open_output, write_export

    chosen = find_format(form)
    if interpolate is not None and not 0 < interpolate < float("inf"):
        raise typer.BadParameter(f"{interpolate}; expected seconds, more than 0", param_hint="--interpolate")
    stored = _find(options, which, at, source)
    if split is not None and split not in stored.version.ratios:
        has = ", ".join(stored.version.ratios)
        raise typer.BadParameter(f"{split!r}; {which} has {has}", param_hint="--split")
    output = open_output(to)
    exported = Export(stored, split, interpolate, output.uri)
    written = write_export(exported, chosen, output, with_images=images)
    lost = left_out(exported, chosen)
    for shape, count in lost.items():
        talk(f"Left out, because {chosen.name} has no such shape: {count} of {shape}.")
    columns = {"format": "format", "place": "place", "files": "files", "leftOut": "left out"}
    say({"format": chosen.name, "place": to, "files": written, "leftOut": lost}, options, columns)


@app.command()
@taking(Answering)
def formats(options: Answering) -> None:
    """List the formats, and the shapes that each holds."""
    from everlabel.annotation_document import ShapeType
    from everlabel_cli.datasets.formats import FORMATS

    rows = [
        {"format": form.name, "shapes": [shape for shape in ShapeType if shape in form.keeps]}
        for form in FORMATS.values()
    ]
    say(rows, options, {"format": "format", "shapes": "shapes"})


def _use(options: InAccount | OnStack) -> None:
    made = stacks.environment(os.environ, options.profile, options.region, options.endpoint_url)
    os.environ.clear()
    os.environ.update(made)


def _store(place: str) -> "Store":
    from everlabel_cli.datasets.store import open_store

    try:
        return open_store(place)
    except ValueError as error:
        raise typer.BadParameter(f"{place!r} {error}") from error


def _tasks(options: OnStack, folder: Path | None) -> "tuple[TaskSource, str]":
    from everlabel_cli.task_source import FolderSource, StackSource

    if folder is not None:
        _use(options)
        return FolderSource(folder), f"the folder {folder.resolve()}"
    stack = stacks.enter(options)
    return StackSource(stack), f"the stack {stack.name} ({stack.id})"


def _find(options: InAccount, which: str, at: str, source: Path | None = None) -> "StoredVersion":
    from everlabel_cli.datasets.reading import find
    from everlabel_cli.task_source import FolderSource, S3Frames

    _use(options)
    name, slash, text = which.partition("/")
    if not name or (slash and not text.isdecimal()):
        raise typer.BadParameter(f"{which!r}; expected a name, or a name and a number: road/3")
    elsewhere: Any = S3Frames() if source is None else FolderSource(source)
    return find(_store(at), name, int(text) if slash else None, elsewhere)
