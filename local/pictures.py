"""A contact sheet: the frames of a clip with their labels drawn, as one PNG to show to others.

OpenCV's own outline fonts are used, so it looks the same on every machine.
"""

from collections.abc import Sequence
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from local.annotators.shapes import Box, FrameLabels, Points, Shape

Canvas = NDArray[np.uint8]
Colour = tuple[int, int, int]

# Okabe and Ito's palette (2008), told apart with any kind of colour vision; as BGR, without black, strongest first.
_PALETTE: tuple[Colour, ...] = (
    (0, 159, 230),  # orange
    (233, 180, 86),  # sky blue
    (115, 158, 0),  # bluish green
    (66, 228, 240),  # yellow
    (0, 94, 213),  # vermillion
    (167, 121, 204),  # reddish purple
    (178, 114, 0),  # blue
)
_PAPER, _INK, _FAINT, _BLANK = (250, 250, 250), (40, 40, 40), (120, 120, 120), (225, 225, 225)
_FONT = cv2.FONT_HERSHEY_DUPLEX
_GAP, _TITLE, _CAPTION = 14, 62, 26  # pixels
_FINE = 4  # lines are placed to a sixteenth of a pixel


_Area = tuple[int, int, int, int]  # left, top, width, height


def contact_sheet(
    frames: Sequence[tuple[str, bytes]],
    labels: Sequence[FrameLabels],
    title: str,
    *,
    subtitle: str = "",
    columns: int | None = None,
    tile_width: int = 480,
) -> bytes:
    """A PNG with `frames` (file name, encoded image) in reading order and their `labels` drawn.

    Labels are found by the frame's file name; a frame without any is shown as it is. An object keeps its colour over
    all frames; without object ids, a label does. `columns` is chosen for a sheet a bit wider than high if not given.
    A frame that cannot be decoded is shown as an empty tile that says so.
    """
    images = [(name, _decoded(encoded)) for name, encoded in frames]
    shapes = {frame.frame: frame.shapes for frame in labels}
    colours = _colours([shapes.get(name, ()) for name, _ in images])
    tall = max((image.shape[0] / image.shape[1] for _, image in images if image is not None), default=0.5)
    tile_height = max(1, min(round(tile_width * tall), 2 * tile_width))
    across = columns or _columns(len(images), tile_width, tile_height)
    down = -(-len(images) // across)
    width = _GAP + across * (tile_width + _GAP)
    canvas = np.full((_TITLE + down * (tile_height + _CAPTION + _GAP), width, 3), _PAPER, np.uint8)
    _heading(canvas, title, subtitle)
    for i, (name, image) in enumerate(images):
        left = _GAP + i % across * (tile_width + _GAP)
        top = _TITLE + i // across * (tile_height + _CAPTION + _GAP)
        drawn = shapes.get(name, ())
        _frame(canvas[top : top + tile_height, left : left + tile_width], image, drawn, colours)
        said = f"{len(drawn)} label{'' if len(drawn) == 1 else 's'}" if drawn else "no labels"
        _text(canvas, name, (left, top + tile_height + 18), 0.46, _INK)
        _text(canvas, said, (left + tile_width - _width(said, 0.42), top + tile_height + 18), 0.42, _FAINT)
    done, png = cv2.imencode(".png", canvas)
    if not done:
        raise ValueError("the contact sheet is too large for a PNG")
    return png.tobytes()


def _decoded(encoded: bytes) -> Canvas | None:
    data = np.frombuffer(encoded, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    return None if image is None else image.astype(np.uint8, copy=False)


def _columns(tiles: int, tile_width: int, tile_height: int) -> int:
    """As many columns as make the sheet about 3:2, with as few empty places as can be."""
    wanted = (1.5 * tiles * (tile_height + _CAPTION + _GAP) / (tile_width + _GAP)) ** 0.5
    near = [n for n in (round(wanted) - 1, round(wanted), round(wanted) + 1) if 1 <= n <= max(1, tiles)]
    return min(near, key=lambda n: (-tiles % n, abs(n - wanted)), default=1)


def _key(shape: Shape) -> str:
    return shape.object_id or shape.label


def _colours(frames: Sequence[Sequence[Shape]]) -> dict[str, Colour]:
    """A colour for each object, in order of appearance: objects seen at the same time differ."""
    order = dict.fromkeys(_key(shape) for shapes in frames for shape in shapes)
    return {key: _PALETTE[i % len(_PALETTE)] for i, key in enumerate(order)}


def _heading(canvas: Canvas, title: str, subtitle: str) -> None:
    room = canvas.shape[1] - 2 * _GAP
    size = min(0.85, 0.85 * room / max(1, _width(title, 0.85)))
    _text(canvas, title, (_GAP, 30), size, _INK)
    if subtitle:
        _text(canvas, subtitle, (_GAP, 52), min(0.46, 0.46 * room / max(1, _width(subtitle, 0.46))), _FAINT)


def _frame(place: Canvas, image: Canvas | None, shapes: Sequence[Shape], colours: dict[str, Colour]) -> None:
    tall, wide = place.shape[:2]
    place[:] = _BLANK
    if image is None:
        _text(place, "cannot be opened", (12, 26), 0.5, _FAINT)
        return
    scale = min(wide / image.shape[1], tall / image.shape[0])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    shrinking = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    x, y = (wide - size[0]) // 2, (tall - size[1]) // 2
    inner = place[y : y + size[1], x : x + size[0]]
    inner[:] = cv2.resize(image, size, interpolation=shrinking)
    for shape in shapes:
        _geometry(inner, shape, scale, colours[_key(shape)])
    taken: list[_Area] = []
    for shape in shapes:
        _tag(inner, shape, scale, colours[_key(shape)], taken)


def _geometry(picture: Canvas, shape: Shape, scale: float, colour: Colour) -> None:
    """Each line on a darker, wider one: it stays visible on any ground."""
    corners = _corners(shape)
    points = np.array([[(x * scale * 2**_FINE, y * scale * 2**_FINE) for x, y in corners]]).round().astype(np.int32)
    if len(corners) == 1:
        centre = (round(corners[0][0] * scale), round(corners[0][1] * scale))
        cv2.circle(picture, centre, 7, _INK, -1, cv2.LINE_AA)
        cv2.circle(picture, centre, 5, colour, -1, cv2.LINE_AA)
        return
    closed = isinstance(shape.geometry, Box) or _is_closed(corners)
    if closed:
        tinted = picture.copy()
        cv2.fillPoly(tinted, [points], colour, cv2.LINE_AA, _FINE)
        cv2.addWeighted(tinted, 0.08, picture, 0.92, 0, picture)
    for thickness, ink in ((5, _INK), (3, colour)):
        cv2.polylines(picture, [points], closed, ink, thickness, cv2.LINE_AA, _FINE)


def _tag(picture: Canvas, shape: Shape, scale: float, colour: Colour, taken: list[_Area]) -> None:
    """The object's name, or the label, at the upper left corner of the shape; moved down where a tag is already."""
    said = shape.object_name or shape.label
    wide, tall = _width(said, 0.44) + 10, 19
    corners = _corners(shape)
    x = round(min(x for x, _ in corners) * scale)
    y = round(min(y for _, y in corners) * scale)
    left = max(0, min(x - 1, picture.shape[1] - wide))
    top = y - tall if y >= tall else y
    while any(left < a + w and a < left + wide and top < b + h and b < top + tall for a, b, w, h in taken):
        top += tall
    top = max(0, min(top, picture.shape[0] - tall))
    taken.append((left, top, wide, tall))
    cv2.rectangle(picture, (left, top), (left + wide, top + tall), colour, -1)
    # Ink on light colours, paper on dark ones, by perceived brightness (ITU-R BT.601 weights).
    light = 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2] > 110
    _text(picture, said, (left + 5, top + 14), 0.44, (20, 20, 20) if light else (255, 255, 255))


def _corners(shape: Shape) -> list[tuple[int, int]]:
    if isinstance(shape.geometry, Points):
        return list(shape.geometry.vertices)
    box = shape.geometry
    right, bottom = box.left + box.width, box.top + box.height
    return [(box.left, box.top), (right, box.top), (right, bottom), (box.left, bottom)]


def _is_closed(corners: Sequence[tuple[int, int]]) -> bool:
    """Vertices alone do not say polygon or polyline: a polygon's ends are near each other, for its length."""
    steps = np.hypot(*np.diff(np.array(corners, float), axis=0).T)
    return len(corners) > 2 and hypot(*np.subtract(corners[0], corners[-1])) < 0.6 * float(steps.sum())


def _text(canvas: Canvas, said: str, at: tuple[int, int], size: float, ink: Colour) -> None:
    cv2.putText(canvas, _printable(said), at, _FONT, size, ink, 1, cv2.LINE_AA)


def _width(said: str, size: float) -> int:
    return cv2.getTextSize(_printable(said), _FONT, size, 1)[0][0]


def _printable(said: str) -> str:
    """The outline fonts have ASCII only."""
    return said.encode("ascii", "replace").decode()
