"""How much a level changed of what the level before had said."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from everlabel.annotation_document import Change, ShapeType
from everlabel.matching import Pair, distance, iou


@dataclass
class Agreement:
    """Counts of objects in frames: an object in ten frames counts ten times."""

    kept: int = 0
    adjusted: int = 0
    added: int = 0
    removed: int = 0
    moved: int = 0
    """Adjusted in their shape; the same object may also have another class or other attributes."""
    classes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Classes that were changed: from, to."""
    attributes: Counter[str] = field(default_factory=Counter)
    """Attributes that were changed, by name."""
    boxes: int = 0
    overlap: float = 0.0
    """The sum of IoU over the boxes that are in both levels."""
    lines: int = 0
    apart: float = 0.0
    """The sum of distances over all other shapes with points that are in both levels, in pixels."""
    farthest: float = 0.0

    def add(self, found: Iterable[Pair]) -> None:
        """Counts the pairs of one frame."""
        for pair in found:
            self._add(pair)

    def add_class(self, before: str, after: str) -> None:
        """Counts one frame that has a class as a whole."""
        self.kept += before == after
        self.adjusted += before != after
        if before != after:
            self.classes[before, after] += 1

    def _add(self, pair: Pair) -> None:
        before, after = pair.before, pair.after
        if before is None or after is None:
            self.added += before is None
            self.removed += after is None
            return
        is_kept = pair.change is Change.KEPT
        self.kept += is_kept
        self.adjusted += not is_kept
        self.moved += before.shape != after.shape
        if before.class_name != after.class_name:
            self.classes[before.class_name, after.class_name] += 1
        if before.attributes != after.attributes:
            names = before.attributes.keys() | after.attributes.keys()
            self.attributes.update(name for name in names if before.attributes.get(name) != after.attributes.get(name))
        if before.shape.type is not after.shape.type:
            return
        if before.shape.type is ShapeType.BOX:
            self.boxes += 1
            self.overlap += 1.0 if is_kept else iou(before.shape, after.shape)
        elif before.shape.points:
            apart = 0.0 if is_kept else distance(before.shape, after.shape)
            self.lines += 1
            self.apart += apart
            self.farthest = max(self.farthest, apart)

    def as_json(self) -> dict[str, Any]:
        """The counts and what follows from them; a mean of nothing is null.

        `changedShare` is the share of objects that were adjusted, added or removed; `meanIou` is over boxes that both
        levels have; `meanDistancePixels` over lines, polygons and points that both have.
        """
        all_objects = self.kept + self.adjusted + self.added + self.removed
        return {
            "kept": self.kept,
            "adjusted": self.adjusted,
            "added": self.added,
            "removed": self.removed,
            "changedShare": _mean(all_objects - self.kept, all_objects),
            "changedShapes": self.moved,
            "changedClasses": [
                {"from": before, "to": after, "count": count} for (before, after), count in sorted(self.classes.items())
            ],
            "changedAttributes": dict(sorted(self.attributes.items())),
            "meanIou": _mean(self.overlap, self.boxes),
            "meanDistancePixels": _mean(self.apart, self.lines),
            "maxDistancePixels": round(self.farthest, 4) if self.lines else None,
        }


def _mean(total: float, count: int) -> float | None:
    return round(total / count, 4) if count else None
