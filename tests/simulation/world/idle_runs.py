"""Which scheduled runs of the Reconciler are left out, because nothing happened that it could set right.

It runs every hour for a year, nearly always to find nothing, which would be most of what a simulation does. Each thing
that it is there for makes the first run due that can see it:

| what happened | when a run can see it |
|---|---|
| a label's notice is lost or late | when the output manifest has its line |
| an object failed, which only the output manifest tells | the same |
| a notice of a job's or an execution's end is lost or late | after the grace in which somebody may still be at it |
| what takes such a notice, or a request of the API, failed | the same: it comes again after an hour and a half |
| an execution ended unheard | each half day, until two days after its level would have sent again |
| somebody asks something about its task meanwhile | after the grace |
| what takes labels failed | at once, if that is before the message comes again, after twelve minutes |
| a labeling job is in another state | at once |
| the run itself failed, or ran out of time | the next one |

What strikes other functions is made good by Step Functions and Amazon SQS, which try again, and by people who repeat a
request. In any case every fifteenth half day a run happens. A run that is left out and was needed makes a promise
break, or an end come later; `test_idle_runs.py` looks whether those that are left out would have found anything.
"""

import json
import math
from heapq import heappop, heappush

from local.ground_truth.events import Event, Failed, StatusChanged
from local.ground_truth.unknowns import Unknowns
from tests.simulation.task_visit import LambdaResult
from tests.simulation.world.faults import Faults, Kind
from tests.simulation.world.invocation import Invocation
from tests.simulation.world.watchers import Watchers

FUNCTION = "Reconciler"
_HOUR = 3_600.0
_HALF_DAY = 12 * _HOUR
_EVERY = 15 * _HALF_DAY
_SOON = 60.0
"""What is under way is over by then."""
_GRACE = 600.0 + _SOON
"""The Reconciler leaves alone what was written less than ten minutes ago."""
_DEAD_AFTER = 2 * 24 * _HOUR
"""How long after its next sending a level is taken for one whose execution may be dead."""
_OUT_OF_TIME = 60.0
_COMES_AGAIN = 12 * 60.0
_LOSSES = frozenset({Kind.LOST, Kind.DELAYED})
_TRIED_AGAIN_LATE = frozenset(
    {"LabelingJobStateChange", "ExecutionStateChange", "LabelingJobsApi", "AnnotationTasksApi"}
)


class IdleRuns:
    """Looks at a world. `leaves_out` says of a run that is due whether it may be left out.

    Args:
        watchers: those of the world.
        faults: what strikes there.
        unknowns: where failures are told, and how late the output manifest is.
        resend_after: seconds until a level sends again.
    """

    def __init__(self, watchers: Watchers, faults: Faults, unknowns: Unknowns, resend_after: float) -> None:
        self._faults, self._resend_after, self._seen = faults, resend_after, 0
        self._told_late = unknowns.failures_in_manifest and not unknowns.failures_on_topic
        self._written = unknowns.manifest_lag + _SOON
        self._due: list[float] = []
        self._unheard_until = 0.0
        watchers.portal.append(self._look_at_portal)
        watchers.returned.append(self._look_at_result)

    def leaves_out(self, function: str, at: float) -> bool:
        """Whether a run would find nothing."""
        if function != FUNCTION:
            return False
        for strike in self._faults.struck[self._seen :]:
            if strike.kind in _LOSSES:
                self._look_at_loss(strike.where, strike.at)
        self._seen = len(self._faults.struck)
        is_needed = at % _EVERY == 0
        while self._due and self._due[0] <= at:
            heappop(self._due)
            is_needed = True
        return not is_needed

    def _expect(self, at: float) -> None:
        """From this time on there may be something to find."""
        heappush(self._due, at)

    def _look_at_loss(self, where: str, at: float) -> None:
        if where.endswith("LabelsQueue"):
            self._expect(at + self._written)
            return
        self._expect(at + _GRACE)
        if where.endswith("ExecutionStateChangeQueue"):
            self._unheard_until = at + self._resend_after + _DEAD_AFTER + _HALF_DAY
            half_days = range(math.ceil(at / _HALF_DAY), math.ceil(self._unheard_until / _HALF_DAY))
            for half_day in half_days:
                self._expect(half_day * _HALF_DAY)

    def _look_at_portal(self, _job: str, event: Event) -> None:
        if isinstance(event, StatusChanged):
            self._expect(self._faults.now())
        elif isinstance(event, Failed) and self._told_late:
            self._expect(self._faults.now() + self._written)

    def _look_at_result(self, invocation: Invocation, result: LambdaResult) -> None:
        name, now = invocation.function.name, self._faults.now()
        if name == FUNCTION:
            if result.error is not None or invocation.deadline - now < _OUT_OF_TIME:
                self._expect(now)
        elif name == "ReceiveLabels":
            if -now % _HOUR < _COMES_AGAIN and _is_undone(result):
                self._expect(now)
        elif name in _TRIED_AGAIN_LATE and (now < self._unheard_until or _is_undone(result)):
            self._expect(now + _GRACE)


def _is_undone(result: LambdaResult) -> bool:
    """Whether an invocation died or failed, or says that something in it did."""
    if result.error is not None:
        return True
    answer = json.loads(result.payload) or {}
    return bool(answer.get("batchItemFailures")) or answer.get("statusCode", 200) >= 500
