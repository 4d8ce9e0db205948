"""Taxonomies of a stack: stored once, named by definitions, and what definitions say is held to them."""

import json
import re

import pytest
from botocore.exceptions import ClientError

import annotation_tasks_api
from everlabel import aws, objects, task_table, taxonomies
from everlabel.taxonomies import TaxonomyTaken
from local.template import ROOT
from tests.handlers.api_events import Answer, Api
from tests.handlers.conftest import Cloud
from tests.taxonomies import LAVA_FILE, lava, small_file, taxonomy

API = Api(annotation_tasks_api.handler)
JOB = {"jobName": "VOTVehicle", "inputConfig": {"clipS3Uri": "s3://clips/a.mp4", "fps": 1}, "jobLevel": 1}
DRIVE = {"drive_id": "2026-05-01-a", "weather": "rainy"}


@pytest.fixture(autouse=True)
def jobs(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")


def post(**more: object) -> Answer:
    return API.call("POST", "/annotation-tasks", {"labelingJobs": [JOB], **more})


def test_a_taxonomy_should_be_stored_once_as_it_is_and_found_again(cloud: Cloud) -> None:
    text = LAVA_FILE.read_bytes()
    assert taxonomies.put(text) == (lava(), True)
    assert taxonomies.put(json.dumps(json.loads(text)).encode()) == (lava(), False)
    assert taxonomies.find("lava/1") == lava()
    stored = cloud.s3.get_object(Bucket=aws.bucket(), Key="taxonomies/lava/1.json")
    assert stored["Body"].read() == text
    assert stored["ContentType"] == "application/json"


def test_another_taxonomy_of_the_same_name_and_version_should_be_refused() -> None:
    taxonomies.put(json.dumps(small_file()).encode())
    changed = small_file() | {"description": "Other animals"}
    with pytest.raises(TaxonomyTaken, match="farm/2 is there already, with other content; give yours a higher version"):
        taxonomies.put(json.dumps(changed).encode())
    assert taxonomies.find("farm/2") == taxonomy(small_file())
    taxonomies.put(json.dumps(changed | {"version": 3}).encode())
    assert taxonomies.references() == ["farm/2", "farm/3"]


def test_taxonomies_should_be_listed_by_name_and_version(cloud: Cloud) -> None:
    assert taxonomies.references() == []
    for version in (10, 9):
        taxonomies.put(json.dumps(small_file() | {"version": version}).encode())
    taxonomies.put(LAVA_FILE.read_bytes())
    cloud.s3.put_object(Bucket=aws.bucket(), Key="taxonomies/readme.txt", Body=b"")
    assert taxonomies.references() == ["farm/9", "farm/10", "lava/1"]


def test_what_the_stack_has_not_should_be_none() -> None:
    assert taxonomies.find("lava/1") is None


def test_a_taxonomy_that_may_not_be_read_should_not_be_taken_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> bytes:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    monkeypatch.setattr(objects, "get", refused)
    with pytest.raises(ClientError, match="AccessDenied"):
        taxonomies.find("lava/1")


def test_a_task_should_keep_the_taxonomy_that_its_definition_names() -> None:
    taxonomies.put(LAVA_FILE.read_bytes())
    answer = post(taxonomy="lava/1", attributes={"drive": DRIVE, "clip": {"scene": "school zone"}})
    assert answer.status == 202
    assert json.loads(task_table.find_task(answer.body["taskId"]).definition)["taxonomy"] == "lava/1"


def test_attributes_should_be_held_to_the_taxonomy_all_at_once_and_beside_other_faults() -> None:
    taxonomies.put(LAVA_FILE.read_bytes())
    answer = post(
        taxonomy="lava/1",
        labelingJobs=[JOB | {"jobName": "Nobody"}],
        attributes={"drive": {"weather": "sunny"}, "clip": {"scene": "moon", "weather": "clear"}},
        maxExpiries=-1,
    )
    assert answer.status == 400
    assert set(answer.faults) == {
        "attributes.clip.scene",
        "attributes.clip.weather",
        "attributes.drive.drive_id",
        "attributes.drive.weather",
        "labelingJobs[0].jobName",
        "maxExpiries",
    }
    assert answer.faults["attributes.drive.weather"].startswith("'sunny' is none of its values: clear, overcast")


def test_the_definition_of_the_document_should_be_taken(cloud: Cloud) -> None:
    taxonomies.put(LAVA_FILE.read_bytes())
    cloud.labeling_job("LaneVOD", "VideoObjectDetection", annotationType="Polyline")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    printed = re.search(r"```json\n(.*?)```", (ROOT / "docs" / "taxonomies.md").read_text(), re.DOTALL)
    assert printed is not None
    assert API.call("POST", "/annotation-tasks", printed[1]).status == 202


def test_what_a_taxonomy_needs_should_be_asked_for_without_attributes_too() -> None:
    taxonomies.put(LAVA_FILE.read_bytes())
    assert post(taxonomy="lava/1").faults == {"attributes.drive.drive_id": "is missing; lava/1 needs it"}


def test_without_a_taxonomy_any_attributes_should_be_taken() -> None:
    assert post(attributes={"drive": {"moon": "full"}}).status == 202


def test_a_taxonomy_that_the_stack_has_not_should_be_refused() -> None:
    answer = post(taxonomy="lava/2")
    assert answer.status == 400
    assert answer.faults == {
        "taxonomy": "there is no 'lava/2' in this stack; `everlabel taxonomy list` says what there is"
    }


@pytest.mark.parametrize("named", ["lava", "../../tasks/a/1", "lava/0", "LAVA/1", "", 7, None, ["lava/1"]])
def test_what_is_no_reference_should_be_refused_by_its_form(named: object) -> None:
    answer = post(taxonomy=named)
    assert answer.status == (202 if named is None else 400)
    assert named is None or list(answer.faults) == ["taxonomy"]


def test_a_file_that_somebody_broke_should_be_named(cloud: Cloud) -> None:
    cloud.s3.put_object(Bucket=aws.bucket(), Key="taxonomies/lava/1.json", Body=b"{}")
    answer = post(taxonomy="lava/1")
    assert answer.status == 400
    assert answer.faults["taxonomy"].startswith(
        f"s3://{aws.bucket()}/taxonomies/lava/1.json is no taxonomy: labelingJobs is missing"
    )
