"""A decoder in a thread of its own that makes frames of the pictures it is given."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from everlabel.coded_picture import CodedPicture, NotPlain
from everlabel.jpeg import JpegMaker, Still
from everlabel.video_file import VideoFile


@dataclass(eq=False)
class Planned:
    """A picture before it is decoded."""

    pts: int
    duration: int
    packet: "Packet[VideoStream]"
    header: CodedPicture
    still: Future[Still] | None = None
    """What becomes of it, if it is a frame."""
    is_settled: bool = False
    """Whether it is known if it is a frame."""

    def is_frame(self) -> Future[Still]:
        """Says so; what is made of it."""
        self.still = self.still or Future()
        return self.still

    @property
    def is_made(self) -> bool:
        return self.still is not None and self.still.done()


@dataclass(eq=False)
class _Sent:
    picture: Planned
    came: bool = False
    still: Still | None = None


class Decoder:
    """With a maker of JPEGs; what fails is told to the frames that wait for it, as NotPlain."""

    def __init__(self, video: VideoFile, quality: int) -> None:
        self._context = video.another_decoder()
        self._maker = JpegMaker(quality, video.display_matrix)
        self._thread = ThreadPoolExecutor(1)
        # In the order of the file, and by their times.
        self._order: deque[_Sent] = deque()
        self._sent: dict[int, _Sent] = {}
        self._last: int | None = None
        self._failed: NotPlain | None = None

    def submit(self, pictures: list[Planned], *, ends: bool) -> Future[None]:
        """In the order of the file, from an entry on; `ends`: the next one is an entry. The future never fails."""
        return self._thread.submit(self._work, pictures, ends)

    def close(self) -> None:
        """Waits for what is being decoded."""
        self._thread.shutdown(cancel_futures=True)

    def _work(self, pictures: list[Planned], ends: bool) -> None:
        try:
            if self._failed:
                raise self._failed
            for picture in pictures:
                sent = _Sent(picture)
                self._order.append(sent)
                self._sent[picture.pts] = sent
                self._decode(picture.packet)
            if ends:
                self._decode(None)
                if self._order:
                    raise NotPlain("a picture did not come out of the decoder")
                self._context.flush_buffers()
                self._last = None
        except Exception as error:  # is told to whoever waits, which then decodes everything
            self._failed = error if isinstance(error, NotPlain) else NotPlain(str(error))
            for picture in [*(sent.picture for sent in self._order), *pictures]:
                if picture.still and not picture.still.done():
                    picture.still.set_exception(self._failed)

    def _decode(self, packet: "Packet[VideoStream] | None") -> None:
        for frame in self._context.decode(packet):
            self._take(frame)
        # A frame is handed out once all that came before it in the file came out whole: it may be made of that.
        while self._order and self._order[0].came:
            sent = self._order.popleft()
            if sent.picture.still and sent.still:
                sent.picture.still.set_result(sent.still)

    def _take(self, frame: VideoFrame) -> None:
        sent = self._sent.pop(frame.pts, None) if frame.pts is not None else None
        if sent is None or frame.is_corrupt or (self._last is not None and sent.picture.pts <= self._last):
            raise NotPlain("a picture came out of the decoder that was not expected there, or is damaged")
        self._last = sent.picture.pts
        sent.came = True
        if sent.picture.still:
            sent.still = self._maker.make(frame)
