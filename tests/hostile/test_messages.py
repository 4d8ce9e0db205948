"""Whatever arrives in the labels' queue is taken, or put aside in full; nothing comes again for ever or vanishes."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import receive_labels
from everlabel import aws, job_table
from everlabel.data_object import DeduplicationId, ObjectKey
from everlabel.protocol import input_message
from everlabel.task_table import Done, Open
from tests.handlers.conftest import Cloud, Context
from tests.handlers.stage import CHAIN, Stage, labeled, submit, unlabeled
from tests.hostile.words import mutated_texts, texts

OPEN, DONE = "OPEN#1#VOTVehicle#000000", "DONE#1#VOTVehicle#000000"


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    """A task with two objects under way."""
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=2)
    stage.trigger()
    return stage


def begin_again(stage: Stage) -> None:
    """The first object has no outcome and was sent once."""
    Done(task_id=stage.task_id, item=DONE).delete()
    Open(task_id=stage.task_id, item=OPEN, epoch=0).save()


def take(message_id: str, body: str) -> list[dict[str, str]]:
    """ReceiveLabels; returns what must come again."""
    answer = receive_labels.handler({"Records": [{"messageId": message_id, "body": body}]}, Context())  # type: ignore[arg-type]
    return answer["batchItemFailures"]


def put_aside(cloud: Cloud) -> list[Any]:
    """What is in quarantine, which is emptied."""
    found = cloud.s3.list_objects_v2(Bucket=aws.bucket(), Prefix="quarantine/").get("Contents", [])
    messages = [cloud.object(entry["Key"]) for entry in found]
    for entry in found:
        cloud.s3.delete_object(Bucket=aws.bucket(), Key=entry["Key"])
    return messages


def outcomes(stage: Stage) -> list[dict[str, Any]]:
    """All that a message may change."""
    return [{key: item.serialize() for key, item in items.items()} for items in (stage.done(), stage.open())]


@settings(
    max_examples=100,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_any_message_should_be_taken_or_put_aside_in_full(stage: Stage, data: st.DataObject) -> None:
    begin_again(stage)
    before = outcomes(stage)
    job = job_table.find("VOTVehicle")
    assert job is not None
    sent = DeduplicationId(ObjectKey(stage.task_id, 1, "VOTVehicle", 0), 0, 0)
    sending = json.loads(input_message({"source-ref": "s3://everlabel-bucket/clips/0/s.json"}, sent, aws.bucket()))
    good = data.draw(st.sampled_from([labeled(sending), unlabeled(sending), unlabeled(sending, "Unsupported")]))
    envelope = {"Type": "Notification", "TopicArn": job.output_topic, "Message": json.dumps(good)}
    if data.draw(st.booleans()):
        body = json.dumps({**envelope, "Message": data.draw(mutated_texts(good))})
    else:
        body = data.draw(mutated_texts(envelope) | texts)

    assert take("message", body) == []
    aside, after = put_aside(stage.cloud), outcomes(stage)
    if aside:
        (message,) = aside
        assert (message["messageId"], message["body"]) == ("message", body)
        assert message["reason"]
        assert after == before
    else:
        assert take("a copy", body) == []
        assert (put_aside(stage.cloud), outcomes(stage)) == ([], after)
    done, todo = after
    assert (DONE in done) != (OPEN in todo)
    assert "OPEN#1#VOTVehicle#000001" in todo


@pytest.mark.parametrize("class_map", [5, "car", ["car"], [["0", "car"]], {"0": {"a": 1}}, {}, None])
def test_a_class_map_of_any_form_should_not_keep_a_task_from_its_end(stage: Stage, class_map: Any) -> None:
    messages = stage.cloud.published("VOTVehicle")
    lines = [labeled(message) for message in messages]
    for line in lines:
        line["VOTVehicle-ref-metadata"]["class-map"] = class_map
    stage.receive(*lines)
    stage.post_process()
    summary = stage.cloud.object(f"tasks/{stage.task_id}/summary.json")
    assert summary["labelingJobs"][0]["labeled"] == 2
