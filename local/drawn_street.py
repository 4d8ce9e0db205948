"""The contact sheet in docs/pictures.md: a street that is drawn, so that its picture belongs to nobody else.

python -m local.drawn_street
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from everlabel.annotation_document import AnnotationDocument, Frame, Label, LabelingJob, Shape, ShapeType
from everlabel_cli.rendering.sheet import contact_sheet
from local.template import ROOT

PICTURE = ROOT / "docs" / "contact-sheet.png"

_WIDTH, _HEIGHT, _HORIZON = 640, 360, 150
_VANISHING = (320.0, 150.0)
_FRAMES = 6
_JOBS = (
    LabelingJob("VOTVehicle", 1, "VideoObjectTracking", "BoundingBox", "VOTVehicle-ref"),
    LabelingJob("VOTPedestrian", 1, "VideoObjectTracking", "BoundingBox", "VOTPedestrian-ref"),
    LabelingJob("LaneVOD", 1, "VideoObjectDetection", "Polyline", "LaneVOD-ref"),
    LabelingJob("TrafficLightVOD", 1, "VideoObjectDetection", "BoundingBox", "TrafficLightVOD-ref"),
)
_LANES = {"single white": ((-80.0, 360.0), (300.0, 160.0)), "road curb": ((700.0, 360.0), (345.0, 160.0))}

Point = tuple[float, float]


def draw() -> bytes:
    """The picture as a PNG."""
    labels = [label for number in range(_FRAMES) for label in _labels(number)]
    pictures = {
        _uri(number): _picture([label for label in labels if label.frame == number]) for number in range(_FRAMES)
    }
    frames = tuple(
        Frame(number, f"{number + 1:06d}.png", _uri(number), 1.0, float(number), _WIDTH, _HEIGHT)
        for number in range(_FRAMES)
    )
    document = AnnotationDocument(
        task_id="drawn",
        clip_id="a drawn street",
        clip_uri="s3://clips/drawn.mp4",
        created_at="2026-11-20T10:00:00.000Z",
        completed_at="2026-11-21T10:00:00.000Z",
        labeling_jobs=_JOBS,
        frames=frames,
        labels=tuple(labels),
    )
    return contact_sheet(document, pictures.__getitem__, columns=3, tile_width=320)


def _uri(number: int) -> str:
    return f"s3://clips/drawn/{number + 1:06d}.png"


def _labels(number: int) -> list[Label]:
    """What is there at this second: two cars and a van drive, somebody walks, a light hangs, two lines lie."""
    found = [
        _tracked(number, "VOTVehicle", "car", 1, _at(0.24 + 0.11 * number, -0.55, 0.62, 0.42)),
        _tracked(number, "VOTVehicle", "van", 1, _at(0.62 - 0.07 * number, 0.34, 0.66, 0.62)),
        _tracked(number, "VOTPedestrian", "pedestrian", 1, _walking(number)),
    ]
    if number > 1:
        found.append(_tracked(number, "VOTVehicle", "car", 2, _at(0.16 + 0.05 * (number - 2), -0.5, 0.6, 0.42)))
    lines = [Label(number, "LaneVOD", 1, name, Shape(ShapeType.POLYLINE, line)) for name, line in _LANES.items()]
    light = Label(number, "TrafficLightVOD", 1, "traffic light", _box(455, 40, 16, 40))
    return [*found, *lines, light]


def _tracked(number: int, job: str, name: str, track: int, shape: Shape) -> Label:
    return Label(number, job, 1, name, shape, f"{name}-{track}", f"{name}:{track}")


def _at(near: float, beside: float, wide: float, tall: float) -> Shape:
    """Something on the road: 0 is the horizon, 1 the lower border; all sizes in halves of the road's width there."""
    half = 330 * near
    x, y = _VANISHING[0] + beside * half, _HORIZON + 210 * near
    return _box(x - wide * half / 2, y - tall * half, wide * half, tall * half)


def _walking(number: int) -> Shape:
    return _box(560 - 14 * number, 186, 22, 62)


def _box(left: float, top: float, width: float, height: float) -> Shape:
    return Shape(ShapeType.BOX, ((left, top), (left + width, top + height)))


def _picture(labels: list[Label]) -> bytes:
    """The street as a camera would see it, in OpenCV's order of colours."""
    canvas = np.zeros((_HEIGHT, _WIDTH, 3), np.uint8)
    for row in range(_HORIZON):
        canvas[row] = (232 - row // 4, 214 - row // 5, 196 - row // 8)
    canvas[_HORIZON:] = (118, 138, 128)
    for left, roof, colour in ((0, 62, (150, 158, 172)), (92, 92, (128, 140, 160)), (520, 50, (160, 164, 170))):
        cv2.rectangle(canvas, (left, roof), (left + 110, _HORIZON), colour, -1)
    _fill(canvas, [(306, 152), (334, 152), (760, 360), (-120, 360)], (96, 92, 90))
    for line in _LANES.values():
        _fill(canvas, [line[0], (line[0][0] + 16, line[0][1]), line[1]], (226, 228, 228))
    for begin in (0.12, 0.3, 0.6):
        top, bottom = _HORIZON + 210 * begin, _HORIZON + 210 * begin * 1.45
        _fill(canvas, [(320, top), (322, top), (324, bottom), (318, bottom)], (210, 214, 214))
    cv2.line(canvas, (463, 80), (463, 190), (70, 70, 70), 4, cv2.LINE_AA)
    for label in sorted(labels, key=lambda label: label.shape.points[-1][1]):
        if label.shape.type is ShapeType.BOX:
            _thing(canvas, label)
    return cv2.imencode(".png", canvas)[1].tobytes()


def _thing(canvas: NDArray[np.uint8], label: Label) -> None:
    (left, top), (right, bottom) = label.shape.points
    wide, tall = right - left, bottom - top
    if label.class_name == "traffic light":
        _upright(canvas, (left, top, right, bottom), (52, 52, 52))
        _round(canvas, (left + wide / 2, top + tall / 5), wide / 4, (60, 60, 222))
    elif label.class_name == "pedestrian":
        _round(canvas, (left + wide / 2, top + tall / 8), tall / 8, (150, 176, 214))
        _upright(canvas, (left + 2, top + tall / 4, right - 2, bottom), (92, 70, 60))
    else:
        colours = {"car:1": (74, 70, 156), "car:2": (150, 132, 84)}
        cabin = 0.45 if label.class_name == "car" else 0.1
        body = (left, top + tall * cabin, right, bottom)
        _upright(canvas, body, colours.get(label.track_name or "", (212, 214, 216)))
        roof, belt = (left + wide * 0.15, right - wide * 0.15), top + tall * 0.5
        _fill(canvas, [(roof[0], top), (roof[1], top), (right, belt), (left, belt)], (72, 66, 60))
        for x in (left + wide * 0.12, right - wide * 0.12):
            _round(canvas, (x, bottom - tall * 0.25), wide * 0.06, (60, 60, 235))


def _upright(canvas: NDArray[np.uint8], sides: tuple[float, float, float, float], colour: tuple[int, int, int]) -> None:
    left, top, right, bottom = sides
    _fill(canvas, [(left, top), (right, top), (right, bottom), (left, bottom)], colour)


def _round(canvas: NDArray[np.uint8], centre: Point, radius: float, colour: tuple[int, int, int]) -> None:
    cv2.circle(canvas, (round(centre[0]), round(centre[1])), max(1, round(radius)), colour, -1, cv2.LINE_AA)


def _fill(canvas: NDArray[np.uint8], corners: list[Point], colour: tuple[int, int, int]) -> None:
    cv2.fillPoly(canvas, [np.array(corners).round().astype(np.int32)], colour, cv2.LINE_AA)


if __name__ == "__main__":
    PICTURE.write_bytes(draw())
