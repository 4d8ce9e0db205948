"""One clip in the simulated world, from its request to its summary, in calm and in storm."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from local.ground_truth.labeling_job import DAY
from local.template import ROOT
from tests.simulation.schedule import Schedule
from tests.simulation.world.faults import Faults, Kind, Rates
from tests.simulation.world.trace import Trace
from tests.simulation.world.world import World

TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team"
JOBS: list[dict[str, Any]] = [
    {"jobName": "Boxes", "taskType": "BoundingBox", "labelCategoryConfig": {"labels": [{"label": "car"}]}},
    {
        "jobName": "AdjBoxes",
        "taskType": "AdjustmentBoundingBox",
        "labelCategoryConfig": {"labels": [{"label": "car"}], "auditLabelAttributeName": "Boxes"},
    },
]
CHAIN: list[dict[str, Any]] = [
    {"jobName": "Boxes", "inputConfig": {"clipS3Uri": "s3://clips/drive", "fps": 1}, "jobLevel": 1},
    {"jobName": "AdjBoxes", "inputConfig": {"chainFromJobName": "Boxes"}, "jobLevel": 2},
]
STORM = Rates(
    throttled=0.01,
    killed_before=0.01,
    killed_after=0.01,
    answer_lost=0.02,
    slow=0.02,
    result_lost=0.02,
    started_twice=0.05,
    refused=0.02,
    duplicated=0.1,
    delayed=0.1,
    lost=0.02,
    stale=0.3,
    conflict=0.05,
    unprocessed=0.05,
)


@dataclass
class Story:
    """What became of a clip. `digest` and `calls` are its trace's, `asked` the statuses of the requests."""

    digest: str = ""
    calls: int = 0
    status: str = ""
    struck: Counter[Kind] = field(default_factory=Counter)
    asked: list[int] = field(default_factory=list)
    items: Counter[str] = field(default_factory=Counter)


def story(seed: int, rates: Rates, days: float) -> Story:
    """A clip of four frames through two levels; who asks for it asks again until it is taken."""
    faults, told = Faults(seed, rates), Story()
    with World(seed, faults=faults) as world:
        trace = Trace(world)

        def ask(path: str, body: Any) -> None:
            world.api("POST", path, body, partial(hear, path, body))

        def hear(path: str, body: Any, status: int, _answer: Any) -> None:
            told.asked.append(status)
            if status >= 400:
                world.schedule.at(world.schedule.now() + 60, partial(ask, path, body))

        for number in range(4):
            world.s3.put("clips", f"drive/{number}.jpg", b"jpeg")
        for job in JOBS:
            ask("/labeling-jobs", {**job, "settings": {"WorkteamArn": TEAM}})
        ask("/annotation-tasks", {"labelingJobs": CHAIN})
        world.run_until(world.schedule.now() + days * DAY)
        asked = {"TableName": world.stack.name("TaskTable"), "ConsistentRead": True}
        items = world.dynamodb.call("Scan", asked)["Items"]
        told.digest, told.calls = trace.digest(), trace.calls
        told.status = next((item["status"]["S"] for item in items if item["item"]["S"] == "TASK"), "")
        told.struck = Counter(strike.kind for strike in faults.struck)
        told.items = Counter(item["kind"]["S"] for item in items)
    return told


def test_a_clip_with_two_levels_is_completed() -> None:
    told = story(1, Rates(), 8)
    assert told.status == "Completed"
    assert told.items == {"TASK": 1, "FRAMES": 1, "LEVEL": 2, "JOB": 2, "DONE": 8}
    assert not told.struck
    assert {201, 202} <= {*told.asked}


def test_a_clip_in_a_storm_is_the_same_whenever_it_is_lived() -> None:
    first, again, other = story(5, STORM, 4), story(5, STORM, 4), story(6, STORM, 4)
    assert first == again
    assert first.digest != other.digest
    assert len(first.struck) > 8


def test_a_clip_in_a_storm_is_the_same_if_each_call_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    skipped: list[bool] = []
    skip_to = Schedule.skip_to

    def skip(schedule: Schedule, time: float) -> bool:
        skipped.append(skip_to(schedule, time))
        return skipped[-1]

    monkeypatch.setattr(Schedule, "skip_to", skip)
    skipping = story(5, STORM, 4)
    monkeypatch.setattr(Schedule, "skip_to", lambda _schedule, _time: False)
    assert skipping == story(5, STORM, 4)
    assert {*skipped} == {True, False}


def test_a_clip_in_a_storm_is_the_same_in_another_process() -> None:
    script = "from tests.simulation.test_world_clip import STORM, story; print(story(5, STORM, 4).digest)"
    processes = [
        subprocess.Popen(  # noqa: S603 # this very interpreter
            [sys.executable, "-c", script], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE
        )
        for seed in ("1", "2")
    ]
    digests = [process.communicate()[0].decode() for process in processes]
    assert digests == [story(5, STORM, 4).digest + "\n"] * 2


@pytest.mark.parametrize("seed", range(3))
def test_a_clip_in_a_storm_ends(seed: int) -> None:
    told = story(seed, STORM, 25)
    assert told.status in {"Completed", "Failed"}, json.dumps(told.items)
    assert told.items["OPEN"] == 0 or told.status == "Failed"
