"""Ground Truth in virtual time: the laptop's jobs and people, bound to the simulated services.

Each job's queue is in the simulated Amazon SQS, so its age and counts can be asked there. What is in it stays visible
until the job takes it into the portal, discards it, or lets it expire; the model decides which, and the queue follows.
Times in the portal's events are seconds since the world began.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any

from local.ground_truth import prior
from local.ground_truth.delivery import Delivery, Tree
from local.ground_truth.description import description
from local.ground_truth.events import Event, Failed, Labeled, StatusChanged
from local.ground_truth.inputs import DataObject, InputRefused, read_sequence, split_s3_uri
from local.ground_truth.jobs import Jobs, Rules
from local.ground_truth.people import Behaviour, Team, Workforce
from local.ground_truth.portal import Portal
from local.ground_truth.record import Record
from local.ground_truth.requests import JobRequest, RequestRefused, check_operation
from local.ground_truth.unknowns import Unknowns
from tests.simulation.errors import UnknownCall, know, refused
from tests.simulation.s3 import S3
from tests.simulation.schedule import Event as Entry
from tests.simulation.schedule import Schedule
from tests.simulation.sns import Sns
from tests.simulation.sqs import Sqs
from tests.simulation.world.finished_work import FinishedWork
from tests.simulation.world.job_topics import Announce, JobTopics

Work = Callable[[JobRequest, Unknowns, S3], Tree]
"""Makes the files of a labeling job."""


class GroundTruth:
    """The service.

    Args:
        schedule: its time when this is made is the portal's second 0, a Monday's midnight.
        announce: takes an event for EventBridge: detail type, source, resources, detail.
        rng: what people draw from; each team has a source of its own.
        team: who works in the work team of an ARN.
        behaviours: what teams do with special tasks, once for each team.
        watch: is told the name of the job and what happened in it, before anything follows from it.
        settings: limits that AWS may raise, by `JobSettings`' names.
        at: names the place where something happens, from which ids may be drawn.
        work: what the people of a job hand in.
    """

    def __init__(
        self,
        schedule: Schedule,
        sns: Sns,
        sqs: Sqs,
        s3: S3,
        announce: Announce,
        rng: random.Random,
        *,
        unknowns: Unknowns | None = None,
        team: Callable[[str], Team] = lambda _arn: Team(),
        behaviours: Iterable[Behaviour] = (),
        watch: Callable[[str, Event], None] = lambda _job, _event: None,
        settings: Mapping[str, float] | None = None,
        at: Callable[[str], AbstractContextManager[None]] = lambda _place: nullcontext(),
        work: Work = FinishedWork,
        region: str = "us-east-1",
        account: str = "123456789012",
    ) -> None:
        self._schedule, self._s3, self._watch, self._team, self._at = schedule, s3, watch, team, at
        self._work = work
        self._start = schedule.now()
        self._lot = rng.random()
        self._unknowns = unknowns or Unknowns()
        self._behaviours = list(behaviours)
        self._refused: list[tuple[str, str]] = []
        self._teams: dict[str, Workforce] = {}
        self._topics = JobTopics(sns, sqs, announce)
        self._portal = Portal()
        self._jobs = Jobs(
            Rules(region, account, self._unknowns, settings or {}), self._portal, self._topics, self, self
        )
        self._by_queue: dict[str, Record] = {}
        self._news: dict[str, Record] = {}  # jobs with messages that were not looked at, by queue
        self._wake: tuple[float, Entry] | None = None

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """One of SageMaker's calls for labeling jobs, without the answer's ResponseMetadata.

        Raises:
            ClientError: as botocore does.
            UnknownCall: for what is not built.
        """
        try:
            match operation:
                case "CreateLabelingJob":
                    return {"LabelingJobArn": self._create(request).arn}
                case "DescribeLabelingJob":
                    return description(self._named(operation, request))
                case "StopLabelingJob":
                    self._jobs.stop(self._named(operation, request).request.name)
                    self._wake_at(self._schedule.now())
                    return {}
        except RequestRefused as error:
            raise refused(operation, error.code, str(error)) from error
        raise UnknownCall(f"sagemaker {operation}")

    def arrived(self, queue_arn: str) -> None:
        """A message came to a queue. Nothing happens before the next step of the schedule, nor if the queue is of no
        labeling job."""
        record = self._by_queue.get(queue_arn)
        if record is not None:
            self._news[queue_arn] = record
            self._wake_at(self._schedule.now())

    def job(self, name: str) -> Record:
        """A labeling job by its name in any case; raises `RequestRefused`."""
        return self._jobs.record(name)

    def in_progress(self) -> set[str]:
        """The names of the labeling jobs that run."""
        return {record.request.name for record in self._jobs.records() if record.status == "InProgress"}

    def polled_until(self, queue: str) -> float | None:
        """When a job last looked into the queue of this name, in seconds since 1970: until it is over it always
        does. None if no job has such a queue."""
        record = next((found for found in self._by_queue.values() if found.queue_arn.endswith(f":{queue}")), None)
        if record is None:
            return None
        return record.modified.timestamp() if record.job.is_over else self._schedule.now()

    # ---- what a plan may do -----------------------------------------------------------------------------------------

    def behave(self, behaviour: Behaviour) -> None:
        """A special case for tasks offered from now on, once for each team."""
        self._behaviours.append(behaviour)
        for team in self._teams.values():
            team.behave(behaviour)

    def change(self, habits: Callable[[Team], Team]) -> None:
        """From now on each team is what this makes of it. Raises ValueError if its people become more or fewer."""
        before = self._team
        self._team = lambda arn: habits(before(arn))
        for workforce in self._teams.values():
            workforce.change(habits(workforce.team))
        self._wake_at(self._schedule.now())

    def forget(self) -> None:
        """No task that is offered from now on is a special case."""
        self._behaviours.clear()
        for team in self._teams.values():
            team.forget()

    def pause(self, arn: str) -> None:
        """The people of a team finish the task at hand and take no other."""
        self.team(arn).pause()

    def resume(self, arn: str) -> None:
        """They are back."""
        self.team(arn).resume()
        self._wake_at(self._schedule.now())

    def refuse(self, match: str, reason: str) -> None:
        """From now on, objects whose input line contains `match` cannot become tasks, as if their files were broken."""
        self._refused.append((match, reason))

    # ---- what jobs need ---------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds since the world began."""
        return self._schedule.now() - self._start

    def date(self) -> datetime:
        """The date in the world."""
        return datetime.fromtimestamp(self._schedule.now(), UTC)

    def read(self, uri: str) -> bytes:
        """The content of a file; raises OSError."""
        try:
            found = self._s3.read(*split_s3_uri(uri))
        except InputRefused as error:
            raise OSError(str(error)) from error
        if found is None:
            raise FileNotFoundError(f"{uri} cannot be read: there is no such object")
        return found

    def examine(self, request: JobRequest, found: DataObject) -> None:
        """Raises `InputRefused` if an object cannot become a task: a file or the label to adjust is not there, or the
        plan has it so. Nobody looks at pictures here."""
        for match, reason in self._refused:
            if match in found.text:
                raise InputRefused(reason)
        try:
            source = self.read(found.source)
            if request.task_type.is_video:
                sequence = read_sequence(source)
                for frame in sequence.frames:
                    self.read(sequence.prefix + frame.name)
            if request.task_type.variant:
                audited = request.categories.audited or prior.find_audited(found.line)
                prior.class_map(found.line, audited)
                if request.task_type.is_video:
                    self.read(str(found.line[audited]))
        except OSError as error:
            raise InputRefused(str(error)) from error

    def deliver(self, request: JobRequest) -> Delivery:
        """The output of a new job."""
        work = self._work(request, self._unknowns, self._s3)
        return Delivery(request, self._unknowns, work, self._topics.publish, self._rng(request.name))

    def team(self, arn: str) -> Workforce:
        """A work team, the same whenever it is asked for."""
        if arn not in self._teams:
            self._teams[arn] = Workforce(self._team(arn), self._rng(arn), self._behaviours)
        return self._teams[arn]

    def _rng(self, whose: str) -> random.Random:
        return random.Random(f"{self._lot} {whose}")  # noqa: S311 -- people, not secrets

    # ---- time -------------------------------------------------------------------------------------------------------

    def _create(self, request: Mapping[str, Any]) -> Record:
        record = self._jobs.create(request)
        self._by_queue[record.queue_arn] = record
        self._wake_at(self._schedule.now())
        return record

    def _named(self, operation: str, request: Mapping[str, Any]) -> Record:
        """The job that a request names and nothing else. A name that a job has needs no further check."""
        know(operation, request, frozenset({"LabelingJobName"}))
        try:
            return self._jobs.record(request["LabelingJobName"])
        except RequestRefused:
            check_operation(operation, request)
            raise

    def _wake_at(self, at: float, due: float = 0.0) -> None:
        """Look after jobs and people at this time of the schedule, if it is not done earlier anyway."""
        if self._wake is not None:
            if self._wake[0] <= at:
                return
            self._wake[1].cancel()
        self._wake = at, self._schedule.at(at, lambda: self._go_on(due))

    def _go_on(self, due: float) -> None:
        self._wake = None
        now = max(self.now(), due)  # what is due has come, even if the schedule's time was rounded down
        self._follow(now)
        while self._news:
            self._read(self._news.pop(next(iter(self._news))), now)
            self._follow(now)
        self._jobs.deliver(now)
        times = (self._portal.next_event_at(), self._jobs.next_delivery_at())
        at = min((at for at in times if at is not None), default=None)
        if at is not None:
            self._wake_at(max(self._schedule.now(), self._start + at), at)

    def _follow(self, now: float) -> None:
        for name, event in self._portal.advance(now):
            self._watch(name, event)
            with self._at(_place(name, event)):
                self._jobs.follow(name, event)
            if isinstance(event, StatusChanged):
                record = self._jobs.record(name)
                self._news[record.queue_arn] = record

    def _read(self, record: Record, now: float) -> None:
        if record.job.is_taking_input:
            for message in self._topics.receive(record.queue_url):
                self._portal.receive(record.request.name, message, now)


def _place(job: str, event: Event) -> str:
    """Which event it is, whatever else happened before."""
    match event:
        case Labeled(task=task):
            return f"{job}/{task.object.dedup_id}/labeled"
        case Failed(object=DataObject() as found):
            # What could not be read has no id of its own, and comes as often as its message.
            return f"{job}/{found.dedup_id}/failed{'' if found.key else f' {found.number}'}"
        case StatusChanged(status=status):
            return f"{job}/{status}"
    return job
