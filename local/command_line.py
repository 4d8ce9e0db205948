"""What the laptop's commands have in common: how they end, which function and event they take, what they say."""

import faulthandler
import json
import logging
import re
import signal
from pathlib import Path
from types import FrameType

import typer
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from local.template import ROOT, Template

PORT, API_PORT = 4599, 4600
"""Where the laptop world listens unless told otherwise."""

ENDPOINT_URL = f"http://127.0.0.1:{PORT}"

INTERRUPTED = 130
"""What a shell says of a program that Ctrl-C ended."""

LONGEST_END_SECONDS = 60
"""A world ends in two or three; in more than this only if its threads wait for each other."""

_ENDINGS = (signal.SIGINT, signal.SIGTERM)


def end_in_order(longest_seconds: float = LONGEST_END_SECONDS) -> None:
    """From now on Ctrl-C and kill raise `KeyboardInterrupt`, once: the end of a world is not to be interrupted.

    An end that takes longer is made one: each thread's place is told on stderr, and the exit code is 1.

    Said explicitly, since a shell's background job would ignore Ctrl-C otherwise.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for ending in _ENDINGS:
            signal.signal(ending, signal.SIG_IGN)
        faulthandler.dump_traceback_later(longest_seconds, exit=True)
        hush()
        raise KeyboardInterrupt

    for ending in _ENDINGS:
        signal.signal(ending, interrupt)


def hush() -> None:
    """Say nothing of requests that fail from now on: those at work when a world ends find only a part of it left."""
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)


def checked_function(name: str | None, template: Template) -> str:
    """The name, if the template has such a function. Raises `typer.BadParameter`, which names those there are."""
    there_are = ", ".join(template.code())
    if name is None:
        raise typer.BadParameter(f"which function? One of {there_are}")
    if name not in template.code():
        raise typer.BadParameter(f"{name} is not a function of template.yaml: {there_are}")
    return name


def event_path(function: str, given: Path | None) -> Path:
    """The event's file: the one given, or the function's own in `events/`.

    Raises `typer.BadParameter` if it is not there or is not JSON.
    """
    path = given or ROOT / "events" / f"{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', function).lower()}.json"
    try:
        json.loads(path.read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise typer.BadParameter(f"{path} is not JSON: {error}") from error
    return path


def why_unreachable(endpoint_url: str, error: BotoCoreError | ClientError) -> str:
    """In one line, why a call to the world at an endpoint failed."""
    if isinstance(error, EndpointConnectionError):
        return f"no laptop world is up at {endpoint_url}; run `make up` in another terminal"
    return f"what listens at {endpoint_url} is not a laptop world of this template: {error}"
