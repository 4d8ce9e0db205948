"""What invokes functions in the simulated world: queues, rules, schedules, executions and requests."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.template import Template
from tests.simulation.errors import UnknownCall
from tests.simulation.world.events import following, matches
from tests.simulation.world.faults import Faults, Kind, Rates
from tests.simulation.world.world import START, World

TEMPLATE = Template(Path(__file__).parent / "little_world" / "template.yaml")


def _world(*, only: str | None = None, **rates: float) -> World:
    faults = Faults(1, Rates(**rates), None if only is None else frozenset([only]))
    return World(1, faults=faults, template=TEMPLATE)


@pytest.fixture
def world() -> Iterator[World]:
    with _world() as made:
        yield made


def _seen(world: World) -> dict[str, int]:
    found = world.dynamodb.call("Scan", {"TableName": world.stack.name("Table"), "ConsistentRead": True})["Items"]
    return {item["id"]["S"]: int(item["seen"]["N"]) for item in found}


def _send(world: World, *bodies: str) -> None:
    for body in bodies:
        world.sqs.send(world.stack.arn("Queue"), body)


def _left(world: World, queue: str = "Queue") -> tuple[int, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    asked = {"QueueUrl": world.stack.ref(queue), "AttributeNames": names}
    counts = world.sqs.call("GetQueueAttributes", asked)["Attributes"]
    return int(counts[names[0]]), int(counts[names[1]])


def _run(world: World, seconds: float) -> None:
    world.run_until(world.schedule.now() + seconds)


# ---- queues --------------------------------------------------------------------------------------------------------


def test_messages_come_in_batches_and_are_deleted(world: World) -> None:
    _send(world, *"abcdefg")
    _run(world, 10)
    assert _seen(world) == dict.fromkeys("abcdefg", 1) | {"batch of 5": 1, "batch of 2": 1}
    assert _left(world) == (0, 0)


def test_a_queue_that_is_empty_costs_nothing(world: World) -> None:
    _send(world, "a")
    _run(world, 10)
    asked = world.schedule._asked
    _run(world, 3_000)
    assert world.schedule._asked == asked


def test_only_what_failed_comes_again_and_in_the_end_goes_to_the_dead_letters(world: World) -> None:
    _send(world, "good", "bad")
    _run(world, 50)
    assert (_seen(world)["good"], _seen(world)["bad"], _left(world)) == (1, 1, (0, 1))
    _run(world, 600)
    assert (_seen(world)["good"], _seen(world)["bad"]) == (1, 3)
    assert (_left(world), _left(world, "DeadLetters")) == ((0, 0), (1, 0))


def test_a_batch_whose_function_fails_comes_again_whole(world: World) -> None:
    _send(world, "good", "terrible")
    _run(world, 600)
    assert _seen(world) == {"good": 3}
    assert _left(world, "DeadLetters") == (2, 0)


def test_no_more_than_ten_batches_are_at_work_at_once() -> None:
    with _world(slow=1.0, longest_call=9.0) as world:
        most, running = 0, 0

        def began(_: object) -> None:
            nonlocal most, running
            running += 1
            most = max(most, running)

        def ended(*_: object) -> None:
            nonlocal running
            running -= 1

        world.watchers.invoked.append(began)
        world.watchers.returned.append(ended)
        _send(world, *(str(number) for number in range(100)))
        _run(world, 1_000)
        assert most == 10
        world.quiet()
        _run(world, 1_000)
        assert _left(world) == (0, 0)


def test_a_message_may_come_although_it_was_taken() -> None:
    with _world(duplicated=1.0) as world:
        _send(world, "a")
        _run(world, 70)
        assert _seen(world)["a"] == 2
        world.quiet()
        _run(world, 70)
        assert _seen(world)["a"] == 3
        assert _left(world) == (0, 0)


# ---- topics --------------------------------------------------------------------------------------------------------


def _publish(world: World) -> None:
    topic = world.sns.call("CreateTopic", {"Name": "Topic"})["TopicArn"]
    queue = world.stack.arn("FailedQueue")
    world.sns.call("Subscribe", {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue})
    world.sns.call("Publish", {"TopicArn": topic, "Message": "a"})


@pytest.mark.parametrize(("kind", "soon", "late"), [(Kind.DUPLICATED, 1, 2), (Kind.DELAYED, 0, 1), (Kind.LOST, 0, 0)])
def test_what_is_on_its_way_to_a_queue_may_come_twice_late_or_never(kind: Kind, soon: int, late: int) -> None:
    with _world(longest_delay=1e6, only=None, **{kind: 1.0}) as world:
        _publish(world)
        _run(world, 1)
        came = _left(world, "FailedQueue")[0]
        assert soon <= came <= late
        _run(world, 1_000_000)
        assert came == soon or kind is Kind.DUPLICATED  # the second copy may come at once or late
        assert sum(_left(world, "FailedQueue")) + world.sqs.expired(world.stack.arn("FailedQueue")) == late
        assert [strike.kind for strike in world.faults.struck if "FailedQueue" in strike.key] == [kind]


def test_what_is_on_its_way_to_a_queue_of_ground_truth_is_never_lost() -> None:
    with _world(lost=1.0) as world:
        topic = world.sns.call("CreateTopic", {"Name": "Topic"})["TopicArn"]
        url = world.sqs.call("CreateQueue", {"QueueName": "GroundTruth-job"})["QueueUrl"]
        queue = world.stack.arn("Queue").replace("everlabel-Queue", "GroundTruth-job")
        world.sns.call("Subscribe", {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue})
        world.sns.call("Publish", {"TopicArn": topic, "Message": "a"})
        _run(world, 1)
        assert len(world.sqs.call("ReceiveMessage", {"QueueUrl": url})["Messages"]) == 1


# ---- executions and rules ------------------------------------------------------------------------------------------


def _start(world: World, *what: Any) -> None:
    text = json.dumps({"do": list(what)})
    world.step_functions.call("StartExecution", {"stateMachineArn": world.stack.arn("Machine"), "input": text})


def test_an_execution_that_fails_is_told_to_the_queue_of_the_rule(world: World) -> None:
    _start(world, ["add", "x"])
    _start(world, ["refuse", "not a video"])
    _run(world, 60)
    assert [execution.status for execution in world.step_functions.executions] == ["SUCCEEDED", "FAILED"]
    [message] = world.sqs.receive(world.stack.arn("FailedQueue"), 10)
    event = json.loads(message["Body"])
    assert (event["source"], event["detail"]["status"], event["detail"]["error"]) == (
        "aws.states",
        "FAILED",
        "ClipRefused",
    )


@pytest.mark.parametrize(
    ("kind", "point", "effects"),
    [
        (Kind.KILLED_BEFORE, "dynamodb.UpdateItem/1", 1),
        (Kind.KILLED_AFTER, "dynamodb.UpdateItem/1", 2),
        (Kind.RESULT_LOST, "invoke", 2),
        (Kind.REFUSED, "invoke", 1),
        (Kind.STARTED_TWICE, "invoke", 2),
    ],
)
def test_an_execution_tries_again_what_is_lost(kind: Kind, point: str, effects: int) -> None:
    places: list[str] = []
    with _world() as world:
        world.watchers.invoked.append(lambda invocation: places.append(invocation.place))
        _start(world, ["add", "x"])
        _run(world, 60)
    with _world(only=f"{places[0]}/{point}", **{kind: 1.0}) as world:
        _start(world, ["add", "x"])
        _run(world, 60)
        assert [execution.status for execution in world.step_functions.executions] == ["SUCCEEDED"]
        assert _seen(world) == {"x": effects}


def test_an_event_that_is_lost_reaches_nobody() -> None:
    with _world(lost=1.0) as world:
        _start(world, ["refuse", "not a video"])
        _run(world, 600)
        assert _left(world, "FailedQueue") == (0, 0)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["a", "b"]}, True),
        ({"source": ["b"]}, False),
        ({"detail": {"n": [1]}}, True),
        ({"detail": {"n": [2]}}, False),
        ({"detail": {"m": [1]}}, False),
        ({"nothing": {"m": [1]}}, False),
        ({"resources": ["x"]}, True),
        ({"resources": ["z"]}, False),
        ({"source": [{"prefix": "a"}], "detail": {"s": [{"suffix": "t"}]}}, True),
        ({"detail": {"s": [{"anything-but": ["text"]}]}}, False),
        ({"detail": {"s": [{"anything-but": "other"}]}}, True),
        ({"detail": {"m": [{"exists": False}], "n": [{"exists": True}]}}, True),
        ({"detail": {"n": [{"exists": False}]}}, False),
    ],
)
def test_a_pattern_asks_for_values(pattern: dict[str, Any], expected: bool) -> None:
    event = {"source": "a", "detail": {"n": 1, "s": "text"}, "resources": ["x", "y"]}
    assert matches(pattern, event) is expected


def test_a_pattern_that_is_not_simulated_is_refused() -> None:
    with pytest.raises(UnknownCall, match="numeric"):
        matches({"n": [{"numeric": [">", 0]}]}, {"n": 1})


# ---- schedules -----------------------------------------------------------------------------------------------------


def test_a_schedule_runs_on_time_and_what_fails_is_tried_twice_more(world: World) -> None:
    _run(world, 4 * 3_600 + 300)
    ticks = {json.loads(name)[1]: times for name, times in _seen(world).items()}
    times = {datetime.fromtimestamp(START + 3_600 * hour, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for hour in (1, 2, 3, 4)}
    assert ticks.keys() == times
    assert {time: seen for time, seen in ticks.items() if seen != 1} == {"2027-01-04T03:00:00Z": 3}


@pytest.mark.parametrize(
    ("expression", "then"),
    [
        ("rate(1 hour)", "2027-01-04T01:00"),
        ("rate(5 minutes)", "2027-01-04T00:05"),
        ("rate(2 days)", "2027-01-06T00:00"),
        ("cron(0 12 * * ? *)", "2027-01-04T12:00"),
        ("cron(0 0 * * ? *)", "2027-01-05T00:00"),
        ("cron(*/20 * * * ? *)", "2027-01-04T00:20"),
        ("cron(15 3,4 ? * * *)", "2027-01-04T03:15"),
    ],
)
def test_a_schedule_is_due_after_now(expression: str, then: str) -> None:
    assert following(expression, START) == datetime.fromisoformat(f"{then}+00:00").timestamp()


def test_a_schedule_that_is_not_simulated_is_refused() -> None:
    with pytest.raises(UnknownCall):
        following("cron(0 12 1 * ? *)", START)


# ---- requests ------------------------------------------------------------------------------------------------------


def test_a_request_goes_to_the_function_of_its_route(world: World) -> None:
    answers: list[tuple[int, Any]] = []
    world.api("POST", "/things/one", {"do": []}, lambda *answer: answers.append(answer))
    _run(world, 10)
    world.api("POST", "/things/two", {"do": []}, lambda *answer: answers.append(answer))
    _run(world, 10)
    assert [(status, answer["answers"]) for status, answer in answers] == [(200, []), (200, [])]
    with pytest.raises(UnknownCall):
        world.api("DELETE", "/things/one")


def test_requests_at_once_never_see_each_other(world: World) -> None:
    answers: list[tuple[int, Any]] = []
    for number in range(6):
        world.api("GET", f"/talk/{number}", None, lambda *answer: answers.append(answer))
    _run(world, 10)
    assert sorted(answers) == [(200, [str(number), f"/talk/{number}"]) for number in range(6)]


def test_a_variable_that_two_functions_have_must_have_one_value(tmp_path: Path) -> None:
    text = (TEMPLATE.root / "template.yaml").read_text()
    changed = text.replace("Variables: { ITS_OWN:", "Variables: { TABLE: another, ITS_OWN:")
    (tmp_path / "template.yaml").write_text(changed)
    (tmp_path / "machine.asl.json").write_text((TEMPLATE.root / "machine.asl.json").read_text())
    with pytest.raises(UnknownCall, match="TABLE"):
        World(1, faults=Faults(1, Rates()), template=Template(tmp_path / "template.yaml"))


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("BatchSize: 5", "FilterCriteria: {}", "FilterCriteria"),
        (
            "{ Id: Queue, Arn: !GetAtt FailedQueue.Arn }",
            "{ Id: Q, Arn: !GetAtt FailedQueue.Arn, InputPath: $ }",
            "Input",
        ),
        ("Type: Schedule,", "Type: IoTRule,", "IoTRule"),
        ("!Ref Table\n", "!GetAtt Table.StreamArn\n", "StreamArn"),
        ("!Ref Table\n", "!If [A, b, c]\n", "Fn::If"),
        ("DefinitionSubstitutions: { Do: !GetAtt Do.Arn }", "DefinitionSubstitutions: {}", "Do"),
    ],
)
def test_what_the_template_asks_for_and_nobody_simulates_is_refused(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    text = (TEMPLATE.root / "template.yaml").read_text()
    assert before in text
    (tmp_path / "template.yaml").write_text(text.replace(before, after))
    (tmp_path / "machine.asl.json").write_text((TEMPLATE.root / "machine.asl.json").read_text())
    with pytest.raises(UnknownCall, match=complaint):
        World(1, faults=Faults(1, Rates()), template=Template(tmp_path / "template.yaml"))


def test_schedules_can_be_given() -> None:
    with World(1, faults=Faults(1, Rates()), template=TEMPLATE, schedules={"Tick": "rate(2 hours)"}) as world:
        _run(world, 4 * 3_600 + 300)
        assert sorted(json.loads(name)[1][11:13] for name in _seen(world)) == ["02", "04"]
