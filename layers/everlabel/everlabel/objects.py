"""The door to Amazon S3."""

import hashlib
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from everlabel import aws
from everlabel.s3_uri import S3Uri

_MISSING = {"404", "NoSuchKey", "NotFound", "NoSuchBucket"}
FORBIDDEN = {"403", "AccessDenied"}
"""Also what S3 says of an object that is not there to somebody who may not list the bucket."""
_IN_MEMORY = 8 << 20


@dataclass(frozen=True)
class Head:
    """What S3 says of an object without reading it; the size is in bytes."""

    size: int
    etag: str


def head(uri: S3Uri) -> Head | None:
    """Size and ETag, or None if there is no such object."""
    try:
        found = aws.s3().head_object(Bucket=uri.bucket, Key=uri.key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
    return Head(found["ContentLength"], found["ETag"])


def get(uri: S3Uri) -> bytes:
    """The whole object."""
    return aws.s3().get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read()


def find(uri: S3Uri) -> bytes | None:
    """The whole object; None if it is not there or may not be read."""
    try:
        return get(uri)
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING | FORBIDDEN:
            return None
        raise


def first_bytes(uri: S3Uri, most: int) -> bytes | None:
    """At most so many bytes from the object's beginning; None if it is not there, is empty, or may not be read."""
    try:
        found = aws.s3().get_object(Bucket=uri.bucket, Key=uri.key, Range=f"bytes=0-{most - 1}")
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING | FORBIDDEN | {"InvalidRange"}:
            return None
        raise
    return found["Body"].read()


def get_lines(uri: S3Uri) -> Iterator[bytes]:
    """The object's lines, read in pages; empty ones are left out."""
    body = aws.s3().get_object(Bucket=uri.bucket, Key=uri.key)["Body"]
    for line in body.iter_lines(chunk_size=1 << 20):
        if line.strip():
            yield line


def put(uri: S3Uri, body: bytes | IO[bytes], content_type: str) -> None:
    """Stores an object."""
    aws.s3().put_object(Bucket=uri.bucket, Key=uri.key, Body=body, ContentType=content_type)


def put_new(uri: S3Uri, body: bytes, content_type: str) -> bool:
    """Stores an object where there is none, of two at once only one. Returns False if there is one already."""
    try:
        aws.s3().put_object(Bucket=uri.bucket, Key=uri.key, Body=body, ContentType=content_type, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        return False
    return True


def put_json(uri: S3Uri, value: Any) -> None:
    """Stores a value as indented JSON."""
    put(uri, json.dumps(value, indent=2).encode() + b"\n", "application/json")


def move(source: S3Uri, target: S3Uri) -> None:
    """Copies an object, then deletes it where it was: a crash in between leaves both."""
    aws.s3().copy_object(Bucket=target.bucket, Key=target.key, CopySource=f"{source.bucket}/{quote(source.key)}")
    aws.s3().delete_object(Bucket=source.bucket, Key=source.key)


@dataclass(frozen=True)
class Written:
    """A manifest that was written: how many lines, the SHA-256 of its bytes, and those."""

    lines: int
    sha256: str
    body: io.BytesIO


def put_lines(uri: S3Uri, lines: Iterable[bytes]) -> Written:
    """Stores lines as one object and says what was written."""
    body, count = io.BytesIO(), 0
    for line in lines:
        body.write(line.rstrip(b"\n") + b"\n")
        count += 1
    sha256 = hashlib.sha256(body.getbuffer()).hexdigest()
    body.seek(0)
    put(uri, body, "application/jsonlines")  # as it is: a copy would take as much memory again
    body.seek(0)
    return Written(count, sha256, body)


def put_chunks(uri: S3Uri, chunks: Iterable[bytes], content_type: str) -> None:
    """Stores chunks as one object. What is longer than 8 MiB waits on disk, not in memory."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
        for chunk in chunks:
            body.write(chunk)
        body.seek(0)
        put(uri, body, content_type)


def names_below(prefix: S3Uri, most: int) -> list[str]:
    """Names of the objects directly below a prefix (which ends in `/`), in UTF-8 byte order, at most `most` of them."""
    names: list[str] = []
    pages = (
        aws.s3()
        .get_paginator("list_objects_v2")
        .paginate(Bucket=prefix.bucket, Prefix=prefix.key, Delimiter="/", PaginationConfig={"MaxItems": most + 1})
    )
    for page in pages:
        names += [entry["Key"].removeprefix(prefix.key) for entry in page.get("Contents", [])]
    return [name for name in names if name][:most]


def keys_below(prefix: S3Uri) -> list[str]:
    """The keys of all objects below a prefix, however deep, in UTF-8 byte order."""
    pages = aws.s3().get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=prefix.key)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


class RangeReader(io.RawIOBase):
    """A seekable file over an S3 object that reads only what is asked for.

    Wrap it in `io.BufferedReader` with a large buffer. If the object is replaced while it is read, S3 refuses the next
    read (`PreconditionFailed`), so frames of two videos are never mixed.
    """

    def __init__(self, uri: S3Uri, head: Head) -> None:
        self._uri, self._head, self._position = uri, head, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves the position; nothing is read."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._head.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer from the position on; returns how many bytes, 0 at the end."""
        view = memoryview(buffer).cast("B")
        end = min(self._position + len(view), self._head.size)
        if end <= self._position:
            return 0
        body = (
            aws.s3()
            .get_object(
                Bucket=self._uri.bucket,
                Key=self._uri.key,
                Range=f"bytes={self._position}-{end - 1}",
                IfMatch=self._head.etag,
            )["Body"]
            .read()
        )
        view[: len(body)] = body
        self._position += len(body)
        return len(body)
