"""What moto's Step Functions engine does differently from Step Functions, put right.

Moto (5.2.5) runs the state machine itself; mended here:

* a task token is valid for one attempt of one task and is answered once: a token that is late, spent, or of an
  execution that has ended gets `TaskTimedOut`, as in
  https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
* `StopExecution` ends an execution that waits for a token, and keeps its error and cause
* `States.ALL` lets `States.Runtime` and `States.DataLimitExceeded` pass:
  https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
* `StartExecution` without a name takes a new one, and checks names one caller at a time
* the engine's Lambda client is made once, not for every step
* a definition is parsed once, not for every execution, which was half of what a laptop world did

Not mended: a `Catch` whose `Next` is its own state goes to the state's `Next` instead; JSONata does not run.
A waiting execution costs three sleeping threads.
"""
# ruff: noqa: SLF001 - mending another package is work on its private parts

import threading
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

import moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils as lambda_steps
from botocore.config import Config
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.stepfunctions.exceptions import InvalidName
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackOutcomeFailure, CallbackOutcomeSuccess
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramRunning
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends
from moto.stepfunctions.parser.utils import TMP_THREADS
from moto.stepfunctions.responses import StepFunctionResponse

from local import credentials
from local.credentials import ACCOUNT
from local.patches import Patches
from local.task_tokens import TaskTokens

MAX_NAME = 80
"""Characters in an execution's name: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""

UNCAUGHT_BY_ALL = tuple(
    StatesErrorName(typ=kind)
    for kind in (StatesErrorNameType.StatesRuntime, StatesErrorNameType.StatesStatesDataLimitExceeded)
)


class StepFunctions:
    """The engine's tokens and executions. `on_end` is called once for each execution that has ended."""

    def __init__(self, endpoint_url: str, region: str, on_end: Callable[[Execution], None]) -> None:
        self._endpoint_url = endpoint_url
        self._region = region
        self._on_end = on_end
        self._tokens = TaskTokens()
        self._lock = threading.RLock()
        self._silent = False

    def install(self, patches: Patches) -> None:
        """Mend moto."""
        patches.replace(StateTaskService, "_eval_execution", self._token_for_each_attempt)
        patches.replace(StepFunctionsParserBackend, "send_task_success", self._send_task_success)
        patches.replace(StepFunctionsParserBackend, "send_task_failure", self._send_task_failure)
        patches.replace(StepFunctionsParserBackend, "start_execution", self._start_execution)
        patches.replace(StepFunctionResponse, "send_task_failure", _failure_with_cause)
        patches.replace(StepFunctionResponse, "stop_execution", _stop_with_cause)
        patches.replace(ExecutionWorker, "stop", _wake_to_stop)
        patches.replace(Execution, "stop", _aborted_at_once)
        patches.replace(BaseExecutionWorkerCommunication, "terminated", self._terminated)
        patches.replace(Environment, "set_error", _unless_over)
        patches.replace(ErrorEqualsDecl, "_eval_body", _not_all)
        patches.replace(lambda_steps, "boto_client_for", self._client_made_once)
        patches.replace(ASLParser, "state_machine", _parsed_once)

    def running(self) -> list[Execution]:
        """Executions that have not ended."""
        backend: Any = stepfunctions_parser_backends[ACCOUNT][self._region]  # typed for the engine that only pretends
        executions = [execution for machine in backend.state_machines for execution in machine.executions]
        return [execution for execution in executions if execution.exec_status == ExecutionStatus.RUNNING]

    def stop(self) -> None:
        """End every execution without a word."""
        self._silent = True
        for execution in self.running():
            execution.stop(utcnow(), None, None)

    def join(self) -> None:
        """Wait for the threads of the executions, except those that pause before a retry."""
        for thread in TMP_THREADS:
            thread.join(timeout=1)
        TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]

    def _token_for_each_attempt(self, original: Callable[..., None]) -> Callable[..., None]:
        engine = self

        def _eval_execution(self: StateTaskService, env: Environment) -> None:
            if self.resource.condition != ResourceCondition.WaitForTaskToken:
                original(self, env)
                return
            token = env.states.context_object.update_task_token()
            with engine._tokens.waiting(token, env) as endpoint:
                env.callback_pool_manager._pool[token] = endpoint
                original(self, env)

        return _eval_execution

    def _send_task_success(self, _original: Callable[..., Any]) -> Callable[..., Any]:
        engine = self

        def send_task_success(self: StepFunctionsParserBackend, task_token: str, outcome: str) -> None:  # noqa: ARG001
            engine._tokens.answer(task_token, CallbackOutcomeSuccess(callback_id=task_token, output=outcome))

        return send_task_success

    def _send_task_failure(self, _original: Callable[..., Any]) -> Callable[..., Any]:
        engine = self

        def send_task_failure(
            self: StepFunctionsParserBackend,  # noqa: ARG001
            task_token: str,
            error: str | None = None,
            cause: str | None = None,
        ) -> None:
            outcome = CallbackOutcomeFailure(callback_id=task_token, error=error or "", cause=cause or "")
            engine._tokens.answer(task_token, outcome)

        return send_task_failure

    def _start_execution(self, original: Callable[..., Execution]) -> Callable[..., Execution]:
        engine = self

        def start_execution(
            self: StepFunctionsParserBackend,
            state_machine_arn: str,
            name: str | None = None,
            execution_input: str | None = None,
            trace_header: str | None = None,
        ) -> Execution:
            name = name or str(uuid.uuid4())
            if len(name) > MAX_NAME:
                raise InvalidName(f"Invalid Name: '{name}'")
            with engine._lock:
                return original(self, state_machine_arn, name, execution_input, trace_header)

        return start_execution

    def _terminated(self, original: Callable[..., None]) -> Callable[..., None]:
        engine = self

        def terminated(self: BaseExecutionWorkerCommunication) -> None:
            execution = self.execution
            aborted_at = execution.stop_date
            original(self)
            execution.stop_date = aborted_at or execution.stop_date
            _wake(execution.exec_worker)
            TMP_THREADS[:] = [thread for thread in TMP_THREADS if thread.is_alive()]
            if not engine._silent:
                engine._on_end(execution)

        return terminated

    def _client_made_once(self, _original: Callable[..., Any]) -> Callable[..., Any]:
        endpoint_url = self._endpoint_url

        @cache
        def client(region: str, service: str) -> Any:
            patient = Config(
                parameter_validation=False,
                retries={"total_max_attempts": 1},
                read_timeout=1000,  # a function may run for 900 seconds
                max_pool_connections=50,
            )
            return credentials.client(credentials.session(region), service, endpoint_url, patient)

        def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:  # noqa: ARG001
            return client(region, service)

        return boto_client_for


def _wake(worker: ExecutionWorker | None) -> None:
    if worker is not None and worker.env is not None:
        for endpoint in list(worker.env.callback_pool_manager._pool.values()):
            endpoint.interrupt_all()


def _wake_to_stop(original: Callable[..., None]) -> Callable[..., None]:
    def stop(self: ExecutionWorker, stop_date: Any, error: str | None, cause: str | None) -> None:
        original(self, stop_date, error, cause)
        _wake(self)

    return stop


def _aborted_at_once(original: Callable[..., None]) -> Callable[..., None]:
    """Callers see an execution as aborted when StopExecution returns, not when its last Lambda is through."""

    def stop(self: Execution, stop_date: Any, error: str | None, cause: str | None) -> None:
        if self.exec_status != ExecutionStatus.RUNNING:
            return
        original(self, stop_date, error, cause)
        self.exec_status, self.stop_date, self.error, self.cause = ExecutionStatus.ABORTED, stop_date, error, cause

    return stop


def _unless_over(original: Callable[..., None]) -> Callable[..., None]:
    """An execution that was stopped or timed out does not fail afterwards."""

    def set_error(self: Environment, error: Any) -> None:
        with self._state_mutex:
            if isinstance(self._program_state, ProgramRunning):
                original(self, error)

    return set_error


def _not_all(original: Callable[..., None]) -> Callable[..., None]:
    def _eval_body(self: ErrorEqualsDecl, env: Environment) -> None:
        if ErrorEqualsDecl._STATE_ALL_ERROR in self.error_names and env.stack[-1] in UNCAUGHT_BY_ALL:
            env.stack.pop()
            env.stack.append(False)
        else:
            original(self, env)

    return _eval_body


def _parsed_once(original: Callable[..., Any]) -> Callable[..., Any]:
    """The tree of a definition. What an execution does with it is made of it anew, so none disturbs another."""
    turn = threading.Lock()
    trees: dict[str, Any] = {}

    def state_machine(self: ASLParser) -> Any:
        definition = self.getTokenStream().tokenSource.inputStream.strdata
        with turn:
            tree = trees.get(definition)
            if tree is None:
                tree = original(self)
                # What has faults tells of them to whoever parses it.
                if not self.getNumberOfSyntaxErrors():
                    trees[definition] = tree
            return tree

    return state_machine


def _failure_with_cause(_original: Callable[..., Any]) -> Callable[..., Any]:
    def send_task_failure(self: StepFunctionResponse) -> EmptyResult:
        token, error, cause = (self._get_param(name) for name in ("taskToken", "error", "cause"))
        backend: Any = self.stepfunction_backend  # typed for the engine that only pretends
        backend.send_task_failure(token, error=error, cause=cause)
        return EmptyResult()

    return send_task_failure


def _stop_with_cause(_original: Callable[..., Any]) -> Callable[..., Any]:
    def stop_execution(self: StepFunctionResponse) -> ActionResult:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        execution.stop(utcnow(), self._get_param("error"), self._get_param("cause"))
        return ActionResult({"stopDate": execution.stop_date})

    return stop_execution
