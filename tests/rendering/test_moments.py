"""Labels at frames, and between them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel.annotation_document import AnnotationDocument, Shape, ShapeType
from everlabel_cli.rendering.moments import Motion, evenly, moments
from tests.rendering.scene import box, document, label


def moving(fps: float = 1.0, track: str | None = "1") -> AnnotationDocument:
    """A box that moves by 10 pixels from each of three frames to the next."""
    return document([label("car", box(10 * i, 50, 40, 30), i, track) for i in range(3)], frames=3, fps=fps)


def test_labels_at_a_frame_should_be_as_they_are() -> None:
    made = moving()

    assert Motion(made).at(1.0) == (made.labels[1],)


def test_a_tracked_box_should_move_on_a_straight_line_between_frames() -> None:
    (between,) = Motion(moving()).at(1.25)

    assert between.shape == box(12.5, 50, 40, 30)
    assert between.interpolated


def test_a_tracked_polyline_should_move_with_all_its_points() -> None:
    lines = [Shape(ShapeType.POLYLINE, ((x, 0.0), (x, 50.0), (x + 8, 90.0))) for x in (0.0, 4.0)]
    made = document([label("lane", line, i, "1") for i, line in enumerate(lines)], frames=2)

    (between,) = Motion(made).at(0.5)

    assert between.shape.points == ((2.0, 0.0), (2.0, 50.0), (10.0, 90.0))


@pytest.mark.parametrize(("seconds", "left"), [(0.4, 0), (0.6, 10), (1.4, 10), (2.4, 20)])
def test_what_has_no_track_should_stay_where_the_nearer_frame_has_it(seconds: float, left: int) -> None:
    (held,) = Motion(moving(track=None)).at(seconds)

    assert held.shape == box(left, 50, 40, 30)
    assert held.interpolated


def test_nothing_should_be_shown_long_after_the_last_frame() -> None:
    assert Motion(moving()).at(2.6) == ()


def test_a_track_should_not_move_over_a_frame_that_is_missing() -> None:
    made = moving()
    gap = replace(made, frames=(made.frames[0], made.frames[2]), labels=(made.labels[0], made.labels[2]))

    assert Motion(gap).at(1.0) == ()


def test_a_track_should_not_move_over_a_frame_that_lacks_it() -> None:
    made = moving()
    gap = replace(made, labels=(made.labels[0], made.labels[2]))

    assert Motion(gap).at(1.0) == ()


def test_a_track_of_another_job_is_another_track() -> None:
    one, other = label("car", box(0, 0, 10, 10), 0, "1"), label("sign", box(90, 0, 10, 10), 1, "1", job="VODSign")

    assert [found.shape for found in Motion(document([one, other], frames=2)).at(0.5)] == [one.shape]


def test_frames_of_two_rates_at_one_time_should_be_one_moment() -> None:
    slow = moving().frames
    fast = tuple(replace(slow[0], index=3 + i, name=f"f{i}", fps=2.0, time=i / 2) for i in range(5))
    labels = (label("car", box(0, 0, 9, 9), 1), label("lane", box(0, 0, 9, 9), 5))
    found = moments(replace(moving(), frames=slow + fast, labels=labels))

    assert [moment.frame.time for moment in found] == [0, 0.5, 1, 1.5, 2]
    assert [len(moment.labels) for moment in found] == [0, 0, 2, 0, 0]


@given(st.integers(1, 200), st.integers(1, 50))
def test_evenly_chosen_frames_should_be_few_distinct_and_reach_from_first_to_last(count: int, most: int) -> None:
    found = evenly(range(count), most)

    assert len(found) == min(count, most)
    assert found == sorted(set(found))
    assert found[0] == 0
    assert most == 1 or found[-1] == count - 1
