"""JSON from outside is read, or refused with a reason, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel import strict_json


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"{'a': 1}", "is not JSON"),
        (b"[NaN]", "is not JSON: NaN"),
        (b"-Infinity", "is not JSON: -Infinity"),
        (b"9" * 5_000, "is not JSON"),
        (b"\xff", "is not Unicode text"),
        (b'"\\ud800"', "is not Unicode text"),
        (b'{"\\udfff": 1}', "is not Unicode text"),
        (b'{"a": 1, "a": 1}', "^has the key 'a' twice in one object$"),
        (b'[{"b": {"a": 1, "c": 2, "a": 3}}]', "^has the key 'a' twice"),
        (b'{"\\ud800": 1, "\\ud800": 2}', r"^has the key '\\ud800' twice"),
        (b'{"fps": 1e400}', "^has a number that is too large: 1e400$"),
        (b"[-1e9999]", "^has a number that is too large"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"[" * 101 + b"]" * 101, "is nested too deeply"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "is nested too deeply"),
        (b"[" * 50_000 + b"]" * 50_000, "is nested too deeply"),
    ],
)
def test_what_others_would_not_take_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        strict_json.read(text)


def test_a_key_may_be_in_each_of_many_objects() -> None:
    assert strict_json.read(b'[{"a": {"a": 1}}, {"a": 2}]') == [{"a": {"a": 1}}, {"a": 2}]


@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_a_hundred_levels_are_read(begin: str, end: str) -> None:
    text = begin * 100 + "1" + end * 100
    assert json.dumps(strict_json.read(text.encode()), separators=(",", ":")) == text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES, st.booleans())
def test_every_json_value_is_read(value: Any, ascii_only: bool) -> None:
    assert strict_json.read(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        value = strict_json.read(text)
    except ValueError:
        return
    assert json.loads(text) == value
