"""One standard queue of Amazon SQS: where its messages are, and when they move on by themselves."""

import heapq
import itertools
import math
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.simulation.queue_attributes import QueueAttributes

REMEMBERED = 2 * 86_400.0
"""For how many seconds a queue can say how old its oldest message was."""
_MANY = 1_000
_SURROGATES = "surrogatepass"
_TROUBLESOME = 3
"""Receives after which CloudWatch leaves a message out of the age of the oldest:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"""


class Order:
    """Numbers in the order of a key each, with insertion and removal in O(log n)."""

    def __init__(self) -> None:
        self._keys: dict[int, float] = {}
        self._heap: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, number: int) -> bool:
        return number in self._keys

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)

    def key(self, number: int) -> float | None:
        """The key of a number, if it is there."""
        return self._keys.get(number)

    def put(self, number: int, key: float) -> None:
        """Adds a number, or moves it."""
        self._keys[number] = key
        heapq.heappush(self._heap, (key, number))

    def remove(self, number: int) -> None:
        """Takes a number out, if it is there."""
        if self._keys.pop(number, None) is not None and len(self._heap) > 2 * len(self._keys) + 64:
            # What was removed stays in the heap until it comes up; one old number would keep all of it.
            self._heap = [(key, number) for number, key in self._keys.items()]
            heapq.heapify(self._heap)

    def first(self) -> tuple[float, int] | None:
        """The smallest key and its number."""
        while self._heap:
            key, number = self._heap[0]
            if self._keys.get(number) == key:
                return key, number
            heapq.heappop(self._heap)
        return None

    def up_to(self, key: float) -> Iterator[int]:
        """Takes out, in order, all numbers whose key is at most this."""
        while (first := self.first()) is not None and first[0] <= key:
            self.remove(first[1])
            yield first[1]


@dataclass(slots=True)
class Message:
    """A message, and what happened to it since it was sent. Times are seconds since 1970."""

    id: str
    _body: str | bytes
    sent_at: float
    number: int = 0
    """Its place in the queue where it is now."""
    source: str | None = None
    """ARN of the queue it was moved from as a dead letter."""
    received: int = 0
    first_received_at: float = 0.0
    received_at: float = 0.0

    @property
    def body(self) -> str:
        """What was sent."""
        return self._body if isinstance(self._body, str) else zlib.decompress(self._body).decode("utf-8", _SURROGATES)

    def hand_over(self) -> str:
        """The body, for the service that owns the queue, as long as the message still waits in it: it takes no room any
        more, and nobody can read it here again."""
        body, self._body = self.body, b""
        return body

    def pack(self) -> None:
        """Takes less room from now on."""
        self._body = zlib.compress(self.body.encode("utf-8", _SURROGATES), 1)


class Queue:
    """Messages that are visible, delayed or in flight.

    Every method is given the time and first lets happen what was due by then. Of several visible messages the one that
    came first is received first; Amazon SQS promises no order.
    """

    def __init__(self, arn: str, made_at: float) -> None:
        self.arn = arn
        self.made_at = self.changed_at = made_at
        self.purged_at: float | None = None
        self.attributes = QueueAttributes()
        self.expired = 0
        """How many messages were lost because nobody deleted them in time."""
        self._messages: dict[int, Message] = {}
        self._last_number = 0
        self._visible, self._delayed, self._in_flight = Order(), Order(), Order()
        self._by_sending, self._by_arrival = Order(), Order()
        self._left: deque[tuple[float, float]] = deque()
        """When messages ceased to count for the age of the oldest, and when each had arrived."""

    def add(self, message: Message, now: float, delay: float = 0) -> None:
        """A message arrives and is visible after a delay."""
        self._last_number += 1
        message.number = number = self._last_number
        if len(self._messages) >= _MANY:  # it may wait for weeks
            message.pack()
        self._messages[number] = message
        self._by_sending.put(number, message.sent_at)
        self._by_arrival.put(number, now)
        if delay > 0:
            self._delayed.put(number, now + delay)
        else:
            self._visible.put(number, number)

    def take(self, most: int, now: float, timeout: float, limit: int | None) -> tuple[list[Message], list[Message]]:
        """Receives messages, which are invisible then for `timeout` seconds; and takes out those that came up although
        they had been received `limit` times before, for the queue of dead letters."""
        self._settle(now)
        taken: list[Message] = []
        dead: list[Message] = []
        while len(taken) < most and (first := self._visible.first()) is not None:
            message = self._messages[first[1]]
            if limit is not None and message.received >= limit:
                self.forget(message, now)
                dead.append(message)
                continue
            self._visible.remove(message.number)
            message.received += 1
            message.received_at = now
            if message.received == 1:
                message.first_received_at = now
            if message.received == _TROUBLESOME:
                self._discount(message.number, now)
            taken.append(message)
        for message in taken:
            if timeout > 0:
                self._in_flight.put(message.number, now + timeout)
            else:
                self._visible.put(message.number, message.number)
        return taken, dead

    def held(self, number: int, received: int, now: float) -> Message | None:
        """A message by its place in the queue; None if it was received more often than that, or is gone."""
        self._settle(now)
        message = self._messages.get(number)
        return message if message is not None and message.received == received else None

    def in_flight(self, message: Message) -> bool:
        """Whether a message was received and is still invisible."""
        return message.number in self._in_flight

    def hide(self, message: Message, now: float, timeout: float) -> None:
        """A message in flight is visible again `timeout` seconds from now."""
        if timeout > 0:
            self._in_flight.put(message.number, now + timeout)
        else:
            self._in_flight.remove(message.number)
            self._visible.put(message.number, message.number)

    def after(self, number: int, now: float) -> list[Message]:
        """The messages that came after the one of this number, the first first, whether visible or not."""
        self._settle(now)
        found = itertools.takewhile(lambda message: message.number > number, reversed(self._messages.values()))
        return list(found)[::-1]

    def visible(self, now: float) -> list[Message]:
        """The messages that could be received, the first first."""
        self._settle(now)
        return [self._messages[number] for number in sorted(self._visible)]

    def forget(self, message: Message, now: float) -> None:
        """Takes a message out."""
        del self._messages[message.number]
        for order in (self._visible, self._delayed, self._in_flight, self._by_sending):
            order.remove(message.number)
        self._discount(message.number, now)

    def remove(self, number: int, now: float) -> None:
        """Takes the message of this number out, if it is there."""
        self._settle(now)
        if number in self._messages:
            self.forget(self._messages[number], now)

    def purge(self, now: float) -> None:
        """Deletes all messages."""
        for message in list(self._messages.values()):
            self.forget(message, now)

    def counts(self, now: float) -> tuple[int, int, int]:
        """How many messages are visible, delayed, in flight."""
        self._settle(now)
        return len(self._visible), len(self._delayed), len(self._in_flight)

    def oldest_age(self, now: float) -> float | None:
        """CloudWatch's ApproximateAgeOfOldestMessage in seconds: since when the oldest message has been in this queue.

        Messages that were received three times are left out; None if there is no other.
        """
        self._settle(now)
        first = self._by_arrival.first()
        return None if first is None else now - first[0]

    def oldest_ages(self, times: Sequence[float], now: float) -> list[float | None]:
        """The same for moments of the past, in ascending order, back to `REMEMBERED` seconds ago."""
        self._settle(now)
        first = self._by_arrival.first()
        # Of those that are here, only the oldest can be the oldest; of those that have left, each while it was here.
        others = sorted((arrived, left) for left, arrived in self._left if left > times[0])
        if first is None and not others:
            return [None] * len(times)
        here: list[tuple[float, float]] = [] if first is None else [(first[0], math.inf)]
        coming = heapq.merge(here, others)
        ages: list[float | None] = []
        present: list[tuple[float, float]] = []
        following = next(coming, None)
        for time in times:
            while following is not None and following[0] <= time:
                heapq.heappush(present, following)
                following = next(coming, None)
            while present and present[0][1] <= time:
                heapq.heappop(present)
            ages.append(time - present[0][0] if present else None)
        return ages

    def next_visible_at(self) -> float | None:
        """When the next invisible message becomes visible, if nobody does anything."""
        times = [first[0] for order in (self._delayed, self._in_flight) if (first := order.first()) is not None]
        return min(times, default=None)

    def next_event_at(self) -> float | None:
        """When a message becomes visible or is lost, if nobody does anything."""
        first, visible_at = self._by_sending.first(), self.next_visible_at()
        if first is None:
            return visible_at
        lost_at = first[0] + self.attributes.retention
        return lost_at if visible_at is None else min(lost_at, visible_at)

    def _discount(self, number: int, now: float) -> None:
        arrived = self._by_arrival.key(number)
        if arrived is not None:
            self._by_arrival.remove(number)
            self._left.append((now, arrived))
            while self._left[0][0] < now - REMEMBERED:
                self._left.popleft()

    def _settle(self, now: float) -> None:
        """Retention counts from sending, also for a message that is in flight or was moved here as a dead letter:
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html"""
        for number in self._by_sending.up_to(now - self.attributes.retention):
            message = self._messages[number]
            self.forget(message, message.sent_at + self.attributes.retention)
            self.expired += 1
        for order in (self._delayed, self._in_flight):
            for number in order.up_to(now):
                self._visible.put(number, number)
