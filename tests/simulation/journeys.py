"""Scripted functions for `statemachine.asl.json`, so that two engines can be led along the same way."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from local.template import ROOT
from tests.simulation.task_visit import LambdaResult

DEFINITION: dict[str, Any] = json.loads(re.sub(r"\$\{(\w+)\}", r"\1", (ROOT / "statemachine.asl.json").read_text()))
"""The state machine with each function called by its logical id."""

TASK = "task-1"
TIMEOUT = "nobody answers"


@dataclass(frozen=True)
class Gives:
    """A function returns this."""

    payload: Any

    def result(self) -> LambdaResult:
        """As Lambda reports it."""
        return LambdaResult(json.dumps(self.payload))


@dataclass(frozen=True)
class Raises:
    """A function raises an error of this name."""

    error: str

    def result(self) -> LambdaResult:
        """As Lambda reports it."""
        return LambdaResult(error=self.error, cause=f'{{"errorMessage":"so it goes","errorType":"{self.error}"}}')


@dataclass(frozen=True)
class Throttled:
    """Lambda does not invoke the function."""

    def result(self) -> LambdaResult:
        """As Step Functions reports it."""
        cause = (
            "Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException; "
            "Request ID: 1; Proxy: null)"
        )
        return LambdaResult(error="Lambda.TooManyRequestsException", cause=cause)


@dataclass(frozen=True)
class Succeeds:
    """The token is answered with an output."""

    output: Any


@dataclass(frozen=True)
class Fails:
    """The token is answered with an error."""

    error: str
    cause: str = ""


type Outcome = Gives | Raises | Throttled
type Answer = Succeeds | Fails | str


def transformed(is_done: bool = True, **more: Any) -> Gives:
    """What Transformation returns."""
    return Gives({"taskId": TASK, "level": 1, "isDoneTransforming": is_done, **more})


def sent(
    is_all: bool = True, again: Any = 432_000, gather: Any = 60, level: int = 1, is_continued: bool = False
) -> Gives:
    """What TriggerLabeling returns."""
    answer = {"isAllSent": is_all, "isContinued": is_continued, "sendAgainInSeconds": again, "gatherSeconds": gather}
    return Gives({"taskId": TASK, "level": level, **answer})


def completed(level: int = 1, *, is_last: bool = False, is_continued: bool = False, **more: Any) -> Succeeds:
    """What the token of CheckForCompletion is answered with."""
    return Succeeds({"taskId": TASK, "level": level, "isLastLevel": is_last, "isContinued": is_continued, **more})


LAST_LEVEL = completed(is_last=True)
NEXT_LEVEL = completed(2)
GOOD: dict[str, Outcome] = {
    "Transformation": transformed(),
    "TriggerLabeling": sent(),
    "CheckForCompletion": Gives(None),
    "PostProcessing": Gives({"taskId": TASK}),
    "BatchError": Gives(None),
}
"""What functions do when their script is at its end."""


@dataclass(frozen=True)
class Script:
    """What functions do one time after the other, and how the tokens of CheckForCompletion are answered."""

    functions: Mapping[str, Sequence[Outcome]] = field(default_factory=dict)
    answers: Sequence[Answer] = ()
    input: Any = field(default_factory=lambda: {"taskId": TASK})


class Player:
    """Plays a script once; `calls` has each invocation, without what differs between engines."""

    def __init__(self, script: Script) -> None:
        self._functions = {name: iter(outcomes) for name, outcomes in script.functions.items()}
        self._answers = iter(script.answers)
        self.calls: list[tuple[str, Any]] = []

    def outcome(self, function: str, payload: dict[str, Any]) -> tuple[Outcome, Answer | None]:
        """What the function does, and if it has parked a token, how that is answered."""
        self.calls.append(
            (
                function,
                {k: v for k, v in payload.items() if k not in {"taskToken", "enteredTime", "execution", "startTime"}},
            )
        )
        outcome = next(self._functions.get(function, iter(())), GOOD[function])
        if function == "CheckForCompletion" and isinstance(outcome, Gives):
            return outcome, next(self._answers, LAST_LEVEL)
        return outcome, None


@dataclass(frozen=True)
class Journey:
    """What became of an execution. `pauses` are those of Wait states and before retries, in seconds."""

    status: str
    output: Any
    error: str | None
    cause: str | None
    events: list[str]
    states: list[str]
    calls: list[tuple[str, Any]]
    pauses: list[float]

    def without_wording(self) -> "Journey":
        """The same, without what an engine itself says about a States.Runtime, which is nobody's interface."""
        return replace(self, cause=None) if self.error == "States.Runtime" else self

    def ways(self) -> set[tuple[str, str]]:
        """From which state to which it went."""
        return set(pairwise(self.states))
