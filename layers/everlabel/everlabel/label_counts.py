"""What a task's labels come to: counts per class and attribute, tracks, objects per frame, occlusion, density.

Labels are counted one by one as they stream by, so memory grows with classes and tracks, not with labels.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from everlabel.annotation_document import Classification, Frame, Label, Origin

MOST_VALUES = 100
"""Values of one attribute that are counted one by one; free text has no end of them."""
OTHERS = "(others)"
"""Where the rest is counted."""
TRAFFIC = frozenset({"bicycle", "bus", "car", "motorbike", "motorcycle", "truck", "van", "vehicle"})
"""Classes, in small letters, that make traffic dense."""
MEDIUM_DENSITY = 4.0
"""Traffic is of medium density from so many of these objects a frame on, on average: as many as lanes usually are."""
HIGH_DENSITY = 10.0
"""And from so many on it is high."""
DENSITY = "traffic_density"
"""The attribute of a drive or clip that says it, if somebody did."""
_OCCLUSION = "occlu"
_NOT_OCCLUDED = frozenset({"", "0", "false", "no", "none", "not occluded", "visible"})


@dataclass(slots=True)
class _Track:
    job_name: str
    name: str | None
    classes: Counter[str]
    first: int
    last: int
    labels: int = 0
    gaps: int = 0
    missing: int = 0
    longest: int = 0

    def add(self, label: Label) -> None:
        skipped = label.frame - self.last - 1
        if skipped > 0:
            self.gaps += 1
            self.missing += skipped
            self.longest = max(self.longest, skipped)
        self.last = label.frame
        self.labels += 1
        self.classes[label.class_name] += 1


@dataclass(slots=True)
class _Class:
    labels: int = 0
    frames: int = 0
    last_frame: int = -1
    tracks: set[str] = field(default_factory=set)
    attributes: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


@dataclass
class LabelCounts:
    """Counts of one task; labels come in the order of their frames."""

    labels: int = 0
    auto: int = 0
    """Labels that no person gave."""
    _classes: defaultdict[str, _Class] = field(default_factory=lambda: defaultdict(_Class))
    _tracks: dict[tuple[str, str], _Track] = field(default_factory=dict)
    _frame_attributes: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _classified: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _labeled_frames: Counter[str] = field(default_factory=Counter)
    """By labeling job: frames of data objects that have its labels, also those with no object in them."""
    _frames: int = 0
    _most: int = 0
    _occluded: Counter[bool] = field(default_factory=Counter)
    _traffic: Counter[str] = field(default_factory=Counter)

    def add_frames(self, by_job: Mapping[str, Collection[int]], labels: Sequence[Label]) -> None:
        """Counts the labels of some frames, with the frames that each labeling job labeled, objects in them or not."""
        for job_name, frames in by_job.items():
            self._labeled_frames[job_name] += len(frames)
        self._frames += len(set().union(*by_job.values()))
        in_frames: Counter[int] = Counter()
        for label in labels:
            in_frames[label.frame] += 1
            self._add(label)
        self._most = max([self._most, *in_frames.values()])

    def _add(self, label: Label) -> None:
        self.labels += 1
        self.auto += label.origin is Origin.AUTO
        found = self._classes[label.class_name]
        found.labels += 1
        found.frames += found.last_frame != label.frame
        found.last_frame = label.frame
        if label.track_id is not None:
            found.tracks.add(label.track_id)
            key = (label.job_name, label.track_id)
            track = self._tracks.get(key)
            if track is None:
                track = _Track(label.job_name, label.track_name, Counter(), label.frame, label.frame)
                self._tracks[key] = track
            track.add(label)
        for name, value in label.attributes.items():
            _count(found.attributes[name], value)
            if _OCCLUSION in name.lower():
                self._occluded[_text(value).strip().lower() not in _NOT_OCCLUDED] += 1
        if label.class_name.lower() in TRAFFIC:
            self._traffic[label.job_name] += 1

    def add_classification(self, found: Classification) -> None:
        """Counts what was said of a whole frame."""
        _count(self._classified[found.job_name], found.class_name)

    def add_frame_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Counts what workers said of a frame."""
        for name, value in attributes.items():
            _count(self._frame_attributes[name], value)

    def as_json(self, frames: Sequence[Frame], attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The counts as the summary has them. `attributes` are the definition's."""
        return {
            "labels": self.labels,
            "autoLabeledShare": _share(self.auto, self.labels),
            "objectsPerFrame": {
                "labeledFrames": self._frames,
                "mean": _share(self.labels, self._frames),
                "max": self._most,
            },
            "classes": {name: _class_json(found) for name, found in sorted(self._classes.items())},
            "trackLengths": self._track_lengths(frames),
            "tracks": [_track_json(track_id, track, frames) for (_, track_id), track in sorted(self._tracks.items())],
            "occlusion": {
                "known": self._occluded.total(),
                "occluded": self._occluded[True],
                "occludedShare": _share(self._occluded[True], self._occluded.total()),
            },
            "density": self._density(attributes),
            "frameAttributes": {name: _values(found) for name, found in sorted(self._frame_attributes.items())},
            "classifications": {name: _values(found) for name, found in sorted(self._classified.items())},
        }

    def _track_lengths(self, frames: Sequence[Frame]) -> dict[str, Any]:
        """In labels and in seconds; null where there are no tracks."""
        labels = [track.labels for track in self._tracks.values()]
        seconds = [_seconds(track, frames) for track in self._tracks.values()]
        return {
            "tracks": len(labels),
            "meanLabels": _share(sum(labels), len(labels)),
            "medianLabels": median(labels) if labels else None,
            "meanSeconds": _share(sum(seconds), len(seconds)),
            "maxSeconds": max(seconds, default=None),
            "tracksWithGaps": sum(track.gaps > 0 for track in self._tracks.values()),
        }

    def _density(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """As given, of the clip before the drive; else by the mean number of traffic's objects in a labeled frame."""
        labeled = sum(self._labeled_frames[job_name] for job_name in self._traffic)
        mean = _share(self._traffic.total(), labeled)
        scopes = [attributes.get(scope) for scope in ("clip", "drive")]
        given = [scope[DENSITY] for scope in scopes if isinstance(scope, Mapping) and DENSITY in scope]
        derived = None
        if mean is not None:
            derived = "high" if mean >= HIGH_DENSITY else "medium" if mean >= MEDIUM_DENSITY else "low"
        return {
            "trafficObjectsPerFrame": mean,
            "trafficDensity": given[0] if given else derived,
            "isDerived": not given and derived is not None,
        }


def _count(values: Counter[str], value: Any) -> None:
    text = _text(value)
    values[text if text in values or len(values) < MOST_VALUES else OTHERS] += 1


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _values(found: Counter[str]) -> dict[str, int]:
    return dict(sorted(found.items()))


def _class_json(found: _Class) -> dict[str, Any]:
    return {
        "labels": found.labels,
        "frames": found.frames,
        "tracks": len(found.tracks),
        "attributes": {name: _values(values) for name, values in sorted(found.attributes.items())},
    }


def _seconds(track: _Track, frames: Sequence[Frame]) -> float:
    """From the first label to the end of the frame of the last one."""
    last = frames[track.last]
    return round(last.time + 1 / last.fps - frames[track.first].time, 6)


def _track_json(track_id: str, track: _Track, frames: Sequence[Frame]) -> dict[str, Any]:
    return {
        "jobName": track.job_name,
        "trackId": track_id,
        "trackName": track.name,
        "className": _usual(track.classes.items()),
        "labels": track.labels,
        "firstSeconds": round(frames[track.first].time, 6),
        "lastSeconds": round(frames[track.last].time, 6),
        "lengthSeconds": _seconds(track, frames),
        "gaps": track.gaps,
        "missingFrames": track.missing,
        "longestGapFrames": track.longest,
    }


def _usual(counts: Iterable[tuple[str, int]]) -> str:
    """The most frequent one; of equals the first in the alphabet."""
    return min(counts, key=lambda entry: (-entry[1], entry[0]))[0]


def _share(part: float, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
