"""What was measured, as a table, as JSON, and all that is there together as Markdown and as a plot."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    shown = Table("what", "figure", title=f"{title} · {machine()}", title_justify="left")
    for heading in ("ours", "baseline", "times less", "to reach", ""):
        shown.add_column(heading, justify="right")
    for row in rows:
        shown.add_row(row.what, row.figure, *_figures(row))
    (console or Console(width=None if sys.stdout.isatty() else 150)).print(shown)


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
    return table([row for row in rows if row.reach is not None])


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | figure | ours | baseline | times less | to reach | |", "|---|---|--:|--:|--:|--:|---|"]
    lines += (f"| {row.what} | {row.figure} | {' | '.join(_figures(row))} |" for row in rows)
    return "\n".join(lines) + "\n"


def digest(benchmarks: Mapping[str, Sequence[Row]]) -> str:
    """All rows that promise something, by benchmark and figure, as a Markdown table: from the least ratio to the
    greatest, and which fall short."""
    lines = ["| what | figure | rows | times less | to reach | |", "|---|---|--:|--:|--:|---|"]
    for title, rows in benchmarks.items():
        by_figure: dict[str, list[Row]] = {}
        for row in rows:
            if row.reach is not None:
                by_figure.setdefault(row.figure, []).append(row)
        for figure, promised in by_figure.items():
            ratios = _span(f"{row.ratio:,.2f}" for row in sorted(promised, key=lambda row: row.ratio))
            reaches = _span(f"{reach:.3g}" for reach in sorted({row.reach or 0 for row in promised}))
            short = "; ".join(f"{row.what} ({row.ratio:.2f})" for row in promised if row.falls_short)
            verdict = f"falls short: {short}" if short else "reached"
            lines.append(f"| {title} | {figure} | {len(promised)} | {ratios} | {reaches} | {verdict} |")
    return "\n".join(lines) + "\n"


def _span(sorted_values: Iterable[str]) -> str:
    first, *others = sorted_values
    return f"{first} – {others[-1]}" if others and others[-1] != first else first


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
