"""Which object of a level is which object of the level before, and how far apart two shapes are.

Both levels saw the same frame. Objects that are tracked are the same if they have the same id. All others are paired
by their shapes, whatever their classes: first those whose shapes are equal, then always the two that lie nearest to
each other among those left (greedily, as in the evaluation of COCO), as long as boxes overlap by `LEAST_IOU` and other
shapes are no farther apart than `farthest`.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from everlabel.annotation_document import Change, Shape, ShapeType
from everlabel.label_files import Drawn

LEAST_IOU = 0.5
"""Boxes that overlap less are different objects: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf"""
_FARTHEST_OF_WIDTH = 20 / 1280
"""Lines that lie farther apart are different ones: 20 px at 1,280, https://github.com/TuSimple/tusimple-benchmark"""
_FARTHEST = 20.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Pair:
    """An object before and after; None where it was not."""

    before: Drawn | None
    after: Drawn | None

    @property
    def change(self) -> Change | None:
        """What became of it; None if it was removed."""
        if self.after is None:
            return None
        if self.before is None:
            return Change.ADDED
        before, after = self.before, self.after
        same = (before.class_name, before.shape, before.attributes) == (after.class_name, after.shape, after.attributes)
        return Change.KEPT if same else Change.ADJUSTED


def farthest(width: int | None) -> float:
    """How many pixels apart two drawings of one line may be in a frame of this width."""
    return _FARTHEST if width is None else width * _FARTHEST_OF_WIDTH


def pairs(before: Sequence[Drawn], after: Sequence[Drawn], farthest: float) -> Iterator[Pair]:
    """Every object of either level once. `farthest` is in pixels."""
    known = {found.track_id: found for found in before if found.track_id is not None}
    if not known or not any(found.track_id is not None for found in after):
        yield from _by_shape(before, after, farthest)
        return
    paired, left = set[int](), list[Drawn]()
    for found in after:
        same = known.pop(found.track_id, None) if found.track_id is not None else None
        if same is None:
            left.append(found)
        else:
            paired.add(id(same))
            yield Pair(same, found)
    gone = [found for found in before if id(found) not in paired]
    yield from (Pair(found, None) for found in gone if found.track_id is not None)
    yield from (Pair(None, found) for found in left if found.track_id is not None)
    yield from _by_shape(
        [found for found in gone if found.track_id is None],
        [found for found in left if found.track_id is None],
        farthest,
    )


def _by_shape(before: Sequence[Drawn], after: Sequence[Drawn], farthest: float) -> Iterator[Pair]:
    equal: dict[Shape, list[Drawn]] = {}
    for found in before:
        equal.setdefault(found.shape, []).append(found)
    left = []
    for found in after:
        same = equal.get(found.shape)
        if same:
            # Two of one shape: rather the one that was not changed at all.
            best = next((each for each in same if each.class_name == found.class_name), same[0])
            same.remove(best)
            yield Pair(best, found)
        else:
            left.append(found)
    rest = [found for same in equal.values() for found in same]
    near = (
        (gap, first, second)
        for first, old in enumerate(rest)
        for second, new in enumerate(left)
        if (gap := _gap(old.shape, new.shape, farthest)) is not None
    )
    old_left, new_left = dict(enumerate(rest)), dict(enumerate(left))
    for _, first, second in sorted(near):
        if first in old_left and second in new_left:
            yield Pair(old_left.pop(first), new_left.pop(second))
    yield from (Pair(found, None) for found in old_left.values())
    yield from (Pair(None, found) for found in new_left.values())


def _gap(first: Shape, second: Shape, farthest: float) -> float | None:
    """How little two shapes have in common, from 0 to 1; None if too little to be of one object."""
    if first.type is not second.type:
        return None
    if first.type is ShapeType.MASK:
        return 0.0 if first.mask_color == second.mask_color else None
    if first.type is ShapeType.BOX:
        overlap = iou(first, second)
        return 1 - overlap if overlap >= LEAST_IOU else None
    apart = distance(first, second)
    return apart / farthest if apart <= farthest else None


def iou(first: Shape, second: Shape) -> float:
    """Intersection over union of two boxes: 0 to 1."""
    (left, top), (right, bottom) = first.points
    (other_left, other_top), (other_right, other_bottom) = second.points
    across = min(right, other_right) - max(left, other_left)
    down = min(bottom, other_bottom) - max(top, other_top)
    common = across * down if across > 0 and down > 0 else 0.0
    union = (right - left) * (bottom - top) + (other_right - other_left) * (other_bottom - other_top) - common
    return common / union if union > 0 else float(first == second)


def distance(first: Shape, second: Shape) -> float:
    """How far apart two lines, polygons or points are in pixels: from each vertex of either to the nearest place of
    the other, on average (a mean where Hausdorff's distance has the maximum)."""
    gaps = [_to_line(point, second) for point in first.points] + [_to_line(point, first) for point in second.points]
    return sum(gaps) / len(gaps)


def _to_line(point: Point, shape: Shape) -> float:
    points = shape.points
    if len(points) == 1:
        return math.dist(point, points[0])
    ends = points[1:] + (points[:1] if shape.type is ShapeType.POLYGON else ())
    return min(_to_segment(point, start, end) for start, end in zip(points, ends, strict=False))


def _to_segment(point: Point, start: Point, end: Point) -> float:
    along = (end[0] - start[0], end[1] - start[1])
    square = along[0] ** 2 + along[1] ** 2
    if square == 0:
        return math.dist(point, start)
    share = ((point[0] - start[0]) * along[0] + (point[1] - start[1]) * along[1]) / square
    share = min(1.0, max(0.0, share))
    return math.dist(point, (start[0] + share * along[0], start[1] + share * along[1]))
