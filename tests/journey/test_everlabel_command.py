"""`everlabel` on a stack of the real template: jobs are started, clips submitted, watched, retried, stopped."""

import csv
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.sqs.models import Message, sqs_backends

from local import submitting
from local.credentials import ACCOUNT, REGION
from local.ground_truth.people import Behaviour, Team
from local.world import Settings, World
from tests.journey.everlabel_command import answer, everlabel

JOB = {
    "jobName": "VOTVehicle",
    "taskType": "VideoObjectTracking",
    "labelCategoryConfig": {"labels": [{"label": "vehicle"}]},
}
DEFINITION = {"labelingJobs": [{"jobName": "VOTVehicle", "inputConfig": {"fps": 1}, "jobLevel": 1}]}
CLIPS = 60
JSON = ("--output", "json")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """People are quick, but leave the many alone."""
    settings = Settings(
        parameters={"ClipBuckets": "clips", "ResendAfterSeconds": "3600", "GatherExpiriesSeconds": "1"},
        day_seconds=60.0,
        logs=tmp_path_factory.mktemp("logs"),
        team=Team(people=4, hours_per_task=(0.1, 0.2)),
        behaviours=(Behaviour(match=submitting.WAITING, act="ignore", times=10**9),),
        schedules=False,
    )
    with World(settings) as made:
        yield made


@pytest.fixture(scope="module")
def job(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The only labeling job, started as a user starts it."""
    file = tmp_path_factory.mktemp("job") / "job.yaml"
    file.write_text(json.dumps(JOB))
    team = ("--workteam-arn", world.outputs["WorkteamArn"])
    (row,) = answer(everlabel(world, "jobs", "create", str(file), *team, "--wait", "--every", "0.2", *JSON))
    assert (row["result"], row["labelingJobStatus"]) == ("started", "InProgress")
    assert answer(everlabel(world, "jobs", "create", str(file), *team, *JSON))[0]["result"] == "known"
    found: dict[str, Any] = row
    return found


@pytest.fixture(scope="module")
def definition(job: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> str:
    assert job["jobName"] == "VOTVehicle"
    file = tmp_path_factory.mktemp("definition") / "definition.json"
    file.write_text(json.dumps(DEFINITION))
    return str(file)


def put(world: World, key: str, body: bytes) -> None:
    world.client("s3").put_object(Bucket="clips", Key=key, Body=body)


def submit(world: World, prefix: str, definition: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    journal = ("--journal", str(folder / "journal.jsonl"))
    return everlabel(world, "submit", f"s3://clips/{prefix}", "--definition", definition, *journal, *more, *JSON)


# Labeling jobs


def test_jobs_should_be_listed_and_shown(world: World, job: dict[str, Any]) -> None:
    names = everlabel(world, "jobs", "list", "--query", "[].jobName", "--output", "text")
    assert names.stdout == "VOTVehicle\n"
    shown = answer(everlabel(world, "jobs", "show", "VOTVehicle", *JSON))
    assert shown["definition"]["labelCategoryConfig"] == JOB["labelCategoryConfig"]
    assert shown["labelingJobArn"] == job["labelingJobArn"]
    assert "labelCounters.TotalLabeled" in everlabel(world, "jobs", "show", "VOTVehicle").stdout


def test_a_faulty_job_should_be_refused_before_anything_is_started(world: World, job: dict[str, Any]) -> None:
    bodies = [{**JOB, "jobName": "Good"}, {**JOB, "jobName": "Bad", "taskType": "VideoObjectTraking"}]
    run = everlabel(
        world, "jobs", "create", "-", "--workteam-arn", world.outputs["WorkteamArn"], given=json.dumps(bodies)
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert "  Bad: taskType: must be one of " in run.stderr
    assert len(answer(everlabel(world, "jobs", "list", *JSON))) == 1
    assert job["jobName"] == "VOTVehicle"


def test_a_job_that_stops_should_be_started_again_by_its_request(world: World, job: dict[str, Any]) -> None:
    other = json.dumps({**JOB, "jobName": "Other"})
    team = ("--workteam-arn", world.outputs["WorkteamArn"])
    dry = answer(everlabel(world, "jobs", "create", "-", *team, "--dry-run", *JSON, given=other))
    assert [row["result"] for row in dry] == ["would be asked for"]
    answer(everlabel(world, "jobs", "create", "-", *team, "--wait", "--every", "0.2", *JSON, given=other))
    stopped = answer(everlabel(world, "jobs", "stop", "Other", "Nobody", *JSON), code=1)
    assert [row["result"] for row in stopped] == ["stopped", "refused"]
    assert "Nobody" in stopped[1]["note"]
    again = answer(everlabel(world, "jobs", "create", "-", *team, *JSON, given=other))
    assert (again[0]["result"], again[0]["epoch"]) == ("known", job["epoch"] + 1)


# Clips


def test_clips_should_be_labeled_and_watched_to_the_end(world: World, definition: str, tmp_path: Path) -> None:
    film = submitting.film_of(10)
    for name in ("a/front", "a/rear", "b/front"):
        put(world, f"done/{name}.mp4", film)
    table = tmp_path / "attributes.csv"
    table.write_text("clipId,drive.city,clip.lanes\na_front,Turin,3\nc_front,Paris,2\n")
    dry = submit(world, "done/", definition, tmp_path, "--attributes-from", str(table), "--dry-run")
    assert [body["clipId"] for body in answer(dry)] == ["a_front", "a_rear", "b_front"]
    assert "1 lines of attributes are of no clip here: c_front" in dry.stderr
    assert answer(everlabel(world, "tasks", "list", *JSON)) == []

    summary = answer(submit(world, "done/", definition, tmp_path, "--attributes-from", str(table)))
    assert (summary["clips"], summary["accepted"], summary["refusals"]) == (3, 3, [])
    run = everlabel(world, "tasks", "watch", "--clip-prefix", "s3://clips/done/", "--every", "1", *JSON)
    assert {row["status"] for row in answer(run)} == {"Completed"}
    assert ": VOTVehicle: " not in run.stderr
    assert "a_front: level 1, VOTVehicle: all labeled" in run.stderr
    (task_id,) = (row["taskId"] for row in answer(run) if row["clipId"] == "a_front")
    shown = answer(everlabel(world, "tasks", "show", task_id, *JSON))
    assert shown["definition"]["attributes"] == {"clip": {"lanes": 3}, "drive": {"city": "Turin"}}
    assert "VOTVehicle" in everlabel(world, "tasks", "show", task_id).stdout


def test_without_a_journal_what_the_stack_knows_should_not_be_doubled(
    world: World, definition: str, tmp_path: Path
) -> None:
    before = submitting.task_ids(world)
    summary = answer(submit(world, "done/", definition, tmp_path))
    assert (summary["known"] + summary["accepted"], summary["skipped"]) == (3, 0)
    # The one with attributes is the same task without them: the same clip and labeling jobs.
    assert submitting.task_ids(world) == before


def test_an_interrupted_submission_should_go_on_and_double_nothing(
    world: World, job: dict[str, Any], tmp_path: Path
) -> None:
    assert job["jobName"] == submitting.JOB
    first, second = submitting.interrupted_and_again(world, tmp_path, "idle/", CLIPS)
    assert first.summary["left"] == second.summary["accepted"] + second.summary["known"]
    assert f"{first.summary['left']} are left" in first.talk


def test_refused_clips_should_be_named_with_reasons_and_not_hold_up_others(
    world: World, definition: str, tmp_path: Path
) -> None:
    put(world, "odd/good.mp4", b"")
    put(world, "odd/what?.mp4", b"")
    summary = answer(submit(world, "odd/", definition, tmp_path), code=1)
    assert (summary["accepted"], summary["refused"]) == (1, 1)
    (refusal,) = summary["refusals"]
    assert (refusal["clipS3Uri"], refusal["status"]) == ("s3://clips/odd/what?.mp4", 400)
    assert refusal["faults"][0]["field"] == "labelingJobs[0].inputConfig.clipS3Uri"
    again = submit(world, "odd/", definition, tmp_path)
    assert (answer(again, code=1)["skipped"], answer(again, code=1)["refused"]) == (1, 1)
    assert "1 × labelingJobs[0].inputConfig.clipS3Uri: " in again.stderr


def test_failed_tasks_should_be_retried_once_the_cause_is_mended(world: World, definition: str, tmp_path: Path) -> None:
    put(world, "broken/one.mp4", b"no film")
    answer(submit(world, "broken/", definition, tmp_path))
    chosen = ("--clip-prefix", "s3://clips/broken/")
    failed = answer(everlabel(world, "tasks", "watch", *chosen, "--every", "1", *JSON), code=1)
    assert [row["status"] for row in failed] == ["Failed"]
    put(world, "broken/one.mp4", submitting.film_of(10))
    why = ("--reason", "ClipRefused", "--since", "1h", *chosen)
    assert [row["result"] for row in answer(everlabel(world, "tasks", "retry", *why, "--dry-run", *JSON))] == [
        "would be retried"
    ]
    assert [row["result"] for row in answer(everlabel(world, "tasks", "retry", *why, *JSON))] == ["retried"]
    assert answer(everlabel(world, "tasks", "watch", *chosen, "--every", "1", *JSON))[0]["status"] == "Completed"
    refused = answer(everlabel(world, "tasks", "retry", failed[0]["taskId"], *JSON), code=1)
    assert refused[0]["result"] == "refused"
    assert "only a failed task" in refused[0]["reason"]


def test_tasks_should_be_stopped_by_a_filter_but_not_without_a_yes(world: World) -> None:
    chosen = ("--clip-prefix", "waiting-0000")
    run = everlabel(world, "tasks", "stop", *chosen)
    assert (run.returncode, run.stdout) == (2, "")
    assert "Stop 10 tasks? Nobody is there to answer; give --yes" in run.stderr
    rows = answer(everlabel(world, "tasks", "stop", *chosen, "--yes", *JSON))
    assert [row["result"] for row in rows] == ["stopped"] * 10
    assert {row["status"] for row in rows} <= {"Stopping", "Stopped"}
    listed = answer(everlabel(world, "tasks", "list", "--status", "Stopping", "--status", "Stopped", *JSON))
    assert {row["taskId"] for row in listed} == {row["taskId"] for row in rows}


# What labels are for


def completed(world: World, clip: str) -> dict[str, Any]:
    """How a completed task of test_clips_should_be_labeled_and_watched_to_the_end is shown."""
    chosen = ("--clip-prefix", clip, "--status", "Completed", "--query", "[0].taskId")
    found: dict[str, Any] = answer(
        everlabel(world, "tasks", "show", answer(everlabel(world, "tasks", "list", *chosen, *JSON)), *JSON)
    )
    return found


def test_a_completed_task_should_be_summed_up_and_no_other(world: World) -> None:
    task = completed(world, "a_front")
    bucket, _, key = task["summaryS3Uri"].removeprefix("s3://").partition("/")
    summary = json.loads(world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    assert answer(everlabel(world, "tasks", "summary", task["taskId"], *JSON)) == summary
    summary |= {"labels": 5, "trackLengths": {**summary["trackLengths"], "tracks": 2}}
    summary["classes"] = {"car": {"labels": 5, "frames": 4, "tracks": 2}}
    world.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(summary).encode())
    run = everlabel(world, "tasks", "summary", task["taskId"])
    assert run.stderr == f"a_front: 5 labels in {summary['objectsPerFrame']['labeledFrames']} frames, 2 tracks\n"
    assert [line.split("│")[1:-1] for line in run.stdout.splitlines() if "car" in line] == [
        [" car   ", " 5      ", " 4      ", " 2      "]
    ]
    waiting = answer(everlabel(world, "tasks", "list", "--status", "InProgress", "--limit", "1", *JSON))[0]["taskId"]
    refused = everlabel(world, "tasks", "summary", waiting)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"Error: task {waiting} is InProgress; only a completed task has a summary\n"


def test_pictures_and_datasets_should_be_made_of_a_stacks_tasks(world: World, tmp_path: Path) -> None:
    task_id = completed(world, "b_front")["taskId"]
    (drawn,) = answer(everlabel(world, "render", "sheet", task_id, "--to", str(tmp_path), *JSON))
    assert drawn == {"clipId": "b_front", "taskId": task_id, "file": str(tmp_path / "b_front.png")}
    assert (tmp_path / "b_front.png").read_bytes().startswith(b"\x89PNG")

    chosen = ("--where", "clipId!=b_front", "--where", "attributes.drive.city=Turin", "--ratios", "100")
    build = ("dataset", "build", "--name", "road", "--to", str(tmp_path), *chosen, "--images", *JSON)
    built = answer(everlabel(world, *build))
    assert (built["version"], built["tasks"], built["splits"], built["isNew"]) == (1, 1, {"train": 1}, True)
    assert answer(everlabel(world, *build))["isNew"] is False
    with (tmp_path / "road" / "1" / "frames.csv").open(newline="") as file:
        (frame,) = csv.DictReader(file)
    bucket, _, key = frame["s3Uri"].removeprefix("s3://").partition("/")
    there = world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert (tmp_path / "road" / "1" / frame["image"]).read_bytes() == there


# Dead letters


def test_dead_letters_should_go_back_where_they_came_from(world: World) -> None:
    dead = sqs_backends[ACCOUNT][REGION].get_queue(world.resource("LabelsDeadLetterQueue").rpartition("/")[2])
    message = Message("forged", "{}")
    message.mark_sent()
    vars(message)["first_queue"] = world.resource("LabelsQueue").rpartition("/")[2]
    dead.add_message(message)
    expected = {"LabelsDeadLetterQueue": "would be sent back", "EventsDeadLetterQueue": "empty"}
    assert results(everlabel(world, "redrive", "--dry-run", *JSON)) == expected
    assert results(everlabel(world, "redrive", "LabelsDeadLetterQueue", *JSON)) == {
        "LabelsDeadLetterQueue": "on the way back"
    }
    # The function that listens to the queue of labels puts it aside: nobody can place it.
    world.wait_until(lambda: answer(everlabel(world, "quarantine", "list", *JSON)), 30, every=0.5)
    assert results(everlabel(world, "redrive", *JSON))["LabelsDeadLetterQueue"] == "empty"


def results(run: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return {row["queue"]: row["result"] for row in answer(run)}


# What there is not


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("jobs", "show", "nobody"), 1, "404 there is no labeling job 'nobody'"),
        (("tasks", "show", "nobody"), 1, "404 there is no annotation task 'nobody'"),
        (("tasks", "retry"), 2, "give either ids, or options that choose tasks"),
        (("tasks", "stop", "id", "--status", "Failed"), 2, "give either ids, or options that choose tasks"),
        (("redrive", "LabelsQueue"), 2, "there is no dead-letter queue LabelsQueue; there are LabelsDeadLetterQueue"),
        (("submit", "clips/", "--definition", "examples/labeling-job.json"), 2, "labelingJobs must be a list"),
        (("submit", "clips/", "--definition", "lost.json"), 2, "lost.json: No such file"),
        (("tasks", "list", "--stack", "nobody"), 2, "nobody"),
        (("submit", "s3://lost/", "--definition", "examples/definition.json"), 2, "there is no bucket 'lost'"),
        (("render", "sheet", "nobody"), 1, "no annotation document of a task 'nobody'; only completed tasks have one"),
    ],
)
def test_what_there_is_not_should_be_told_in_a_line(
    world: World, arguments: tuple[str, ...], code: int, words: str
) -> None:
    run = everlabel(world, *arguments)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (code, "", 1)
    assert words in run.stderr
