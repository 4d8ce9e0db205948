"""JSON from outside, read more strictly than Python reads it."""

import json
import math
from collections import Counter
from typing import Any

# Python's own bound depends on how deep it stands already, so what one step reads another might not.
MOST_LEVELS = 100


class _Doubled(ValueError):
    """A key that one object has twice: which value is meant, every reader guesses differently."""


class _TooLarge(ValueError):
    """A number that no other reader takes for what it is: Python makes infinity of 1e400, and writes it as such."""


def read(text: bytes) -> Any:
    """Any JSON value out of a document, as `read_text` takes it.

    Raises:
        ValueError: also if it is not Unicode. Half of a surrogate pair can be written to no file.
    """
    try:
        value = read_text(text.decode())
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        raise ValueError("is not Unicode text") from None
    return value


def read_text(text: str) -> Any:
    """Any JSON value out of its text.

    Raises:
        ValueError: with the reason, if it is not JSON that everyone else would take too: NaN and Infinity are none, a
            key that is there twice loses a value, and what is nested in more than 100 levels is read by few.
    """
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_once_each)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except (_Doubled, _TooLarge):
        raise
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from None
    if text.count("[") + text.count("{") > MOST_LEVELS:  # with fewer it cannot be too deep, and most have few
        _refuse_too_deep(value)
    return value


def _refuse_too_deep(value: Any) -> None:
    level: list[dict[str, Any] | list[Any]] = [[value]]
    for _ in range(MOST_LEVELS + 1):
        members = [member for outer in level for member in (outer.values() if isinstance(outer, dict) else outer)]
        level = [member for member in members if isinstance(member, dict | list)]
        if not level:
            return
    raise ValueError("is nested too deeply")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        times = Counter(key for key, _ in pairs)
        twice = next(key for key, count in times.items() if count > 1)
        raise _Doubled(f"has the key {twice!r:.100} twice in one object")
    return members


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _TooLarge(f"has a number that is too large: {digits:.30}")
    return number


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")
