"""Attributes of clips and of their drives out of a CSV file."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer

_HINT = "--attributes-from"
CLIP_ID = "clipId"


def read(path: Path) -> dict[str, dict[str, Any]]:
    """The attributes of a definition (`{"drive": {…}, "clip": {…}}`) by clip id.

    The first line names the columns: `clipId`, and `drive.<name>` or `clip.<name>`. A cell that reads as a JSON number,
    true or false is that, everything else is text (`"007"` in quotation marks of its own, if it must be), and an empty
    one says nothing.

    Raises:
        typer.BadParameter: that names the line, if it cannot be read so.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            return _read(path, next(rows, []), enumerate(rows, 2))
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint=_HINT) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{path} is not CSV in UTF-8: {error}", param_hint=_HINT) from error


def _read(path: Path, columns: list[str], rows: Iterable[tuple[int, list[str]]]) -> dict[str, dict[str, Any]]:
    names = [column.strip() for column in columns]
    bad = [name for name in names if name != CLIP_ID and not _is_attribute(name)]
    if names.count(CLIP_ID) != 1 or bad or len(set(names)) != len(names):
        what = f"; {bad[0]!r} is neither" if bad else ""
        why = f"{path}: the first line must name clipId and columns like drive.weather or clip.scene, each once{what}"
        raise typer.BadParameter(why, param_hint=_HINT)
    found: dict[str, dict[str, Any]] = {}
    for line, cells in rows:
        if not any(cells):
            continue
        if len(cells) != len(names):
            why = f"{path}, line {line}: has {len(cells)} cells; {len(names)} columns are named"
            raise typer.BadParameter(why, param_hint=_HINT)
        attributes: dict[str, Any] = {}
        for name, cell in zip(names, cells, strict=True):
            if name != CLIP_ID and cell.strip():
                scope, _, attribute = name.partition(".")
                attributes.setdefault(scope, {})[attribute] = _value(cell.strip())
        clip = cells[names.index(CLIP_ID)].strip()
        if not clip or clip in found:
            why = f"{path}, line {line}: clipId {clip!r} " + ("is there twice" if clip else "is empty")
            raise typer.BadParameter(why, param_hint=_HINT)
        found[clip] = attributes
    return found


def _is_attribute(name: str) -> bool:
    scope, _, attribute = name.partition(".")
    return scope in ("drive", "clip") and bool(attribute)


def _value(text: str) -> str | int | float | bool:
    def refuse(word: str) -> Any:
        raise ValueError(word)

    try:
        value = json.loads(text, parse_constant=refuse)
    except ValueError:
        return text
    return value if isinstance(value, str | int | float | bool) else text
