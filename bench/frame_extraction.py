"""Frames out of clips: ours beside FFmpeg's command line, and beside decoding alone, the limit that others have.

Both write JPEG files of equal quality. Before anything is measured, each frame is compared with the picture that
FFmpeg's `fps` filter chooses: any other picture ends the benchmark.
"""

import json
import subprocess
import zlib
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np

from bench.clips import CLIPS, FFMPEG, Clip, ffmpeg
from bench.extracting import QUALITY, decode, ours, theirs
from bench.measuring import Cost, Row, Work, medians
from bench.quality import brightness, brightness_as_it_is, psnr
from everlabel import video

# What it should reach, by frames a second.
_CPU_REACH = {1: 1.8, 5: 1.35}
_WALL_REACH = 1.8
_MOST_MEGABYTES = 150.0
# In dB.
_EQUAL_QUALITY = 0.1
_WIDTH, _HEIGHT = 1920, 1080


def run(rounds: int) -> Iterator[Row]:
    """Yields the rows, clip after clip.

    Raises:
        ArithmeticError: if a frame is not the one that FFmpeg chooses, or the qualities are not equal.
    """
    for clip in CLIPS:
        path = clip.path()
        for fps in _CPU_REACH:
            _compare_choice(clip, fps)
        _compare_quality(path)
        works: dict[str, Work] = {"decoding": partial(decode, path)}
        for fps in _CPU_REACH:
            works |= {f"ours {fps}": partial(ours, path, fps), f"ffmpeg {fps}": partial(theirs, path, fps)}
        # What takes six times as long is not measured as often.
        yield from _rows(clip, medians(works, 1 if clip.longer else rounds))


def _rows(clip: Clip, cost: dict[str, Cost]) -> Iterator[Row]:
    for fps, reach in _CPU_REACH.items():
        own, other, what = cost[f"ours {fps}"], cost[f"ffmpeg {fps}"], f"{clip.what}, {fps} fps"
        yield Row(what, "CPU s, ffmpeg", own.cpu, other.cpu, reach)
        yield Row(what, "CPU s, decoding alone", own.cpu, cost["decoding"].cpu, 1)
        yield Row(what, "wall s, ffmpeg", own.wall, other.wall, _WALL_REACH)
        yield Row(what, "peak MB, ffmpeg", own.peak, other.peak)
        yield Row(what, f"peak MB, {_MOST_MEGABYTES:g} allowed", own.peak, _MOST_MEGABYTES, 1)


def _compare_choice(clip: Clip, fps: int) -> None:
    with clip.path().open("rb") as file:
        # Where extraction would go on holds the checksum of the picture as it was decoded.
        chosen = [json.loads(frame.resume)["checksum"] for frame in video.extract(file, Fraction(fps))]
    if chosen != list(_checksums_by_ffmpeg(clip.path(), fps)):
        raise ArithmeticError(f"frames of {clip.name} at {fps} fps are not those that FFmpeg's fps filter chooses")


def _checksums_by_ffmpeg(path: Path, fps: int) -> Iterator[int]:
    filters = f"fps={fps},extractplanes=y"
    command = [FFMPEG, "-v", "error", "-nostdin", "-i", str(path), "-an", "-vf", filters, "-f", "rawvideo", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 # our own command
        assert process.stdout is not None  # noqa: S101 # asked for above
        while luma := process.stdout.read(_WIDTH * _HEIGHT):
            yield zlib.crc32(np.frombuffer(luma, np.uint8).reshape(_HEIGHT, _WIDTH)[::4].tobytes())


def _compare_quality(path: Path) -> None:
    """Of the first frame; each JPEG is held to what it means."""
    with av.open(str(path), "r") as container:
        picture = next(container.decode(video=0))
    with path.open("rb") as file:
        own = next(video.extract(file, Fraction(5), quality=QUALITY)).jpeg
    other = ffmpeg("-i", path, "-vf", "fps=5", "-q:v", str(QUALITY), "-frames:v", "1", "-f", "mjpeg", "-")
    apart = abs(psnr(own, brightness(picture)) - psnr(other, brightness_as_it_is(picture)))
    if apart > _EQUAL_QUALITY:
        raise ArithmeticError(f"the JPEGs of {path.name} are {apart:.2f} dB apart, and {_EQUAL_QUALITY} are allowed")
