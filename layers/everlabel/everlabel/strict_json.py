"""JSON from outside, read more strictly than Python reads it."""

import json
from typing import Any


class _Doubled(ValueError):
    """A key that one object has twice: which value is meant, every reader guesses differently."""


def read(text: bytes) -> Any:
    """Any JSON value out of its text.

    Raises:
        ValueError: with the reason, if it is not JSON that everyone else would take too: NaN and Infinity are none,
            half of a surrogate pair can be written to no file, and a key that is there twice loses a value.
    """
    try:
        value = json.loads(text.decode(), parse_constant=_no_number, object_pairs_hook=_once_each)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except UnicodeError:
        raise ValueError("is not Unicode text") from None
    except _Doubled:
        raise
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from None
    return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            raise _Doubled(f"has the key {key!r:.100} twice in one object")
        members[key] = value
    return members


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")
