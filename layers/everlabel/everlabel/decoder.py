"""A decoder in a thread of its own that makes frames of the pictures it is given."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from av.packet import Packet
from av.video.stream import VideoStream

from everlabel.coded_picture import NotPlain
from everlabel.jpeg import JpegMaker, Still
from everlabel.video_file import VideoFile


@dataclass(eq=False)
class Planned:
    """A picture before it is decoded."""

    pts: int
    duration: int
    packet: "Packet[VideoStream]"
    is_reference: bool
    is_shown: bool
    still: Future[Still] | None = None
    """What becomes of it, if it is a frame."""
    is_decided: bool = False
    """Whether it is known if it is a frame."""

    def is_frame(self) -> Future[Still]:
        """Says so; what is made of it."""
        self.still = self.still or Future()
        return self.still

    @property
    def is_made(self) -> bool:
        return self.still is not None and self.still.done()


class Decoder:
    """With a maker of JPEGs; what fails is told to the frames that wait for it, as NotPlain."""

    def __init__(self, video: VideoFile, threads: int, quality: int) -> None:
        self._context = video.another_decoder(threads)
        self._reorder_depth = video.reorder_depth
        self._maker = JpegMaker(quality, video.display_matrix)
        self._thread = ThreadPoolExecutor(1)
        self._under_way: dict[int, Planned] = {}
        self._last: int | None = None
        self._failed: NotPlain | None = None

    def submit(self, pictures: list[Planned], *, ends: bool) -> Future[None]:
        """In the order of decoding, from an entry on; `ends`: the next one is an entry. The future never fails."""
        return self._thread.submit(self._work, pictures, ends)

    def close(self) -> None:
        """Waits for what is being decoded."""
        self._thread.shutdown(cancel_futures=True)

    def _work(self, pictures: list[Planned], ends: bool) -> None:
        try:
            if self._failed:
                raise self._failed
            for picture in pictures:
                if picture.is_reference or picture.still:
                    self._under_way[picture.pts] = picture
                    self._take(picture.packet)
            if ends:
                self._take(None)
                if any(picture.is_shown for picture in self._under_way.values()):
                    raise NotPlain("a picture did not come out of the decoder")
                self._under_way.clear()
                self._context.flush_buffers()
                self._context.reorder_depth = self._reorder_depth
                self._last = None
        except Exception as error:  # is told to whoever waits, which then decodes everything
            self._failed = error if isinstance(error, NotPlain) else NotPlain(str(error))
            for picture in [*self._under_way.values(), *pictures]:
                if picture.still and not picture.still.done():
                    picture.still.set_exception(self._failed)

    def _take(self, packet: "Packet[VideoStream] | None") -> None:
        for frame in self._context.decode(packet):
            picture = self._under_way.pop(frame.pts, None) if frame.pts is not None else None
            if picture is None or frame.is_corrupt or (self._last is not None and picture.pts <= self._last):
                raise NotPlain("a picture came out of the decoder that was not expected there, or is damaged")
            self._last = picture.pts
            if picture.still:
                picture.still.set_result(self._maker.make(frame))
