"""What Step Functions says of an error, in words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel.failures import in_words


@pytest.mark.parametrize(
    ("error", "cause", "words"),
    [
        (
            "ClipRefused",
            json.dumps({"errorMessage": "not a video", "errorType": "ClipRefused", "stackTrace": ["  File …"]}),
            "ClipRefused: not a video",
        ),
        ("ObjectsFailed", "2 data objects have no label", "ObjectsFailed: 2 data objects have no label"),
        ("States.Timeout", "", "States.Timeout"),
        ("States.Timeout", "  \n", "States.Timeout"),
        ("Lambda.Unknown", "[1]", "Lambda.Unknown: [1]"),
        ("Lambda.Unknown", '{"other": 1}', 'Lambda.Unknown: {"other": 1}'),
        ("Lambda.Unknown", '{"errorMessage": ""}', 'Lambda.Unknown: {"errorMessage": ""}'),
        ("Lambda.Unknown", "{", "Lambda.Unknown: {"),
    ],
)
def test_an_error_is_one_sentence_without_a_stack_trace(error: str, cause: str, words: str) -> None:
    assert in_words(error, cause) == words


@given(st.text(min_size=1), st.text())
def test_any_error_has_words(error: str, cause: str) -> None:
    assert in_words(error, cause).startswith(error)


def test_a_cause_that_is_nested_without_end_is_given_as_it_is() -> None:
    assert in_words("E", "[" * 100_000) == f"E: {'[' * 100_000}"
