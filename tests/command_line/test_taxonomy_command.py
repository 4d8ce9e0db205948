"""`everlabel taxonomy`, as far as it needs no stack."""

import json
import re
import shlex
from pathlib import Path

import pytest
import typer

from everlabel.taxonomy_configurations import configurations
from everlabel_cli import taxonomies, taxonomy_files
from everlabel_cli.__main__ import run
from local.template import ROOT
from tests.taxonomies import LAVA_FILE, lava, small_file

DOCUMENT = (ROOT / "docs" / "taxonomies.md").read_text()
SHOWN = re.findall(r"^\$ everlabel (.*)\n((?:.+\n)*?)```", DOCUMENT, re.MULTILINE)


@pytest.fixture
def farm(tmp_path: Path) -> Path:
    path = tmp_path / "farm.json"
    path.write_text(json.dumps(small_file()))
    return path


def test_the_document_should_show_what_commands_answer() -> None:
    assert len(SHOWN) == 2


@pytest.mark.parametrize(("command", "answer"), SHOWN)
def test_a_command_of_the_document_should_answer_what_is_printed_there(
    command: str, answer: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    run(shlex.split(command))
    assert capsys.readouterr().out == answer


def test_lint_should_find_nothing_in_lava(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["taxonomy", "lint", "lava", "--strict", "--output", "json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == []
    assert told.err == "lava/1: 10 labeling jobs, 0 findings\n"


def test_lint_should_make_errors_of_warnings_if_strict(farm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = small_file()
    del file["short"]["sheep of a long-haired breed"]
    farm.write_text(json.dumps(file))
    for more, code, severity in (([], 0, "warning"), (["--strict"], 1, "error")):
        assert run(["taxonomy", "lint", str(farm), "--output", "json", *more]) == code
        (found,) = json.loads(capsys.readouterr().out)
        assert found["severity"] == severity
        assert "has 28 characters; Ground Truth documents at most 16" in found["message"]


def test_lint_should_fail_for_errors(farm: Path, capsys: pytest.CaptureFixture[str]) -> None:
    farm.write_text("{}")
    assert run(["taxonomy", "lint", str(farm), "--output", "text"]) == 1
    assert "error\tname\tis missing" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["lint", "show", "configurations"])
def test_a_taxonomy_that_is_nowhere_should_be_named(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["taxonomy", command, "nowhere.json"]) == 2
    assert "'nowhere.json': No such file or directory; expected a file, or lava" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["show", "configurations"])
def test_a_faulty_taxonomy_should_be_refused_with_all_its_faults(
    command: str, farm: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    farm.write_text(json.dumps(small_file() | {"name": "A", "version": 0}))
    assert run(["taxonomy", command, str(farm)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"Error: {farm} has 2 faults\n  name: 'A' must be")
    assert "\n  version: 0 must be" in said


def test_show_should_draw_a_tree_with_every_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run(["taxonomy", "show", str(LAVA_FILE.parent)]) == 0
    shown = capsys.readouterr().out
    found = lava()
    words = [word for kind in found.objects.values() for word in kind.classes]
    words += [
        value for scope in found.attributes.values() for attribute in scope.values() for value in attribute.values
    ]
    assert [word for word in [*words, *found.jobs, *found.short.values()] if word not in shown] == []


def test_show_should_say_numbers_and_needs(
    farm: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    run(["taxonomy", "show", str(farm)])
    shown = capsys.readouterr().out
    assert "field  text, needed" in shown
    assert "degrees  number from -40 to 50" in shown
    assert "number  number, known anyway" in shown
    assert "works on the labels of Animals" in shown


def test_configurations_should_be_written_to_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "folder"
    assert (
        run(["taxonomy", "configurations", "lava", "--to", str(folder), "--query", "[].jobName", "--output", "json"])
        == 0
    )
    made = configurations(lava())
    assert json.loads(capsys.readouterr().out) == list(made)
    assert {path.stem: json.loads(path.read_text()) for path in folder.iterdir()} == {
        name: template.label_category_config for name, template in made.items()
    }


def test_configurations_should_be_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["taxonomy", "configurations", "lava", "--only", "LaneVOD"]) == 0
    assert json.loads(capsys.readouterr().out) == {"LaneVOD": configurations(lava())["LaneVOD"].label_category_config}
    assert run(["taxonomy", "configurations", "lava", "--only", "Lanes"]) == 2
    assert "there is no Lanes; there are VOTVehicle" in capsys.readouterr().err


def test_an_installed_command_should_have_its_taxonomies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "farm").mkdir()
    (tmp_path / "farm" / "taxonomy.json").write_text(json.dumps(small_file()))
    monkeypatch.setattr(taxonomy_files, "_INSTALLED", tmp_path)
    assert list(taxonomy_files.bundled()) == ["farm"]
    assert taxonomy_files.read("farm").reference == "farm/2"


def test_each_bundled_taxonomy_should_be_in_a_folder_of_its_name() -> None:
    for name in taxonomy_files.bundled():
        assert taxonomy_files.read(name).name == name


def test_a_taxonomys_bodies_should_have_the_settings_of_all_and_of_each_labeling_job() -> None:
    seniors = {"WorkteamArn": "seniors", "TaskTitle": "Last look"}
    bodies = taxonomies.bodies("lava", {"WorkteamArn": "people", "MaxConcurrentTaskCount": 9, "AdjLaneVOD": seniors})
    found = {body["jobName"]: body["settings"] for body in bodies}
    assert list(found) == list(lava().jobs)
    assert found["LaneVOD"] == {"TaskTitle": "Draw lanes", "WorkteamArn": "people", "MaxConcurrentTaskCount": 9}
    assert found["AdjLaneVOD"] == {**seniors, "MaxConcurrentTaskCount": 9}


def test_settings_of_a_labeling_job_that_is_not_should_be_refused() -> None:
    with pytest.raises(typer.BadParameter, match="there is no labeling job LaneVot; there are VOTVehicle"):
        taxonomies.bodies("lava", {"LaneVot": {"WorkteamArn": "people"}})
