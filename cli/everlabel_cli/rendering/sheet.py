"""A contact sheet: the frames of a clip with their labels drawn, as one PNG to show to others."""

from collections.abc import Mapping

import cv2
import numpy as np

from everlabel.annotation_document import AnnotationDocument
from everlabel_cli.rendering import lettering
from everlabel_cli.rendering.class_styles import ClassStyle, Colour, class_styles
from everlabel_cli.rendering.legend import Legend
from everlabel_cli.rendering.lettering import Canvas
from everlabel_cli.rendering.moments import Moment, evenly, moments
from everlabel_cli.rendering.overlay import Overlay, Read, opened

_PAPER: Colour = (250, 250, 250)
_INK: Colour = (32, 32, 32)
_FAINT: Colour = (92, 92, 92)
_BLANK: Colour = (225, 225, 225)
_GAP, _CAPTION = 14, 26  # pixels
_TITLE, _TEXT, _SMALL = 22, 15, 13  # sizes of letters

MOST_FRAMES = 40
"""On one sheet, if nothing else is asked for: what still is a picture and not a wall."""


def contact_sheet(
    document: AnnotationDocument,
    read: Read,
    *,
    styles: Mapping[str, ClassStyle] | None = None,
    columns: int | None = None,
    tile_width: int = 480,
    most: int = MOST_FRAMES,
) -> bytes:
    """A PNG with the frames of a task in the order of time and their labels drawn.

    Frames of several frame rates at one time are one tile. A frame that cannot be read or decoded is an empty tile
    that says so.

    Args:
        document: the task's annotations.
        read: for the frames, and the pictures that masks are in.
        styles: of the classes; the document's own if not given.
        columns: as many as make the sheet a bit wider than high, if not given.
        tile_width: in pixels.
        most: frames; of more than that, so many are chosen evenly.
    """
    styles = class_styles([document]) if styles is None else styles
    every = moments(document)
    shown = evenly(every, most)
    overlay = Overlay(styles, read)
    tiles = [tile(moment, overlay, read, tile_width) for moment in shown]
    tall = max((picture.shape[0] for picture, _ in tiles), default=tile_width * 9 // 16)
    across = columns or _columns(len(tiles), tile_width, tall)
    down = -(-len(tiles) // across)
    room = across * (tile_width + _GAP) - _GAP
    legend = Legend(styles, room, _TEXT)
    head = _GAP + lettering.height(_TITLE) + lettering.height(_TEXT) + legend.height + _GAP
    canvas = np.full((head + down * (tall + _CAPTION + _GAP), room + 2 * _GAP, 3), _PAPER, np.uint8)
    _heading(canvas, document, len(shown), len(every), room)
    legend.draw(canvas, _GAP, head - _GAP // 2 - legend.height, _INK)
    for i, (moment, (picture, untagged)) in enumerate(zip(shown, tiles, strict=True)):
        left = _GAP + i % across * (tile_width + _GAP)
        top = head + i // across * (tall + _CAPTION + _GAP)
        canvas[top : top + tall, left : left + tile_width] = _BLANK
        canvas[top : top + picture.shape[0], left : left + tile_width] = picture
        _caption(canvas, moment, untagged, (left, top + tall + 4), tile_width)
    done, png = cv2.imencode(".png", cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR))
    if not done:
        raise ValueError(
            f"the contact sheet would have {canvas.shape[1]} × {canvas.shape[0]} pixels: too many for a PNG"
        )
    return png.tobytes()


def tile(moment: Moment, overlay: Overlay, read: Read, width: int) -> tuple[Canvas, int]:
    """The frame so many pixels wide, at most twice as high, with its labels; and how many of those have no tag."""
    picture = opened(moment.frame.s3_uri, read)
    if picture is None:
        return _empty(moment, width), 0
    scale = min(width / picture.shape[1], 2 * width / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    drawn: Canvas = scaled.astype(np.uint8, copy=False)
    untagged = overlay.draw(drawn, moment.labels, scale)
    if size[0] == width:
        return drawn, untagged
    beside = (width - size[0]) // 2
    whole = np.full((size[1], width, 3), _BLANK, np.uint8)
    whole[:, beside : beside + size[0]] = drawn
    return whole, untagged


def count(number: int, thing: str) -> str:
    """`1 label`, `2 labels`, `no labels`."""
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"


def _empty(moment: Moment, width: int) -> Canvas:
    frame = moment.frame
    share = frame.height / frame.width if frame.height and frame.width else 9 / 16
    picture = np.full((round(width * min(share, 2)), width, 3), _BLANK, np.uint8)
    lettering.write(picture, lettering.shortened("cannot be opened", _TEXT, width - 24), 12, 10, _TEXT, _FAINT)
    return picture


def _columns(tiles: int, tile_width: int, tile_height: int) -> int:
    """As many columns as make the sheet about 3:2, with as few empty places as can be."""
    wanted = (1.5 * tiles * (tile_height + _CAPTION + _GAP) / (tile_width + _GAP)) ** 0.5
    near = [n for n in (round(wanted) - 1, round(wanted), round(wanted) + 1) if 1 <= n <= max(1, tiles)]
    return min(near, key=lambda n: (-tiles % n, abs(n - wanted)), default=1)


def _heading(canvas: Canvas, document: AnnotationDocument, shown: int, every: int, room: int) -> None:
    title = lettering.shortened(document.clip_id, _TITLE, room)
    lettering.write(canvas, title, _GAP, _GAP, _TITLE, _INK)
    frames = count(every, "frame") if shown == every else f"{shown} of {every} frames"
    jobs = ", ".join(job.job_name for job in document.labeling_jobs)
    said = " · ".join(part for part in (frames, count(len(document.labels), "label"), jobs) if part)
    said = lettering.shortened(said, _TEXT, room)
    lettering.write(canvas, said, _GAP, _GAP + lettering.height(_TITLE), _TEXT, _FAINT)


def _caption(canvas: Canvas, moment: Moment, untagged: int, at: tuple[int, int], room: int) -> None:
    said = count(len(moment.labels), "label") + (f", {untagged} without a tag" if untagged else "")
    right = lettering.width(said, _SMALL)
    name = f"{moment.frame.time:.2f} s  {moment.frame.name}"
    left = lettering.shortened(name, _SMALL, max(1, room - right - _GAP))
    lettering.write(canvas, left, *at, _SMALL, _INK)
    lettering.write(canvas, said, at[0] + room - right, at[1], _SMALL, _FAINT)
