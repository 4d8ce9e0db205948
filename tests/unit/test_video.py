"""Frames out of clips are those of FFmpeg's command line: the same pictures, the same pixels, in any slices."""

import io
import random
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from everlabel import video
from everlabel.errors import ClipRefused
from tests import clips

RATES = [Fraction(rate) for rate in ("0.5", "1", "5", "12.5", "25")]


def jittered(count: int, seed: int, first: int = 0) -> list[int]:
    """Variable frame rate: 5 to 100 ms from picture to picture, and one gap of 1.7 s."""
    chance = random.Random(seed)  # noqa: S311 the same in every run
    times = [first]
    for number in range(1, count):
        times.append(times[-1] + (153_000 if number == count // 2 else chance.randrange(450, 9_000)))
    return times


def extract(path: Path, fps: Fraction | float | str, resume: str | None = None) -> list[video.Frame]:
    with path.open("rb") as file:
        return list(video.extract(file, Fraction(fps), resume=resume))


def sound_before_pictures(path: Path, times: list[int]) -> None:
    """The whole file's clock begins with the sound."""
    silent = clips.make(path.with_name(f"silent-{path.name}"), times)
    clips.ffmpeg(
        *("-itsoffset", "0.437", "-i", silent, "-f", "lavfi", "-i", "sine=d=3"),
        *("-c:v", "copy", "-c:a", "aac", path),
    )


def cut_into(path: Path, times: list[int]) -> None:
    """A recording of a transport stream that begins in the middle of a group of pictures."""
    whole = clips.make(path.with_name(f"whole-{path.name}"), times)
    path.write_bytes(whole.read_bytes()[188 * 20 :])


def make(path: Path, times: list[int], codec: str = "libx264", x264: str = "") -> None:
    clips.make(path, times, codec=codec, options={"x264-params": x264} if x264 else {})


STEADY = clips.every(Fraction(1, 25), 90)
CLIPS: dict[str, Callable[[Path], object]] = {
    "constant-h264.mp4": partial(make, times=STEADY),
    "constant-h265.mp4": partial(make, times=STEADY, codec="libx265"),
    "variable-h264.mp4": partial(make, times=jittered(90, 1)),
    "variable-h265.mkv": partial(make, times=jittered(90, 2), codec="libx265"),
    "late-h264.mp4": partial(make, times=jittered(90, 3, first=111_111)),
    "late-h264.mkv": partial(make, times=jittered(90, 4, first=77_777)),
    "late-h265.ts": partial(make, times=jittered(90, 5, first=500_000), codec="libx265"),
    "open-groups-h264.mp4": partial(make, times=jittered(90, 6), x264="open-gop=1:bframes=3"),
    "no-key-frames-h264.mp4": partial(make, times=jittered(90, 7), x264="intra-refresh=1:keyint=30"),
    "h264.avi": partial(clips.make, times=STEADY, time_base=Fraction(1, 25)),
    "mpeg4.avi": partial(clips.make, times=STEADY, codec="mpeg4", time_base=Fraction(1, 25)),
    "vp9.webm": partial(make, times=jittered(60, 8), codec="libvpx-vp9"),
    "sound-first.mp4": partial(sound_before_pictures, times=jittered(60, 9)),
    "sound-first.ts": partial(sound_before_pictures, times=jittered(60, 10)),
    "cut-into.ts": partial(cut_into, times=jittered(60, 11)),
}


@pytest.fixture(scope="module", params=CLIPS)
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / str(request.param)
    CLIPS[request.param](path)
    return path


@pytest.mark.parametrize("fps", RATES, ids=str)
def test_frames_should_be_those_of_ffmpegs_command_line(clip: Path, fps: Fraction) -> None:
    expected = clips.numbers_by_ffmpeg(clip, fps)
    frames = extract(clip, fps)
    assert clips.numbers_in(frame.jpeg for frame in frames) == expected
    assert [frame.number for frame in frames] == list(range(len(expected)))


def test_a_single_picture_should_be_a_frame_for_as_long_as_it_lasts(tmp_path: Path) -> None:
    clip = clips.make(tmp_path / "clip.mp4", [0])
    assert len(extract(clip, 25)) == len(clips.numbers_by_ffmpeg(clip, Fraction(25))) == 1


def test_a_clip_too_short_for_a_frame_should_be_refused(tmp_path: Path) -> None:
    clip = clips.make(tmp_path / "clip.mp4", clips.every(Fraction(1, 25), 10))
    assert clips.numbers_by_ffmpeg(clip, Fraction(1)) == []
    with pytest.raises(ClipRefused, match="too short for a frame at 1 frames a second"):
        extract(clip, 1)


@pytest.mark.parametrize("fps", [Fraction(5), Fraction(60)], ids=str)
def test_slices_should_be_the_whole_byte_for_byte_wherever_it_is_cut(clip: Path, fps: Fraction) -> None:
    whole = extract(clip, fps)
    assert whole
    for index, frame in enumerate(whole):
        if fps < 10 or index % 13 == 0 or index >= len(whole) - 3:
            assert extract(clip, fps, frame.resume) == whole[index + 1 :]


def test_frames_should_carry_the_times_of_their_pictures(tmp_path: Path) -> None:
    times = jittered(60, 12, first=45_000)
    frames = extract(clips.make(tmp_path / "clip.mp4", times), 10)
    numbers = clips.numbers_in(frame.jpeg for frame in frames)
    assert [frame.seconds for frame in frames] == [(times[number] - times[0]) / 90_000 for number in numbers]
    assert [frame.pts for frame in frames] == [times[number] for number in numbers]


BT709 = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "color_range": "tv"}
LOOKS: dict[str, Callable[[Path, list[int]], object]] = {
    "untagged": partial(clips.make),
    "bt709": partial(clips.make, options=BT709),
    "bt709 full range": partial(clips.make, options=BT709 | {"color_range": "pc"}),
    "10 bit": partial(clips.make, pixels="yuv420p10le", options=BT709),
    "4:2:2": partial(clips.make, pixels="yuv422p"),
    "4:4:4, odd size": partial(clips.make, pixels="yuv444p", size=(117, 51)),
    "turned by 90°": partial(clips.make, rotation=90),
    "turned by 180°": partial(clips.make, rotation=180),
    "turned by 270°": partial(clips.make, rotation=270, size=(116, 50)),
    "mirrored": partial(clips.make, flips="h"),
    "upside down": partial(clips.make, flips="v"),
    "mirrored and turned by 90°": partial(clips.make, flips="h", rotation=90),
    "mirrored and turned by 270°": partial(clips.make, flips="h", rotation=270),
}


@pytest.mark.parametrize("look", LOOKS)
def test_frames_should_look_like_ffmpegs_to_whoever_reads_a_jpeg(look: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    LOOKS[look](path, clips.every(Fraction(1, 5), 9))
    (tmp_path / "frames").mkdir()
    exactly = "scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp,format=rgb24"
    clips.ffmpeg("-i", path, "-vf", f"fps=5,{exactly}", "-fps_mode", "passthrough", tmp_path / "frames" / "%d.png")
    frames = extract(path, 5)
    assert len(frames) == len(list((tmp_path / "frames").iterdir())) >= 8
    for frame in frames:
        theirs = cv2.imread(str(tmp_path / "frames" / f"{frame.number + 1}.png"))
        ours = cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert ours is not None
        assert theirs is not None
        assert ours.shape == theirs.shape == (frame.height, frame.width, 3)
        difference = ours.astype(int) - theirs
        assert np.abs(difference).mean() < 2
        assert np.abs(difference.mean(axis=(0, 1))).max() < 1.5


class Counting(io.BytesIO):
    """A file that counts the bytes read from it and the jumps in it."""

    read_bytes = 0
    jumps = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        before = self.tell()
        after = super().seek(offset, whence)
        self.jumps += before != after
        return after


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Some megabytes: noise does not compress."""
    path = tmp_path_factory.mktemp("large") / "clip.mp4"
    clips.ffmpeg(
        *("-f", "lavfi", "-i", "nullsrc=s=320x240:r=25:d=20,geq=random(1)*255:128:128"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-b:v", "6M", path),
    )
    return path.read_bytes()


def test_going_on_should_not_read_what_came_before(large: bytes) -> None:
    whole = list(video.extract(io.BytesIO(large), Fraction(5)))
    file = Counting(large)
    assert list(video.extract(file, Fraction(5), resume=whole[89].resume)) == whole[90:]
    assert len(large) > 8_000_000
    assert file.read_bytes < len(large) * 0.25


def test_a_clip_should_be_read_once_in_order(large: bytes) -> None:
    file = Counting(large)
    for _ in video.extract(file, Fraction(1)):
        pass
    assert file.read_bytes < len(large) * 1.2
    assert file.jumps < 20


def test_what_the_file_raises_should_pass_through(large: bytes) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 3_000_000 and self.tell() < len(large) - 1_000_000:
                raise ConnectionResetError("the line is dead")
            return super().read(size)

    with pytest.raises(ConnectionResetError, match="the line is dead"):
        list(video.extract(Failing(large), Fraction(5)))


def test_going_on_with_another_clip_should_be_refused(tmp_path: Path) -> None:
    clip = clips.make(tmp_path / "clip.mp4", clips.every(Fraction(1, 25), 50))
    other = clips.make(tmp_path / "other.mp4", clips.every(Fraction(1, 25), 50), size=(128, 96))
    with pytest.raises(ClipRefused, match="not the one"):
        extract(other, 5, extract(clip, 5)[3].resume)
