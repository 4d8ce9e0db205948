"""Moments as people say them: how long ago."""

import re
from datetime import datetime, timedelta

_AGO = re.compile(r"(\d{1,9})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def ago(text: str, now: datetime) -> datetime | None:
    """When `90m`, `24h` or `7d` ago was; None if the text is not written so, or that is before all calendars."""
    found = _AGO.fullmatch(text)
    if found is None:
        return None
    try:
        return now - timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError:
        return None
