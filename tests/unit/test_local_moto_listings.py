"""Moto's listings answer as before, and look at what is below their prefix alone."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.s3.utils import _VersionedKeyStore

from local import moto_listings
from local.patches import Patches


@pytest.fixture
def s3() -> Iterator[Any]:
    """A bucket of nine objects in three folders; one was written twice, one is deleted, and one deleted and written."""
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="clips")
        client.put_bucket_versioning(Bucket="clips", VersioningConfiguration={"Status": "Enabled"})
        for folder in "xyz":
            for name in ("3", "1", "more/2"):
                client.put_object(Bucket="clips", Key=f"{folder}/{name}", Body=b"first")
        client.put_object(Bucket="clips", Key="y/1", Body=b"and again")
        client.delete_object(Bucket="clips", Key="y/3")
        client.delete_object(Bucket="clips", Key="z/1")
        client.put_object(Bucket="clips", Key="z/1", Body=b"after all")
        yield client


def answers(s3: Any) -> list[Any]:
    def ask(operation: str, **more: Any) -> Any:
        pages = s3.get_paginator(operation).paginate(Bucket="clips", **more)
        return [
            (
                [(each["Key"], each["Size"]) for each in page.get("Contents", [])],
                [each["Prefix"] for each in page.get("CommonPrefixes", [])],
            )
            for page in pages
        ]

    return [
        ask("list_objects_v2", Prefix="y/"),
        ask("list_objects_v2", Prefix="z/", Delimiter="/"),
        ask("list_objects_v2", Prefix="x/", PaginationConfig={"PageSize": 2}),
        ask("list_objects_v2", Prefix="nobody"),
        ask("list_objects", Prefix="z/1"),
        ask("list_objects_v2"),
    ]


def test_a_listing_answers_as_before_and_looks_below_its_prefix(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = answers(s3)
    assert before[0] == [([("y/1", 9), ("y/more/2", 5)], [])]
    assert before[1] == [([("z/1", 9), ("z/3", 5)], ["z/more/"])]
    looked_at: list[int] = []
    whole = _VersionedKeyStore._iteritems

    def items(self: _VersionedKeyStore) -> Any:
        found = list(whole(self))
        looked_at.append(len(found))
        return found

    monkeypatch.setattr(_VersionedKeyStore, "items", items)
    assert answers(s3) == before
    assert looked_at == [9] * 7  # two pages are two listings

    looked_at.clear()
    patches = Patches()
    moto_listings.install(patches)
    try:
        assert answers(s3) == before
    finally:
        patches.undo()
    assert looked_at == [9]  # the one without a prefix
