"""Lines as strokes: whole, or cut into dashes and dots."""

import numpy as np
from numpy.typing import NDArray

from everlabel_cli.rendering.class_styles import Line

Path = NDArray[np.float64]
"""Rows of x and y."""

# On and off, in line widths. Strokes have round ends, half a width beyond each.
_PATTERNS = {Line.DASHED: (3.0, 2.5), Line.DOTTED: (0.01, 2.5)}


def strokes(path: Path, line: Line, width: float, *, closed: bool) -> list[Path]:
    """What of a path is drawn in this line style; a closed path returns to its beginning."""
    whole = np.vstack([path, path[:1]]) if closed else path
    if line is Line.SOLID:
        return [whole]
    far = _distances(whole)
    on, off = (width * part for part in _PATTERNS[line])
    # A whole number of them, so that a closed path has no seam.
    count = max(1, round(far[-1] / (on + off)))
    begins = np.arange(count) * (far[-1] / count)
    return [_part(whole, far, begin, min(begin + on, far[-1])) for begin in begins]


def halfway(path: Path) -> NDArray[np.float64]:
    """The point of an open path that is as far from one end as from the other."""
    far = _distances(path)
    return _at(path, far, float(far[-1]) / 2)


def _distances(path: Path) -> NDArray[np.float64]:
    """How far along the path each of its points is."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])


def _part(path: Path, far: NDArray[np.float64], begin: float, end: float) -> Path:
    """The path from one distance along it to another, with the corners between."""
    corners = path[(far > begin) & (far < end)]
    return np.vstack([_at(path, far, begin), corners, _at(path, far, end)])


def _at(path: Path, far: NDArray[np.float64], distance: float) -> Path:
    return np.array([np.interp(distance, far, path[:, axis]) for axis in (0, 1)])
