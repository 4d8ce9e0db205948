"""Frames out of a video at a rate: which pictures, as what, and how to go on after a stop."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from typing import BinaryIO, Self

from everlabel import sparing
from everlabel.coded_picture import NotPlain
from everlabel.decoder import Planned
from everlabel.errors import ClipRefused
from everlabel.frame_choice import Choice, choose
from everlabel.jpeg import JpegMaker, Still, checksum
from everlabel.video_file import Limits, Picture, VideoFile

__all__ = ["Frame", "Limits", "extract"]

# Seconds before the place where extraction goes on at which decoding starts: at the key frame before that. If the
# picture is not yet the same there (streams that are refreshed bit by bit have no true key frames), then earlier;
# None is the beginning.
_RUN_UPS = (0, 10, 60, None)


@dataclass(frozen=True)
class Frame:
    number: int
    """0 is the clip's first."""
    pts: int
    """Presentation time of the source picture, in the stream's time base."""
    seconds: float
    """The same, after the clip's start."""
    width: int
    height: int
    jpeg: bytes
    resume: str
    """With this, extraction goes on after this frame."""


@dataclass(frozen=True)
class _Place(sparing.GoOn):
    """A frame that extraction goes on after."""

    first_tick: int
    width: int
    height: int

    @classmethod
    def read(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return json.dumps(asdict(self))


# What makes frames of a file, from the beginning or after a place.
_Stills = Callable[[VideoFile, _Place | None], Iterator[tuple[Choice[Planned], Still] | tuple[Choice[Picture], Still]]]


class _PlaceNotFound(Exception):
    """Decoding from here does not bring the picture back that extraction stopped at."""


def extract(
    file: BinaryIO, fps: Fraction, *, resume: str | None = None, limits: Limits | None = None, quality: int = 2
) -> Iterator[Frame]:
    """Yields the frames that FFmpeg's command line puts out with `-vf fps=N`, upright, as JPEG.

    The caller may stop after any frame; a later call with that frame's `resume` yields the rest, byte for byte.
    What `file` raises passes through.

    Args:
        file: seekable.
        fps: frames a second, more than 0.
        quality: JPEG's quantizer, 1 (best) to 31; at 2 nobody sees a loss.

    Raises:
        ClipRefused: with the reason in words. It may come after good frames (the picture's size changes), so frames
            may be used only once the iteration has ended by itself.
    """
    place = _Place.read(resume) if resume else None
    limits = limits or Limits()
    begun = 0
    try:
        for frame in _extract(file, fps, place, limits, partial(sparing.stills, fps, quality)):
            begun = frame.number + 1
            yield frame
    except NotPlain:
        pass
    else:
        return
    for run_up in _RUN_UPS if place else (None,):
        try:
            for frame in _extract(file, fps, place, limits, partial(_all_decoded, fps, quality, run_up)):
                if frame.number >= begun:
                    yield frame
        except _PlaceNotFound:
            continue
        else:
            return
    raise ClipRefused("the clip is not the one that its frames so far were taken from")


def _extract(file: BinaryIO, fps: Fraction, place: _Place | None, limits: Limits, stills: _Stills) -> Iterator[Frame]:
    with VideoFile.open(file, limits) as video:
        if video.seconds_long * fps > limits.max_frames + 1:
            raise _too_many(int(video.seconds_long * fps), limits)
        for choice, still in stills(video, place):
            seconds = float(video.seconds(choice.picture.pts))
            if place and (place.width, place.height) != (still.width, still.height):
                raise ClipRefused(
                    f"the picture's size changes from {place.width} × {place.height} to {still.width} × {still.height}"
                    f" at {seconds:.3f} s; labels need one size"
                )
            first_tick = place.first_tick if place else choice.tick
            number = choice.tick - first_tick
            if number >= limits.max_frames:
                raise _too_many(number + 1, limits)
            place = _Place(
                choice.tick, choice.picture.pts, choice.before, still.checksum, first_tick, still.width, still.height
            )
            yield Frame(number, place.pts, seconds, still.width, still.height, still.jpeg, str(place))
        if place is None:
            raise ClipRefused(f"the clip is too short for a frame at {float(fps):g} frames a second")


def _all_decoded(
    fps: Fraction, quality: int, run_up: int | None, video: VideoFile, place: _Place | None
) -> Iterator[tuple[Choice[Picture], Still]]:
    maker = JpegMaker(quality)
    chosen = choose(
        video.pictures() if place is None else _found_again(video, place, run_up),
        video.time_base,
        fps,
        start=video.start,
        tick=place.tick + 1 if place else None,
        before=place.before if place else None,
        usual=video.usual,
    )
    made: tuple[Picture, Still] | None = None
    for choice in chosen:
        if made is None or made[0] is not choice.picture:
            made = choice.picture, maker.make(choice.picture.frame)
        video.skipped = 0
        yield choice, made[1]
    video.refuse_if_undecodable()


def _found_again(video: VideoFile, place: _Place, run_up: int | None) -> Iterator[Picture]:
    pictures = video.pictures(None if run_up is None else place.pts - video.units(run_up))
    for picture in pictures:
        video.skipped = 0
        if picture.pts == place.pts and checksum(picture.frame) == place.checksum:
            yield picture
            yield from pictures
            return
        if picture.pts > place.pts and run_up is not None:
            break
    raise _PlaceNotFound


def _too_many(frames: int, limits: Limits) -> ClipRefused:
    return ClipRefused(f"the clip would have {frames} frames or more at this rate, and {limits.max_frames} are allowed")
