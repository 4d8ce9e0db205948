"""`python -m local`, as somebody at a terminal sees it."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.command_line import LONGEST_END_SECONDS

ROOT = Path(__file__).resolve().parents[2]
PYTHON = [sys.executable, "-W", "error", "-m"]
NO_WARNING = [*PYTHON, "local"]

LIST_JOBS = {
    "version": "2.0",
    "routeKey": "GET /labeling-jobs",
    "rawPath": "/labeling-jobs",
    "rawQueryString": "",
    "headers": {},
    "requestContext": {"http": {"method": "GET", "path": "/labeling-jobs"}, "stage": "$default"},
    "isBase64Encoded": False,
}


@pytest.fixture(scope="module")
def up() -> Iterator[dict[str, str]]:
    """A world that is up in a process of its own; ended with Ctrl-C, as its user would."""
    command = [*NO_WARNING, "up", "--port", "0", "--api-port", "0"]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdout
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        yield {"API": found(r"^API +(\S+)", said), "AWS": found(r"^AWS endpoint +(\S+)", said), "said": said}
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=2 * LONGEST_END_SECONDS)
        assert (process.returncode, rest) == (0, "The laptop world has ended.\n")
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    assert match, text
    return match[1]


def invoke(
    function: str, event: object, where: str, tmp_path: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    command = [*NO_WARNING, "invoke", function, "--event", str(path), "--endpoint-url", where]
    return run(command, **environment)


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        command,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "400", **environment},  # wide enough that no message is wrapped
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


ENDLESS = """
import signal, threading
from local.command_line import end_in_order
end_in_order(longest_seconds=1)
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    def waits_for_ever():
        threading.Event().wait()
    waits_for_ever()
"""


def test_an_end_that_never_comes_should_be_made_one_and_say_what_it_waits_for() -> None:
    done = run([sys.executable, "-c", ENDLESS])
    assert done.returncode == 1
    assert "in waits_for_ever" in done.stderr


SIGNALLED_ELSEWHERE = """
import signal, threading, time
from local.command_line import end_in_order
from local.world import World
world = World()
def other_thread():
    time.sleep(0.3)
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)
    threading.Event().wait()
end_in_order()
threading.Thread(target=other_thread, daemon=True).start()
try:
    world.wait()
except KeyboardInterrupt:
    print("ended")
"""


def test_ctrl_c_should_end_a_world_whichever_thread_it_comes_to() -> None:
    command = [sys.executable, "-c", SIGNALLED_ELSEWHERE]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own program
        try:
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert said == b"ended\n"


def test_up_should_say_how_to_reach_it(up: dict[str, str]) -> None:
    assert requests.get(f"{up['API']}/annotation-tasks", timeout=5).status_code == 403
    assert f" AWS_ENDPOINT_URL={up['AWS']}\n" in up["said"]
    assert "--aws-sigv4 aws:amz:us-east-1:execute-api" in up["said"]
    assert ":workteam/private-crowd/" in up["said"]
    assert f"export API={up['API']}" in up["said"]
    assert "AWS_REGION=us-east-1" in up["said"]


def test_invoke_should_print_the_answer_and_log_elsewhere(up: dict[str, str], tmp_path: Path) -> None:
    done = invoke("LabelingJobsApi", LIST_JOBS, up["AWS"], tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"labelingJobs": []})
    assert "START RequestId" in done.stderr


def test_invoke_should_fail_when_the_function_does(up: dict[str, str], tmp_path: Path) -> None:
    done = invoke("CheckForCompletion", {}, up["AWS"], tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["errorType"] == "KeyError"


@pytest.mark.parametrize("program", ["local", "local.container"])
@pytest.mark.parametrize("named", [[], ["Nothing"]])
def test_a_command_should_name_the_functions_there_are(program: str, named: list[str]) -> None:
    done = run([*PYTHON, program, *(["invoke"] if program == "local" else []), *named])
    assert done.returncode == 2
    assert "TriggerLabeling" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("program", ["local", "local.container"])
def test_a_command_should_say_that_an_event_is_not_json(program: str, tmp_path: Path) -> None:
    path = tmp_path / "my event.json"
    path.write_text("{'taskId': 1}")
    command = [*PYTHON, program, *(["invoke"] if program == "local" else []), "BatchError", "--event", str(path)]
    done = run(command)
    assert done.returncode == 2
    assert "is not JSON" in done.stderr
    assert "Traceback" not in done.stderr


def test_container_should_say_what_is_missing() -> None:
    done = run([*PYTHON, "local.container", "BatchError", "--endpoint-url", "http://127.0.0.1:9", "--dry-run"])
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "nothing is built yet" in line or "no laptop world is up at http://127.0.0.1:9; run `make up`" in line


def test_invoke_should_take_the_functions_own_event(up: dict[str, str]) -> None:
    done = run([*NO_WARNING, "invoke", "LabelingJobStateChange", "--endpoint-url", up["AWS"]])
    assert json.loads(done.stdout) == {"batchItemFailures": []}, done.stderr


@pytest.mark.parametrize("where", ["up", "http://127.0.0.1:9"])
def test_settings_of_the_users_should_not_reach_the_laptop(up: dict[str, str], where: str, tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    theirs = {
        "AWS_PROFILE": "foo",
        "AWS_DEFAULT_PROFILE": "foo",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SESSION_TOKEN": "theirs",
        "AWS_ENDPOINT_URL": nowhere,
        "AWS_ENDPOINT_URL_S3": nowhere,
        "HTTP_PROXY": nowhere,
        "http_proxy": nowhere,
        "ALL_PROXY": nowhere,
    }
    (tmp_path / "config").write_text(f"[default]\nregion = eu-west-1\nendpoint_url = {nowhere}\n")
    done = invoke("LabelingJobsApi", LIST_JOBS, up["AWS"] if where == "up" else where, tmp_path, **theirs)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["statusCode"] == 200


def test_invoke_should_start_a_world_for_one_call_when_none_is_up(tmp_path: Path) -> None:
    done = invoke("LabelingJobsApi", LIST_JOBS, "http://127.0.0.1:9", tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["statusCode"] == 200


def test_what_up_says_to_type_should_take_the_clip_that_is_there_to_a_report(
    up: dict[str, str], tmp_path: Path
) -> None:
    """Stands at the end: labeling jobs are there afterwards."""
    typed = up["said"].replace("\\\n", "")
    given = dict(re.findall(r"(AWS_\w+)=(\S+)", typed))
    given |= {"XDG_CONFIG_HOME": str(tmp_path), "AWS_CONFIG_FILE": os.devnull, "PYTHONPATH": str(ROOT / "cli")}
    commands = [shlex.split(line) for line in re.findall(r"^  \.venv/bin/everlabel (.*)$", typed, re.MULTILINE)]
    assert [command[0] for command in commands] == ["jobs", "submit", "tasks", "render"]
    for command in commands:
        arguments = [str(tmp_path) if part == "out" else part for part in command]
        done = run([*PYTHON, "everlabel_cli", *arguments], **given)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "street.html").stat().st_size > 100_000
