"""The only clock of the stand-in: its seconds may pass faster than a wall clock's."""

import threading
import time
from datetime import UTC, datetime

from local.ground_truth.labeling_job import DAY


class Clock:
    """Ground Truth's seconds since the clock was made: `day_seconds` real seconds are one of its days.

    Dates are the wall clock's, since whoever reads them lives by that one. It can be held for a while, as a clock at a
    chess board is. Threads may share it.
    """

    def __init__(self, day_seconds: float = DAY) -> None:
        if day_seconds <= 0:
            raise ValueError("a day must last longer than nothing")
        self._scale = DAY / day_seconds
        self._began = time.monotonic()
        self._held_at: float | None = None
        self._lock = threading.Lock()

    def now(self) -> float:
        """Ground Truth's seconds since the beginning."""
        with self._lock:
            at = time.monotonic() if self._held_at is None else self._held_at
            return (at - self._began) * self._scale

    @property
    def is_held(self) -> bool:
        """Time stands still."""
        return self._held_at is not None

    def hold(self) -> None:
        """Time stands still until `release`."""
        with self._lock:
            if self._held_at is None:
                self._held_at = time.monotonic()

    def release(self) -> None:
        """Time goes on from where it stood."""
        with self._lock:
            if self._held_at is not None:
                self._began += time.monotonic() - self._held_at
                self._held_at = None

    def date(self) -> datetime:
        """The wall clock's date, in UTC."""
        return datetime.now(UTC)

    def real_seconds(self, seconds: float) -> float:
        """How long Ground Truth's seconds last on a wall clock."""
        return seconds / self._scale
