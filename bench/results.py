"""What was measured, as a table, as JSON, and all that is there together as Markdown and as a plot."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from bench.measuring import OUT, Row, machine

_COLOURS = {"reached": "#0072b2", "falls short": "#d55e00"}  # apart for colour-blind people, too
_MOST_TIMES = 10_000.0  # where an endless bar ends


def show(title: str, rows: Sequence[Row], console: Console | None = None) -> None:
    """Prints the rows as a table; the ones that fall short are named as such."""
    table = Table("what", "figure", title=f"{title} · {machine()}", title_justify="left")
    for heading in ("ours", "baseline", "times less", "to reach", ""):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(row.what, row.figure, *_figures(row))
    (console or Console(width=None if sys.stdout.isatty() else 150)).print(table)


def write(name: str, title: str, rows: Sequence[Row], rounds: int) -> Path:
    """Writes the rows of a benchmark to a JSON file and returns its path."""
    path = OUT / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    listed = [asdict(row) | {"ratio": row.ratio, "falls_short": row.falls_short} for row in rows]
    about = {"title": title, "machine": machine(), "at": datetime.now(UTC).isoformat(timespec="seconds")}
    path.write_text(json.dumps({**about, "rounds": rounds, "rows": listed}, indent=2) + "\n")
    return path


def read(name: str) -> list[Row]:
    """The rows that were written last; none if there are none."""
    path = OUT / f"{name}.json"
    if not path.exists():
        return []
    known = {field.name for field in fields(Row)}
    listed = json.loads(path.read_text())["rows"]
    return [Row(**{key: value for key, value in row.items() if key in known}) for row in listed]


def summary(rows: Sequence[Row]) -> str:
    """The rows that promise something, as a Markdown table."""
    lines = ["| what | figure | ours | baseline | times less | to reach | |", "|---|---|--:|--:|--:|--:|---|"]
    promised = (row for row in rows if row.reach is not None)
    lines += (f"| {row.what} | {row.figure} | {' | '.join(_figures(row))} |" for row in promised)
    return "\n".join(lines) + "\n"


def plot(rows: Sequence[Row], path: Path) -> None:
    """Draws how many times less each of these rows takes, and what it was to reach, as an SVG file."""
    shown = [(row, row.reach) for row in rows if row.reach is not None][::-1]
    figure = Figure(figsize=(9, 1 + 0.22 * len(shown)), layout="constrained")
    axes = figure.subplots()
    for at, (row, reach) in enumerate(shown):
        axes.barh(at, min(row.ratio, _MOST_TIMES), color=_COLOURS[row.verdict])
        axes.plot([reach] * 2, [at - 0.45, at + 0.45], color="black")
    axes.set_yticks(range(len(shown)), [f"{row.what}: {row.figure}" for row, _ in shown], fontsize=6)
    axes.set_xscale("log")
    axes.set_xlabel("times less than the baseline; the stroke is what was to reach, orange falls short", fontsize=7)
    axes.axvline(1, color="grey", linewidth=0.5)
    axes.margins(y=0.01)
    with mpl.rc_context({"svg.hashsalt": "everlabel"}):  # the same rows give the same file
        figure.savefig(path, metadata={"Date": None})


def _figures(row: Row) -> Iterator[str]:
    yield _number(row.ours)
    yield _number(row.baseline)
    yield f"{row.ratio:.2f}"
    yield "" if row.reach is None else f"{row.reach:.3g}"
    yield row.verdict


def _number(value: float) -> str:
    """Four digits, and no exponent where people count."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
