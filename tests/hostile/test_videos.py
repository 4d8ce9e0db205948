"""Files that lie about what is in them: refused in words, within a memory bound, and without opening anything else.

What damage, other containers and real encoders do is in `tests/unit/test_hostile_clips.py`.
"""

import ctypes
import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import pytest

from everlabel import video
from everlabel.errors import ClipRefused
from tests.hostile.movies import Movie, box, elsewhere, full, ints

# Peak of the whole process: Python with PyAV takes 35 MB before it reads anything; Transformation has 3,538 MB.
MOST_MB = 200
# With an index as large as FFmpeg may ask for in each of as many streams as it may find.
MOST_MB_OF_MANY_STREAMS = 1_300

_CHILD = """
import io, json, pathlib, re, resource, sys
from fractions import Fraction
from everlabel import video
from everlabel.errors import ClipRefused
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
try:
    with open(sys.argv[1], "rb") as file:
        outcome = sum(1 for _ in video.extract(file, Fraction(1)))
except ClipRefused as refused:
    outcome = str(refused)
# Not ru_maxrss, which a process inherits from the one that started it.
peak = re.search(r"VmHWM:\\s*(\\d+) kB", pathlib.Path("/proc/self/status").read_text())
print(json.dumps([outcome, int(peak[1]) // 1024]))
"""


@dataclass(frozen=True)
class Outcome:
    """How many frames came out, or why none; and the most memory used."""

    said: int | str
    megabytes: int


@pytest.fixture
def extract(tmp_path: Path) -> Callable[[bytes], Outcome]:
    """Extraction in a Python of its own, which may neither grow nor go on without end."""

    def run(data: bytes) -> Outcome:
        path = tmp_path / "clip.mp4"
        path.write_bytes(data)
        command = [sys.executable, "-c", _CHILD, str(path)]
        layer = str(Path(video.__file__).parent.parent)
        done = subprocess.run(command, env={"PYTHONPATH": layer}, check=True, capture_output=True, text=True)  # noqa: S603
        assert done.stderr == ""
        return Outcome(*json.loads(done.stdout))

    return run


ENCRYPTED = box(
    b"sinf",
    box(b"frma", b"raw "),
    full(b"schm", b"cenc", ints(1 << 16)),
    box(b"schi", full(b"tenc", ints(0x108), bytes(16))),
)
MILLION = 1_000_000
NO_PICTURES = "nothing in the video stream can be decoded"
NO_INDEX = "no readable index"

LIES: dict[str, tuple[Movie, str]] = {
    "16,000 × 8,000 pixels": (Movie(width=16_000, height=8_000), NO_PICTURES),
    "65,535 × 65,535 pixels": (Movie(width=65_535, height=65_535), NO_PICTURES),
    "no pixels": (Movie(width=0, height=0), NO_PICTURES),
    "a million pictures in eleven days": (Movie(pictures=MILLION, timescale=1), "would have 1000000 frames"),
    "a million pictures in ten seconds": (Movie(pictures=MILLION, timescale=100_000), "more than 36000 pictures"),
    "30 million pictures that are not there": (Movie(samples=30 * MILLION), "would have 3000000 frames"),
    "30 million of them in no time": (Movie(samples=30 * MILLION, timescale=10**9), NO_PICTURES),
    "more pictures than fit an index": (Movie(samples=2**32 - 1), NO_PICTURES),
    "a list of sizes that is not there": (Movie(sizes=ints(0, 2**32 - 1)), NO_INDEX),
    "fifty million sizes of none": (Movie(samples=50 * MILLION, sizes=ints(0, 50 * MILLION)), "more memory"),
    "pictures of 4 GB": (Movie(sizes=ints(2**32 - 1, 10)), NO_PICTURES),
    "data after the end": (Movie(first_offset=2**32 - 1), "index names data after the end"),
    "sound alone": (Movie(handler=b"soun"), "no video stream"),
    "an encrypted entry": (Movie(entry=b"encv", extra=ENCRYPTED), "the clip is encrypted"),
    "a codec of protected files": (Movie(entry=b"drmi"), "codec is not known"),
    "a codec that nobody knows": (Movie(entry=b"XxXx"), "codec is not known"),
    "a start after the end": (Movie(edits=box(b"edts", full(b"elst", ints(1, 10, 2**31, 1 << 16)))), NO_PICTURES),
    "a thousand streams": (Movie(tracks=1_000), "more memory than it may have"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_should_be_refused_in_words_and_within_the_bound(lie: str, extract: Callable[[bytes], Outcome]) -> None:
    movie, words = LIES[lie]
    outcome = extract(movie.file())
    assert isinstance(outcome.said, str)
    assert words in outcome.said
    assert outcome.megabytes < MOST_MB


def test_the_largest_index_in_every_stream_should_stay_below_what_a_lambda_has(
    extract: Callable[[bytes], Outcome],
) -> None:
    outcome = extract(Movie(samples=3_900_000, tracks=8, timescale=10**9).file())
    assert isinstance(outcome.said, str)
    assert 200 < outcome.megabytes < MOST_MB_OF_MANY_STREAMS


ODD = {
    "the truth": Movie(),
    "times before the beginning": Movie(tables=full(b"ctts", ints(1, 10, 2**32 - 100_000))),
    "a picture that lasts for ever": Movie(pictures=1, duration=2**32 - 1, timescale=2**32 - 1),
    "no timescale": Movie(timescale=0),
    "an edit list that is not there": Movie(edits=box(b"edts", full(b"elst", ints(2**32 - 1, 10, 0, 1 << 16)))),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_times_should_give_frames_within_the_bound(name: str, extract: Callable[[bytes], Outcome]) -> None:
    outcome = extract(ODD[name].file())
    assert outcome.said in range(1, 11)
    assert outcome.megabytes < MOST_MB


def test_pictures_without_end_should_be_refused_at_the_limit() -> None:
    movie = Movie(duration=2**31 + 5)
    with pytest.raises(ClipRefused, match="would have 1001 frames or more at this rate, and 1000 are allowed"):
        list(video.extract(io.BytesIO(movie.file()), Fraction(1), limits=video.Limits(max_frames=1_000)))


# ---- nothing else is opened -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Canaries:
    """A good clip that must not be opened, and a port that nobody must call."""

    path: Path
    port: int


_IN_OPEN = 0x20  # inotify(7)


@pytest.fixture
def canaries(tmp_path: Path) -> Iterator[Canaries]:
    """Sees to it at the end that the file was not opened, and that nobody called."""
    path = tmp_path / "canary.mov"
    path.write_bytes(Movie().file())
    libc = ctypes.CDLL(None)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert libc.inotify_add_watch(watch, str(path).encode(), _IN_OPEN) >= 0
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        tcp.setblocking(False)
        yield Canaries(path, tcp.getsockname()[1])
        with pytest.raises(BlockingIOError):
            tcp.accept()
    with pytest.raises(BlockingIOError):
        os.read(watch, 4096)
    path.read_bytes()
    assert os.read(watch, 4096)  # so it would have been seen
    os.close(watch)


PLAYLISTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{place}\n#EXT-X-ENDLIST\n",
    "HLS with a key": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{place}"\n#EXTINF:9,\n{place}\n#EXT-X-ENDLIST\n',
    "a concat script": "ffconcat version 1.0\nfile '{place}'\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{place}</BaseURL></MPD>',
    "SDP": "v=0\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\na=control:{place}\nm=video 5004 RTP/AVP 96\n",
    "a QuickTime reference": "rtsptext\r\n{place}\r\n",
    "a Smooth Streaming manifest": '<SmoothStreamingMedia><StreamIndex Url="{place}"/></SmoothStreamingMedia>',
    "subtitles of images": "%YAML\nfile: {place}\n",
}


@pytest.mark.parametrize(
    "place", ["{path}", "file://{path}", "http://127.0.0.1:{port}/a.mp4", "tcp://127.0.0.1:{port}"]
)
@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_that_poses_as_a_clip_should_open_neither_file_nor_address(
    kind: str, place: str, canaries: Canaries
) -> None:
    text = PLAYLISTS[kind].format(place=place.format(path=canaries.path, port=canaries.port))
    with pytest.raises(ClipRefused, match="no video in a container that is read here"):
        list(video.extract(io.BytesIO(text.encode()), Fraction(1)))


@pytest.mark.parametrize("path", ["{path}", "canary.mov", "http://127.0.0.1:{port}/a.mov"])
def test_a_movie_whose_pictures_are_in_another_file_should_not_open_it(path: str, canaries: Canaries) -> None:
    reference = elsewhere(path.format(path=canaries.path, port=canaries.port))
    assert len(reference) > 150  # below that, FFmpeg does not look at it
    with pytest.raises(ClipRefused, match=NO_PICTURES):
        list(video.extract(io.BytesIO(Movie(reference=reference).file()), Fraction(10)))


def test_that_movie_would_open_it_if_ffmpeg_were_allowed_to(tmp_path: Path) -> None:
    """So the test above is about a real danger."""
    other, movie = tmp_path / "other.mov", tmp_path / "movie.mov"
    other.write_bytes(Movie().file())
    movie.write_bytes(Movie(reference=elsewhere(str(other))).file())
    with av.open(str(movie), options={"enable_drefs": "1", "use_absolute_path": "1"}) as container:
        assert len(list(container.decode(video=0))) == 10
