"""Amazon CloudWatch in virtual time, as far as functions read it: how old the oldest message of a queue is.

Sources: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-monitoring-using-cloudwatch.html
(a point a minute; none for a queue that is empty and that nobody has asked anything for six hours),
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html, …/API_GetMetricStatistics.html
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation.errors import UnknownCall, know, refused
from tests.simulation.message_queue import REMEMBERED
from tests.simulation.sqs import Sqs

MINUTE = 60.0
ACTIVE_FOR = 6 * 3_600.0
"""Seconds for which a queue that nobody asks anything stays active."""
LAG = 180.0
"""Seconds after which a point can be read."""
MOST_POINTS = 1_440
"""In one answer of GetMetricStatistics."""

_AGE = ("AWS/SQS", "ApproximateAgeOfOldestMessage")
_DATA = frozenset({"MetricDataQueries", "StartTime", "EndTime", "ScanBy"})
_QUERY = frozenset({"Id", "MetricStat", "Label", "ReturnData"})
_STAT = frozenset({"Metric", "Period", "Stat", "Unit"})
_STATISTICS = frozenset(
    {"Namespace", "MetricName", "Dimensions", "StartTime", "EndTime", "Period", "Statistics", "Unit"}
)

Json = dict[str, Any]


class CloudWatch:
    """The metrics of one account in a Region.

    Args:
        now: seconds since 1970.
        sqs: the queues.
        polled_until: until when somebody kept asking the queue of a name for messages; None if nobody ever did.
        missing: whether the point of a queue, by its name, and a minute never comes.
        empty_is_zero: what the documentation says in two ways: the age of the oldest message of an active queue that is
            empty is 0 ("a non-negative value is reported if the queue is active"); False: it is not reported
            ("reported if the queue contains at least one active message").
    """

    def __init__(
        self,
        now: Callable[[], float],
        sqs: Sqs,
        *,
        polled_until: Callable[[str], float | None] = lambda _queue: None,
        missing: Callable[[str, float], bool] = lambda _queue, _minute: False,
        empty_is_zero: bool = False,
        lag: float = LAG,
    ) -> None:
        self._now, self._sqs, self._polled_until, self._missing = now, sqs, polled_until, missing
        self._empty_is_zero, self._lag = empty_is_zero, lag

    def call(self, operation: str, request: Mapping[str, Any]) -> Json:
        """One call of the API, without the answer's ResponseMetadata.

        Raises:
            ClientError: as botocore does.
            UnknownCall: for what is not built.
        """
        if operation == "GetMetricData":
            return self._get_metric_data(request)
        if operation == "GetMetricStatistics":
            return self._get_metric_statistics(request)
        raise UnknownCall(f"cloudwatch {operation}")

    def _get_metric_data(self, request: Mapping[str, Any]) -> Json:
        operation = "GetMetricData"
        know(operation, request, _DATA)
        results = []
        for query in request["MetricDataQueries"]:
            know(operation, query, _QUERY)
            if "MetricStat" not in query:
                raise refused(operation, "ValidationError", "MetricStat or Expression must be specified")
            stat = query["MetricStat"]
            know(operation, stat, _STAT)
            _check_statistics(operation, [stat["Stat"]], stat)
            points = self._points(operation, stat["Metric"], request, stat["Period"])
            if request.get("ScanBy", "TimestampDescending") == "TimestampDescending":
                points.reverse()
            if query.get("ReturnData", True):
                results.append(
                    {
                        "Id": query["Id"],
                        "Label": query.get("Label", stat["Metric"]["MetricName"]),
                        "Timestamps": [_date(at) for at, _ in points],
                        "Values": [age for _, age in points],
                        "StatusCode": "Complete",
                    }
                )
        return {"MetricDataResults": results, "Messages": []}

    def _get_metric_statistics(self, request: Mapping[str, Any]) -> Json:
        operation = "GetMetricStatistics"
        know(operation, request, _STATISTICS)
        _check_statistics(operation, request.get("Statistics", ()), request)
        asked = (_seconds(request["EndTime"]) - _seconds(request["StartTime"])) / request["Period"]
        if asked > MOST_POINTS:
            reason = f"You have requested up to {asked:.0f} datapoints, which exceeds the limit of {MOST_POINTS}."
            raise refused(operation, "InvalidParameterCombination", reason)
        points = self._points(operation, request, request, request["Period"])
        return {
            "Label": request["MetricName"],
            "Datapoints": [{"Timestamp": _date(at), "Maximum": age, "Unit": "Seconds"} for at, age in points],
        }

    def _points(
        self, operation: str, metric: Mapping[str, Any], span: Mapping[str, Any], period: int
    ) -> list[tuple[float, float]]:
        """The maximum of each period that has a point, by its beginning; periods begin at multiples of their length."""
        start, end = _seconds(span["StartTime"]), _seconds(span["EndTime"])
        if start >= end:
            reason = "The parameter StartTime must be less than the parameter EndTime."
            raise refused(operation, "ValidationError", reason)
        if period < MINUTE or period % MINUTE:
            raise refused(operation, "ValidationError", f"The period {period} is no multiple of {MINUTE:.0f}.")
        found: dict[float, float] = {}
        for minute, age in self._minutes(_queue(metric), start // period * period, end):
            begins = minute // period * period
            found[begins] = max(age, found.get(begins, 0.0))
        return sorted(found.items())

    def _minutes(self, queue: str, start: float, end: float) -> list[tuple[float, float]]:
        """The points of a queue from `start` up to, but not at, `end`, as far as they can be read by now."""
        try:
            first = max(start, self._sqs.made_at(queue))
        except ClientError:
            return []
        read_until = self._now() - self._lag
        last = min(math.ceil(end / MINUTE) - 1, read_until // MINUTE)
        minutes = [number * MINUTE for number in range(math.ceil(first / MINUTE), int(last) + 1)]
        if not minutes:
            return []
        if minutes[0] < self._now() - REMEMBERED:
            raise UnknownCall(f"cloudwatch: points of more than {REMEMBERED:.0f} seconds ago")
        found = zip(minutes, self._ages(queue, minutes), strict=True)
        return [(minute, age) for minute, age in found if age is not None and not self._missing(queue, minute)]

    def _ages(self, queue: str, minutes: list[float]) -> list[float | None]:
        if not self._empty_is_zero:
            return self._sqs.oldest_ages(queue, minutes)
        before = [minutes[0] - MINUTE * number for number in range(int(ACTIVE_FOR / MINUTE), 0, -1)]
        active_until = (self._polled_until(queue) or 0.0) + ACTIVE_FOR
        shown: list[float | None] = []
        for minute, age in zip(before + minutes, self._sqs.oldest_ages(queue, before + minutes), strict=True):
            if age is not None:
                active_until = max(active_until, minute + ACTIVE_FOR)
            shown.append(0.0 if age is None and minute < active_until else age)
        return shown[len(before) :]


def _queue(metric: Mapping[str, Any]) -> str:
    """The name of the queue whose metric is asked for."""
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())}
    if (metric["Namespace"], metric["MetricName"]) != _AGE or dimensions.keys() != {"QueueName"}:
        raise UnknownCall(f"cloudwatch {metric['Namespace']} {metric['MetricName']} {sorted(dimensions)}")
    return str(dimensions["QueueName"])


def _check_statistics(operation: str, statistics: Sequence[str], request: Mapping[str, Any]) -> None:
    if list(statistics) != ["Maximum"] or request.get("Unit", "Seconds") != "Seconds":
        raise UnknownCall(f"cloudwatch {operation} {', '.join(statistics)} in {request.get('Unit', 'Seconds')}")


def _seconds(time: Any) -> float:
    """Seconds since 1970 of a time as botocore takes it."""
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    if isinstance(time, datetime):
        time = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    return float(time)


def _date(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
