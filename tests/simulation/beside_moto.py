"""The same calls to a simulated service and to moto, and where their answers differ."""

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

Json = Any
Outcome = tuple[str, Json]
"""`("answer", …)`, or `("refusal", (code, HTTP status))`."""


@dataclass(frozen=True)
class Gap:
    """Where moto does not do what AWS does, or shows what the simulation leaves out."""

    moto: str
    page: str
    """Where AWS says what it does, or who saw it."""


@dataclass
class BesideMoto:
    """A simulated service and moto's client, asked the same.

    Ids, handles and tokens are made by each on its own: wherever one stands in the answer of the one, the other must
    have one of its own, always the same for the same.

    Args:
        ours: the simulated service's `call`.
        client: moto's client.
        identities: names of fields with ids, one here for one there.
        tokens: names of fields that may be cut differently.
        tidy: takes out of an operation's answer what a gap explains.
    """

    ours: Callable[[str, Mapping[str, Any]], Json]
    client: Any
    identities: frozenset[str]
    tokens: frozenset[str]
    tidy: Callable[[str, Json], Json]
    theirs_of: dict[str, str] = field(default_factory=dict)
    ours_of: dict[str, str] = field(default_factory=dict)
    compared: Counter[str] = field(default_factory=Counter)
    """How many calls were answered by both, by operation and outcome."""

    def here(self, operation: str, request: Mapping[str, Any]) -> Outcome:
        """What the simulation says."""
        return _outcome(lambda: self.ours(operation, request))

    def there(self, operation: str, request: Mapping[str, Any]) -> Outcome:
        """What moto says."""
        return _outcome(lambda: self.client._make_api_call(operation, self.translated(request)))

    def translated(self, value: Json) -> Json:
        """A request in moto's ids."""
        if isinstance(value, dict):
            return {key: self.translated(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.translated(inner) for inner in value]
        return self.theirs_of.get(value, value) if isinstance(value, str) else value

    def both(self, operation: str, request: Mapping[str, Any]) -> Json | None:
        """Asks both and compares: our answer, None if both refused."""
        return self.same(operation, request, self.here(operation, request))

    def same(self, operation: str, request: Mapping[str, Any], ours: Outcome) -> Json | None:
        """Asks moto what we were asked, and compares: our answer, None if both refused."""
        theirs = self.there(operation, request)
        self.compared[f"{operation} {ours[0]}"] += 1
        assert ours[0] == theirs[0], f"{operation} {request}: {ours} here, {theirs} in moto"
        if ours[0] == "refusal":
            assert ours == theirs, f"{operation} {request}: {ours} here, {theirs} in moto"
            return None
        one, other = self.tidy(operation, ours[1]), self.tidy(operation, theirs[1])
        other = self._paired(one, other)
        assert one == other, f"{operation} {request}: {one} here, {other} in moto"
        return ours[1]

    def _paired(self, ours: Json, theirs: Json) -> Json:
        """Their answer with our ids, as far as they stand for theirs."""
        if isinstance(ours, dict) and isinstance(theirs, dict):
            return {key: self._in_field(key, ours.get(key), value) for key, value in theirs.items()}
        if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
            return [self._paired(one, other) for one, other in zip(ours, theirs, strict=True)]
        return theirs

    def _in_field(self, name: str, ours: Json, theirs: Json) -> Json:
        if name not in self.identities | self.tokens or not (isinstance(ours, str) and isinstance(theirs, str)):
            return self._paired(ours, theirs)
        if name in self.tokens:
            self.theirs_of[ours] = theirs
            return ours
        known = self.theirs_of.setdefault(ours, theirs) == theirs and self.ours_of.setdefault(theirs, ours) == ours
        return ours if known else theirs


def _outcome(call: Callable[[], Json]) -> Outcome:
    try:
        answer = call()
    except ClientError as error:
        response: Json = error.response
        return "refusal", (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"])
    return "answer", {key: _plain(value) for key, value in answer.items() if key != "ResponseMetadata"}


def _plain(value: Json) -> Json:
    """A body is read, so that it can be compared."""
    return value.read() if hasattr(value, "read") else value


Step = tuple[str, int, int]
"""An operation, and two numbers below 840 that choose its details."""
_STEPS = 80
_MORE = 100


def explore(operations: Sequence[str], examples: int, run: Callable[[list[Step]], None]) -> None:
    """Runs sequences of operations that hypothesis chooses: the same at every run."""
    # Not `integers`: what those give depends on the constants of all modules that happen to be loaded.
    numbers = st.sampled_from(range(840))
    steps = st.tuples(st.sampled_from(operations), numbers, numbers)

    # Not shortened: a failure tells the call and both answers, and a run takes long.
    @settings(derandomize=True, max_examples=examples, database=None, phases=[Phase.generate])
    @given(st.lists(steps, min_size=_STEPS, max_size=_STEPS))
    def one(sequence: list[Step]) -> None:
        run(sequence)

    one()


def missed(
    gaps: Collection[str], met: Collection[str], operations: Sequence[str], run: Callable[[list[Step]], None]
) -> list[str]:
    """Gaps that moto no longer has: not met even in more sequences. `met` grows as `run` meets them."""
    for seed in range(_MORE):
        if all(gap in met for gap in gaps):
            break
        chance = random.Random(seed)  # noqa: S311 # always the same
        run([(chance.choice(operations), chance.randrange(840), chance.randrange(840)) for _ in range(_STEPS)])
    return [gap for gap in gaps if gap not in met]
