"""`make demo`, as a newcomer sees it: all the way, with an end in order and a failure that leaves what there was."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.template import ROOT

DEMO = [sys.executable, "-W", "error", "-m", "local.demo"]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out") / "demo"


@pytest.fixture(scope="module")
def said(out: Path) -> str:
    """What a demo with short days prints."""
    done = run(*DEMO, "--out", str(out), "--day", "0.6")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )


def test_both_expiries_should_happen_and_nothing_be_lost(said: str) -> None:
    assert re.search(r"^day +\d+  untouched: NightShift: expired in the worker portal", said, re.MULTILINE)
    assert re.search(r"^day +\d+  behind: NightShift: sent again under the same id", said, re.MULTILINE)
    assert "4 of 4 tasks completed, 15 of 15 objects labeled; on the way 1 expired" in said


def test_the_task_should_be_summed_up(said: str) -> None:
    summed = re.search(r"^street: (\d+) labels in 20 frames, (\d+) tracks$", said, re.MULTILINE)
    assert summed
    assert int(summed[1]) >= int(summed[2]) > 0


def test_exports_should_be_opened_by_the_programs_they_are_for(said: str) -> None:
    assert re.search(r"^pycocotools opens it: 3 splits, 50 images, [1-9]\d* boxes of car, ", said, re.MULTILINE)
    assert re.search(r"^motmetrics opens it: 3 clips, [1-9]\d* tracks, [1-9]\d* boxes$", said, re.MULTILINE)


def test_what_it_says_to_open_should_be_there(said: str, out: Path) -> None:
    _, _, rest = said.partition("\nOpen\n")
    files = [Path(line.split()[0]) for line in rest.partition("\nTry\n")[0].splitlines()]
    beginnings = {file.relative_to(out).as_posix(): file.read_bytes()[:12] for file in files}
    assert beginnings == {
        "street.html": b"<!doctype ht",
        "street.mp4": b"\0\0\0\x20ftypisom",
        "street.png": b"\x89PNG\r\n\x1a\n\0\0\0\r",
        "datasets/demo/1/datasheet.md": b"# demo, vers",
    }
    assert b"data:video/mp4;base64," in (out / "street.html").read_bytes()


def test_what_it_says_to_try_should_work_when_its_world_has_ended(said: str) -> None:
    _, _, rest = said.partition("\nTry\n")
    commands = [shlex.split(line) for line in rest.splitlines() if "everlabel " in line]
    assert [command[1:3] for command in commands] == [["render", "report"], ["dataset", "export"]]
    for command in commands:
        assert (ROOT / command[0]).name == "everlabel"
        done = run(*command)
        assert (done.returncode, done.stderr) == (0, ""), command


def test_ctrl_c_should_end_it_without_a_trace(tmp_path: Path) -> None:
    with subprocess.Popen(  # noqa: S603 - our own program
        [*DEMO, "--out", str(tmp_path / "demo")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if "data object" in line:
                break
        os.killpg(process.pid, signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
        assert process.returncode == 130
    assert "Traceback" not in rest, rest
    assert rest.splitlines()[-1] == "Interrupted; the laptop world has ended."


def test_a_failure_should_keep_earlier_outputs_and_name_the_logs(tmp_path: Path) -> None:
    clip, earlier = tmp_path / "no clip.mp4", tmp_path / "demo" / "street.png"
    clip.write_text("not a video")
    earlier.parent.mkdir(parents=True)
    earlier.write_text("earlier")
    done = run(*DEMO, str(clip), "--out", str(tmp_path / "demo"), "--day", "0.5")
    assert done.returncode == 1
    assert earlier.read_text() == "earlier"
    assert "street: Failed: ClipRefused: " in done.stdout
    assert "Open" not in done.stdout.splitlines()
    assert done.stdout.splitlines()[-1] == f"Logs: {tmp_path / 'demo-logs'}/"
    assert (tmp_path / "demo-logs" / "Transformation.log").exists()
