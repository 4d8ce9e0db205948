"""Letters on pictures: any name in any script that a font of the machine has."""

from bisect import bisect_right
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from everlabel_cli.rendering.class_styles import Colour

Canvas = NDArray[np.uint8]
"""A picture: rows of columns of red, green and blue."""


def width(text: str, size: int) -> int:
    """How many pixels wide `text` is."""
    return int(_stencil(text, size).shape[1])


def height(size: int) -> int:
    """How many pixels high a line is, with room for accents and descenders."""
    ascent, descent = _font(_bundled(), size).getmetrics()
    return ascent + descent


def write(canvas: Canvas, text: str, left: int, top: int, size: int, ink: Colour) -> None:
    """Writes one line with its upper left corner there; what lies outside of the canvas is cut off."""
    stencil = _stencil(text, size)
    place = canvas[max(0, top) : max(0, top + stencil.shape[0]), max(0, left) : max(0, left + stencil.shape[1])]
    cut = stencil[max(0, -top) :, max(0, -left) :][: place.shape[0], : place.shape[1], np.newaxis]
    place[:] = (place * (255 - cut) + np.array(ink) * cut + 127) // 255


def shortened(text: str, size: int, room: int) -> str:
    """The text, or as much of its beginning as fits into `room` pixels, with an ellipsis."""
    if len(text) <= room and width(text, size) <= room:  # a letter is a pixel wide at least
        return text
    fits = bisect_right(range(min(len(text), room)), room, key=lambda n: width(text[: n + 1] + "…", size))
    return text[:fits] + "…"


def printable(text: str) -> str:
    """The text with everything that cannot be shown (controls, halves of surrogate pairs) as U+FFFD."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


@lru_cache(4096)
def _stencil(text: str, size: int) -> NDArray[np.int32]:
    """How much ink each pixel gets, 0 to 255."""
    shown = printable(text)
    font = _font(_font_for(shown), size)
    area = (max(1, round(font.getlength(shown))), height(size))
    image = Image.new("L", area)
    ImageDraw.Draw(image).text((0, font_top(font, size)), shown, fill=255, font=font)
    return np.asarray(image, np.int32)


def font_top(font: ImageFont.FreeTypeFont, size: int) -> int:
    """Where a line of this font begins to stand on the same baseline as the bundled one."""
    return _font(_bundled(), size).getmetrics()[0] - font.getmetrics()[0]


@lru_cache(64)
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


@cache
def _bundled() -> Path:
    """DejaVu Sans, which Matplotlib carries: Latin, Greek, Cyrillic, Arabic and many symbols, the same everywhere."""
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


@lru_cache(1024)
def _font_for(text: str) -> Path:
    """The bundled font, unless it lacks a letter and another font of the machine lacks fewer."""
    wanted = {ord(c) for c in text}
    if wanted <= _letters(_bundled()):
        return _bundled()
    from matplotlib import font_manager

    others = sorted(Path(path) for path in font_manager.findSystemFonts())
    return max((_bundled(), *others), key=lambda path: len(wanted & _letters(path)))


@cache
def _letters(path: Path) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(str(path)).get_charmap())
    except RuntimeError:  # not a font that FreeType can scale
        return frozenset()
