"""Files that are no clips, or no longer, or were made to do harm: refused, in words and within little memory."""

import io
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everlabel import video
from everlabel.errors import ClipRefused
from tests import clips

TIMES = clips.every(Fraction(1, 25), 75)


def frames(data: bytes, fps: int = 5, limits: video.Limits | None = None) -> list[video.Frame]:
    return list(video.extract(io.BytesIO(data), Fraction(fps), limits=limits))


def remuxed(path: Path, to: str, *arguments: str) -> bytes:
    out = path.with_name(to)
    clips.ffmpeg("-i", path, "-c", "copy", *arguments, out)
    return out.read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def clip(folder: Path) -> Path:
    return clips.make(folder / "clip.mp4", TIMES)


@pytest.fixture(scope="module")
def huge(folder: Path) -> Path:
    """128 megapixels in a few kilobytes."""
    source = ("-f", "lavfi", "-i", "color=s=16000x8000:r=25", "-frames:v", "2")
    clips.ffmpeg(*source, "-c:v", "libx264", "-preset", "ultrafast", folder / "huge.mp4")
    return folder / "huge.mp4"


NO_VIDEOS = {
    "nothing": b"",
    "zeros": bytes(100_000),
    "a text": b"The quick brown fox jumps over the lazy dog. " * 2_000,
    "an HLS playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://CLIP\n#EXT-X-ENDLIST\n",
    "a concat list": b"ffconcat version 1.0\nfile 'CLIP'\n",
    "a DASH manifest": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>CLIP</BaseURL></MPD>',
}


@pytest.mark.parametrize("name", NO_VIDEOS)
def test_what_is_no_video_should_be_refused(name: str, clip: Path) -> None:
    with pytest.raises(ClipRefused, match="no video in a container that is read here"):
        frames(NO_VIDEOS[name].replace(b"CLIP", str(clip).encode()))


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif"])
def test_a_still_image_should_be_refused_whatever_its_name(suffix: str, folder: Path) -> None:
    clips.ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x48", "-frames:v", "1", folder / f"image.{suffix}")
    with pytest.raises(ClipRefused, match="no video in a container that is read here"):
        frames((folder / f"image.{suffix}").read_bytes())


def test_sound_with_a_cover_picture_should_be_refused(folder: Path) -> None:
    clips.ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x48", "-frames:v", "1", folder / "cover.jpg")
    inputs = ("-f", "lavfi", "-i", "sine=d=1", "-i", folder / "cover.jpg", "-map", "0", "-map", "1")
    clips.ffmpeg(*inputs, "-c:v", "copy", "-disposition:v", "attached_pic", folder / "sound.mp4")
    with pytest.raises(ClipRefused, match="no video stream"):
        frames((folder / "sound.mp4").read_bytes())


def test_an_encrypted_clip_should_be_refused(clip: Path) -> None:
    key = ("-encryption_key", "00112233445566778899aabbccddeeff", "-encryption_kid", "ffeeddccbbaa99887766554433221100")
    with pytest.raises(ClipRefused, match=r"^the clip is encrypted$"):
        frames(remuxed(clip, "encrypted.mp4", "-encryption_scheme", "cenc-aes-ctr", *key))


@pytest.mark.parametrize("part", [0.01, 0.3, 0.6, 0.9, 0.97])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("end.mp4", ()), ("begin.mp4", ("-movflags", "+faststart")), ("clip.mkv", ()), ("clip.mov", ())],
    ids=["mp4, index at the end", "mp4, index at the beginning", "mkv", "mov"],
)
def test_a_clip_that_is_cut_off_should_be_refused_before_its_first_frame(
    part: float, name: str, arguments: tuple[str, ...], clip: Path
) -> None:
    data = remuxed(clip, f"whole-{name}", *arguments)
    assert len(frames(data)) == 15
    with pytest.raises(ClipRefused, match="cut off"):
        next(video.extract(io.BytesIO(data[: int(len(data) * part)]), Fraction(5)))


def test_a_fragmented_clip_should_be_refused_where_a_fragment_is_incomplete(clip: Path) -> None:
    data = remuxed(clip, "fragments.mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof")
    whole = frames(data)
    begins_of_data = [at for at in range(len(data)) if data.startswith(b"mdat", at)]
    assert len(begins_of_data) > 3
    for at in begins_of_data:
        with pytest.raises(ClipRefused, match="cut off"):
            frames(data[: at + 40])
    assert frames(data[: data.rindex(b"mfra")]) == whole


def test_a_transport_stream_should_be_taken_as_far_as_it_goes(clip: Path) -> None:
    """It has neither index nor length: a recorder that loses power leaves a good, shorter stream."""
    data = remuxed(clip, "clip.ts")
    whole = frames(data)
    pictures = [frame.jpeg for frame in whole]
    part = [frame.jpeg for frame in frames(data[: len(data) // 2])]
    assert 3 < len(part) < len(pictures)
    assert part[:-1] == pictures[: len(part) - 1]


def test_a_clock_that_starts_again_should_be_refused(clip: Path) -> None:
    data = remuxed(clip, "again.ts")
    with pytest.raises(ClipRefused, match=r"clock jumps by -2\.9\d\d s at 2\.\d\d\d s"):
        frames(data + data)


def test_a_change_of_size_should_be_refused(folder: Path) -> None:
    small = clips.make(folder / "small.ts", TIMES)
    later = clips.make(folder / "later.ts", [time + 270_000 for time in TIMES], size=(128, 96))
    with pytest.raises(ClipRefused, match="size changes from 96 × 50 to 128 × 96"):
        frames(small.read_bytes() + later.read_bytes())


def test_damage_in_the_middle_should_be_a_gap_as_in_ffmpeg(clip: Path, folder: Path) -> None:
    data = bytearray(remuxed(clip, "damaged.ts"))
    for packet in range(len(data) // 2, len(data) // 2 + 188 * 20, 188):
        data[packet - packet % 188 + 8 : packet - packet % 188 + 180] = bytes(172)
    (folder / "damaged.ts").write_bytes(data)
    expected = clips.numbers_by_ffmpeg(folder / "damaged.ts", Fraction(5))
    assert [*clips.numbers_in(frame.jpeg for frame in frames(bytes(data)))] == expected


def test_damaged_parameters_of_a_codec_should_be_refused(folder: Path) -> None:
    data = bytearray(clips.make(folder / "parameters.mp4", TIMES, codec="libx265").read_bytes())
    record = data.index(b"hvcC") + 4
    data[record + 24 : record + 26] = b"\xff\xff"  # so many parameter sets of the first kind
    with pytest.raises(ClipRefused, match="nothing in the video stream can be decoded"):
        frames(bytes(data))


def test_parameters_that_keep_ffmpegs_threads_waiting_should_not_keep_us(folder: Path) -> None:
    """Rows of blocks are said to be coded apart (wavefronts) and are not: with two threads FFmpeg never ends."""
    path = folder / "wavefronts.mp4"
    clips.make(path, TIMES, codec="libx265", options={"x265-params": "log-level=none:pools=none:bframes=4:keyint=25"})
    data = bytearray(path.read_bytes())
    data[data.index(b"\x44\x01\xc0\x73\xc0\x89") + 5] = 0x43
    path.write_bytes(data)
    pictures = ("-threads", "1", "-i", path, "-vf", "fps=5", "-f", "rawvideo", "-")
    assert int(measured(path)[0]) == len(clips.ffmpeg(*pictures)) // (clips.WIDTH * clips.HEIGHT * 3 // 2) > 0


@pytest.mark.parametrize("name", ["huge.mp4", "huge.mkv", "huge.ts"])
def test_a_picture_of_too_many_pixels_should_be_refused(name: str, huge: Path) -> None:
    with pytest.raises(ClipRefused, match="16000 × 8000 has more than 16777216 pixels"):
        frames(huge.read_bytes() if name == "huge.mp4" else remuxed(huge, name))


def test_too_many_frames_should_be_refused_before_the_first() -> None:
    """Two pictures, nine hours apart."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height = clips.WIDTH, clips.HEIGHT
        for time in (0, 33_334):
            frame = clips.painted(1)
            frame.pts, frame.time_base = time, Fraction(1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(ClipRefused, match=r"would have 100\d{4} frames or more"):
        next(video.extract(io.BytesIO(out.getvalue()), Fraction(30)))


def test_frames_should_be_counted_where_the_header_does_not_tell(clip: Path) -> None:
    data = remuxed(clip, "live.mkv", "-live", "1")
    extraction = video.extract(io.BytesIO(data), Fraction(5), limits=video.Limits(max_frames=10))
    assert [next(extraction).number for _ in range(10)] == list(range(10))
    with pytest.raises(ClipRefused, match="11 frames or more at this rate, and 10 are allowed"):
        next(extraction)


def test_endless_pictures_between_two_frames_should_be_refused(clip: Path) -> None:
    assert len(frames(clip.read_bytes(), 1, video.Limits(max_skipped=26))) == 3
    with pytest.raises(ClipRefused, match="more than 20 pictures between two frames"):
        frames(clip.read_bytes(), 1, video.Limits(max_skipped=20))


@pytest.fixture(scope="module", params=["mp4", "mkv", "ts"])
def any_clip(request: pytest.FixtureRequest, clip: Path) -> bytes:
    return remuxed(clip, f"any.{request.param}")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_should_end_in_frames_or_in_a_refusal(any_clip: bytes, data: st.DataObject) -> None:
    damaged = bytearray(any_clip)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    with suppress(ClipRefused):
        taken = frames(bytes(damaged), limits=video.Limits(max_frames=200))
        assert [frame.number for frame in taken] == list(range(len(taken)))


_MEASURE = """
import pathlib, re, sys
from fractions import Fraction
from everlabel import video
from everlabel.errors import ClipRefused
count = 0
try:
    with open(sys.argv[1], "rb") as file:
        for frame in video.extract(file, Fraction(5)):
            count += 1
except ClipRefused as refused:
    count = str(refused)
# Not ru_maxrss, which a process inherits from the one that started it.
peak = re.search(r"VmHWM:\\s*(\\d+) kB", pathlib.Path("/proc/self/status").read_text())
print(count, int(peak[1]) // 1024, sep="|")
"""


def measured(path: Path) -> tuple[str, int]:
    """The number of frames or the reason, and the most memory used in MB, in a Python of its own that stays silent."""
    layer = Path(video.__file__).parent.parent
    command = [sys.executable, "-c", _MEASURE, str(path)]
    alone = {"PYTHONPATH": str(layer)}
    run = subprocess.run(command, env=alone, check=True, capture_output=True, text=True, timeout=60)  # noqa: S603
    assert run.stderr == ""
    outcome, _, memory = run.stdout.partition("|")
    return outcome, int(memory)


def to_avi_as_mjpeg(huge: Path) -> Path:
    clips.ffmpeg("-i", huge, "-c:v", "mjpeg", "-q:v", "31", huge.with_suffix(".avi"))
    return huge.with_suffix(".avi")


def grown_in_the_middle(huge: Path) -> Path:
    small = clips.make(huge.with_name("before.ts"), TIMES)
    path = huge.with_name("grown.ts")
    path.write_bytes(small.read_bytes() + remuxed(huge, "after.ts", "-output_ts_offset", "3"))
    return path


@pytest.mark.parametrize("bomb", [lambda huge: huge, to_avi_as_mjpeg, grown_in_the_middle], ids=["h264", "mjpeg", "ts"])
def test_a_bomb_should_take_little_memory_and_say_nothing_on_stderr(bomb: Callable[[Path], Path], huge: Path) -> None:
    """One decoded picture would take 192 MB."""
    reason, memory = measured(bomb(huge))
    assert "16777216 pixels" in reason
    assert memory < 200


def test_full_hd_should_stay_below_400_megabytes(folder: Path) -> None:
    path = folder / "full-hd.mp4"
    source = ("-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=25:d=2")
    clips.ffmpeg(*source, "-c:v", "libx264", "-preset", "ultrafast", "-x264-params", "bframes=3:ref=4", path)
    outcome, memory = measured(path)
    assert outcome == "10"
    assert memory < 400
