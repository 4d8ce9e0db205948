"""The history of an execution: counted in full, kept as far as wanted.

Events are counted as Step Functions writes them:

| what happens | events |
|---|---|
| an execution | ExecutionStarted; ExecutionSucceeded, …Failed, …Aborted or …TimedOut |
| Choice, Wait, Pass, Succeed | …StateEntered, …StateExited |
| Fail | FailStateEntered |
| Task | TaskStateEntered; three to four for each attempt; TaskStateExited, also when the error is caught |
| an attempt | TaskScheduled, TaskStarted; with a token TaskSubmitted; TaskSucceeded, TaskFailed or TaskTimedOut |
| an attempt that cannot be made: a path leads nowhere, a number is wrong | none |

So one round of a clip that is sent and waits five days for nothing costs 5 + 2 + 6 events.
"""

from collections import deque
from dataclasses import dataclass

from tests.simulation.asl import RUNTIME, Failure
from tests.simulation.schedule import Clock

MAX_EVENTS = 25_000
"""An execution with one event less goes on only if it then succeeds:
https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-history-limit"""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry."""

    at: float
    type: str
    details: dict[str, str | None]


class History:
    """`count` has all events, `kept` the last of them."""

    __slots__ = ("_clock", "count", "kept")

    def __init__(self, clock: Clock, keep: int) -> None:
        self.count = 0
        # An empty deque has room for 64.
        self.kept: deque[Event] | list[Event] = deque(maxlen=keep) if keep else []
        self._clock = clock

    def add(self, event: str, **details: str | None) -> None:
        """An event with more to follow. Raises `Failure` if there is no room for those."""
        if self.count >= MAX_EVENTS - 1:
            # The error's name is not documented.
            raise Failure(RUNTIME, f"The execution reached the maximum number of history events ({MAX_EVENTS}).")
        self.count += 1
        if isinstance(self.kept, deque):
            self.kept.append(Event(self._clock.now(), event, details))

    def close(self, event: str, **details: str | None) -> None:
        """The last event, for which there is always room."""
        self.count += 1
        if isinstance(self.kept, deque):
            self.kept.append(Event(self._clock.now(), event, details))
