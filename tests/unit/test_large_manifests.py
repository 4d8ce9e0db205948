"""A manifest of a hundred thousand lines is in memory once, annotations never whole: a function has a gigabyte."""

import tracemalloc
from typing import Any

import pytest

from everlabel import aws, objects
from everlabel.s3_uri import S3Uri

LINES, BYTES = 5_000, 2_000


class Bucket:
    """Takes objects and keeps nothing but their sizes."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def put_object(self, **request: Any) -> None:
        self.sizes.append(len(request["Body"].getbuffer()))


def test_a_manifest_that_is_written_should_be_in_memory_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket()
    monkeypatch.setattr(aws, "s3", lambda: bucket)
    tracemalloc.start()
    try:
        objects.put_lines(S3Uri("everlabel-bucket", "tasks/output.manifest"), (b"x" * BYTES for _ in range(LINES)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert bucket.sizes == [LINES * (BYTES + 1)]
    assert peak < 1.5 * bucket.sizes[0]


class Disk:
    """Takes objects as files, as botocore does, and keeps their sizes and their beginnings."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.heads: list[bytes] = []

    def put_object(self, **request: Any) -> None:
        self.heads.append(request["Body"].read(3))
        self.sizes.append(request["Body"].seek(0, 2))


@pytest.mark.parametrize("chunks", [3, 300])
def test_what_is_written_in_chunks_should_never_be_in_memory_whole(
    monkeypatch: pytest.MonkeyPatch, chunks: int
) -> None:
    disk = Disk()
    monkeypatch.setattr(aws, "s3", lambda: disk)
    tracemalloc.start()
    try:
        body = (str(number).encode() * 100_000 for number in range(chunks))
        objects.put_chunks(S3Uri("everlabel-bucket", "tasks/annotations.json"), body, "application/json")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert disk.sizes == [sum(len(str(number)) for number in range(chunks)) * 100_000]
    assert disk.heads == [b"000"]
    assert peak < 20 << 20
