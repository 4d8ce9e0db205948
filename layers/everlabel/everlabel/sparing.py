"""Frames of a clip without decoding what no frame needs, and on several processors.

The times of pictures are known before they are decoded, so the frames are chosen first. Then pictures are left out that
no frame shows and no other picture refers to, and of each group of pictures what comes after the last frame in it.
Groups begin with an entry, so each can be decoded by itself, beside others.

A picture that is left out cannot have changed the choice (it fell out because the next one takes the same tick), nor
other pictures (none refers to it). Whatever speaks against that, in the headers or in what the decoder says, is
`NotPlain`: then what has come out so far is right, and everything has to be decoded.
"""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush

from av.error import FFmpegError

from everlabel.coded_picture import NotPlain
from everlabel.decoder import Decoder, Planned
from everlabel.errors import ClipRefused
from everlabel.frame_choice import Choice, choose
from everlabel.h264 import H264
from everlabel.h265 import H265
from everlabel.jpeg import Still
from everlabel.video_file import VideoFile

# As many pictures as may come before another in the file and be shown after it (both codecs' `max_num_reorder`).
_MOST_REORDERED = 16
# Frames that one thread makes before another may have to wait for them; they are held in memory.
_FRAMES_A_JOB = 8
_MOST_REPETITIONS = 1_000
# References wait until a frame needs them, but no more than this in bytes.
_MOST_WAITING = 8 << 20
# More would take more memory, and Lambda with `Transformation`'s memory has two.
_MOST_DECODERS = 2
# Of larger pictures than 4K one decoder at a time: each may hold 20 of them.
_MOST_PIXELS_BESIDE = 1 << 23


@dataclass(frozen=True)
class GoOn:
    """Where to go on: after the frame at `tick`, which shows the picture at `pts`."""

    tick: int
    pts: int
    before: int | None
    checksum: int


class _Decoders:
    """Group after group, each in the next decoder; at most two jobs a decoder are under way."""

    def __init__(self, video: VideoFile, quality: int) -> None:
        number = 1 if video.pixels > _MOST_PIXELS_BESIDE else min(os.process_cpu_count() or 1, _MOST_DECODERS)
        self._decoders = deque(Decoder(video, quality) for _ in range(number))
        self._jobs: deque[Future[None]] = deque()
        self._job: list[Planned] = []
        self._frames = 0
        self._has_begun = False
        self._unneeded: list[Planned] = []
        self._unneeded_bytes = 0

    def close(self) -> None:
        """Ends the threads."""
        for decoder in self._decoders:
            decoder.close()

    def take(self, picture: Planned) -> None:
        """The next one of the group, in the order of the file."""
        if picture.still is None and not picture.header.is_reference:
            return
        self._unneeded.append(picture)
        self._unneeded_bytes += picture.packet.size
        if picture.still or self._unneeded_bytes > _MOST_WAITING:
            self._job += self._unneeded
            self._forget()
            self._frames += picture.still is not None
            if self._frames >= _FRAMES_A_JOB or picture.still is None:
                self._submit(ends=False)

    def need_one_after(self, pts: int) -> Planned | None:
        """Has the first picture decoded, of those not needed so far, that is shown after that time."""
        for index, picture in enumerate(self._unneeded):
            if picture.pts > pts:
                picture.is_frame()
                self._job += self._unneeded[: index + 1]
                del self._unneeded[: index + 1]
                return picture
        return None

    def end_group(self) -> None:
        """What came after its last frame is not decoded."""
        self._forget()
        if self._job or self._has_begun:
            self._submit(ends=True)
            self._decoders.rotate()

    def _forget(self) -> None:
        self._unneeded, self._unneeded_bytes = [], 0

    def _submit(self, *, ends: bool) -> None:
        while len(self._jobs) >= 2 * len(self._decoders):
            self._jobs.popleft().result()
        self._jobs.append(self._decoders[0].submit(self._job, ends=ends))
        self._job, self._frames, self._has_begun = [], 0, not ends


class _Plan:
    def __init__(self, video: VideoFile, quality: int) -> None:
        self._video = video
        self._headers = _headers(video)
        self._decoders = _Decoders(video, quality)
        self._waiting: deque[Planned] = deque()
        self._shown: deque[Planned] = deque()
        self._begins_at_entry = False
        self._known: tuple[Future[Still], int] | None = None

    def close(self) -> None:
        """Ends the threads."""
        self._decoders.close()

    def pictures(self, near: int | None) -> Iterator[Planned]:
        """In the order in which they are shown; what was settled is sent off to be decoded on the way."""
        depth = min(self._video.reorder_depth, _MOST_REORDERED)
        reordered: list[tuple[int, int, Planned]] = []
        entries = 0
        for number, packet in enumerate(self._video.packets(near)):
            if not packet.size:
                break
            header = self._headers.read(bytes(packet))
            entries += header.is_entry
            if packet.pts is None or packet.is_corrupt or packet.is_discard or packet.has_sidedata("new_extradata"):
                raise NotPlain("a packet without a time, damaged, not to be shown or with other parameters")
            if not entries:
                raise NotPlain("a picture before the first entry")
            if header.needs_earlier and entries == 1 and near is None:
                raise NotPlain("a picture that needs what came before the clip")
            while reordered and (header.begins_order or len(reordered) > depth):
                yield from self._show(heappop(reordered)[2])
            picture = Planned(packet.pts, packet.duration or 0, packet, header)
            self._waiting.append(picture)
            heappush(reordered, (header.order, number, picture))
        while reordered:
            yield from self._show(heappop(reordered)[2])

    def _show(self, picture: Planned) -> Iterator[Planned]:
        if self._shown and picture.pts <= self._shown[-1].pts:
            raise NotPlain("pictures are not shown in the order of their times")
        self._video.count_skipped()
        yield picture
        # The next one is asked for, so it is known whether the one before is a frame; both are kept back nevertheless,
        # as the clip may end with them.
        self._shown.append(picture)
        if len(self._shown) > 2:
            self._shown.popleft().is_settled = True
            self._send_off()

    def _send_off(self) -> None:
        while self._waiting and self._waiting[0].is_settled:
            self._send(self._waiting.popleft())

    def _send(self, picture: Planned) -> None:
        header = picture.header
        if header.is_entry and (header.begins_order or not self._is_leant_on()):
            self._decoders.end_group()
            self._begins_at_entry = True
        elif header.is_entry:
            self._begins_at_entry = False
        if header.needs_earlier and self._begins_at_entry:
            if picture.still:
                raise NotPlain("a frame needs what came before an entry")
            return
        self._decoders.take(picture)

    def _is_leant_on(self) -> bool:
        """Whether a frame, shown before the entry that is next, needs what came before that."""
        return any(picture.still and picture.header.needs_earlier for picture in self._waiting)

    def pictures_after(self, place: GoOn) -> Iterator[Planned]:
        """From the picture at the place on."""
        pictures = self.pictures(place.pts - _MOST_REORDERED * self._video.usual)
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

    def finish(self, frame: Planned | None) -> None:
        """Nothing more is chosen, and this was the last frame: sends off the rest.

        How long the last frame is shown depends on there being a picture after it, whichever; if there is none, on
        when the one before was. So that has to come out of the decoder.
        """
        if not self._shown:
            raise NotPlain("no picture")
        if frame is None or frame is self._shown[-1]:
            needed = [picture.is_frame() for picture in self._shown]
        else:
            later = (picture for picture in self._waiting if picture.header.is_reference and picture.pts > frame.pts)
            check = self._decoders.need_one_after(frame.pts) or next(later, self._shown[-1])
            needed = [check.is_frame()]
        while self._waiting:
            self._send(self._waiting.popleft())
        self._decoders.end_group()
        for still in needed:
            still.result()


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
        last: Planned | None = None
        for choice in _as_plain(chosen):
            video.skipped = 0
            last = choice.picture
            last.is_frame()
            queue.append(choice)
            while _may_go(queue):
                yield plan.made(queue.popleft())
        plan.finish(last)
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
