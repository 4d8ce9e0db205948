"""What frame extraction is measured on: ours, FFmpeg's command line, and that decoding alone.

In a module of its own because each runs in a fresh process, whose memory counts: nothing else is imported there.
"""

import tempfile
from fractions import Fraction
from pathlib import Path

from bench.clips import ffmpeg
from everlabel import video

QUALITY = 2
"""The quantizer of the JPEGs of both."""


def ours(path: Path, fps: int) -> None:
    """Our extraction, into files."""
    with tempfile.TemporaryDirectory() as folder, path.open("rb") as file:
        for frame in video.extract(file, Fraction(fps), quality=QUALITY):
            Path(folder, f"{frame.number:06d}.jpg").write_bytes(frame.jpeg)


def theirs(path: Path, fps: int) -> None:
    """FFmpeg's command line, into files."""
    with tempfile.TemporaryDirectory() as folder:
        ffmpeg("-i", path, "-an", "-vf", f"fps={fps}", "-q:v", str(QUALITY), Path(folder, "%06d.jpg"))


def decode(path: Path) -> None:
    """FFmpeg's command line, which throws away what it decodes."""
    ffmpeg("-i", path, "-an", "-f", "null", "-")
