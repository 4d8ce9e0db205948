"""Sequences: the frames of one clip at one frame rate, in the order of time, with their labels."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from everlabel.annotation_document import AnnotationDocument, Frame, Label, Shape, ShapeType
from everlabel_cli.datasets.names import distinct, file_name

_ROUNDING = 1e-6


@dataclass(frozen=True)
class Sequence:
    """What a tracker, or a player, takes as one video."""

    name: str
    """Safe in file names, and no other sequence's of the dataset."""
    split: str
    document: AnnotationDocument
    frames: tuple[Frame, ...]
    images: tuple[str, ...]
    """File names of the frames' pictures, safe and distinct: `000001.jpg`."""
    labels: Mapping[int, tuple[Label, ...]]
    """By the frame's place in `frames`, from 0."""

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.frames[0].fps

    def at(self, place: int) -> tuple[Label, ...]:
        """The labels of the frame at a place."""
        return self.labels.get(place, ())

    def everything(self) -> Iterator[tuple[int, Label]]:
        """All labels with their places, in order."""
        for place in range(len(self.frames)):
            for label in self.at(place):
                yield place, label

    def track_numbers(self) -> dict[str, int]:
        """Numbers from 1 for track ids, in the order in which tracks come up: for formats that take only numbers."""
        found = (label.track_id for _, label in self.everything() if label.track_id is not None)
        return {track: number for number, track in enumerate(dict.fromkeys(found), start=1)}


def sequences(document: AnnotationDocument, name: str, split: str) -> list[Sequence]:
    """A document's sequences, one a frame rate; `name` is the clip's, and the only sequence has it as it is."""
    rates = sorted({frame.fps for frame in document.frames})
    found = []
    for rate in rates:
        frames = sorted((frame for frame in document.frames if frame.fps == rate), key=lambda frame: frame.time)
        places = {frame.index: place for place, frame in enumerate(frames)}
        labels: dict[int, list[Label]] = {}
        for label in document.labels:
            if label.frame in places:
                labels.setdefault(places[label.frame], []).append(label)
        found.append(
            Sequence(
                name if len(rates) == 1 else f"{name}-{rate:g}fps",
                split,
                document,
                tuple(frames),
                tuple(image_names(frame.name for frame in frames)),
                {place: tuple(those) for place, those in labels.items()},
            )
        )
    return found


def image_names(names: Iterable[str]) -> list[str]:
    """Safe and distinct names for pictures; their stems are distinct too, since labels lie in files of that name."""
    parts = [name.rpartition(".") if "." in name[1:] else (name, "", "jpg") for name in names]
    stems = distinct([file_name(stem) for stem, _, _ in parts], [f"{place:06d}" for place in range(len(parts))])
    return [f"{stem}.{file_name(suffix.lower())}" for stem, (_, _, suffix) in zip(stems, parts, strict=True)]


def interpolated(sequence: Sequence, gap: float) -> Sequence:
    """The sequence with boxes between labeled frames of a track that are at most `gap` seconds apart.

    Corners move evenly in time; class and attributes are those of the labeled frame before. Each is marked as
    `interpolated`. Before a track's first labeled frame and after its last nothing is made up.
    """
    labels = {place: list(those) for place, those in sequence.labels.items()}
    before: dict[str, tuple[int, Label]] = {}
    for place, label in sequence.everything():
        if label.track_id is None or label.shape.type is not ShapeType.BOX:
            continue
        if label.track_id in before:
            start, first = before[label.track_id]
            from_time, to_time = sequence.frames[start].time, sequence.frames[place].time
            if to_time - from_time <= gap + _ROUNDING:
                for between in range(start + 1, place):
                    passed = sequence.frames[between].time - from_time
                    share = passed / (to_time - from_time) if to_time > from_time else 0.0
                    labels.setdefault(between, []).append(
                        replace(
                            first,
                            frame=sequence.frames[between].index,
                            shape=_between(first.shape, label.shape, share),
                            interpolated=True,
                        )
                    )
        before[label.track_id] = place, label
    return replace(sequence, labels={place: tuple(those) for place, those in labels.items()})


def _between(first: Shape, last: Shape, share: float) -> Shape:
    return replace(
        first,
        points=tuple(
            (x + (to_x - x) * share, y + (to_y - y) * share)
            for (x, y), (to_x, to_y) in zip(first.points, last.points, strict=True)
        ),
    )
