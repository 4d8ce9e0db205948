"""Which figure of one frame is which of the frame before."""

from collections.abc import Sequence
from math import hypot

from local.annotators.figures import Figure, overlap


def follow(frames: Sequence[Sequence[Figure]], shots: Sequence[range]) -> list[list[int]]:
    """A track number for each figure of each frame, counted from 0. No track goes on over a cut.

    Greedy, nearest pair first; a track may miss one frame and be found again.
    """
    numbers: list[list[int]] = [[-1] * len(figures) for figures in frames]
    count = 0
    for shot in shots:
        last: dict[int, tuple[int, Figure]] = {}  # track -> frame and figure it was last seen as
        for f in shot:
            recent = {t: seen for t, (g, seen) in last.items() if f - g <= 2}
            pairs = [(likeness(seen, now), t, i) for t, seen in recent.items() for i, now in enumerate(frames[f])]
            for score, track, i in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
                if score > 0 and numbers[f][i] < 0 and track not in numbers[f]:
                    numbers[f][i] = track
            for i, now in enumerate(frames[f]):
                if numbers[f][i] < 0:
                    numbers[f][i], count = count, count + 1
                last[numbers[f][i]] = (f, now)
    return numbers


def likeness(before: Figure, after: Figure) -> float:
    """0 if the two cannot be one thing, else up to 2: overlapping or within reach, and alike in size and colour."""
    a, b = before.box, after.box
    larger, smaller = max(a.width * a.height, b.width * b.height), min(a.width * a.height, b.width * b.height)
    colour_gap = max(abs(x - y) for x, y in zip(before.colour, after.colour, strict=True))
    if larger > 4 * smaller or colour_gap > 60:
        return 0.0
    dx = (a.left + a.width / 2) - (b.left + b.width / 2)
    dy = (a.top + a.height / 2) - (b.top + b.height / 2)
    reach = 1.5 * max(a.width, a.height, b.width, b.height)  # a second between frames is a car's length and more
    near = 1 - hypot(dx, dy) / reach
    if near <= 0:
        return 0.0
    return near * smaller / larger * (1 - colour_gap / 120) + overlap(a, b)
