"""The age of the oldest message, as CloudWatch tells it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation.answers import check_answer
from tests.simulation.errors import UnknownCall
from tests.simulation.schedule import Schedule
from tests.simulation.sqs import Sqs
from tests.simulation.world.cloudwatch import CloudWatch
from tests.strict_model import faults

NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)
HOUR = 3_600.0


class Cell:
    """A queue that was made at noon, and CloudWatch."""

    def __init__(self, **more: Any) -> None:
        self.schedule = Schedule(NOON.timestamp())
        ids = count()
        self.sqs = Sqs(self.schedule.now, lambda: str(next(ids)))
        self.sqs.call("CreateQueue", {"QueueName": "work"})
        self.cloudwatch = CloudWatch(self.schedule.now, self.sqs, **more)

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        assert faults("cloudwatch", operation, request) == []
        answer = self.cloudwatch.call(operation, request)
        check_answer("cloudwatch", operation, answer)
        return answer

    def passes(self, seconds: float) -> None:
        self.schedule.run_until(self.schedule.now() + seconds)

    def send(self) -> str:
        return self.sqs.send("arn:work", "x")

    def delete(self) -> None:
        [message] = self.sqs.call("ReceiveMessage", {"QueueUrl": "work"})["Messages"]
        self.sqs.call("DeleteMessage", {"QueueUrl": "work", "ReceiptHandle": message["ReceiptHandle"]})

    def ages(self, since: float, period: int = 60, queue: str = "work", **more: Any) -> list[tuple[float, float]]:
        """Minutes after noon, and ages in minutes; of the points since so many seconds ago."""
        now = self.schedule.now()
        [result] = self.call(
            "GetMetricData",
            MetricDataQueries=[query(queue, period)],
            StartTime=datetime.fromtimestamp(now - since, UTC),
            EndTime=datetime.fromtimestamp(now, UTC),
            **more,
        )["MetricDataResults"]
        assert (result["Id"], result["StatusCode"]) == ("age", "Complete")
        dates = [(date - NOON) / timedelta(minutes=1) for date in result["Timestamps"]]
        return list(zip(dates, [age / 60 for age in result["Values"]], strict=True))


def query(queue: str = "work", period: int = 60, **stat: Any) -> dict[str, Any]:
    dimensions = [{"Name": "QueueName", "Value": queue}]
    metric = {"Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Dimensions": dimensions}
    return {"Id": "age", "MetricStat": {"Metric": metric, "Period": period, "Stat": "Maximum", **stat}}


def test_there_should_be_a_point_a_minute_some_minutes_late_newest_first() -> None:
    cell = Cell()
    cell.send()
    cell.passes(359)
    assert cell.ages(HOUR) == [(2, 2), (1, 1), (0, 0)]
    cell.passes(1)
    assert cell.ages(HOUR) == [(3, 3), (2, 2), (1, 1), (0, 0)]
    assert cell.ages(240, ScanBy="TimestampAscending") == [(2, 2), (3, 3)]


def test_a_point_should_say_what_was_true_in_its_minute() -> None:
    cell = Cell()
    cell.passes(60)
    cell.send()
    cell.passes(120)
    cell.send()
    cell.passes(90)
    cell.delete()
    cell.passes(60)
    cell.delete()
    cell.passes(10 * 60)
    assert cell.ages(HOUR, ScanBy="TimestampAscending") == [(1, 0), (2, 1), (3, 2), (4, 3), (5, 2)]
    assert cell.ages(HOUR, 300) == [(5, 2), (0, 3)]


def test_an_empty_queue_should_have_no_points_or_zeros_as_long_as_it_is_active() -> None:
    assert Cell().ages(HOUR) == []
    cell = Cell(empty_is_zero=True, polled_until=lambda _queue: NOON.timestamp() + 60)
    cell.passes(10 * HOUR)
    points = cell.ages(10 * HOUR)
    assert (points[0], len(points)) == ((360, 0), 361)
    cell.send()
    cell.passes(HOUR)
    cell.delete()
    cell.passes(3 * HOUR)
    assert cell.ages(3.5 * HOUR)[0] == (14 * 60 - 3, 0)
    assert max(cell.ages(4 * HOUR))[0] == 14 * 60 - 3
    cell.passes(4 * HOUR)
    assert cell.ages(8 * HOUR)[0] == cell.ages(2 * HOUR)[0] == (17 * 60 - 2, 0)


def test_a_queue_that_is_not_there_should_have_no_points() -> None:
    assert Cell().ages(HOUR, queue="gone") == []


def test_points_may_be_missing() -> None:
    cell = Cell(missing=lambda queue, minute: queue == "work" and minute % 120 == 0)
    cell.send()
    cell.passes(10 * 60)
    assert [minute for minute, _ in cell.ages(HOUR)] == [7, 5, 3, 1]


def test_statistics_should_be_the_same_points() -> None:
    cell = Cell()
    cell.send()
    cell.passes(10 * 60)
    metric = query()["MetricStat"]["Metric"]
    answer = cell.call(
        "GetMetricStatistics",
        **metric,
        StartTime=NOON,
        EndTime=NOON + timedelta(minutes=10),
        Period=300,
        Statistics=["Maximum"],
    )
    assert answer == {
        "Label": "ApproximateAgeOfOldestMessage",
        "Datapoints": [
            {"Timestamp": NOON, "Maximum": 240.0, "Unit": "Seconds"},
            {"Timestamp": NOON + timedelta(minutes=5), "Maximum": 420.0, "Unit": "Seconds"},
        ],
    }


def metric_data(cell: Cell, queries: list[dict[str, Any]], days: float = 0.5, **more: Any) -> None:
    cell.call("GetMetricData", MetricDataQueries=queries, StartTime=NOON, EndTime=NOON + timedelta(days=days), **more)


@pytest.mark.parametrize(
    "call",
    [
        lambda cell: cell.call("ListMetrics"),
        lambda cell: metric_data(cell, [query()], MaxDatapoints=10),
        lambda cell: metric_data(cell, [query(Stat="Average")]),
        lambda cell: metric_data(cell, [query(Unit="Count")]),
        lambda cell: metric_data(cell, [{"Id": "a", "Expression": "1"}]),
        lambda cell: metric_data(cell, [{"Id": "a", "MetricStat": sent()}]),
    ],
)
def test_what_is_not_built_should_be_said_to_be_unknown(call: Callable[[Cell], None]) -> None:
    with pytest.raises(UnknownCall):
        call(Cell())


def sent() -> dict[str, Any]:
    stat: dict[str, Any] = query()["MetricStat"]
    return stat | {"Metric": stat["Metric"] | {"MetricName": "NumberOfMessagesSent"}}


def test_points_that_are_too_old_to_be_known_should_be_said_to_be_unknown() -> None:
    cell = Cell()
    cell.passes(72 * HOUR)
    with pytest.raises(UnknownCall, match="seconds ago"):
        metric_data(cell, [query()], 3)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda cell: metric_data(cell, [query()], 0), "ValidationError"),
        (lambda cell: metric_data(cell, [query(period=90)]), "ValidationError"),
        (lambda cell: metric_data(cell, [{"Id": "a"}]), "ValidationError"),
        (
            lambda cell: cell.call(
                "GetMetricStatistics",
                **query()["MetricStat"]["Metric"],
                StartTime=NOON,
                EndTime=NOON + timedelta(days=2),
                Period=60,
                Statistics=["Maximum"],
            ),
            "InvalidParameterCombination",
        ),
    ],
)
def test_what_aws_refuses_should_be_refused(call: Callable[[Cell], None], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        call(Cell())
    assert caught.value.response["Error"]["Code"] == code


@given(st.lists(st.tuples(st.sampled_from(["send", "delete", "look"]), st.integers(0, 300)), max_size=40))
def test_the_past_should_be_as_it_was_when_it_was_present(steps: list[tuple[str, int]]) -> None:
    cell = Cell()
    seen: list[tuple[float, float | None]] = []
    for step, seconds in steps:
        for _ in range(seconds // 10):
            cell.passes(10)
            seen.append((cell.schedule.now(), cell.sqs.oldest_age("work")))
        if step == "send":
            cell.send()
        elif step == "delete" and cell.sqs.oldest_age("work") is not None:
            found = cell.sqs.call("ReceiveMessage", {"QueueUrl": "work"}).get("Messages", [])
            for message in found:
                cell.sqs.call("DeleteMessage", {"QueueUrl": "work", "ReceiptHandle": message["ReceiptHandle"]})
        elif step == "look":
            cell.sqs.call("ReceiveMessage", {"QueueUrl": "work", "VisibilityTimeout": 30})
        if seen:  # a moment is over when the next step was done
            seen[-1] = seen[-1][0], cell.sqs.oldest_age("work")
    if seen:
        assert cell.sqs.oldest_ages("work", [time for time, _ in seen]) == [age for _, age in seen]
