"""What one service hands to a queue of another: late, twice, out of order, and notices sometimes never."""

from collections.abc import Callable
from functools import partial

from botocore.exceptions import ClientError

from tests.simulation.schedule import Schedule
from tests.simulation.sqs import Sqs
from tests.simulation.world.faults import Faults, Kind
from tests.simulation.world.identities import Identities

_MESSAGE = (Kind.DUPLICATED, Kind.DELAYED)
_NOTICE = (*_MESSAGE, Kind.LOST)
_TAKES = (0.02, 0.5)
_SECOND_IS_LATE = 0.5
"""How many of the second copies come as late as if they were delayed."""


class Deliveries:
    """From Amazon SNS and EventBridge to Amazon SQS.

    Args:
        loses: whether what is on its way to this queue (an ARN) may be lost for good.
    """

    def __init__(
        self, schedule: Schedule, sqs: Sqs, faults: Faults, identities: Identities, loses: Callable[[str], bool]
    ) -> None:
        self._schedule, self._sqs, self._faults, self._loses = schedule, sqs, faults, loses
        self._identities = identities

    def send(self, queue_arn: str, body: str, message_id: str) -> None:
        """Delivers a message that its sender knows by this id. A queue may be gone by then; so is the message."""
        queue = queue_arn.rpartition(":")[2]
        point = f"{queue}/{message_id}/delivery"
        kinds = _NOTICE if self._loses(queue_arn) else _MESSAGE
        strike = self._faults.strikes(point, kinds, f"delivery to {queue}")
        kind = None if strike is None else strike.kind
        if kind is Kind.LOST:
            return
        self._later(queue_arn, body, point, late=kind is Kind.DELAYED)
        if kind is Kind.DUPLICATED:
            self._later(queue_arn, body, f"{point}/again", late=self._faults.chance(f"{point}/late") < _SECOND_IS_LATE)

    def _later(self, queue_arn: str, body: str, point: str, *, late: bool) -> None:
        seconds = _TAKES[0] + (_TAKES[1] - _TAKES[0]) * self._faults.chance(f"{point}/takes")
        if late:
            seconds += self._faults.between(f"{point}/delay", 1.0, self._faults.rates.longest_delay)
        self._schedule.at(self._schedule.now() + seconds, partial(self._arrive, queue_arn, body, point))

    def _arrive(self, queue_arn: str, body: str, point: str) -> None:
        with self._identities.at(point):
            try:
                self._sqs.send(queue_arn, body)
            except ClientError:
                return
