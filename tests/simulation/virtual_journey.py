"""Our Step Functions in virtual time on a scripted journey."""

import json
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any

from tests.simulation.execution import Execution
from tests.simulation.journeys import DEFINITION, TIMEOUT, Answer, Fails, Journey, Player, Script, Succeeds
from tests.simulation.schedule import Schedule
from tests.simulation.step_functions import StepFunctions
from tests.simulation.task_visit import LambdaResult

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:machine"
START = 1_800_000_000.0
YEAR = 365 * 86_400.0


class LongestPause(Random):
    """Draws the longest pause there can be."""

    def uniform(self, a: float, b: float) -> float:
        """b"""
        return max(a, b)


class VirtualEngine:
    """A machine, its clock, and functions that take a second and play a script."""

    def __init__(self, script: Script, definition: dict[str, Any] | None = None, **settings: Any) -> None:
        self.clock = Schedule(START)
        self.ended: list[Execution] = []
        self.tokens: list[str] = []
        self.player = Player(script)
        self.script = script
        self.service = StepFunctions(self.clock, LongestPause(), self._invoke, self.ended.append, **settings)
        self.service.create(ARN, definition or DEFINITION)

    def start(self, name: str = "journey") -> Execution:
        """An execution that has just begun."""
        request = {"stateMachineArn": ARN, "name": name, "input": json.dumps(self.script.input)}
        self.service.call("StartExecution", request)
        return self.service.executions[-1]

    def run(self, name: str = "journey") -> Journey:
        """One execution from its start to its end."""
        execution = self.start(name)
        while not self.ended and self.clock.step():
            pass
        events = list(execution.history.kept)
        waits = [event.at for event in events if event.type in {"WaitStateEntered", "WaitStateExited"}]
        names = [event.details["name"] for event in events if event.type.endswith("StateEntered")]
        pauses: list[tuple[float, float]] = list(zip(waits[::2], waits[1::2], strict=False))
        for last, following in pairwise(events):
            if last.type in {"TaskFailed", "TaskTimedOut"} and following.type == "TaskScheduled":
                pauses.append((last.at, following.at))
        return Journey(
            execution.status,
            None if execution.output is None else json.loads(execution.output),
            execution.error,
            execution.cause,
            [event.type for event in events],
            [name for name in names if name],
            self.player.calls,
            [round(end - begin, 5) for begin, end in sorted(pauses)],
        )

    def _invoke(self, function: str, payload: dict[str, Any], done: Any) -> None:
        outcome, answer = self.player.outcome(function, payload)
        result: LambdaResult = outcome.result()
        if "taskToken" in payload:
            self.tokens.append(payload["taskToken"])
        self.clock.at(self.clock.now() + 1, partial(done, result))
        if answer is not None and answer != TIMEOUT:
            self.clock.at(self.clock.now() + 2, partial(self.answer, payload["taskToken"], answer))

    def answer(self, token: str, answer: Answer) -> None:
        """Answers a token as the script says."""
        if isinstance(answer, Succeeds):
            self.service.call("SendTaskSuccess", {"taskToken": token, "output": json.dumps(answer.output)})
        elif isinstance(answer, Fails):
            self.service.call("SendTaskFailure", {"taskToken": token, "error": answer.error, "cause": answer.cause})
