"""What every command of `everlabel` has in common: options, answers, errors, exit codes."""

import json
import subprocess
import sys
from typing import Annotated, Any

import pytest
import typer

from everlabel.task_table import TaskStatus
from everlabel_cli import __main__ as command_line
from everlabel_cli import task_choice
from everlabel_cli.answer import NotDone, agreed, say
from everlabel_cli.options import Answering, Format, OnStack, Yes, taking
from local.template import ROOT

ROWS = [{"name": "a", "size": 1, "why": None}, {"name": "b\x1b[31m", "size": 20, "why": "so"}]
COLUMNS = {"name": "thing", "size": "bytes", "why": "reason"}

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
@taking(OnStack)
def rows(options: OnStack, often: Annotated[int, typer.Option("--often")] = 1) -> None:
    """Say rows."""
    say(ROWS * often, options, COLUMNS)


@app.command()
@taking(Answering)
def fail(options: Answering, how: Annotated[str, typer.Argument()]) -> None:
    """Fail somehow."""
    assert options.query is None
    match how:
        case "refused":
            raise NotDone("nothing was done\n  fps: must be at most 60\x07")
        case "broken":
            raise KeyError("lost")
        case "interrupted":
            raise KeyboardInterrupt


@app.command()
@taking(Answering)
def destroy(options: Answering, yes: Yes = False) -> None:
    """Ask first."""
    agreed("Destroy 2 things?", yes)
    say("destroyed", options)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The commands above in place of the real ones."""
    monkeypatch.setattr(command_line, "app", app)
    return app


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--output", "json"], json.dumps(ROWS, indent=2)),
        (["--output", "json", "--query", "[].size"], "[\n  1,\n  20\n]"),
        (["--output", "json", "--query", "[0].nothing"], "null"),
        (["--output", "text"], "a\t1\tNone\nb\\x1b[31m\t20\tso"),
        (["--output", "text", "--query", "[?size > `1`].[size, name]"], "20\tb\\x1b[31m"),
        (["--output", "text", "--query", "[].size"], "1\n20"),
        (["--output", "text", "--query", "length(@)"], "2"),
        (["--output", "text", "--often", "2", "--query", "[3].name"], "b\\x1b[31m"),
    ],
)
@pytest.mark.usefixtures("run")
def test_an_answer_should_have_the_form_that_is_asked_for(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.run(["rows", *given]) == 0
    written = capsys.readouterr()
    assert (written.out, written.err) == (f"{said}\n", "")


@pytest.mark.usefixtures("run")
def test_a_table_should_have_headings_and_cut_nothing_off_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    wide = [{"name": "x" * 300, "size": "y" * 300, "why": ""}]
    say(wide, Answering(), COLUMNS)
    out = capsys.readouterr().out
    assert "thing" in out
    assert "x" * 300 in out
    assert "y" * 300 in out


@pytest.mark.usefixtures("run")
def test_a_table_of_a_query_should_have_the_querys_own_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.run(["rows", "--query", "[].{big: size}"]) == 0
    out = capsys.readouterr().out
    assert "big" in out
    assert "thing" not in out


@pytest.mark.usefixtures("run")
def test_the_output_should_be_taken_from_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERLABEL_OUTPUT", Format.JSON)
    assert command_line.run(["rows"]) == 0
    assert json.loads(capsys.readouterr().out) == ROWS


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        (["fail", "refused"], 1, ["Error: nothing was done", "  fps: must be at most 60\\x07"]),
        (["fail", "broken"], 1, ["Error: KeyError: 'lost' (--debug shows where)"]),
        (["fail", "interrupted"], 130, []),
        (["rows", "--query", "[?"], 2, ["Error: Invalid value for --query: '[?': "]),
        (["rows", "--output", "xml"], 2, ["Error: Invalid value for '--output'"]),
        (["rows", "--oftn", "1"], 2, ["Error: No such option: --oftn"]),
        (["lost"], 2, ["Error: No such command 'lost'."]),
        (["fail"], 2, ["Error: Missing argument 'how'."]),
        (["destroy"], 2, ["Error: Invalid value for --yes: Destroy 2 things? Nobody is there to answer; give --yes"]),
    ],
)
@pytest.mark.usefixtures("run")
def test_what_goes_wrong_should_be_told_in_a_line_and_by_the_exit_code(
    given: list[str], code: int, told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.run(given) == code
    written = capsys.readouterr()
    assert written.out == ""
    lines = written.err.splitlines()
    assert len(lines) == len(told)
    for line, beginning in zip(lines, told, strict=True):
        assert line.startswith(beginning)


@pytest.mark.usefixtures("run")
def test_debug_should_show_where_it_went_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.run(["fail", "broken", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.usefixtures("run")
def test_yes_should_do_without_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.run(["destroy", "--yes", "--output", "text"]) == 0
    assert capsys.readouterr().out == "destroyed\n"


def test_the_version_should_be_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.run(["--version"]) == 0
    assert f'version = "{capsys.readouterr().out.split()[1]}"' in (ROOT / "pyproject.toml").read_text()


def test_every_command_should_say_what_it_is_for() -> None:
    group = typer.main.get_command(command_line.app)
    found = list(commands("everlabel", group))
    assert len(found) > 10
    assert [name for name, command in found if not command.help] == []


def commands(name: str, command: Any) -> list[tuple[str, Any]]:
    """All commands below one, by what is typed."""
    below = getattr(command, "commands", None)
    if below is None:
        return [(name, command)]
    return [found for key, other in below.items() for found in commands(f"{name} {key}", other)]


def test_help_should_import_nothing_heavy() -> None:
    program = (
        "import sys; from everlabel_cli.__main__ import run; run(['--help'])\n"
        "heavy = {'boto3', 'botocore', 'requests', 'pynamodb', 'numpy', 'av', 'cv2', 'yaml', 'jmespath'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-W", "error", "-c", program],
        env={"PYTHONPATH": str(ROOT / "cli")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "jobs" in done.stdout
    assert done.stderr == "[]\n"


def test_a_pipe_that_closes_should_end_it_without_a_word() -> None:
    program = "from everlabel_cli.__main__ import main; main()"
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", program, "--help"],
        env={"PYTHONPATH": str(ROOT / "cli")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""


def test_statuses_should_be_those_of_the_task_table() -> None:
    assert [status.value for status in task_choice.Status] == [status.value for status in TaskStatus]
