"""What is known of the queues that Ground Truth keeps, on moto's CloudWatch and Amazon SQS."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from everlabel import aws, clock, input_queues

NOW = 1_800_000_000.0
OLDEST, MEASURES = input_queues.oldest, input_queues.measures


@pytest.fixture
def clients(cloud: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """Amazon SQS and CloudWatch, empty."""
    assert cloud
    with mock_aws():
        sqs, cloudwatch = boto3.client("sqs"), boto3.client("cloudwatch")
        monkeypatch.setattr(aws, "sqs", lambda: sqs)
        monkeypatch.setattr(aws, "cloudwatch", lambda: cloudwatch)
        monkeypatch.setattr(clock, "now", lambda: NOW)
        monkeypatch.setattr(input_queues, "measures", MEASURES)
        yield sqs, cloudwatch


def measure(cloudwatch: Any, queue: str, age: float, seconds_ago: float) -> None:
    data = {
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": queue}],
        "Timestamp": datetime.fromtimestamp(NOW - seconds_ago, UTC),
        "Value": age,
    }
    cloudwatch.put_metric_data(Namespace="AWS/SQS", MetricData=[data])


def test_the_newest_measure_counts(clients: tuple[Any, Any]) -> None:
    _, cloudwatch = clients
    measure(cloudwatch, "GroundTruth-everlabel-lanes-0", 900.0, seconds_ago=600)
    measure(cloudwatch, "GroundTruth-everlabel-lanes-0", 50.0, seconds_ago=120)
    measure(cloudwatch, "GroundTruth-everlabel-signs-0", 7.0, seconds_ago=60)
    found = MEASURES(["everlabel-Lanes-0", "everlabel-Signs-0"])
    assert found == {"everlabel-Lanes-0": NOW - 120 - 50, "everlabel-Signs-0": NOW - 60 - 7}
    assert OLDEST("everlabel-Signs-0") == NOW - 60 - 7


def test_a_queue_without_measures_is_asked_itself_whether_it_is_empty(clients: tuple[Any, Any]) -> None:
    sqs, _ = clients
    sqs.create_queue(QueueName="GroundTruth-everlabel-lanes-0")
    busy = sqs.create_queue(QueueName="GroundTruth-everlabel-signs-0")["QueueUrl"]
    sqs.send_message(QueueUrl=busy, MessageBody="{}")
    assert (OLDEST("everlabel-Lanes-0"), OLDEST("everlabel-Signs-0")) == (NOW, None)
    sqs.receive_message(QueueUrl=busy)
    assert OLDEST("everlabel-Signs-0") is None, "somebody has it in hand"


def test_of_a_queue_that_is_not_there_nothing_is_known(clients: tuple[Any, Any]) -> None:
    assert clients
    assert OLDEST("everlabel-Lanes-0") is None
    assert MEASURES([]) == {}
