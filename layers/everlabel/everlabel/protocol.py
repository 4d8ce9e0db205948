"""The labeling protocol: one input message is one manifest line, one output message is one output line.

https://docs.aws.amazon.com/sagemaker/latest/dg/sms-streaming-labeling-job.html and …/sms-data-output.html. How a
failed or expired object looks is not documented; `read_output` takes every form seen in public code.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from everlabel import strict_json
from everlabel.data_object import CORRELATION_KEY, OBJECT_ID_KEY, DeduplicationId
from everlabel.errors import ManifestRefused
from everlabel.s3_uri import S3Uri

_ID_NAME_KEY = "dataset-objectid-attribute-name"
_LONGEST_REASON = 1_000  # characters that are kept; a message may bring 256 KB of them
_QUERY = re.compile(r"\?[^\s\"'<>?]*=[^\s\"'<>]*")  # of a URL
_LONGEST_LINE = 100_000  # characters a manifest line may have: …/sms-input-data-input-manifest.html
_MOST_BYTES = 262_144  # a message may have: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html

Line = Mapping[str, Any]


class OutcomeKind(StrEnum):
    """What an output line says of its data object."""

    LABELED = "labeled"
    EXPIRED = "expired"  # also every failure we do not know: the id is spent either way
    REFUSED = "refused"  # sending it again would be refused again


@dataclass(frozen=True)
class OutputLine:
    """One output message, understood."""

    sent: DeduplicationId
    kind: OutcomeKind
    reason: str | None
    label_uri: str | None
    """Where the labels are, if the label attribute is a reference (`-ref`)."""
    labeling_job_name: str | None = None
    """Which labeling job says so, in lower case, if the line tells."""


class NotPlaceable(ValueError):
    """Nobody can say which data object an output message speaks of, or what it says: it goes to quarantine."""


def input_message(line: Line, sent: DeduplicationId, bucket: str) -> str:
    """The message that sends one data object: its manifest line, our id and our correlation key, as real JSON.

    Raises:
        ManifestRefused: if it is longer than a manifest line or a message may be.
    """
    kept = {key: value for key, value in line.items() if key not in {OBJECT_ID_KEY, CORRELATION_KEY, _ID_NAME_KEY}}
    ids = {_ID_NAME_KEY: OBJECT_ID_KEY, OBJECT_ID_KEY: sent.text(bucket), CORRELATION_KEY: str(sent.key)}
    message = write_line({**kept, **ids})
    if len(message) > _LONGEST_LINE:
        raise ManifestRefused(f"data object {sent.key} has {len(message)} characters; a line may have {_LONGEST_LINE}")
    if (size := len(message.encode())) > _MOST_BYTES:
        raise ManifestRefused(f"data object {sent.key} has {size} bytes; a message may have {_MOST_BYTES}")
    return message


def read_line(text: str) -> dict[str, Any]:
    """One JSON object out of a message or a manifest, which all others read alike. Raises NotPlaceable if it is not."""
    try:
        line = strict_json.read_text(text)
    except ValueError as error:
        raise NotPlaceable(f"not JSON to go by: it {error}") from None
    if not _is_utf8(text):
        raise NotPlaceable("not JSON to go by: it is not Unicode text")
    if not isinstance(line, dict):
        raise NotPlaceable(f"not a JSON object but {type(line).__name__}")
    return line


def write_line(line: Line) -> str:
    """A JSON object as one line, with as few characters as UTF-8 allows.

    Half a surrogate, as free text has that was cut in the middle of a character, has no UTF-8; then all is escaped.
    """
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    return text if text.isascii() or _is_utf8(text) else json.dumps(line, separators=(",", ":"))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def sent_id(line: Line, bucket: str) -> DeduplicationId:
    """Which sending an output line answers. Raises NotPlaceable if it does not say, or contradicts itself."""
    text = line.get(OBJECT_ID_KEY)
    if not isinstance(text, str):
        raise NotPlaceable(f"has no {OBJECT_ID_KEY}")
    try:
        sent = DeduplicationId.parse(text, bucket)
    except ValueError:
        # Not repeated here: reasons are logged, and nobody knows what it is.
        raise NotPlaceable(f"{OBJECT_ID_KEY} is not a deduplication id of ours") from None
    if line.get(CORRELATION_KEY, str(sent.key)) != str(sent.key):
        raise NotPlaceable(f"{OBJECT_ID_KEY} and {CORRELATION_KEY} name different data objects")
    return sent


def read_output(line: Line, sent: DeduplicationId, label_attribute: str, refused: re.Pattern[str]) -> OutputLine:
    """What an output line says: labeled, expired or refused.

    A failure reason outweighs a label: a failed object may carry a placeholder label.

    Raises:
        NotPlaceable: if it says neither.
    """
    metadata = line.get(f"{label_attribute}-metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    reason, name = metadata.get("failure-reason"), metadata.get("job-name")
    said_by = name.rpartition("/")[2].lower() if isinstance(name, str) else None
    if reason is not None:
        text = _readable(reason)
        kind = OutcomeKind.REFUSED if refused.search(text) else OutcomeKind.EXPIRED
        return OutputLine(sent, kind, text, None, said_by)
    label = line.get(label_attribute)
    if label is None:
        raise NotPlaceable(f"has neither {label_attribute} nor a failure-reason")
    # The suffix means that it is a reference: ../APIReference/API_CreateLabelingJob.html, LabelAttributeName
    is_place = label_attribute.endswith("-ref") or (isinstance(label, str) and label.startswith("s3://"))
    place = _place(label) if is_place else None
    return OutputLine(sent, OutcomeKind.LABELED, None, place, said_by)


def _place(label: Any) -> str:
    try:
        return str(S3Uri.parse(label if isinstance(label, str) else ""))
    except ValueError as error:
        raise NotPlaceable(f"its label is no place in Amazon S3: it {error}") from None


def _readable(reason: Any) -> str:
    """A failure reason as it can be kept and shown: DynamoDB takes only Unicode; a presigned URL's query is a key."""
    return _QUERY.sub("?…", str(reason))[:_LONGEST_REASON].encode(errors="replace").decode()


def without_ids(line: Line) -> dict[str, Any]:
    """An output line as the next level's input: labels and all, but not the id of the sending that it answers."""
    return {key: value for key, value in line.items() if key not in {_ID_NAME_KEY, OBJECT_ID_KEY, CORRELATION_KEY}}
