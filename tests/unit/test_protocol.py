"""What goes to a labeling job, and what is understood of what comes back."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel.data_object import CORRELATION_KEY, OBJECT_ID_KEY, DeduplicationId, ObjectKey
from everlabel.errors import ManifestRefused
from everlabel.protocol import (
    NotPlaceable,
    OutcomeKind,
    OutputLine,
    input_message,
    read_line,
    read_output,
    sent_id,
    without_ids,
)
from tests.conftest import STACK

BUCKET, ATTRIBUTE = f"{STACK}-bucket", "VOTVehicle-ref"
SENT = DeduplicationId(ObjectKey("clip-0", 1, "VOTVehicle", 7), 0, 2)
REFUSED = re.compile("(?i)unsupported|corrupt")
LABEL = "s3://everlabel-bucket/labeling-jobs/VOTVehicle/output/SeqLabel.json"
IDS = {OBJECT_ID_KEY: SENT.text(BUCKET), CORRELATION_KEY: str(SENT.key)}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def understood(line: dict[str, Any], attribute: str = ATTRIBUTE) -> OutputLine:
    return read_output(line, sent_id(line, BUCKET), attribute, REFUSED)


def test_a_message_is_the_manifest_line_with_our_ids() -> None:
    message = json.loads(input_message({"source-ref": "s3://clips/straße.json", "extra": [1]}, SENT, BUCKET))
    assert message == {
        "source-ref": "s3://clips/straße.json",
        "extra": [1],
        "dataset-objectid-attribute-name": OBJECT_ID_KEY,
        OBJECT_ID_KEY: "s3://everlabel-bucket/clip-0/1/VOTVehicle.0/000007/g2",
        CORRELATION_KEY: "clip-0/1/VOTVehicle/000007",
    }


def test_ids_of_the_level_before_do_not_travel_on() -> None:
    before = {**IDS, "dataset-objectid-attribute-name": "other", ATTRIBUTE: LABEL}
    after = DeduplicationId(ObjectKey("clip-0", 2, "AdjVOTVehicle", 0), 0, 0)
    message = json.loads(input_message(before, after, BUCKET))
    assert sent_id(message, BUCKET) == after
    assert message["dataset-objectid-attribute-name"] == OBJECT_ID_KEY
    assert without_ids(message) == without_ids(before) == {ATTRIBUTE: LABEL}


def test_a_message_may_have_as_many_characters_as_a_manifest_line() -> None:
    spare = 100_000 - len(input_message({"x": ""}, SENT, BUCKET))
    assert len(input_message({"x": "ü" * spare}, SENT, BUCKET)) == 100_000
    with pytest.raises(ManifestRefused, match="100001 characters"):
        input_message({"x": "ü" * (spare + 1)}, SENT, BUCKET)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_whatever_line_is_sent_comes_back_to_its_sending(line: dict[str, Any]) -> None:
    message = read_line(input_message(line, SENT, BUCKET))
    assert sent_id(message, BUCKET) == SENT
    assert without_ids(message).keys() == without_ids(line).keys()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "5", '"text"', "{'source-ref': 1}", "[" * 100_000])
def test_what_is_no_json_object_cannot_be_placed(text: str) -> None:
    with pytest.raises(NotPlaceable, match=r"not JSON|not a JSON object"):
        read_line(text)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({OBJECT_ID_KEY: None}, f"has no {OBJECT_ID_KEY}"),
        ({OBJECT_ID_KEY: 5}, f"has no {OBJECT_ID_KEY}"),
        ({OBJECT_ID_KEY: "UniqueId"}, "not a deduplication id"),
        ({OBJECT_ID_KEY: SENT.text("other-bucket")}, "not a deduplication id"),
        ({CORRELATION_KEY: "clip-0/1/VOTVehicle/000008"}, "different data objects"),
        ({CORRELATION_KEY: None}, "different data objects"),
    ],
)
def test_an_output_line_must_say_which_sending_it_answers(change: dict[str, Any], why: str) -> None:
    with pytest.raises(NotPlaceable, match=why):
        sent_id({**IDS, **change}, BUCKET)


def test_the_id_is_enough_if_the_correlation_key_did_not_come_back() -> None:
    assert sent_id({OBJECT_ID_KEY: SENT.text(BUCKET)}, BUCKET) == SENT


def test_a_label_file_is_a_label() -> None:
    line = {**IDS, ATTRIBUTE: LABEL, f"{ATTRIBUTE}-metadata": {"human-annotated": "yes"}}
    assert understood(line) == OutputLine(SENT, OutcomeKind.LABELED, None, LABEL)


@pytest.mark.parametrize("label", [0, 3, "car", {"annotations": []}, False])
def test_a_label_in_the_line_is_a_label_that_lies_nowhere(label: Any) -> None:
    assert understood({**IDS, "Cars": label}, "Cars") == OutputLine(SENT, OutcomeKind.LABELED, None, None)


@pytest.mark.parametrize(
    "label", [0, "", False, [], {}, "car", "S3://b/k", "https://b/k", f"{LABEL}?X-Amz-Signature=1", "s3://b/a/../k"]
)
def test_a_reference_must_be_a_place(label: Any) -> None:
    with pytest.raises(NotPlaceable, match="no place in Amazon S3"):
        understood({**IDS, ATTRIBUTE: label})


@pytest.mark.parametrize(
    ("reason", "kept"), [("y" * 200_000, "y" * 1_000), ("cut \ud83d", "cut ?"), ([1, "\udc00"], "[1, '\\udc00']")]
)
def test_a_reason_is_kept_as_far_as_it_can_be(reason: Any, kept: str) -> None:
    assert understood({**IDS, f"{ATTRIBUTE}-metadata": {"failure-reason": reason}}).reason == kept


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("no frame at https://b.s3/f.jpg?X-Amz-Signature=secret", "no frame at https://b.s3/f.jpg?…"),
        ("'s3://b/f?a=secret&b=secret', s3://b/g?a=secret then", "'s3://b/f?…', s3://b/g?… then"),
        ("declined: too dark? yes", "declined: too dark? yes"),
        (f"{'y' * 980} https://b/f?X-Amz-Signature=secret", f"{'y' * 980} https://b/f?…"),
    ],
)
def test_a_failure_reason_should_lose_the_query_of_a_presigned_url(reason: str, kept: str) -> None:
    assert understood({**IDS, f"{ATTRIBUTE}-metadata": {"failure-reason": reason}}).reason == kept


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Task expired", OutcomeKind.EXPIRED),
        ("", OutcomeKind.EXPIRED),
        ("something nobody knows", OutcomeKind.EXPIRED),
        ("Unsupported image format", OutcomeKind.REFUSED),
        ("file is CORRUPT", OutcomeKind.REFUSED),
    ],
)
@pytest.mark.parametrize("label", [{}, {ATTRIBUTE: 0}, {ATTRIBUTE: LABEL}])
def test_a_failure_reason_outweighs_a_label(reason: str, kind: OutcomeKind, label: dict[str, Any]) -> None:
    line = {**IDS, **label, f"{ATTRIBUTE}-metadata": {"failure-reason": reason}}
    assert understood(line) == OutputLine(SENT, kind, reason, None)


@pytest.mark.parametrize(
    "line",
    [
        {},
        {ATTRIBUTE: None},
        {f"{ATTRIBUTE}-metadata": {}},
        {f"{ATTRIBUTE}-metadata": "failure-reason"},
        {f"{ATTRIBUTE}-metadata": {"failure-reason": None}},
        {"other-ref": LABEL, "other-ref-metadata": {"failure-reason": "expired"}},
    ],
)
def test_neither_label_nor_reason_goes_to_quarantine(line: dict[str, Any]) -> None:
    with pytest.raises(NotPlaceable, match=f"neither {ATTRIBUTE} nor a failure-reason"):
        understood({**IDS, **line})


@given(JSON | st.text(), st.booleans(), JSON, JSON)
def test_no_output_line_raises_anything_but_not_placeable(line: Any, ours: bool, label: Any, metadata: Any) -> None:
    if ours and isinstance(line, dict):
        line |= {**IDS, ATTRIBUTE: label, f"{ATTRIBUTE}-metadata": metadata}
    text = line if isinstance(line, str) else json.dumps(line)
    try:
        found = understood(read_line(text))
    except NotPlaceable:
        return
    assert found.sent == SENT
    assert (found.reason is None) == (found.kind is OutcomeKind.LABELED)


@given(JSON, JSON)
def test_whatever_stands_where_the_ids_belong_is_placed_or_not_placeable(object_id: Any, correlation: Any) -> None:
    with pytest.raises(NotPlaceable):
        sent_id({OBJECT_ID_KEY: object_id, CORRELATION_KEY: correlation}, BUCKET)
