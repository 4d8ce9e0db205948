from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel.declared_size import declared_size
from tests import clips


@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm", "clip.avi"])
def test_a_whole_file_should_have_the_size_it_declares(name: str, tmp_path: Path) -> None:
    codec = {"clip.mkv": "libx264", "clip.webm": "libvpx-vp9", "clip.avi": "mjpeg"}[name]
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = clips.make(tmp_path / name, clips.every(0.5, 3), codec=codec, pixels=pixels, time_base=clips.PER_SECOND)
    data = path.read_bytes()
    assert declared_size(data[:1024]) == len(data)


def test_a_live_recording_should_declare_nothing() -> None:
    assert declared_size(bytes.fromhex("1a45dfa3 81 00 18538067 01ffffffffffffff")) is None


def test_a_segment_should_be_counted_with_what_comes_before_it() -> None:
    assert declared_size(bytes.fromhex("1a45dfa3 81 00 18538067 4005")) == 4 + 1 + 1 + 4 + 2 + 5


@given(st.binary(max_size=64), st.sampled_from([b"", b"RIFF", bytes.fromhex("1a45dfa3")]))
def test_any_first_bytes_should_be_read_without_an_error(rest: bytes, beginning: bytes) -> None:
    size = declared_size(beginning + rest)
    assert size is None or size >= len(beginning)
