"""Which data object a message speaks of: the id that goes to Ground Truth and comes back."""

import re
from dataclasses import dataclass, replace
from typing import ClassVar

# Attribute names allow no underscore and no dot; documented: ^[$a-zA-Z0-9](-*[a-zA-Z0-9])*, at most 140 characters:
# https://docs.aws.amazon.com/sagemaker/latest/dg/sms-streaming-labeling-job.html
OBJECT_ID_KEY = "everlabel-object-id"
CORRELATION_KEY = "everlabel-correlation-id"

_ID = re.compile(
    r"s3://(?P<bucket>[^/]+)/(?P<task_id>[A-Za-z0-9._-]+)/(?P<level>[1-9][0-9]{0,2})"
    r"/(?P<job_name>[A-Za-z0-9-]+)\.(?P<epoch>0|[1-9][0-9]{0,5})/(?P<index>[0-9]{6,9})/g(?P<generation>0|[1-9][0-9]{0,8})"
)


@dataclass(frozen=True, order=True)
class ObjectKey:
    """Where a data object stands: its task, level, job and position in the input manifest (from 0)."""

    task_id: str
    level: int
    job_name: str
    index: int

    def item(self, kind: str) -> str:
        """The range key of this object's item in the task table: `OPEN#1#VOTVehicle#000042`."""
        return f"{kind}#{self.level}#{self.job_name}#{self.index:06d}"

    @classmethod
    def of_item(cls, task_id: str, item: str) -> "ObjectKey":
        """The key behind a range key written by `item`."""
        _, level, job_name, index = item.split("#")[:4]
        return cls(task_id, int(level), job_name, int(index))

    def __str__(self) -> str:
        return f"{self.task_id}/{self.level}/{self.job_name}/{self.index:06d}"


@dataclass(frozen=True)
class DeduplicationId:
    """One sending of a data object: Ground Truth shows an object to workers once per id.

    The text form matches the documented pattern ^(https|s3)://([^/]+)/?(.*)$ and has at most `LONGEST` characters.
    """

    LONGEST: ClassVar = 1_024

    key: ObjectKey
    epoch: int
    generation: int

    def text(self, bucket: str) -> str:
        """The id as Ground Truth gets it."""
        key = self.key
        return f"s3://{bucket}/{key.task_id}/{key.level}/{key.job_name}.{self.epoch}/{key.index:06d}/g{self.generation}"

    @classmethod
    def parse(cls, text: str, bucket: str) -> "DeduplicationId":
        """Reads an id back. Raises ValueError if it is not one that `text` writes for this bucket."""
        match = _ID.fullmatch(text) if len(text) <= cls.LONGEST else None
        if match is None or match["bucket"] != bucket:
            raise ValueError(f"not a deduplication id of ours: {text[:200]!r}")
        key = ObjectKey(match["task_id"], int(match["level"]), match["job_name"], int(match["index"]))
        found = cls(key, int(match["epoch"]), int(match["generation"]))
        if found.text(bucket) != text:
            raise ValueError(f"not a deduplication id as we write it: {text[:200]!r}")
        return found

    def next_generation(self) -> "DeduplicationId":
        """The id after an expiry: the old one is spent."""
        return replace(self, generation=self.generation + 1)
