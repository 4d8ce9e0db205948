"""The states of a state machine, compiled.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from collections.abc import Collection
from dataclasses import dataclass
from random import Random

from tests.simulation.asl import RUNTIME, Path, Rule, Template

ALL, TASK_FAILED, TIMEOUT = "States.ALL", "States.TaskFailed", "States.Timeout"
DATA_LIMIT_EXCEEDED, NO_CHOICE_MATCHED = "States.DataLimitExceeded", "States.NoChoiceMatched"


@dataclass(frozen=True, slots=True)
class Retrier:
    """When and how often a task is tried again.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error
    """

    errors: frozenset[str]
    interval: float
    most: int
    rate: float
    longest: float
    jitter: bool

    def delay(self, attempts: int, rng: Random) -> float:
        """Seconds before the next try, after `attempts` that this retrier has made."""
        seconds = min(self.interval * self.rate**attempts, self.longest)
        return rng.uniform(0, seconds) if self.jitter else seconds


@dataclass(frozen=True, slots=True)
class Catcher:
    """Where to go with an error; `place` is None if the error is thrown away."""

    errors: frozenset[str]
    place: tuple[str, ...] | None
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What every state has. `next` is None where the execution ends."""

    name: str
    kind: str
    input: Path | None
    output: Path | None
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(State):
    """Invokes a Lambda function, and then waits for a token if `token`."""

    token: bool
    parameters: Template
    selector: Template | None
    place: tuple[str, ...] | None
    timeout: Path | None
    retry: tuple[Retrier, ...]
    catch: tuple[Catcher, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(State):
    """Goes to the state of the first rule that holds, else to `next`."""

    choices: tuple[tuple[Rule, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(State):
    """Lets time pass."""

    seconds: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(State):
    """Makes something of its input."""

    result: Template | None
    place: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeed(State):
    """A good end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(State):
    """A bad end."""

    error: Path
    cause: Path


type AnyState = Task | Choice | Wait | Pass | Succeed | Fail


def matches(errors: Collection[str], error: str) -> bool:
    """Whether an ErrorEquals names this error.

    `States.ALL` leaves out States.Runtime and States.DataLimitExceeded, and `States.TaskFailed` States.Timeout:
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html. States.Runtime always ends the
    execution, and States.DataLimitExceeded is called terminal, so no wildcard takes it.
    """
    if error == RUNTIME:
        return False
    if error in errors:
        return True
    if error == DATA_LIMIT_EXCEEDED:
        return False
    return ALL in errors or (TASK_FAILED in errors and error != TIMEOUT)
