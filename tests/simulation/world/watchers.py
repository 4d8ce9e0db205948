"""Who is told what happens in a world, at the moment when it happens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.ground_truth.events import Event
from tests.simulation.execution import Execution
from tests.simulation.task_visit import LambdaResult

if TYPE_CHECKING:
    from tests.simulation.world.invocation import Invocation

type Item = Mapping[str, Any]


@dataclass
class Watchers:
    """Lists of callbacks. What one raises ends the run: it never reaches the application.

    Functions, queues and tables are called by their logical ids in the template.
    """

    item_changed: list[Callable[[str, Item | None, Item | None], None]] = field(default_factory=list)
    """A table, and an item before and after, in DynamoDB's JSON."""
    state_entered: list[Callable[[Execution, str], None]] = field(default_factory=list)
    execution_ended: list[Callable[[Execution], None]] = field(default_factory=list)
    portal: list[Callable[[str, Event], None]] = field(default_factory=list)
    """A labeling job's name in Ground Truth, and what happened there."""
    s3_looked: list[Callable[[str, str, str, str], None]] = field(default_factory=list)
    """A function that wants to read or list, the operation, the bucket, and the key or prefix."""
    put_on_bus: list[Callable[[str, str, Mapping[str, Any]], None]] = field(default_factory=list)
    """Detail type, source and detail of an event that a function put on the event bus."""
    logged: list[Callable[[str, str], None]] = field(default_factory=list)
    """A function and a line of its log, also one that holds metrics."""
    invoked: list[Callable[["Invocation"], None]] = field(default_factory=list)
    returned: list[Callable[["Invocation", LambdaResult], None]] = field(default_factory=list)
    """Also when nobody waits for the result any more."""
    called: list[Callable[["Invocation", str, str, Mapping[str, Any]], None]] = field(default_factory=list)
    """An invocation, service, operation and parameters of a call that has just had its effect, or was refused."""
    answered: list[Callable[["Invocation", str, str, Mapping[str, Any], str], None]] = field(default_factory=list)
    """The same for each call once, and what the invocation got: `ok`, the code of an error, or `killed`."""
