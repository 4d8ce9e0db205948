"""Bodies of labeling jobs: where they come from, and what is said of them before anything is started."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from everlabel_cli import body_file, job_bodies
from everlabel_cli.answer import NotDone

TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/laptop"
JOB: dict[str, Any] = {
    "jobName": "VOTVehicle",
    "taskType": "VideoObjectTracking",
    "labelCategoryConfig": {"labels": [{"label": "car"}]},
    "settings": {"WorkteamArn": TEAM},
}


def fields(*bodies: dict[str, Any], stack: str = "everlabel") -> list[tuple[str, str, str]]:
    found = job_bodies.findings(bodies, stack, "us-east-1", strict=False)
    return [(row["jobName"], row["severity"], row["field"]) for row in found]


def test_a_good_body_should_have_no_findings() -> None:
    assert fields(JOB) == []


@pytest.mark.parametrize(
    ("change", "severity", "field"),
    [
        ({"taskType": "VideoObjectTraking"}, "error", "taskType"),
        ({"colour": "red"}, "error", "colour"),
        ({"settings": {}}, "error", "settings.WorkteamArn"),
        ({"labelAttributeName": "vehicles"}, "error", "labelAttributeName"),
        ({"labelCategoryConfig": {"labels": []}}, "error", "labelCategoryConfig.labels"),
        ({"labelCategoryConfig": {"labels": [{"label": "x" * 17}]}}, "warning", "labelCategoryConfig.labels[0].label"),
        ({"labelCategoryConfigS3Uri": "s3://a/b"}, "error", "body"),
    ],
)
def test_what_is_wrong_should_be_found_by_its_field(change: dict[str, Any], severity: str, field: str) -> None:
    assert fields({**JOB, **change}) == [("VOTVehicle", severity, field)]


def test_a_name_should_have_room_for_the_stacks() -> None:
    assert fields(JOB, stack="s" * 60) == [("VOTVehicle", "error", "jobName")]


def test_a_body_without_a_name_should_be_called_by_its_number() -> None:
    nameless = {key: value for key, value in JOB.items() if key != "jobName"}
    assert fields(JOB, nameless) == [("body 2", "error", "jobName")]


def test_warnings_should_not_hold_up_and_errors_should_all_be_told() -> None:
    job_bodies.refuse_faulty([{**JOB, "labelCategoryConfig": {"labels": [{"label": "x" * 17}]}}], "everlabel", None)
    with pytest.raises(NotDone) as refused:
        job_bodies.refuse_faulty([{**JOB, "settings": {}}, {**JOB, "jobName": "Other", "taskType": 1}], "e", None)
    first, *others = str(refused.value).splitlines()
    assert first == "2 faults in what was to be started; nothing was"
    assert [line.split(": ")[:2] for line in others] == [
        ["  VOTVehicle", "settings.WorkteamArn"],
        ["  Other", "taskType"],
        ["  --workteam-arn says for all of them who labels"],
    ]


def written(folder: Path, text: str, name: str = "jobs.yaml") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_settings_should_be_filled_in_only_where_there_are_none(tmp_path: Path) -> None:
    image = {"jobName": "Box", "taskType": "BoundingBox", "labelCategoryConfig": {"labels": [{"label": "car"}]}}
    file = written(tmp_path, json.dumps([JOB, image]))
    video, box = job_bodies.gathered([file], [], "arn:other", "s3://bucket/ui.html")
    assert video["settings"] == {"WorkteamArn": TEAM}
    assert box["settings"] == {"WorkteamArn": "arn:other", "UiTemplateS3Uri": "s3://bucket/ui.html"}


def test_all_jobs_of_a_taxonomy_or_some_of_them_should_be_gathered() -> None:
    every = job_bodies.gathered([], [], TEAM, None, "lava")
    assert len(every) == 10
    assert fields(*every) == []
    assert [body["jobName"] for body in job_bodies.gathered([], ["LaneVOD"], TEAM, None, "lava")] == ["LaneVOD"]


@pytest.mark.parametrize(
    ("files", "taxonomy", "only", "words"),
    [
        ([], None, [], "give either files with bodies or --taxonomy"),
        (["x.json"], "lava", [], "give either files with bodies or --taxonomy"),
        ([], "lava", ["Nobody"], "there is no Nobody; there are VOTVehicle"),
    ],
)
def test_bodies_should_have_one_source_with_what_is_asked_for(
    files: list[str], taxonomy: str | None, only: list[str], words: str
) -> None:
    with pytest.raises(typer.BadParameter, match=words):
        job_bodies.gathered(files, only, TEAM, None, taxonomy)


@pytest.mark.parametrize(
    ("name", "text", "bodies"),
    [
        ("one.json", '{"a": 1}', [{"a": 1}]),
        ("many.json", '[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ("one.yaml", "a: 1\n", [{"a": 1}]),
        ("many.yml", "- a: 1\n- a: 2\n", [{"a": 1}, {"a": 2}]),
        ("documents.yaml", "---\na: 1\n---\na: 2\n---\n", [{"a": 1}, {"a": 2}]),
    ],
)
def test_files_should_hold_one_body_or_several(
    tmp_path: Path, name: str, text: str, bodies: list[dict[str, Any]]
) -> None:
    assert body_file.read(written(tmp_path, text, name)) == bodies


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", "{'a': 1}", "a.json is not JSON"),
        ("a.yaml", "a: [1", "a.yaml is not YAML"),
        ("a.yaml", "", "a.yaml is empty"),
        ("a.yaml", "just words", "must hold a mapping, or a list of them; it has 'just words'"),
        ("a.yaml", "- 1\n", "must hold a mapping"),
        ("a.yaml", "!!python/object/apply:os.system [exit]", "a.yaml is not YAML"),
    ],
)
def test_other_files_should_be_refused_by_name(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(typer.BadParameter, match=words):
        body_file.read(written(tmp_path, text, name))
