"""What a second worker does with the labels of a first: keep, move, remove, add."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from local.annotators.figures import overlap
from local.annotators.shapes import Box, FrameLabels, Geometry, Shape

_SAME_THING = 0.2  # overlap from which a prior shape and what is seen are one thing
_WELL_DRAWN = 0.8  # overlap from which a prior shape is left as it is


def adjusted(prior: Sequence[FrameLabels], seen: Sequence[FrameLabels]) -> tuple[FrameLabels, ...]:
    """`prior` corrected by `seen`, frame by file name, in the order of `seen`.

    A shape that fits stays untouched; one that nearly fits takes the geometry seen; one with nothing under it goes;
    what was missed comes in. Objects keep the id and name they had; a track that was broken gets the id it had in most
    frames.
    """
    before = {frame.frame: frame for frame in prior}
    pairs = {frame.frame: _pairs(before[frame.frame].shapes, frame.shapes) for frame in seen if frame.frame in before}
    identities = _identities(before, seen, pairs)
    names = {shape.object_name for frame in prior for shape in frame.shapes}
    frames = []
    for frame in seen:
        old = before.get(frame.frame)
        if old is None:
            old = FrameLabels(frame.frame, (), frame.attributes)
        partner = {j: i for i, j in pairs.get(frame.frame, [])}
        taken: set[str] = set()
        shapes = []
        for j, now in enumerate(frame.shapes):
            shape = _settled(old.shapes[partner[j]] if j in partner else None, now)
            if now.object_id is not None:
                if now.object_id not in identities:
                    identities[now.object_id] = (now.object_id, _free_name(shape.label, names))
                identity = identities[now.object_id]
                if identity[0] in taken:  # two things here were one object elsewhere: this one stays what it is
                    identity = (shape.object_id or now.object_id, shape.object_name or _free_name(shape.label, names))
                if identity[0] in taken:
                    continue
                taken.add(identity[0])
                shape = replace(shape, object_id=identity[0], object_name=identity[1])
            shapes.append((partner.get(j, len(old.shapes) + j), shape))
        kept = tuple(shape for _, shape in sorted(shapes, key=lambda pair: pair[0]))
        frames.append(FrameLabels(frame.frame, kept, old.attributes or frame.attributes))
    return tuple(frames)


def agreement(prior: Sequence[FrameLabels], seen: Sequence[FrameLabels]) -> float:
    """Share of shapes, prior and seen together, that have a partner in the other; 1.0 if there are none at all."""
    before = {frame.frame: frame.shapes for frame in prior}
    shared = total = 0
    for frame in seen:
        old = before.get(frame.frame, ())
        shared += 2 * len(_pairs(old, frame.shapes))
        total += len(old) + len(frame.shapes)
    return shared / total if total else 1.0


def bounds(geometry: Geometry) -> Box:
    """The box around a geometry; points get a margin, so that two keypoints or two lines can overlap."""
    if isinstance(geometry, Box):
        return geometry
    xs, ys = [x for x, _ in geometry.vertices], [y for _, y in geometry.vertices]
    margin = 12 if len(geometry.vertices) == 1 else 4
    left, top = min(xs) - margin, min(ys) - margin
    return Box(left, top, max(xs) + margin - left, max(ys) + margin - top)


def _pairs(old: Sequence[Shape], now: Sequence[Shape]) -> list[tuple[int, int]]:
    """Indices (old, now) of shapes that show one thing; best overlap first, each used once."""
    scored = [
        (overlap(bounds(a.geometry), bounds(b.geometry)), i, j) for i, a in enumerate(old) for j, b in enumerate(now)
    ]
    pairs: dict[int, int] = {}
    for score, i, j in sorted(scored, key=lambda item: (-item[0], item[1], item[2])):
        if score >= _SAME_THING and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return sorted(pairs.items())


def _identities(
    before: dict[str, FrameLabels], seen: Sequence[FrameLabels], pairs: dict[str, list[tuple[int, int]]]
) -> dict[str, tuple[str, str]]:
    """For each object seen that was labeled before: the id and name it had in most frames."""
    votes: dict[str, Counter[tuple[str, str]]] = {}
    for frame in seen:
        for i, j in pairs.get(frame.frame, []):
            old, now = before[frame.frame].shapes[i], frame.shapes[j]
            if old.object_id is not None and now.object_id is not None:
                identity = (old.object_id, old.object_name or old.label)
                votes.setdefault(now.object_id, Counter())[identity] += 1
    return {seen_id: counter.most_common(1)[0][0] for seen_id, counter in votes.items()}


def _settled(old: Shape | None, now: Shape) -> Shape:
    if old is None:
        return now
    if overlap(bounds(old.geometry), bounds(now.geometry)) >= _WELL_DRAWN:
        return old
    return replace(old, geometry=now.geometry)


def _free_name(label: str, names: set[str | None]) -> str:
    number = 1
    while f"{label}:{number}" in names:
        number += 1
    names.add(f"{label}:{number}")
    return f"{label}:{number}"
