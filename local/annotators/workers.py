"""The people: a junior who may be careless, and a senior who is not."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from local.annotators.adjusting import adjusted, agreement
from local.annotators.drawing import draw, new_object_id
from local.annotators.naming import verdict
from local.annotators.shapes import Box, FrameLabels, Geometry, Labels, Points, Shape, Work


class Senior:
    """Draws what is there; adjusts or judges what others drew. The same seed gives the same labels."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def annotate(self, work: Work) -> Labels:
        """Labels for `work`; raises `Declined` if no frame can be opened."""
        return _submitted(work, draw(work, self._rng), self._rng)


class Junior:
    """Sees what a senior sees, and draws it the worse the lower her `carefulness` (0 to 1).

    At 1 nothing is changed. Below, boxes are a few per cent off, now and then a thing is missed, a track is broken, or
    an attribute is guessed. The same seed gives the same labels.
    """

    def __init__(self, rng: Random, carefulness: float = 0.7) -> None:
        if not 0 <= carefulness <= 1:
            raise ValueError(f"carefulness is between 0 and 1, not {carefulness}")
        self._rng = rng
        self._haste = 1 - carefulness

    def annotate(self, work: Work) -> Labels:
        """Labels for `work`; raises `Declined` if no frame can be opened."""
        seen = draw(work, self._rng)
        hurried = replace(seen, frames=tuple(self._hurried(work, seen.frames)))
        return _submitted(work, hurried, self._rng)

    def _hurried(self, work: Work, frames: tuple[FrameLabels, ...]) -> list[FrameLabels]:
        renamed: dict[str, tuple[str, str]] = {}
        given = {shape.object_name for frame in frames for shape in frame.shapes}
        result = []
        for frame in frames:
            shapes = []
            for shape in frame.shapes:
                if self._slips(0.3):
                    continue
                if shape.object_id is not None and self._slips(0.15):
                    name = next(n for i in range(1, len(given) + 2) if (n := f"{shape.label}:{i}") not in given)
                    given.add(name)
                    renamed[shape.object_id] = (new_object_id(self._rng), name)
                drawn = replace(
                    shape,
                    geometry=self._off(shape.geometry),
                    attributes=self._guessed(shape, work.label_attributes.get(shape.label, {})),
                )
                if shape.object_id in renamed:
                    drawn = replace(
                        drawn, object_id=renamed[shape.object_id][0], object_name=renamed[shape.object_id][1]
                    )
                shapes.append(drawn)
            result.append(replace(frame, shapes=tuple(shapes)))
        return result

    def _slips(self, at_worst: float) -> bool:
        return self._rng.random() < at_worst * self._haste

    def _off(self, geometry: Geometry) -> Geometry:
        """Off by up to 15 % of its size at worst; never outside the frame on the upper and left side."""
        if isinstance(geometry, Points):
            xs, ys = [x for x, _ in geometry.vertices], [y for _, y in geometry.vertices]
            reach = max(max(xs) - min(xs), max(ys) - min(ys), 20)
            return Points(tuple((self._near(x, reach / 3), self._near(y, reach / 3)) for x, y in geometry.vertices))
        left, top = self._near(geometry.left, geometry.width), self._near(geometry.top, geometry.height)
        right = self._near(geometry.left + geometry.width, geometry.width, highest=geometry.left + geometry.width)
        bottom = self._near(geometry.top + geometry.height, geometry.height, highest=geometry.top + geometry.height)
        return Box(left, top, max(1, right - left), max(1, bottom - top))

    def _near(self, value: int, size: float, highest: int | None = None) -> int:
        moved = max(0, round(value + self._rng.uniform(-0.15, 0.15) * size * self._haste))
        return moved if highest is None else min(moved, highest)

    def _guessed(self, shape: Shape, allowed: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
        return {
            name: self._rng.choice(allowed[name]) if self._slips(0.3) else value
            for name, value in shape.attributes.items()
        }


def _submitted(work: Work, seen: Labels, rng: Random) -> Labels:
    """What is handed in: `seen` for a new task; the prior labels corrected by it, or a verdict on them, otherwise."""
    shapes = sum(len(frame.shapes) for frame in seen.frames)
    seconds = round((5 + 2 * len(work.frames) + 6 * shapes) * rng.uniform(0.8, 1.4), 3)
    result = replace(seen, seconds_spent=seconds)
    if work.prior is None:
        return _judged(work, result, seen.frames) if _is_verification(work) else result
    if _is_verification(work):
        return _judged(work, replace(result, frames=work.prior), seen.frames)
    if seen.mask is not None or seen.image_class is not None:
        return result
    frames = adjusted(work.prior, seen.frames)
    return replace(result, frames=frames, adjusted=_by_name(frames) != _by_name(work.prior))


def _is_verification(work: Work) -> bool:
    return work.task_type.startswith("Verification")


def _judged(work: Work, result: Labels, seen: tuple[FrameLabels, ...]) -> Labels:
    """With a word on the labels if there are classes to choose from; the labels themselves are never changed."""
    if not work.labels or work.task_type.startswith("VerificationVideo"):
        return result
    good = agreement(work.prior or (), seen) >= 0.5 if work.prior is not None else bool(seen)
    return replace(result, image_class=verdict(good, work.labels))


def _by_name(frames: tuple[FrameLabels, ...]) -> dict[str, FrameLabels]:
    """Frames without shapes are left out: a worker's output may omit them."""
    return {frame.frame: frame for frame in frames if frame.shapes}
