"""An overlay video: a clip with its labels drawn, as an MP4 that browsers play."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from everlabel.annotation_document import AnnotationDocument, Label
from everlabel.video import Limits, extract
from everlabel.video_file import VideoFile
from everlabel_cli.rendering import lettering
from everlabel_cli.rendering.class_styles import ClassStyle, Colour, class_styles
from everlabel_cli.rendering.legend import Legend
from everlabel_cli.rendering.lettering import Canvas
from everlabel_cli.rendering.moments import Motion, moments
from everlabel_cli.rendering.overlay import Overlay, Read, decoded, letter_size, opened
from everlabel_cli.rendering.sheet import count

MAX_WIDTH = 1280
"""Pixels of the picture, if nothing else is asked for: labels are legible and ten seconds take a few megabytes."""
MOST_PER_SECOND = 30
"""Pictures taken from a clip; a faster one shows labels no better."""

_TIME_BASE = Fraction(1, 90_000)
_GROUND: Colour = (24, 24, 24)
_INK: Colour = (245, 245, 245)
_BLANK: Colour = (64, 64, 64)


class Shown(NamedTuple):
    """One picture of the video before it is drawn on."""

    seconds: float
    until: float
    name: str
    picture: Canvas | None
    labels: tuple[Label, ...]


def overlay_video(
    document: AnnotationDocument,
    read: Read,
    path: Path,
    *,
    over_clip: bool = False,
    styles: Mapping[str, ClassStyle] | None = None,
    max_width: int = MAX_WIDTH,
    progress: Callable[[float], None] = lambda _: None,
) -> list[float]:
    """Writes an MP4 (H.264, 4:2:0) and returns the times of its pictures in seconds.

    It shows the frames that were labeled, each for as long as the clip stays there; or with `over_clip` all pictures
    of the clip (at most `MOST_PER_SECOND`), with labels moved between the labeled frames, in thinner lines.

    Args:
        document: the task's annotations.
        read: for the frames, or the clip.
        path: where to; a file there is replaced once the video is complete.
        over_clip: whether to show the clip itself.
        styles: of the classes; the document's own if not given.
        max_width: of the picture in pixels; larger frames are made smaller.
        progress: is told the share that is done, 0 to 1.

    Raises:
        OSError: the clip cannot be read.
        ClipRefused: the clip cannot be decoded.
        ValueError: the task has no frames.
    """
    if not document.frames:
        raise ValueError(f"task {document.task_id} has no frames to make a video of")
    styles = class_styles([document]) if styles is None else styles
    end = max(frame.time + 1 / frame.fps for frame in document.frames)
    pictures = _of_clip(document, read(document.clip_uri)) if over_clip else _of_frames(document, read)
    overlay = Overlay(styles, read)
    unfinished = path.with_name(f".{path.name}.unfinished")
    times: list[float] = []
    last = 0.0
    try:
        with _Encoder(unfinished) as encoder:
            screen: _Screen | None = None
            for shown in pictures:
                screen = screen or _Screen(document, styles, shown.picture, max_width)
                encoder.add(screen.composed(shown, overlay), shown.seconds)
                times.append(shown.seconds)
                last = shown.until
                progress(min(1.0, shown.seconds / end))
            encoder.close(last)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    progress(1.0)
    return times


def _of_frames(document: AnnotationDocument, read: Read) -> Iterator[Shown]:
    motion = Motion(document)
    for moment in moments(document):
        time = moment.frame.time
        until = time + 1 / moment.frame.fps
        yield Shown(time, until, moment.frame.name, opened(moment.frame.s3_uri, read), motion.at(time))


def _of_clip(document: AnnotationDocument, clip: bytes) -> Iterator[Shown]:
    motion = Motion(document)
    with VideoFile.open(BytesIO(clip), Limits()) as file:
        usual = file.usual * file.time_base
    rate = min(1 / usual, Fraction(MOST_PER_SECOND)) if usual else Fraction(MOST_PER_SECOND)
    for frame in extract(BytesIO(clip), rate):
        seconds, until = float(frame.number / rate), float((frame.number + 1) / rate)
        yield Shown(seconds, until, f"picture {frame.number}", decoded(frame.jpeg), motion.at(seconds))


class _Screen:
    """The picture, and above it, where no player puts its controls, the legend and where in the clip this is."""

    def __init__(
        self, document: AnnotationDocument, styles: Mapping[str, ClassStyle], first: Canvas | None, max_width: int
    ) -> None:
        """All pictures get the place of the first; one of another shape gets margins."""
        tall, wide = first.shape[:2] if first is not None else _said_size(document)
        scale = min(1.0, max_width / wide)
        self._wide, self._tall = _even(wide * scale), _even(tall * scale)
        self._letters = letter_size(np.empty((self._tall, self._wide, 3), np.uint8))
        self._margin = self._letters // 2
        self._line = lettering.height(self._letters)
        self._clip = document.clip_id
        room = self._wide - 2 * self._margin
        legend = Legend(styles, room, self._letters)
        self._head = np.full((_even(legend.height + self._line + 2 * self._margin), self._wide, 3), _GROUND, np.uint8)
        legend.draw(self._head, self._margin, self._margin + self._line, _INK)

    def composed(self, shown: Shown, overlay: Overlay) -> Canvas:
        """The whole picture of the video."""
        whole = np.full((len(self._head) + self._tall, self._wide, 3), _BLANK, np.uint8)
        whole[: len(self._head)] = self._head
        self._write_place(whole, shown)
        place = whole[len(self._head) :]
        if shown.picture is None:
            lettering.write(place, "cannot be opened", self._margin, self._margin, self._letters, _INK)
            return whole
        tall, wide = shown.picture.shape[:2]
        scale = min(self._wide / wide, self._tall / tall)
        size = (max(1, min(self._wide, round(wide * scale))), max(1, min(self._tall, round(tall * scale))))
        scaled = cv2.resize(shown.picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        drawn = np.ascontiguousarray(scaled, np.uint8)
        overlay.draw(drawn, shown.labels, scale)
        left, top = (self._wide - size[0]) // 2, (self._tall - size[1]) // 2
        place[top : top + size[1], left : left + size[0]] = drawn
        return whole

    def _write_place(self, whole: Canvas, shown: Shown) -> None:
        said = f"{count(len(shown.labels), 'label')}   {shown.name}   {shown.seconds:7.2f} s"
        room = self._wide - 2 * self._margin
        said = lettering.shortened(said, self._letters, room)
        right = lettering.width(said, self._letters)
        top = self._margin // 2
        lettering.write(whole, said, self._wide - self._margin - right, top, self._letters, _INK)
        left = max(0, room - right - 2 * self._margin)
        if left > 4 * self._letters:
            clip = lettering.shortened(self._clip, self._letters, left)
            lettering.write(whole, clip, self._margin, top, self._letters, _INK)


class _Encoder:
    """H.264 in an MP4 with its index in front, colours as in HD television, so that all players show them alike."""

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._stream: VideoStream | None = None
        self._waiting: tuple[VideoFrame, int] | None = None
        self._durations: dict[int, int] = {}

    def __enter__(self) -> "_Encoder":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def add(self, picture: Canvas, seconds: float) -> None:
        """The next picture, from this time on. All have the size of the first."""
        if self._stream is None:
            self._stream = self._opened(picture)
        time = round(seconds / _TIME_BASE)
        self._encode_waiting(time)
        self._waiting = (VideoFrame.from_ndarray(picture, format="rgb24"), time)

    def close(self, until: float) -> None:
        """Ends the video; the last picture stays until that time in seconds."""
        self._encode_waiting(round(until / _TIME_BASE))
        if self._stream is not None:
            self._mux(self._stream.encode())

    def _opened(self, picture: Canvas) -> VideoStream:
        # Each picture is complete in itself or refers to earlier ones only, and a complete one comes every second or
        # so: a browser finds any of them quickly.
        options = {"preset": "veryfast", "crf": "21", "bf": "0", "g": str(MOST_PER_SECOND)}
        stream = self._container.add_stream("libx264", rate=MOST_PER_SECOND, options=options)
        if not isinstance(stream, VideoStream):
            raise TypeError("libx264 makes no video")
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = _TIME_BASE
        context = stream.codec_context
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        return stream

    def _encode_waiting(self, until: int) -> None:
        """A picture's duration is known when the next one comes."""
        if self._waiting is None or self._stream is None:
            return
        picture, time = self._waiting
        frame = picture.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
        frame.pts, frame.time_base = time, _TIME_BASE
        self._durations[time] = until - time
        self._mux(self._stream.encode(frame))
        self._waiting = None

    def _mux(self, packets: "Iterable[Packet[VideoStream]]") -> None:
        """Writes packets with their durations, which the encoder does not pass on."""
        for packet in packets:
            packet.duration = self._durations.pop(packet.pts, 0) if packet.pts is not None else 0
            self._container.mux(packet)


def _said_size(document: AnnotationDocument) -> tuple[int, int]:
    """Height and width as the document says, of the first frame that has them."""
    sizes = ((frame.height, frame.width) for frame in document.frames)
    return next(((tall, wide) for tall, wide in sizes if tall and wide), (720, 1280))


def _even(length: float) -> int:
    """As 4:2:0 wants it."""
    return max(2, round(length / 2) * 2)
