"""The numbers behind plots and reports, counted in annotation documents."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from everlabel.annotation_document import AnnotationDocument, Change, Label


@dataclass(frozen=True)
class Track:
    """One object over the frames of a task."""

    task_id: str
    track_id: str
    name: str
    class_name: str
    """The one it has most often."""
    runs: tuple[tuple[float, float], ...]
    """From and until when it was seen without a gap, in seconds from the clip's beginning; a frame lasts until the
    next of its frame rate."""
    labels: int

    @property
    def seconds(self) -> float:
        """From the first to the last time it was seen, gaps included."""
        return self.runs[-1][1] - self.runs[0][0]

    @property
    def gaps(self) -> int:
        """How often it was lost and found again."""
        return len(self.runs) - 1


@dataclass(frozen=True)
class ClassCount:
    """How often a class was labeled."""

    class_name: str
    labels: int
    tracks: int
    frames: int
    """With at least one label of this class."""


def class_counts(documents: Iterable[AnnotationDocument], found: Sequence[Track]) -> list[ClassCount]:
    """The commonest class first. `found` are the documents' tracks."""
    labels: Counter[str] = Counter()
    frames: Counter[str] = Counter()
    for document in documents:
        labels.update(label.class_name for label in document.labels)
        frames.update(name for _, name in {(label.frame, label.class_name) for label in document.labels})
    followed = Counter(track.class_name for track in found)
    ordered = sorted(labels, key=lambda name: (-labels[name], name))
    return [ClassCount(name, labels[name], followed[name], frames[name]) for name in ordered]


def tracks(documents: Iterable[AnnotationDocument]) -> list[Track]:
    """In the order of documents, then of when they begin."""
    return [track for document in documents for track in _tracks(document)]


def _tracks(document: AnnotationDocument) -> Iterator[Track]:
    labels: defaultdict[str, list[Label]] = defaultdict(list)
    for label in document.labels:
        if label.track_id is not None:
            labels[label.track_id].append(label)
    rates: defaultdict[float, list[int]] = defaultdict(list)
    for frame in sorted(document.frames, key=lambda frame: frame.time):
        rates[frame.fps].append(frame.index)
    places = {index: place for indices in rates.values() for place, index in enumerate(indices)}
    made = [_track(document, track_id, of_track, places) for track_id, of_track in labels.items()]
    yield from sorted(made, key=lambda track: (track.runs[0], track.name))


def _track(document: AnnotationDocument, track_id: str, labels: Sequence[Label], places: Mapping[int, int]) -> Track:
    runs: list[tuple[float, float]] = []
    before: tuple[float, int] | None = None
    for index in sorted({label.frame for label in labels}, key=lambda index: document.frames[index].time):
        frame = document.frames[index]
        until = frame.time + 1 / frame.fps
        if before == (frame.fps, places[index] - 1):
            runs[-1] = (runs[-1][0], until)
        else:
            runs.append((frame.time, until))
        before = (frame.fps, places[index])
    class_name = Counter(label.class_name for label in labels).most_common(1)[0][0]
    name = next((label.track_name for label in labels if label.track_name), track_id)
    return Track(document.task_id, track_id, name, class_name, tuple(runs), len(labels))


def attribute_counts(documents: Iterable[AnnotationDocument]) -> dict[str, dict[str, Counter[str]]]:
    """How often labels of each class have each value: attribute -> value -> class -> labels."""
    found: dict[str, dict[str, Counter[str]]] = {}
    for document in documents:
        for label in document.labels:
            for name, value in label.attributes.items():
                found.setdefault(name, {}).setdefault(said(value), Counter())[label.class_name] += 1
    return found


def frame_attribute_counts(documents: Iterable[AnnotationDocument]) -> dict[str, Counter[str]]:
    """How many frames have each value: attribute -> value -> frames."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        for frame in document.frames:
            for name, value in frame.attributes.items():
                found[name][said(value)] += 1
    return dict(found)


def said(value: Any) -> str:
    """An attribute's value in words; of several, all."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(said(item) for item in value)
    return str(value)


def objects_over_time(document: AnnotationDocument) -> dict[str, list[tuple[float, int]]]:
    """Labels of each class at each time that its jobs have a frame for: class -> (seconds, labels)."""
    counts: Counter[tuple[str, int]] = Counter((label.class_name, label.frame) for label in document.labels)
    rates: defaultdict[str, set[float]] = defaultdict(set)
    for label in document.labels:
        rates[label.class_name].add(document.frames[label.frame].fps)
    found: dict[str, list[tuple[float, int]]] = {}
    for name in sorted(rates):
        at: Counter[float] = Counter()
        for frame in document.frames:
            if frame.fps in rates[name]:
                at[frame.time] += counts[name, frame.index]
        found[name] = sorted(at.items())
    return found


def objects_per_frame(documents: Iterable[AnnotationDocument]) -> list[int]:
    """Labels of each frame, of all classes."""
    found: list[int] = []
    for document in documents:
        counts = Counter(label.frame for label in document.labels)
        found += [counts[frame.index] for frame in document.frames]
    return found


def change_counts(documents: Iterable[AnnotationDocument]) -> dict[str, Counter[Change]]:
    """What each labeling job of a later level did to labels: job -> change -> labels."""
    found: defaultdict[str, Counter[Change]] = defaultdict(Counter)
    for document in documents:
        for label in document.labels:
            if label.change is not None:
                found[label.job_name][label.change] += 1
    return dict(sorted(found.items()))
