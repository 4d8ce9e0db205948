"""A manifest of a hundred thousand lines is in memory once, because a function has a gigabyte."""

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
