"""LAVA on a stack of the real template: its labeling jobs are started by one command, and its definitions checked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.api_client import ApiClient
from local.world import Settings, World
from tests.journey.everlabel_command import answer, everlabel
from tests.taxonomies import LAVA_FILE, lava


def done(world: World, *arguments: str) -> Any:
    """What a command answered that did all."""
    return answer(everlabel(world, *arguments, "--output", "json"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Labeling jobs that nobody uses are not to be replaced meanwhile."""
    with World(Settings(logs=tmp_path_factory.mktemp("logs"), job_limits={"idle_limit": 1e9})) as made:
        yield made


def test_a_taxonomy_should_start_its_labeling_jobs_and_hold_definitions_to_it(world: World, tmp_path: Path) -> None:
    create = ["jobs", "create", "--taxonomy", "lava", "--workteam-arn", world.outputs["WorkteamArn"]]
    started = done(world, *create, "--wait", "--every", "0.2")
    assert [(row["jobName"], row["result"]) for row in started] == [(name, "started") for name in lava().jobs]
    assert {row["labelingJobStatus"] for row in started} == {"InProgress"}
    assert started[9]["definition"]["labelCategoryConfig"]["auditLabelAttributeName"] == "TrafficSignVOD-ref"
    again = done(world, *create)
    assert {row["result"] for row in again} == {"known"}
    assert [row["labelingJobArn"] for row in again] == [row["labelingJobArn"] for row in started]

    # It was stored with them, as it is and for good.
    assert done(world, "taxonomy", "list") == [{"taxonomy": "lava/1", "inStack": True, "bundled": True}]
    assert done(world, "taxonomy", "show", "lava/1") == json.loads(LAVA_FILE.read_text())
    other = tmp_path / "taxonomy.json"
    other.write_text(LAVA_FILE.read_text().replace("dashed", "dotted"))
    refused = everlabel(world, "taxonomy", "push", str(other))
    assert refused.returncode == 1
    assert refused.stderr == "Error: lava/1 is there already, with other content; give yours a higher version\n"

    api = ApiClient(world.api_url, world.session)
    first = {"jobName": "VOTVehicle", "inputConfig": {"clipS3Uri": "s3://clips/a.mp4", "fps": 1}, "jobLevel": 1}
    second = {"jobName": "AdjVOTVehicle", "inputConfig": {"chainFromJobName": "VOTVehicle"}, "jobLevel": 2}
    definition = {"taxonomy": "lava/1", "labelingJobs": [first, second]}
    wrong = api.post("/annotation-tasks", {**definition, "attributes": {"drive": {"weather": "dry"}, "clip": {"x": 1}}})
    assert wrong.status == 400
    fields = [fault["field"] for fault in wrong.body["faults"]]
    assert fields == ["attributes.clip.x", "attributes.drive.drive_id", "attributes.drive.weather"]
    right = {"drive": {"drive_id": "a", "weather": "clear"}, "clip": {"scene": "city street"}}
    taken = api.post("/annotation-tasks", {**definition, "attributes": right})
    assert taken.status == 202
    kept = api.get(f"/annotation-tasks/{taken.body['taskId']}").body["definition"]
    assert (kept["taxonomy"], kept["attributes"]) == ("lava/1", right)
