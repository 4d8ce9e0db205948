"""Deduplication ids: what goes to Ground Truth comes back as the same sending of the same object, or not at all."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel.data_object import CORRELATION_KEY, OBJECT_ID_KEY, DeduplicationId, ObjectKey

BUCKET = "everlabel-bucket"
KEY = ObjectKey("clip-0123456789abcdef", 1, "VOTVehicle", 42)
SENT = DeduplicationId(KEY, 2, 3)
TEXT = "s3://everlabel-bucket/clip-0123456789abcdef/1/VOTVehicle.2/000042/g3"

KEYS = st.builds(
    ObjectKey,
    st.from_regex(r"[A-Za-z0-9-]{1,57}", fullmatch=True),
    st.integers(1, 100),
    st.from_regex(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}", fullmatch=True),
    st.integers(0, 999_999_999),
)
IDS = st.builds(DeduplicationId, KEYS, st.integers(0, 999_999), st.integers(0, 999_999_999))


def test_an_id_is_readable() -> None:
    assert SENT.text(BUCKET) == TEXT
    assert DeduplicationId.parse(TEXT, BUCKET) == SENT


@given(IDS)
def test_an_id_reads_back_as_what_it_was(sent: DeduplicationId) -> None:
    text = sent.text(BUCKET)
    assert DeduplicationId.parse(text, BUCKET) == sent
    # As documented for ids of one's own: https://docs.aws.amazon.com/sagemaker/latest/dg/sms-streaming-labeling-job.html
    assert re.fullmatch(r"(https|s3)://([^/]+)/?(.*)", text)
    assert len(text) <= 1_024


@given(IDS, IDS)
def test_two_sendings_never_have_one_id(one: DeduplicationId, other: DeduplicationId) -> None:
    assert (one.text(BUCKET) == other.text(BUCKET)) == (one == other)


@given(IDS)
def test_an_expired_object_gets_an_id_that_was_never_used(sent: DeduplicationId) -> None:
    after = replace(sent, generation=min(sent.generation, 999_999_998)).next_generation()
    assert after.key == sent.key
    assert after.epoch == sent.epoch
    assert DeduplicationId.parse(after.text(BUCKET), BUCKET).generation == after.generation
    assert SENT.next_generation().generation == 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "UniqueId",
        TEXT.replace("everlabel-bucket", "other-bucket"),
        TEXT.replace("s3://", "https://"),
        TEXT + "/",
        TEXT + "\n",
        " " + TEXT,
        TEXT.replace("/g3", "/g03"),
        TEXT.replace("/g3", "/g-1"),
        TEXT.replace("/g3", "/3"),
        TEXT.replace("/000042/", "/42/"),
        TEXT.replace("/000042/", "/0000042/"),
        TEXT.replace("/000042/", "/٠٠٠٠٤٢/"),
        TEXT.replace("/1/", "/0/"),
        TEXT.replace("/1/", "/01/"),
        TEXT.replace(".2/", "/"),
        TEXT.replace(".2/", ".02/"),
        TEXT.replace("VOTVehicle", "VOT#Vehicle"),
        TEXT.replace("VOTVehicle", "../x"),
        TEXT.replace("clip-", "clip/"),
    ],
)
def test_an_id_that_we_never_write_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a deduplication id"):
        DeduplicationId.parse(text, BUCKET)


@given(st.one_of(st.text(), st.text(alphabet="0123456789/.gs:-aV", max_size=80).map("s3://everlabel-bucket/{}".format)))
def test_any_other_text_is_refused_or_is_exactly_an_id(text: str) -> None:
    try:
        sent = DeduplicationId.parse(text, BUCKET)
    except ValueError:
        return
    assert sent.text(BUCKET) == text


@given(KEYS, st.sampled_from(["OPEN", "DONE", "SURPLUS"]))
def test_a_range_key_leads_back_to_the_object(key: ObjectKey, kind: str) -> None:
    assert ObjectKey.of_item(key.task_id, key.item(kind)) == key
    assert ObjectKey.of_item(key.task_id, f"{key.item(kind)}#0123456789abcdef") == key


def test_range_keys_sort_as_the_objects_do() -> None:
    items = [replace(KEY, index=index).item("OPEN") for index in (0, 9, 10, 999, 1_000, 999_999)]
    assert items == sorted(items)
    assert items[0] == "OPEN#1#VOTVehicle#000000"


def test_a_correlation_key_names_the_object() -> None:
    assert str(KEY) == "clip-0123456789abcdef/1/VOTVehicle/000042"


@pytest.mark.parametrize("name", [OBJECT_ID_KEY, CORRELATION_KEY])
def test_our_attribute_names_are_of_the_documented_form(name: str) -> None:
    assert re.fullmatch(r"[$a-zA-Z0-9](-*[a-zA-Z0-9])*", name)
    assert len(name) <= 140
