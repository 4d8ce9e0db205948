"""Input lines and sequence files, read the way Ground Truth documents them.

The body of an input message is one line of an input manifest.
Source: SageMaker developer guide, "Streaming labeling jobs", "Input data quotas",
"Create a video frame input manifest".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from local.ground_truth.unknowns import Unknowns

KEY_NAME = "dataset-objectid-attribute-name"
LONGEST_LINE = 100_000  # characters of one JSON object of a manifest
LONGEST_KEY = 140
LONGEST_ID = 1_024
MOST_FRAMES = 2_000  # frames of one sequence
_KEY = re.compile(r"[$a-zA-Z0-9](-*[a-zA-Z0-9])*")
_ID = re.compile(r"(https|s3)://([^/]+)/?(.*)")
_S3_URI = re.compile(r"s3://([^/]+)/(.+)")


class InputRefused(ValueError):
    """A line or file that cannot become a task; the message goes into `failure-reason`. `line` is there if it could be
    read at all."""

    def __init__(self, reason: str, line: Mapping[str, object] | None = None) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class DataObject:
    """One data object: its line as sent (`text`) and read, where its data is, and what it is recognised by.

    `key` names the attribute that holds the deduplication id in output lines; `number` counts the job's objects from 0.
    """

    text: str
    line: Mapping[str, object]
    source: str
    key: str
    dedup_id: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class SequenceFrame:
    """A frame of a sequence file: number and file name."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence file: frames under an S3 prefix, in the order workers see them (UTF-8 binary order of names)."""

    prefix: str
    frames: tuple[SequenceFrame, ...]


def read_line(body: str, message_id: str, label_attribute: str, unknowns: Unknowns) -> DataObject:
    """The data object of one input message; raises `InputRefused`.

    Without a key of the sender's own, the id is the SNS message id, and output lines carry it as
    `$<label attribute>-object-id`.
    """
    if len(body) > LONGEST_LINE:
        raise InputRefused(f"the line has {len(body)} characters, {LONGEST_LINE} are allowed")
    try:
        line = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputRefused(f"not JSON: {error}") from error
    if not isinstance(line, dict):
        raise InputRefused("not a JSON object")
    source = line.get("source-ref", line.get("source"))
    if not isinstance(source, str) or not source:
        raise InputRefused("neither source-ref nor source", line)
    if KEY_NAME not in line:
        return DataObject(body, line, source, f"${label_attribute}-object-id", message_id)
    key = line[KEY_NAME]
    if not isinstance(key, str) or len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise InputRefused(f"{KEY_NAME} is not an attribute name of up to {LONGEST_KEY} characters", line)
    dedup_id = line.get(key)
    if not isinstance(dedup_id, str) or not 0 < len(dedup_id) <= LONGEST_ID:
        raise InputRefused(f"{key} is not a string of 1 to {LONGEST_ID} characters", line)
    if not _ID.fullmatch(dedup_id) and unknowns.ids_must_match_pattern:
        raise InputRefused(f"{key} does not match {_ID.pattern}", line)
    return DataObject(body, line, source, key, dedup_id)


def read_sequence(body: bytes) -> Sequence:
    """The frames of a sequence file; raises `InputRefused` if a required key is missing or wrong."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputRefused(f"the sequence file is not JSON: {error}") from error
    if not isinstance(found, dict) or not _is_int(found.get("seq-no")):
        raise InputRefused("the sequence file has no whole number seq-no")
    prefix, listed = found.get("prefix"), found.get("frames")
    if not isinstance(prefix, str) or not prefix.startswith("s3://") or not prefix.endswith("/"):
        raise InputRefused("the sequence file's prefix must be an S3 URI that ends with a slash")
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_FRAMES:
        raise InputRefused(f"the sequence file must list 1 to {MOST_FRAMES} frames")
    if found.get("number-of-frames") != len(listed):
        raise InputRefused("number-of-frames does not match the frames listed")
    frames = tuple(_read_frame(item) for item in listed)
    if len({frame.name for frame in frames}) != len(frames):
        raise InputRefused("a frame is listed twice")
    return Sequence(prefix, tuple(sorted(frames, key=lambda frame: frame.name.encode())))


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Bucket and key; raises `InputRefused`."""
    match = _S3_URI.fullmatch(uri)
    if not match:
        raise InputRefused(f"not an S3 URI: {uri[:200]}")
    return match[1], match[2]


def _read_frame(item: object) -> SequenceFrame:
    if not isinstance(item, dict) or not _is_int(item.get("frame-no")) or not isinstance(item.get("frame"), str):
        raise InputRefused("a frame needs a whole number frame-no and a file name frame")
    return SequenceFrame(cast(int, item["frame-no"]), cast(str, item["frame"]))


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
