"""The shortest list that still fails: delta debugging.

Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002), the algorithm ddmin.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise


def shrunk[T](
    parts: Sequence[T], fails: Callable[[Sequence[T]], bool], goes_on: Callable[[], bool] = lambda: True
) -> list[T]:
    """A part of `parts`, in the same order, that still fails; when time allows it, no single part of it can go.

    Args:
        parts: what fails as a whole; that is not tried again.
        fails: whether a list still fails.
        goes_on: asked before each attempt; once it says no, the shortest list found so far is returned.
    """
    kept = list(parts)
    pieces = 2
    while kept and goes_on():
        found = _smaller(kept, min(pieces, len(kept)), fails, goes_on)
        if found is not None:
            pieces = max(2, pieces - 1)
            kept = found
        elif pieces >= len(kept):
            break
        else:
            pieces = min(len(kept), 2 * pieces)
    return kept


def _smaller[T](
    kept: list[T], pieces: int, fails: Callable[[Sequence[T]], bool], goes_on: Callable[[], bool]
) -> list[T] | None:
    """One piece that fails alone (the empty list comes first), or all but one; None if there is neither."""
    borders = [len(kept) * piece // pieces for piece in range(pieces + 1)]
    spans = list(pairwise(borders))
    attempts = [kept[start:end] for start, end in spans] if pieces == 2 else []
    attempts += [kept[:start] + kept[end:] for start, end in spans]
    if pieces == 2:
        attempts.insert(0, [])
    for attempt in attempts:
        if not goes_on():
            return None
        if len(attempt) < len(kept) and fails(attempt):
            return attempt
    return None
