"""The output manifest of a labeling job: what Ground Truth says even when its notices are lost.

"Periodically updated", says its documentation, and not whether lines are only ever added:
https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html. So a reader remembers what stood before the place
up to which it has read, and begins anew if something else stands there now.
"""

import hashlib
import io
from dataclasses import asdict, dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from everlabel import objects
from everlabel.s3_uri import S3Uri

_MOST_BYTES = 256 << 10
"""In one chunk, so that a run which fails among ten thousand lines begins anew a few hundred lines before."""
_LONGEST_LINE = 8 << 20
"""Bytes. What has no end by then is no line."""
_TAIL_BYTES = 1_024


@dataclass(frozen=True)
class Place:
    """How far a manifest is read: bytes, a digest of what stands before them, and the version that had no more."""

    uri: str
    read: int = 0
    tail: str = ""
    etag: str = ""

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def chunk(place: Place) -> tuple[list[str], Place]:
    """The next lines, some hundred of them, and the place behind them; none if there is nothing new."""
    head = objects.head(S3Uri.parse(place.uri))
    if head is None or head.etag == place.etag:
        return [], place
    try:
        return _chunk_of(place, head)
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
    return chunk(place)  # it was written anew while this read


def _chunk_of(place: Place, head: objects.Head) -> tuple[list[str], Place]:
    uri = S3Uri.parse(place.uri)
    file = io.BufferedReader(objects.RangeReader(uri, head), _MOST_BYTES + _TAIL_BYTES)
    kept = min(place.read, _TAIL_BYTES)
    file.seek(place.read - kept)
    before = file.read(kept)
    if _digest(before) != place.tail and place.read:
        return _chunk_of(Place(place.uri), head)
    found = file.read(_MOST_BYTES)
    if b"\n" not in found:
        found += file.read(_LONGEST_LINE - len(found))
    at_end = place.read + len(found) >= head.size
    # The last line of a version is whole even without its end; of a chunk it may be half.
    text = found if at_end else found[: found.rfind(b"\n") + 1]
    whole = text.rfind(b"\n") + 1
    tail = _digest((before + text[:whole])[-_TAIL_BYTES:])
    lines = [line for line in text.decode(errors="replace").split("\n") if line.strip()]
    return lines, replace(place, read=place.read + whole, tail=tail, etag=head.etag if at_end else "")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
