"""Which scheduled runs of the Reconciler are left out, because nothing happened that it could set right.

It runs every hour for a year, nearly always to find nothing, which would be most of what a simulation does. It is let
run whenever one of the things has happened that it is there for, in the hours before; and in any case every twelfth
hour.
"""

from local.ground_truth.events import Event, Failed, StatusChanged
from tests.simulation.execution import Execution
from tests.simulation.task_visit import LambdaResult
from tests.simulation.world.faults import Faults, Kind
from tests.simulation.world.invocation import Invocation
from tests.simulation.world.watchers import Watchers

FUNCTION = "Reconciler"
_HOUR = 3_600.0
_AWAKE = 2.5 * _HOUR
"""An output manifest is minutes behind, whoever stored a task is given ten minutes, and a run may fail."""
_EVERY = 12 * _HOUR
_LOSSES = frozenset(
    {
        Kind.LOST,
        Kind.DELAYED,
        Kind.KILLED_BEFORE,
        Kind.KILLED_AFTER,
        Kind.SLOW,
        Kind.THROTTLED,
        Kind.REFUSED,
        Kind.CONFLICT,
    }
)
"""What may leave something undone."""
_REPEATED = (
    "Transformation/",
    "TriggerLabeling/",
    "CheckForCompletion/",
    "PostProcessing/",
    "BatchError/",
    f"{FUNCTION}/",
)
"""What strikes these is made good by Step Functions, which tries them again; what strikes a run that had something to
do is looked at when that ends."""


class IdleRuns:
    """Looks at a world. `leaves_out` says of a run that is due whether it may be left out."""

    def __init__(self, watchers: Watchers, faults: Faults, *, failures_are_announced: bool) -> None:
        self._faults, self._seen = faults, 0
        self._announced = failures_are_announced
        self._awake_until = 0.0
        watchers.portal.append(self._look_at_portal)
        watchers.execution_ended.append(self._look_at_execution)
        watchers.invoked.append(self._look_at_invocation)
        watchers.returned.append(self._look_at_result)

    def leaves_out(self, function: str, at: float) -> bool:
        """Whether a run would find nothing."""
        new = self._faults.struck[self._seen :]
        self._seen += len(new)
        for strike in new:
            if strike.kind in _LOSSES and not strike.key.startswith(_REPEATED):
                self._awake_until = max(self._awake_until, strike.at + _AWAKE)
        return function == FUNCTION and at % _EVERY != 0 and at > self._awake_until

    def wake(self) -> None:
        """Something happened."""
        self._awake_until = self._faults.now() + _AWAKE

    def _look_at_portal(self, _job: str, event: Event) -> None:
        if isinstance(event, StatusChanged) or (isinstance(event, Failed) and not self._announced):
            self.wake()

    def _look_at_execution(self, execution: Execution) -> None:
        if execution.status != "SUCCEEDED":
            self.wake()

    def _look_at_invocation(self, invocation: Invocation) -> None:
        if invocation.function.name.endswith("Api"):
            self.wake()

    def _look_at_result(self, invocation: Invocation, result: LambdaResult) -> None:
        """A run that had something to do and failed has it still."""
        is_needed = self._faults.now() <= self._awake_until
        if invocation.function.name == FUNCTION and result.error is not None and is_needed:
            self.wake()
