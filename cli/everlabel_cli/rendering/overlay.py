"""Labels drawn on a picture: shapes in their class's style, tags that can be read."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from everlabel.annotation_document import Label, Shape, ShapeType
from everlabel_cli.rendering import lettering
from everlabel_cli.rendering.class_styles import ClassStyle, Colour, Line
from everlabel_cli.rendering.lettering import Canvas
from everlabel_cli.rendering.strokes import halfway, strokes
from everlabel_cli.rendering.tags import Area, placed

Read = Callable[[str], bytes]
"""What lies at an address; raises OSError if that cannot be read."""

INK: Colour = (20, 20, 20)
PAPER: Colour = (255, 255, 255)
_FINE = 4  # lines are placed to a sixteenth of a pixel
_FAR = 1 << 14  # pixels; OpenCV's coordinates have 32 bits, of which it takes 16 for fractions
_CLOSED = (ShapeType.BOX, ShapeType.POLYGON)
_TINT, _MASK_TINT = 0.08, 0.45


class Overlay:
    """Draws labels in the styles of their classes."""

    def __init__(self, styles: Mapping[str, ClassStyle], read: Read) -> None:
        """`read` is for the pictures that masks are in."""
        self._styles = styles
        self._mask_picture = lru_cache(2)(lambda uri: opened(uri, read))

    def draw(self, picture: Canvas, labels: Sequence[Label], scale: float = 1.0) -> int:
        """Draws labels on a picture that is `scale` times as large as the frame they were made on.

        Lines of what nobody drew here (interpolated labels) are thinner. Returns how many labels have no tag because
        all places near them were taken.
        """
        width, letters = line_width(picture), letter_size(picture)
        for label in labels:
            self._shape(picture, label, scale, width)
        taken: list[Area] = []
        return sum(not self._tag(picture, label, scale, letters, taken) for label in labels)

    def _shape(self, picture: Canvas, label: Label, scale: float, width: int) -> None:
        style = self._styles[label.class_name]
        if label.shape.type is ShapeType.MASK:
            self._mask(picture, label.shape, style, width)
        elif label.shape.points:
            path = _on_picture(label.shape, scale)
            width = max(1, width // 2) if label.interpolated else width
            if label.shape.type is ShapeType.KEYPOINT:
                _keypoint(picture, path, style, width)
            else:
                _outline(picture, path, style, width, closed=label.shape.type in _CLOSED)

    def _mask(self, picture: Canvas, shape: Shape, style: ClassStyle, width: int) -> None:
        covered = self._covered(shape, picture)
        if covered is not None:
            tinted = (1 - _MASK_TINT) * picture[covered] + _MASK_TINT * np.array(style.colour)
            picture[covered] = tinted.round().astype(np.uint8)
            edges, _ = cv2.findContours(covered.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
            for edge in edges:
                draw_strokes(picture, edge.reshape(-1, 2).astype(np.float64), style, max(1, width // 2), closed=True)

    def _covered(self, shape: Shape, picture: Canvas) -> NDArray[np.bool_] | None:
        """Which pixels a mask covers; None if its picture cannot be opened."""
        found = None if shape.mask_uri is None or shape.mask_color is None else self._mask_picture(shape.mask_uri)
        if found is None or shape.mask_color is None:
            return None
        colour = np.frombuffer(bytes.fromhex(shape.mask_color.removeprefix("#")), np.uint8)
        size = (picture.shape[1], picture.shape[0])
        covered = cv2.resize((found == colour).all(axis=2).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        return np.asarray(covered, np.bool_)

    def _tag(self, picture: Canvas, label: Label, scale: float, letters: int, taken: list[Area]) -> bool:
        """Whether there was room for it."""
        style = self._styles[label.class_name]
        around = self._around(label.shape, picture, scale)
        if around is None:
            return True  # nothing is drawn that would want a tag
        texts = [lettering.shortened(text, letters, picture.shape[1] // 3) for text in tag_texts(label)]
        across, tall = letters // 2, lettering.height(letters) + 2
        sizes = [(lettering.width(text, letters) + across, tall) for text in texts]
        found = placed(around, sizes, (picture.shape[1], picture.shape[0]), taken)
        if found is None:
            return False
        chosen, area = found
        taken.append(area)
        picture[area.top : area.top + area.height, area.left : area.left + area.width] = style.colour
        ink = INK if style.is_light else PAPER
        lettering.write(picture, texts[chosen], area.left + across // 2, area.top + 1, letters, ink)
        return True

    def _around(self, shape: Shape, picture: Canvas, scale: float) -> Area | None:
        """What a shape covers of the picture."""
        if shape.type is ShapeType.MASK:
            covered = self._covered(shape, picture)
            if covered is None or not covered.any():
                return None
            return Area(*cv2.boundingRect(covered.astype(np.uint8)))
        if not shape.points:
            return None
        corners = _on_picture(shape, scale)
        if shape.type is ShapeType.POLYLINE:
            corners = halfway(corners)[np.newaxis]  # what surrounds a line as a whole may be far from it
        corners = np.clip(corners, 0, (picture.shape[1], picture.shape[0])).round().astype(int)
        left, top = corners.min(axis=0)
        right, bottom = corners.max(axis=0)
        return Area(int(left), int(top), int(right - left), int(bottom - top))


def decoded(encoded: bytes) -> Canvas | None:
    """The picture, upright; None if it is none."""
    data = np.frombuffer(encoded, np.uint8)
    try:
        found = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except cv2.error:  # it claims to be larger than OpenCV allows
        return None
    return None if found is None else cv2.cvtColor(found, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def opened(uri: str, read: Read) -> Canvas | None:
    """The picture at an address; None if it cannot be read or decoded."""
    try:
        return decoded(read(uri))
    except OSError:
        return None


def tag_texts(label: Label) -> list[str]:
    """What a tag says, and shorter: `car:1`, then `1`; without a track, the class."""
    if label.track_name is None:
        return [label.class_name]
    short = label.track_name.rpartition(":")[2]
    return [label.track_name, short] if short else [label.track_name]


def line_width(picture: Canvas) -> int:
    """Of the shapes: the same share of any picture, within reason."""
    return min(max(2, round(int(picture.shape[1]) / 320)), 5)


def letter_size(picture: Canvas) -> int:
    """Of the tags: the same share of any picture, within reason."""
    return min(max(11, round(int(picture.shape[1]) / 48)), 22)


def _on_picture(shape: Shape, scale: float) -> NDArray[np.float64]:
    corners = np.array(shape.points, np.float64) * scale
    if shape.type is ShapeType.BOX:
        (left, top), (right, bottom) = corners
        corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    return np.clip(corners, -_FAR, _FAR)


def _outline(picture: Canvas, path: NDArray[np.float64], style: ClassStyle, width: int, *, closed: bool) -> None:
    if closed:
        tinted = picture.copy()
        cv2.fillPoly(tinted, [_fixed(path)], style.colour, cv2.LINE_AA, _FINE)
        cv2.addWeighted(tinted, _TINT, picture, 1 - _TINT, 0, picture)
    draw_strokes(picture, path, style, width, closed=closed)


def draw_strokes(
    picture: Canvas, path: NDArray[np.float64], style: ClassStyle, width: int, *, closed: bool = False
) -> None:
    """Each line on a darker, wider one: it stays visible on any ground."""
    lines = [_fixed(stroke) for stroke in strokes(path, style.line, width + 2, closed=closed)]
    for ink, thickness in ((INK, width + 2), (style.colour, width)):
        cv2.polylines(picture, lines, False, ink, thickness, cv2.LINE_AA, _FINE)


def _keypoint(picture: Canvas, path: NDArray[np.float64], style: ClassStyle, width: int) -> None:
    """A dot; a ring if the class is not one of the solid ones."""
    x, y = _fixed(path)[0].tolist()
    for ink, radius in ((INK, 2 * width + 1), (style.colour, 2 * width)):
        cv2.circle(picture, (x, y), radius << _FINE, ink, -1, cv2.LINE_AA, _FINE)
    if style.line is not Line.SOLID:
        cv2.circle(picture, (x, y), width << _FINE, INK, -1, cv2.LINE_AA, _FINE)


def _fixed(path: NDArray[np.float64]) -> NDArray[np.int32]:
    """Rounded to OpenCV's fractions of a pixel."""
    return np.asarray((path * 2.0**_FINE).round(), np.int32)
