"""A clip's whole life with canaries in it: no task token, no label and no presigned URL is ever logged or measured."""

import logging
from typing import Any

import pytest

import annotation_tasks_api
import labeling_jobs_api
import transformation
from everlabel import job_table, moves, task_table
from everlabel.data_object import OBJECT_ID_KEY
from everlabel.errors import LabelsUnreadable
from tests.handlers.api_events import Api
from tests.handlers.conftest import WORKTEAM, Cloud, Context
from tests.handlers.stage import SEQ_LABEL, Stage, labeled, put_labels, unlabeled
from tests.hostile.movies import Movie

TOKEN, LABEL, SIGNATURE = "canary-token", "canary-label", "canary-signature"
PRESIGNED = f"s3://clips/drive/clip.mov?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={SIGNATURE}"
CLIP = "s3://clips/drive/clip.mov"
STEPS = [
    {"jobName": "VOTVehicle", "inputConfig": {"clipS3Uri": CLIP, "fps": 10}, "jobLevel": 1},
    {"jobName": "AdjVOTVehicle", "inputConfig": {"chainFromJobName": "VOTVehicle"}, "jobLevel": 2},
]
TASKS = Api(annotation_tasks_api.handler)
JOBS = Api(labeling_jobs_api.handler)


def all_said(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> str:
    """All that was logged, with everything that a record has and each traceback, and all metrics."""
    whole = logging.Formatter()
    logged = [f"{whole.format(record)} {record.__dict__}" for record in caplog.records]
    written = capsys.readouterr()
    return "\n".join([*logged, written.out, written.err])


def test_no_secret_should_be_logged_in_the_whole_life_of_a_clip(
    cloud: Cloud,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG, "everlabel")
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    cloud.s3.put_object(Bucket="clips", Key="drive/clip.mov", Body=Movie().file())

    # Presigned URLs are refused; whoever sent one sees it again, and nobody else.
    presigned = [{**STEPS[0], "inputConfig": {"clipS3Uri": PRESIGNED, "fps": 10}}]
    assert TASKS.call("POST", "/annotation-tasks", {"labelingJobs": presigned}).status == 400
    job = {"jobName": "Lane", "taskType": "VideoObjectDetection", "settings": {"WorkteamArn": WORKTEAM}}
    assert JOBS.call("POST", "/labeling-jobs", {**job, "labelCategoryConfigS3Uri": PRESIGNED}).status == 400
    assert TASKS.call("GET", "/annotation-tasks", query={"nextToken": SIGNATURE}).status == 400

    task_id = TASKS.call("POST", "/annotation-tasks", {"labelingJobs": STEPS}).body["taskId"]
    stage = Stage(cloud, task_table.find_task(task_id))
    assert transformation.handler({"taskId": task_id}, Context())["isDoneTransforming"]  # type: ignore[arg-type]

    stage.trigger(1)
    (message,) = cloud.published("VOTVehicle")
    token = stage.wait(1, TOKEN)
    expired = unlabeled(message, f"Task expired: {PRESIGNED}")
    output = job_table.find("VOTVehicle")
    assert output is not None
    broken: list[dict[str, Any] | str] = [
        LABEL,
        {**labeled(message), "VOTVehicle-ref": PRESIGNED},
        {**labeled(message), OBJECT_ID_KEY: PRESIGNED},
        {**labeled(message), "everlabel-correlation-id": LABEL},
    ]
    assert stage.receive(*broken, topic=output.output_topic) == []
    assert stage.receive(expired) == []
    assert stage.answered(token) is not None
    stage.trigger(1)
    (message,) = cloud.published("VOTVehicle")
    token = stage.wait(1, f"{TOKEN}-2")
    label = {**labeled(message), "note": LABEL}
    with monkeypatch.context() as throttled:
        throttled.setattr(moves, "label", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("throttled")))
        assert stage.receive(label) == ["message-0"]
    assert stage.receive(label, label, {**label, "note": f"{LABEL}-2"}) == []
    assert stage.answered(token) == ("success", stage.goes_on(2, is_last=False))

    stage.trigger(2)
    (message,) = cloud.published("AdjVOTVehicle")
    assert message["note"] == LABEL
    token = stage.wait(2, f"{TOKEN}-3")
    assert stage.receive(labeled(message, "AdjVOTVehicle-ref", "AdjVOTVehicle")) == []
    assert stage.answered(token) == ("success", stage.goes_on(2, is_last=True))
    for name in ("VOTVehicle", "AdjVOTVehicle"):
        put_labels(cloud, name, {"tracking-annotations": [{"frame": "000001.jpg", "annotations": LABEL}]})
        with pytest.raises(LabelsUnreadable, match="annotations: is text; expected a list") as unreadable:
            stage.post_process()
        assert "canary" not in str(unreadable.value)
        put_labels(cloud, name, {**SEQ_LABEL, "note": LABEL})
    stage.post_process()
    assert stage.now().status == "Completed"
    assert TASKS.call("GET", f"/annotation-tasks/{task_id}").status == 200
    assert TASKS.call("POST", f"/annotation-tasks/{task_id}/retry").status == 409
    (line,) = cloud.lines(f"s3://everlabel-bucket/tasks/{task_id}/level-2/AdjVOTVehicle/output.manifest")
    assert line["note"] == LABEL

    told = all_said(caplog, capsys)
    for expected in ("taken in", "transformed", "quarantined", "throttled", "LabeledObjects", task_id):
        assert expected in told, expected
    assert not [line for line in told.splitlines() if "canary" in line]
