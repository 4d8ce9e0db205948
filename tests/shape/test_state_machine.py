"""What `statemachine.asl.json` promises, read from the file itself."""

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft7Validator
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from local.state_machine_diagram import DEFINITION, PICTURE, draw

TEXT = DEFINITION.read_text()
STATES: dict[str, dict[str, Any]] = json.loads(TEXT)["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}

TRANSIENT = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
}
"""Errors of Lambda itself, which go by: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
and https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""

IDS = {"taskId", "level", "taskToken", "enteredTime", "retryCount", "execution", "startTime", "error"}
SAID = {"isAllSent", "isContinued"}
"""What a step may be told: which task, which level, who waits for it, and what went wrong."""


def following(state: Mapping[str, Any]) -> Iterator[str]:
    """The states that may come after a state."""
    yield from (choice["Next"] for choice in state.get("Choices", []))
    yield from (catch["Next"] for catch in state.get("Catch", []))
    yield from (state[key] for key in ("Next", "Default") if key in state)


def reached_from(name: str) -> set[str]:
    """Every state that an execution may come to from here on."""
    found, left = set[str](), [name]
    while left:
        if (state := left.pop()) not in found:
            found.add(state)
            left += following(STATES[state])
    return found


def test_the_definition_should_be_one_that_step_functions_takes() -> None:
    schema = json.loads((files("cfnlint.data.schemas.other.step_functions") / "statemachine.json").read_text())
    assert [error.message for error in Draft7Validator(schema).iter_errors(json.loads(TEXT))] == []
    AmazonStateLanguageParser.parse(re.sub(r"\$\{(\w+)\}", r"\1", TEXT))


def test_every_state_should_be_reached_and_every_way_should_lead_to_a_state() -> None:
    assert reached_from(json.loads(TEXT)["StartAt"]) == set(STATES)


@pytest.mark.parametrize("name", STATES)
def test_every_state_should_have_a_way_to_an_end(name: str) -> None:
    assert any(STATES[state]["Type"] in {"Succeed", "Fail"} for state in reached_from(name))


@pytest.mark.parametrize("name", TASKS)
def test_every_step_should_try_again_when_lambda_itself_fails(name: str) -> None:
    *_, busy, last = TASKS[name]["Retry"]
    assert set(busy["ErrorEquals"]) == {"Lambda.TooManyRequestsException"}
    assert busy["MaxAttempts"] * busy["MaxDelaySeconds"] >= 3_600, "an account may be out of concurrency for an hour"
    assert set(busy["ErrorEquals"] + last["ErrorEquals"]) >= TRANSIENT
    assert last["MaxAttempts"] >= 3
    assert all(retry["BackoffRate"] > 1 and retry["JitterStrategy"] == "FULL" for retry in (busy, last))


@pytest.mark.parametrize("name", TASKS)
def test_errors_that_stay_should_be_sorted_out_before_others_are_tried_again(name: str) -> None:
    """The first Retry that matches counts, and States.TaskFailed matches every error of a function."""
    attempts = [retry["MaxAttempts"] > 0 for retry in TASKS[name]["Retry"]]
    assert attempts == sorted(attempts)
    wide = ["States.TaskFailed" in retry["ErrorEquals"] for retry in TASKS[name]["Retry"]]
    assert not any(wide[:-1])


@pytest.mark.parametrize("name", TASKS)
def test_every_other_error_should_be_caught_last(name: str) -> None:
    *named, last = TASKS[name]["Catch"]
    assert last["ErrorEquals"] == ["States.ALL"]
    assert last["Next"] == ("Failed" if name == "BatchError" else "BatchError")
    assert all("States.ALL" not in catch["ErrorEquals"] for catch in named)


@pytest.mark.parametrize("name", TASKS)
def test_a_failure_should_never_end_in_success(name: str) -> None:
    caught = next(catch["Next"] for catch in TASKS[name]["Catch"] if catch["ErrorEquals"] == ["States.ALL"])
    ends = {state for state in reached_from(caught) if not list(following(STATES[state]))}
    assert {STATES[state]["Type"] for state in ends} == {"Fail"}


@pytest.mark.parametrize("name", TASKS)
def test_what_went_wrong_should_be_there_when_the_execution_fails(name: str) -> None:
    """Failed reads $.error; whatever comes before it must neither drop nor overwrite that."""
    assert STATES["Failed"]["ErrorPath"] == "$.error.Error"
    assert STATES["Failed"]["CausePath"] == "$.error.Cause"
    if name == "BatchError":
        assert TASKS[name]["ResultPath"] is None
        assert all(catch["ResultPath"] not in {"$", "$.error"} for catch in TASKS[name]["Catch"])
    else:
        assert {catch["ResultPath"] for catch in TASKS[name]["Catch"]} == {"$.error"}


@pytest.mark.parametrize("name", TASKS)
def test_no_error_should_lead_back_to_the_state_it_came_from(name: str) -> None:
    assert name not in [catch["Next"] for catch in TASKS[name]["Catch"]]


@pytest.mark.parametrize("name", TASKS)
def test_only_ids_should_travel(name: str) -> None:
    payload = TASKS[name]["Parameters"]["Payload"]
    assert {key.removesuffix(".$") for key in payload} <= IDS | SAID
    assert all(key.endswith(".$") for key in payload), "nothing is written into the definition twice"
    whole = {"$", "$$", "$$.Execution", "$$.Execution.Input"}
    assert not whole & set(payload.values())


@pytest.mark.parametrize("name", TASKS)
def test_the_steps_answer_should_be_what_goes_on(name: str) -> None:
    """The answer of a function, not the envelope that Lambda puts it in."""
    if TASKS[name]["Resource"].endswith(":lambda:invoke") and name != "BatchError":
        assert TASKS[name]["OutputPath"] == "$.Payload"


def test_waiting_should_end_in_time_to_send_again() -> None:
    waiting = {name for name, state in TASKS.items() if state["Resource"].endswith(".waitForTaskToken")}
    assert waiting == {"CheckForCompletion"}
    (state,) = (TASKS[name] for name in waiting)
    assert state["TimeoutSecondsPath"] == "$.sendAgainInSeconds"
    assert state["Parameters"]["Payload"]["taskToken.$"] == "$$.Task.Token"
    retried = {error for retry in state["Retry"] if retry["MaxAttempts"] for error in retry["ErrorEquals"]}
    assert not retried & {"States.Timeout", "States.ALL", "expired", "ObjectsFailed"}
    caught = {error: catch["Next"] for catch in state["Catch"] for error in catch["ErrorEquals"]}
    assert caught["States.Timeout"] == "TriggerLabeling"
    assert STATES[caught["expired"]]["Next"] == "TriggerLabeling"


def test_the_picture_should_be_up_to_date() -> None:
    assert PICTURE.read_text() == draw(json.loads(TEXT)), "python -m local.state_machine_diagram"
