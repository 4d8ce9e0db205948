"""The application's state machine in virtual time, beside moto's engine on the same scripted ways."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.journeys import (
    DEFINITION,
    LAST_LEVEL,
    NEXT_LEVEL,
    TASK,
    TIMEOUT,
    Fails,
    Gives,
    Raises,
    Script,
    Throttled,
    completed,
    sent,
    transformed,
)
from tests.simulation.moto_journey import MotoEngine
from tests.simulation.payload import size, text_of
from tests.simulation.virtual_journey import VirtualEngine

FIRST = ["Transformation", "IsDoneTransforming", "TriggerLabeling", "CheckForCompletion"]
LAST = ["IsLastLevel", "PostProcessing", "Complete"]
AGAIN = ["TriggerLabeling", "CheckForCompletion"]
BAD = ["BatchError", "Failed"]
EXPIRED, BROKEN = Fails("expired", "an object expired"), Raises("ValueError")

WAYS: dict[str, tuple[Script, str, list[str]]] = {
    "straight": (Script(), "SUCCEEDED", FIRST + LAST),
    "in slices": (
        Script({"Transformation": [transformed(is_done=False)] * 2}),
        "SUCCEEDED",
        ["Transformation", "IsDoneTransforming", "WaitForTransformComplete"] * 2 + FIRST + LAST,
    ),
    "sent in parts": (
        Script({"TriggerLabeling": [sent(is_all=False, again=3)]}, answers=[TIMEOUT]),
        "SUCCEEDED",
        [*FIRST, *AGAIN, *LAST],
    ),
    "gone on elsewhere": (
        Script({"TriggerLabeling": [sent(is_all=False, is_continued=True)]}, answers=[completed(is_continued=True)]),
        "SUCCEEDED",
        [*FIRST, "IsLastLevel", "Continued"],
    ),
    "two levels": (
        Script(answers=[NEXT_LEVEL]),
        "SUCCEEDED",
        [*FIRST, "IsLastLevel", *AGAIN, *LAST],
    ),
    "sent again in time": (Script(answers=[TIMEOUT, TIMEOUT]), "SUCCEEDED", FIRST + AGAIN * 2 + LAST),
    "expired": (Script(answers=[EXPIRED]), "SUCCEEDED", [*FIRST, "LetExpiriesGather", *AGAIN, *LAST]),
    "objects failed": (Script(answers=[Fails("ObjectsFailed", "two of them")]), "FAILED", FIRST + BAD),
    "an error without a name": (Script(answers=[Fails("")] * 7), "FAILED", FIRST + BAD),
    "an output that is no object": (
        Script({"PostProcessing": [Gives(None)]}),
        "SUCCEEDED",
        FIRST + LAST,
    ),
    "refused": (Script({"Transformation": [Raises("ClipRefused")]}), "FAILED", ["Transformation", *BAD]),
    "tried again": (Script({"Transformation": [BROKEN, Throttled(), BROKEN]}), "SUCCEEDED", FIRST + LAST),
    "tried too often": (Script({"Transformation": [BROKEN] * 7}), "FAILED", ["Transformation", *BAD]),
    "tried again at each visit": (
        Script({"TriggerLabeling": [BROKEN] * 5 + [sent()] + [BROKEN] * 5}, answers=[TIMEOUT]),
        "SUCCEEDED",
        [*FIRST, *AGAIN, *LAST],
    ),
    "each retrier on its own": (
        Script({"TriggerLabeling": [Raises("LabelingJobNotReady"), BROKEN] * 6}),
        "SUCCEEDED",
        FIRST + LAST,
    ),
    "not ready for long": (
        Script({"TriggerLabeling": [Raises("LabelingJobNotReady")] * 15}),
        "SUCCEEDED",
        FIRST + LAST,
    ),
    "sending fails": (Script({"TriggerLabeling": [Raises("ManifestRefused")]}), "FAILED", FIRST[:3] + BAD),
    "parking fails": (Script({"CheckForCompletion": [BROKEN] * 7}), "FAILED", FIRST + BAD),
    "parked late": (Script({"CheckForCompletion": [BROKEN, Throttled()]}), "SUCCEEDED", FIRST + LAST),
    "the end fails": (Script({"PostProcessing": [Raises("TaskNotFound")]}), "FAILED", FIRST + LAST[:2] + BAD),
    "even that fails": (
        Script({"Transformation": [Raises("ClipRefused")], "BatchError": [BROKEN] * 7}),
        "FAILED",
        ["Transformation", *BAD],
    ),
    "a wait that is no number": (
        Script({"TriggerLabeling": [sent(gather="60")]}, answers=[EXPIRED]),
        "FAILED",
        [*FIRST, "LetExpiriesGather"],
    ),
    "a wait that is negative": (
        Script({"TriggerLabeling": [sent(gather=-1)]}, answers=[EXPIRED]),
        "FAILED",
        [*FIRST, "LetExpiriesGather"],
    ),
}


@dataclass(frozen=True)
class Gap:
    """Where moto's engine, as mended in `local.step_functions`, is wrong: why, and what shows it."""

    why: str
    page: str
    script: Script
    ours: tuple[str, str | None, str]
    """Status, error and the last event before the end."""
    definition: dict[str, Any] = field(default_factory=lambda: DEFINITION)


ERRORS = "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"
MOTO_GAPS: dict[str, Gap] = {
    "a Choice about something that is not there takes the Default": Gap(
        "a path that leads nowhere is an error, unless IsPresent asks for it",
        "https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html",
        Script({"Transformation": [Gives({"taskId": TASK})]}),
        ("FAILED", "States.Runtime", "ChoiceStateEntered"),
    ),
    "States.Runtime in a Task is written down as a TaskFailed": Gap(
        "no task was scheduled that could fail",
        ERRORS,
        Script(input={}),
        ("FAILED", "States.Runtime", "TaskStateEntered"),
    ),
    "a TimeoutSecondsPath may lead to zero": Gap(
        "it must be a positive integer",
        "https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html",
        Script({"TriggerLabeling": [sent(again=0)]}),
        ("FAILED", "States.Runtime", "TaskStateEntered"),
    ),
    "data may have any size": Gap(
        "262,144 bytes are the most; States.ALL does not catch this",
        "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html",
        Script({"Transformation": [transformed(more="x" * 262_144)]}),
        ("FAILED", "States.DataLimitExceeded", "TaskFailed"),
    ),
    "a Choice without a match fails with States.Runtime": Gap(
        "it has an error of its own",
        ERRORS,
        Script(input={"n": 1}),
        ("FAILED", "States.NoChoiceMatched", "ChoiceStateEntered"),
        {
            "StartAt": "A",
            "States": {"A": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 2, "Next": "A"}]}},
        },
    ),
    "an execution may have any number of events": Gap(
        "the 25,000th must be an ExecutionSucceeded",
        "https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-history-limit",
        Script({"Transformation": [transformed(is_done=False)] * 2_800}),
        ("FAILED", "States.Runtime", "TaskStateExited"),
    ),
}


@pytest.fixture(scope="module")
def moto() -> Iterator[MotoEngine]:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # moto reports each error of a script
    try:
        with MotoEngine.running() as engine:
            yield engine
    finally:
        logging.disable(before)


def assert_both_go_the_same_way(moto: MotoEngine, script: Script) -> None:
    moto.create(DEFINITION)
    ours = VirtualEngine(script).run()
    assert ours.without_wording() == moto.run(script).without_wording()


@pytest.mark.parametrize("way", WAYS)
def test_every_way_should_lead_where_it_leads_in_moto(moto: MotoEngine, way: str) -> None:
    script, status, states = WAYS[way]
    ours = VirtualEngine(script).run()
    assert (ours.status, ours.states) == (status, states)
    assert_both_go_the_same_way(moto, script)


def test_every_transition_of_the_definition_should_have_been_gone() -> None:
    gone = set[tuple[str, str]]().union(*(VirtualEngine(script).run().ways() for script, _, _ in WAYS.values()))
    there = {
        (name, following)
        for name, state in DEFINITION["States"].items()
        for following in [
            *(choice["Next"] for choice in state.get("Choices", [])),
            *(catch["Next"] for catch in state.get("Catch", [])),
            *(state[field] for field in ("Next", "Default") if field in state),
        ]
    }
    assert gone == there


ANY_ERROR = st.sampled_from(
    [
        *map(Raises, ["ClipRefused", "LabelingJobNotReady", "LabelingJobNotRunning", "TaskNotFound", "ValueError"]),
        *map(Raises, ["Sandbox.Timedout", "Lambda.Unknown", "expired", "ObjectsFailed"]),
        Throttled(),
    ]
)


def outcomes(good: st.SearchStrategy[Gives]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.one_of(good, ANY_ERROR, good), max_size=5)


SCRIPTS = st.builds(
    Script,
    st.fixed_dictionaries(
        {},
        optional={
            "Transformation": outcomes(st.builds(transformed, st.booleans())),
            "TriggerLabeling": outcomes(
                st.builds(sent, st.booleans(), st.sampled_from([3, 432_000]), st.sampled_from([0, 60, -1, "1", None]))
            ),
            "CheckForCompletion": outcomes(st.just(Gives(None))),
            "PostProcessing": outcomes(st.sampled_from([Gives({}), Gives(None), Gives([1, "ä"])])),
            "BatchError": outcomes(st.just(Gives({"any": "thing"}))),
        },
    ),
    st.lists(
        st.sampled_from(
            [
                TIMEOUT,
                EXPIRED,
                LAST_LEVEL,
                NEXT_LEVEL,
                completed(is_continued=True),
                Fails("ObjectsFailed", "all"),
                Fails(""),
                completed(2, more={"deep": [None, 1.5]}),
            ]
        ),
        max_size=5,
    ),
)


@given(SCRIPTS)
@settings(derandomize=True, max_examples=80, database=None)
def test_any_way_should_lead_where_it_leads_in_moto(moto: MotoEngine, script: Script) -> None:
    assert_both_go_the_same_way(moto, script)


@given(SCRIPTS)
@settings(derandomize=True, max_examples=100, database=None)
def test_the_data_should_never_be_larger_than_they_are_held_to_be(script: Script) -> None:
    engine = VirtualEngine(script)
    execution = engine.start()
    while not engine.ended:
        assert size(text_of(execution.data)) <= execution.bound
        assert engine.clock.step()


@pytest.mark.parametrize("gap", [gap for gap in MOTO_GAPS if "number of events" not in gap])
def test_moto_should_still_be_wrong_where_it_is_said_to_be(moto: MotoEngine, gap: str) -> None:
    script, definition = MOTO_GAPS[gap].script, MOTO_GAPS[gap].definition
    moto.create(definition)
    ours = VirtualEngine(script, definition).run()
    assert ours.without_wording() != moto.run(script).without_wording()


@pytest.mark.parametrize("gap", MOTO_GAPS)
def test_ours_should_be_right_where_moto_is_wrong(gap: str) -> None:
    ours = VirtualEngine(MOTO_GAPS[gap].script, MOTO_GAPS[gap].definition).run()
    assert (ours.status, ours.error, ours.events[-2]) == MOTO_GAPS[gap].ours
    assert ours.events[-1] == "ExecutionFailed"
