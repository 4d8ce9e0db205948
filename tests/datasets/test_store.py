"""Where dataset versions lie: a folder, or a prefix in S3."""

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from everlabel import aws
from everlabel_cli.datasets.store import MANIFEST, Files, FolderStore, NoSuchVersion, S3Store, Store, open_store
from tests.conftest import REGION


@pytest.fixture(params=["folder", "s3", "s3 root"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "folder":
        yield open_store(str(tmp_path / "datasets"))
        return
    with mock_aws():
        aws.s3.cache_clear()
        boto3.client("s3", region_name=REGION).create_bucket(Bucket="bucket")
        yield open_store("s3://bucket/some/place" if request.param == "s3" else "s3://bucket")
    aws.s3.cache_clear()


def files(text: bytes = b"{}") -> Callable[[int], Files]:
    return lambda number: [("a/b.txt", b"%d" % number), (MANIFEST, text)]


def test_should_number_versions_and_keep_each(store: Store) -> None:
    assert (store.names(), store.numbers("road")) == ([], [])
    assert [store.add("road", files(b"first")), store.add("road", files(b"second")), store.add("sea", files())] == [
        1,
        2,
        1,
    ]
    assert (store.names(), store.numbers("road")) == (["road", "sea"], [1, 2])
    assert store.read("road", 1, MANIFEST) == b"first"
    assert store.read("road", 2, "a/b.txt") == b"2"
    assert store.files("road", 2) == ["a/b.txt", MANIFEST]
    assert store.where("road", 2).rstrip("/").endswith("road/2")


def test_should_name_what_is_not_there(store: Store) -> None:
    with pytest.raises(NoSuchVersion, match=r"road/7"):
        store.read("road", 7, MANIFEST)


def test_should_show_no_version_that_was_not_finished(store: Store) -> None:
    def broken(number: int) -> Files:
        yield "a", b"%d" % number
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        store.add("road", broken)
    assert (store.names(), store.numbers("road")) == ([], [])
    number = store.add("road", files())
    assert store.numbers("road") == [number]
    assert store.files("road", number) == ["a/b.txt", MANIFEST]


def test_should_give_two_builders_two_numbers(store: Store) -> None:
    inner: list[int] = []

    def meanwhile(_number: int) -> Files:
        yield "a", b"outer"
        if not inner:
            inner.append(store.add("road", files(b"inner")))
        yield MANIFEST, b"outer"

    outer = store.add("road", meanwhile)
    assert sorted([outer, *inner]) == store.numbers("road") == [1, 2]
    assert (store.read("road", outer, MANIFEST), store.read("road", inner[0], MANIFEST)) == (b"outer", b"inner")
    assert store.add("road", files()) == 3


def test_should_take_the_next_number_if_somebody_took_one_since_they_were_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = FolderStore(tmp_path)
    folder.add("road", files(b"theirs"))
    monkeypatch.setattr(FolderStore, "_taken", lambda *_: [])
    assert folder.add("road", files(b"ours")) == 2
    monkeypatch.undo()
    with mock_aws():
        aws.s3.cache_clear()
        boto3.client("s3", region_name=REGION).create_bucket(Bucket="bucket")
        s3 = open_store("s3://bucket/")
        s3.add("road", files(b"theirs"))
        monkeypatch.setattr(S3Store, "_taken", lambda *_: [])
        assert s3.add("road", files(b"ours")) == 2
        monkeypatch.undo()
        for store in (folder, s3):
            assert [store.read("road", number, MANIFEST) for number in store.numbers("road")] == [b"theirs", b"ours"]
    aws.s3.cache_clear()
