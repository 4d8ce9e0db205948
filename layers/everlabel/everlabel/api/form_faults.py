"""What is wrong with the form of a request, in words of JSON instead of Python's."""

import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from everlabel.definition import Fault

# Plain words for the types of error of which pydantic speaks in Python's; what is not here has its message.
_PLAIN = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
    "list_type": "must be a JSON array",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "too_short": "must have at least {min_length} {items}",
    "too_long": "must have at most {max_length} {items}",
    "string_too_short": "must have at least {min_length} {characters}",
    "string_too_long": "must have at most {max_length} {characters}",
    "string_pattern_mismatch": "must match {pattern}",
    "greater_than_equal": "must be at least {ge:.15g}",
    "less_than_equal": "must be at most {le:.15g}",
}


def form_faults(error: RequestValidationError) -> list[Fault]:
    """What is wrong with the form of a request: one fault a field, with the value that was given."""
    found = []
    for fault in error.errors():
        place = [part for part in fault["loc"] if part != "body"]
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".") or "body"
        given = fault.get("input")
        says_all = fault["type"] in {"missing", "extra_forbidden"} or isinstance(given, dict | list)
        shown = "" if says_all else f"; got {json.dumps(given, ensure_ascii=False, default=str):.200}"
        found.append(Fault(field, f"{_plain(fault, field)}{shown}"))
    return sorted(found)


def _plain(fault: Mapping[str, Any], field: str) -> str:
    """What is wrong, in words of JSON."""
    if field == "body" and fault["type"] == "missing":
        return "a body is needed"
    if fault["type"] not in _PLAIN:
        return str(fault["msg"]).removeprefix("Value error, ").replace("Input should be", "must be", 1)
    context = fault.get("ctx") or {}
    several = context.get("min_length", context.get("max_length")) != 1
    nouns = {"items": "items" if several else "item", "characters": "characters" if several else "character"}
    return _PLAIN[fault["type"]].format(**context, **nouns)
