"""Every AWS call that clips take on their way, counted in the simulated world, for our algorithm and for source A's.

Nothing is timed here: a world is deterministic, so the counts are the same on every machine. Its calls take 3 to 30 ms
of its own time, drawn; so the seconds of a Lambda are what its calls would take one after the other, no more.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError

from everlabel_cli.prices import US_EAST_1
from local.ground_truth.people import Behaviour, Team
from local.ground_truth.unknowns import Unknowns
from tests.simulation.dynamodb import DynamoDB
from tests.simulation.source_a.control import algorithm as source_a
from tests.simulation.task_visit import LambdaResult
from tests.simulation.world.faults import Rates
from tests.simulation.world.invocation import Invocation
from tests.simulation.world.ledger import Ledger
from tests.simulation.world.life import Algorithm, Life, live
from tests.simulation.world.plan import DAY, HOUR, ClipPlan, Habit, JobPlan, Plan, Size, TeamPlan
from tests.simulation.world.watchers import Watchers
from tests.simulation.world.world import START

RESEND_DAYS = 5.0
MACHINE = "AnnotationTask"
"""Under this name transitions are counted."""
READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})


@dataclass(frozen=True)
class Counted:
    """What happened within some hour. Functions are called by their logical ids, operations as in boto3."""

    hour: int
    function: str
    what: str
    """`dynamodb.PutItem`, `invocation`, `transition`, `GB-seconds`, `seconds`, `read units` or `write units`."""


@dataclass
class Census:
    """The counts of a life."""

    counts: Counter[Counted] = field(default_factory=Counter)
    longest: dict[str, float] = field(default_factory=dict)
    """By function, the seconds of its longest invocation."""
    life: Life | None = None

    def total(
        self, what: str = "", functions: Collection[str] = (), hours: tuple[float, float] = (0, math.inf)
    ) -> float:
        """How often something happened: one thing, or each call whose name has a dot, in these hours."""
        return sum(
            count
            for counted, count in self.counts.items()
            if (counted.what == what if what else "." in counted.what)
            and (not functions or counted.function in functions)
            and hours[0] <= counted.hour < hours[1]
        )

    def by_operation(
        self, functions: Collection[str] = (), hours: tuple[float, float] = (0, math.inf)
    ) -> Mapping[str, float]:
        """What happened, with how often, of these functions in these hours."""
        found: Counter[str] = Counter()
        for counted, count in self.counts.items():
            if (not functions or counted.function in functions) and hours[0] <= counted.hour < hours[1]:
                found[counted.what] += count
        return found

    def dollars(self, functions: Collection[str] = (), hours: tuple[float, float] = (0, math.inf)) -> float:
        """What AWS takes for that, in US$: requests, units, invocations, transitions and the time of Lambdas."""
        return sum(count * PRICE_OF.get(what, 0.0) for what, count in self.by_operation(functions, hours).items())


PRICED = {
    "transition": "state transitions",
    "write units": "write units",
    "read units": "read units",
    "invocation": "Lambda requests",
    "GB-seconds": "Lambda GB-seconds",
    "sns.Publish": "SNS requests",
    "sns.PublishBatch": "SNS requests",
    "sqs.SendMessage": "SQS requests",
    "sqs.GetQueueUrl": "SQS requests",
    "sqs.GetQueueAttributes": "SQS requests",
    "s3.PutObject": "S3 writes",
    "s3.CopyObject": "S3 writes",
    "s3.ListObjectsV2": "S3 writes",
    "s3.GetObject": "S3 reads",
    "s3.HeadObject": "S3 reads",
    "events.PutEvents": "EventBridge events",
    "cloudwatch.GetMetricData": "CloudWatch metrics read",
}
PRICE_OF = {what: US_EAST_1[name].each for what, name in PRICED.items()}
"""In US$, each."""


def census(plan: Plan, algorithm: Algorithm | None = None, *, step: float = HOUR) -> Census:
    """Lives a plan and counts. `step` is as for `live`."""
    found = Census()
    units: Counter[str] = Counter()  # of the call that is under way
    answered = DynamoDB.call

    def call(self: DynamoDB, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        kind = "read units" if operation in READS else "write units"
        try:
            answer = answered(self, operation, {**request, "ReturnConsumedCapacity": "TOTAL"})
        except ClientError:
            units[kind] += 1  # a condition that failed costs what the write would have; items here are below 1 KB
            raise
        consumed = answer.pop("ConsumedCapacity", [])
        units[kind] += sum(each["CapacityUnits"] for each in (consumed if isinstance(consumed, list) else [consumed]))
        return answer

    class Counting((algorithm or Algorithm()).observer):  # type: ignore[misc] # whichever observer it has
        def __init__(self, ledger: Ledger, watchers: Watchers, *more: Any) -> None:
            super().__init__(ledger, watchers, *more)
            watchers.invoked.append(lambda invocation: self._count(invocation.function.name, "invocation"))
            watchers.state_entered.append(lambda *_: self._count(MACHINE, "transition"))
            watchers.returned.append(self._returned)

        def _returned(self, invocation: Invocation, _result: LambdaResult) -> None:
            seconds, function = self._ledger.now() - invocation.started_at, invocation.function
            self._count(function.name, "seconds", seconds)
            self._count(function.name, "GB-seconds", seconds * function.memory / 1024)
            found.longest[function.name] = max(found.longest.get(function.name, 0.0), seconds)

        def _called(self, invocation: Invocation, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
            super()._called(invocation, service, operation, parameters)
            self._count(invocation.function.name, f"{service}.{operation}")
            for kind, amount in units.items():
                self._count(invocation.function.name, kind, amount)
            units.clear()

        def _count(self, function: str, what: str, amount: float = 1) -> None:
            hour = int((self._ledger.now() - START) // HOUR)
            found.counts[Counted(hour, function, what)] += amount  # type: ignore[assignment] # half units

    with patch.object(DynamoDB, "call", call):
        found.life = live(
            plan, algorithm=replace(algorithm or Algorithm(), observer=Counting), step=step, retries=False
        )
    return found


def plan(
    objects: int,
    *,
    clips: int = 1,
    levels: int = 1,
    days: int = 12,
    ignored: Iterable[str] = (),
    away: tuple[float, float] | None = None,
    people: int = 5_000,
    room: int = 5_000,
    hours_per_task: float = 0.1,
    lifetime_days: float = 20,
    repeated: float = 0.0,
) -> Plan:
    """Clips of so many frames, each frame a data object of an image job at each level; nothing goes wrong.

    Args:
        ignored: what tasks that nobody opens have in their input line: `1.jpg`.
        away: from which day to which nobody works.
        people: how many work.
        room: how many tasks the worker portal shows at a time; what has no room waits in Ground Truth's queue.
        hours_per_task: how long each task takes its worker.
        repeated: the share of messages that come twice.
    """
    jobs = [
        JobPlan(
            f"A{level}",
            level,
            "BoundingBox" if level == 1 else "AdjustmentBoundingBox",
            "team",
            chain_from=None if level == 1 else f"A{level - 1}",
            lifetime=lifetime_days * DAY,
            max_concurrent=room,
        )
        for level in range(1, levels + 1)
    ]
    team = Team(people=people, hours_per_task=(hours_per_task,) * 2, holidays=() if away is None else (away,))
    return Plan(
        seed=1,
        size=Size(clips, levels, objects, days),
        jobs=tuple(jobs),
        teams=(TeamPlan("team", team),),
        clips=tuple(ClipPlan(f"clip-{number}", HOUR, objects) for number in range(1, clips + 1)),
        habits=tuple(Habit(f"habit-{match}", Behaviour(match, "ignore", 10**9)) for match in ignored),
        events=(),
        unknowns=Unknowns(),
        rates=Rates(duplicated=repeated),
        parameters={"ResendAfterSeconds": int(RESEND_DAYS * DAY), "GatherExpiriesSeconds": 60, "MaxExpiries": 3},
        quiet_at=(days + 1) * DAY,
    )


def of_source_a(given: Plan) -> Census:
    """What source A takes for a plan. Its ids are taken as they were printed, and it has fewer parameters."""
    parameters = {"ResendAfterSeconds": given.parameters["ResendAfterSeconds"]}
    unknowns = replace(given.unknowns, ids_must_match_pattern=False)
    return census(replace(given, parameters=parameters, unknowns=unknowns), source_a())
