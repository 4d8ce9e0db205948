"""Text and JSON that means harm or makes no sense, as hypothesis draws it."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

CANARY = "canary-of-a-presigned-url"
_TEXTS = (
    "",
    " ",
    "\0",
    "\ud800",
    "cut \ud83d",
    "\u202egpj.pilc",  # read from right to left
    "\ufeffs3://clips/a",
    "s3://сlips/a.mp4",  # its first letter is Cyrillic
    "ｓ３://clips/a",
    "S3://clips/a",
    "s3://clips/../a",
    "s3://clips/%2e%2e/a",
    f"s3://clips/a?X-Amz-Signature={CANARY}",
    f"https://clips.s3.amazonaws.com/a?X-Amz-Signature={CANARY}",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data/",
    "arn:aws:sns:us-east-1:123456789012:nobody",
    "__proto__",
    "{{7*7}}",
    "'; DROP TABLE clips; --",
    "a" * 1_000_000,
    "é" * 600,
    "e\u0301",
    "NaN",
    "1",
    "true",
)
# Written as they are, because Python writes none of them so.
_RAW = (
    "NaN",
    "-Infinity",
    "1e400",
    "-1e9999",
    "1" + "0" * 4_000,
    "1" + "0" * 5_000,
    "-0.0",
    "1.0",
    "1E+2",
    '"\\ud800"',
    '"\\u0000"',
    '{"a": 1, "a": 2}',
    "[" * 99 + "]" * 99,
    "[" * 101 + "]" * 101,
    "[" * 50_000 + "]" * 50_000,
    '{"a":' * 20_000 + "1" + "}" * 20_000,
    "[" * 50_000,
    "",
)
texts = st.sampled_from(_TEXTS) | st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container and key below a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for key in keys:
        yield value, key
        yield from _places(value[key])


@st.composite
def mutated_values(draw: st.DrawFn, good: Any) -> Any:
    """A good JSON value with one to three members replaced, removed, added, or moved where they do not belong."""
    value = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(value))
        if not places:
            return draw(values)
        container, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["replace", "remove", "add", "swap", "wrap"])):
            case "replace":
                container[key] = draw(values)
            case "remove":
                del container[key]
            case "add" if isinstance(container, dict):
                container[draw(texts)] = draw(values)
            case "add":
                container.append(draw(values))
            case "swap":
                other, at = draw(st.sampled_from(places))
                container[key] = copy.deepcopy(other[at])
            case _:
                container[key] = draw(st.sampled_from([[container[key]], {"a": container[key]}]))
    return value


@st.composite
def mutated_texts(draw: st.DrawFn, good: Any) -> str:
    """The text of a good JSON value, damaged as a value or as text."""
    match draw(st.sampled_from(["value", "raw", "doubled", "cut", "around"])):
        case "value":
            return json.dumps(draw(mutated_values(good)), ensure_ascii=draw(st.booleans()))
        case "raw":
            value = copy.deepcopy(good)
            container, key = draw(st.sampled_from(list(_places(value))))
            container[key] = "RAW"
            return json.dumps(value).replace('"RAW"', draw(st.sampled_from(_RAW)))
        case "doubled":
            text = json.dumps(good)
            first = json.dumps(next(iter(good)))
            return f"{text[:-1]}, {first}: {json.dumps(draw(values))}}}"
        case "cut":
            text = json.dumps(good)
            return text[: draw(st.integers(0, len(text) - 1))]
        case _:
            before, after = draw(texts), draw(texts)
            return f"{before}{json.dumps(good)}{after}"
