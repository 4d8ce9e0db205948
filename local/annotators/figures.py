"""What a worker sees in a frame before she gives it a name: a figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from local.annotators.shapes import Box

Image = NDArray[np.uint8]
Contour = NDArray[np.int32]
Kind = Literal["upright", "wide"]

# People are seen taller than wide from the street; vehicles are not. From this ratio on a figure counts as upright.
_UPRIGHT = 1.15


@dataclass(frozen=True)
class View:
    """A frame as the eye takes it in: small enough to compare quickly, with the size it really has.

    `picture` is BGR; `width` and `height` are the frame's own, in pixels.
    """

    picture: Image
    width: int
    height: int


@dataclass(frozen=True)
class Figure:
    """Something that stands out: outline and box in the frame's own pixels, what it is like, its mean BGR colour."""

    outline: tuple[tuple[int, int], ...]
    box: Box
    kind: Kind
    colour: tuple[int, int, int]


def look(encoded: bytes, width: int) -> View | None:
    """The image, shrunk to at most `width` pixels; None if it cannot be decoded."""
    data = np.frombuffer(encoded, np.uint8)
    full = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if full is None:
        return None
    tall, wide = full.shape[:2]
    if wide > width:
        size = (width, max(1, round(tall * width / wide)))
        full = cv2.resize(full, size, interpolation=cv2.INTER_AREA)
    return View(full.astype(np.uint8, copy=False), wide, tall)


def figure(view: View, contour: Contour) -> Figure:
    """The figure whose outline in `view` is `contour` (any of OpenCV's shapes of one)."""
    tall, wide = view.picture.shape[:2]
    inside = np.zeros((tall, wide), np.uint8)
    cv2.drawContours(inside, [contour], -1, 255, -1)
    blue, green, red = (int(v) for v in cv2.mean(view.picture, inside)[:3])
    stretch = np.array([view.width / wide, view.height / tall])
    points = np.rint(contour.reshape(-1, 2) * stretch).astype(int)
    points = np.clip(points, 0, [view.width - 1, view.height - 1])
    left, top, w, h = cv2.boundingRect(contour)
    right, bottom = round((left + w) * stretch[0]), round((top + h) * stretch[1])
    left, top = round(left * stretch[0]), round(top * stretch[1])
    box = Box(left, top, max(1, min(right, view.width) - left), max(1, min(bottom, view.height) - top))
    kind: Kind = "upright" if box.height >= _UPRIGHT * box.width else "wide"
    return Figure(tuple((int(x), int(y)) for x, y in points), box, kind, (blue, green, red))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    if across <= 0 or down <= 0:
        return 0.0
    common = across * down
    return common / (one.width * one.height + other.width * other.height - common)


def distinct(figures: Sequence[Figure]) -> list[Figure]:
    """The figures without those that repeat an earlier one."""
    kept: list[Figure] = []
    for candidate in figures:
        if all(overlap(candidate.box, other.box) < 0.5 for other in kept):
            kept.append(candidate)
    return kept
