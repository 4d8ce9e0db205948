"""Invocations in the simulated world: each stops at its calls, none sees another, and every fault does what it says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.template import Template
from tests.simulation.errors import UnknownCall
from tests.simulation.task_visit import LambdaResult
from tests.simulation.world.faults import Faults, Kind, Rates
from tests.simulation.world.world import START, World

TEMPLATE = Template(Path(__file__).parent / "little_world" / "template.yaml")
ADD = ["add", "x"]
UPDATE = "Do/here/dynamodb.UpdateItem/1"


class Little:
    """A little world, what its function came to, and what it left behind."""

    def __init__(self, kind: Kind | None = None, point: str = UPDATE, seed: int = 1, **rates: float) -> None:
        chosen = {} if kind is None else {str(kind): 1.0}
        faults = Faults(seed, Rates(**chosen, **rates), frozenset([point]))
        self.world = World(seed, faults=faults, template=TEMPLATE)
        self.results: list[LambdaResult] = []
        self.told_at: list[float] = []
        self.ended: list[float] = []
        self.outcomes: list[str] = []
        self.calls: list[str] = []
        watchers = self.world.watchers
        watchers.returned.append(lambda _invocation, _result: self.ended.append(self.now))
        watchers.answered.append(lambda *what: self.outcomes.append(what[-1]))
        watchers.called.append(lambda *what: self.calls.append(what[2]))

    @property
    def now(self) -> float:
        return self.world.schedule.now() - START

    def invoke(self, *what: Any, place: str | None = "here") -> None:
        self.world.lambdas.invoke("Do", {"do": list(what)}, self._take, place)

    def _take(self, result: LambdaResult) -> None:
        self.results.append(result)
        self.told_at.append(self.now)

    def run(self, *what: Any, seconds: float = 900) -> LambdaResult:
        """One invocation, and all that comes of it in a while."""
        self.invoke(*what)
        self.world.run_until(START + seconds)
        [result] = self.results
        return result

    def seen(self, item: str = "x") -> int:
        request = {"TableName": self.world.stack.name("Table"), "Key": {"id": {"S": item}}, "ConsistentRead": True}
        found = self.world.dynamodb.call("GetItem", request).get("Item", {"seen": {"N": "0"}})
        return int(found["seen"]["N"])


@pytest.fixture
def little() -> Iterator[Little]:
    made = Little()
    with made.world:
        yield made


def _payload(result: LambdaResult) -> Any:
    assert result.error is None, result
    return json.loads(result.payload)


def test_each_call_takes_time_and_none_does_in_between(little: Little) -> None:
    answer = _payload(little.run(ADD, ADD, ["sleep", 3]))
    assert little.seen() == 2
    assert 3.006 <= answer["took"] <= 3.06
    assert answer["left"] == pytest.approx((10 - answer["took"]) * 1000, abs=1)


def test_invocations_at_once_never_share_a_module(little: Little) -> None:
    for number in range(5):
        little.invoke(ADD, ADD, place=str(number))
    little.world.run_until(START + 60)
    assert [result.error for result in little.results] == [None] * 5
    runs = [_payload(result)["runs"] for result in little.results]
    little.invoke(place="later")
    little.world.run_until(START + 120)
    assert _payload(little.results[-1])["runs"] in {number + 1 for number in runs}  # an environment is used again


def test_an_error_is_told_by_its_name(little: Little) -> None:
    result = little.run(["refuse", "not a video"])
    assert result.error == "ClipRefused"
    cause = json.loads(result.cause)
    assert (cause["errorType"], cause["errorMessage"]) == ("ClipRefused", "not a video")


@pytest.mark.parametrize(
    ("what", "error"), [(["exit", 3], "Runtime.ExitError"), (["give no JSON"], "Runtime.MarshalError")]
)
def test_what_is_no_answer_is_an_error_of_the_runtime(little: Little, what: Any, error: str) -> None:
    assert little.run(what).error == error


def test_who_takes_too_long_is_killed_wherever_it_is_and_has_no_effect_any_more(little: Little) -> None:
    result = little.run(ADD, ["add in the end", "y"])
    assert result.error == "Sandbox.Timedout"
    assert "Task timed out after 10.00 seconds" in json.loads(result.cause)["errorMessage"]
    assert 10 <= little.ended[0] <= 10.5
    assert (little.seen("x"), little.seen("y")) == (1, 0)


def test_a_setting_is_there_only_for_whom_the_template_gives_it_to(little: Little) -> None:
    answer = _payload(little.run(["setting", "ITS_OWN"]))
    assert answer["answers"] == ["everlabel and arn:aws:dynamodb:us-east-1:123456789012:table/everlabel-Table"]
    little.results.clear()
    little.invoke(["setting", "BUCKET"], place="there")
    little.world.run_until(START + 1800)
    assert little.results[0].error == "KeyError"


def test_logs_and_metrics_go_to_the_watchers_and_nowhere_else(
    little: Little, capsys: pytest.CaptureFixture[str]
) -> None:
    lines: list[tuple[str, str]] = []
    little.world.watchers.logged.append(lambda function, line: lines.append((function, line)))
    little.run(["log", "Heard"])
    assert [function for function, _ in lines] == ["Do", "Do"]
    assert json.loads(lines[0][1])["message"] == "Heard"
    assert json.loads(lines[1][1])["Heard"] == [1.0]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("call", [["s3", "list_buckets", {}], ["sns", "list_topics", {}], ["ec2", "describe_vpcs", {}]])
def test_a_call_that_nobody_simulates_ends_the_run_whatever_the_handler_does(little: Little, call: Any) -> None:
    little.invoke(["call and swallow", call])
    with pytest.raises(UnknownCall):
        little.world.run_until(START + 60)


def test_what_a_watcher_raises_ends_the_run_and_never_reaches_a_handler(little: Little) -> None:
    def refuse(*_: object) -> None:
        raise ZeroDivisionError

    little.world.watchers.item_changed.append(refuse)
    put = {"TableName": little.world.stack.name("Table"), "Item": {"id": {"S": "y"}}}
    little.invoke(["call and swallow", ["dynamodb", "put_item", put]])
    with pytest.raises(ZeroDivisionError):
        little.world.run_until(START + 60)


def test_an_error_of_aws_is_the_handlers_to_see(little: Little) -> None:
    get = {"Bucket": little.world.stack.name("Bucket"), "Key": "nothing"}
    looks: list[Any] = []
    little.world.watchers.s3_looked.append(lambda *look: looks.append(look))
    assert _payload(little.run(["call and swallow", ["s3", "get_object", get]]))["answers"] == ["ClientError"]
    assert little.outcomes == ["NoSuchKey"]
    assert looks == [("Do", "GetObject", get["Bucket"], "nothing")]


def test_a_world_that_is_closed_lets_nothing_happen_any_more() -> None:
    little = Little()
    with little.world:
        little.invoke(ADD, ["add in the end", "y"])
        little.world.run_until(START + 5)
        assert little.seen("x") == 1
    assert little.seen("y") == 0
    assert little.results == []


# ---- faults at calls -----------------------------------------------------------------------------------------------


def test_throttled_means_an_error_and_no_effect() -> None:
    little = Little(Kind.THROTTLED)
    assert little.run(ADD).error == "ClientError"
    assert (little.seen(), little.calls, little.outcomes) == (0, [], ["ProvisionedThroughputExceededException"])


@pytest.mark.parametrize(("kind", "effects"), [(Kind.KILLED_BEFORE, 0), (Kind.KILLED_AFTER, 1)])
def test_killed_means_that_the_caller_knows_nothing_and_nothing_more_happens(kind: Kind, effects: int) -> None:
    little = Little(kind)
    result = little.run(["call and swallow", _update("x")], ["add", "y"])
    assert result.error == "Lambda.Unknown"
    assert (little.seen(), little.seen("y"), little.outcomes) == (effects, 0, ["killed"])


def test_a_killed_environment_is_thrown_away_and_any_other_used_again() -> None:
    little = Little(Kind.KILLED_AFTER)
    used: list[Any] = []
    little.world.watchers.returned.append(lambda invocation, _result: used.append(invocation.sandbox))
    for number, place in enumerate(["here", "there", "elsewhere"], start=1):
        little.invoke(ADD, place=place)
        little.world.run_until(START + number * 60)
    assert [result.error for result in little.results] == ["Lambda.Unknown", None, None]
    killed, *others = used
    assert killed not in others
    assert others[0] is others[1]


def test_an_answer_that_is_lost_means_that_the_call_is_repeated() -> None:
    little = Little(Kind.ANSWER_LOST)
    answer = _payload(little.run(ADD, ["add", "y"], seconds=60))
    assert (little.seen(), little.seen("y")) == (2, 1)
    assert little.outcomes == ["ok", "ok"]
    assert answer["took"] > 0.1


def test_the_repetition_of_a_transaction_changes_nothing() -> None:
    little = Little(Kind.ANSWER_LOST, "Do/here/dynamodb.TransactWriteItems/1")
    _payload(
        little.run(["call", ["dynamodb", "transact_write_items", {"TransactItems": [{"Update": _update("x")[2]}]}]])
    )
    assert little.seen() == 1
    assert little.calls == ["TransactWriteItems", "TransactWriteItems"]


def test_slow_means_seconds_and_too_slow_means_dead_before_the_effect() -> None:
    little = Little(Kind.SLOW, longest_call=8.0)
    assert 1 <= _payload(little.run(ADD))["took"] <= 8
    slowest = next(seed for seed in range(1_000) if Faults(seed, Rates()).chance(f"{UPDATE}/slow") > 0.9)
    little = Little(Kind.SLOW, seed=slowest, longest_call=300.0)
    assert little.run(ADD).error == "Sandbox.Timedout"
    assert little.seen() == 0


# ---- faults at invocations -----------------------------------------------------------------------------------------


def test_a_result_that_is_lost_is_told_as_a_failure_while_the_function_goes_on() -> None:
    little = Little(Kind.RESULT_LOST, "Do/here/invoke")
    result = little.run(ADD, ["sleep", 5])
    assert result.error == "Lambda.Unknown"
    assert little.told_at[0] < little.ended[0] - 4
    assert little.seen() == 1


def test_started_twice_means_two_effects_and_one_result() -> None:
    little = Little(Kind.STARTED_TWICE, "Do/here/invoke")
    _payload(little.run(ADD))
    assert (little.seen(), len(little.ended)) == (2, 2)


def test_refused_means_that_nothing_started() -> None:
    little = Little(Kind.REFUSED, "Do/here/invoke")
    assert little.run(ADD).error == "Lambda.TooManyRequestsException"
    assert (little.seen(), little.ended) == (0, [])


# ---- faults in DynamoDB --------------------------------------------------------------------------------------------


def _update(item: str) -> list[Any]:
    update = {
        "TableName": "everlabel-Table",
        "Key": {"id": {"S": item}},
        "UpdateExpression": "ADD seen :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    return ["dynamodb", "update_item", update]


def test_a_stale_read_sees_the_past() -> None:
    get = ["call", ["dynamodb", "get_item", {"TableName": "everlabel-Table", "Key": {"id": {"S": "x"}}}]]
    assert "Item" in _payload(Little().run(ADD, get))["answers"][0]
    little = Little(Kind.STALE, "Do/here/dynamodb.GetItem/1/stale", stalest=60.0)
    assert "Item" not in _payload(little.run(ADD, get))["answers"][0]


def test_a_transaction_that_meets_another_is_cancelled() -> None:
    little = Little(Kind.CONFLICT, "Do/here/dynamodb.TransactWriteItems/1/conflict/x")
    both = {"TransactItems": [{"Update": _update("x")[2]}, {"Update": _update("y")[2]}]}
    little.run(["call and swallow", ["dynamodb", "transact_write_items", both]])
    assert little.outcomes == ["TransactionCanceledException"]
    assert (little.seen("x"), little.seen("y")) == (0, 0)


def test_an_entry_of_a_batch_is_left_undone() -> None:
    little = Little(Kind.UNPROCESSED, "Do/here/dynamodb.BatchWriteItem/1/unprocessed/x")
    puts = [{"PutRequest": {"Item": {"id": {"S": name}, "seen": {"N": "1"}}}} for name in "xy"]
    batch = {"RequestItems": {"everlabel-Table": puts}}
    answer = _payload(little.run(["call", ["dynamodb", "batch_write_item", batch]]))
    assert answer["answers"][0]["UnprocessedItems"] == {"everlabel-Table": [puts[0]]}
    assert (little.seen("x"), little.seen("y")) == (0, 1)


# ---- who draws them ------------------------------------------------------------------------------------------------


def test_a_fault_depends_on_nothing_but_the_seed_and_the_place() -> None:
    points = [f"F/{number}/s3.GetObject/1" for number in range(400)]
    kinds = (Kind.THROTTLED, Kind.KILLED_BEFORE)
    rates = Rates(throttled=0.1, killed_before=0.1)
    every = Faults(7, rates)
    struck = {point: strike.kind for point in points if (strike := every.strikes(point, kinds))}
    assert 50 < len(struck) < 110
    assert {*struck.values()} == {*kinds}
    again = Faults(7, rates, only=frozenset([*struck][:5]))
    assert [again.strikes(point, kinds) is not None for point in reversed(points)].count(True) == 5
    assert {strike.key: strike.kind for strike in again.struck} == {point: struck[point] for point in [*struck][:5]}
    assert [Faults(8, rates).strikes(point, kinds) is not None for point in points].count(True) > 0
    every.quiet()
    assert not any(every.strikes(point, kinds) for point in points)
