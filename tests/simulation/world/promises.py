"""What the application promises, and how a broken promise is said."""

from enum import StrEnum

WAKES_IN_SECONDS = 60.0
"""From the last outcome of a level to the next state, in 99 of 100 levels."""
WAKES_AT_WORST = 65 * 60.0
"""The same for each level: an hourly reconciler finds it, and has five minutes."""
MOST_HISTORY_EVENTS = 10_000
LONGEST_EXECUTION = 300 * 86_400.0


class Promise(StrEnum):
    """Everything that is checked, in words."""

    ONE_LIVE_TASK = "at most one live portal task per data object"
    ONE_LABEL = "exactly one accepted label per data object, never changed"
    SAME_LABELS = "level n+1 is given exactly the labels that level n accepted"
    FEW_ADMISSIONS = "portal admissions ≤ 1 + expiries + job replacements + retries by a person"
    ALL_END = "every started task ends Completed, or Failed or Stopped with a reason"
    IN_TIME = "once faults stop, everything ends within the bound"
    WAKES = "from the last outcome of a level to the next state: 60 s in 99 of 100 levels, 65 minutes in each"
    SHORT_HISTORY = f"an execution has at most {MOST_HISTORY_EVENTS:,} history events"
    SHORT_LIFE = f"an execution lasts at most {LONGEST_EXECUTION / 86_400:.0f} days"
    ANNOUNCED = "every completed task is announced, with its outputs in place, and no other is"
    NO_SECRETS = "no task token, label or presigned query in any log line"
    OWN_BUCKETS = "no function reads outside the buckets that it is allowed"
    QUARANTINE = "in quarantine is what was forged, and nothing else"


class Broken(BaseException):
    """A promise was broken: which, by what, when (seconds since 1970), and of which task if it is about one.

    No `Exception`, so that no handler can swallow it on its way out of the world.
    """

    def __init__(self, promise: Promise, what: str, at: float, task: str | None = None) -> None:
        super().__init__(promise, what, at, task)
        self.promise, self.what, self.at, self.task = promise, what, at, task

    def __str__(self) -> str:
        return f"{self.promise}: {self.what}"
