"""Which drive goes into which split: by a hash, so that what is added later moves nothing that was there before."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

_FEW = 50
_SEEDS = {True: 200, False: 20}
"""How many seeds are tried, for few groups and for many: with many, any seed comes near the ratios."""


class SplitRefused(ValueError):
    """A split that cannot be made; the text says why, and what could be."""


@dataclass(frozen=True)
class Split:
    """How a dataset is split."""

    seed: int
    ratios: Mapping[str, float]
    """Of the splits that there are, in order; they sum to 1."""

    def of(self, group: str) -> str:
        """The split of a group. It depends on nothing but the group, the seed and the ratios."""
        digest = hashlib.sha256(f"{self.seed}/{group}".encode(errors="surrogatepass")).digest()
        place, bound = int.from_bytes(digest[:8]) / 2**64, 0.0
        for name, ratio in self.ratios.items():
            bound += ratio
            if place < bound:
                return name
        return name


def read_ratios(text: str) -> dict[str, float]:
    """Reads `80/10/10` (train, val, test) or `90/10` (train, val); 0 means that there is no such split.

    Raises:
        SplitRefused: if it is anything else.
    """
    parts = text.split("/")
    if not 1 <= len(parts) <= 3 or not all(re.fullmatch(r"\d{1,6}(\.\d{1,6})?", part) for part in parts):
        raise SplitRefused(f"the ratios are {text!r}; expected train, val and test, for instance 80/10/10")
    numbers = [float(part) for part in parts]
    if not sum(numbers):
        raise SplitRefused(f"the ratios are {text!r}; at least one must be more than 0")
    named = zip(("train", "val", "test"), numbers, strict=False)
    return {name: number / sum(numbers) for name, number in named if number}


def split(weights: Mapping[str, int], ratios: Mapping[str, float], seed: int | None) -> Split:
    """Splits groups (and how much each weighs). Without a seed, the one is chosen that comes nearest to the ratios.

    Raises:
        SplitRefused: if a split would be empty.
    """
    if len(weights) < len(ratios):
        raise SplitRefused(
            f"{len(ratios)} splits ({', '.join(ratios)}) need at least as many drives, and there "
            f"{'is 1' if len(weights) == 1 else f'are {len(weights)}'}: {', '.join(sorted(weights))}. "
            f"Fewer splits need fewer drives: --ratios {'80/20' if len(weights) > 1 else '100'}"
        )
    candidates = [Split(number, ratios) for number in range(_SEEDS[len(weights) <= _FEW])]
    usable = [candidate for candidate in candidates if not empty_splits(weights, candidate)]
    if seed is not None:
        chosen = Split(seed, ratios)
        if empty := empty_splits(weights, chosen):
            hint = f"; seed {usable[0].seed} would fill all" if usable else ""
            raise SplitRefused(
                f"with seed {seed} none of {len(weights)} drives falls into {', '.join(empty)}{hint}. "
                "Give another --seed, other --ratios, or more drives"
            )
        return chosen
    if not usable:
        raise SplitRefused(
            f"{len(weights)} drives cannot be split {'/'.join(f'{ratio:.3g}' for ratio in ratios.values())}: "
            "one split stays empty. Give other --ratios, or more drives"
        )
    return min(usable, key=lambda candidate: _distance(weights, candidate))


def empty_splits(weights: Mapping[str, int], chosen: Split) -> list[str]:
    """The splits that no group falls into."""
    filled = {chosen.of(group) for group in weights}
    return [name for name in chosen.ratios if name not in filled]


def _distance(weights: Mapping[str, int], candidate: Split) -> float:
    sums = dict.fromkeys(candidate.ratios, 0)
    for group, weight in weights.items():
        sums[candidate.of(group)] += weight
    total = sum(weights.values()) or 1
    return sum(abs(sums[name] / total - ratio) for name, ratio in candidate.ratios.items())
