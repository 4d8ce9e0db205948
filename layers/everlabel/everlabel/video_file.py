"""A video file, opened with care and decoded picture after picture, through PyAV, which carries FFmpeg's libraries.

A clip comes from anyone and is read by C code, so little is left to chance: only containers that hold their pictures
themselves, no protocol (FFmpeg can open no other file and no address), and a bound on a picture's size that the
decoder keeps before it asks for memory.
"""

import ctypes
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import BinaryIO, Self

import av
from av.codec.context import CodecContext
from av.codec.context import Flags as CodecFlags
from av.container import InputContainer
from av.error import ArgumentError, FFmpegError, InvalidDataError
from av.format import Flags
from av.packet import Packet
from av.rational import AVRational
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from everlabel.declared_size import declared_size
from everlabel.errors import ClipRefused

# MP4 and QuickTime, Matroska and WebM, AVI, MPEG-TS. Not here: playlists (HLS, DASH, concat), which name other files
# to open, still images, and bare streams, which have no times.
_CONTAINERS = "mov,matroska,avi,mpegts"
_IN_WORDS = "MP4, QuickTime, Matroska, WebM, AVI, MPEG-TS"
_MP4_BEGINS = (b"ftyp", b"mdat", b"moov", b"free", b"skip", b"wide")
# Larger reads than FFmpeg's 32 KB: each is a call back into Python.
_READ_BYTES = 1 << 18
# FFmpeg asks for memory by what an index claims: a file of 743 bytes that promises 30 million pictures took 1 GB. This
# is an index of four million, and twice the largest plane of a picture within `Limits`; per stream, so those are few.
_MOST_BYTES_AT_ONCE = 1 << 27
_MOST_STREAMS = 8
# FFmpeg's command line takes such a step in MPEG-TS for a new clock, which it guesses how to join to the old one.
_CLOCK_BACK_SECONDS, _CLOCK_AHEAD_SECONDS = Fraction(1, 10), 10


@dataclass(frozen=True)
class Limits:
    max_pixels: int = 1 << 24
    """In a picture. 4096 × 4096 is twice a driving camera's 8 megapixels. A decoder holds up to 20 of them: measured,
    extraction takes 1 GB at this size (10 bits, 8 references), 110 MB at 1920 × 1080."""
    max_frames: int = 216_000
    """Taken from a clip: an hour at 60 a second."""
    max_skipped: int = 36_000
    """Pictures decoded between two frames taken: ten seconds at 3,600 a second. More would keep a Lambda busy for
    all of its time without getting a frame further."""


@dataclass(frozen=True)
class Picture:
    pts: int
    """In the stream's time base, as in the file."""
    duration: int
    frame: VideoFrame


class VideoFile:
    """The video stream that FFmpeg would choose, and what the file says about its times."""

    def __init__(self, container: InputContainer, limits: Limits) -> None:
        """Raises ClipRefused if no stream can be decoded within the limits."""
        self._container = container
        self._limits = limits
        self._stream = _video_stream(container)
        # Of a damaged clip, FFmpeg's decoders give other pictures with more threads, and may wait for ever. With one
        # they give the same ones on every machine.
        self._stream.codec_context.thread_count = 1
        self._stream.codec_context.flags |= CodecFlags.bitexact
        self._stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
        self._refuse_too_large()
        self._refuse_incomplete()
        self.skipped = 0
        self._decoded_any = False
        self.time_base = _fraction(self._stream.time_base)
        # AVI only counts pictures in decoding order; FFmpeg's guess at more goes wrong with B-frames.
        self.has_presentation_times = container.format.name != "avi"
        self._clock_may_jump = bool(Flags(container.format.flags) & Flags.ts_discont)
        # MPEG-TS: FFmpeg's command line goes by the clock of the streams it uses, else by that of the whole file.
        if self._clock_may_jump and self._stream.start_time is not None:
            self.start = self._stream.start_time
        else:
            self.start = self.units(Fraction(container.start_time or 0, av.time_base))
        rate = _fraction(self._stream.guessed_rate)
        self.usual = self.units(1 / rate) if rate else 1

    @classmethod
    @contextmanager
    def open(cls, file: BinaryIO, limits: Limits) -> Iterator[Self]:
        """Opens a clip; what FFmpeg does not like about it inside the `with` is a ClipRefused, in words."""
        file.seek(0)
        head = file.read(1024)
        promised = declared_size(head)
        size = file.seek(0, io.SEEK_END)
        if promised is not None and size < promised:
            raise ClipRefused(f"the clip is cut off: it says that it has {promised} bytes and has {size}")
        file.seek(0)
        options = {
            "format_whitelist": _CONTAINERS,
            "protocol_whitelist": "",
            "max_pixels": str(limits.max_pixels),
            "max_streams": str(_MOST_STREAMS),
        }
        _bound_allocations()
        try:
            with av.open(file, "r", options=options, buffer_size=_READ_BYTES) as container:
                yield cls(container, limits)
        except FFmpegError as error:
            raise ClipRefused(_in_words(error, head)) from error

    @property
    def seconds_long(self) -> Fraction:
        """As the header says; 0 where it does not."""
        return Fraction(self._container.duration or 0, av.time_base)

    def units(self, seconds: Fraction | int) -> int:
        """Seconds in the stream's time base; halves go away from zero, as in FFmpeg."""
        units = Fraction(seconds) / self.time_base
        nearest = int(abs(units) + Fraction(1, 2))
        return nearest if units >= 0 else -nearest

    def seconds(self, pts: int) -> Fraction:
        """From the clip's start to a time of the stream."""
        return (pts - self.start) * self.time_base

    @property
    def codec(self) -> str:
        """FFmpeg's name for it."""
        return self._stream.codec_context.name

    @property
    def extradata(self) -> bytes:
        """The codec's parameters, as the container has them."""
        return self._stream.codec_context.extradata or b""

    @property
    def pixels(self) -> int:
        """Of a picture, as far as the beginning of the file tells."""
        return self._stream.codec_context.width * self._stream.codec_context.height

    @property
    def reorder_depth(self) -> int:
        """How many pictures the decoder keeps back to put them in order, as far as the beginning of the file tells."""
        return self._stream.codec_context.reorder_depth

    @property
    def display_matrix(self) -> bytes | None:
        """How the container says that pictures are to be turned."""
        return self._stream.codec_context.coded_side_data.get("display_matrix")

    def another_decoder(self) -> VideoCodecContext:
        """For this stream's packets, with the same bounds; it refuses damage that others put up with."""
        theirs = self._stream.codec_context
        decoder = CodecContext.create("hevc" if self.codec == "hevc" else "h264", "r")
        decoder.extradata = self.extradata
        decoder.thread_count = 1
        decoder.flags |= CodecFlags.bitexact
        decoder.options = {"max_pixels": str(self._limits.max_pixels), "err_detect": "explode"}
        decoder.reorder_depth = self.reorder_depth
        # What the container says of colours holds where the stream says nothing.
        decoder.color_range, decoder.colorspace = theirs.color_range, theirs.colorspace
        decoder.color_primaries, decoder.color_trc = theirs.color_primaries, theirs.color_trc
        return decoder

    def packets(self, near: int | None = None) -> "Iterator[Packet[VideoStream]]":
        """To the end, the last one empty; from the beginning or from the key frame at or before the time `near`."""
        if near is not None:
            with suppress(PermissionError):  # that is how FFmpeg says that it found no place to seek to
                self._container.seek(near, stream=self._stream)
        clock: int | None = None
        for packet in self._container.demux(self._stream):
            if self._clock_may_jump and packet.dts is not None:
                self._refuse_jump(packet.dts if clock is None else clock, packet.dts)
                clock = packet.dts
            if packet.has_sidedata("encryption_info"):
                raise ClipRefused("the clip is encrypted")
            yield packet

    def count_skipped(self) -> None:
        """To be called for each picture; `skipped` is set to 0 at each frame. Raises ClipRefused at the limit."""
        self.skipped += 1
        if self.skipped > self._limits.max_skipped:
            raise ClipRefused(f"the clip has more than {self._limits.max_skipped} pictures between two frames")

    def pictures(self, near: int | None = None) -> Iterator[Picture]:
        """Decodes to the end, from the beginning or from the key frame at or before the time `near`.

        Pictures that cannot be decoded are left out, as FFmpeg does: a gap in the source.
        """
        last: Picture | None = None
        for packet in self.packets(near):
            for frame in self._decode(packet):
                last = self._timed(frame, last)
                yield last

    def refuse_if_undecodable(self) -> None:
        """To be called at the end of `pictures`."""
        if not self._decoded_any:
            raise ClipRefused(
                "nothing in the video stream can be decoded: it is empty, damaged, encrypted or has pictures of more"
                f" than {self._limits.max_pixels} pixels"
            )

    def _decode(self, packet: "Packet[VideoStream]") -> list[VideoFrame]:
        try:
            frames = self._stream.decode(packet if packet.size else None)
        except FFmpegError as error:
            self._refuse_too_large()
            if isinstance(error, MemoryError):
                raise
            return []
        except ValueError:  # PyAV's word for a decoder that could not be opened: the codec's parameters are damaged
            return []
        self._decoded_any |= bool(frames)
        return frames

    def _timed(self, frame: VideoFrame, last: Picture | None) -> Picture:
        self.count_skipped()
        pts = frame.dts if frame.pts is None or not self.has_presentation_times else frame.pts
        if pts is None:
            pts = last.pts + (last.duration or self.usual) if last else 0
        return Picture(pts, frame.duration, frame)

    def _refuse_jump(self, before: int, now: int) -> None:
        step = (now - before) * self.time_base
        if not -_CLOCK_BACK_SECONDS <= step <= _CLOCK_AHEAD_SECONDS:
            raise ClipRefused(
                f"the clip's clock jumps by {step:.3f} s at {self.seconds(before):.3f} s:"
                " cut the clip there, or have its times rewritten"
            )

    def _refuse_too_large(self) -> None:
        context = self._stream.codec_context
        if self.pixels > self._limits.max_pixels:
            raise ClipRefused(
                f"the picture of {context.width} × {context.height} has more than {self._limits.max_pixels} pixels"
            )

    def _refuse_incomplete(self) -> None:
        """An MP4's index, also that of its fragments, tells the place of each picture before the first is decoded."""
        size = self._container.size
        if size is not None and any(entry.pos + entry.size > size for entry in self._stream.index_entries):
            raise ClipRefused("the clip is cut off: its index names data after the end of the file")


@cache
def _bound_allocations() -> None:
    """For all of the process: PyAV has no door to this, so it is set in the library that PyAV's wheel brings."""
    package = Path(av.__file__).parent
    for library in [*package.with_name("av.libs").glob("libavutil*"), *package.glob(".dylibs/libavutil*")]:
        ctypes.CDLL(str(library)).av_max_alloc(ctypes.c_size_t(_MOST_BYTES_AT_ONCE))


def _video_stream(container: InputContainer) -> VideoStream:
    if not len(container.streams):
        raise ClipRefused("the clip is cut off: its header has no stream yet")
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or stream.disposition & Disposition.attached_pic:
        raise ClipRefused("the file has no video stream")
    # Set to None, whatever the stubs say, if FFmpeg has no decoder.
    if not getattr(stream, "codec_context", None):
        raise ClipRefused("the video stream's codec is not known")
    return stream


def _fraction(rational: AVRational) -> Fraction:
    return Fraction(rational.num, rational.den or 1)


def _in_words(error: FFmpegError, head: bytes) -> str:
    match error:
        case MemoryError():
            return "the clip needs more memory than it may have"
        case ArgumentError() | InvalidDataError() | EOFError() if head[4:8] in _MP4_BEGINS:
            return "the MP4 has no readable index (`moov`): its recording or upload was cut off, or it is damaged"
        case ArgumentError() | InvalidDataError() | EOFError():
            return f"the file is no video in a container that is read here ({_IN_WORDS}), or it is damaged"
        case _:
            return f"the clip cannot be read: {error.strerror}"
