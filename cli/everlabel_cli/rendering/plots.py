"""Plots of what was labeled, by Matplotlib."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from everlabel.annotation_document import AnnotationDocument, Change
from everlabel_cli.rendering import figures
from everlabel_cli.rendering.class_styles import PALETTE, ClassStyle, Line
from everlabel_cli.rendering.figures import ClassCount, Track
from everlabel_cli.rendering.lettering import printable

INK = "#123457"
"""Of letters and axes: no other colour of a plot, so that whoever shows it can put another in its place."""
STYLE: Any = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "none",  # letters stay letters: small, searchable, in the reader's own fonts
    "text.parse_math": False,  # a class may be called $x$
}
"""Matplotlib's settings, while plots are made and while they are written."""

_WIDTH, _ROW = 4.8, 0.27  # inches
_LONGEST = 24  # letters of a name beside an axis; tables have all of it
_MOST_BARS, _MOST_TRACKS, _MOST_ATTRIBUTES = 30, 40, 12
_MOST_IN_LEGEND = 9
_HATCHES = {Line.SOLID: "", Line.DASHED: "////", Line.DOTTED: "...."}
_CHANGES = {
    Change.KEPT: ClassStyle(PALETTE[2], Line.SOLID),
    Change.ADJUSTED: ClassStyle(PALETTE[0], Line.SOLID),
    Change.ADDED: ClassStyle(PALETTE[1], Line.SOLID),
}


@dataclass(frozen=True)
class Plot:
    """A plot, and the same in words and numbers."""

    name: str
    """For a file: small letters and hyphens."""
    title: str
    description: str
    """What somebody who does not see it should know."""
    figure: Figure
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float, ...], ...]


def plots(documents: Sequence[AnnotationDocument], styles: Mapping[str, ClassStyle]) -> list[Plot]:
    """All that the documents have something for. One document is shown over its time, several as distributions."""
    with mpl.rc_context(STYLE):
        return [plot for plot in _plots(documents, styles) if plot.rows]


def _plots(documents: Sequence[AnnotationDocument], styles: Mapping[str, ClassStyle]) -> Iterator[Plot]:
    found = figures.tracks(documents)
    yield _classes(figures.class_counts(documents, found), styles)
    if len(documents) == 1:
        yield _over_time(documents[0], styles)
    else:
        yield _per_frame(figures.objects_per_frame(documents))
    if found and len(documents) == 1 and len(found) <= _MOST_TRACKS:
        yield _track_runs(found, styles)
    elif found:
        yield _track_lengths(found)
    yield from _attributes(figures.attribute_counts(documents), styles)
    changes = figures.change_counts(documents)
    if changes:
        yield _changes(changes)


def _classes(counts: Sequence[ClassCount], styles: Mapping[str, ClassStyle]) -> Plot:
    shown = counts[:_MOST_BARS]
    figure, axes = _bars(len(shown))
    for place, count in enumerate(shown):
        style = styles[count.class_name]
        axes.barh(place, count.labels, color=style.hex, hatch=_HATCHES[style.line], edgecolor=INK, linewidth=0.6)
        tracks = f", {_count(count.tracks, 'track')}" if count.tracks else ""
        _beside(axes, f"{count.labels:,}{tracks}", count.labels, place)
    axes.set_xlim(0, max((count.labels for count in shown), default=1) * 1.35)
    _names(axes, [count.class_name for count in shown])
    _counts_labels(axes)
    rows = tuple((count.class_name, count.labels, count.tracks, count.frames) for count in counts)
    most = f"; most often {printable(counts[0].class_name)}, {_count(counts[0].labels, 'time')}" if counts else ""
    said = f"{_count(len(counts), 'class', 'classes')}{most}."
    return Plot("classes", "Labels per class", said, figure, ("Class", "Labels", "Tracks", "Frames"), rows)


def _over_time(document: AnnotationDocument, styles: Mapping[str, ClassStyle]) -> Plot:
    """A row for each class, as high as its busiest frame."""
    at = figures.objects_over_time(document)
    shown = list(at.items())[:_MOST_BARS]
    figure, axes = _bars(len(shown))
    end = max((frame.time + 1 / frame.fps for frame in document.frames), default=1.0)
    for place, (name, counts) in enumerate(shown):
        style = styles[name]
        most = max(number for _, number in counts)
        times = [seconds for seconds, _ in counts] + [end]
        heights = [place + 0.4 - 0.8 * number / most for _, number in counts]
        axes.fill_between(
            times, [*heights, heights[-1]], place + 0.4, step="post", facecolor=style.hex, hatch=_HATCHES[style.line],
            edgecolor=INK, linewidth=0.6,
        )  # fmt: skip
        _beside(axes, f"≤ {most}", end, place)
    axes.set_xlim(0, end * 1.12)
    _names(axes, [name for name, _ in shown])
    axes.set_xlabel("seconds")
    rows = tuple(
        (name, max(numbers), round(sum(numbers) / len(numbers), 2))
        for name, counts in at.items()
        if (numbers := [number for _, number in counts])
    )
    said = "How many objects of each class a frame has, over the clip's time; each row is as high as its busiest frame."
    return Plot("over-time", "Labels over time", said, figure, ("Class", "Most in a frame", "Mean"), rows)


def _per_frame(counts: Sequence[int]) -> Plot:
    by_number = Counter(counts)
    figure, axes = _empty(2.4)
    _histogram(axes, counts, whole=True)
    axes.set_xlabel("labels in a frame")
    axes.set_ylabel("frames")
    mean = sum(counts) / len(counts) if counts else 0.0
    said = f"{_count(len(counts), 'frame')} with {mean:.1f} labels on average, {max(counts, default=0)} at most."
    rows = tuple(sorted(by_number.items()))
    return Plot("per-frame", "Labels per frame", said, figure, ("Labels in a frame", "Frames"), rows)


def _track_runs(found: Sequence[Track], styles: Mapping[str, ClassStyle]) -> Plot:
    figure, axes = _bars(len(found))
    for place, track in enumerate(found):
        style = styles[track.class_name]
        spans = [(begin, end - begin) for begin, end in track.runs]
        axes.plot([track.runs[0][0], track.runs[-1][1]], [place, place], color=INK, linewidth=0.8, zorder=1)
        axes.broken_barh(
            spans, (place - 0.3, 0.6), facecolor=style.hex, hatch=_HATCHES[style.line], edgecolor=INK, linewidth=0.6,
            zorder=2,
        )  # fmt: skip
    _names(axes, [track.name for track in found])
    axes.set_xlim(left=0)
    axes.set_xlabel("seconds")
    return _of_tracks("tracks", "Tracks and their gaps", found, figure)


def _track_lengths(found: Sequence[Track]) -> Plot:
    figure, axes = _empty(2.4)
    _histogram(axes, [track.seconds for track in found])
    axes.set_xlabel("seconds from first to last")
    axes.set_ylabel("tracks")
    return _of_tracks("track-lengths", "Lengths of tracks", found, figure)


def _of_tracks(name: str, title: str, found: Sequence[Track], figure: Figure) -> Plot:
    mean = sum(track.seconds for track in found) / len(found)
    torn = sum(track.gaps > 0 for track in found)
    said = f"{_count(len(found), 'track')}, {mean:.1f} seconds long on average; {torn or 'none'} with gaps."
    rows = tuple(
        (track.name, track.class_name, round(track.seconds, 2), track.labels, track.gaps)
        for track in found[: 10 * _MOST_TRACKS]
    )
    return Plot(name, title, said, figure, ("Track", "Class", "Seconds", "Labels", "Gaps"), rows)


def _attributes(counts: Mapping[str, Mapping[str, Counter[str]]], styles: Mapping[str, ClassStyle]) -> Iterator[Plot]:
    """One plot for each attribute: its values, each a bar of classes."""
    for number, (name, values) in enumerate(sorted(counts.items())[:_MOST_ATTRIBUTES]):
        ordered = sorted(values.items(), key=lambda item: (-item[1].total(), item[0]))
        shown = ordered[:_MOST_BARS]
        classes = sorted({class_name for _, by_class in shown for class_name in by_class})
        in_legend = classes if 1 < len(classes) <= _MOST_IN_LEGEND else []
        figure, axes = _bars(len(shown), in_legend)
        for place, (_, by_class) in enumerate(shown):
            left = 0
            for class_name in sorted(by_class):
                style = styles[class_name]
                axes.barh(
                    place, by_class[class_name], left=left, color=style.hex, hatch=_HATCHES[style.line], edgecolor=INK,
                    linewidth=0.6,
                )  # fmt: skip
                left += by_class[class_name]
            _beside(axes, f"{left:,}", left, place)
        axes.set_xlim(0, max(by_class.total() for _, by_class in shown) * 1.2)
        _names(axes, [value for value, _ in shown])
        _counts_labels(axes)
        _legend(figure, {class_name: styles[class_name] for class_name in in_legend})
        rows = tuple(
            (value, class_name, by_class[class_name]) for value, by_class in ordered for class_name in sorted(by_class)
        )
        said = f"{_count(len(values), 'value')}, most often {printable(ordered[0][0])}."
        title = f"Attribute {_short(name)}"
        yield Plot(f"attribute-{number + 1}", title, said, figure, ("Value", "Class", "Labels"), rows)


def _changes(counts: Mapping[str, Counter[Change]]) -> Plot:
    figure, axes = _bars(len(counts), list(_CHANGES))
    for place, by_change in enumerate(counts.values()):
        left = 0.0
        for change, style in _CHANGES.items():
            share = 100 * by_change[change] / by_change.total()
            axes.barh(place, share, left=left, color=style.hex, edgecolor=INK, linewidth=0.6)
            left += share
    _names(axes, list(counts))
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of labels")
    _legend(figure, {change.value: style for change, style in _CHANGES.items()})
    rows = tuple[tuple[str | int, ...], ...](
        (job, *(by_change[change] for change in _CHANGES)) for job, by_change in counts.items()
    )
    said = "What later levels did to the labels of the level before."
    return Plot("changes", "Changes by later levels", said, figure, ("Job", "Kept", "Adjusted", "Added"), rows)


def _empty(inches: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, inches), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(INK)
    axes.tick_params(colors=INK)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    axes.patch.set_visible(False)
    return figure, axes


def _bars(count: int, in_legend: Sequence[str] = ()) -> tuple[Figure, Axes]:
    figure, axes = _empty(0.75 + _ROW * (max(1, count) + -(-len(in_legend) // _columns(in_legend))))
    axes.set_ylim(max(1, count) - 0.4, -0.6)
    axes.grid(axis="x", color=INK, alpha=0.15)
    axes.set_axisbelow(True)
    return figure, axes


def _histogram(axes: Axes, values: Sequence[float], *, whole: bool = False) -> None:
    """At most thirty bars; of whole numbers, each in the middle of its bar."""
    highest = max(values, default=0)
    step = highest // _MOST_BARS + 1 if whole else (highest or 1) / 20
    first = -0.5 if whole else 0.0
    edges = [first + i * step for i in range(int((highest - first) / step) + 2)]
    axes.hist(values, bins=edges, color="#56b4e9", edgecolor=INK, linewidth=0.6)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set_xlim(left=first)
    axes.grid(axis="y", color=INK, alpha=0.15)
    axes.set_axisbelow(True)


def _counts_labels(axes: Axes) -> None:
    """Of which there are no halves."""
    axes.set_xlabel("labels")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _legend(figure: Figure, styles: Mapping[str, ClassStyle]) -> None:
    """Below the axes: what the parts of a bar are."""
    patches = [
        Patch(facecolor=style.hex, hatch=_HATCHES[style.line], edgecolor=INK, linewidth=0.6, label=_short(name))
        for name, style in styles.items()
    ]
    if patches:
        columns = _columns(list(styles))
        figure.legend(handles=patches, loc="outside lower center", ncols=columns, frameon=False, labelcolor=INK)


def _columns(in_legend: Sequence[str]) -> int:
    """As many as fit side by side."""
    return 3 if max(map(len, in_legend), default=0) <= _LONGEST // 2 else 2


def _beside(axes: Axes, text: str, end: float, place: int) -> None:
    """A number to the right of a bar."""
    axes.annotate(text, (end, place), (4, 0), textcoords="offset points", va="center", color=INK)


def _names(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [_short(name) for name in names])


def _short(name: str) -> str:
    shown = printable(name)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def _count(number: int, thing: str, things: str | None = None) -> str:
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
