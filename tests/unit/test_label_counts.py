"""What a task's labels come to."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from everlabel import objects
from everlabel.annotation_document import Classification, Frame, Label, Origin, Shape, ShapeType
from everlabel.label_counts import HIGH_DENSITY, MEDIUM_DENSITY, MOST_VALUES, OTHERS, LabelCounts
from everlabel.s3_uri import S3Uri
from everlabel.work_times import read_answers, seconds_of_answers

FRAMES = [Frame(index, f"{index}.jpg", f"s3://b/{index}.jpg", 2.0, index / 2, 640, 480) for index in range(10)]
BOX = Shape(ShapeType.BOX, ((0, 0), (1, 1)))


def label(frame: int, track: str | None = None, name: str = "car", job: str = "VOT", **more: Any) -> Label:
    return Label(frame, job, 1, name, BOX, track, **more)


def counted(*labels: Label, frames: int = 10, attributes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    counts = LabelCounts()
    counts.add_frames({"VOT": set(range(frames))}, labels)
    return counts.as_json(FRAMES, attributes or {})


def test_nothing_should_be_summed_up_without_dividing_by_it() -> None:
    found = LabelCounts().as_json([], {})
    assert (found["labels"], found["autoLabeledShare"], found["objectsPerFrame"]["mean"]) == (0, None, None)
    assert found["trackLengths"]["medianLabels"] is None
    assert found["density"] == {"trafficObjectsPerFrame": None, "trafficDensity": None, "isDerived": False}


def test_objects_should_be_counted_by_class_frame_and_track() -> None:
    found = counted(label(0, "a"), label(0, "b"), label(1, "a"), label(1, None, "sign"))
    assert {name: (each["labels"], each["frames"], each["tracks"]) for name, each in found["classes"].items()} == {
        "car": (3, 2, 2),
        "sign": (1, 1, 0),
    }
    assert found["objectsPerFrame"] == {"labeledFrames": 10, "mean": 0.4, "max": 2}


def test_frames_that_two_jobs_labeled_should_count_once() -> None:
    counts = LabelCounts()
    counts.add_frames({"VOT": {0, 1}, "Lane": {1, 2}}, [label(0), label(1, name="lane", job="Lane")])
    assert counts.as_json(FRAMES, {})["objectsPerFrame"] == {"labeledFrames": 3, "mean": 0.6667, "max": 1}


def test_tracks_should_have_a_length_and_gaps() -> None:
    found = counted(*(label(frame, "a", name="bus" if frame == 1 else "car") for frame in (1, 2, 6, 9)))
    assert found["tracks"] == [
        {
            "jobName": "VOT",
            "trackId": "a",
            "trackName": None,
            "className": "car",
            "labels": 4,
            "firstSeconds": 0.5,
            "lastSeconds": 4.5,
            "lengthSeconds": 4.5,
            "gaps": 2,
            "missingFrames": 5,
            "longestGapFrames": 3,
        }
    ]
    lengths = found["trackLengths"]
    assert (lengths["tracks"], lengths["meanLabels"], lengths["maxSeconds"], lengths["tracksWithGaps"]) == (
        1,
        4,
        4.5,
        1,
    )


def test_lengths_of_tracks_should_have_a_mean_and_a_median() -> None:
    lengths = counted(
        *(label(frame, track) for track, labels in zip("abc", (1, 2, 9), strict=True) for frame in range(labels))
    )
    assert lengths["trackLengths"] == {
        "tracks": 3,
        "meanLabels": 4,
        "medianLabels": 2,
        "meanSeconds": 2,
        "maxSeconds": 4.5,
        "tracksWithGaps": 0,
    }


def test_a_track_with_one_gap_should_count_as_one_with_gaps() -> None:
    found = counted(label(0, "a"), label(2, "a"), label(0, "b"), label(1, "b"))
    assert [track["gaps"] for track in found["tracks"]] == [1, 0]
    assert found["trackLengths"]["tracksWithGaps"] == 1


def test_the_busiest_frame_should_be_that_of_all_data_objects() -> None:
    counts = LabelCounts()
    counts.add_frames({"VOT": {0, 1}}, [label(0), label(0), label(1)])
    counts.add_frames({"VOT": {2}}, [label(2)])
    assert counts.as_json(FRAMES, {})["objectsPerFrame"] == {"labeledFrames": 3, "mean": 1.3333, "max": 2}


def test_one_id_of_two_jobs_should_be_two_tracks() -> None:
    assert counted(label(0, "1"), label(0, "1", job="Other"))["trackLengths"]["tracks"] == 2


def test_attributes_should_be_counted_by_value() -> None:
    found = counted(label(0, attributes={"state": "red", "is_front": True}), label(1, attributes={"state": "red"}))
    assert found["classes"]["car"]["attributes"] == {"is_front": {"true": 1}, "state": {"red": 2}}


def test_values_without_end_should_be_counted_together() -> None:
    many = (label(0, attributes={"note": str(number)}) for number in range(MOST_VALUES + 5))
    values = counted(*many)["classes"]["car"]["attributes"]["note"]
    assert (len(values), values[OTHERS]) == (MOST_VALUES + 1, 5)


@pytest.mark.parametrize("free", ["none", "no", "No", "0", False, 0, "visible"])
def test_occlusion_should_be_the_share_of_objects_that_anything_covers(free: Any) -> None:
    found = counted(
        label(0, attributes={"occlusion": free}),
        label(0, attributes={"Occluded": "partial"}),
        label(0, attributes={"occlusion": "major"}),
        label(0),
    )
    assert found["occlusion"] == {"known": 3, "occluded": 2, "occludedShare": 0.6667}


@pytest.mark.parametrize(
    ("each", "density"),
    [(MEDIUM_DENSITY - 1, "low"), (MEDIUM_DENSITY, "medium"), (HIGH_DENSITY - 1, "medium"), (HIGH_DENSITY, "high")],
)
def test_density_should_be_derived_from_the_vehicles_of_a_frame(each: float, density: str) -> None:
    labels = [label(frame, name=name) for frame in range(2) for name in ["Car"] * int(each) + ["sign"] * 20]
    found = counted(*labels, frames=2)["density"]
    assert found == {"trafficObjectsPerFrame": each, "trafficDensity": density, "isDerived": True}


@pytest.mark.parametrize(
    "attributes",
    [
        {"clip": {"traffic_density": "high"}},
        {"drive": {"traffic_density": "high"}},
        {"clip": {"traffic_density": "high"}, "drive": {"traffic_density": "low"}},
    ],
)
def test_density_that_somebody_gave_should_stay(attributes: dict[str, Any]) -> None:
    found = counted(label(0), attributes=attributes)["density"]
    assert (found["trafficDensity"], found["isDerived"]) == ("high", False)


def test_density_should_be_unknown_where_nobody_drew_traffic() -> None:
    assert counted(label(0, name="lane"))["density"]["trafficDensity"] is None


def test_labels_of_models_should_be_a_share() -> None:
    assert counted(label(0, origin=Origin.AUTO), label(0))["autoLabeledShare"] == 0.5


def test_what_is_said_of_whole_frames_should_be_counted() -> None:
    counts = LabelCounts()
    for name in ("day", "day", "night"):
        counts.add_classification(Classification(0, "Time", 1, name))
    counts.add_frame_attributes({"blurred": "no", "rain": 0.5})
    found = counts.as_json(FRAMES, {})
    assert found["classifications"] == {"Time": {"day": 2, "night": 1}}
    assert found["frameAttributes"] == {"blurred": {"no": 1}, "rain": {"0.5": 1}}


# Work


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (b'{"answers": [{"timeSpentInSeconds": 12.5}, {"timeSpentInSeconds": 3}]}', [12.5, 3]),
        (
            b'{"answers": [{"acceptanceTime": "2026-05-19T17:25:10Z", "submissionTime": "2026-05-19T17:25:40Z"}]}',
            [30],
        ),
        (
            b'{"answers": [{"acceptanceTime": "2026-05-19T17:25:40Z", "submissionTime": "2026-05-19T17:25:10Z"}]}',
            [0],
        ),
        (b'{"answers": [{"timeSpentInSeconds": -1}]}', []),
        (b'{"answers": [{}]}', []),
        (b'{"answers": [3]}', []),
        (b'{"answers": 3}', []),
        (b"{}", []),
        (b"[]", []),
        (b"\xff", []),
    ],
)
def test_work_should_be_read_where_it_can_be(content: bytes, seconds: list[float]) -> None:
    assert read_answers(content) == seconds


@pytest.mark.parametrize(("code", "is_silent"), [("AccessDenied", True), ("InternalError", False)])
def test_work_that_may_not_be_read_should_be_none(monkeypatch: pytest.MonkeyPatch, code: str, is_silent: bool) -> None:
    def refused(*_: Any) -> list[str]:
        raise ClientError({"Error": {"Code": code}}, "ListObjectsV2")

    monkeypatch.setattr(objects, "names_below", refused)
    place = S3Uri("bucket", "job/annotations/consolidated-annotation/output/0/SeqLabel.json")
    if is_silent:
        assert seconds_of_answers(place) == []
    else:
        with pytest.raises(ClientError):
            seconds_of_answers(place)
    assert seconds_of_answers(S3Uri("bucket", "elsewhere/0/SeqLabel.json")) == []
