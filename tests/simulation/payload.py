"""How large the data of an execution may be."""

import json
from typing import Any

from tests.simulation.asl import Failure
from tests.simulation.states import DATA_LIMIT_EXCEEDED

MAX_DATA = 262_144
"""Bytes of UTF-8 that a state may be given or give: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


def size(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def text_of(data: Any) -> str:
    """Data as Step Functions writes them: without spaces, and with every character as it is."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def within_limit(data: Any, bound: int) -> int:
    """How many bytes the data have at most. Raises `Failure` if they have more than `MAX_DATA`.

    They are written and counted only if `bound`, which is never too low, allows for too many.
    """
    if bound <= MAX_DATA:
        return bound
    exactly = size(text_of(data))
    if exactly > MAX_DATA:
        raise Failure(DATA_LIMIT_EXCEEDED, f"{exactly} bytes are more than the {MAX_DATA} that a payload may have.")
    return exactly
