"""One execution environment of one function: imports the handler once, then answers invocations one at a time.

Started by `local.lambdas` as a program of its own (`python -P lambda_worker.py FD`), with nothing on its path but the
function's code and layers. Requests and answers are JSON lines on the socket FD; what is printed is the function's log.
When the other end of the socket is gone, the program ends: no worker outlives the laptop world.
"""

import importlib
import json
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

Handler = Callable[[Any, "Context"], Any]


class Context:
    """The context object of the Python runtime.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    identity = None
    client_context = None
    function_version = "$LATEST"

    def __init__(self, arn: str, request_id: str, seconds: float) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn = arn
        self.aws_request_id = request_id
        self._deadline = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is killed; never below zero."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class InitError(Exception):
    """The handler could not be imported; `kind` is the error type that Lambda gives it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def load(name: str) -> Handler:
    """The handler called `module.function`. Raises `InitError`."""
    module_name, _, function_name = name.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        traceback.print_exc()
        raise InitError("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    handler = getattr(module, function_name, None)
    if not callable(handler):
        raise InitError("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'")
    return handler  # type: ignore[no-any-return]


def failure(kind: str, message: str, request_id: str, stack: list[str], *, last: bool = False) -> bytes:
    """What a caller gets when the function failed: the shape that Step Functions takes `errorType` from.

    `last` says that this environment answers no more.
    """
    body = {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": stack}
    return json.dumps({"error": "Unhandled", "payload": body, "last": last}).encode()


def run(handler: Handler, event: Any, context: Context) -> bytes:
    """One invocation: the answer as one JSON line without its end."""
    try:
        result = handler(event, context)
    except Exception as error:  # every exception of a handler is the caller's to see, whatever it is
        frames = traceback.format_tb(error.__traceback__)[1:]
        kind = type(error).__name__
        sys.stdout.write(f"[ERROR] {kind}: {error}\nTraceback (most recent call last):\n{''.join(frames)}")
        return failure(kind, str(error), context.aws_request_id, frames)
    try:
        return json.dumps({"error": None, "payload": result}).encode()
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        return failure("Runtime.MarshalError", message, context.aws_request_id, [])


def main(channel: socket.socket) -> None:
    """Answer invocations until the channel closes, or until the handler could not be imported."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal reaches every process; the world ends us
    handler: Handler | None = None
    with channel, channel.makefile("rwb") as stream:
        for line in stream:
            request = json.loads(line)
            request_id, started = request["request_id"], time.monotonic()
            sys.stdout.write(f"START RequestId: {request_id} Version: $LATEST\n")
            try:
                handler = handler or load(os.environ["_HANDLER"])
            except InitError as error:
                answer = failure(error.kind, str(error), request_id, [], last=True)
            else:
                answer = run(handler, request["event"], Context(request["arn"], request_id, request["seconds"]))
            milliseconds = (time.monotonic() - started) * 1000
            sys.stdout.write(f"END RequestId: {request_id}\n")
            sys.stdout.write(f"REPORT RequestId: {request_id} Duration: {milliseconds:.2f} ms\n")
            sys.stdout.flush()
            stream.write(answer + b"\n")
            stream.flush()
            if handler is None:
                return  # as Lambda does: the next invocation gets a new environment, and perhaps mended code


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
