"""Sequence files and input manifests as Ground Truth reads them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel.manifest import frame_name, manifest, sequences
from everlabel.s3_uri import S3Uri

PREFIX = S3Uri("everlabel-bucket", "clips/0/fps-1/frames/")


def test_a_sequence_file_has_the_documented_form() -> None:
    assert list(sequences(PREFIX, ["000001.jpg", "000002.jpg"])) == [
        {
            "seq-no": 1,
            "prefix": "s3://everlabel-bucket/clips/0/fps-1/frames/",
            "number-of-frames": 2,
            "frames": [{"frame-no": 1, "frame": "000001.jpg"}, {"frame-no": 2, "frame": "000002.jpg"}],
        }
    ]


@pytest.mark.parametrize(
    ("frames", "sizes"), [(0, []), (1, [1]), (2_000, [2_000]), (2_001, [2_000, 1]), (4_500, [2_000, 2_000, 500])]
)
def test_no_sequence_has_more_than_2000_frames(frames: int, sizes: list[int]) -> None:
    names = [frame_name(number) for number in range(1, frames + 1)]
    found = list(sequences(PREFIX, names))
    assert [sequence["number-of-frames"] for sequence in found] == sizes
    assert [sequence["seq-no"] for sequence in found] == list(range(1, len(sizes) + 1))
    assert [frame["frame"] for sequence in found for frame in sequence["frames"]] == names
    for sequence in found:
        numbers = [frame["frame-no"] for frame in sequence["frames"]]
        assert numbers == list(range(1, sequence["number-of-frames"] + 1))


@given(st.lists(st.integers(1, 999_999), min_size=2, max_size=2, unique=True).map(sorted))
def test_frames_stand_in_byte_order_as_in_time(numbers: list[int]) -> None:
    earlier, later = map(frame_name, numbers)
    assert earlier.encode() < later.encode()


def test_a_manifest_has_a_line_a_data_object() -> None:
    sources = [PREFIX / "a.json", PREFIX / 'quote".json', PREFIX / "ü.json"]
    lines = manifest(sources).split(b"\n")
    assert lines.pop() == b""
    assert [json.loads(line) for line in lines] == [{"source-ref": str(source)} for source in sources]


def test_a_manifest_of_nothing_is_empty() -> None:
    assert manifest([]) == b""
