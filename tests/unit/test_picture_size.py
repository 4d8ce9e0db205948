"""How wide and high a picture is, out of its first bytes."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel.picture_size import picture_size


@pytest.mark.parametrize("ending", [".jpg", ".png"])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (640, 480), (1920, 1080), (300, 65)])
def test_the_size_should_be_what_an_encoder_wrote(ending: str, width: int, height: int) -> None:
    _, written = cv2.imencode(ending, np.zeros((height, width, 3), np.uint8))
    content = written.tobytes()
    assert picture_size(content) == (width, height)
    assert picture_size(content[:20]) is None


def test_what_stands_before_the_frame_header_should_be_passed_over() -> None:
    _, written = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))
    content = written.tobytes()
    preview = b"\xff\xe1" + (5_000).to_bytes(2) + b"\xff\xc0" * 2_499
    fill, restart = b"\xff\xff\xff", b"\xd0"
    assert picture_size(content[:2] + preview + fill + restart + content[2:]) == (64, 48)


@pytest.mark.parametrize(
    "content", [b"", b"jpeg", b"\xff\xd8", b"GIF89a" + bytes(30), b"\x89PNG\r\n\x1a\n" + bytes(16)]
)
def test_what_does_not_tell_should_have_no_size(content: bytes) -> None:
    assert picture_size(content) is None


@given(st.binary(max_size=60))
def test_whatever_comes_there_should_be_an_answer(tail: bytes) -> None:
    for head in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b""):
        found = picture_size(head + tail)
        assert found is None or min(found) > 0
