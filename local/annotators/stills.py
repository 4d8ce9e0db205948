"""What stands out in one frame alone: people, a thing that differs from its surroundings, lines on the ground."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from local.annotators.figures import Contour, Figure, View, distinct, figure

WIDTH = 640  # pixels; the people detector looks for 64x128 windows

_SURE = 1.0  # weight of a detection; blurred cars of the trial clip reach 0.9
_CUT_WIDTH = 160  # pixels; GrabCut takes 20 ms at this width


def standing_out(view: View) -> list[Figure]:
    """People first, then the thing in the middle; empty where nothing is clear."""
    return distinct([*people(view), *_centre_piece(view)])


def people(view: View) -> list[Figure]:
    """People seen from head to foot, or the upper half of whom is clear."""
    return distinct([*_walkers(view), *_riders(view)])


def lines(view: View) -> list[tuple[tuple[int, int], ...]]:
    """Up to four long straight lines low in the frame, each from its lower end up, in the frame's own pixels."""
    tall, wide = view.picture.shape[:2]
    if min(tall, wide) < 16:
        return []
    gray = cv2.GaussianBlur(cv2.cvtColor(view.picture, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    edges = cv2.Canny(gray, 60, 160)
    edges[: int(tall * 0.4)] = 0
    segments = cv2.HoughLinesP(edges, 1, np.pi / 180, 40, minLineLength=tall / 4, maxLineGap=tall / 20)
    if segments is None:
        return []
    kept: list[tuple[int, int, int, int]] = []
    for x1, y1, x2, y2 in sorted((tuple(map(int, s.ravel())) for s in segments), key=_length, reverse=True):
        level = abs(y2 - y1) < 0.2 * abs(x2 - x1)  # the horizon and kerbs across are not lanes
        if not level and all(_apart((x1, y1, x2, y2), other) > wide / 32 for other in kept):
            kept.append((x1, y1, x2, y2))
    sx, sy = view.width / wide, view.height / tall
    found = []
    for x1, y1, x2, y2 in kept[:4]:
        low, middle, high = sorted([(x1, y1), ((x1 + x2) // 2, (y1 + y2) // 2), (x2, y2)], key=lambda p: -p[1])
        found.append(tuple((round(x * sx), round(y * sy)) for x, y in (low, middle, high)))
    return found


@cache
def _people_detector() -> cv2.HOGDescriptor:
    detector = cv2.HOGDescriptor()
    detector.setSVMDetector(np.array(cv2.HOGDescriptor.getDefaultPeopleDetector(), np.float32))
    return detector


@cache
def _upper_body_detector() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_upperbody.xml"))


def _riders(view: View) -> list[Figure]:
    """From head and shoulders down to where the feet must be: finds who sits on a bicycle or stands behind a car."""
    smallest = view.picture.shape[1] // 10  # smaller ones are as often windows and signs
    if smallest < 22:
        return []
    gray = cv2.equalizeHist(cv2.cvtColor(view.picture, cv2.COLOR_BGR2GRAY))
    found = []
    for x, y, w, h in _upper_body_detector().detectMultiScale(gray, 1.1, 4, minSize=(smallest, smallest)):
        found.append(_framed(view, int(x), int(y), int(x + w), int(y + 2.9 * h)))
    return found


def _framed(view: View, left: int, top: int, right: int, bottom: int) -> Figure:
    tall, wide = view.picture.shape[:2]
    left, top, right, bottom = max(0, left), max(0, top), min(wide, right) - 1, min(tall, bottom) - 1
    return figure(view, np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.int32))


def _walkers(view: View) -> list[Figure]:
    tall, wide = view.picture.shape[:2]
    if tall < 128 or wide < 64:
        return []
    places, weights = _people_detector().detectMultiScale(view.picture, winStride=(8, 8), padding=(16, 16), scale=1.1)
    found = []
    for (x, y, w, h), weight in zip(places, weights, strict=True):
        if weight < _SURE:
            continue
        # The detector was trained with a margin of about a tenth around people.
        found.append(
            _framed(view, int(x + 0.15 * w), int(y + 0.07 * h), int(x + 0.85 * w), int(y + 0.93 * h)),
        )
    return found


def _centre_piece(view: View) -> list[Figure]:
    """GrabCut from a guess: the border is background, the middle may be a thing. Nothing if all melts into one."""
    tall, wide = view.picture.shape[:2]
    if min(tall, wide) < 16:
        return []
    scale = min(1.0, _CUT_WIDTH / wide)
    small = cv2.resize(view.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    h, w = small.shape[:2]
    if min(h, w) < 8 or float(small.std()) < 2:
        return []
    guess = np.full((h, w), cv2.GC_BGD, np.uint8)
    guess[int(0.04 * h) :, int(0.12 * w) : int(0.88 * w)] = cv2.GC_PR_BGD
    guess[int(0.15 * h) :, int(0.28 * w) : int(0.72 * w)] = cv2.GC_PR_FGD
    cv2.setRNGSeed(1)  # its first clusters are drawn from OpenCV's own generator: the same frame, the same answer
    whole = (0, 0, w, h)  # not used when starting from a mask
    cv2.grabCut(small, guess, whole, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    mask = np.where(guess == cv2.GC_PR_FGD, 255, 0).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(np.uint8)
    mask = cv2.resize(mask, (wide, tall), interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    clear: list[Contour] = [c.astype(np.int32) for c in contours if 0.03 < cv2.contourArea(c) / (wide * tall) < 0.7]
    return [figure(view, c) for c in sorted(clear, key=cv2.contourArea, reverse=True)[:3]]


def _length(segment: tuple[int, ...]) -> float:
    x1, y1, x2, y2 = segment
    return float(np.hypot(x2 - x1, y2 - y1))


def _apart(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """How far `one` strays at most from the line that `other` is a part of: edges and dashes of one are near."""
    ends, (start, stop) = np.array(one).reshape(2, 2), np.array(other).reshape(2, 2)
    along = (stop - start) / np.linalg.norm(stop - start)
    return float(np.abs((ends - start) @ np.array([-along[1], along[0]])).max())
