"""The simulated Amazon S3 does what AWS says, and what moto does where moto is right."""

import io
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.s3 import models
from moto.s3.models import s3_backends

from everlabel import aws, objects
from everlabel.s3_uri import S3Uri
from tests.conftest import ACCOUNT
from tests.simulation.beside_moto import BesideMoto, Gap, Step, explore, missed
from tests.simulation.errors import UnknownCall
from tests.simulation.s3 import S3
from tests.simulation.sorted_keys import SortedKeys

START = 1_800_000_000.0
_API = "https://docs.aws.amazon.com/AmazonS3/latest/API/"

MOTO_GAPS = {
    "long keys": Gap("takes them", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"),
    "HEAD in a missing bucket": Gap(
        "names NoSuchBucket, though there is no body to name it in", f"{_API}API_HeadObject.html"
    ),
    "ContinuationToken": Gap("does not repeat it", f"{_API}API_ListObjectsV2.html"),
    "checksums": Gap("gives those botocore asked for; the simulation has none", f"{_API}API_PutObject.html"),
}
"""Every difference from moto."""

KEYS = ("a", "a/", "a/b", "a/b/c", "a/c d", "a0", "b+%", "b/x", "é/x", "é/y", "z😀", "a/b/c/d")
PREFIXES = ("", "a", "a/", "a/b", "é/", "z", "nothing", "b+")
DELIMITERS = ("", "/", "b", "/b")
RANGES = (
    "bytes=0-0",
    "bytes=1-2",
    "bytes=2-",
    "bytes=-3",
    "bytes=0-99",
    "bytes=99-",
    "bytes=-0",
    "bytes=-99",
)
BUCKETS = ("first", "second", "first", "first", "second", "first", "missing")


class World:
    """Buckets in both, and a clock for both."""

    def __init__(self, client: Any, patch: pytest.MonkeyPatch) -> None:
        self.time, self.met = START, set[str]()
        patch.setattr("tests.simulation.s3._MANY", 2)  # objects of a bucket, from which on it packs them
        s3_backends[ACCOUNT]["aws"].reset()
        patch.setattr(models, "utcnow", lambda: datetime.fromtimestamp(self.time, UTC).replace(tzinfo=None))
        tokens = frozenset({"NextContinuationToken", "ContinuationToken"})
        self.beside = BesideMoto(S3(lambda: self.time).call, client, frozenset(), tokens, self._tidy)
        self.page: dict[str, Any] = {}
        for bucket in BUCKETS[:2]:
            self.beside.both("CreateBucket", {"Bucket": bucket})

    def put(self, one: int, two: int) -> None:
        content = b"\x00line\r\n" * (two % 5)
        request: dict[str, Any] = {**place(one, two), "Body": content}
        request |= ({}, {"ContentType": "text/plain"}, {"Metadata": {"drive": "7"}})[two % 3]
        if one % 30 == 29 and request["Bucket"] != "missing":
            ours = self.beside.here("PutObject", request | {"Key": "é" * 513})
            assert ours == ("refusal", ("KeyTooLongError", 400))
            self.met.add("long keys")
        else:
            body = (content, bytearray(content), io.BytesIO(content))[one % 3]
            ours = self.beside.here("PutObject", request | {"Body": body})
            self.beside.same("PutObject", request, ours)

    def get(self, one: int, two: int) -> None:
        more = ({}, {"Range": RANGES[two % len(RANGES)]}, {"IfMatch": '"0"'})[one % 3]
        self.beside.both("GetObject", {**place(one + two, two), **more})

    def get_unchanged(self, one: int, two: int) -> None:
        found = self.beside.both("GetObject", place(one, two))
        if found is not None:
            self.beside.both("GetObject", {**place(one, two), "IfMatch": found["ETag"]})
            self.beside.both("HeadObject", {**place(one, two), "IfMatch": found["ETag"]})

    def head(self, one: int, two: int) -> None:
        request = {**place(one, two), **({"IfMatch": "0"} if one % 5 == 0 else {})}
        if request["Bucket"] == "missing":
            assert self.beside.here("HeadObject", request) == ("refusal", ("404", 404))
            self.met.add("HEAD in a missing bucket")
        else:
            self.beside.both("HeadObject", request)

    def copy(self, one: int, two: int) -> None:
        source = place(one, two)
        texts = (source, f"{source['Bucket']}/{source['Key']}")
        ours = self.beside.here("CopyObject", {**place(two, one), "CopySource": texts[one % 2]})
        self.beside.same("CopyObject", {**place(two, one), "CopySource": source}, ours)

    def delete(self, one: int, two: int) -> None:
        self.beside.both("DeleteObject", place(one, two))

    def listing(self, one: int, two: int) -> None:
        self.page = {
            "Bucket": BUCKETS[one % len(BUCKETS)],
            "Prefix": PREFIXES[two % len(PREFIXES)],
            **({"Delimiter": DELIMITERS[one % 4]} if one % 4 else {}),
            **({"MaxKeys": (0, 1, 2, 3, 1_000)[two % 5]} if one % 3 else {}),
        }
        self._page()

    def rest(self, one: int, two: int) -> None:  # noqa: ARG002 # nothing to choose
        while "ContinuationToken" in self.page:
            self._page()

    def _page(self) -> None:
        found = self.beside.both("ListObjectsV2", self.page) or {}
        self.page.pop("ContinuationToken", None)
        if found.get("IsTruncated"):
            self.page["ContinuationToken"] = found["NextContinuationToken"]

    def wait(self, one: int, two: int) -> None:
        self.time += one + two / 1000

    def _tidy(self, operation: str, answer: Any) -> Any:
        if isinstance(answer, dict):
            left_out = answer.keys() & {"ChecksumCRC32", "ChecksumAlgorithm", "ContinuationToken"}
            self.met |= {"ContinuationToken" if name == "ContinuationToken" else "checksums" for name in left_out}
            return {key: self._tidy(operation, value) for key, value in answer.items() if key not in left_out}
        if isinstance(answer, list):
            return [self._tidy(operation, value) for value in answer]
        return answer


def place(one: int, two: int) -> dict[str, str]:
    return {"Bucket": BUCKETS[one % len(BUCKETS)], "Key": KEYS[two % len(KEYS)]}


OPERATIONS = (
    *("put", "put", "put", "put", "get", "get", "get_unchanged", "head", "copy", "copy", "delete"),
    *("listing", "listing", "rest", "rest", "wait"),
)


def test_buckets_do_what_moto_does_but_for_its_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    met, compared = set[str](), Counter[str]()
    with mock_aws():
        client = boto3.client("s3")

        def run(steps: list[Step]) -> None:
            world = World(client, monkeypatch)
            for name, one, two in steps:
                getattr(world, name)(one, two)
            compared.update(world.beside.compared)
            met.update(world.met)

        explore(OPERATIONS, 60, run)
        assert compared.total() >= 3_000
        assert met <= MOTO_GAPS.keys()
        assert missed(MOTO_GAPS, met, OPERATIONS, run) == []


# ---- what moto cannot say -------------------------------------------------------------------------------------------


class Buckets:
    """The simulated buckets alone, with what was looked at."""

    def __init__(self) -> None:
        self.looked: list[tuple[str, str, str]] = []
        self.s3 = S3(lambda: START, lambda *what: self.looked.append(what))
        self.s3.call("CreateBucket", {"Bucket": "clips"})


@pytest.fixture
def world() -> Buckets:
    return Buckets()


@pytest.fixture
def client(world: Buckets, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The application's own client, answered by the simulation."""
    made = boto3.client("s3")
    answer: Callable[[BaseClient, str, Any], Any] = lambda _, operation, request: world.s3.call(operation, request)  # noqa: E731
    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    monkeypatch.setattr(aws, "s3", lambda: made)
    return made


@pytest.mark.usefixtures("client")
def test_the_application_writes_and_reads_lines() -> None:
    uri = S3Uri("clips", "manifest")
    written = objects.put_lines(uri, [b"one\n", b"two" * 1_000_000, b"three"])
    assert written.lines == 3
    assert list(objects.get_lines(uri)) == [b"one", b"two" * 1_000_000, b"three"]
    head = objects.head(uri)
    assert head is not None
    assert head.size == len(objects.get(uri)) == 3_000_011


@pytest.mark.usefixtures("client")
def test_the_application_lists_page_by_page(world: Buckets) -> None:
    for number in range(2_500):
        world.s3.put("clips", f"frames/{number:06d}.jpg", b"")
        world.s3.put("clips", f"frames/more/{number:06d}.jpg", b"")
    names = objects.names_below(S3Uri("clips", "frames/"), 2_400)
    assert names == [f"{number:06d}.jpg" for number in range(2_400)]
    assert [operation for operation, _, _ in world.looked] == ["ListObjectsV2"] * 3


@pytest.mark.usefixtures("client")
def test_the_application_reads_ranges_of_one_and_the_same_object(world: Buckets) -> None:
    uri = S3Uri("clips", "clip.mp4")
    objects.put(uri, bytes(range(256)) * 100, "video/mp4")
    head = objects.head(uri)
    assert head is not None
    reader = io.BufferedReader(objects.RangeReader(uri, head), buffer_size=1_000)
    reader.seek(-10, io.SEEK_END)
    assert reader.read() == bytes(range(246, 256))
    world.s3.put("clips", "clip.mp4", bytes(25_600))
    reader.seek(0)
    with pytest.raises(ClientError) as error:
        reader.read(5)
    assert error.value.response["Error"]["Code"] == "PreconditionFailed"


@pytest.mark.usefixtures("client")
def test_whoever_looks_is_seen_also_in_vain(world: Buckets) -> None:
    assert objects.head(S3Uri("clips", "a")) is None
    assert objects.head(S3Uri("secrets", "a")) is None
    with pytest.raises(ClientError):
        objects.get(S3Uri("secrets", "b"))
    assert world.looked == [
        ("HeadObject", "clips", "a"),
        ("HeadObject", "secrets", "a"),
        ("GetObject", "secrets", "b"),
    ]


def test_a_content_is_made_once_when_it_is_looked_at(world: Buckets) -> None:
    made = []

    def content() -> bytes:
        made.append("once")
        return b"lines"

    world.s3.put("clips", "manifest", content)
    assert made == []
    for _ in range(2):
        assert world.s3.call("GetObject", {"Bucket": "clips", "Key": "manifest"})["Body"].read() == b"lines"
    assert made == ["once"]


def test_what_was_handed_out_changes_nothing_inside(world: Buckets) -> None:
    metadata = {"drive": "7"}
    request = {"Bucket": "clips", "Key": "clip", "Body": bytearray(b"abc"), "Metadata": metadata}
    world.s3.call("PutObject", request)
    request["Body"].extend(b"d")  # type: ignore[attr-defined]
    metadata["drive"] = "8"
    world.s3.call("GetObject", {"Bucket": "clips", "Key": "clip"})["Metadata"]["drive"] = "9"
    found = world.s3.call("GetObject", {"Bucket": "clips", "Key": "clip"})
    assert (found["Body"].read(), found["Metadata"]) == (b"abc", {"drive": "7"})


def test_no_page_has_more_than_a_thousand_keys(world: Buckets) -> None:
    for number in range(1_001):
        world.s3.put("clips", f"{number}", b"")
    page = world.s3.call("ListObjectsV2", {"Bucket": "clips", "MaxKeys": 2_000})
    assert (len(page["Contents"]), page["MaxKeys"], page["IsTruncated"]) == (1_000, 1_000, True)


def test_the_end_of_an_empty_object_is_empty_and_its_beginning_is_not_there(world: Buckets) -> None:
    world.s3.put("clips", "empty", b"")
    request = {"Bucket": "clips", "Key": "empty"}
    found = world.s3.call("GetObject", {**request, "Range": "bytes=-5"})
    assert (found["Body"].read(), "ContentRange" in found) == (b"", False)
    with pytest.raises(ClientError) as error:
        world.s3.call("GetObject", {**request, "Range": "bytes=0-"})
    assert error.value.response["Error"]["Code"] == "InvalidRange"


def test_a_token_that_nobody_gave_is_refused(world: Buckets) -> None:
    with pytest.raises(ClientError) as error:
        world.s3.call("ListObjectsV2", {"Bucket": "clips", "ContinuationToken": "k"})
    assert error.value.response["Error"]["Code"] == "InvalidArgument"


def test_the_source_of_a_copy_may_be_a_quoted_path(world: Buckets) -> None:
    world.s3.put("clips", "a b%.mp4", b"content", "video/mp4")
    world.s3.call("CopyObject", {"Bucket": "clips", "Key": "copy", "CopySource": "/clips/a%20b%25.mp4"})
    found = world.s3.call("GetObject", {"Bucket": "clips", "Key": "copy"})
    assert (found["Body"].read(), found["ContentType"]) == (b"content", "video/mp4")


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("GetObject", {"Key": "k", "VersionId": "1"}),
        ("GetObject", {"Key": "k", "Range": "bytes=0-1,3-4"}),
        ("GetObject", {"Key": "k", "Range": "bytes=3-1"}),
        ("PutObject", {"Key": "k", "IfNoneMatch": "*"}),
        ("ListObjectsV2", {"StartAfter": "k"}),
        ("ListBuckets", {}),
    ],
)
def test_what_is_not_built_is_said_aloud(world: Buckets, operation: str, more: dict[str, Any]) -> None:
    world.s3.put("clips", "k", b"content")
    with pytest.raises(UnknownCall):
        world.s3.call(operation, {"Bucket": "clips", **more})


def test_keys_stay_sorted_in_rows_of_bounded_length() -> None:
    keys, chance = SortedKeys(), random.Random(7)  # noqa: S311 # always the same
    texts = {f"{chance.randrange(100_000)}" for _ in range(20_000)}
    shuffled = sorted(texts)
    chance.shuffle(shuffled)
    for text in shuffled:
        keys.add(text)
    for text in shuffled[:15_000]:
        keys.remove(text)
    found, at = [], keys.first_from("")
    while at is not None:
        found.append(at)
        at = keys.first_from(at + "\0")
    assert found == sorted(shuffled[15_000:])
    assert max(map(len, keys._rows)) <= 2_000
