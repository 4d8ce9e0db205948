"""What a command says: its answer on stdout, as a table or as JSON, and its progress on stderr."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from everlabel_cli.options import Format


def say(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], output: Format) -> None:
    """Writes rows: as JSON with all they have, as a table with the columns (heading by key)."""
    if output is Format.JSON:
        typer.echo(json.dumps(list(rows), indent=2))
        return
    table = Table(*columns.values())
    for row in rows:
        table.add_row(*(Text(plain(str(row[key])), overflow="fold") for key in columns))
    Console().print(table)


def plain(text: str) -> str:
    """A text with its unprintable characters written out: what strangers sent must not steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def progress[T](things: Sequence[T], what: str) -> Iterable[T]:
    """The things, with a bar that shows how many are done, if somebody looks."""
    console = Console(stderr=True)
    return track(things, what, console=console, transient=True, disable=not console.is_terminal)
