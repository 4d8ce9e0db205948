"""Alarms and the dashboard: everything that can go wrong is watched, and what is watched exists."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.template import ROOT, Template
from tests.shape import reach

TEMPLATE = Template(ROOT / "template.yaml")
RESOURCES = TEMPLATE.body["Resources"]
ALARMS = TEMPLATE.of_type("AWS::CloudWatch::Alarm")
FUNCTIONS = TEMPLATE.of_type("AWS::Serverless::Function")
QUEUES = TEMPLATE.of_type("AWS::SQS::Queue")
(DASHBOARD,) = TEMPLATE.of_type("AWS::CloudWatch::Dashboard").values()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()

OF_AWS: dict[str, tuple[str | None, str, set[str]]] = {
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": (
        "QueueName",
        "AWS::SQS::Queue",
        {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"},
    ),
    # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    "AWS/States": (
        "StateMachineArn",
        "AWS::Serverless::StateMachine",
        {f"Executions{how}" for how in ("Started", "Succeeded", "Failed", "TimedOut", "Aborted")},
    ),
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    "AWS/Lambda": (
        "FunctionName",
        "AWS::Serverless::Function",
        {"Errors", "Throttles", "Duration", "Invocations"},
    ),
}
"""AWS's metrics by namespace: the dimension, what it names, and the metrics."""

OF_ACCOUNTS = {
    ("AWS/States", "OpenExecutionCount"),
    ("AWS/States", "OpenExecutionLimit"),
    ("AWS/Lambda", "Throttles"),
}
"""Metrics that AWS also has without a dimension, for a whole account in a Region."""

Metric = tuple[str, str, str | None, str | None]
"""Namespace, name, dimension and its value: a logical id, or `AWS::StackName`."""


def emitted() -> set[str]:
    """The metrics that functions emit: named where they are added, or keys of a table that is added as a whole."""
    found = set()
    for path in reach.FUNCTIONS.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        adding = [
            node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("add_metric")
        ]
        tables = [node for node in nodes if isinstance(node, ast.Dict)] if adding else []
        named = [*(call.args[0] for call in adding), *(key for table in tables for key in table.keys if key)]
        found |= {str(node.value) for node in named if isinstance(node, ast.Constant)}
    return {name for name in found if re.fullmatch(r"([A-Z][a-z]+)+", name)}


def referred(value: Any) -> str:
    """The resource that a value of the template refers to."""
    found = value.get("Ref") or value["Fn::GetAtt"]
    return (found if isinstance(found, str) else ".".join(found)).partition(".")[0]


def of_alarm(alarm: dict[str, Any]) -> Iterator[Metric]:
    stats = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
    for metric in stats or [alarm]:
        named = {pair["Name"]: referred(pair["Value"]) for pair in metric["Dimensions"]}
        dimension, value = next(iter(named.items()), (None, None))
        yield metric["Namespace"], metric["MetricName"], dimension, value


def widgets() -> list[dict[str, Any]]:
    body = json.loads(DASHBOARD["DashboardBody"]["Fn::Sub"])
    found: list[dict[str, Any]] = body["widgets"]
    return found


def of_widget(widget: dict[str, Any]) -> Iterator[Metric]:
    """A widget's metrics, with CloudWatch's abbreviations written out: `.` is what stood there before, `...` all that
    stood there up to the last place."""
    before: list[str] = []
    for entry in widget["properties"].get("metrics", []):
        words = [word for word in entry if isinstance(word, str)]
        if not words:
            continue  # an expression
        if words[0] == "...":
            words = [*before[: len(before) - len(words) + 1], *words[1:]]
        words = [before[place] if word == "." else word for place, word in enumerate(words)]
        before = words
        namespace, name, *rest = words
        dimension, value = rest or (None, None)
        yield namespace, name, dimension, value and value.removeprefix("${").removesuffix("}").partition(".")[0]


def shown() -> set[Metric]:
    return {metric for widget in widgets() for metric in of_widget(widget)}


def exists(metric: Metric) -> bool:
    namespace, name, dimension, value = metric
    if namespace == "Everlabel":
        return name in emitted() and (dimension, value) == ("service", "AWS::StackName")
    if dimension is None:
        return (namespace, name) in OF_ACCOUNTS
    expected, kind, names = OF_AWS[namespace]
    return name in names and dimension == expected and RESOURCES.get(value, {}).get("Type") == kind


# Alarms


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_should_watch_what_exists(name: str) -> None:
    assert [metric for metric in of_alarm(ALARMS[name]) if not exists(metric)] == []


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_should_tell_somebody_and_say_where_to_read_on(name: str) -> None:
    assert name.endswith("Alarm")
    assert ALARMS[name]["AlarmActions"] == [{"Ref": "Alarms"}]
    assert "docs/operations.md" in ALARMS[name]["AlarmDescription"]


@pytest.mark.parametrize("name", ALARMS)
def test_silence_should_be_no_alarm_except_where_silence_is_what_is_watched(name: str) -> None:
    silent = "breaching" if ALARMS[name]["ComparisonOperator"].startswith("Less") else "notBreaching"
    assert ALARMS[name]["TreatMissingData"] == silent


def test_an_alarm_should_have_no_more_metrics_than_cloudwatch_takes() -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html"""
    assert max(len(list(of_alarm(alarm))) for alarm in ALARMS.values()) <= 10


def test_every_function_should_be_watched_for_errors() -> None:
    watched = {value for alarm in ALARMS.values() for _, name, _, value in of_alarm(alarm) if name == "Errors"}
    assert watched == set(FUNCTIONS)


def test_every_bad_end_of_an_execution_should_be_watched() -> None:
    watched = {
        name for alarm in ALARMS.values() for namespace, name, *_ in of_alarm(alarm) if namespace == "AWS/States"
    }
    assert watched == {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}


def test_who_may_speak_through_the_topic_should_be_cloudwatch_alone() -> None:
    (policy,) = TEMPLATE.of_type("AWS::SNS::TopicPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert policy["Topics"] == [{"Ref": "Alarms"}]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert list(statement["Condition"]) == ["ArnLike"]


def test_the_topic_should_be_encrypted_with_a_key_that_cloudwatch_may_use() -> None:
    (topic,) = TEMPLATE.of_type("AWS::SNS::Topic").values()
    (key,) = TEMPLATE.of_type("AWS::KMS::Key").values()
    assert topic["KmsMasterKeyId"] == {"Ref": "AlarmsKey"}
    users = [s for s in key["KeyPolicy"]["Statement"] if s["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
    assert [set(user["Action"]) for user in users] == [{"kms:Decrypt", "kms:GenerateDataKey"}]


def test_operations_should_have_a_section_for_each_alarm_and_for_no_other() -> None:
    sections = re.findall(r"^### `(\w+)`$", OPERATIONS, re.MULTILINE)
    assert sections == list(dict.fromkeys(sections))
    assert set(sections) == set(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_a_section_should_say_what_it_means_where_to_look_what_to_do_and_what_if_not(name: str) -> None:
    section = OPERATIONS.partition(f"### `{name}`\n")[2].partition("\n##")[0]
    said = re.findall(r"^\*\*(.+?)\*\*", section, re.MULTILINE)
    assert said == ["Means.", "Look.", "Do.", "If nothing is done."]


def test_operations_should_name_resources_and_outputs_that_exist() -> None:
    resources = set(re.findall(r"(?:resource|arn_of) (\w+)", OPERATIONS))
    assert len(resources) > 3
    assert resources - set(RESOURCES) == set()
    assert set(re.findall(r"\(output (\w+)\)", OPERATIONS)) <= set(TEMPLATE.body["Outputs"])


# Dashboard


def test_the_dashboard_should_show_what_exists() -> None:
    assert len(shown()) > 40
    assert {metric for metric in shown() if not exists(metric)} == set()


def test_the_dashboard_should_show_every_metric_of_ours() -> None:
    assert {name for namespace, name, *_ in shown() if namespace == "Everlabel"} == emitted()


def test_the_dashboard_should_show_every_alarm() -> None:
    (widget,) = (widget for widget in widgets() if widget["type"] == "alarm")
    place = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"
    assert sorted(widget["properties"]["alarms"]) == sorted(f"{place}${{{name}}}" for name in ALARMS)


@pytest.mark.parametrize("name", ["Errors", "Throttles", "Duration"])
def test_the_dashboard_should_show_every_function(name: str) -> None:
    assert {value for _, shown_name, _, value in shown() if shown_name == name} == set(FUNCTIONS)


def test_the_dashboard_should_show_every_queue() -> None:
    assert {value for namespace, _, _, value in shown() if namespace == "AWS/SQS"} == set(QUEUES)


def test_the_dashboard_should_find_the_queues_of_ground_truth() -> None:
    expressions = [
        entry[0]["expression"]
        for widget in widgets()
        for entry in widget["properties"].get("metrics", [])
        if isinstance(entry[0], dict)
    ]
    assert expressions == [
        "SEARCH('{AWS/SQS,QueueName} MetricName=\"ApproximateAgeOfOldestMessage\" GroundTruth-${AWS::StackName}', "
        "'Maximum', 300)"
    ]


def test_widgets_should_lie_on_the_board_and_not_on_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for widget in widgets():
        title = str(widget["properties"].get("title") or widget["properties"]["markdown"])
        assert widget["x"] + widget["width"] <= 24, title
        for x in range(widget["x"], widget["x"] + widget["width"]):
            for y in range(widget["y"], widget["y"] + widget["height"]):
                assert taken.setdefault((x, y), title) == title


def test_the_dashboard_should_ask_in_the_order_of_somebody_on_call() -> None:
    asked = [(widget["y"], widget["properties"]["markdown"]) for widget in widgets() if widget["type"] == "text"]
    assert [question for _, question in sorted(asked)] == [
        "## Does an alarm ring?",
        "## Is anything stuck?",
        "## Is work flowing?",
        "## Is anything broken?",
    ]
