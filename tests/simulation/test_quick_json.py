"""What reads JSON while a world runs reads the same, and refuses the same in the same words."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.simulation.world.quick_json import dumps, loads

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)


def told(read: Any, text: str | bytes, **options: Any) -> str:
    """What is read, or why not; with the types of numbers, and the order of keys."""
    try:
        return repr(read(text, **options))
    except ValueError as error:
        return str(error)


def written(write: Any, value: Any, options: dict[str, Any]) -> str:
    """What is written, or why not."""
    try:
        return str(write(value, **options))
    except (TypeError, ValueError) as error:
        return str(error)


@given(values, st.sampled_from([None, 2]), st.sampled_from(["", " ", "\n"]))
def test_what_was_written_should_be_read_the_same(value: Any, indent: int | None, around: str) -> None:
    text = around + json.dumps(value, indent=indent) + around
    assert told(loads, text) == told(json.loads, text)
    assert told(loads, text.encode()) == told(json.loads, text.encode())
    assert told(loads, text, parse_float=str) == told(json.loads, text, parse_float=str)


@given(
    st.one_of(values, st.dictionaries(st.integers() | st.none() | st.tuples(), values | st.just(object))),
    st.fixed_dictionaries(
        {},
        optional={
            "ensure_ascii": st.booleans(),
            "separators": st.just((",", ":")),
            "sort_keys": st.booleans(),
            "allow_nan": st.booleans(),
            "skipkeys": st.booleans(),
            "indent": st.sampled_from([None, 2]),
            "default": st.just(repr),
            "cls": st.just(json.JSONEncoder),
        },
    ),
)
@example("text", {})
@example({"b": 1, "a": ["\ud800", 1e400]}, {"ensure_ascii": False, "sort_keys": True})
def test_what_is_written_should_be_the_same(value: Any, options: dict[str, Any]) -> None:
    assert written(dumps, value, options) == written(json.dumps, value, options)


def test_a_circle_should_be_refused_and_nothing_be_left_of_it() -> None:
    circle: list[Any] = [1]
    circle.append(circle)
    assert written(dumps, circle, {}) == written(json.dumps, circle, {}) == "Circular reference detected"
    del circle[1]
    assert dumps([circle, circle]) == "[[1], [1]]"


@given(st.text(alphabet='{}[]",:0123456789.-+eEtrufalsn \\\n\ufeff'))
@example("")
@example("1 2")
@example('{"a":1}x')
@example("\ufeff1")
@example('"\ud800"')
def test_anything_else_should_be_read_or_refused_the_same(text: str) -> None:
    assert told(loads, text) == told(json.loads, text)
    assert told(loads, text, object_pairs_hook=tuple) == told(json.loads, text, object_pairs_hook=tuple)
    assert told(loads, text, cls=json.JSONDecoder) == told(json.loads, text, cls=json.JSONDecoder)
