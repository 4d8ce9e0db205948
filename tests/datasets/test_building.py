"""Dataset versions: what is in them, when a new one is made, and whether they are still what they were."""

import dataclasses
import hashlib
import json
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from everlabel import annotation_json
from everlabel.annotation_document import AnnotationDocument
from everlabel_cli.answer import NotDone
from everlabel_cli.datasets.building import Built, Order, build
from everlabel_cli.datasets.reading import find
from everlabel_cli.datasets.splitting import SplitRefused
from everlabel_cli.datasets.store import FolderStore, NoSuchVersion
from everlabel_cli.datasets.version import DatasetVersion
from everlabel_cli.task_filter import EVERYTHING, TaskFilter
from tests.datasets.exporting import HALVES, NOW, Documents, built, stored
from tests.documents import picture, sample
from tests.taxonomies import LAVA_FILE

ONE, TWO = sample()


def other(number: int, **changes: Any) -> AnnotationDocument:
    """Another task, clip and drive."""
    attributes = {"drive": {"drive_id": f"drive-{number}"}}
    made = {"task_id": f"task-{number}", "clip_id": f"clip-{number}", "clip_uri": f"s3://clips/{number}.mp4"}
    return dataclasses.replace(ONE, **{**made, "attributes": attributes, **changes})


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "datasets")


def test_should_say_where_everything_came_from(store: FolderStore) -> None:
    chosen = TaskFilter.read(since="2026-11-01", where=("attributes.clip.scene=city street",))
    version = built(store, ONE, TWO, ratios=HALVES, chosen=chosen).version
    assert DatasetVersion.read(store.read("road", 1, "dataset.json")) == version
    assert (version.number, version.taxonomies, version.has_images) == (1, ("lava/1",), False)
    assert version.filter == {"since": "2026-11-01T00:00:00.000Z", "where": ["attributes.clip.scene=city street"]}
    first, second = version.members
    assert (first.task_id, first.clip_id, first.group) == ("task-one", "clip-one", "drive-a")
    assert first.sha256 == hashlib.sha256(annotation_json.write(ONE)).hexdigest()
    assert first.labeling_jobs == tuple((job.level, job.job_name) for job in ONE.labeling_jobs)
    assert {first.split, second.split} == {"train", "val"}
    stored_version = find(store, "road", None)
    assert list(stored_version.documents()) == [ONE, TWO]
    assert [stored_version.fingerprint(frame) for frame in ONE.frames] == [
        f"etag:{frame.s3_uri}" for frame in ONE.frames
    ]


def test_should_give_the_next_number_only_if_something_is_different(store: FolderStore) -> None:
    def numbers(*made: Built) -> list[tuple[int, bool]]:
        return [(one.version.number, one.is_new) for one in made]

    assert numbers(built(store, ONE), built(store, ONE), built(store, ONE, TWO)) == [(1, True), (1, False), (2, True)]
    changed = dataclasses.replace(ONE, labels=ONE.labels[1:])
    assert numbers(built(store, changed), built(store, ONE)) == [(3, True), (1, False)]
    assert numbers(built(store, ONE, force=True), built(store, ONE, with_images=True)) == [(4, True), (5, True)]
    assert store.numbers("road") == [1, 2, 3, 4, 5]


def test_should_be_a_new_version_if_a_picture_was_replaced(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    built(store, ONE)
    monkeypatch.setattr(Documents, "fingerprint", lambda _, frame: f"etag:new {frame.s3_uri}")
    assert built(store, ONE).version.number == 2


def test_should_keep_drives_together_and_in_their_splits_when_tasks_are_added(store: FolderStore) -> None:
    few = [
        other(number, task_id=f"task-{number}-{part}", clip_uri=f"s3://clips/{number}-{part}")
        for number in range(6)
        for part in "ab"
    ]
    first = built(store, *few, ratios=HALVES).version
    more = [other(number) for number in range(6, 30)]
    second = built(store, *few, *more, ratios=HALVES).version
    splits = {member.task_id: member.split for member in second.members}
    assert second.seed == first.seed
    assert {member.task_id: splits[member.task_id] for member in first.members} == {
        member.task_id: member.split for member in first.members
    }
    drives: dict[str, set[str]] = {}
    for member in second.members:
        drives.setdefault(member.group, set()).add(member.split)
    assert len(drives) == 30
    assert all(len(found) == 1 for found in drives.values())


def test_should_not_part_two_tasks_of_one_clip(store: FolderStore) -> None:
    # The second task labels something else in the same clip and does not say which drive it is of.
    lanes = dataclasses.replace(
        ONE,
        task_id="task-lanes",
        attributes={},
        labeling_jobs=ONE.labeling_jobs[2:3],
        labels=(),
        classifications=(),
        unlabeled=(),
    )
    nameless = other(5, attributes={})
    version = built(store, ONE, lanes, TWO, nameless, ratios=HALVES).version
    groups = {member.task_id: member.group for member in version.members}
    assert groups == {
        "task-one": "drive-a", "task-lanes": "drive-a", "task-two": "drive-b", "task-5": "s3://clips/5.mp4"
    }  # fmt: skip
    names = {member.task_id: member.name for member in version.members}
    assert names["task-one"] == "clip-one+task-one"
    assert len(set(names.values())) == 4


def test_should_take_the_later_of_two_tasks_that_label_the_same(store: FolderStore) -> None:
    again = dataclasses.replace(ONE, task_id="task-again", completed_at="2026-12-01T00:00:00.000Z", labels=())
    version = built(store, again, ONE, TWO).version
    assert [member.task_id for member in version.members] == ["task-again", "task-two"]
    assert version.superseded == ("task-one",)


def test_should_write_sizes_that_documents_do_not_say(store: FolderStore) -> None:
    unknown = dataclasses.replace(ONE, frames=tuple(dataclasses.replace(frame, width=None) for frame in ONE.frames))
    built(store, unknown)
    (document,) = find(store, "road", None).documents()
    assert document == ONE


def test_should_have_a_copy_of_the_taxonomy_that_tells_what_its_words_mean(store: FolderStore) -> None:
    source = Documents([ONE], {"lava/1": LAVA_FILE.read_bytes()})
    order = Order("road", "memory", EVERYTHING, {"train": 1.0})
    build(order, source, store, NOW)
    version = find(store, "road", None)
    assert version.taxonomy("lava/1") == LAVA_FILE.read_bytes()
    assert (version.taxonomy("lava/2"), version.taxonomy("../dataset")) == (None, None)
    assert list(version.changed()) == []
    # What it is called says what is in it, so without the copy it is no other version.
    assert build(order, Documents([ONE]), store, NOW).is_new is False


def test_should_copy_pictures_if_asked(tmp_path: Path) -> None:
    version = stored(tmp_path / "datasets", ONE, TWO, ratios=HALVES, with_images=True)
    alone = dataclasses.replace(version, elsewhere=None)
    assert [alone.frame_bytes(frame) for frame in TWO.frames] == [picture(frame) for frame in TWO.frames]
    without = dataclasses.replace(stored(tmp_path / "others", ONE), elsewhere=None)
    with pytest.raises(NotDone, match="has no copy of s3://"):
        without.frame_bytes(ONE.frames[0])


def test_should_find_every_file_that_is_not_what_it_was(store: FolderStore, tmp_path: Path) -> None:
    built(store, ONE, TWO, ratios=HALVES)
    version, root = find(store, "road", 1), tmp_path / "datasets/road/1"
    assert list(version.changed()) == []
    # Anybody can check a version, without this program.
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "checksums.sha256"], cwd=root, check=True)  # noqa: S607
    for path in [path for path in root.rglob("*") if path.is_file() and path.name != "checksums.sha256"]:
        content, name = path.read_bytes(), path.relative_to(root).as_posix()
        path.write_bytes(content + b" ")
        assert [(found, problem.split(":")[0]) for found, problem in version.changed()] == [(name, "changed")]
        path.unlink()
        assert list(version.changed()) == [(name, "missing")]
        path.write_bytes(content)
    (root / "more.txt").touch()
    assert list(version.changed()) == [("more.txt", "not listed in the checksums")]


def test_should_count_in_the_datasheet(store: FolderStore) -> None:
    built(store, ONE, TWO, ratios=HALVES)
    version = find(store, "road", 1)
    datasheet = json.loads(version.read("datasheet.json"))
    assert datasheet["counts"]["labels"] == {"train": 17, "val": 17}
    assert datasheet["counts"]["frames with labels"] == {"train": 3, "val": 3}
    assert datasheet["counts"]["tracks"] == {"train": 4, "val": 4}
    assert datasheet["classes"]["bus"] == {"train": 2, "val": 2}
    assert datasheet["shapes"] == {
        "box": {"train": 8, "val": 8}, "keypoint": {"train": 3, "val": 3},
        "polygon": {"train": 3, "val": 3}, "polyline": {"train": 3, "val": 3},
    }  # fmt: skip
    assert datasheet["saidBy"]["level 2: human, adjusted"] == {"train": 3, "val": 3}
    assert datasheet["unlabeled"] == {"Joints: failed": {"train": 1, "val": 1}}
    rain = datasheet["attributes"]["frame: weather"]["rainy"]
    assert sorted(rain.values()) == [0, 4]
    assert datasheet["attributes"]["label: occlusion"]["partial"] == {"train": 3, "val": 3}
    text = version.read("datasheet.md").decode()
    assert "| car | 3 | 3 | 6 |" in text
    assert "`frames.csv`" in text


def test_should_draw_figures_that_are_svg_whatever_classes_are_called(store: FolderStore) -> None:
    strange = dataclasses.replace(ONE.labels[0], class_name="<&>\"' | 交差点\n#")
    built(store, dataclasses.replace(ONE, labels=(strange,)))
    version = find(store, "road", 1)
    root = ElementTree.fromstring(version.read("figures/classes.svg"))  # noqa: S314 # our own
    texts = [found.text for found in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0] == "Labels per class"
    assert "\\<&\\>" in version.read("datasheet.md").decode()


def test_should_refuse_what_cannot_be_built(store: FolderStore) -> None:
    with pytest.raises(NotDone, match="no completed task is meant"):
        built(store)
    with pytest.raises(NotDone, match="task-one has no frames"):
        built(store, dataclasses.replace(ONE, frames=(), labels=(), classifications=()))
    with pytest.raises(SplitRefused, match="need at least as many drives"):
        built(store, ONE, ratios=HALVES)
    assert store.numbers("road") == []


def test_should_name_datasets_and_versions_that_are_not_there(store: FolderStore) -> None:
    built(store, ONE)
    with pytest.raises(NoSuchVersion, match="there is no dataset 'sea'; there are: road"):
        find(store, "sea", None)
    with pytest.raises(NoSuchVersion, match="road has no version 2; it has 1"):
        find(store, "road", 2)


def test_should_refuse_a_manifest_of_another_form(store: FolderStore, tmp_path: Path) -> None:
    built(store, ONE)
    manifest = tmp_path / "datasets/road/1/dataset.json"
    manifest.write_text(manifest.read_text().replace("everlabel-dataset/1", "everlabel-dataset/9"))
    with pytest.raises(NotDone, match="calls itself 'everlabel-dataset/9'; expected 'everlabel-dataset/1'"):
        find(store, "road", 1)
    manifest.write_text("[]")
    with pytest.raises(NotDone, match="is not what everlabel writes"):
        find(store, "road", 1)
