"""The one place that knows what time it is."""

import time
from datetime import UTC, datetime


def now() -> float:
    """Seconds since the epoch. Whoever simulates time replaces this function."""
    return time.time()


def iso(seconds: float) -> str:
    """Epoch seconds as ISO 8601 in UTC with milliseconds, which sorts as text: `2026-11-20T10:00:00.000Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
