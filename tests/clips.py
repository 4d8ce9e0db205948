"""Makes clips for tests: every picture has its number painted into it, so it is known again after any codec."""

import subprocess
from collections.abc import Iterable, Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import imageio_ffmpeg  # type: ignore[import-untyped]
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

TIME_BASE = Fraction(1, 90_000)
PER_SECOND = Fraction(1, 50)
_BITS = 12
_CELL = 8
WIDTH, HEIGHT = _BITS * _CELL, 50


def every(seconds: Fraction | float, count: int) -> list[int]:
    """Times of pictures at a constant rate, in `TIME_BASE`."""
    return [round(number * Fraction(seconds) / TIME_BASE) for number in range(count)]


def make(
    path: Path,
    times: Sequence[int],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    size: tuple[int, int] = (WIDTH, HEIGHT),
    rotation: int = 0,
    flips: str = "",
    key_frame_every: int = 12,
    time_base: Fraction = TIME_BASE,
    options: dict[str, str] | None = None,
) -> Path:
    """Encodes one picture per time (in `TIME_BASE`), with B-frames where there are any; the suffix is the container.

    `rotation` (degrees) and `flips` ("h", "v") are left to the player: the pictures are stored as they are.
    """
    ours = {
        "libx264": {"preset": "veryfast", "bf": "2", "crf": "15"},
        "libx265": {"preset": "ultrafast", "crf": "15", "x265-params": "log-level=none:bframes=2:pools=none"},
    }.get(codec, {})
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30, options=ours | (options or {}))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.time_base = stream.codec_context.time_base = time_base
        stream.codec_context.gop_size = key_frame_every
        stream.codec_context.thread_count = 1
        if rotation or flips:
            stream.set_display_rotation(rotation, hflip="h" in flips, vflip="v" in flips)
        for number, time in enumerate(times):
            frame = painted(number, *size).reformat(format=pixels)
            frame.pts, frame.time_base = round(time * TIME_BASE / time_base), time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def painted(number: int, width: int = WIDTH, height: int = HEIGHT) -> VideoFrame:
    """The upper half is the number in dark and light cells, the lower a wedge in a colour that RGB can show."""
    upper = b"".join(bytes([235 if number >> bit & 1 else 16]) * _CELL for bit in range(_BITS))
    upper = (upper + bytes([16]) * width)[:width]
    lower = bytes(86 + column * 84 // width for column in range(width))
    grey = [bytes([128]) * width] * (height // 4)
    blue, red = (grey + [bytes([level]) * width] * height for level in (90, 170))
    frame = VideoFrame(width, height, "yuv420p")
    for plane, rows in zip(
        frame.planes,
        ([upper] * (height // 2) + [lower] * (height - height // 2), blue, red),
        strict=True,
    ):
        plane.update(b"".join(row[: plane.width].ljust(plane.line_size, b"\0") for row in rows[: plane.height]))
    return frame


def number_in(luma: bytes, width: int = WIDTH) -> int:
    """The number painted into an upright picture, from the brightness of its pixels, row after row."""
    row = luma[4 * width : 5 * width]
    return sum((row[bit * _CELL + _CELL // 2] > 128) << bit for bit in range(_BITS))


def luma_of(jpeg: bytes) -> bytes:
    with av.open(BytesIO(jpeg), "r", format="mjpeg") as container:
        frame = next(container.decode(video=0))
    plane = frame.planes[0]
    rows = bytes(plane)
    return b"".join(rows[row * plane.line_size :][: plane.width] for row in range(plane.height))


def ffmpeg(*arguments: str | Path) -> bytes:
    """Runs the real program; its standard output."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 it is our own command


def numbers_by_ffmpeg(path: Path, fps: Fraction, size: tuple[int, int] = (WIDTH, HEIGHT)) -> list[int]:
    """The painted numbers of the frames that FFmpeg's command line puts out."""
    width, height = size
    raw = ffmpeg(
        *("-i", path, "-an", "-vf", f"fps={fps}", "-fps_mode", "passthrough"),
        *("-pix_fmt", "gray", "-f", "rawvideo", "-"),
    )
    return [number_in(raw[at : at + width * height], width) for at in range(0, len(raw), width * height)]


def numbers_in(jpegs: Iterable[bytes], width: int = WIDTH) -> list[int]:
    return [number_in(luma_of(jpeg), width) for jpeg in jpegs]
