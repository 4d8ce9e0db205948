"""PostProcessing: writes output manifests and the summary, and completes the task."""

import pytest

from everlabel.errors import TaskNotInProgress
from everlabel.task_table import Job
from tests.handlers.conftest import Cloud
from tests.handlers.stage import Stage, labeled, submit, unlabeled


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    stage = submit(cloud, onObjectFailure="continue", attributes={"drive": {"weather": "clear"}})
    stage.trigger()
    messages = cloud.published("VOTVehicle")
    stage.receive(labeled(messages[0]), unlabeled(messages[1]), unlabeled(messages[2], "Unsupported image format"))
    stage.trigger()
    stage.receive(labeled(cloud.published("VOTVehicle")[0]))
    stage.trigger(2)
    stage.receive(*(labeled(line, "AdjVOTVehicle-ref", "AdjVOTVehicle") for line in cloud.published("AdjVOTVehicle")))
    return stage


def test_the_output_manifest_of_a_level_has_one_line_a_labeled_object_with_all_its_labels(stage: Stage) -> None:
    stage.post_process()
    lines = stage.cloud.lines(f"s3://everlabel-bucket/tasks/{stage.task_id}/level-2/AdjVOTVehicle/output.manifest")
    assert [line["source-ref"][-18:] for line in lines] == ["sequence-0001.json", "sequence-0002.json"]
    assert all({"VOTVehicle-ref", "AdjVOTVehicle-ref"} < set(line) for line in lines)
    assert not any("everlabel" in key or "objectid" in key for line in lines for key in line)


def test_the_summary_counts_and_says_where_everything_is(stage: Stage) -> None:
    answer = stage.post_process()
    assert answer["summaryS3Uri"] == f"s3://everlabel-bucket/tasks/{stage.task_id}/summary.json"
    summary = stage.cloud.object(f"tasks/{stage.task_id}/summary.json")
    assert summary["attributes"] == {"drive": {"weather": "clear"}}
    assert summary["frames"] == [{"fps": 1, "count": 3, "width": None, "height": None}]
    first, second = summary["labelingJobs"]
    assert (first["dataObjects"], first["labeled"], first["failed"], first["expiries"]) == (3, 2, 1, 1)
    assert (second["dataObjects"], second["labeled"], second["failed"], second["expiries"]) == (2, 2, 0, 0)
    assert first["dataObjectsPerClass"] == second["dataObjectsPerClass"] == {"car": 2}
    assert first["outputManifestS3Uri"].endswith("/level-1/VOTVehicle/output.manifest")


def test_the_task_completes_and_says_where_its_outputs_are(stage: Stage) -> None:
    stage.post_process()
    task = stage.now()
    assert (task.status, task.summary_uri) == (
        "Completed",
        f"s3://everlabel-bucket/tasks/{stage.task_id}/summary.json",
    )
    assert all(job.output_manifest_uri for job in stage.items(Job).values())


def test_done_again_it_gives_the_same_answer(stage: Stage) -> None:
    first = stage.post_process()
    completed_at = stage.now().completed_at
    stage.cloud.now += 60
    assert stage.post_process() == first
    assert stage.now().completed_at == completed_at


def test_a_task_that_was_stopped_meanwhile_does_not_complete(stage: Stage) -> None:
    stage.fail("Broken", "")
    with pytest.raises(TaskNotInProgress):
        stage.post_process()
