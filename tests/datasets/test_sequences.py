"""Sequences of a document, names of files, and boxes that are interpolated."""

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everlabel.annotation_document import AnnotationDocument, ShapeType
from everlabel_cli.datasets.names import distinct, file_name
from everlabel_cli.datasets.sequences import image_names, interpolated, sequences
from tests.documents import box, documents, is_near, sample

ONE = sample()[0]


@settings(max_examples=30)
@given(documents())
def test_should_have_every_frame_and_every_label_once(document: AnnotationDocument) -> None:
    found = sequences(document, "clip", "train")
    assert sorted(frame.index for sequence in found for frame in sequence.frames) == list(range(len(document.frames)))
    labels = [label for sequence in found for _, label in sequence.everything()]
    assert sorted(map(str, labels)) == sorted(map(str, document.labels))
    for sequence in found:
        assert {frame.fps for frame in sequence.frames} == {sequence.fps}
        assert [frame.time for frame in sequence.frames] == sorted(frame.time for frame in sequence.frames)
        assert all(sequence.frames[place].index == label.frame for place, label in sequence.everything())
    assert len({sequence.name for sequence in found}) == len(found)


@settings(max_examples=40)
@given(st.lists(st.text(max_size=100), unique=True, max_size=10))
def test_should_make_names_that_every_file_system_takes(texts: list[str]) -> None:
    names = [file_name(text) for text in texts]
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name) and "__" not in name for name in names)
    assert len(set(names)) == len(names)
    images = image_names(texts)
    assert len({Path(image).stem.casefold() for image in images}) == len(images)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("clip-1.a_b", "clip-1.a_b"),
        ("a b/c", "a_b_c-539138d5"),
        ("Straße", "Strae-"),
        ("a__b", "a_b-"),
        ("x" * 90, "x" * 80 + "-"),
    ],
)
def test_should_keep_names_near_to_what_they_were(text: str, name: str) -> None:
    assert file_name(text).startswith(name)


def test_should_tell_capitals_apart_where_file_systems_do_not() -> None:
    assert distinct(["Clip", "clip", "other"], ["t1", "t2", "t3"]) == ["Clip+t1", "clip+t2", "other"]
    assert image_names(["1.JPG", "1.png", "2.jpeg", "3"]) == ["1+000000.jpg", "1+000001.png", "2.jpeg", "3.jpg"]


def test_should_fill_gaps_evenly_in_time() -> None:
    (sequence,) = sequences(_car(0, 3), "clip", "train")
    filled = interpolated(sequence, 1.5)
    assert [label.interpolated for _, label in filled.everything()] == [False, True, True, False]
    for place, (_, label) in enumerate(filled.everything()):
        (left, top), (right, bottom) = label.shape.points
        assert all(map(is_near, (left, top, right, bottom), (place * 10, 10, place * 10 + 8 + place * 2, 18 + place)))
        assert label.frame == place
        assert label.attributes == ONE.labels[0].attributes


@pytest.mark.parametrize(("gap", "count"), [(1.4, 2), (1.5, 4)])
def test_should_fill_no_gap_that_is_longer(gap: float, count: int) -> None:
    (sequence,) = sequences(_car(0, 3), "clip", "train")
    assert len(list(interpolated(sequence, gap).everything())) == count


def test_should_make_up_nothing_outside_a_track_without_one_or_between_two() -> None:
    (sequence,) = sequences(_car(1, 2), "clip", "train")
    assert interpolated(sequence, 9) == sequence
    untracked = dataclasses.replace(
        _car(0, 3), labels=tuple(dataclasses.replace(label, track_id=None) for label in _car(0, 3).labels)
    )
    (sequence,) = sequences(untracked, "clip", "train")
    assert interpolated(sequence, 9) == sequence
    first, last = _car(0, 3).labels
    two = dataclasses.replace(ONE, labels=(first, dataclasses.replace(last, track_id="another")))
    (sequence,) = sequences(two, "clip", "train")
    assert interpolated(sequence, 9) == sequence


@settings(max_examples=30)
@given(documents(), st.floats(0.1, 5))
def test_should_keep_what_was_labeled(document: AnnotationDocument, gap: float) -> None:
    for sequence in sequences(document, "clip", "train"):
        filled = interpolated(sequence, gap)
        assert [label for _, label in filled.everything() if not label.interpolated] == [
            label for _, label in sequence.everything()
        ]
        for place, label in filled.everything():
            if label.interpolated:
                assert label.shape.type is ShapeType.BOX
                assert all(
                    other.track_id != label.track_id
                    for other in sequence.at(place)
                    if other.shape.type is ShapeType.BOX
                )


def _car(*places: int) -> AnnotationDocument:
    labels = (
        dataclasses.replace(ONE.labels[0], frame=place, shape=box(place * 10, 10, 8 + place * 2, 8 + place))
        for place in places
    )
    return dataclasses.replace(ONE, labels=tuple(labels))
