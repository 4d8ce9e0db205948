"""Moto's Step Functions engine on a scripted journey, without waiting for anything."""

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import moto.stepfunctions.parser.asl.component.common.retry.jitter_strategy_decl as jitter
import moto.stepfunctions.parser.asl.component.common.retry.retrier_decl as retrier
import moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils as lambda_steps
import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from local.credentials import ACCOUNT, REGION
from local.patches import Patches
from local.step_functions import StepFunctions as Mended
from tests.simulation.journeys import TIMEOUT, Fails, Journey, Player, Raises, Script, Succeeds, Throttled


class MotoEngine:
    """Runs one journey at a time, each after a `create`. Use within `MotoEngine.running()`."""

    def __init__(self) -> None:
        self._backend: Any = stepfunctions_parser_backends[ACCOUNT][REGION]
        self._arn = ""
        self._over = threading.Event()
        self._player = Player(Script())
        self._pauses: list[float] = []
        self._answered = False

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["MotoEngine"]:
        """Moto, mended as on the laptop, but with nobody waiting."""
        patches, patched = Patches(), pytest.MonkeyPatch()
        engine = cls()
        mended = Mended("http://127.0.0.1", REGION, lambda _execution: engine._over.set())
        mended.install(patches)

        def wait_interval(self: WaitFunction, env: Any, wait_seconds: int) -> None:  # noqa: ARG001
            engine._pauses.append(wait_seconds)

        def wait_for_token(self: Any, timeout_seconds: int, callback_endpoint: Any) -> Any:  # noqa: ARG001
            return callback_endpoint.get_outcome() if engine._answered else None

        patches.replace(WaitFunction, "_wait_interval", lambda _original: wait_interval)
        patches.replace(StateTaskServiceCallback, "_wait_for_task_token_timeout", lambda _original: wait_for_token)
        patched.setattr(lambda_steps, "boto_client_for", lambda **_which: engine)
        patched.setattr(retrier, "time", SimpleNamespace(sleep=engine._pauses_for))
        patched.setattr(jitter, "random", SimpleNamespace(uniform=lambda _least, most: most))
        try:
            yield engine
        finally:
            mended.stop()
            mended.join()
            patched.undo()
            patches.undo()
            engine._backend.reset()

    def create(self, definition: Any) -> None:
        """The state machine that is run from now on."""
        name, role = "machine", f"arn:aws:iam::{ACCOUNT}:role/machine"
        self._backend.reset()
        self._arn = self._backend.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role).arn

    def run(self, script: Script) -> Journey:
        """The only execution of the state machine, from its start to its end."""
        self._player, self._pauses = Player(script), []
        self._over.clear()
        execution: Execution = self._backend.start_execution(self._arn, "journey", json.dumps(script.input))
        if not self._over.wait(30):
            raise TimeoutError(f"moto does not come to an end with {script}")
        events: Any = execution.to_history_output()["events"]
        states = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
        return Journey(
            execution.status,
            execution.output,
            execution.error,
            execution.cause,
            [event["type"].value for event in events],
            states,
            self._player.calls,
            [round(pause, 5) for pause in self._pauses],
        )

    def invoke(self, **request: Any) -> dict[str, Any]:
        """Moto's Lambda client."""
        payload = json.loads(request["Payload"])
        outcome, answer = self._player.outcome(request["FunctionName"], payload)
        if isinstance(outcome, Throttled):
            error: Any = {
                "Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."},
                "ResponseMetadata": {"HTTPStatusCode": 429, "RequestId": "1"},
            }
            raise ClientError(error, "Invoke")
        self._answered = answer is not None and answer != TIMEOUT
        if isinstance(answer, Succeeds):
            self._backend.send_task_success(payload["taskToken"], json.dumps(answer.output))
        elif isinstance(answer, Fails):
            self._backend.send_task_failure(payload["taskToken"], error=answer.error, cause=answer.cause)
        result = outcome.result()
        failed = {"FunctionError": "Unhandled"} if isinstance(outcome, Raises) else {}
        text = result.cause if failed else result.payload
        return {"Payload": io.BytesIO(text.encode()), "StatusCode": 200, "ExecutedVersion": "$LATEST", **failed}

    def _pauses_for(self, seconds: float) -> None:
        self._pauses.append(seconds)
