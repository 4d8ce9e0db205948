"""Geometry that several formats need."""

from collections.abc import Mapping
from typing import Any

from everlabel.annotation_document import Frame, Shape, ShapeType

_OCCLUSION = {"none": 0, "no": 0, "false": 0, "partial": 1, "partially": 1, "yes": 1, "true": 1, "major": 2}


def bounds(shape: Shape) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what was drawn; a mask has none (ValueError)."""
    xs, ys = zip(*shape.points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def left_top_size(shape: Shape) -> tuple[float, float, float, float]:
    """Left, top, width and height."""
    left, top, right, bottom = bounds(shape)
    return left, top, right - left, bottom - top


def area(shape: Shape) -> float:
    """Square pixels inside a box or a polygon; 0 for lines and points."""
    if shape.type is ShapeType.BOX:
        _, _, width, height = left_top_size(shape)
        return width * height
    if shape.type is ShapeType.POLYGON:
        nexts = shape.points[1:] + shape.points[:1]
        return abs(sum(x * to_y - to_x * y for (x, y), (to_x, to_y) in zip(shape.points, nexts, strict=True))) / 2
    return 0.0


def size(frame: Frame) -> tuple[int, int]:
    """Width and height; dataset versions know those of all frames."""
    if frame.width is None or frame.height is None:
        raise ValueError(f"the frame {frame.s3_uri} has no size; expected one, as in every dataset version")
    return frame.width, frame.height


def clipped(shape: Shape, frame: Frame) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the part that lies in the frame."""
    width, height = size(frame)
    left, top, right, bottom = bounds(shape)
    return min(max(left, 0), width), min(max(top, 0), height), min(max(right, 0), width), min(max(bottom, 0), height)


def number(value: float, digits: int = 6) -> str:
    """A number as short as it can be written: `12`, `12.5`."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if "." in f"{value:.{digits}f}" else f"{value:.{digits}f}"


def plain(value: float) -> float:
    """A number that JSON writes without `.0` where it is whole."""
    return int(value) if float(value).is_integer() else round(value, 6)


def occlusion(attributes: Mapping[str, Any]) -> int | None:
    """0 none, 1 partial, 2 major, by the attribute `occlusion` or `occluded`; None if it is not said."""
    for name in ("occlusion", "occluded"):
        if name in attributes:
            return _OCCLUSION.get(str(attributes[name]).lower())
    return None
