"""Execution environments: each has modules of its own of the function, as on AWS; the layers are imported once.

What runs at once never shares a module's state. An environment is used again when its invocation is over, also by
another world, for making one takes longer than most invocations do; one that was killed is thrown away.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from tests.simulation.world.invocation import Invocation
from tests.simulation.world.stack import Function

# What Powertools keeps of the event at hand lies on a class, whatever resolver it came to.
_AT_HAND = ("current_event", "lambda_context")


@dataclass
class Sandbox:
    """One execution environment, and what Powertools' router kept when its invocation stopped last."""

    handler: Callable[[Any, Any], Any]
    kept: dict[str, Any] = field(default_factory=dict)


class Sandboxes:
    """The environments of all worlds in this process.

    Args:
        code: by function, the directory of its code and those of its layers.
    """

    def __init__(self, code: Mapping[str, Sequence[Path]]) -> None:
        self._code = code
        layers = {str(layer): None for _, *layers in code.values() for layer in layers}
        sys.path[:0] = [layer for layer in layers if layer not in sys.path]
        self._idle: defaultdict[str, list[Sandbox]] = defaultdict(list)
        self._compiled: dict[Path, CodeType] = {}
        self._numbers = count()

    def take(self, function: Function) -> Sandbox:
        """An environment that nobody uses."""
        idle = self._idle[function.name]
        return idle.pop() if idle else self._make(function)

    def give_back(self, invocation: Invocation) -> None:
        """The invocation is over."""
        invocation.sandbox.kept.clear()
        self._idle[invocation.function.name].append(invocation.sandbox)

    def enter(self, invocation: Invocation) -> None:
        """The invocation, a request, is about to go on."""
        for name, value in invocation.sandbox.kept.items():
            setattr(BaseRouter, name, value)

    def leave(self, invocation: Invocation) -> None:
        """The invocation, a request, stopped."""
        kept = vars(BaseRouter)
        invocation.sandbox.kept = {name: kept[name] for name in _AT_HAND if name in kept}

    def _make(self, function: Function) -> Sandbox:
        path = self._code[function.name][0] / f"{function.module}.py"
        if path not in self._compiled:
            self._compiled[path] = compile(path.read_text(), str(path), "exec")
        module = ModuleType(f"{function.module}_in_sandbox_{next(self._numbers)}")
        # Powertools keeps the metrics of a process in one place; each Metrics that is made here gets another.
        Metrics._metrics = {}
        sys.modules[module.__name__] = module  # some decorators look there for what they decorate
        try:
            exec(self._compiled[path], module.__dict__)  # noqa: S102 # what Lambda would import
        finally:
            del sys.modules[module.__name__]
        return Sandbox(getattr(module, function.handler))
