"""What happened in a world, as one number: two runs are the same if it is."""

import json
from collections.abc import Mapping
from hashlib import blake2b
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import Any

from tests.simulation.task_visit import LambdaResult
from tests.simulation.world.invocation import Invocation
from tests.simulation.world.world import World


class Trace:
    """Watches a world from now on; `calls` counts the calls that were answered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._digest = blake2b()
        self.calls = 0
        world.watchers.answered.append(self._answered)
        world.watchers.returned.append(self._returned)

    def digest(self) -> str:
        """Of all calls (time, place, parameters, outcome) and all results, in order."""
        return self._digest.hexdigest()

    def _answered(
        self, invocation: Invocation, service: str, operation: str, params: Mapping[str, Any], outcome: str
    ) -> None:
        self.calls += 1
        self._add(invocation.place, service, operation, {name: _said(value) for name, value in params.items()}, outcome)

    def _returned(self, invocation: Invocation, result: LambdaResult) -> None:
        self._add(invocation.place, result.payload, result.error, result.cause)

    def _add(self, *what: Any) -> None:
        text = json.dumps([self._world.schedule.now(), *what], sort_keys=True, default=repr)
        self._digest.update(text.encode(errors="surrogatepass"))


def _said(value: Any) -> Any:
    """A parameter; of a file what it holds, for which file that is differs from run to run."""
    if isinstance(value, SpooledTemporaryFile):
        return "a file that is closed by now"
    return value.getvalue() if isinstance(value, BytesIO) else value
