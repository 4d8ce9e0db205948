"""Virtual time: nothing waits, the clock jumps to whatever comes next."""

import heapq
from collections.abc import Callable
from math import inf
from typing import Protocol


class Handle(Protocol):
    """Something that is going to happen."""

    def cancel(self) -> None:
        """It will not happen. Does nothing if it has."""


class Clock(Protocol):
    """What a simulated service knows of time."""

    def now(self) -> float:
        """Seconds since 1970."""

    def at(self, time: float, callback: Callable[[], None]) -> Handle:
        """Calls back once at `time`, in seconds since 1970."""


class Event:
    """One entry of a `Schedule`."""

    __slots__ = ("_callback", "_schedule")

    def __init__(self, schedule: "Schedule", callback: Callable[[], None]) -> None:
        self._schedule: Schedule | None = schedule
        self._callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """It will not happen. Does nothing if it has."""
        schedule, self._schedule, self._callback = self._schedule, None, None
        if schedule is not None:
            schedule._forget_one()

    def take(self) -> Callable[[], None] | None:
        """What is to be called, once; None if it was cancelled."""
        callback, self._callback, self._schedule = self._callback, None, None
        return callback


class Schedule:
    """The clock of a simulation and everything that is going to happen.

    Equal times happen in the order in which they were asked for. A callback may ask for more, also for now.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._asked = 0
        self._cancelled = 0
        self._heap: list[tuple[float, int, Event]] = []
        self._until = -inf

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    def at(self, time: float, callback: Callable[[], None]) -> Event:
        """Calls back once at `time`. Raises ValueError if that has passed."""
        if not time >= self._now:  # also true of NaN
            raise ValueError(f"{time} has passed, it is {self._now}")
        self._asked += 1
        event = Event(self, callback)
        heapq.heappush(self._heap, (time, self._asked, event))
        return event

    def __len__(self) -> int:
        """How many events are to come."""
        return len(self._heap) - self._cancelled

    def next_at(self) -> float | None:
        """When the next event is; None if there is none."""
        while self._heap and self._heap[0][2]._callback is None:
            heapq.heappop(self._heap)
            self._cancelled -= 1
        return self._heap[0][0] if self._heap else None

    def step(self) -> bool:
        """Goes to the next event and lets it happen. Returns False if there is none."""
        while self._heap:
            time, _, event = heapq.heappop(self._heap)
            callback = event.take()
            if callback is None:
                self._cancelled -= 1
                continue
            self._now = time
            callback()
            return True
        return False

    def skip_to(self, time: float) -> bool:
        """Makes it `time` at once, if `run_until` goes as far and nothing is to happen before or then; says whether.

        What would ask for that time, and stop, and go on first of all, may as well go on.
        """
        if time > self._until or (self._heap and self._heap[0][0] <= time):
            return False
        self._now = time
        return True

    def run_until(self, time: float) -> None:
        """Lets everything happen up to and including `time`, which it then is."""
        self._until = time
        try:
            self._happen_until(time)
        finally:
            self._until = -inf
        self._now = max(self._now, time)

    def _happen_until(self, time: float) -> None:
        # As `step` while `next_at` allows it, at half the price.
        while (heap := self._heap) and heap[0][0] <= time:
            due, _, event = heapq.heappop(heap)
            callback = event._callback
            if callback is None:
                self._cancelled -= 1
                continue
            event._callback = event._schedule = None
            self._now = due
            callback()

    def _forget_one(self) -> None:
        """Cancelled entries are skipped when their time comes; when most are cancelled, they are thrown out before."""
        self._cancelled += 1
        if self._cancelled > 1000 and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2]._callback is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0
