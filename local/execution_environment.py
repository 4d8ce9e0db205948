"""One function's worker process: what Lambda calls an execution environment, with the real handler in it.

It stays warm, takes one invocation at a time, and is killed when the function's timeout is over.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.credentials import ALONE, KEY_ID, SECRET

MAX_SYNCHRONOUS_BYTES = 6 * 1024 * 1024
"""Payload limit: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

WORKER = Path(__file__).with_name("lambda_worker.py")


@dataclass(frozen=True)
class Function:
    """All that running a function takes.

    `logical_id` is the template's name for it, `paths` are its code and its layers in the order of Python's path.
    """

    logical_id: str
    name: str
    arn: str
    handler: str
    timeout: float
    memory: int
    region: str
    environment: Mapping[str, str]
    paths: tuple[Path, ...]

    @classmethod
    def from_configuration(
        cls, logical_id: str, configuration: Mapping[str, Any], paths: tuple[Path, ...]
    ) -> "Function":
        """From the answer of `GetFunctionConfiguration`."""
        return cls(
            logical_id=logical_id,
            name=configuration["FunctionName"],
            arn=configuration["FunctionArn"],
            handler=configuration["Handler"],
            timeout=float(configuration["Timeout"]),
            memory=int(configuration["MemorySize"]),
            region=configuration["FunctionArn"].split(":")[3],
            environment={k: str(v) for k, v in configuration.get("Environment", {}).get("Variables", {}).items()},
            paths=paths,
        )

    def process_environment(self, endpoint_url: str) -> dict[str, str]:
        """The environment of a worker: what Lambda sets, the template's variables, and nothing of this process.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
        """
        return {
            **ALONE,
            "PATH": os.environ.get("PATH", ""),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": os.pathsep.join(str(path) for path in self.paths),
            "_HANDLER": self.handler,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "laptop",
            **self.environment,
        }


@dataclass(frozen=True)
class Answer:
    """What an invocation gave: a JSON payload, and `Unhandled` when the function failed."""

    payload: bytes
    error: str | None = None
    log_tail: bytes = b""


class Worker:
    """One worker process. `log` is a file descriptor that its output goes to."""

    def __init__(self, function: Function, endpoint_url: str, log: int) -> None:
        self.function = function
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own file
                [sys.executable, "-P", "-u", str(WORKER), str(theirs.fileno())],
                env=function.process_environment(endpoint_url),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
            )
        self._answers = self._channel.makefile("rb")
        self.alive = True

    def invoke(self, event: bytes, request_id: str) -> Answer:
        """Run the handler on a JSON event. A worker that ran out of time or died is not `alive` afterwards."""
        request = {"request_id": request_id, "arn": self.function.arn, "seconds": self.function.timeout}
        line = json.dumps(request)[:-1].encode() + b', "event": ' + json_line(event) + b"}\n"
        self._channel.settimeout(self.function.timeout)
        try:
            self._channel.sendall(line)
            answer = self._answers.readline()
        except TimeoutError:
            self.close()
            message = f"RequestId: {request_id} Error: Task timed out after {self.function.timeout:.2f} seconds"
            return failed("Sandbox.Timedout", message)
        except (OSError, ValueError):  # ValueError: `close` came from another thread
            answer = b""
        if not answer:
            self.close()
            code = self._process.returncode
            return failed("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited with status {code}")
        parsed = json.loads(answer)
        if parsed.get("last"):
            self.close()
        payload = json.dumps(parsed["payload"], separators=(",", ":")).encode()
        if len(payload) > MAX_SYNCHRONOUS_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_SYNCHRONOUS_BYTES} bytes)."
            return failed("Function.ResponseSizeTooLarge", message)
        return Answer(payload, parsed["error"])

    def terminate(self) -> None:
        """Kill the process; the thread that waits for its answer gets the news."""
        self._process.kill()

    def close(self) -> None:
        """End the process, whatever it is doing, and wait for it."""
        self.alive = False
        self._answers.close()
        self._channel.close()
        self._process.kill()
        self._process.wait()


def json_line(event: bytes) -> bytes:
    """The JSON document on one line. Raises `ValueError` when it is not JSON."""
    return json.dumps(json.loads(event)).encode()


def failed(kind: str, message: str) -> Answer:
    """The answer of Lambda itself when there is none of the function."""
    return Answer(json.dumps({"errorType": kind, "errorMessage": message}).encode(), "Unhandled")
