"""Leaving pictures undecoded gives what decoding all of them gives, byte for byte, or says that it cannot."""

import io
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everlabel import sparing, video
from everlabel.coded_picture import CodedPicture, NotPlain
from everlabel.errors import ClipRefused
from everlabel.h264 import H264
from everlabel.h265 import H265
from everlabel.jpeg import Still
from everlabel.video_file import Limits, VideoFile
from tests import clips

STEADY = clips.every(Fraction(1, 25), 75)


@dataclass(frozen=True)
class Taken:
    """A frame: when, of what, and all that is in it."""

    tick: int
    pts: int
    before: int | None
    still: Still


def all_decoded(data: bytes, fps: Fraction) -> list[Taken]:
    with VideoFile.open(io.BytesIO(data), Limits()) as file:
        taken = video._all_decoded(fps, 2, None, file, None)
        return [Taken(choice.tick, choice.picture.pts, choice.before, still) for choice, still in taken]


def spared(data: bytes, fps: Fraction) -> tuple[list[Taken], bool]:
    """The frames, and whether they are all."""
    taken: list[Taken] = []
    with VideoFile.open(io.BytesIO(data), Limits()) as file:
        try:
            for choice, still in sparing.stills(fps, 2, file, None):
                taken.append(Taken(choice.tick, choice.picture.pts, choice.before, still))
        except NotPlain:
            return taken, False
    return taken, True


def jittered(count: int, seed: int, first: int = 0) -> list[int]:
    chance = random.Random(seed)  # noqa: S311 the same in every run
    times = [first]
    while len(times) < count:
        times.append(times[-1] + (153_000 if len(times) == count // 2 else chance.randrange(450, 9_000)))
    return times


def x264(path: Path, times: list[int], parameters: str = "") -> None:
    clips.make(path, times, options={"x264-params": parameters} if parameters else {})


def x265(path: Path, times: list[int], parameters: str) -> None:
    parameters = f"log-level=none:pools=none:{parameters}"
    clips.make(path, times, codec="libx265", options={"x265-params": parameters})


def cut_by_an_edit_list(path: Path) -> None:
    """Begins 0.9 s in, between two key frames: what comes before is decoded and not shown."""
    whole = clips.make(path.with_name(f"whole-{path.name}"), STEADY)
    clips.ffmpeg("-ss", "0.9", "-i", whole, "-c", "copy", path)


def colours_by_the_container(path: Path) -> None:
    whole = clips.make(path.with_name(f"whole-{path.name}"), STEADY)
    tags = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "pc")
    clips.ffmpeg("-i", whole, "-c", "copy", *tags, "-movflags", "write_colr", path)


PLAIN: dict[str, Callable[[Path], object]] = {
    "b-pyramid.mp4": partial(x264, times=STEADY, parameters="bframes=3:b-pyramid=normal:b-adapt=0:keyint=30"),
    "one-group.mkv": partial(x264, times=jittered(90, 1), parameters="bframes=5:b-adapt=0:keyint=999:scenecut=0"),
    "short-groups.mp4": partial(x264, times=jittered(90, 2), parameters="bframes=0:keyint=4:ref=1"),
    "variable.ts": partial(x264, times=jittered(90, 3, first=500_000), parameters="bframes=2:keyint=20"),
    "slices.mp4": partial(x264, times=STEADY, parameters="slices=3:bframes=3:keyint=25"),
    "order-of-decoding.mp4": partial(clips.make, times=STEADY, options={"profile": "baseline", "bf": "0"}),
    "4-4-4.mp4": partial(clips.make, times=STEADY, pixels="yuv444p"),
    "ten-bits.mkv": partial(clips.make, times=STEADY, pixels="yuv420p10le"),
    "container-colours.mp4": colours_by_the_container,
    "turned.mp4": partial(clips.make, times=STEADY, rotation=90),
    "h265.mp4": partial(x265, times=STEADY, parameters="bframes=4:b-pyramid=1:keyint=25:no-open-gop=1"),
    "h265-variable.mkv": partial(x265, times=jittered(90, 4), parameters="bframes=3:keyint=30:no-open-gop=1"),
    "h265-layers.mp4": partial(
        x265, times=STEADY, parameters="temporal-layers=3:bframes=3:b-adapt=0:keyint=25:no-open-gop=1"
    ),
}
NOT_PLAIN: dict[str, Callable[[Path], object]] = {
    "fields.mp4": partial(
        clips.make, times=STEADY, size=(96, 64), options={"x264-params": "interlaced=1:keyint=20:fake-interlaced=0"}
    ),
    "edit-list.mp4": cut_by_an_edit_list,
    "mpeg4.avi": partial(clips.make, times=STEADY, codec="mpeg4", time_base=Fraction(1, 25)),
    "vp9.webm": partial(clips.make, times=jittered(40, 7), codec="libvpx-vp9"),
}
OPEN: dict[str, Callable[[Path], object]] = {
    "intra-refresh.mp4": partial(x264, times=jittered(90, 6), parameters="intra-refresh=1:keyint=20"),
    "open-groups.mp4": partial(x264, times=jittered(90, 5), parameters="open-gop=1:bframes=3:keyint=20"),
    "h265-open-groups.mp4": partial(x265, times=STEADY, parameters="bframes=4:keyint=20"),
}
ALL = PLAIN | NOT_PLAIN | OPEN
RATES = [Fraction(rate) for rate in ("0.5", "1", "5", "12.5", "60")]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """A clip by its name, made once."""
    folder, made = tmp_path_factory.mktemp("clips"), dict[str, bytes]()

    def find(name: str) -> bytes:
        if name not in made:
            ALL[name](folder / name)
            made[name] = (folder / name).read_bytes()
        return made[name]

    return find


@pytest.mark.parametrize("fps", RATES, ids=str)
@pytest.mark.parametrize("name", ALL)
def test_frames_should_be_those_of_decoding_everything(name: str, fps: Fraction, clip: Callable[[str], bytes]) -> None:
    expected = all_decoded(clip(name), fps)
    taken, all_of_them = spared(clip(name), fps)
    assert taken == expected[: len(taken)]
    assert not all_of_them or len(taken) == len(expected)
    assert all_of_them == (name not in NOT_PLAIN)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Grows by an entry for each picture that is decoded."""
    decoded: list[int] = []

    class Counting:
        def __init__(self, decoder: Any) -> None:
            self.__dict__["_decoder"] = decoder

        def decode(self, packet: Any) -> Any:
            if packet is not None:
                decoded.append(packet.pts)
            return self._decoder.decode(packet)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._decoder, name)

        def __setattr__(self, name: str, value: Any) -> None:
            setattr(self._decoder, name, value)

    original = VideoFile.another_decoder
    with monkeypatch.context() as patched:
        patched.setattr(VideoFile, "another_decoder", lambda *given: Counting(original(*given)))
        yield decoded


@pytest.mark.parametrize(
    ("name", "fps", "most"),
    [
        ("b-pyramid.mp4", "1", 0.5),  # half of the pictures are references, and a third of each group comes too late
        ("b-pyramid.mp4", "5", 0.75),
        ("one-group.mkv", "1", 0.55),
        ("short-groups.mp4", "1", 0.25),  # most groups of four have no frame
        ("h265.mp4", "1", 0.5),
        ("h265-layers.mp4", "1", 0.55),
        ("h265-open-groups.mp4", "1", 0.5),
    ],
)
def test_pictures_that_nothing_needs_should_not_be_decoded(
    name: str, fps: str, most: float, clip: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with counted(monkeypatch) as decoded:
        spared(clip(name), Fraction(fps))
    with VideoFile.open(io.BytesIO(clip(name)), Limits()) as file:
        pictures = sum(1 for packet in file.packets() if packet.size)
    assert len(decoded) == len(set(decoded)) <= most * pictures


def headers(data: bytes) -> list[tuple[CodedPicture, int, bytes]]:
    """What is read of each packet, its time and what it holds."""
    with VideoFile.open(io.BytesIO(data), Limits()) as file:
        reader = (H264 if file.codec == "h264" else H265)(file.extradata)
        return [
            (reader.read(bytes(packet)), packet.pts or 0, bytes(packet)) for packet in file.packets() if packet.size
        ]


@pytest.mark.parametrize("name", PLAIN)
def test_the_order_in_headers_should_be_that_of_the_times(name: str, clip: Callable[[str], bytes]) -> None:
    entries, keys = 0, list[tuple[int, int, int]]()
    for header, pts, _ in headers(clip(name)):
        entries += header.begins_order
        keys.append((entries, header.order, pts))
    assert entries >= 1
    assert [pts for *_, pts in sorted(keys)] == sorted(pts for *_, pts in keys)


def retimed(data: bytes, times: Callable[[list[int]], list[int | None]]) -> bytes:
    """The same pictures in Matroska under other times."""
    out = io.BytesIO()
    with av.open(io.BytesIO(data), "r") as source, av.open(out, "w", format="matroska") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.size]
        for packet, time in zip(packets, times([packet.pts or 0 for packet in packets]), strict=True):
            packet.pts = packet.dts = time
            packet.stream = stream
            target.mux(packet)
    return out.getvalue()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_times_that_contradict_the_order_of_pictures_should_change_nothing(
    data: st.DataObject, clip: Callable[[str], bytes]
) -> None:
    def exchanged(times: list[int]) -> list[int | None]:
        for _ in range(data.draw(st.integers(1, 5))):
            one, other = (data.draw(st.integers(0, len(times) - 1)) for _ in "12")
            times[one], times[other] = times[other], times[one]
        return [*times]

    name = data.draw(st.sampled_from(["b-pyramid.mp4", "short-groups.mp4", "h265.mp4"]))
    fps = data.draw(st.sampled_from(RATES))
    try:
        changed = retimed(clip(name), exchanged)
    except av.error.FFmpegError:
        return  # the muxer refuses it
    taken, all_of_them = spared(changed, fps)
    expected = all_decoded(changed, fps)
    assert taken == expected[: len(taken)]
    assert not all_of_them or len(taken) == len(expected)


def damaged(clip: bytes, data: st.DataObject) -> bytes:
    """With up to six bytes changed."""
    changed = bytearray(clip)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    return bytes(changed)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_should_change_nothing(data: st.DataObject, clip: Callable[[str], bytes]) -> None:
    name = data.draw(st.sampled_from([name for name in ALL if "h265" not in name]))
    changed, fps = damaged(clip(name), data), data.draw(st.sampled_from(RATES))
    assert frames_of(changed, fps, sparing_too=True) == frames_of(changed, fps, sparing_too=False)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_of_h265_should_change_no_choice(data: st.DataObject, clip: Callable[[str], bytes]) -> None:
    """Where blocks are missing FFmpeg says nothing and leaves what was in the memory, so there pixels are chance."""
    name = data.draw(st.sampled_from([name for name in ALL if "h265" in name]))
    changed, fps = damaged(clip(name), data), data.draw(st.sampled_from(RATES))
    spared_frames, all_frames = (frames_of(changed, fps, sparing_too=sparing_too) for sparing_too in (True, False))
    assert [choice_of(frame) for frame in spared_frames] == [choice_of(frame) for frame in all_frames]


def choice_of(frame: video.Frame | str) -> object:
    return (frame.number, frame.pts, frame.seconds) if isinstance(frame, video.Frame) else frame


@pytest.mark.parametrize(
    ("name", "number"), [("b-pyramid.mp4", 0), ("b-pyramid.mp4", 9), ("one-group.mkv", 20), ("short-groups.mp4", 31)]
)
def test_a_missing_reference_should_be_noticed(name: str, number: int, clip: Callable[[str], bytes]) -> None:
    """By the numbers in the headers; that is also how one notices that an encoder gave all of them up."""
    references = [packet for header, _, packet in headers(clip(name)) if header.is_reference and not header.is_entry]
    cut = left_out(clip(name), references[number])
    assert not spared(cut, Fraction(5))[1]
    assert frames_of(cut, Fraction(5), sparing_too=True) == frames_of(cut, Fraction(5), sparing_too=False)


def left_out(data: bytes, what: bytes) -> bytes:
    """The clip in Matroska without a packet."""
    out = io.BytesIO()
    with av.open(io.BytesIO(data), "r") as source, av.open(out, "w", format="matroska") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size and bytes(packet) != what:
                packet.stream = stream
                target.mux(packet)
    return out.getvalue()


def frames_of(data: bytes, fps: Fraction, *, sparing_too: bool) -> list[video.Frame | str]:
    """What extraction gives, ending with the reason if it refuses."""
    out: list[video.Frame | str] = []
    limits = Limits(max_frames=300)
    with pytest.MonkeyPatch.context() as patch:
        if not sparing_too:
            patch.setattr(sparing, "stills", not_at_all)
        try:
            out.extend(video.extract(io.BytesIO(data), fps, limits=limits))
        except ClipRefused as refused:
            out.append(str(refused))
    return out


def not_at_all(*_: Any) -> Any:
    raise NotPlain("not in this test")
