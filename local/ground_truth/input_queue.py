"""A labeling job's queue: what waits for a place in the portal, for how long, and what was seen before.

Source: SageMaker developer guide, "Manage labeling requests with an Amazon SQS queue", "Duplicate message handling".
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from local.ground_truth.events import Message
from local.ground_truth.unknowns import Unknowns


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: Message
    expires_at: float


class InputQueue:
    """Messages in order of arrival, each for `retention` seconds. `read_id` gives a message's deduplication id, or None
    if it has none that can be read."""

    def __init__(self, retention: float, unknowns: Unknowns, read_id: Callable[[Message], str | None]) -> None:
        self._retention = retention
        self._unknowns = unknowns
        self._read_id = read_id
        self._waiting: OrderedDict[int, _Waiting] = OrderedDict()  # a dict would be slow to find its first
        self._arrivals = 0
        self._seen: set[str] = set()
        self._places: dict[str, int] = {}  # by id, for deduplication at arrival only

    def __len__(self) -> int:
        return len(self._waiting)

    def next_expiry(self) -> float | None:
        """When the oldest message expires."""
        return next(iter(self._waiting.values())).expires_at if self._waiting else None

    def put(self, message: Message, now: float) -> Message | None:
        """A message arrives. Returns what is discarded here and now as a duplicate: this one, or the earlier copy whose
        place it takes; None if it is new."""
        dedup_id = self._read_id(message) if self._unknowns.dedup == "arrival" else None
        if dedup_id is None:
            self._append(message, now)
            return None
        if dedup_id not in self._seen:
            self._seen.add(dedup_id)
            self._places[dedup_id] = self._append(message, now)
            return None
        if dedup_id in self._places and self._unknowns.resend_renews_retention:
            earlier = self._waiting.pop(self._places[dedup_id])
            self._places[dedup_id] = self._append(message, now)
            return earlier.message
        return message

    def take(self) -> Message:
        """The oldest message, for the portal."""
        return self._leave()[0]

    def expire(self) -> Message:
        """The oldest message, which nobody will ever hear of."""
        message, dedup_id = self._leave()
        if dedup_id is not None and self._unknowns.queue_expiry_forgets_id:
            self._seen.discard(dedup_id)
        return message

    def is_first_taken(self, dedup_id: str) -> bool:
        """An id goes to the portal for the first time; always so if duplicates were discarded at arrival."""
        if self._unknowns.dedup == "arrival":
            return True
        is_first = dedup_id not in self._seen
        self._seen.add(dedup_id)
        return is_first

    def _append(self, message: Message, now: float) -> int:
        self._arrivals += 1
        self._waiting[self._arrivals] = _Waiting(message, now + self._retention)
        return self._arrivals

    def _leave(self) -> tuple[Message, str | None]:
        message = self._waiting.popitem(last=False)[1].message
        dedup_id = self._read_id(message) if self._places else None
        if dedup_id is not None:
            self._places.pop(dedup_id, None)
        return message, dedup_id
