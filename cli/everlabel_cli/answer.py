"""What a command says: its answer on stdout, as a table, as JSON or as text, and its talk on stderr."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from everlabel_cli.options import Answering, Format

if TYPE_CHECKING:
    from rich.console import Console

_WIDEST = 100_000
"""Columns of a table that goes to a pipe: enough for anything."""


class NotDone(typer.TyperException):
    """Something was not done: one line on stderr and exit code 1."""

    exit_code = 1


def say(answer: Any, options: Answering, columns: Mapping[str, str] | None = None) -> None:
    """Writes an answer, any JSON value, as the options ask: `--query` is applied to it first.

    A table or text of rows has the columns (heading by key) that are given, or those of the rows themselves if a query
    made them. A table without rows is no table.

    Raises:
        typer.BadParameter: if `--query` is not JMESPath.
    """
    if options.query is not None:
        answer, columns = _queried(answer, options.query), None
    match options.output:
        case Format.JSON:
            typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        case Format.TEXT:
            for line in _lines(answer, columns):
                typer.echo("\t".join(line))
        case Format.TABLE:
            _show_table(answer, columns)


def talk(text: str) -> None:
    """Says something on stderr that is not the answer."""
    typer.echo(plain(text), err=True)


def is_terminal() -> bool:
    """Whether somebody may look at stderr and answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def agreed(question: str, yes: bool) -> None:
    """Goes on if `--yes` was given or the question is answered with yes.

    Raises:
        typer.BadParameter: if nobody can be asked.
        typer.Abort: if the answer is no.
    """
    if yes:
        return
    if not is_terminal():
        raise typer.BadParameter(f"{question} Nobody is there to answer; give --yes", param_hint="--yes")
    typer.confirm(question, abort=True, err=True)


def plain(text: str) -> str:
    """A text with its unprintable characters written out: what strangers sent must not steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def progress[T](things: Sequence[T], what: str) -> Iterable[T]:
    """The things, with a bar that shows how many are done, if somebody looks."""
    from rich.progress import track

    shown = console()
    return track(things, what, console=shown, transient=True, disable=not shown.is_terminal)


def console() -> "Console":
    """Where progress is shown: stderr."""
    from rich.console import Console

    return Console(stderr=True)


def _queried(answer: Any, query: str) -> Any:
    import jmespath  # type: ignore[import-untyped]
    from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]

    try:
        return jmespath.search(query, answer)
    except JMESPathError as error:
        raise typer.BadParameter(f"{query!r}: {' '.join(str(error).split())}", param_hint="--query") from error


def _rows(answer: Any, columns: Mapping[str, str] | None) -> tuple[Mapping[str, str], list[dict[str, Any]]]:
    """An answer as columns and rows: a mapping is one row, anything but mappings is a row of its own parts."""
    things = answer if isinstance(answer, list) else [answer]
    found = []
    for thing in things:
        if isinstance(thing, Mapping):
            found.append(dict(thing))
        else:
            parts = thing if isinstance(thing, list) else [thing]
            found.append({str(number): part for number, part in enumerate(parts)})
    if columns is None:
        keys = dict.fromkeys(key for row in found for key in row)
        are_named = any(isinstance(thing, Mapping) for thing in things)
        columns = {key: key if are_named else "" for key in keys}
    return columns, found


def _lines(answer: Any, columns: Mapping[str, str] | None) -> Iterable[list[str]]:
    columns, rows = _rows(answer, columns)
    return [[plain(_text(row.get(key), "None")) for key in columns] for row in rows]


def _show_table(answer: Any, columns: Mapping[str, str] | None) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns, rows = _rows(answer, columns)
    if not rows:
        return
    table = Table(*columns.values(), show_header=any(columns.values()))
    for row in rows:
        table.add_row(*(Text(plain(_cell(row.get(key))), overflow="fold") for key in columns))
    # A pipe has no width: nothing is to be cut off there.
    out = Console()
    if not out.is_terminal:
        out = Console(width=max(out.width, Console(width=_WIDEST).measure(table).maximum))
    out.print(table)


def _cell(value: Any) -> str:
    """A value for a reader's eyes: simple things that are together are listed, without JSON's signs."""
    match value:
        case Mapping() if not any(isinstance(part, Mapping | list) for part in value.values()):
            return ", ".join(f"{key} {_text(part, 'null')}" for key, part in value.items())
        case list() if not any(isinstance(part, Mapping | list) for part in value):
            return ", ".join(_text(part, "null") for part in value)
        case _:
            return _text(value, "")


def _text(value: Any, nothing: str) -> str:
    match value:
        case None:
            return nothing
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)
