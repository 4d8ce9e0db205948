"""MOTChallenge, read back by motmetrics and Datumaro."""

from configparser import ConfigParser
from pathlib import Path
from typing import Any

import datumaro  # type: ignore[import-untyped]
import motmetrics  # type: ignore[import-untyped]
from hypothesis import given

from everlabel.annotation_document import AnnotationDocument, ShapeType
from everlabel_cli.datasets.sequences import Sequence
from tests.datasets.exporting import ANY_DOCUMENT, HALVES, corners, export, labels, near, stored
from tests.documents import documents, sample, telling


def read(folder: Path) -> list[tuple[Any, ...]]:
    """Frame from 0, track, class and corners of what motmetrics finds in a sequence."""
    tracks = dict(line.split("\t") for line in (folder / "gt/tracks.txt").read_text().split("\n")[:-1])
    names = (folder / "gt/labels.txt").read_text().splitlines()
    if not (folder / "gt/gt.txt").read_text():
        return []
    table = motmetrics.io.loadtxt(folder / "gt/gt.txt", fmt="mot16", min_confidence=-1)
    return [
        (frame - 1, tracks[str(track)], names[int(row.ClassId) - 1], near(row.X, row.Y, row.Width, row.Height))
        for (frame, track), row in table.iterrows()
    ]


@ANY_DOCUMENT
@given(documents())
def test_should_give_back_every_box_of_every_track(tmp_path: Path, document: AnnotationDocument) -> None:
    version = stored(tmp_path / "datasets", document)
    folder = export(version, "mot", tmp_path / "mot") / "train"
    for sequence in version.sequences():
        expected = [
            (place, label.track_id, " ".join(label.class_name.split()), corners(label))
            for found, place, label in labels(version, ShapeType.BOX)
            if found.name == sequence.name and label.track_id is not None
        ]
        found = [
            (place, track, name, (x, y, *near(x + w, y + h)))
            for place, track, name, (x, y, w, h) in read(folder / sequence.name)
        ]
        assert sorted(found) == sorted(expected)


def test_should_keep_clips_apart_and_tracks_numbered(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", *sample(), ratios=HALVES)
    folder = export(version, "mot", tmp_path / "mot", with_images=True)
    clips = sorted(path.parent for path in folder.glob("*/*/seqinfo.ini"))
    assert [clip.name for clip in clips] == sorted(["clip-one", "clip-two"], key=lambda name: name == "clip-one")
    for clip in clips:
        assert [(place, name) for place, _, name, _ in read(clip)] == [
            (0, "car"), (0, "bus"), (1, "car"), (2, "car"), (2, "bus")
        ]  # fmt: skip
        items = datumaro.Dataset.import_from(str(clip), "mot_seq")
        assert {item.media.size for item in items} == {(48, 64)}
        found = {
            (item.id, box.attributes["track_id"], *near(*box.get_bbox()))
            for item in items
            for box in item.annotations
            if box.attributes["track_id"] > 0
        }
        assert len(found) == 5
        assert {track for _, track, *_ in found} == {1, 2}


def test_should_describe_each_sequence(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", *sample(), ratios=HALVES)
    folder = export(version, "mot", tmp_path / "mot", with_images=True)
    sequences: list[Sequence] = list(version.sequences())
    for sequence in sequences:
        info = ConfigParser()
        info.read(folder / sequence.split / sequence.name / "seqinfo.ini")
        assert dict(info["Sequence"]) == {
            "name": sequence.name,
            "imdir": "img1",
            "framerate": "2",
            "seqlength": "4",
            "imwidth": "64",
            "imheight": "48",
            "imext": ".jpg",
        }
        pictures = sorted(path.name for path in (folder / sequence.split / sequence.name / "img1").iterdir())
        assert pictures == [f"{number:06d}.jpg" for number in (1, 2, 3, 4)]
        assert (folder / f"seqmaps/{sequence.split}.txt").read_text() == f"name\n{sequence.name}\n"


def test_should_write_untracked_boxes_as_detections(tmp_path: Path) -> None:
    folder = export(stored(tmp_path / "datasets", sample()[0]), "mot", tmp_path / "mot") / "train/clip-one"
    assert (folder / "det/det.txt").read_text().splitlines() == [f"{n},-1,51,3,6,6,1,3,1" for n in (1, 2, 3)]


def test_should_fill_the_gap_of_a_track_if_asked(tmp_path: Path) -> None:
    folder = export(stored(tmp_path / "datasets", sample()[0]), "mot", tmp_path / "mot", gap=1.0) / "train/clip-one"
    assert [place for place, _, name, _ in read(folder) if name == "bus"] == [0, 1, 2]


def test_should_say_how_much_is_seen_and_where_nobody_labeled(tmp_path: Path) -> None:
    folder = export(stored(tmp_path / "datasets", telling()), "mot", tmp_path / "mot") / "train/clip-one"
    assert (folder / "gt/labels.txt").read_text().split() == ["bus", "car", "ignore"]
    assert (folder / "gt/gt.txt").read_text().splitlines() == [
        "1,1,2,3,10,8,1,2,0.25", "2,1,3,3,10,8,1,2,1", "3,1,4,3,10,8,1,1,0.25"
    ]  # fmt: skip
    assert (folder / "det/det.txt").read_text().splitlines() == ["1,-1,41,31,10,12,0,3,1"]
    assert (folder / "gt/tracks.txt").read_text() == "1\ta/b\n"
