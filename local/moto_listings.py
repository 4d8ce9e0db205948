"""Moto's listings of objects, made to cost little beyond what they list: moto looks at each object of the bucket."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.s3.models import FakeBucket, FakeTableStorageBucket, S3Backend

from local.patches import Patches


@dataclass(frozen=True)
class _Part:
    """As much of a bucket as a listing of moto asks for."""

    keys: dict[str, Any]


def install(patches: Patches) -> None:
    """Give a listing with a prefix the objects below it and no others."""
    patches.replace(S3Backend, "list_objects", _below_its_prefix)


def _below_its_prefix(original: Callable[..., Any]) -> Callable[..., Any]:
    def list_objects(
        self: S3Backend,
        bucket: FakeBucket,
        prefix: str | None,
        delimiter: str | None,
        marker: str | None,
        max_keys: int | None,
    ) -> Any:
        if not prefix or isinstance(bucket, FakeTableStorageBucket):
            return original(self, bucket, prefix, delimiter, marker, max_keys)
        # Of a copy, which is made in one step: others may put objects meanwhile.
        found = {name: versions[-1] for name, versions in dict(bucket.keys).items() if name.startswith(prefix)}
        return original(self, _Part(found), prefix, delimiter, marker, max_keys)

    return list_objects
