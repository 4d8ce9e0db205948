"""`everlabel render`, on folders and dataset versions as a user has them."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from everlabel_cli.__main__ import run
from tests import clips
from tests.documents import BUCKET, sample, write_folder
from tests.rendering import scene


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two tasks and their frames, as a copy of a bucket."""
    return write_folder(tmp_path / "bucket", *sample())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "pictures"


def rendered(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, Any]]:
    """The rows that the command answers with."""
    assert run(["render", *map(str, arguments), "--output", "json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def files(out: Path) -> list[str]:
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


def test_each_task_of_a_folder_should_get_a_sheet(capsys: pytest.CaptureFixture[str], folder: Path, out: Path) -> None:
    rows = rendered(capsys, "sheet", "--from", folder, "--to", out)

    assert [(row["clipId"], row["taskId"]) for row in rows] == [("clip-one", "task-one"), ("clip-two", "task-two")]
    assert files(out) == ["clip-one.png", "clip-two.png"]
    assert scene.opened(Path(rows[0]["file"]).read_bytes()).shape[1] > 480


def test_one_task_should_be_found_by_its_id(capsys: pytest.CaptureFixture[str], folder: Path, out: Path) -> None:
    rendered(capsys, "sheet", "task-two", "--from", folder, "--to", out)

    assert files(out) == ["clip-two.png"]


def test_tasks_should_be_found_by_a_filter(capsys: pytest.CaptureFixture[str], folder: Path, out: Path) -> None:
    rendered(capsys, "sheet", "--where", "attributes.drive.weather=clear", "--from", folder, "--to", out)

    assert files(out) == ["clip-two.png"]


def test_a_sheet_should_be_as_asked_for(capsys: pytest.CaptureFixture[str], folder: Path, out: Path) -> None:
    rendered(capsys, "sheet", "task-one", "--from", folder, "--to", out, "--width", 100, "--columns", 1, "--frames", 2)

    picture = scene.opened((out / "clip-one.png").read_bytes())
    assert 100 < picture.shape[1] < 160


def test_clips_of_one_name_should_not_overwrite_each_other(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, out: Path
) -> None:
    one, other = sample()
    made = write_folder(tmp_path / "bucket", replace(one, clip_id="../A"), replace(other, clip_id="../A"))

    rows = rendered(capsys, "sheet", "--from", made, "--to", out)

    assert len(files(out)) == len({row["file"] for row in rows}) == 2


def test_a_video_should_show_the_frames_where_the_clip_is_not_there(
    capsys: pytest.CaptureFixture[str], folder: Path, out: Path
) -> None:
    assert run(["render", "video", "task-one", "--from", str(folder), "--to", str(out)]) == 0

    said = capsys.readouterr().err
    assert "clip s3://clips/one.mp4 cannot be shown" in said
    assert "labeled frames only" in said
    assert pictures(out / "clip-one.mp4") == 4


def test_a_video_should_show_the_clip_where_it_is_there(
    capsys: pytest.CaptureFixture[str], folder: Path, out: Path
) -> None:
    (folder / "clips").mkdir(exist_ok=True)
    clips.make(folder / "one.mp4", clips.every(Fraction(1, 10), 21), size=(64, 48))

    rendered(capsys, "video", "task-one", "--from", folder, "--to", out)

    assert pictures(out / "clip-one.mp4") == 20


def test_a_clip_that_must_be_shown_and_is_not_there_should_be_an_error(
    capsys: pytest.CaptureFixture[str], folder: Path, out: Path
) -> None:
    assert run(["render", "video", "task-one", "--over", "clip", "--from", str(folder), "--to", str(out)]) == 1

    assert "s3://clips/one.mp4 cannot be shown" in capsys.readouterr().err
    assert files(out) == []


def test_plots_should_be_written_for_each_task_or_for_all(
    capsys: pytest.CaptureFixture[str], folder: Path, out: Path
) -> None:
    rendered(capsys, "plots", "task-one", "--from", folder, "--to", out)
    rendered(capsys, "plots", "--together", "--format", "png", "--from", folder, "--to", out)

    found = files(out)
    assert {"clip-one/classes.svg", "clip-one/over-time.svg", "clip-one/tracks.svg"} <= set(found)
    assert {"classes.png", "per-frame.png", "track-lengths.png"} <= set(found)


def test_a_report_should_have_its_video_in_it(capsys: pytest.CaptureFixture[str], folder: Path, out: Path) -> None:
    rendered(capsys, "report", "task-one", "--over", "frames", "--from", folder, "--to", out)

    text = (out / "clip-one.html").read_text()
    assert files(out) == ["clip-one.html"]
    assert 'src="data:video/mp4;base64,' in text
    assert "clip-one" in text


def test_a_large_video_should_lie_beside_its_report(
    capsys: pytest.CaptureFixture[str], folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("everlabel_cli.rendering.report.LARGEST_EMBEDDED", 100)

    rendered(capsys, "report", "task-one", "--over", "frames", "--from", folder, "--to", out)

    assert files(out) == ["clip-one.html", "clip-one.mp4"]
    assert 'src="clip-one.mp4"' in (out / "clip-one.html").read_text()


def test_a_report_should_say_how_labeling_went_if_the_summary_is_there(
    capsys: pytest.CaptureFixture[str], folder: Path, out: Path
) -> None:
    job = {"jobName": "AdjVehicles", "jobLevel": 2, "expiries": 3, "agreement": {"removed": 4321, "meanIou": 0.8765}}
    (folder / "tasks" / "task-one" / "summary.json").write_text(json.dumps({"version": 2, "labelingJobs": [job]}))
    (folder / "tasks" / "task-two" / "summary.json").write_text("[]")

    rendered(capsys, "report", "--no-video", "--from", folder, "--to", out)

    text = (out / "clip-one.html").read_text()
    assert "<bdi>4,321</bdi>" in text
    assert "<bdi>0.8765</bdi>" in text
    assert "Mean IoU" not in (out / "clip-two.html").read_text()


def test_a_report_may_do_without_a_video(capsys: pytest.CaptureFixture[str], folder: Path, out: Path) -> None:
    rendered(capsys, "report", "task-one", "--no-video", "--from", folder, "--to", out)

    assert "<video" not in (out / "clip-one.html").read_text()


def test_a_report_of_all_tasks_should_have_the_given_title(
    capsys: pytest.CaptureFixture[str], folder: Path, out: Path
) -> None:
    (row,) = rendered(capsys, "report", "--together", "--title", "All <roads>", "--from", folder, "--to", out)

    assert row == {"tasks": 2, "file": str(out / "report.html")}
    assert "<bdi>All &lt;roads&gt;</bdi>" in (out / "report.html").read_text()


def test_a_dataset_version_should_be_shown_together(
    capsys: pytest.CaptureFixture[str], folder: Path, out: Path, tmp_path: Path
) -> None:
    place = tmp_path / "datasets"
    built = ["dataset", "build", "--name", "roads", "--from", str(folder), "--to", str(place), "--ratios", "50/50/0"]
    assert run(built) == 0
    capsys.readouterr()

    (row,) = rendered(capsys, "report", "--dataset", "roads/1", "--at", place, "--from", folder, "--to", out)

    text = (out / "report.html").read_text()
    assert row["tasks"] == 2
    assert "<bdi>roads/1</bdi>" in text
    assert text.count("data:image/webp") == 2


def test_frames_that_are_not_there_should_be_told(capsys: pytest.CaptureFixture[str], folder: Path, out: Path) -> None:
    for frame in (folder / "clips" / "one").rglob("*.jpg"):
        frame.unlink()

    assert run(["render", "sheet", "task-one", "--from", str(folder), "--to", str(out)]) == 0

    said = capsys.readouterr().err
    assert f"Cannot be read: the frame s3://{BUCKET}/clips/one/" in said
    assert "(and 3 more)" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sheet"], "which tasks?"),
        (["sheet", "task-one", "--since", "2026-11-20", "--from", "FOLDER"], "either task ids or a filter"),
        (["sheet", "--since", "yesterday", "--from", "FOLDER"], "since is 'yesterday'; expected 2026-11-20"),
        (["sheet", "--from", "NOWHERE"], "NOWHERE is no folder"),
        (["sheet", "task-three", "--from", "FOLDER"], "no annotation document of a task 'task-three'"),
        (["sheet", "--where", "clipId=none", "--from", "FOLDER"], "no completed task is as asked for"),
        (["report", "--dataset", "roads/x", "--from", "FOLDER"], "'roads/x'; expected a name"),
        (["report", "--dataset", "roads"], "there is no dataset 'roads'"),
        (["video", "--width", "1", "--from", "FOLDER"], "--width"),
    ],
)
def test_what_cannot_be_done_should_be_told_before_anything_is_written(
    capsys: pytest.CaptureFixture[str], folder: Path, out: Path, arguments: list[str], told: str
) -> None:
    given = [str(folder) if word == "FOLDER" else word for word in arguments]

    assert run(["render", *given, "--to", str(out)]) in {1, 2}

    assert told in capsys.readouterr().err
    assert not out.exists()


def pictures(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))
