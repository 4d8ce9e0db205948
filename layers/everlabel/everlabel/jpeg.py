"""From a decoded picture to a JPEG that every reader shows in the right colours and upright."""

import math
import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction

from av.codec.context import CodecContext, Flags
from av.filter import Graph
from av.sidedata.sidedata import Type as SideDataType
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from everlabel.errors import ClipRefused

# JPEG (JFIF) means the matrix of BT.601 and the full range; video mostly has that of BT.709 and the limited one.
# Bit-exact: the same bytes on every machine, so that a repeated slice overwrites frames with themselves.
_JPEG_COLOURS = "out_color_matrix=bt601:out_range=full:flags=bicubic+accurate_rnd+full_chroma_int+bitexact"
# The same in one step from YUV to YUV, without RGB in between: 40 times as fast and nearer to the exact values, for
# pictures as nearly all cameras make them. Primaries and transfer are named alike, so they stay as they are.
_SAME_LIGHT = "iprimaries=bt709:primaries=bt709:itrc=bt709:trc=bt709"
_DIRECT_COLOURS = f"space=smpte170m:range=pc:{_SAME_LIGHT}:fast=1"
_DIRECT_FORMATS = {"yuv420p", "yuv420p10le"}
# By the numbers of ITU-T H.273; what is not tagged is taken for BT.601, as FFmpeg's scaler does.
_DIRECT_MATRICES = {1: "bt709", 2: "smpte170m", 5: "bt470bg", 6: "smpte170m", 9: "bt2020nc"}


@dataclass(frozen=True)
class Still:
    jpeg: bytes
    width: int
    height: int
    checksum: int
    """Of the decoded picture, to know it again."""


class JpegMaker:
    """Keeps the filters and the encoder from picture to picture; each JPEG depends on its own picture alone."""

    def __init__(self, quality: int, display_matrix: bytes | None = None) -> None:
        """`quality`: the quantizer, 1 (best) to 31; the matrix is the clip's, for pictures that have none with them."""
        self._quality, self._display_matrix = quality, display_matrix
        self._kind: object = None
        self._made = 0

    def make(self, picture: VideoFrame) -> Still:
        """The picture as JPEG, turned as the clip's display matrix says."""
        side_data = picture.side_data.get(SideDataType.DISPLAYMATRIX)
        turns = _turns(self._display_matrix if side_data is None else bytes(side_data))
        kind = (picture.width, picture.height, picture.format.name, picture.colorspace, picture.color_range, turns)
        if kind != self._kind:
            self._kind = kind
            self._graph = _graph(picture, turns)
            self._encoder: VideoCodecContext | None = None
        self._graph.vpush(picture)
        upright = self._graph.vpull()
        if self._encoder is None:
            self._encoder = _encoder(upright.width, upright.height, self._quality)
        upright.pts = self._made = self._made + 1
        upright.time_base = self._encoder.time_base
        (packet,) = self._encoder.encode(upright)
        return Still(bytes(packet), upright.width, upright.height, checksum(picture))


def _graph(picture: VideoFrame, turns: tuple[tuple[str, str], ...]) -> Graph:
    graph = Graph()
    graph.threads = 1
    source = (
        f"video_size={picture.width}x{picture.height}:pix_fmt={picture.format.name}:time_base=1/1"
        f":colorspace={picture.colorspace}:range={picture.color_range}"
    )
    steps = [("buffer", source), _colours(picture), ("format", "pix_fmts=yuv420p"), *turns, ("buffersink", "")]
    graph.link_nodes(*(graph.add(name, settings or None) for name, settings in steps)).configure()
    return graph


def _colours(picture: VideoFrame) -> tuple[str, str]:
    matrix = _DIRECT_MATRICES.get(picture.colorspace)
    if matrix is None or picture.format.name not in _DIRECT_FORMATS:
        return "scale", _JPEG_COLOURS
    size = "pc" if picture.color_range == ColorRange.JPEG else "tv"
    return "colorspace", f"ispace={matrix}:irange={size}:format=yuv420p:{_DIRECT_COLOURS}"


def _encoder(width: int, height: int, quality: int) -> VideoCodecContext:
    encoder = CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1)
    encoder.color_range = ColorRange.JPEG
    encoder.qmin = encoder.qmax = quality
    # With more threads the encoder would keep pictures back.
    encoder.thread_count = 1
    encoder.flags |= Flags.bitexact
    return encoder


def _turns(display_matrix: bytes | None) -> tuple[tuple[str, str], ...]:
    """The filters that FFmpeg's command line puts in for a display matrix (3 × 3, rows a b u, c d v, x y w)."""
    if display_matrix is None:
        return ()
    a, b, _, c, d, *_ = struct.unpack("=9i", display_matrix)
    clockwise = round(math.degrees(math.atan2(b, a))) % 360 if a or b else 0
    match clockwise:
        case 0:
            return (("vflip", ""),) if d < 0 else ()
        case 90:
            return (("transpose", "cclock_flip" if c > 0 else "clock"),)
        case 180:
            return (*((("hflip", ""),) if a < 0 else ()), *((("vflip", ""),) if d < 0 else ()))
        case 270:
            return (("transpose", "clock_flip" if c < 0 else "cclock"),)
        case _:
            raise ClipRefused(f"the clip is to be shown turned by {clockwise}°, which is no quarter turn")


def checksum(frame: VideoFrame) -> int:
    """Of every fourth row of the brightness: a decoder predicts and transforms nothing smaller than 4 × 4 pixels."""
    plane = frame.planes[0]
    # Rows are padded, with anything.
    width = frame.width * ((frame.format.components[0].bits + 7) // 8)
    rows = memoryview(plane)
    checksum = 0
    for begin in range(0, plane.line_size * frame.height, 4 * plane.line_size):
        checksum = zlib.crc32(rows[begin : begin + width], checksum)
    return checksum
