"""Benchmarks: `python -m bench`, or some of them by name: `python -m bench --only sending --rounds 5`."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Annotated

import typer

from bench import results
from bench.measuring import OUT, Row

# A module of this folder each, which has `run(rounds)`: its rows. Imported when its turn comes.
BENCHMARKS = {
    "frame_extraction": "Frames out of clips",
    "jpeg_and_upload": "JPEGs, and frames into Amazon S3",
    "sending": "Sending a level to its labeling job, beside source A",
    "receiving": "Receiving a level's results, beside source A",
    "life_of_a_clip": "The whole life of a clip, beside source A",
    "wake_up": "Waking up, beside polling",
    "whole_life": "Clips all the way through the laptop world",
    "cold_start": "Cold starts, beside a handler that only makes the same clients",
}


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often each is measured, after a warm-up.")] = 3,
    only: Annotated[list[str] | None, typer.Option(help=f"One of: {', '.join(BENCHMARKS)}. May be repeated.")] = None,
) -> None:
    """Measure ours and the baselines in turn, print the ratios, write them to out/bench/."""
    unknown = set(only or ()) - set(BENCHMARKS)
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: no such benchmark; there is {', '.join(BENCHMARKS)}")
    for name in only or BENCHMARKS:
        run: Callable[[int], Iterable[Row]] = import_module(f"bench.{name}").run
        rows = list(run(rounds))
        results.show(BENCHMARKS[name], rows)
        typer.echo(f"written to {results.write(name, BENCHMARKS[name], rows, rounds)}")
    found = {title: results.read(name) for name, title in BENCHMARKS.items()}
    rows = [row for several in found.values() for row in several]
    (OUT / "summary.md").write_text(results.summary(rows))
    (OUT / "digest.md").write_text(results.digest(found))
    results.plot(rows, OUT / "summary.svg")
    typer.echo(results.digest(found))
    short = sum(row.falls_short for row in rows)
    typer.echo(f"all together: {OUT}/summary.md, {OUT}/digest.md, {OUT}/summary.svg; {short} rows fall short")


if __name__ == "__main__":
    typer.run(main)
