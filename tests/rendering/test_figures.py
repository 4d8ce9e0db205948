"""Numbers counted in documents."""

from dataclasses import replace

import pytest

from everlabel.annotation_document import Change
from everlabel_cli.rendering import figures
from tests.rendering.scene import box, document, label

BOX = box(10, 10, 20, 20)


def test_a_track_should_be_as_long_as_from_its_first_to_the_end_of_its_last_frame() -> None:
    (track,) = figures.tracks([document([label("car", BOX, i, "1") for i in (1, 2, 3)], frames=6, fps=2.0)])

    assert (track.runs, track.seconds, track.gaps) == (((0.5, 2.0),), 1.5, 0)


def test_frames_without_a_track_between_others_should_be_gaps() -> None:
    (track,) = figures.tracks([document([label("car", BOX, i, "1") for i in (0, 1, 3, 6)], frames=7)])

    assert (track.runs, track.gaps, track.labels) == (((0, 2), (3, 4), (6, 7)), 2, 4)


def test_a_track_should_have_the_class_that_it_has_most_often() -> None:
    made = [label(name, BOX, i, "1") for i, name in enumerate(["car", "van", "van"])]

    assert [track.class_name for track in figures.tracks([document(made, frames=3)])] == ["van"]


def test_tracks_of_two_tasks_should_be_two() -> None:
    made = document([label("car", BOX, 0, "1")])

    assert len(figures.tracks([made, replace(made, task_id="task-2")])) == 2


def test_classes_should_be_counted_by_label_track_and_frame() -> None:
    made = document(
        [label("car", BOX, 0, "1"), label("car", BOX, 0, "2"), label("car", BOX, 1, "1"), label("sign", BOX)], 2
    )

    counts = figures.class_counts([made], figures.tracks([made]))

    assert counts == [figures.ClassCount("car", 3, 2, 2), figures.ClassCount("sign", 1, 0, 1)]


def test_objects_over_time_should_count_frames_without_any() -> None:
    made = document([label("car", BOX, 1, "1"), label("car", BOX, 1, "2")], frames=3)

    assert figures.objects_over_time(made) == {"car": [(0, 0), (1, 2), (2, 0)]}
    assert figures.objects_per_frame([made]) == [0, 2, 0]


def test_a_class_should_be_counted_at_the_frames_of_its_own_rate_only() -> None:
    made = document([label("car", BOX, 0), label("sign", BOX, 3)], frames=3)
    frames = (
        *made.frames,
        replace(made.frames[0], index=3, fps=2.0),
        replace(made.frames[1], index=4, fps=2.0, time=0.5),
    )

    counts = figures.objects_over_time(replace(made, frames=frames))

    assert counts == {"car": [(0, 1), (1, 0), (2, 0)], "sign": [(0, 1), (0.5, 0)]}


def test_attributes_should_be_counted_by_value_and_class() -> None:
    made = document(
        [
            label("car", BOX, attributes={"occlusion": "none", "lights": ["left", "brake"]}),
            label("bus", BOX, attributes={"occlusion": "none", "is_front": True}),
        ]
    )

    assert figures.attribute_counts([made]) == {
        "occlusion": {"none": {"car": 1, "bus": 1}},
        "lights": {"left, brake": {"car": 1}},
        "is_front": {"yes": {"bus": 1}},
    }


def test_changes_should_be_counted_by_job() -> None:
    made = document([label("car", BOX), label("car", BOX), label("bus", BOX)])
    changed = (
        replace(made.labels[0], change=Change.KEPT),
        replace(made.labels[1], change=Change.ADDED),
        made.labels[2],
    )

    counts = figures.change_counts([replace(made, labels=changed)])

    assert counts == {"VOTVehicle": {Change.KEPT: 1, Change.ADDED: 1}}


@pytest.mark.parametrize(
    ("value", "words"), [(True, "yes"), (0, "0"), ([1, False], "1, no"), ("x", "x"), (None, "None")]
)
def test_values_should_be_said_in_words(value: object, words: str) -> None:
    assert figures.said(value) == words
