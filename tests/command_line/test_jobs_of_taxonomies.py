"""`everlabel jobs lint` and the bodies of `everlabel jobs create --taxonomy`, which need no stack."""

import json
from pathlib import Path
from typing import Any

import pytest

from everlabel.taxonomy_configurations import configurations
from everlabel_cli.__main__ import run
from local.template import ROOT
from tests.taxonomies import lava

TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/laptop"


def lint(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = run(["jobs", "lint", *arguments, "--output", "json"])
    return code, json.loads(capsys.readouterr().out)


def written(path: Path, value: Any) -> str:
    path.write_text(json.dumps(value))
    return str(path)


def test_lava_should_have_no_findings(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(capsys, "--taxonomy", "lava", "--workteam-arn", TEAM, "--strict") == (0, [])


@pytest.mark.parametrize("settings", [None, {"MaxConcurrentTaskCount": 10}, {"LaneVOD": {"WorkteamArn": TEAM}}])
def test_of_a_taxonomy_it_should_be_said_once_that_nobody_labels(
    settings: dict[str, Any] | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = [] if settings is None else ["--settings", written(tmp_path / "settings.json", settings)]
    assert run(["jobs", "lint", "--taxonomy", "lava", *more, "--output", "json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == []
    assert said.err.splitlines() == [
        "10 labeling jobs, 0 findings",
        "Not looked at: who labels, since neither --workteam-arn nor --settings says it.",
    ]


def test_a_body_should_say_who_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = configurations(lava())["VOTVehicle"].body({})
    code, rows = lint(capsys, written(tmp_path / "body.json", body))
    assert code == 1
    assert [(row["field"], row["message"]) for row in rows] == [("settings.WorkteamArn", "is missing")]


def test_a_fault_of_many_jobs_should_be_told_once_before_anything_is_asked_of_aws(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["jobs", "create", "--taxonomy", "lava", "--only", "VOTVehicle", "--only", "LaneVOD"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "Error: 2 faults in what was to be started; nothing was",
        "  VOTVehicle, LaneVOD: settings.WorkteamArn: is missing",
        "  --workteam-arn says for all of them who labels",
    ]


def test_settings_should_be_for_all_labeling_jobs_and_for_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"WorkteamArn": TEAM, "AdjLaneVOD": {"MaxConcurrentTaskCount": 9_000}}
    code, rows = lint(capsys, "--taxonomy", "lava", "--settings", written(tmp_path / "settings.json", settings))
    assert code == 1
    (found,) = rows
    assert (found["jobName"], found["field"]) == ("AdjLaneVOD", "settings.MaxConcurrentTaskCount")


@pytest.mark.parametrize("name", ["labeling-job.json", "adjustment-job.json"])
def test_the_examples_should_have_no_findings(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(capsys, str(ROOT / "examples" / name), "--strict") == (0, [])


def test_a_bare_configuration_should_be_looked_at_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = json.loads(json.dumps(configurations(lava())["LaneVOD"].label_category_config))
    assert lint(capsys, written(tmp_path / "good.json", config), "--workteam-arn", TEAM) == (0, [])
    config["labels"].append({"label": "a line that is neither"})
    row = {
        "jobName": "body 1",
        "severity": "warning",
        "field": "labels[8].label",
        "message": "'a line that is neither' has 22 characters; Ground Truth documents at most 16",
    }
    file = written(tmp_path / "long.json", config)
    assert lint(capsys, file) == (0, [row])
    assert lint(capsys, file, "--strict") == (1, [row | {"severity": "error"}])


def test_what_a_body_offers_workers_should_be_looked_at_too_and_nothing_told_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = configurations(lava())["VOTVehicle"].body({"WorkteamArn": TEAM})
    body["labelCategoryConfig"]["labels"] = [{"label": "car"}, {"label": "car"}]
    body["labelCategoryConfig"]["frameAttributes"] = [{"name": "count", "type": "number", "description": "How many"}]
    code, rows = lint(capsys, written(tmp_path / "body.json", body))
    assert code == 1
    assert {row["field"]: row["message"] for row in rows} == {
        "labelCategoryConfig.labels": "names these labels twice: car",
        "labelCategoryConfig.frameAttributes[0].minimum": "is missing; a number needs minimum and maximum",
        "labelCategoryConfig.frameAttributes[0].maximum": "is missing; a number needs minimum and maximum",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give either files with bodies or --taxonomy"),
        (["examples/labeling-job.json", "--taxonomy", "lava"], "give either files with bodies or --taxonomy"),
        (["examples/labeling-job.json", "--settings", "a.json"], "goes with --taxonomy"),
        (["--taxonomy", "lava", "--only", "Lanes"], "there is no Lanes; there are VOTVehicle"),
    ],
)
def test_what_does_not_go_together_should_be_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["jobs", "lint", *arguments]) == 2
    assert said in capsys.readouterr().err
