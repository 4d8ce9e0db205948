"""Frames of a clip without decoding what no frame needs, and on several processors.

The times of pictures are known before they are decoded, so the frames are chosen first. Then pictures are left out that
no frame shows and no other picture refers to, and of each group of pictures what comes after the last frame in it.
Groups begin with an entry, so each can be decoded by itself, beside others.

A picture that is left out cannot have changed the choice (it fell out because the next one takes the same tick), nor
other pictures (none refers to it). Whatever speaks against that, in the headers or in what the decoder says, is
`NotPlain`: then what has come out so far is right, and everything has to be decoded from there.
"""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import heappop, heappush
from itertools import cycle

from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from everlabel.coded_picture import CodedPicture, NotPlain
from everlabel.decoder import Decoder, Planned
from everlabel.errors import ClipRefused
from everlabel.frame_choice import Choice, choose
from everlabel.h264 import H264
from everlabel.h265 import H265
from everlabel.jpeg import Still
from everlabel.video_file import VideoFile

# As many pictures as may come before another in the file and be shown after it (both codecs' `max_num_reorder`).
MOST_REORDERED = 16
# Frames that one thread makes before another may have to wait for them; they are held in memory.
_FRAMES_A_JOB = 8
_MOST_REPETITIONS = 1_000
# Undecoded pictures wait until it is known which of their group are needed, but no more than this in bytes.
_MOST_WAITING = 8 << 20
# More would take more memory, and Lambda with `Transformation`'s memory has two.
_MOST_DECODERS = 2


@dataclass(frozen=True)
class GoOn:
    """Where to go on: after the frame at `tick`, which shows the picture at `pts`."""

    tick: int
    pts: int
    before: int | None
    checksum: int


@dataclass
class _Group:
    """An entry and what follows it."""

    waiting: deque[Planned] = field(default_factory=deque)
    size: int = 0
    decoder: "Decoder | None" = None


class _Plan:
    def __init__(self, video: VideoFile, quality: int) -> None:
        self._video, self._quality = video, quality
        self._headers = _headers(video)
        self._groups: deque[_Group] = deque()
        self._shown: Planned | None = None
        self._decoders: Iterator[Decoder] | None = None
        self._jobs: deque[Future[None]] = deque()
        self._closing = ExitStack()
        self._known: tuple[Future[Still], int] | None = None

    def close(self) -> None:
        """Ends the threads."""
        self._closing.close()

    def pictures(self, near: int | None) -> Iterator[Planned]:
        """In the order in which they are shown; what was decided is sent off to be decoded on the way."""
        reordered: list[tuple[int, int, Planned]] = []
        for number, packet in enumerate(self._video.packets(near)):
            if not packet.size:
                break
            header = self._headers.read(bytes(packet))
            most = 0 if header.is_entry else MOST_REORDERED
            while len(reordered) > most:
                yield from self._show(heappop(reordered)[2])
            picture = self._put_in_group(packet, header)
            if picture.is_shown:
                heappush(reordered, (header.order, number, picture))
            if header.is_entry or number % _FRAMES_A_JOB == 0:
                self._send_off()
        while reordered:
            yield from self._show(heappop(reordered)[2])

    def _put_in_group(self, packet: "Packet[VideoStream]", header: CodedPicture) -> Planned:
        if header.is_entry:
            self._groups.append(_Group())
        if packet.pts is None or packet.is_corrupt or not self._groups:
            raise NotPlain("a packet without a time, damaged or before the first entry")
        is_shown = not packet.is_discard
        picture = Planned(
            packet.pts, packet.duration or 0, packet, header.is_reference, is_shown=is_shown, is_decided=not is_shown
        )
        self._groups[-1].waiting.append(picture)
        self._groups[-1].size += packet.size
        return picture

    def _show(self, picture: Planned) -> Iterator[Planned]:
        if self._shown and picture.pts <= self._shown.pts:
            raise NotPlain("pictures are not shown in the order of their times")
        self._video.count_skipped()
        yield picture
        # The next one is asked for, so it is known what the one before is.
        if self._shown:
            self._shown.is_decided = True
        self._shown = picture

    def pictures_after(self, place: GoOn) -> Iterator[Planned]:
        """From the picture at the place on."""
        pictures = self.pictures(place.pts - MOST_REORDERED * self._video.usual)
        for picture in pictures:
            self._video.skipped = 0
            if picture.pts == place.pts:
                self._known = picture.is_frame(), place.checksum
                yield picture
                yield from pictures
                return
            if picture.pts > place.pts:
                break
        raise NotPlain("the frame to go on after was not found")

    def made(self, choice: Choice[Planned]) -> tuple[Choice[Planned], Still]:
        """Waits for a frame whose picture was sent off."""
        if self._known and self._known[0].result().checksum != self._known[1]:
            raise NotPlain("the frame to go on after is another")
        self._known = None
        return choice, choice.picture.is_frame().result()

    def finish(self) -> None:
        """Nothing more is chosen: sends off the rest. The last picture has to be one, frame or not."""
        if self._shown is None:
            raise NotPlain("no picture")
        last = self._shown.is_frame()
        for group in self._groups:
            for picture in group.waiting:
                picture.is_decided = True
        while self._groups:
            self._send(self._groups.popleft(), ends=True)
        last.result()

    def _send_off(self) -> None:
        while len(self._groups) > 1 and all(picture.is_decided for picture in self._groups[0].waiting):
            self._send(self._groups.popleft(), ends=True)
        group = self._groups[0]
        frames = sum(1 for picture in group.waiting if picture.is_decided and picture.still)
        if frames >= _FRAMES_A_JOB or group.size > _MOST_WAITING:
            self._send(group, ends=False)

    def _send(self, group: _Group, *, ends: bool) -> None:
        decided = []
        while group.waiting and group.waiting[0].is_decided:
            decided.append(group.waiting.popleft())
        while decided and not decided[-1].still and (ends or group.size <= _MOST_WAITING):
            left = decided.pop()
            if not ends:
                group.waiting.appendleft(left)
        group.size = sum(picture.packet.size for picture in group.waiting)
        if not decided and not (ends and group.decoder):
            return
        group.decoder = group.decoder or self._next_decoder(alone=not (ends and self._groups))
        while len(self._jobs) >= 2 * _MOST_DECODERS:
            self._jobs.popleft().result()
        self._jobs.append(group.decoder.submit(decided, ends=ends))

    def _next_decoder(self, *, alone: bool) -> Decoder:
        """One thread each for groups beside each other, which costs least; if the first is long, all threads for it."""
        if self._decoders is None:
            processors = min(os.process_cpu_count() or 1, _MOST_DECODERS)
            decoders, threads = (1, processors) if alone else (processors, 1)
            made = [Decoder(self._video, threads, self._quality) for _ in range(decoders)]
            for decoder in made:
                self._closing.callback(decoder.close)
            self._decoders = cycle(made)
        return next(self._decoders)


def _headers(video: VideoFile) -> H264 | H265:
    if video.has_presentation_times and video.codec == "h264":
        return H264(video.extradata)
    if video.has_presentation_times and video.codec == "hevc":
        return H265(video.extradata)
    raise NotPlain(f"{video.codec} is not read, or has no times")


def stills(
    fps: Fraction, quality: int, video: VideoFile, after: GoOn | None
) -> Iterator[tuple[Choice[Planned], Still]]:
    """Yields the frames in order. Raises NotPlain; what came before that is right."""
    plan = _Plan(video, quality)
    queue: deque[Choice[Planned]] = deque()
    try:
        chosen = choose(
            plan.pictures(None) if after is None else plan.pictures_after(after),
            video.time_base,
            fps,
            start=video.start,
            tick=after.tick + 1 if after else None,
            before=after.before if after else None,
            usual=video.usual,
        )
        for choice in _as_plain(chosen):
            video.skipped = 0
            choice.picture.is_frame()
            queue.append(choice)
            while _may_go(queue):
                yield plan.made(queue.popleft())
        plan.finish()
        while queue:
            yield plan.made(queue.popleft())
    finally:
        plan.close()


def _as_plain(choices: Iterator[Choice[Planned]]) -> Iterator[Choice[Planned]]:
    """A refusal has to wait for the frames before it: decoding everything finds it again."""
    try:
        yield from choices
    except (ClipRefused, FFmpegError) as error:
        raise NotPlain(str(error)) from error


def _may_go(queue: deque[Choice[Planned]]) -> bool:
    """Whether the first frame is made and a later picture too: the last one's frames depend on its being the last."""
    first = queue[0].picture
    later = next((choice.picture for choice in queue if choice.picture is not first), None)
    if later is None:
        if len(queue) > _MOST_REPETITIONS:
            raise NotPlain("a picture that is shown for ever")
        return False
    return first.is_made and later.is_made
