"""JPEGs of decoded pictures, and a clip's frames into Amazon S3: ours beside Pillow and one put after another.

Before anything is measured, the brightness of our JPEGs is held to that of Pillow's with the same quantizers: if ours
are worse by more than a tenth of a decibel, the benchmark ends.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.clips import CLIPS
from bench.measuring import Row, Work, medians
from bench.quality import brightness, psnr
from bench.storing import (
    PICTURES,
    QUALITY,
    by_pillow,
    our_jpegs,
    our_storing,
    pictures,
    pillows_jpegs,
    pillows_storing,
    quantizers_of,
)
from everlabel.jpeg import JpegMaker

_WORSE = 0.1  # dB
_FPS = 5


def run(rounds: int) -> Iterator[Row]:
    """Yields the rows.

    Raises:
        ArithmeticError: if our JPEGs are worse than Pillow's.
    """
    clip = CLIPS[1]
    path = clip.path()
    _compare(path)
    works: dict[str, Work] = {
        "our JPEGs": partial(our_jpegs, path),
        "Pillow's JPEGs": partial(pillows_jpegs, path),
        "ours": partial(our_storing, path, _FPS),
        "Pillow": partial(pillows_storing, path, _FPS),
    }
    cost = medians(works, rounds)
    own, other = (cost[name].cpu / PICTURES * 1000 for name in ("our JPEGs", "Pillow's JPEGs"))
    yield Row("JPEG of a picture of 1920 × 1080", "CPU ms, Pillow", own, other, 1)
    what = f"{clip.what}, {_FPS} fps, into S3 (100 ms a put)"
    yield Row(what, "wall s, Pillow and put after put", cost["ours"].wall, cost["Pillow"].wall, 1)
    yield Row(what, "CPU s, Pillow and put after put", cost["ours"].cpu, cost["Pillow"].cpu, 1)


def _compare(path: Path) -> None:
    maker = JpegMaker(QUALITY)
    for picture in pictures(path)[::5]:
        own = maker.make(picture).jpeg
        exact = brightness(picture)
        worse = psnr(by_pillow(picture, quantizers_of(own)), exact) - psnr(own, exact)
        if worse > _WORSE:
            raise ArithmeticError(f"our JPEG is {worse:.2f} dB worse than Pillow's, and {_WORSE} are allowed")
