"""Levels made one: who has the word, what each object is to the level before, and how much was changed."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel.agreement import Agreement
from everlabel.annotation_document import Change, Frame, Label, Origin, Shape, ShapeType
from everlabel.label_files import Drawn, FrameLabels
from everlabel.matching import LEAST_IOU, Pair, distance, farthest, iou, pairs
from everlabel.merging import Said, SaidClass, Step, classification, last_word, merge, merge_classes

FRAME = Frame(0, "1.jpg", "s3://b/1.jpg", 1.0, 0.0, 1280, 720)
FIRST, SECOND = (1, "VOT"), (2, "AdjVOT")


def box(left: float, top: float = 0, width: float = 10, height: float = 10) -> Shape:
    return Shape(ShapeType.BOX, ((left, top), (left + width, top + height)))


def line(*points: tuple[float, float]) -> Shape:
    return Shape(ShapeType.POLYLINE, points)


def car(left: float, track: str | None = None, name: str = "car", **attributes: str) -> Drawn:
    return Drawn(name, box(left), track, attributes=attributes)


def said(step: Step, *drawn: Drawn, source: Step | None = None, verifies: bool = False) -> Said:
    return Said(step, source, verifies, Origin.HUMAN, {"1.jpg": FrameLabels(list(drawn))})


def merged(*all_said: Said) -> tuple[list[Label], defaultdict[Step, Agreement]]:
    agreements: defaultdict[Step, Agreement] = defaultdict(Agreement)
    return list(merge(all_said, {"1.jpg": FRAME}, agreements)), agreements


def changes(before: list[Drawn], after: list[Drawn]) -> list[tuple[Drawn | None, Drawn | None]]:
    return [(pair.before, pair.after) for pair in pairs(before, after, 20)]


# Who has the word


def test_one_level_should_have_the_word_and_change_nothing() -> None:
    labels, agreements = merged(said(FIRST, car(0, "a")))
    assert [(label.job_name, label.level, label.track_id, label.change) for label in labels] == [("VOT", 1, "a", None)]
    assert not agreements


def test_the_last_level_should_have_the_word() -> None:
    labels, _ = merged(said(FIRST, car(0, "a"), car(50, "b")), said(SECOND, car(0, "a"), source=FIRST))
    assert [(label.level, label.track_id, label.change) for label in labels] == [(2, "a", Change.KEPT)]


def test_an_object_that_the_last_level_did_not_label_should_keep_the_labels_it_has() -> None:
    labels, _ = merged(said(FIRST, car(0)))
    assert [label.job_name for label in labels] == ["VOT"]


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([((2, "B"), False), ((3, "A"), False)], (3, "A")),
        ([((2, "A"), True), ((2, "B"), False)], (2, "B")),
        ([((2, "A"), False), ((2, "B"), False)], (2, "B")),
        ([((3, "A"), True), ((2, "B"), False)], (3, "A")),
    ],
)
def test_only_one_job_of_a_tree_should_have_the_word(others: list[tuple[Step, bool]], expected: Step) -> None:
    everything = [said(FIRST), *(said(step, source=FIRST, verifies=verifies) for step, verifies in others)]
    assert last_word(everything).step == expected
    assert last_word(everything[::-1]).step == expected


def test_each_level_should_be_compared_with_the_one_it_was_given() -> None:
    third = said((3, "C"), car(5, "a", name="bus"), source=SECOND)
    labels, agreements = merged(
        said(FIRST, car(0, "a"), car(90, "gone")), said(SECOND, car(5, "a"), source=FIRST), third
    )
    assert [label.change for label in labels] == [Change.ADJUSTED]
    assert (agreements[SECOND].adjusted, agreements[SECOND].removed) == (1, 1)
    assert (agreements[3, "C"].adjusted, dict(agreements[3, "C"].classes)) == (1, {("car", "bus"): 1})


def test_frames_that_one_level_left_out_should_count_as_empty() -> None:
    nothing = Said(SECOND, FIRST, False, Origin.HUMAN, {})
    labels, agreements = merged(said(FIRST, car(0)), nothing)
    assert (labels, agreements[SECOND].removed) == ([], 1)


def test_nothing_said_should_be_nothing() -> None:
    assert merged() == ([], {})


# Which object is which


def test_tracked_objects_should_be_the_same_if_their_ids_are() -> None:
    far, new = car(500, "a"), car(0, "b")
    assert changes([car(0, "a")], [far, new]) == [(car(0, "a"), far), (None, new)]


def test_a_tracked_object_that_is_gone_should_not_be_taken_for_another() -> None:
    assert changes([car(0, "a")], [car(0, "b")]) == [(car(0, "a"), None), (None, car(0, "b"))]


def test_untracked_objects_should_be_paired_by_their_overlap() -> None:
    before, after = [car(0), car(100)], [car(101), car(1), car(300)]
    assert set(map(repr, changes(before, after))) == set(
        map(repr, [(car(0), car(1)), (car(100), car(101)), (None, car(300))])
    )


def test_the_nearest_should_be_paired_first() -> None:
    assert changes([car(0)], [car(2), car(1)]) == [(car(0), car(1)), (None, car(2))]


def test_of_two_equal_shapes_the_one_of_the_same_class_should_be_taken() -> None:
    before = [car(0, name="bus"), car(0)]
    assert changes(before, [car(0)]) == [(before[1], car(0)), (before[0], None)]


def test_boxes_that_hardly_overlap_should_be_different_objects() -> None:
    assert iou(box(0), box(4)) < LEAST_IOU < iou(box(0), box(3))
    assert changes([car(0)], [car(4)]) == [(car(0), None), (None, car(4))]
    assert changes([car(0)], [car(3)]) == [(car(0), car(3))]


def test_lines_should_be_the_same_if_they_lie_side_by_side() -> None:
    old, near = Drawn("lane", line((0, 0), (100, 0))), Drawn("lane", line((0, 19), (50, 19), (100, 19)))
    assert changes([old], [near]) == [(old, near)]
    assert len(list(pairs([old], [near], 18))) == 2


def test_labels_without_ids_should_be_paired_with_labels_that_have_some() -> None:
    assert changes([car(0)], [car(0, "a")]) == [(car(0), car(0, "a"))]


def test_masks_should_be_the_same_if_their_colours_are() -> None:
    def mask(uri: str, colour: str) -> Drawn:
        return Drawn("road", Shape(ShapeType.MASK, (), uri, colour))

    old, new, other = mask("1.png", "#2ca02c"), mask("2.png", "#2ca02c"), mask("2.png", "#1f77b4")
    assert changes([old], [other, new]) == [(old, new), (None, other)]


def test_shapes_of_two_types_should_be_different_objects() -> None:
    point, lane = Drawn("a", Shape(ShapeType.KEYPOINT, ((5, 0),))), Drawn("a", line((0, 0), (10, 0)))
    assert changes([point], [lane]) == [(point, None), (None, lane)]


def test_attributes_alone_should_make_an_object_adjusted() -> None:
    pair = Pair(car(0, occlusion="none"), car(0, occlusion="major"))
    assert pair.change is Change.ADJUSTED
    agreement = Agreement()
    agreement.add([pair])
    assert (agreement.moved, agreement.as_json()["changedShapes"]) == (0, 0)


def test_an_id_that_a_frame_has_twice_should_lose_nothing() -> None:
    before, after = [car(0, "a"), car(50, "a")], [car(0, "a"), car(50, "a")]
    found = changes(before, after)
    assert len([one for one, _ in found if one]) == len([other for _, other in found if other]) == 2


drawn = st.builds(
    Drawn,
    st.sampled_from(["car", "bus"]),
    st.builds(box, st.integers(0, 30), st.integers(0, 30)),
    st.none() | st.sampled_from("abc"),
)


@given(st.lists(drawn, max_size=6), st.lists(drawn, max_size=6))
def test_every_object_should_be_in_one_pair(before: list[Drawn], after: list[Drawn]) -> None:
    found = list(pairs(before, after, 20))
    assert sorted(map(id, before)) == sorted(id(pair.before) for pair in found if pair.before is not None)
    assert sorted(map(id, after)) == sorted(id(pair.after) for pair in found if pair.after is not None)


@given(st.lists(drawn, max_size=6, unique_by=lambda found: found.track_id or id(found)))
def test_a_level_that_changed_nothing_should_have_kept_all(before: list[Drawn]) -> None:
    assert [pair.change for pair in pairs(before, list(before), 20)] == [Change.KEPT] * len(before)


# How far apart


def test_iou_should_be_the_share_of_the_union() -> None:
    assert iou(box(0), box(5)) == pytest.approx(50 / 150)
    assert iou(box(0), box(10)) == 0
    assert iou(box(0), box(0)) == 1
    nothing = box(0, width=0)
    assert (iou(nothing, nothing), iou(nothing, box(0))) == (1, 0)


@given(st.builds(box, *[st.integers(1, 50)] * 4), st.builds(box, *[st.integers(1, 50)] * 4))
def test_iou_should_be_symmetric_and_a_share(one: Shape, other: Shape) -> None:
    assert 0 <= iou(one, other) == iou(other, one) <= 1


def test_the_distance_of_lines_should_not_depend_on_where_their_vertices_are() -> None:
    assert distance(line((0, 0), (100, 0)), line((0, 0), (30, 0), (70, 0), (100, 0))) == 0
    assert distance(line((0, 0), (100, 0)), line((0, 3), (50, 3), (100, 3))) == 3
    assert distance(line((0, 0), (0, 0)), line((3, 4), (3, 4))) == 5
    # Beyond its ends a line does not go on.
    assert distance(line((0, 0), (10, 0)), line((-4, 0), (20, 0))) == (4 + 10) / 4


def test_the_distance_of_polygons_should_know_that_they_are_closed() -> None:
    square = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
    turned = (*square[2:], *square[:2])
    polygons = Shape(ShapeType.POLYGON, square), Shape(ShapeType.POLYGON, (*turned, (0.0, 5.0)))
    assert distance(*polygons) == 0
    assert distance(line(*square), line(*square, (0.0, 5.0))) > 0


def test_points_should_be_as_far_apart_as_they_are() -> None:
    assert distance(Shape(ShapeType.KEYPOINT, ((0, 0),)), Shape(ShapeType.KEYPOINT, ((3, 4),))) == 5


def test_how_far_is_too_far_should_grow_with_the_picture() -> None:
    assert (farthest(1280), farthest(1920), farthest(None)) == (20, 30, 20)


# How much was changed


def test_agreement_should_say_what_was_changed() -> None:
    agreement = Agreement()
    lane = Drawn("lane", line((0, 0), (100, 0)))
    agreement.add(
        [
            Pair(car(0), car(0)),
            Pair(car(0, occlusion="none"), car(5, occlusion="major", state="on")),
            Pair(car(0), car(0, name="bus")),
            Pair(None, car(0)),
            Pair(car(0), None),
            Pair(lane, Drawn("lane", line((0, 4), (100, 4)))),
            Pair(lane, Drawn("lane", line((0, 2), (100, 2)))),
        ]
    )
    assert agreement.as_json() == {
        "kept": 1,
        "adjusted": 4,
        "added": 1,
        "removed": 1,
        "changedShare": round(6 / 7, 4),
        "changedShapes": 3,
        "changedClasses": [{"from": "car", "to": "bus", "count": 1}],
        "changedAttributes": {"occlusion": 1, "state": 1},
        "meanIou": round((1 + 1 / 3 + 1) / 3, 4),
        "meanDistancePixels": 3.0,
        "maxDistancePixels": 4.0,
    }


def test_agreement_about_nothing_should_have_no_means() -> None:
    said_nothing = Agreement().as_json()
    assert {name for name, value in said_nothing.items() if value is None} == {
        "changedShare",
        "meanIou",
        "meanDistancePixels",
        "maxDistancePixels",
    }


def test_two_kinds_of_shape_should_not_be_measured() -> None:
    agreement = Agreement()
    agreement.add([Pair(car(0, "a"), Drawn("car", line((0, 0), (1, 1)), "a"))])
    assert (agreement.moved, agreement.boxes, agreement.lines) == (1, 0, 0)


# Classes


def test_the_last_class_should_be_the_frames_and_a_change_be_counted() -> None:
    agreements: defaultdict[Step, Agreement] = defaultdict(Agreement)
    all_said = [
        SaidClass(FIRST, None, Origin.AUTO, "day", 0.6),
        SaidClass(SECOND, FIRST, Origin.HUMAN, "night", None),
    ]
    found = merge_classes(all_said, FRAME, agreements)
    assert found is not None
    assert (found.class_name, found.level, found.origin) == ("night", 2, Origin.HUMAN)
    assert dict(agreements[SECOND].classes) == {("day", "night"): 1}
    merge_classes([all_said[1], SaidClass((3, "C"), SECOND, Origin.HUMAN, "night", None)], FRAME, agreements)
    assert (agreements[SECOND].kept, agreements[SECOND].adjusted) == (0, 1)
    assert (agreements[3, "C"].kept, agreements[3, "C"].adjusted) == (1, 0)
    assert merge_classes([], FRAME, agreements) is None


def test_a_verdict_should_be_said_of_its_frame() -> None:
    found = classification(SaidClass(SECOND, FIRST, Origin.HUMAN, "good", 0.9), FRAME)
    assert (found.frame, found.job_name, found.class_name, found.confidence) == (0, "AdjVOT", "good", 0.9)
