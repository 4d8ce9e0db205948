"""Every labeling job of an account in a Region: made, looked at, stopped, and what follows from what happens to them.

What the laptop's service and the simulation do alike; how time passes and who labels is theirs.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from local.ground_truth.delivery import Delivery
from local.ground_truth.events import Event, Failed, JobStatus, Labeled, LeftQueue, Message, StatusChanged
from local.ground_truth.inputs import DataObject
from local.ground_truth.labeling_job import LabelingJob
from local.ground_truth.people import Workforce
from local.ground_truth.portal import Portal
from local.ground_truth.record import Record, settings_of
from local.ground_truth.requests import JobRequest, RequestRefused, read_request
from local.ground_truth.topics import Topics
from local.ground_truth.unknowns import Unknowns


@dataclass(frozen=True)
class Rules:
    """Where the service is, and how it behaves. `settings` are limits that AWS may raise or that a test shortens, by
    `JobSettings`' names."""

    region: str
    account: str
    unknowns: Unknowns
    settings: Mapping[str, float]


class Time(Protocol):
    """The service's own seconds, and the date that people read."""

    def now(self) -> float:
        """Seconds since some Monday's midnight."""

    def date(self) -> datetime:
        """With a time zone."""


class Workplace(Protocol):
    """Files and people, as far as jobs need them."""

    def read(self, uri: str) -> bytes:
        """The content of a file; raises OSError."""

    def examine(self, request: JobRequest, found: DataObject) -> None:
        """Raises `InputRefused` if an object cannot become a task."""

    def deliver(self, request: JobRequest) -> Delivery:
        """Whoever passes on the output of a new job."""

    def team(self, arn: str) -> Workforce:
        """A work team."""


class Jobs:
    """The jobs. `lock` guards portal and records, where several threads use them."""

    def __init__(
        self,
        rules: Rules,
        portal: Portal,
        topics: Topics,
        workplace: Workplace,
        time: Time,
        lock: AbstractContextManager[object] | None = None,
    ) -> None:
        self._rules = rules
        self._portal = portal
        self._topics = topics
        self._workplace = workplace
        self._time = time
        self._lock = lock or nullcontext()
        self._records: dict[str, Record] = {}  # by lower-case name
        self._delivering: dict[str, Delivery] = {}  # those that have something to deliver later

    def create(self, asked: Mapping[str, Any]) -> Record:
        """CreateLabelingJob; raises `RequestRefused`."""
        request = read_request(asked, self._rules.region, self._rules.unknowns, self._workplace.read)
        with self._lock:
            if request.name.lower() in self._records:
                raise RequestRefused(
                    "ResourceInUse",
                    f"Labeling job name must be unique within an AWS account and region: {request.name}",
                )
            record = self._records[request.name.lower()] = self._open(asked, request)
            self._portal.open(record.job, self._workplace.team(request.team))
        if self._rules.unknowns.early_input == "kept":
            self._subscribe(record)
        return record

    def record(self, name: str) -> Record:
        """A job by its name in any case; raises `RequestRefused`."""
        with self._lock:
            record = self._records.get(name.lower())
        if record is None:
            raise RequestRefused("ResourceNotFound", f"The requested resource Labeling Job {name} was not found")
        return record

    def records(self) -> list[Record]:
        """Every job, in order of creation."""
        with self._lock:
            return list(self._records.values())

    def stop(self, name: str) -> None:
        """StopLabelingJob; raises `RequestRefused` while the job is Initializing, or when it is over."""
        record = self.record(name)
        with self._lock:
            if record.status == JobStatus.INITIALIZING:
                raise RequestRefused("ValidationException", f"{name} is Initializing and cannot be stopped yet")
            if record.job.is_over:
                raise RequestRefused("ValidationException", f"{name} is {record.status} and cannot be stopped")
            self._portal.stop(record.request.name, self._time.now())
            self._show(record, record.job.status, "")

    def follow(self, name: str, event: Event) -> None:
        """What an event of the portal leads to: subscriptions, output, the state that the API shows."""
        record = self.record(name)
        match event:
            case StatusChanged():
                self._follow_status(record, event)
            case LeftQueue(message=message) if message.receipt:
                self._topics.delete(record.queue_url, message)
            case Labeled():
                record.delivery.labeled(event, self._time.now(), self._time.date())
                self._delivering[name] = record.delivery
            case Failed():
                record.delivery.failed(event, self._time.now(), self._time.date())
                self._delivering[name] = record.delivery

    def deliver(self, now: float) -> None:
        """Deliver what is due by now."""
        for name, delivery in list(self._delivering.items()):
            delivery.advance(now)
            if delivery.next_event_at() is None:
                del self._delivering[name]

    def next_delivery_at(self) -> float | None:
        """When there is something to deliver, at the earliest."""
        due = [delivery.next_event_at() for delivery in self._delivering.values()]
        return min((at for at in due if at is not None), default=None)

    def _open(self, asked: Mapping[str, Any], request: JobRequest) -> Record:
        queue_url, queue_arn = self._topics.create_queue(request.name, request.input_topic)
        rules = self._rules
        name = request.name.lower() if rules.unknowns.name_in_arn == "lower case" else request.name
        created = self._time.date()

        def examine(found: DataObject) -> None:
            self._workplace.examine(request, found)

        return Record(
            asked,
            request,
            f"arn:aws:sagemaker:{rules.region}:{rules.account}:labeling-job/{name}",
            created,
            created,
            queue_url,
            queue_arn,
            LabelingJob(settings_of(request, rules.settings), self._time.now(), rules.unknowns, examine),
            self._workplace.deliver(request),
        )

    def _follow_status(self, record: Record, event: StatusChanged) -> None:
        if event.status == JobStatus.IN_PROGRESS:
            try:
                self._subscribe(record)
                self._seed(record)
            except (ClientError, OSError) as error:
                with self._lock:
                    self._portal.fail(record.request.name, f"input cannot be read: {error}", self._time.now())
                return
        elif record.subscription is not None:
            self._topics.unsubscribe(record.subscription)
            record.subscription = None
        self._show(record, event.status, event.reason)
        if record.job.is_over and event.status == record.job.status:
            self._topics.announce(record.arn, event.status)

    def _show(self, record: Record, status: JobStatus, reason: str) -> None:
        record.status, record.reason, record.modified = status, reason, self._time.date()

    def _subscribe(self, record: Record) -> None:
        if record.subscription is None:
            record.subscription = self._topics.subscribe(record.request.input_topic, record.queue_arn)

    def _seed(self, record: Record) -> None:
        """The one-time manifest a streaming job may begin with: each line as if it had been sent."""
        if record.request.seed_manifest is None:
            return
        lines = self._workplace.read(record.request.seed_manifest).decode().splitlines()
        for number, line in enumerate(lines):
            with self._lock:
                self._portal.receive(record.request.name, Message(str(number), line), self._time.now())
