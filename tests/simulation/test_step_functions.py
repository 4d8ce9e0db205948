"""The calls of Step Functions, its limits, and what befalls executions from outside."""

import copy
import json
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulation.errors import UnknownCall
from tests.simulation.execution import Execution
from tests.simulation.journeys import (
    DEFINITION,
    LAST_LEVEL,
    TASK,
    TIMEOUT,
    Fails,
    Gives,
    Raises,
    Script,
    Succeeds,
    transformed,
)
from tests.simulation.schedule import Schedule
from tests.simulation.step_functions import StepFunctions, state_change
from tests.simulation.task_visit import LambdaResult
from tests.simulation.virtual_journey import ARN, START, YEAR, VirtualEngine

DAY = 86_400.0
EXECUTION = ARN.replace("stateMachine", "execution") + ":one"
INPUT = '{"taskId": "task-1"}'


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as error:
        call()
    return str(error.value.response["Error"]["Code"])


def start(engine: VirtualEngine, **changes: Any) -> dict[str, Any]:
    request = {"stateMachineArn": ARN, "name": "one", "input": INPUT, **changes}
    return engine.service.call("StartExecution", {name: value for name, value in request.items() if value is not None})


def waiting(**settings: Any) -> VirtualEngine:
    """An engine whose only execution waits for a token that nobody answers."""
    engine = VirtualEngine(Script(answers=[TIMEOUT] * 100), **settings)
    start(engine)
    engine.clock.run_until(START + 10)
    return engine


def answer(engine: VirtualEngine, token: str) -> None:
    output = json.dumps(LAST_LEVEL.output)
    engine.service.call("SendTaskSuccess", {"taskToken": token, "output": output})


# ---- starting --------------------------------------------------------------------------------------------------------


def test_starting_twice_while_it_runs_should_give_the_same_execution() -> None:
    engine = VirtualEngine(Script(answers=[TIMEOUT]))
    first = start(engine)
    engine.clock.run_until(START + 5)
    assert start(engine) == first
    assert first["executionArn"] == EXECUTION
    assert len(engine.service.executions) == 1


def test_a_name_should_be_taken_for_another_input_and_after_the_end_for_90_days() -> None:
    engine = VirtualEngine(Script())
    start(engine)
    assert code_of(lambda: start(engine, input='{"taskId":"other"}')) == "ExecutionAlreadyExists"
    engine.clock.run_until(START + 100)
    (ended,) = engine.ended
    assert code_of(lambda: start(engine)) == "ExecutionAlreadyExists"
    assert ended.ended_at is not None
    engine.clock.run_until(ended.ended_at + 90 * DAY - 1)
    assert code_of(lambda: start(engine)) == "ExecutionAlreadyExists"
    engine.clock.run_until(ended.ended_at + 90 * DAY)
    assert code_of(lambda: engine.service.call("DescribeExecution", {"executionArn": EXECUTION})) == (
        "ExecutionDoesNotExist"
    )
    start(engine)
    assert len(engine.service.executions) == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": "a b"}, "InvalidName"),
        ({"name": "a:b"}, "InvalidName"),
        ({"name": "a" * 81}, "InvalidName"),
        ({"input": "{"}, "InvalidExecutionInput"),
        ({"input": '"' + "x" * 262_143 + '"'}, "ValidationException"),
        ({"input": '"' + "ä" * 131_072 + '"'}, "InvalidExecutionInput"),
        ({"stateMachineArn": ARN + "2"}, "StateMachineDoesNotExist"),
        ({"stateMachineArn": "machine"}, "InvalidArn"),
    ],
)
def test_a_start_that_aws_refuses_should_be_refused(changes: dict[str, str], code: str) -> None:
    engine = VirtualEngine(Script())
    assert code_of(lambda: start(engine, **changes)) == code
    assert engine.service.executions == []


def test_executions_without_a_name_should_not_be_the_same() -> None:
    engine = VirtualEngine(Script())
    assert start(engine, name=None) != start(engine, name=None)


def test_what_is_not_simulated_should_be_refused_loudly() -> None:
    engine = VirtualEngine(Script())
    with pytest.raises(UnknownCall):
        engine.service.call("RedriveExecution", {"executionArn": EXECUTION})
    with pytest.raises(UnknownCall):
        start(engine, traceHeader="x")
    assert engine.service.executions == []


# ---- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_should_be_answered_once() -> None:
    engine = waiting()
    (token,) = engine.tokens
    engine.service.call("SendTaskHeartbeat", {"taskToken": token})
    answer(engine, token)
    assert code_of(lambda: answer(engine, token)) == "TaskTimedOut"
    assert code_of(lambda: engine.service.call("SendTaskHeartbeat", {"taskToken": token})) == "TaskTimedOut"
    engine.clock.run_until(START + 20)
    assert [execution.status for execution in engine.ended] == ["SUCCEEDED"]
    assert code_of(lambda: answer(engine, token)) == "TaskTimedOut"


def test_a_token_should_be_worth_nothing_when_its_time_is_over() -> None:
    engine = waiting()
    engine.clock.run_until(START + 6 * DAY)
    old, new = engine.tokens
    assert code_of(lambda: answer(engine, old)) == "TaskTimedOut"
    answer(engine, new)


def test_a_token_of_an_attempt_that_failed_should_be_worth_nothing() -> None:
    engine = VirtualEngine(Script({"CheckForCompletion": [Raises("ValueError")]}, answers=[TIMEOUT]))
    start(engine)
    engine.clock.run_until(START + 10)
    old, new = engine.tokens
    assert code_of(lambda: answer(engine, old)) == "TaskTimedOut"
    answer(engine, new)


def test_a_token_of_an_execution_that_was_stopped_should_be_worth_nothing() -> None:
    engine = waiting()
    engine.service.call("StopExecution", {"executionArn": EXECUTION})
    assert code_of(lambda: answer(engine, engine.tokens[0])) == "TaskTimedOut"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("nonsense", "InvalidToken"),
        ("AQC" + "0" * 12 + "f" * 8, "TaskDoesNotExist"),
        ("AQC" + "f" * 12 + "0" * 7 + "1", "TaskDoesNotExist"),
    ],
)
@pytest.mark.parametrize("operation", ["SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"])
def test_a_token_that_never_was_should_be_told_apart(operation: str, token: str, code: str) -> None:
    engine = waiting()
    request = {"taskToken": token, **({"output": "{}"} if operation == "SendTaskSuccess" else {})}
    assert code_of(lambda: engine.service.call(operation, request)) == code


def test_an_answer_that_aws_refuses_should_leave_the_token_as_it_was() -> None:
    engine = waiting()
    (token,) = engine.tokens
    send = engine.service.call
    assert code_of(lambda: send("SendTaskSuccess", {"taskToken": token, "output": "{"})) == "InvalidOutput"
    long = '"' + "x" * 262_144 + '"'
    assert code_of(lambda: send("SendTaskSuccess", {"taskToken": token, "output": long})) == "ValidationException"
    assert code_of(lambda: send("SendTaskFailure", {"taskToken": token, "cause": "x" * 32_769})) == (
        "ValidationException"
    )
    assert code_of(lambda: send("SendTaskFailure", {"taskToken": token, "error": "x" * 257})) == "ValidationException"
    answer(engine, token)


@pytest.mark.parametrize("waits", [False, True])
def test_an_answer_before_the_function_has_returned_should_count(waits: bool) -> None:
    engine = VirtualEngine(Script(answers=[TIMEOUT]), early_answers_wait=waits)
    start(engine)
    engine.clock.run_until(START + 2)
    answer(engine, engine.tokens[0])
    assert code_of(lambda: answer(engine, engine.tokens[0])) == "TaskTimedOut"
    (execution,) = engine.service.executions
    seen = [event.type for event in execution.history.kept if event.type == "TaskSubmitted"]
    assert (seen, engine.player.calls[-1][0]) == ([], "CheckForCompletion" if waits else "PostProcessing")
    engine.clock.run_until(START + 20)
    assert execution.status == "SUCCEEDED"
    submitted = [event for event in execution.history.kept if event.type == "TaskSubmitted"]
    assert len(submitted) == (1 if waits else 0)


@pytest.mark.parametrize(("waits", "attempts"), [(False, 1), (True, 2)])
def test_an_answer_of_a_function_that_then_dies_should_count_or_not_as_set(waits: bool, attempts: int) -> None:
    script = Script({"CheckForCompletion": [Raises("Runtime.ExitError")]})
    engine = VirtualEngine(script, early_answers_wait=waits)
    start(engine)
    engine.clock.run_until(START + 2)
    answer(engine, engine.tokens[0])
    engine.clock.run_until(START + 60)
    assert (engine.ended[0].status, len(engine.tokens)) == ("SUCCEEDED", attempts)


# ---- Lambda ----------------------------------------------------------------------------------------------------------


def test_a_function_should_not_reach_the_execution_through_its_payload() -> None:
    def invoke(function: str, payload: Any, done: Callable[[LambdaResult], None]) -> None:
        seen.append((function, json.dumps(payload)))
        payload.get("error", payload).clear()
        done(LambdaResult(error="ClipRefused", cause="no") if function == "Transformation" else LambdaResult())

    seen: list[tuple[str, str]] = []
    clock, ended = Schedule(), list[Execution]()
    service = StepFunctions(clock, Random(0), invoke, ended.append)  # noqa: S311
    service.create(ARN, DEFINITION)
    service.call("StartExecution", {"stateMachineArn": ARN, "name": "one", "input": INPUT})
    assert (ended[0].status, ended[0].error, ended[0].cause) == ("FAILED", "ClipRefused", "no")
    assert [function for function, _ in seen] == ["Transformation", "BatchError"]


def test_a_function_that_answers_at_once_should_not_pile_up_calls() -> None:
    """1,000 rounds within one call of StartExecution."""

    def invoke(function: str, payload: Any, done: Callable[[LambdaResult], None]) -> None:
        count.append(function)
        sent = {"taskId": TASK, "level": 1, "isContinued": False, "isAllSent": True, "sendAgainInSeconds": 60}
        done(LambdaResult(json.dumps({"isDoneTransforming": True, **sent})))
        if function == "CheckForCompletion" and len(count) < 2_000:
            output = json.dumps({**sent, "isLastLevel": False})
            service.call("SendTaskSuccess", {"taskToken": payload["taskToken"], "output": output})

    count: list[str] = []
    clock = Schedule()
    service = StepFunctions(clock, Random(0), invoke)  # noqa: S311
    service.create(ARN, DEFINITION)
    service.call("StartExecution", {"stateMachineArn": ARN, "name": "one", "input": INPUT})
    assert (count[-1], service.executions[0].status) == ("CheckForCompletion", "RUNNING")


def test_what_a_function_says_after_its_time_should_not_count() -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "f", "Payload": {}},
                "TimeoutSeconds": 10,
                "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 3, "MaxAttempts": 1}],
                "OutputPath": "$.Payload",
                "End": True,
            }
        },
    }
    clock, ended, answers = Schedule(), list[Execution](), iter(["1", "2"])

    def invoke(_function: str, _payload: Any, done: Callable[[LambdaResult], None]) -> None:
        clock.at(clock.now() + (11 if not clock.now() else 5), partial(done, LambdaResult(next(answers))))

    service = StepFunctions(clock, Random(0), invoke, ended.append)  # noqa: S311
    service.create(ARN, definition)
    service.call("StartExecution", {"stateMachineArn": ARN, "name": "one"})
    clock.run_until(100)
    assert (ended[0].output, ended[0].ended_at) == ("2", 18)


def test_jitter_should_come_from_the_generator_that_was_given() -> None:
    def pauses(seed: int) -> list[float]:
        clock, times = Schedule(), list[float]()

        def invoke(_function: str, _payload: Any, done: Callable[[LambdaResult], None]) -> None:
            times.append(clock.now())
            done(LambdaResult(error="ValueError"))

        service = StepFunctions(clock, Random(seed), invoke)  # noqa: S311
        service.create(ARN, DEFINITION)
        service.call("StartExecution", {"stateMachineArn": ARN, "name": "one", "input": INPUT})
        clock.run_until(1000)
        return [end - begin for begin, end in pairwise(times[:7])]

    assert pauses(1) == pauses(1) != pauses(2)
    assert all(0 <= pause <= 2 * 2**attempt for attempt, pause in enumerate(pauses(3)))


# ---- limits ----------------------------------------------------------------------------------------------------------


def one_task(**fields: Any) -> dict[str, Any]:
    parameters = {"FunctionName": "Transformation", "Payload": {"all.$": "$"}}
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": parameters, **fields}
    ends = {"Caught": {"Type": "Succeed"}, "After": {"Type": "Succeed"}}
    return {"StartAt": "A", "States": {"A": {"Next": "After", **task}, **ends}}


CATCH_ALL = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]}
RETRY = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1}]


@pytest.mark.parametrize("error", ["States.Runtime", "States.DataLimitExceeded"])
def test_states_all_should_not_catch_what_is_terminal(error: str) -> None:
    large = Gives("x" * 262_144)
    paths = {"Parameters": {"FunctionName": "f", "Payload": {"x.$": "$.nothing"}}} if "Runtime" in error else {}
    engine = VirtualEngine(Script({"Transformation": [large]}), one_task(**CATCH_ALL, Retry=RETRY, **paths))
    journey = engine.run()
    assert (journey.status, journey.error, journey.states, journey.pauses) == ("FAILED", error, ["A"], [])


def test_too_much_data_should_be_caught_by_its_name_and_a_broken_path_never() -> None:
    def caught(error: str, **fields: Any) -> str:
        catch = {"Catch": [{"ErrorEquals": [error], "ResultPath": "$.e", "Next": "Caught"}]}
        return (
            VirtualEngine(Script({"Transformation": [Gives("x" * 262_144)]}), one_task(**catch, **fields)).run().status
        )

    assert caught("States.DataLimitExceeded") == "SUCCEEDED"
    assert caught("States.Runtime", InputPath="$.nothing") == "FAILED"


@pytest.mark.parametrize(("total", "status"), [(262_144, "SUCCEEDED"), (262_145, "FAILED")])
@pytest.mark.parametrize("character", ["x", "ä"])
def test_data_should_have_exactly_as_many_bytes_as_allowed(character: str, total: int, status: str) -> None:
    result = character * 1000
    grows = {"Type": "Pass", "Result": result, "ResultPath": "$.r", "End": True}
    without = len(json.dumps({"t": "", "r": result}, ensure_ascii=False, separators=(",", ":")).encode())
    engine = VirtualEngine(Script(input={"t": "x" * (total - without)}), {"StartAt": "A", "States": {"A": grows}})
    assert engine.run().status == status


def test_data_that_grow_with_each_round_should_come_to_the_limit() -> None:
    again = {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}, "Next": "A"}
    journey = VirtualEngine(Script(input={"x": "y"}), {"StartAt": "A", "States": {"A": again}}).run()
    assert (journey.status, journey.error) == ("FAILED", "States.DataLimitExceeded")
    assert len(journey.states) == 14  # each is twice as large and 11 bytes more


def test_an_answer_and_the_data_it_is_put_into_should_be_counted_together() -> None:
    half = "x" * 140_000
    sent = {"taskId": TASK, "level": 1, "isContinued": False, "isAllSent": True, "sendAgainInSeconds": 60, "more": half}
    definition = copy.deepcopy(DEFINITION)
    definition["States"]["CheckForCompletion"]["ResultPath"] = "$.completed"
    engine = VirtualEngine(Script({"TriggerLabeling": [Gives(sent)]}, answers=[Succeeds(half)]), definition)
    assert engine.run().error == "States.DataLimitExceeded"


def test_data_that_are_replaced_with_each_round_should_never_come_to_the_limit() -> None:
    large = Fails("expired", "x" * 30_000)
    engine = VirtualEngine(Script(answers=[large] * 20))
    journey = engine.run()
    assert (journey.status, journey.states.count("CheckForCompletion")) == ("SUCCEEDED", 21)


def passes(count: int) -> dict[str, Any]:
    states = {f"S{number}": {"Type": "Pass", "Next": f"S{number + 1}"} for number in range(count - 1)}
    return {"StartAt": "S0", "States": {**states, f"S{count - 1}": {"Type": "Pass", "End": True}}}


@pytest.mark.parametrize(
    ("count", "status", "events"),
    [(12_499, "SUCCEEDED", 25_000), (12_500, "FAILED", 25_000), (12_498, "SUCCEEDED", 24_998)],
)
def test_an_execution_should_have_25000_events_at_most(count: int, status: str, events: int) -> None:
    engine = VirtualEngine(Script(), passes(count))
    engine.run()
    assert (engine.ended[0].status, engine.ended[0].history.count) == (status, events)


def test_an_execution_should_end_after_a_year() -> None:
    engine = waiting()
    engine.clock.run_until(START + YEAR - 1)
    assert engine.ended == []
    token = engine.tokens[-1]
    engine.clock.run_until(START + YEAR)
    (execution,) = engine.ended
    assert (execution.status, execution.ended_at, execution.error) == ("TIMED_OUT", START + YEAR, None)
    assert code_of(lambda: answer(engine, token)) == "TaskTimedOut"
    engine.clock.run_until(START + 2 * YEAR)
    assert (len(engine.ended), len(engine.clock)) == (1, 0)


def test_a_round_of_waiting_should_cost_11_events_and_leave_nothing_behind() -> None:
    """Ten executions wait for 360 days and are sent again every five."""
    engine = VirtualEngine(Script(answers=[TIMEOUT] * 10_000), history_kept=0)
    for number in range(10):
        start(engine, name=f"e{number}")
    engine.clock.run_until(START + 360 * DAY)
    counts = {execution.history.count for execution in engine.service.executions}
    assert counts == {1 + 5 + 2 + 72 * 11 - 2}, "the last wait is not over: no TaskTimedOut, no TaskStateExited"
    assert len(engine.tokens) == 10 * 72
    assert len(engine.clock) <= 20
    assert len(engine.clock._heap) < 2_000


# ---- seeing and stopping ---------------------------------------------------------------------------------------------


def test_a_stopped_execution_should_do_nothing_any_more() -> None:
    engine = waiting()
    stopped = engine.service.call("StopExecution", {"executionArn": EXECUTION, "error": "E", "cause": "C"})
    assert stopped == engine.service.call("StopExecution", {"executionArn": EXECUTION, "error": "F"})
    (execution,) = engine.ended
    assert (execution.status, execution.error, execution.cause) == ("ABORTED", "E", "C")
    assert len(engine.clock) == 0


def test_stopping_while_a_function_runs_should_make_its_answer_worthless() -> None:
    engine = VirtualEngine(Script())
    start(engine)
    engine.service.call("StopExecution", {"executionArn": EXECUTION})
    engine.clock.run_until(START + DAY)
    assert [execution.status for execution in engine.ended] == ["ABORTED"]
    assert [function for function, _ in engine.player.calls] == ["Transformation"]


def test_a_function_that_stops_its_own_execution_should_be_its_last() -> None:
    def invoke(function: str, _payload: Any, done: Callable[[LambdaResult], None]) -> None:
        invoked.append(function)
        done(LambdaResult('{"isDoneTransforming": true, "taskId": "task-1", "level": 1}'))
        service.call("StopExecution", {"executionArn": EXECUTION})

    invoked: list[str] = []
    ended: list[Execution] = []
    service = StepFunctions(Schedule(), Random(0), invoke, ended.append)  # noqa: S311
    service.create(ARN, DEFINITION)
    service.call("StartExecution", {"stateMachineArn": ARN, "name": "one", "input": INPUT})
    assert invoked == ["Transformation"]
    assert [execution.status for execution in ended] == ["ABORTED"]
    assert ended[0].history.kept[-1].type == "ExecutionAborted"


@pytest.mark.parametrize(("arn", "code"), [(EXECUTION, "ExecutionDoesNotExist"), ("arn:x", "InvalidArn")])
@pytest.mark.parametrize("operation", ["StopExecution", "DescribeExecution", "GetExecutionHistory"])
def test_an_execution_that_is_not_there_should_not_be_found(operation: str, arn: str, code: str) -> None:
    assert code_of(lambda: VirtualEngine(Script()).service.call(operation, {"executionArn": arn})) == code


def test_an_execution_should_be_described_as_it_stands() -> None:
    engine = waiting()
    described = engine.service.call("DescribeExecution", {"executionArn": EXECUTION})
    assert described["status"] == "RUNNING"
    assert described["input"] == INPUT
    assert not {"stopDate", "output", "error", "cause"} & set(described)
    answer(engine, engine.tokens[0])
    engine.clock.run_until(START + DAY)
    described = engine.service.call("DescribeExecution", {"executionArn": EXECUTION})
    assert (described["status"], described["output"]) == ("SUCCEEDED", '{"taskId":"task-1"}')
    assert described["startDate"].timestamp() == START
    assert described["stopDate"].timestamp() == START + 11


def test_the_event_about_an_end_should_tell_error_and_cause() -> None:
    engine = VirtualEngine(Script({"Transformation": [Raises("ClipRefused")]}))
    start(engine)
    engine.clock.run_until(START + DAY)
    detail = state_change(engine.ended[0])
    assert (detail["status"], detail["error"], detail["output"]) == ("FAILED", "ClipRefused", None)
    assert (detail["executionArn"], detail["name"], detail["input"]) == (EXECUTION, "one", INPUT)
    assert (detail["startDate"], detail["stopDate"]) == (int(START) * 1000, int(START + 2) * 1000)


def test_executions_should_be_listed_by_page_newest_first() -> None:
    engine = VirtualEngine(Script(answers=[LAST_LEVEL] * 3 + [TIMEOUT] * 3))
    for number in range(5):
        start(engine, name=f"e{number}")
    engine.clock.run_until(START + 60)

    def listed(**request: Any) -> tuple[list[str], str | None]:
        page = engine.service.call("ListExecutions", {"stateMachineArn": ARN, **request})
        return [execution["name"] for execution in page["executions"]], page.get("nextToken")

    names, token = listed(maxResults=2)
    assert names == ["e4", "e3"]
    start(engine, name="e5")
    assert listed(maxResults=10, nextToken=token) == (["e2", "e1", "e0"], None)
    assert listed(statusFilter="SUCCEEDED")[0] == ["e2", "e1", "e0"]
    assert listed(statusFilter="RUNNING", maxResults=1) == (["e5"], "5")
    assert code_of(lambda: listed(nextToken="x")) == "InvalidToken"


def test_the_history_should_be_given_by_page_in_both_directions() -> None:
    engine = VirtualEngine(Script({"Transformation": [transformed(is_done=False)]}))
    start(engine)
    engine.clock.run_until(START + 60)

    def page(**request: Any) -> dict[str, Any]:
        return engine.service.call("GetExecutionHistory", {"executionArn": EXECUTION, **request})

    events = page()["events"]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[1]["stateEnteredEventDetails"] == {"name": "Transformation"}
    first = page(maxResults=7)
    rest = page(nextToken=first["nextToken"])
    assert first["events"] + rest["events"] == events
    assert page(reverseOrder=True)["events"] == events[::-1]


def test_a_history_that_was_not_kept_should_be_refused_but_for_its_end() -> None:
    engine = VirtualEngine(Script(), history_kept=2)
    start(engine)
    engine.clock.run_until(START + 60)
    with pytest.raises(UnknownCall):
        engine.service.call("GetExecutionHistory", {"executionArn": EXECUTION})
    last = engine.service.call("GetExecutionHistory", {"executionArn": EXECUTION, "reverseOrder": True})["events"]
    assert [event["type"] for event in last] == ["ExecutionSucceeded", "SucceedStateExited"]
    assert last[0]["id"] == engine.ended[0].history.count


def test_the_fence_of_a_token_should_tell_visits_and_retries_apart() -> None:
    seen: list[tuple[str, int]] = []
    engine = VirtualEngine(Script({"CheckForCompletion": [Raises("ValueError")] * 2}, answers=[TIMEOUT] * 3))
    outcome = engine.player.outcome

    def noted(function: str, payload: dict[str, Any]) -> Any:
        if function == "CheckForCompletion":
            seen.append((payload["enteredTime"], payload["retryCount"]))
        return outcome(function, payload)

    engine.player.outcome = noted  # type: ignore[method-assign]
    start(engine)
    engine.clock.run_until(START + 6 * DAY)
    (first, _), *_, (last, _) = seen
    assert seen == [(first, 0), (first, 1), (first, 2), (last, 0)]
    assert first == "2027-01-15T08:00:02.000Z" < last
