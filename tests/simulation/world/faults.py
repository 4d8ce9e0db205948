"""Which fault strikes where: a pure function of the seed and of the place, and of nothing that happened before.

So the same seed gives the same faults in any process, and leaving one fault out moves no other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from struct import Struct

_TWO = Struct(">QQ")


class Kind(StrEnum):
    """What can go wrong; `Rates` has a field of the same name for each."""

    # at an AWS call of an invocation
    THROTTLED = "throttled"
    """An error, and no effect."""
    KILLED_BEFORE = "killed_before"
    KILLED_AFTER = "killed_after"
    """The effect happens, and the invocation is no more."""
    ANSWER_LOST = "answer_lost"
    """The effect happens, botocore hears nothing and repeats the call; the second answer counts."""
    SLOW = "slow"
    # at an invocation
    RESULT_LOST = "result_lost"
    """The caller is told at once that it failed, and it goes on."""
    STARTED_TWICE = "started_twice"
    REFUSED = "refused"
    # at a delivery
    DUPLICATED = "duplicated"
    DELAYED = "delayed"
    LOST = "lost"
    # in DynamoDB, and in the batches of Amazon SNS
    STALE = "stale"
    """A read that is not consistent sees the past."""
    CONFLICT = "conflict"
    """A transaction meets another one."""
    UNPROCESSED = "unprocessed"
    """One entry of a batch is left undone."""
    # in CloudWatch
    UNMEASURED = "unmeasured"
    """A minute of a queue has no point."""


@dataclass(frozen=True)
class Rates:
    """The probability of each kind at each point where it may strike, and how long the slow ones last, in seconds."""

    throttled: float = 0.0
    killed_before: float = 0.0
    killed_after: float = 0.0
    answer_lost: float = 0.0
    slow: float = 0.0
    result_lost: float = 0.0
    started_twice: float = 0.0
    refused: float = 0.0
    duplicated: float = 0.0
    delayed: float = 0.0
    lost: float = 0.0
    stale: float = 0.0
    conflict: float = 0.0
    unprocessed: float = 0.0
    unmeasured: float = 0.0
    longest_call: float = 300.0
    longest_delay: float = 3 * 86_400.0
    stalest: float = 3.0


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that struck: the point's key, what it was, when (seconds since 1970), and where in words."""

    key: str
    kind: Kind
    at: float
    where: str


class Faults:
    """Draws faults, and keeps those that struck in order.

    Args:
        seed: the same gives the same faults.
        rates: how likely each kind is.
        only: nothing strikes at any other point than these.
    """

    def __init__(self, seed: int, rates: Rates, only: frozenset[str] | None = None) -> None:
        self.rates, self.struck = rates, list[Strike]()
        self.now: Callable[[], float] = float
        """What time it is; a world sets it."""
        self._seed = str(seed)
        self._rate: dict[Kind, float] = {kind: getattr(rates, kind) for kind in Kind}
        self._only = only
        self._any = sum(self._rate.values())
        self._quiet = not self._any

    def quiet(self) -> None:
        """Nothing strikes from now on."""
        self._quiet = True

    def strikes(self, point: str, kinds: Sequence[Kind], where: str = "", chance: float | None = None) -> Strike | None:
        """The fault that strikes at a point, of those that may.

        Args:
            point: the place.
            kinds: what may strike there.
            where: in words what place that is.
            chance: the chance that belongs to the point, if it was drawn already.
        """
        if self._quiet or (self._only is not None and point not in self._only):
            return None
        left = self.chance(point) if chance is None else chance
        if left >= self._any:  # nothing strikes, whatever the kinds are
            return None
        for kind in kinds:
            left -= self._rate[kind]
            if left < 0:
                strike = Strike(point, kind, self.now(), where or point)
                self.struck.append(strike)
                return strike
        return None

    def drawn(self, point: str, kinds: Sequence[Kind], where: str) -> tuple[Kind | None, float]:
        """What strikes at a point, and another chance, which has nothing to do with it: both from one digest."""
        chance, other = _TWO.unpack(self._digest(point, 16))
        strike = self.strikes(point, kinds, where, chance / 2**64)
        return None if strike is None else strike.kind, other / 2**64

    def chance(self, point: str) -> float:
        """A number between 0 and 1 that belongs to the seed and the point."""
        return float(int.from_bytes(self._digest(point, 8)) / 2**64)

    def _digest(self, point: str, size: int) -> bytes:
        return blake2b(f"{self._seed}/{point}".encode("utf-8", "surrogatepass"), digest_size=size).digest()

    def between(self, point: str, low: float, high: float) -> float:
        """A number that belongs to the seed and the point, spread evenly over the magnitudes from low to high."""
        return float(low * (high / low) ** self.chance(point)) if low < high else high
