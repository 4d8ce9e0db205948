"""What a month of clips costs on AWS, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from everlabel_cli.answer import say, talk
from everlabel_cli.cost_model import COUNTED
from everlabel_cli.options import Answering, taking
from everlabel_cli.prices import AS_OF, REGION, US_EAST_1

_COLUMNS = {"line": "line", "amount": "amount", "usd": "US$ a month", "share": "share"}

_EXTRACTION_GB = 3538 / 1024
"""What Transformation has: MemorySize in `template.yaml`."""
_LOG_GB = 1.5e-6
"""Of an invocation: two lines of our own and Lambda's three."""
_MONTH_HOURS = 730
_QUEUES = 3
"""Event sources: Lambda asks each five times at once, for twenty seconds, also while nothing comes:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
_ASKED_AN_HOUR = 5 * 3_600 / 20
_ALARM_METRICS = 24
"""All metrics that the alarms of `template.yaml` look at; the one over all functions looks at ten."""
_METRICS = 13
"""Of our own namespace: what `add_metric` is called with."""
_RECONCILER_READS = 5
"""Units of an hourly run that finds all in order, and as many again for each labeling job; at most."""


@dataclass(frozen=True)
class Month:
    """What is done in a month."""

    clips: int
    levels: int
    items: float
    """Data objects of a clip at a level."""
    seconds: float
    """Of a clip."""
    fps: float
    refreshes: float
    frame_megabytes: float
    extraction: float
    """Seconds of Transformation for a second of a clip."""

    @property
    def frames(self) -> float:
        """Of all clips."""
        return self.clips * self.seconds * self.fps


@taking(Answering)
def cost(
    options: Answering,
    clips: Annotated[int, typer.Option(min=1, help="Clips a month.")],
    levels: Annotated[int, typer.Option(min=1, help="Levels of labeling jobs.")] = 2,
    objects_per_clip: Annotated[
        float,
        typer.Option(
            min=1, help="Data objects of a clip at a level: jobs there x (1 for video, the frames for images)."
        ),
    ] = 1,
    seconds: Annotated[float, typer.Option(min=0, help="Length of a clip.")] = 10,
    fps: Annotated[float, typer.Option(min=0, help="Frames taken from each second; 0 if frames are there.")] = 1,
    refreshes: Annotated[float, typer.Option(min=0, help="How often a level is sent again, on average.")] = 0,
    frame_megabytes: Annotated[float, typer.Option(min=0, help="Size of a frame.")] = 0.3,
    extraction: Annotated[
        float, typer.Option(min=0, help="Seconds of Lambda for each second of a clip, when frames are extracted.")
    ] = 0.1,
) -> None:
    """Estimate the monthly bill of a stack, line by line, dearest first. Asks nobody: no stack is needed.

    Public list prices on demand, without what is free each month. Ground Truth's own price, people, and what S3 keeps
    from earlier months are not in it.
    """
    month = Month(clips, levels, objects_per_clip, seconds, fps, refreshes, frame_megabytes, extraction)
    lines = bill(month)
    total = sum(line["usd"] for line in lines)
    if options.query is None and options.output == "table":
        rows = [{**line, "amount": f"{line['amount']:,.0f}", "usd": f"{line['usd']:,.2f}"} for line in lines]
        rows.append({"line": "in all", "amount": "", "usd": f"{total:,.2f}", "share": "100%"})
        say(rows, options, _COLUMNS)
    else:
        say(lines, options, _COLUMNS)
    talk(f"US$ {total:,.2f} a month, US$ {total / clips:.5f} a clip; {lines[0]['line']}: {lines[0]['share']}")
    talk(f"Prices of {REGION}, {AS_OF}; what a clip uses was counted: docs/performance.md")


def bill(month: Month) -> list[dict[str, Any]]:
    """The lines of a month's bill, dearest first: what, how many, US$, and which share of all that is."""
    amounts: dict[str, float] = {}
    for name, amount in _amounts(month):
        amounts[name] = amounts.get(name, 0.0) + amount
    dollars = {name: amount * US_EAST_1[name].each for name, amount in amounts.items()}
    total = sum(dollars.values())
    return [
        {
            "line": name,
            "amount": round(amounts[name], 1),
            "usd": round(dollars[name], 4),
            "share": f"{dollars[name] / total:.0%}",
        }
        for name in sorted(dollars, key=lambda name: -dollars[name])
    ]


def _amounts(month: Month) -> Iterator[tuple[str, float]]:
    """What is used, by the names of `prices`; one name may come more than once."""
    for name, use in COUNTED.items():
        yield name, month.clips * use.of(month.levels, month.items, month.refreshes)
    invocations = month.clips * COUNTED["Lambda requests"].of(month.levels, month.items, month.refreshes)
    yield "API requests", month.clips
    yield "SQS requests", 2 * month.clips * month.levels * month.items  # each label is received and deleted
    yield "S3 writes", month.frames
    yield "S3 GB-months", month.frames * month.frame_megabytes / 1_000
    if month.fps:
        yield "Lambda GB-seconds", month.clips * month.seconds * month.extraction * _EXTRACTION_GB
    yield "CloudWatch logs GB", invocations * _LOG_GB
    yield "X-Ray traces", invocations  # at most: an execution and what it calls are one
    # What a stack costs that has nothing to do.
    yield "SQS requests", _QUEUES * _ASKED_AN_HOUR * _MONTH_HOURS
    yield "CloudWatch alarm metrics", _ALARM_METRICS
    yield "CloudWatch metrics", _METRICS
    yield "CloudWatch dashboards", 1
    yield "Lambda requests", _MONTH_HOURS
    yield "read units", _MONTH_HOURS * _RECONCILER_READS
