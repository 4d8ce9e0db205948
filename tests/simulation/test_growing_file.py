"""A file that only grows, in Amazon S3."""

import hashlib

import pytest

from tests.simulation import growing_file
from tests.simulation.growing_file import GrowingFile
from tests.simulation.s3 import S3


def test_a_snapshot_should_stay_as_it_was() -> None:
    file = GrowingFile()
    first = file.extend(b"one\n")
    second = file.extend(b"two\n")
    assert (bytes(first), len(first), first[1:]) == (b"one\n", 4, b"ne\n")
    assert (bytes(second), len(second), second[3:5], second[7:100]) == (b"one\ntwo\n", 8, b"\nt", b"\n")


def test_what_is_packed_should_be_read_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing_file, "_BLOCK", 5)
    text = bytes(range(23))
    for sizes in ((1,) * 23, (4, 6, 13), (23,), (5, 10, 8), (10, 10, 3)):
        file, written, snapshots = GrowingFile(), 0, []
        for size in sizes:
            snapshots.append(file.extend(text[written : written + size]))
            written += size
        assert len(file) == 23
        for snapshot in snapshots:
            for start in range(24):
                for end in range(24):
                    assert snapshot[start:end] == text[: len(snapshot)][start:end]


def test_a_snapshot_should_be_an_object_like_any_other() -> None:
    s3, file = S3(lambda: 0.0), GrowingFile()
    s3.call("CreateBucket", {"Bucket": "b"})
    s3.put("b", "grown", file.extend(b"one"))
    s3.call("CopyObject", {"Bucket": "b", "Key": "copy", "CopySource": "b/grown"})
    s3.put("b", "grown", file.extend(b"two"))
    s3.call("PutObject", {"Bucket": "b", "Key": "put", "Body": b"onetwo"})
    heads = {key: s3.call("HeadObject", {"Bucket": "b", "Key": key}) for key in ("copy", "grown", "put")}
    assert heads["grown"]["ETag"] == heads["put"]["ETag"] == f'"{hashlib.md5(b"onetwo").hexdigest()}"'  # noqa: S324
    assert [heads[key]["ContentLength"] for key in heads] == [3, 6, 6]
    assert s3.call("GetObject", {"Bucket": "b", "Key": "grown", "Range": "bytes=3-"})["Body"].read() == b"two"
    assert [s3.read("b", key) for key in ("copy", "grown", "gone")] == [b"one", b"onetwo", None]
