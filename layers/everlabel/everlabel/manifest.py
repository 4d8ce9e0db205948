"""Sequence files and input manifests, as Ground Truth reads them.

https://docs.aws.amazon.com/sagemaker/latest/dg/sms-video-manual-data-setup.html
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from everlabel.s3_uri import S3Uri

# Frames in one sequence: https://docs.aws.amazon.com/sagemaker/latest/dg/input-data-limits.html
MOST_FRAMES = 2_000
# Workers see frames in the byte order of their names, so numbers are padded.
_DIGITS = 6


def frame_name(number: int) -> str:
    """The file name of an extracted frame, counted from 1: `000001.jpg`."""
    return f"{number:0{_DIGITS}d}.jpg"


def sequences(prefix: S3Uri, frames: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Sequence files for frames below a prefix, in order, at most 2,000 frames each.

    `prefix` ends in `/`; `frames` are file names below it. Yields one JSON object a sequence, with `seq-no` and
    `frame-no` counted from 1.
    """
    for number, start in enumerate(range(0, len(frames), MOST_FRAMES), start=1):
        part = frames[start : start + MOST_FRAMES]
        yield {
            "seq-no": number,
            "prefix": str(prefix),
            "number-of-frames": len(part),
            "frames": [{"frame-no": position, "frame": frame} for position, frame in enumerate(part, start=1)],
        }


def manifest(sources: Sequence[S3Uri]) -> bytes:
    """An input manifest with one line a data object: `{"source-ref": "s3://…"}`."""
    return b"".join(json.dumps({"source-ref": str(source)}).encode() + b"\n" for source in sources)
