"""The simulated world: everything that `template.yaml` describes, with the shipped handlers, in virtual time."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from hashlib import blake2b
from random import Random
from types import TracebackType
from typing import Any, Self

from local.ground_truth.events import Event
from local.ground_truth.people import Behaviour, Team
from local.ground_truth.unknowns import Unknowns
from local.template import ROOT, Template
from tests.simulation.dynamodb import DynamoDB
from tests.simulation.errors import UnknownCall
from tests.simulation.execution import Execution
from tests.simulation.item_collections import Row, Shown
from tests.simulation.s3 import S3
from tests.simulation.schedule import Schedule
from tests.simulation.sns import Sns
from tests.simulation.sqs import Sqs
from tests.simulation.step_functions import StepFunctions, state_change
from tests.simulation.world import door, http_events
from tests.simulation.world.cloudwatch import CloudWatch
from tests.simulation.world.deliveries import Deliveries
from tests.simulation.world.events import Events
from tests.simulation.world.faults import Faults, Kind
from tests.simulation.world.finished_work import FinishedWork
from tests.simulation.world.ground_truth import GroundTruth, Work
from tests.simulation.world.identities import Identities
from tests.simulation.world.idle_runs import IdleRuns
from tests.simulation.world.lambdas import Lambdas, Service
from tests.simulation.world.queue_sources import QueueSource
from tests.simulation.world.sandboxes import Sandboxes
from tests.simulation.world.stack import ACCOUNT, REGION, Stack, environment
from tests.simulation.world.watchers import Watchers

START = datetime(2027, 1, 4, tzinfo=UTC).timestamp()
"""When every world begins: a Monday, midnight UTC."""
CLIPS = "clips"
"""The bucket that clips may be read from, unless a parameter says otherwise."""


@cache
def _template() -> Template:
    return Template(ROOT / "template.yaml")


@cache
def _sandboxes(template: Template) -> Sandboxes:
    """Those of all worlds of this template."""
    return Sandboxes(template.code())


class World:
    """One world. Time passes in `run_until` only.

    Args:
        seed: the same gives the same world.
        faults: what goes wrong.
        parameters: template parameters that differ from their defaults.
        unknowns: what Ground Truth's documentation leaves open.
        team: who works in the work team of an ARN.
        behaviours: what teams do with special tasks, once for each team.
        work: what the people of a labeling job hand in.
        empty_is_zero: whether CloudWatch says of an empty queue that its oldest message is 0 seconds old.
        template: the template, if it is not the application's.
        every_run: also those scheduled runs happen that would find nothing, see `idle_runs`.
        schedules: schedules that differ from the template's, by function: `{"Reconciler": "rate(6 hours)"}`.
    """

    def __init__(
        self,
        seed: int,
        *,
        faults: Faults,
        parameters: Mapping[str, Any] | None = None,
        unknowns: Unknowns | None = None,
        team: Callable[[str], Team] = lambda _arn: Team(),
        behaviours: Iterable[Behaviour] = (),
        work: Work = FinishedWork,
        empty_is_zero: bool = False,
        template: Template | None = None,
        every_run: bool = True,
        schedules: Mapping[str, str] | None = None,
    ) -> None:
        self.seed, self.faults, self.watchers = seed, faults, Watchers()
        self.schedule = schedule = Schedule(START)
        faults.now = schedule.now
        self.stack = stack = _stack(template, parameters or {})
        self._identities = identities = Identities(seed)
        self._sources: dict[str, QueueSource] = {}
        self._requests: dict[str, int] = {}
        self._routes = stack.template.routes()
        self._tables = {stack.name(name): name for name in stack.template.of_type("AWS::DynamoDB::Table")}

        self.dynamodb = DynamoDB(
            schedule.now,
            staleness=self._staleness,
            remembered=faults.rates.stalest,
            conflicts=partial(self._strikes_item, Kind.CONFLICT),
            unprocessed=partial(self._strikes_item, Kind.UNPROCESSED),
            changed=self._item_changed,
        )
        self.sqs = Sqs(schedule.now, identities.new, self._arrived, region=REGION, account=ACCOUNT)
        # Notices come to queues of ours; what goes to Ground Truth's is no notice.
        notified = frozenset(stack.arn(name) for name in stack.template.of_type("AWS::SQS::Queue"))
        self.deliveries = Deliveries(schedule, self.sqs, faults, identities, notified.__contains__)
        self.sns = Sns(
            schedule.now,
            identities.new,
            self.deliveries.send,
            self._publish_failure,
            region=REGION,
            account=ACCOUNT,
        )
        self.s3 = S3(schedule.now, self._looked)
        self.services: dict[str, Service] = {
            "dynamodb": self.dynamodb,
            "s3": self.s3,
            "sns": self.sns,
            "sqs": self.sqs,
        }
        """Where the calls of functions go, by boto3's names."""
        self.lambdas = Lambdas(
            stack.functions(), self.services, schedule, faults, self.watchers, _sandboxes(stack.template), identities
        )
        leaves_out = None
        if not every_run:
            resend_after = float(stack.parameters["ResendAfterSeconds"])
            leaves_out = IdleRuns(self.watchers, faults, unknowns or Unknowns(), resend_after).leaves_out
        self.events = self.services["events"] = Events(
            stack,
            schedule,
            self.lambdas,
            self.deliveries,
            identities,
            self._put_on_bus,
            schedules or {},
            leaves_out,
        )
        self.step_functions = self.services["stepfunctions"] = StepFunctions(
            schedule,
            Random(f"{seed}/step functions"),  # noqa: S311 # jitter, not secrets
            self.lambdas.invoke,
            self._execution_ended,
            history_kept=0,
            entered=self._state_entered,
        )
        self.ground_truth = self.services["sagemaker"] = GroundTruth(
            schedule,
            self.sns,
            self.sqs,
            self.s3,
            self.events.announce,
            Random(f"{seed}/ground truth"),  # noqa: S311 # people, not secrets
            unknowns=unknowns,
            team=team,
            behaviours=behaviours,
            watch=self._portal_changed,
            at=identities.at,
            work=work,
            region=REGION,
            account=ACCOUNT,
        )
        self.cloudwatch = self.services["cloudwatch"] = CloudWatch(
            schedule.now,
            self.sqs,
            polled_until=self._polled_until,
            missing=self._misses,
            empty_is_zero=empty_is_zero,
        )
        self._create()
        self._connect()
        self._environment = environment(self.lambdas.functions.values())

    # ---- what a run does ------------------------------------------------------------------------------------------

    def run_until(self, time: float) -> None:
        """Lets everything happen up to and including `time`, in seconds since 1970."""
        with door.opened(self._environment, self.schedule.now):
            self.schedule.run_until(time)

    def api(
        self, method: str, path: str, body: Any | None = None, done: Callable[[int, Any], None] = lambda *_: None
    ) -> None:
        """A request of the HTTP API. Calls back once with the status and the body of the answer."""
        route, parameters = http_events.route_of(self._routes, method, path)
        event = http_events.event(method, path, route.path, parameters, body, self.schedule.now())
        text = blake2b(json.dumps(body, sort_keys=True).encode(), digest_size=8).hexdigest()
        place = f"{method} {path}/{text}"
        self._requests[place] = number = self._requests.get(place, 0) + 1
        self.lambdas.invoke(route.function, event, partial(http_events.respond, done), f"{place}/{number}")

    def quiet(self) -> None:
        """No fault strikes from now on."""
        self.faults.quiet()

    def close(self) -> None:
        """Ends what still runs."""
        with door.opened(self._environment, self.schedule.now):
            self.lambdas.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self.close()

    # ---- what the template describes ------------------------------------------------------------------------------

    def _create(self) -> None:
        stack = self.stack
        for name, properties in stack.of_type("AWS::DynamoDB::Table").items():
            self.dynamodb.create_table(stack.name(name), properties)
        for name in stack.template.of_type("AWS::S3::Bucket"):
            self.s3.call("CreateBucket", {"Bucket": stack.name(name)})
        for bucket in stack.parameters.get("ClipBuckets", ()):
            self.s3.call("CreateBucket", {"Bucket": bucket})
        queues = stack.of_type("AWS::SQS::Queue")
        for name in sorted(queues, key=lambda name: "RedrivePolicy" in queues[name]):  # after those for dead letters
            attributes = {key: _attribute(value) for key, value in queues[name].items() if key != "QueueName"}
            self.sqs.call("CreateQueue", {"QueueName": stack.name(name), "Attributes": attributes})
        for name, properties in stack.of_type("AWS::Serverless::StateMachine").items():
            text = (stack.template.root / properties["DefinitionUri"]).read_text()
            for key, value in properties["DefinitionSubstitutions"].items():
                text = text.replace(f"${{{key}}}", value)
            if left := re.findall(r"\$\{\w+\}", text):
                raise UnknownCall(f"{name}: nothing is substituted for {', '.join(left)}")
            self.step_functions.create(stack.arn(name), json.loads(text))

    def _connect(self) -> None:
        for function in self.lambdas.functions.values():
            for event in function.events.values():
                if event["Type"] == "SQS":
                    source = QueueSource(
                        event["Properties"], function.name, self.schedule, self.sqs, self.lambdas, self.faults
                    )
                    self._sources[source.queue_arn] = source

    def _arrived(self, queue_arn: str) -> None:
        if (source := self._sources.get(queue_arn)) is not None:
            source.arrived()
        else:
            self.ground_truth.arrived(queue_arn)

    def _portal_changed(self, job: str, event: Event) -> None:
        for watcher in self.watchers.portal:
            watcher(job, event)

    def _execution_ended(self, execution: Execution) -> None:
        for watcher in self.watchers.execution_ended:
            watcher(execution)
        detail = state_change(execution)
        self.events.announce("Step Functions Execution Status Change", "aws.states", [execution.arn], detail)

    def _state_entered(self, execution: Execution, state: str) -> None:
        for watcher in self.watchers.state_entered:
            watcher(execution, state)

    def _looked(self, operation: str, bucket: str, key: str) -> None:
        if (caller := self.lambdas.caller) is not None:
            for watcher in self.watchers.s3_looked:
                watcher(caller.function.name, operation, bucket, key)

    def _put_on_bus(self, detail_type: str, source: str, detail: Mapping[str, Any]) -> None:
        for watcher in self.watchers.put_on_bus:
            watcher(detail_type, source, detail)

    def _item_changed(self, table: str, old: Row | None, new: Row | None) -> None:
        if self.watchers.item_changed:
            name = self._tables[table]
            before, after = (None if row is None else Shown(row) for row in (old, new))
            for watcher in self.watchers.item_changed:
                watcher(name, before, after)

    # ---- what the services ask ------------------------------------------------------------------------------------

    def _staleness(self) -> float:
        point = f"{self.lambdas.point}/stale"
        if self.faults.strikes(point, (Kind.STALE,), "a read of DynamoDB") is None:
            return 0.0
        return self.faults.rates.stalest * self.faults.chance(f"{point}/age")

    def _strikes_item(self, kind: Kind, table: str, key: Mapping[str, Mapping[str, Any]]) -> bool:
        item = "/".join(str(value) for each in key.values() for value in each.values())
        return self.faults.strikes(f"{self.lambdas.point}/{kind}/{item}", (kind,), f"an item of {table}") is not None

    def _polled_until(self, queue: str) -> float | None:
        """Lambda looks into the queues that it was given, as Ground Truth into its own; into dead letters nobody."""
        if any(source.endswith(f":{queue}") for source in self._sources):
            return self.schedule.now()
        return self.ground_truth.polled_until(queue)

    def _misses(self, queue: str, minute: float) -> bool:
        point = f"{queue}/{minute:.0f}/metric"
        return self.faults.strikes(point, (Kind.UNMEASURED,), f"the metrics of {queue}") is not None

    def _publish_failure(self, topic: str, message: str) -> str | None:
        if not self.lambdas.point:
            return None  # Ground Truth publishes one by one
        text = blake2b(message.encode(), digest_size=8).hexdigest()
        point = f"{self.lambdas.point}/entry/{text}"
        where = f"an entry of a batch for {topic.rpartition(':')[2]}"
        return None if self.faults.strikes(point, (Kind.UNPROCESSED,), where) is None else "InternalError"


def _stack(template: Template | None, parameters: Mapping[str, Any]) -> Stack:
    if template is None:
        return Stack(_template(), {"ClipBuckets": CLIPS, **parameters})
    return Stack(template, parameters)


def _attribute(value: Any) -> str:
    """An attribute of a queue as the API takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict) else str(value)
