"""A clip's labels over time: at the frames where people labeled, and between them."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from everlabel.annotation_document import AnnotationDocument, Frame, Label, Shape

_MS = 1000  # frames of two frame rates that are no millisecond apart show the same


@dataclass(frozen=True)
class Moment:
    """A time of the clip that has a frame, and what was labeled there."""

    frame: Frame
    """Of several at this time, the first that has labels."""
    labels: tuple[Label, ...]


def moments(document: AnnotationDocument) -> tuple[Moment, ...]:
    """In the order of time; frames of several frame rates at one time are one moment."""
    by_frame = _labels_by_frame(document)
    at: defaultdict[int, list[Frame]] = defaultdict(list)
    for frame in document.frames:
        at[round(frame.time * _MS)].append(frame)
    return tuple(_moment(at[time], by_frame) for time in sorted(at))


def _moment(frames: Sequence[Frame], by_frame: Mapping[int, Sequence[Label]]) -> Moment:
    shown = next((frame for frame in frames if by_frame.get(frame.index)), frames[0])
    return Moment(shown, tuple(label for frame in frames for label in by_frame.get(frame.index, ())))


def evenly[T](things: Sequence[T], most: int) -> list[T]:
    """At most so many of them, evenly spread, with the first and the last."""
    if len(things) <= most:
        return list(things)
    if most == 1:
        return [things[0]]
    return [things[round(i * (len(things) - 1) / (most - 1))] for i in range(most)]


class Motion:
    """Where objects are at any time of a clip.

    Between two labeled frames that follow each other, an object with a track that is in both moves on straight lines;
    every other label is shown at the half of the interval that is nearer to its frame. Both are marked as
    interpolated. At a labeled frame, its labels are as they are.
    """

    def __init__(self, document: AnnotationDocument) -> None:
        by_frame = _labels_by_frame(document)
        rates: defaultdict[float, list[Frame]] = defaultdict(list)
        for frame in document.frames:
            rates[frame.fps].append(frame)
        self._rates = [
            _Rate(1 / fps, sorted(frames, key=lambda frame: frame.time), by_frame) for fps, frames in rates.items()
        ]

    def at(self, seconds: float) -> tuple[Label, ...]:
        """All labels at a time from the clip's beginning."""
        return tuple(label for rate in self._rates for label in rate.at(seconds))


class _Rate:
    """The frames of one frame rate."""

    def __init__(self, step: float, frames: Sequence[Frame], by_frame: Mapping[int, Sequence[Label]]) -> None:
        self._step = step
        self._times = [frame.time for frame in frames]
        self._labels = [tuple(by_frame.get(frame.index, ())) for frame in frames]

    def at(self, seconds: float) -> Iterable[Label]:
        after = bisect_right(self._times, seconds + 0.5 / _MS)
        if after and abs(self._times[after - 1] - seconds) * _MS <= 0.5:
            return self._labels[after - 1]
        return self._between(after - 1, after, seconds)

    def _between(self, before: int, after: int, seconds: float) -> Iterator[Label]:
        one = self._labels[before] if before >= 0 else ()
        other = self._labels[after] if after < len(self._times) else ()
        if one and other and self._times[after] - self._times[before] > 1.5 * self._step:
            moving: dict[tuple[str, str], tuple[Label, Label]] = {}  # a frame between them is missing
        else:
            moving = _in_both(one, other)
        for a, b in moving.values():
            share = (seconds - self._times[before]) / (self._times[after] - self._times[before])
            yield replace(a, shape=_between_shapes(a.shape, b.shape, share), interpolated=True)
        if before >= 0 and seconds - self._times[before] <= self._step / 2:
            near = one
        elif after < len(self._times) and self._times[after] - seconds < self._step / 2:
            near = other
        else:
            near = ()
        yield from (replace(label, interpolated=True) for label in near if _track(label) not in moving)


def _in_both(one: Sequence[Label], other: Sequence[Label]) -> dict[tuple[str, str], tuple[Label, Label]]:
    """What can move from one frame to the other: same job, track and kind of shape."""
    there = {track: label for label in other if (track := _track(label)) is not None}
    return {
        track: (label, there[track])
        for label in one
        if (track := _track(label)) in there and track is not None and _alike(label.shape, there[track].shape)
    }


def _track(label: Label) -> tuple[str, str] | None:
    return None if label.track_id is None else (label.job_name, label.track_id)


def _alike(one: Shape, other: Shape) -> bool:
    return one.type is other.type and len(one.points) == len(other.points) > 0


def _between_shapes(one: Shape, other: Shape, share: float) -> Shape:
    points = zip(one.points, other.points, strict=True)
    return replace(one, points=tuple((a + (c - a) * share, b + (d - b) * share) for (a, b), (c, d) in points))


def _labels_by_frame(document: AnnotationDocument) -> Mapping[int, Sequence[Label]]:
    found: defaultdict[int, list[Label]] = defaultdict(list)
    for label in document.labels:
        found[label.frame].append(label)
    return found
