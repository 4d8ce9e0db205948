"""Messages that nobody can place: put aside, found again, and sent again without ever being lost."""

import json
from typing import Any

import pytest

from everlabel import aws, objects, quarantine
from tests.handlers.conftest import Cloud
from tests.handlers.stage import CHAIN, labeled, submit


@pytest.fixture
def queue(cloud: Cloud) -> str:
    url: str = cloud.sqs.get_queue_url(QueueName="everlabel-LabelsQueue")["QueueUrl"]
    return url


def sent(cloud: Cloud, queue: str) -> list[str]:
    """The bodies that reached the queue of labels since last asked."""
    found = cloud.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in found]


def keys(cloud: Cloud) -> list[str]:
    found = cloud.s3.list_objects_v2(Bucket=aws.bucket(), Prefix="quarantine/").get("Contents", [])
    return [entry["Key"] for entry in found]


def find(message_id: str) -> quarantine.Quarantined:
    found = quarantine.find(message_id)
    assert found is not None
    return found


def test_a_message_is_found_as_it_came(cloud: Cloud) -> None:
    body = '{"a": "ü\\u0000 \\"'
    quarantine.put("m-1", body, "nobody's")
    assert quarantine.find("m-1") == quarantine.Quarantined("m-1", "2027-01-15T08:00:00.000Z", "nobody's", body)
    assert quarantine.find("m-2") is None
    assert keys(cloud) == ["quarantine/m-1.json"]


def test_the_same_message_again_takes_the_same_place(cloud: Cloud) -> None:
    quarantine.put("m-1", "body", "first")
    cloud.now += 60
    quarantine.put("m-1", "body", "again")
    assert quarantine.ids() == ["m-1"]
    assert find("m-1").reason == "again"


@pytest.mark.usefixtures("cloud")
def test_every_message_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")  # a page of S3 has a thousand
    expected = [f"m-{number:04d}" for number in range(25)]
    for message_id in expected:
        quarantine.put(message_id, "body", "reason")
    assert quarantine.ids() == expected


def test_a_message_that_is_sent_again_leaves_the_list_and_is_kept(cloud: Cloud, queue: str) -> None:
    quarantine.put("m-1", "body", "reason")
    kept = cloud.object("quarantine/m-1.json")
    quarantine.redrive(find("m-1"), queue)
    assert sent(cloud, queue) == ["body"]
    assert quarantine.ids() == []
    assert quarantine.find("m-1") is None
    assert keys(cloud) == ["quarantine/redriven/m-1.json"]
    assert cloud.object("quarantine/redriven/m-1.json") == kept


def test_a_message_that_cannot_be_sent_stays(cloud: Cloud) -> None:
    quarantine.put("m-1", "body", "reason")
    with pytest.raises(cloud.sqs.exceptions.QueueDoesNotExist):
        quarantine.redrive(find("m-1"), "https://sqs.us-east-1.amazonaws.com/123456789012/nobody")
    assert quarantine.ids() == ["m-1"]


def test_a_crash_after_the_sending_leaves_the_message_to_be_sent_again(
    cloud: Cloud, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarantine.put("m-1", "body", "reason")
    with monkeypatch.context() as dying:
        dying.setattr(objects, "move", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            quarantine.redrive(find("m-1"), queue)
    assert quarantine.ids() == ["m-1"]
    quarantine.redrive(find("m-1"), queue)
    assert sent(cloud, queue) == ["body", "body"]


def test_a_label_that_came_too_early_counts_once_when_it_is_sent_again_twice(cloud: Cloud, queue: str) -> None:
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=1)
    stage.trigger()
    (message,) = cloud.published("VOTVehicle")
    line = labeled(message)
    stage.receive(line, topic="arn:aws:sns:us-east-1:123456789012:renamed")
    body: dict[str, Any] = json.loads(find("message-0").body)
    mended = {**body, "TopicArn": cloud.labeling_job("VOTVehicle").output_topic}
    quarantine.put("message-0", json.dumps(mended), "as if the topic had been mended")
    stuck = find("message-0")
    quarantine.redrive(stuck, queue)
    cloud.s3.put_object(Bucket=aws.bucket(), Key="quarantine/message-0.json", Body=b"as a crash would leave it")
    quarantine.redrive(stuck, queue)
    for received in sent(cloud, queue):
        assert stage.receive(json.loads(received)["Message"]) == []
    assert stage.done()["DONE#1#VOTVehicle#000000"].outcome == "labeled"
    assert stage.surplus() == {}
