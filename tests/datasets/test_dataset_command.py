"""`everlabel dataset`, from the command line."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

from everlabel import aws
from everlabel_cli.__main__ import run
from tests.conftest import REGION
from tests.documents import sample, write_folder

FORMATS = [
    "bdd100k",
    "coco",
    "coco-keypoints",
    "cvat",
    "fiftyone",
    "groundtruth",
    "kitti",
    "mot",
    "openlabel",
    "voc",
    "yolo",
]


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_folder(tmp_path / "mirror", *sample())


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The JSON answer to a command that does what it should."""
    assert run(["dataset", *arguments, "--output", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 2) -> str:
    """What stderr says of a command that does not."""
    assert run(["dataset", *arguments]) == code
    printed = capsys.readouterr()
    assert len(printed.err.strip().splitlines()) == 1
    return printed.err


BUILD = ("build", "--name", "road", "--from", "mirror", "--ratios", "50/50")


def test_should_build_list_show_verify_and_export(mirror: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = said(capsys, *BUILD)
    assert (first["version"], first["isNew"], first["splits"]) == (1, True, {"train": 1, "val": 1})
    assert (said(capsys, *BUILD)["version"], said(capsys, *BUILD, "--images")["version"]) == (1, 2)
    assert [row["version"] for row in said(capsys, "list")] == [1, 2]
    assert said(capsys, "show", "road/1")["datasheet"]["counts"]["tasks"] == {"train": 1, "val": 1}
    assert run(["dataset", "show", "road"]) == 0
    assert capsys.readouterr().out.startswith("# road, version 2\n")
    assert said(capsys, "verify", "road") == []
    for name in FORMATS:
        if name != "groundtruth":
            answer = said(capsys, "export", "road", "--format", name, "--to", f"out/{name}", "--images")
            assert answer["files"] == len([path for path in Path("out", name).rglob("*") if path.is_file()])
    assert [row["format"] for row in said(capsys, "formats")] == FORMATS
    assert mirror.is_dir()


def test_should_say_what_a_format_cannot_hold(mirror: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, *BUILD)
    assert run(["dataset", "export", "road", "--format", "yolo", "--to", "yolo", "--output", "json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["leftOut"] == {"keypoint": 6, "polygon": 6, "polyline": 6}
    assert "Left out, because yolo has no such shape: 6 of polyline." in printed.err
    answer = said(capsys, "export", "road", "--format", "mot", "--to", "mot", "--split", "val")
    assert answer["leftOut"] == {"keypoint": 3, "polygon": 3, "polyline": 3}
    assert [path.name for path in Path("mot").iterdir() if path.name != "seqmaps"] == ["val"]
    assert mirror.is_dir()


def test_should_take_pictures_from_the_folder_that_is_given(mirror: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, *BUILD)
    said(capsys, "export", "road", "--format", "yolo", "--to", "yolo", "--images", "--from", str(mirror))
    assert len(list(Path("yolo/images").rglob("*.jpg"))) == 8
    assert yaml.safe_load(Path("yolo/data.yaml").read_text())["names"] == {0: "bus", 1: "car", 2: "stop sign"}


def test_should_verify_with_exit_code_1_if_a_file_is_not_what_it_was(
    mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, *BUILD)
    Path("datasets/road/1/datasheet.md").write_text("better")
    assert run(["dataset", "verify", "road", "--output", "json"]) == 1
    printed = capsys.readouterr()
    assert [row["file"] for row in json.loads(printed.out)] == ["datasheet.md"]
    assert "1 files of road are not as they were written" in printed.err
    assert mirror.is_dir()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("build", "--name", "a b", "--from", "mirror"), "--name: 'a b'; expected letters"),
        (("build", "--name", "road", "--from", "mirror", "--since", "soon"), "since is 'soon'; expected"),
        (("build", "--name", "road", "--from", "mirror", "--where", "rain"), "'rain' is no condition"),
        (("build", "--name", "road", "--from", "mirror", "--ratios", "much"), "the ratios are 'much'"),
        (("build", "--name", "road", "--from", "mirror"), "3 splits (train, val, test) need at least as many drives"),
        (("build", "--name", "road", "--from", "mirror", "--to", "s3://"), "'s3://' has no valid bucket name"),
        (("export", "road", "--format", "pascal", "--to", "out"), "--format: 'pascal'; expected bdd100k, coco"),
        (("export", "road", "--format", "datumaro:x", "--to", "out"), "'datumaro:x'; Datumaro has"),
        (("export", "road", "--format", "coco", "--to", "out", "--interpolate", "0"), "--interpolate: 0.0; expected"),
        (
            ("export", "road", "--format", "coco", "--to", "out", "--split", "dev"),
            "--split: 'dev'; road has train, val",
        ),
        (("export", "road", "--format", "coco", "--to", "mirror"), "is there already"),
        (("show", "road/x"), "'road/x'; expected a name, or a name and a number"),
    ],
)
def test_should_refuse_in_one_line(
    mirror: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    said(capsys, *BUILD)
    assert message in refused(capsys, *arguments)
    assert not Path("out").exists()
    assert mirror.is_dir()


def test_should_say_what_is_not_there(mirror: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, *BUILD)
    assert "there is no dataset 'sea'; there are: road" in refused(capsys, "show", "sea", code=1)
    assert "road has no version 9" in refused(capsys, "verify", "road/9", code=1)
    nothing = ("build", "--name", "road", "--from", "mirror", "--taxonomy", "none")
    assert "no completed task is meant" in refused(capsys, *nothing, code=1)
    assert "is no folder" in refused(capsys, "build", "--name", "road", "--from", "nowhere", code=1)
    assert mirror.is_dir()


def test_should_keep_datasets_and_exports_in_s3(mirror: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with mock_aws():
        aws.s3.cache_clear()
        s3 = boto3.client("s3", region_name=REGION)
        s3.create_bucket(Bucket="bucket")
        at = ("--at", "s3://bucket/datasets")
        first = said(capsys, *BUILD, "--to", "s3://bucket/datasets", "--images")
        assert first["place"] == "s3://bucket/datasets/road/1/"
        assert [row["name"] for row in said(capsys, "list", *at)] == ["road"]
        assert said(capsys, "verify", "road", *at) == []
        said(capsys, "export", "road", "--format", "groundtruth", "--to", "s3://bucket/again", *at)
        assert "holds something already" in refused(
            capsys, "export", "road", "--format", "coco", "--to", "s3://bucket/again", *at
        )
        said(capsys, "export", "road", "--format", "coco", "--to", "s3://bucket/coco", "--images", *at)
        keys = {found["Key"] for found in s3.list_objects_v2(Bucket="bucket", Prefix="coco/")["Contents"]}
        assert len([key for key in keys if key.endswith(".jpg")]) == 8
    aws.s3.cache_clear()
    assert mirror.is_dir()


def test_should_export_to_formats_of_datumaro(mirror: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import datumaro  # type: ignore[import-untyped]

    said(capsys, *BUILD)
    said(capsys, "export", "road", "--format", "datumaro:open_images", "--to", "open_images")
    said(capsys, "export", "road", "--format", "datumaro:datumaro", "--to", "datumaro")
    names = {
        category.name
        for category in datumaro.Dataset.import_from("datumaro", "datumaro").categories()[datumaro.AnnotationType.label]
    }
    found = [
        (item.id, said.type.name, said.attributes.get("track_id"))
        for item in datumaro.Dataset.import_from("datumaro", "datumaro")
        for said in item.annotations
    ]
    assert names == {"bus", "car", "crossing", "lane/solid", "left knee", "stop sign"}
    assert len(found) == 34
    assert ("clip-one__000001", "polyline", "123456789012345678901") in found
    assert "car" in Path("open_images/annotations/class-descriptions.csv").read_text()
    assert mirror.is_dir()
