"""Paths, templates, choice rules and whole small definitions; what moto's engine gives is the measure where it runs."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulation import asl
from tests.simulation.errors import UnknownCall
from tests.simulation.journeys import Gives, Script
from tests.simulation.moto_journey import MotoEngine
from tests.simulation.state_machine import StateMachine
from tests.simulation.virtual_journey import ARN, VirtualEngine

INVOKE = "arn:aws:states:::lambda:invoke"
DATA = {"a": {"b": 1, "t": True}, "n": None, "s": "x", "l": [1, {"c": 2}], "f": 1.5}


def task(**fields: Any) -> dict[str, Any]:
    """A Task that gives PostProcessing's answer."""
    parameters = {"FunctionName": "PostProcessing", "Payload": {"taskId": "x"}}
    return {"Type": "Task", "Resource": INVOKE, "Parameters": parameters, "End": True, **fields}


def machine(state: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": state, **others}}


def choice(**rule: Any) -> dict[str, Any]:
    ends = {"Yes": {"Type": "Pass", "Result": "yes", "End": True}, "No": {"Type": "Pass", "Result": "no", "End": True}}
    return machine({"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"}, **ends)


def picked(**fields: Any) -> dict[str, Any]:
    return machine({"Type": "Pass", "End": True, **fields})


THERE = [("$.a.b", 1), ("$.a.t", True), ("$.n", None), ("$.s", "x"), ("$.f", 1.5), ("$.l", [1])]
NUMBERS = [f"Numeric{name}" for name in ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")]
STRINGS = [name.replace("Numeric", "String") for name in NUMBERS]
SMALL: dict[str, dict[str, Any]] = {
    **{
        f"{comparison} {wanted!r} of {variable}": choice(Variable=variable, **{comparison: wanted})
        for variable, _ in THERE
        for comparison, wanted in [
            ("BooleanEquals", True),
            ("BooleanEquals", False),
            *((name, 1) for name in NUMBERS),
            *((name, "w") for name in STRINGS),
            *((name, truth) for name in ("IsNull", "IsBoolean", "IsNumeric", "IsString") for truth in (True, False)),
        ]
    },
    "IsPresent": choice(Variable="$.n", IsPresent=True),
    "IsPresent of nothing": choice(Variable="$.a.z", IsPresent=False),
    "IsPresent in no object": choice(Variable="$.s.z", IsPresent=True),
    "And": choice(And=[{"Variable": "$.a.t", "BooleanEquals": True}, {"Variable": "$.f", "NumericLessThan": 2}]),
    "Or": choice(Or=[{"Variable": "$.a.t", "BooleanEquals": False}, {"Variable": "$.f", "NumericLessThan": 2}]),
    "Not": choice(Not={"Variable": "$.a.t", "BooleanEquals": True}),
    "InputPath null": picked(InputPath=None),
    "OutputPath null": picked(OutputPath=None),
    "InputPath": picked(InputPath="$.a"),
    "OutputPath": picked(OutputPath="$.a"),
    "a Result": picked(Result={"x.$": "$.a"}, ResultPath="$.r"),
    "a Result anew": picked(Result=[1, 2]),
    "Parameters": picked(Parameters={"x": {"y.$": "$.a", "z": [1, "$.a"]}, "name.$": "$$.State.Name", "all.$": "$"}),
    "Parameters in place": picked(Parameters={"x.$": "$.l"}, ResultPath="$.deep.er"),
    "the context": picked(Parameters={"id.$": "$$.Execution.Id", "in.$": "$$.Execution.Input"}),
    "the name in the context": picked(Parameters={"name.$": "$$.Execution.Name"}),
    "ResultPath null": picked(Parameters={"x.$": "$.l"}, ResultPath=None),
    "ResultPath over something": picked(Parameters={"x.$": "$.l"}, ResultPath="$.a.b"),
    "a path to nothing": picked(Parameters={"x.$": "$.zz"}),
    "the answer": machine(task(ResultSelector={"got.$": "$.Payload", "status.$": "$.StatusCode"})),
    "the answer in place": machine(task(ResultSelector={"got.$": "$.Payload"}, ResultPath="$.r", OutputPath="$.r.got")),
    "no answer": machine(task(ResultPath=None)),
    "a short time": machine(task(TimeoutSeconds=5, OutputPath="$.Payload")),
    "a Wait": machine({"Type": "Wait", "Seconds": 7, "End": True}),
    "a Succeed": machine({"Type": "Succeed", "OutputPath": "$.l"}),
    "a Fail": machine({"Type": "Fail", "Error": "E", "Cause": "C"}),
    "a Fail from the input": machine({"Type": "Fail", "ErrorPath": "$.s", "CausePath": "$.s"}),
}


@pytest.fixture(scope="module")
def moto() -> Iterator[MotoEngine]:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with MotoEngine.running() as engine:
            yield engine
    finally:
        logging.disable(before)


@pytest.mark.parametrize("name", SMALL)
def test_a_small_definition_should_give_what_it_gives_in_moto(moto: MotoEngine, name: str) -> None:
    script = Script({"PostProcessing": [Gives({"p": [1]})]}, input=DATA)
    moto.create(SMALL[name])
    ours = VirtualEngine(script, SMALL[name]).run()
    assert ours.without_wording() == moto.run(script).without_wording()


REFUSED: dict[str, dict[str, Any]] = {
    "a field": machine(task(HeartbeatSeconds=5)),
    "a field of the machine": {**machine(task()), "TimeoutSeconds": 5},
    "a type": machine({"Type": "Map", "End": True}),
    "a resource": machine(task(Resource="arn:aws:states:::sqs:sendMessage")),
    "a parameter": machine(task(Parameters={"FunctionName": "A", "Payload": {}, "Qualifier": "1"})),
    "a path": picked(InputPath="$.a[0]"),
    "an intrinsic function": picked(Parameters={"x.$": "States.UUID()"}),
    "a part of the context": picked(Parameters={"x.$": "$$.StateMachine.Id"}),
    "a comparison": choice(Variable="$.a", TimestampEquals="2026-11-21T00:00:00Z"),
    "a comparison with the wrong thing": choice(Variable="$.a", NumericEquals="1"),
    "a rule of two": choice(Variable="$.a", NumericEquals=1, IsPresent=True),
    "a next state": picked(Next="B") | {"StartAt": "A"},
    "a state that is not there": machine({"Type": "Pass", "Next": "B"}),
    "a start that is not there": {**picked(), "StartAt": "B"},
    "no next state": machine({"Type": "Pass"}),
    "two waits": machine({"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "End": True}),
    "a time of zero": machine(task(TimeoutSeconds=0)),
    "a wait of half a second": machine({"Type": "Wait", "Seconds": 0.5, "End": True}),
    "States.ALL with others": machine(task(Catch=[{"ErrorEquals": ["States.ALL", "E"], "Next": "A"}])),
    "a retry": machine(task(Retry=[{"ErrorEquals": ["E"], "JitterStrategy": "HALF"}])),
    "a field of a retry": machine(task(Retry=[{"ErrorEquals": ["E"], "Interval": 1}])),
    "a field of a catch": machine(task(Catch=[{"ErrorEquals": ["E"], "Next": "A", "Assign": {}}])),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_understood_should_be_refused(what: str) -> None:
    with pytest.raises(UnknownCall):
        StateMachine.of(ARN, REFUSED[what])


def test_what_a_template_gives_should_share_nothing_with_the_data() -> None:
    data = {"a": {"b": [1]}}
    made = asl.template({"x.$": "$.a", "all.$": "$"}).make(data, lambda name: name)
    made["x"]["b"].append(2)
    made["all"]["a"]["c"] = 3
    assert data == {"a": {"b": [1]}}


def test_placing_should_leave_the_data_as_they_were() -> None:
    data = {"a": {"b": 1}}
    assert asl.placed(data, ("a", "c"), 2) == {"a": {"b": 1, "c": 2}}
    assert data == {"a": {"b": 1}}


def test_placing_into_what_has_no_names_should_be_an_error() -> None:
    with pytest.raises(asl.Failure) as error:
        asl.placed({"a": "text"}, ("a", "c"), 2)
    assert error.value.error == "States.ResultPathMatchFailure"


def test_the_bound_of_a_template_should_never_be_too_low() -> None:
    parameters = {
        "x": "ä\u0000" * 50,
        "y.$": "$",
        "z": [{"w.$": "$.t"}, None, 1.5, True, '\\"'],
        "ü.$": "$$.State.Name",
    }
    data, template = {"t": "ß" * 100}, asl.template(parameters)
    given, context = len(json.dumps(data, ensure_ascii=False).encode()), "n" * 80
    made = template.make(data, lambda _name: context)
    bound = template.own + template.of_input * given + template.of_context * (len(context) + 2)
    assert len(json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()) <= bound
