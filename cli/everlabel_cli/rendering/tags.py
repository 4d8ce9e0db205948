"""Where tags go: near their object, inside the picture, and never on each other."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_ROWS_AWAY = 3  # farther from its object a tag would be taken for another's


class Area(NamedTuple):
    """A rectangle in pixels."""

    left: int
    top: int
    width: int
    height: int

    def overlaps(self, other: "Area") -> bool:
        """Whether the two have a pixel in common."""
        return (
            self.left < other.left + other.width
            and other.left < self.left + self.width
            and self.top < other.top + other.height
            and other.top < self.top + self.height
        )


def placed(
    around: Area, sizes: Sequence[tuple[int, int]], picture: tuple[int, int], taken: Iterable[Area]
) -> tuple[int, Area] | None:
    """Which of the tag's sizes (width, height), best first, finds a place around an object, and where.

    None if all places near the object are taken.

    Args:
        around: what the object covers.
        sizes: of the whole tag and of shorter ones.
        picture: width and height.
        taken: areas that may not be touched.
    """
    taken = tuple(taken)
    for i, size in enumerate(sizes):
        for area in _places(around, size):
            inside = _moved_inside(area, picture)
            if inside is not None and not any(inside.overlaps(other) for other in taken):
                return i, inside
    return None


def _places(around: Area, size: tuple[int, int]) -> Iterator[Area]:
    """Best first: on the object's upper edge, below it, in its upper corner, beside it; then row after row away."""
    wide, tall = size
    right = around.left + around.width
    bottom = around.top + around.height
    for rows in range(_ROWS_AWAY + 1):
        above, below = around.top - tall * (rows + 1), bottom + tall * rows
        yield Area(around.left, above, wide, tall)
        yield Area(around.left, below, wide, tall)
        yield Area(around.left, around.top + tall * rows, wide, tall)
        yield Area(right - wide, above, wide, tall)
        yield Area(right - wide, below, wide, tall)
        yield Area(right, around.top + tall * rows, wide, tall)
        yield Area(around.left - wide, around.top + tall * rows, wide, tall)


def _moved_inside(area: Area, picture: tuple[int, int]) -> Area | None:
    """The area, moved sideways into the picture; None if it is too high, too low, or too large."""
    wide, tall = picture
    if area.width > wide or area.top < 0 or area.top + area.height > tall:
        return None
    return area._replace(left=min(max(0, area.left), wide - area.width))
