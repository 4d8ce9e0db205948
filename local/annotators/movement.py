"""What moves in a sequence of frames: shots first, then in each shot what is not part of the standing scene.

Frames may be a second apart and the camera may be held by hand. So the neighbours of a frame are laid over it first
(matched corners, a similarity transform), their median is taken for the scene, and what differs from the scene is a
figure if its outline has edges in this frame. Without that last check a place just left would be taken for a thing.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from local.annotators.figures import Contour, Figure, Image, View, figure

WIDTH = 320  # pixels; wide enough for a car across the street, small enough for 10 frames in a fraction of a second

_SAME_SHOT = (
    0.25  # share of textured blocks found again nearby; cuts of the trial clip reach 0.15, movement falls to 0.35
)
_NEIGHBOURS = 6
_DIFFERS = 14  # of 255; JPEG noise stays below
_SMALLEST, _LARGEST = 0.008, 0.55  # share of the frame: smaller is noise, larger is the camera, not a thing
_SLENDER = 4  # long side to short side; beyond are the slivers that near things leave when the camera moves


def shots(views: Sequence[View]) -> list[range]:
    """Runs of frames between cuts; together they are all of `views`."""
    starts = [i for i, view in enumerate(views) if i == 0 or _is_cut(views[i - 1], view)]
    return [range(a, b) for a, b in zip(starts, [*starts[1:], len(views)], strict=True)]


def moving(shot: Sequence[View]) -> list[list[Figure]]:
    """What moves, frame by frame; nothing is said to move in a shot of one frame."""
    grays = [cv2.cvtColor(view.picture, cv2.COLOR_BGR2GRAY).astype(np.uint8) for view in shot]
    found: list[list[Figure]] = []
    for i, view in enumerate(shot):
        near = sorted((j for j in range(len(shot)) if j != i), key=lambda j: abs(j - i))[:_NEIGHBOURS]
        if not near or min(view.picture.shape[:2]) < 16:
            found.append([])
            continue
        scene = _scene(view.picture, [_laid_over(view.picture, shot[j].picture, grays[j], grays[i]) for j in near])
        # Two frames alone cannot tell who moved by majority, so their outlines must convince more.
        convincing = 0.9 if len(near) < 4 else 0.6
        found.append([figure(view, c) for c in _differences(view.picture, scene, convincing)])
    return found


def _is_cut(before: View, after: View) -> bool:
    if before.picture.shape != after.picture.shape:
        return True
    one, other = (
        cv2.resize(cv2.cvtColor(v.picture, cv2.COLOR_BGR2GRAY), (128, 72), interpolation=cv2.INTER_AREA).astype(
            np.float32
        )
        for v in (before, after)
    )
    textured = again = 0
    for y in range(4, 61, 8):
        for x in range(4, 117, 8):
            block = other[y : y + 8, x : x + 8]
            if block.std() < 3:
                continue
            match = cv2.matchTemplate(one[y - 4 : y + 12, x - 4 : x + 12], block, cv2.TM_CCOEFF_NORMED)
            textured += 1
            again += bool(match.max() > 0.8)
    return textured > 0 and again / textured < _SAME_SHOT


def _laid_over(onto: Image, picture: Image, gray: Image, target: Image) -> Image:
    """`picture` from where the camera was for `onto`, which fills what was out of sight; as it is if no move fits."""
    corners = cv2.goodFeaturesToTrack(target, 200, 0.01, 6)
    if corners is None or len(corners) < 8:
        return picture
    there, status, _ = cv2.calcOpticalFlowPyrLK(target, gray, corners, corners.copy(), winSize=(15, 15), maxLevel=3)
    kept = status.ravel() == 1
    if kept.sum() < 8:
        return picture
    move, agreeing = cv2.estimateAffinePartial2D(corners[kept], there[kept], ransacReprojThreshold=1.5)
    if move is None or agreeing.mean() < 0.25 or abs(move[0, 0] - 1) > 0.2 or abs(move[0, 1]) > 0.2:
        return picture
    size = (picture.shape[1], picture.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(picture, move, size, onto.copy(), flags=flags, borderMode=cv2.BORDER_TRANSPARENT)
    return laid.astype(np.uint8, copy=False)


def _scene(picture: Image, others: list[Image]) -> Image:
    """The median of the neighbours (and the frame itself, if that makes the count odd), at the frame's brightness."""
    votes = others if len(others) == 1 or len(others) % 2 else [*others, picture]
    scene = np.median(np.stack(votes), axis=0)
    brighter = np.median(picture - scene, axis=(0, 1))
    levelled: Image = np.clip(scene + brighter, 0, 255).astype(np.uint8)
    return levelled


def _differences(picture: Image, scene: Image, convincing: float) -> list[Contour]:
    tall, wide = picture.shape[:2]
    now, usual = (cv2.GaussianBlur(image, (0, 0), 1.2).astype(np.uint8) for image in (picture, scene))
    # A pixel differs if it is outside the range its neighbourhood has in the scene: forgives a pixel or two of misfit.
    near = np.ones((5, 5), np.uint8)
    beyond = np.maximum(cv2.subtract(now, cv2.dilate(usual, near)), cv2.subtract(cv2.erode(usual, near), now))
    mask = np.where(beyond.max(axis=2) > _DIFFERS, 255, 0).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _disc(15)).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _disc(5)).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    edges, usual_edges = _edges(now), _edges(usual)
    kept: list[Contour] = []
    for contour in contours:
        _, _, w, h = cv2.boundingRect(contour)
        whole = wide * tall
        if w * h > _LARGEST * whole:
            return []  # the scene does not fit this frame: what else differs is no better evidence
        if cv2.contourArea(contour) < _SMALLEST * whole or max(w, h) > _SLENDER * min(w, h):
            continue
        rim = np.zeros((tall, wide), np.uint8)
        cv2.drawContours(rim, [contour], -1, 255, 7)
        if cv2.mean(edges, rim)[0] >= convincing * cv2.mean(usual_edges, rim)[0]:
            kept.append(contour.astype(np.int32))
    return kept


def _disc(size: int) -> NDArray[np.uint8]:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.uint8)


def _edges(picture: Image) -> NDArray[np.float32]:
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return cv2.magnitude(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)).astype(np.float32)
