"""Which pictures of a stream become frames at a rate, by presentation time: as FFmpeg's `fps` filter does by default.

A picture takes the tick (a multiple of 1/fps) nearest to its time and is shown until the next picture's tick: where
the source is faster than the rate pictures fall out, where it is slower or has a gap the picture before is repeated.
The last one is shown as long as the stream says it lasts. A stream that ends before half a tick has no frame at all.

A picture is anything with a time and a duration, so the choice can be made from packets before anything is decoded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Protocol


class Picture(Protocol):
    """Both in units of the stream's time base."""

    @property
    def pts(self) -> int: ...

    @property
    def duration(self) -> int:
        """0 where the stream does not say."""
        ...


@dataclass(frozen=True)
class Choice[P: Picture]:
    tick: int
    """When the frame is shown, in units of 1/fps after the clip's start."""
    picture: P
    before: int | None
    """The time of the picture before the chosen one: what it lasts may have to be guessed from it."""


def choose[P: Picture](
    pictures: Iterable[P],
    time_base: Fraction,
    fps: Fraction,
    *,
    start: int = 0,
    tick: int | None = None,
    before: int | None = None,
    usual: int = 1,
) -> Iterator[Choice[P]]:
    """Yields the frames that `ffmpeg -i clip -vf fps=N` puts out, looking one picture ahead.

    Args:
        pictures: in presentation order.
        time_base: of the pictures, in seconds.
        start: the clip's start, which FFmpeg's command line takes off every time, in units of `time_base`.
        tick: where to go on, if an earlier call stopped: one after the last tick it yielded. The pictures then begin
            with the one it chose last, and `before` is what that choice said.
        usual: how long a picture lasts if nothing else tells, in units of `time_base`.
    """
    shown: P | None = None
    for picture in pictures:
        at = _tick(picture.pts - start, time_base, fps)
        tick = at if tick is None else tick
        while shown is not None and tick < at:
            yield Choice(tick, shown, before)
            tick += 1
        before = before if shown is None else shown.pts
        shown = picture
    if shown is None or tick is None:
        return
    end = _tick(shown.pts + _lasts(shown, before, usual) - start, time_base, fps)
    while tick < end:
        yield Choice(tick, shown, before)
        tick += 1


def _tick(time: int, time_base: Fraction, fps: Fraction) -> int:
    """The nearest tick; halves go away from zero (`round=near`)."""
    ticks = time * time_base * fps
    nearest = floor(abs(ticks) + Fraction(1, 2))
    return nearest if ticks >= 0 else -nearest


def _lasts(picture: Picture, before: int | None, usual: int) -> int:
    """FFmpeg's estimate for the last picture of a stream, which has no next one to measure by.

    A duration of one unit is what a demuxer makes up when the container has none; it is not believed if the pictures
    are farther apart than that.
    """
    since = picture.pts - before if before is not None else 0
    made_up = picture.duration == 1 and since > 2
    if picture.duration > 0 and not made_up:
        return picture.duration
    if since > 0:
        return since
    return max(picture.duration, usual, 1)
