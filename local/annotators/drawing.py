"""From what is seen to what is drawn in the portal: the honest labels of a task, before anyone is careless."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import median

import cv2
import numpy as np

from local.annotators import movement, stills
from local.annotators.figures import Figure, View, look
from local.annotators.naming import attributes_for, class_for, frame_attributes_for, label_for
from local.annotators.shapes import Declined, FrameLabels, Geometry, Labels, Points, Shape, Work
from local.annotators.tracks import follow

_MOST_VERTICES = 24


@dataclass(frozen=True)
class _Scene:
    """The frames of a task as seen; a frame that cannot be decoded is None and has no figures."""

    views: list[View | None]
    figures: list[list[Figure]]
    tracks: list[list[int]]


def draw(work: Work, rng: Random) -> Labels:
    """Labels for every frame of `work`, by looking alone. Raises `Declined` if no frame can be opened.

    `rng` gives the object ids and nothing else.
    """
    cv2.setNumThreads(1)  # one worker, one core: the laptop world has others at work
    kind = work.task_type.removeprefix("Adjustment").removeprefix("Verification")
    if kind == "ImageMultiClass":
        return _classified(work)
    if work.annotation_type == "Polyline" and kind != "SemanticSegmentation":
        return _lanes(work, rng, tracking=kind == "VideoObjectTracking")
    scene = _observed(work)
    frames = _drawn(work, scene, rng, tracking=kind == "VideoObjectTracking")
    mask = _mask(work, scene) if kind == "SemanticSegmentation" else None
    return Labels(frames if mask is None else _bare(work, scene.views), mask=mask)


def new_object_id(rng: Random) -> str:
    """A UUID as the portal gives each tracked object."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _opened(work: Work, width: int) -> list[View | None]:
    views = [look(frame.jpeg, width) for frame in work.frames]
    if not any(views):
        raise Declined("none of the frames can be opened")
    return views


def _brightness(view: View | None) -> float:
    return 0.5 if view is None else float(view.picture.mean()) / 255


def _observed(work: Work) -> _Scene:
    """Movement within shots; people where nothing moves; whatever stands out in a shot of one frame."""
    sequence = len(work.frames) > 1
    views = _opened(work, movement.WIDTH if sequence else stills.WIDTH)
    seen = [(i, view) for i, view in enumerate(views) if view is not None]
    runs = movement.shots([view for _, view in seen])
    figures: list[list[Figure]] = [[] for _ in views]
    for run in runs:
        for (i, _), moving in zip(seen[run.start : run.stop], _in_shot(work, seen[run.start : run.stop]), strict=True):
            figures[i] = moving
    edges = [seen[run.start][0] for run in runs[1:]]
    numbers = follow(figures, [range(a, b) for a, b in zip([0, *edges], [*edges, len(views)], strict=True)])
    return _Scene(views, figures, numbers)


def _in_shot(work: Work, shot: Sequence[tuple[int, View]]) -> list[list[Figure]]:
    moving = movement.moving([view for _, view in shot])
    at_rest = stills.people if len(shot) > 1 else stills.standing_out
    figures = []
    for (i, _), found in zip(shot, moving, strict=True):
        closer = None if found else look(work.frames[i].jpeg, stills.WIDTH)
        figures.append(found if closer is None else at_rest(closer))
    return figures


def _drawn(work: Work, scene: _Scene, rng: Random, *, tracking: bool) -> tuple[FrameLabels, ...]:
    typical = _typical(scene) if tracking else {}
    objects: dict[int, tuple[str, str]] = {}
    named: Counter[str] = Counter()
    frames = []
    for empty, view, figures, numbers in zip(
        _bare(work, scene.views), scene.views, scene.figures, scene.tracks, strict=True
    ):
        shapes = []
        for seen, track in zip(figures, numbers, strict=True):
            likely = typical.get(track, seen)
            label = label_for(likely.kind, work.labels)
            if label is None or view is None:
                continue
            size = (view.width, view.height)
            at_hand = replace(seen, colour=likely.colour)
            attributes = attributes_for(work.label_attributes.get(label, {}), at_hand, size)
            shape = Shape(label, _geometry(seen, work.annotation_type), attributes)
            if tracking:
                if track not in objects:
                    named[label] += 1
                    objects[track] = (new_object_id(rng), f"{label}:{named[label]}")
                shape = replace(shape, object_id=objects[track][0], object_name=objects[track][1])
            shapes.append(shape)
        frames.append(replace(empty, shapes=tuple(shapes)))
    return tuple(frames)


def _typical(scene: _Scene) -> dict[int, Figure]:
    """One figure that stands for each track, so that an object keeps one label and one colour all along."""
    members: dict[int, list[Figure]] = {}
    for figures, numbers in zip(scene.figures, scene.tracks, strict=True):
        for seen, track in zip(figures, numbers, strict=True):
            members.setdefault(track, []).append(seen)
    typical = {}
    for track, group in members.items():
        nearest = max(group, key=lambda seen: seen.box.width * seen.box.height)  # where it was seen best
        blue, green, red = (int(median(seen.colour[c] for seen in group)) for c in range(3))
        typical[track] = replace(nearest, colour=(blue, green, red))
    return typical


def _geometry(seen: Figure, annotation_type: str) -> Geometry:
    box = seen.box
    if annotation_type == "Keypoint":
        return Points(((box.left + box.width // 2, box.top + box.height // 2),))
    if annotation_type == "Polygon":
        outline = np.array(seen.outline, np.int32).reshape(-1, 1, 2)
        slack = 0.005 * cv2.arcLength(outline, True)
        simple = cv2.approxPolyDP(outline, slack, True)
        while len(simple) > _MOST_VERTICES:
            slack *= 1.5
            simple = cv2.approxPolyDP(outline, slack, True)
        if len(simple) >= 3:
            return Points(tuple((int(x), int(y)) for x, y in simple.reshape(-1, 2)))
        right, bottom = box.left + box.width - 1, box.top + box.height - 1
        return Points(((box.left, box.top), (right, box.top), (right, bottom), (box.left, bottom)))
    return box


def _lanes(work: Work, rng: Random, *, tracking: bool) -> Labels:
    views = _opened(work, stills.WIDTH)
    frames = []
    ids: list[str] = []
    for empty, view in zip(_bare(work, views), views, strict=True):
        shapes = []
        # From left to right by the end nearest to the camera: the order is what an object keeps its id by.
        found = [] if view is None or not work.labels else sorted(stills.lines(view))
        for i, vertices in enumerate(found):
            label = work.labels[0]
            attributes = attributes_for(work.label_attributes.get(label, {}), None, (0, 0))
            shape = Shape(label, Points(vertices), attributes)
            if tracking:
                if i == len(ids):
                    ids.append(new_object_id(rng))
                shape = replace(shape, object_id=ids[i], object_name=f"{label}:{i + 1}")
            shapes.append(shape)
        frames.append(replace(empty, shapes=tuple(shapes)))
    return Labels(tuple(frames))


def _bare(work: Work, views: Sequence[View | None]) -> tuple[FrameLabels, ...]:
    """The frames with their own attributes and no shapes."""
    return tuple(
        FrameLabels(frame.frame, (), frame_attributes_for(work.frame_attributes, _brightness(view)))
        for frame, view in zip(work.frames, views, strict=True)
    )


def _mask(work: Work, scene: _Scene) -> bytes:
    """A PNG of the first frame's size; 0 where nothing stands out."""
    view = next(view for view in scene.views if view is not None)
    mask = np.zeros((view.height, view.width), np.uint8)
    for seen in scene.figures[scene.views.index(view)]:
        label = label_for(seen.kind, work.labels)
        if label is not None:
            cv2.fillPoly(mask, [np.array(seen.outline, np.int32)], work.labels.index(label) + 1)
    _, png = cv2.imencode(".png", mask)
    return png.tobytes()


def _classified(work: Work) -> Labels:
    views = _opened(work, stills.WIDTH)
    view = next(view for view in views if view is not None)
    image_class = class_for(_brightness(view), work.labels) if work.labels else None
    return Labels(_bare(work, views), image_class=image_class)
