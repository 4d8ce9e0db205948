"""Which of the configured words fit what is seen: labels, attribute values, classes."""

from collections.abc import Iterable, Mapping

from local.annotators.figures import Figure, Kind
from local.annotators.shapes import Box

_UPRIGHT = ("pedestrian", "person", "people", "human", "cyclist", "bicyclist", "rider", "biker")
_WIDE = ("car", "vehicle", "truck", "bus", "van", "trailer", "tram", "train", "automobile")
_DARK = ("night", "dark", "dusk", "dawn", "dim", "low")
_BRIGHT = ("day", "daytime", "daylight", "bright", "light", "sunny", "clear")
_NO = ("no", "none", "false", "visible", "fully visible")
_YES = ("yes", "true", "partial", "partially", "truncated", "cut")
_COLOURS = {  # BGR
    "black": (25, 25, 25),
    "white": (230, 230, 230),
    "gray": (125, 125, 125),
    "grey": (125, 125, 125),
    "silver": (185, 185, 185),
    "red": (40, 35, 170),
    "green": (60, 130, 50),
    "blue": (160, 80, 40),
    "yellow": (40, 200, 220),
    "orange": (40, 120, 225),
    "brown": (45, 75, 115),
}


def label_for(kind: Kind, labels: tuple[str, ...]) -> str | None:
    """The label that suits an upright or a wide figure.

    The first label if none speaks of people or of vehicles; None if those there are speak of the other sort only.
    """
    wanted, unwanted = (_UPRIGHT, _WIDE) if kind == "upright" else (_WIDE, _UPRIGHT)
    named = [label for label in labels if label.lower() != "background"]
    fitting = _naming(named, wanted)
    if fitting:
        return fitting[0]
    others = [label for label in named if not _naming([label], unwanted)]
    return others[0] if others else None


def attributes_for(
    asked: Mapping[str, tuple[str, ...]], seen: Figure | None, frame_size: tuple[int, int]
) -> dict[str, str]:
    """A value for each attribute that has allowed values: colours by eye, cut-off by the frame's edge.

    Any other gets its usual value. `seen` is None for what has no area (a line). `frame_size` is (width, height) in
    pixels.
    """
    return {name: _value(name.lower(), values, seen, frame_size) for name, values in asked.items() if values}


def frame_attributes_for(asked: Mapping[str, tuple[str, ...]], brightness: float) -> dict[str, str]:
    """A value for each frame attribute that has allowed values; those that speak of light by `brightness`, 0 to 1."""
    chosen = {}
    for name, values in asked.items():
        if values:
            light = _naming(values, _BRIGHT if brightness > 0.3 else _DARK)
            chosen[name] = (light or _usual(values))[0]
    return chosen


def class_for(brightness: float, labels: tuple[str, ...]) -> str:
    """The class of a whole image: by its words for light if it has any, else the brighter the later in the list."""
    fitting = _naming(labels, _BRIGHT if brightness > 0.3 else _DARK)
    return fitting[0] if fitting else labels[min(len(labels) - 1, int(brightness * len(labels)))]


def verdict(good: bool, labels: tuple[str, ...]) -> str:
    """The word for good or bad among a verification's classes; by default the first means good and the last bad."""
    bad_words = ("bad", "incorrect", "wrong", "reject", "fail", "poor", "no", "not")
    bad = [label for label in labels if _naming([label], bad_words)]
    fine = [label for label in labels if label not in bad]
    return (fine or list(labels))[0] if good else (bad or list(labels))[-1]


def _value(name: str, values: tuple[str, ...], seen: Figure | None, frame_size: tuple[int, int]) -> str:
    known = [v for v in values if v.lower() in _COLOURS]
    if seen is not None and known:
        return min(known, key=lambda v: _colour_gap(_COLOURS[v.lower()], seen.colour))
    if seen is not None and ("trunc" in name or "cut" in name) and _at_edge(seen.box, frame_size):
        return (_naming(values, _YES) or _usual(values))[0]
    return _usual(values)[0]


def _usual(values: tuple[str, ...]) -> list[str]:
    return [v for v in values if v.lower() in _NO] or list(values)


def _naming(candidates: Iterable[str], words: tuple[str, ...]) -> list[str]:
    """Those candidates that contain one of `words`, in singular or plural, in the configuration's own order."""
    return [c for c in candidates if any(part in words or part.removesuffix("s") in words for part in _parts(c))]


def _parts(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def _colour_gap(one: tuple[int, int, int], other: tuple[int, int, int]) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _at_edge(box: Box, frame_size: tuple[int, int]) -> bool:
    width, height = frame_size
    margin = max(2, width // 160)
    return (
        min(box.left, box.top) <= margin
        or box.left + box.width >= width - margin
        or box.top + box.height >= height - margin
    )
