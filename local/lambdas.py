"""Lambda on a laptop: moto keeps the functions, worker processes run the real handlers.

Workers start when they are first needed, since a cold start costs about 0.4 s of processor time, and stay until the
world ends.
"""

import base64
import contextlib
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from moto.awslambda_simple.models import LambdaSimpleBackend

from local.execution_environment import MAX_SYNCHRONOUS_BYTES, Answer, Function, Worker, failed
from local.patches import Patches

MAX_ASYNCHRONOUS_BYTES = 256 * 1024
"""Payload limit: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

ASYNCHRONOUS_ATTEMPTS = 3
"""Lambda tries an event again twice: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"""

LOG_TAIL_BYTES = 4096
"""`LogType=Tail` gives the last 4 KB: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""


class WorldEndedError(Exception):
    """A function was to be invoked although the laptop world is ending."""


class Lambdas:
    """The functions of the stack and their workers.

    `find` gives the current `Function` of a name; `concurrency` is how many workers one function may have at once
    (more invocations than that wait; Lambda would start more workers, a laptop has few processors).
    """

    def __init__(self, find: Callable[[str], Function], endpoint_url: str, logs: Path, concurrency: int = 2) -> None:
        self._find = find
        self._endpoint_url = endpoint_url
        self._logs = logs
        self._concurrency = concurrency
        self._slots: dict[str, threading.BoundedSemaphore] = {}
        self._idle: dict[str, list[Worker]] = {}
        self._all: set[Worker] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._later = ThreadPoolExecutor(max_workers=4, thread_name_prefix="lambda-async")
        logs.mkdir(parents=True, exist_ok=True)

    def invoke(self, name: str, event: bytes) -> Answer:
        """Run a function and wait for its answer. Raises `WorldEndedError`."""
        function = self._find(name)
        if len(event) > MAX_SYNCHRONOUS_BYTES:
            return failed("RequestEntityTooLargeException", f"{len(event)} bytes exceed {MAX_SYNCHRONOUS_BYTES}")
        with self._lock:
            slots = self._slots.setdefault(function.name, threading.BoundedSemaphore(self._concurrency))
        with slots:
            log = self._logs / f"{function.logical_id}.log"
            before = log.stat().st_size if log.exists() else 0
            worker = self._take(function, log)
            answer = worker.invoke(event, str(uuid.uuid4()))
            self._give_back(worker)
            with log.open("rb") as lines:
                lines.seek(max(before, log.stat().st_size - LOG_TAIL_BYTES))
                return Answer(answer.payload, answer.error, lines.read(LOG_TAIL_BYTES))

    def invoke_later(self, name: str, event: bytes) -> None:
        """Run a function in the background: again when it failed, as Lambda does, but a second later, not minutes."""

        def run() -> None:
            for _ in range(ASYNCHRONOUS_ATTEMPTS):
                with contextlib.suppress(WorldEndedError):
                    if self.invoke(name, event).error is None:
                        return
                self._stopped.wait(1)

        self._later.submit(run)

    def _take(self, function: Function, log: Path) -> Worker:
        with self._lock:
            if self._stopped.is_set():
                raise WorldEndedError(function.logical_id)
            idle = self._idle.setdefault(function.name, [])
            while idle:
                worker = idle.pop()
                if worker.function == function:
                    return worker
                self._all.discard(worker)
                worker.close()
            with log.open("ab") as lines:
                worker = Worker(function, self._endpoint_url, lines.fileno())
            self._all.add(worker)
            return worker

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            if worker.alive and not self._stopped.is_set():
                self._idle[worker.function.name].append(worker)
            else:
                self._all.discard(worker)
                worker.close()

    def stop(self) -> None:
        """End every worker, also those at work."""
        self._stopped.set()
        with self._lock:
            for worker in self._all:
                worker.terminate()
        self._later.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            for worker in self._all:
                worker.close()
            self._all.clear()

    def install(self, patches: Patches) -> None:
        """Make moto's `Invoke` run the real handlers: request/response, event and dry run."""

        def make(_original: Callable[..., Any]) -> Callable[..., Any]:
            def invoke(
                self: LambdaSimpleBackend,
                function_name: str,
                qualifier: str | None,
                body: Any,
                headers: Any,
                response_headers: dict[str, str],
            ) -> bytes:
                name = self.get_function(function_name, qualifier).function_name
                kind = headers.get("X-Amz-Invocation-Type") or "RequestResponse"
                event = body.encode() if isinstance(body, str) else body or b"{}"
                if kind == "DryRun":
                    return b""
                if kind == "Event":
                    if len(event) > MAX_ASYNCHRONOUS_BYTES:
                        raise ValueError(f"{len(event)} bytes exceed {MAX_ASYNCHRONOUS_BYTES}")
                    lambdas.invoke_later(name, event)
                    return b""
                try:
                    answer = lambdas.invoke(name, event)
                except WorldEndedError:  # nobody waits for the answer any more
                    answer = failed("Runtime.ExitError", "the laptop world is ending")
                if answer.error:
                    response_headers["x-amz-function-error"] = answer.error
                response_headers["x-amz-log-result"] = base64.b64encode(answer.log_tail).decode()
                return answer.payload

            return invoke

        lambdas = self
        patches.replace(LambdaSimpleBackend, "invoke", make)
