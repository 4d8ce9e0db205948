"""Ground Truth on a laptop: streaming labeling jobs in a cloud that boto3 can reach, with simulated people at work.

One thread moves time on: it reads the jobs' queues, lets jobs and people do what is due, and passes the
outcomes on. Calls of the API come from other threads.
"""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from local.annotators.shapes import Annotator, Labels
from local.ground_truth.clock import Clock
from local.ground_truth.delivery import Delivery
from local.ground_truth.desk import Desk, examine, lay_out
from local.ground_truth.events import Task, Withdrawn
from local.ground_truth.inputs import DataObject
from local.ground_truth.jobs import Jobs, Rules
from local.ground_truth.output_tree import OutputTree
from local.ground_truth.people import Behaviour, Team, Workforce
from local.ground_truth.portal import HandIn, Portal
from local.ground_truth.record import Record
from local.ground_truth.requests import JobRequest
from local.ground_truth.storage import Storage
from local.ground_truth.topics import Topics
from local.ground_truth.unknowns import Unknowns

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

_POLL_EVERY = 0.15  # real seconds between two looks into the queues
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cloud:
    """Where the stand-in lives: boto3's clients for one account in one Region."""

    region: str
    account: str
    s3: "S3Client"
    sqs: "SQSClient"
    sns: "SNSClient"
    events: "EventBridgeClient"


@dataclass(frozen=True)
class People:
    """Who works here: an annotator for each job's name, a team for each work team's ARN, and special cases."""

    annotator: Callable[[str], Annotator]
    team: Callable[[str], Team] = lambda _arn: Team()
    behaviours: tuple[Behaviour, ...] = ()


class GroundTruth:
    """The service; a context manager that works while it is open.

    `settings` are limits that AWS may raise or that a test shortens, by `JobSettings`' names. `close` raises what went
    wrong inside, as an ExceptionGroup, so that nothing fails unseen.
    """

    def __init__(
        self,
        cloud: Cloud,
        people: People,
        clock: Clock,
        rng: random.Random,
        unknowns: Unknowns | None = None,
        settings: Mapping[str, float] | None = None,
    ) -> None:
        self.region = cloud.region
        self._people = people
        self._clock = clock
        self._lot = rng.random()  # everybody draws from a source of their own, so that threads cannot mix them up
        self._unknowns = unknowns or Unknowns()
        self._storage = Storage(cloud.s3)
        self._topics = Topics(cloud.sqs, cloud.sns, cloud.events)
        self._portal = Portal(self._begin, self._hand_in)
        self._desk = Desk(self._note_fault)
        self._teams: dict[str, Workforce] = {}
        self._annotators: dict[str, Annotator] = {}
        self._lock = threading.RLock()
        rules = Rules(cloud.region, cloud.account, self._unknowns, settings or {})
        self._jobs = Jobs(rules, self._portal, self._topics, self, clock, self._lock)
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._faults: list[Exception] = []
        self._thread = threading.Thread(target=self._run, name="ground-truth", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(silent=error is not None)

    def close(self, *, silent: bool = False) -> None:
        """End the threads; raises an ExceptionGroup of what went wrong meanwhile, unless `silent`."""
        self._closing.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._desk.close()
        faults, self._faults = self._faults, []
        if faults and not silent:
            raise ExceptionGroup("the Ground Truth stand-in met faults", faults)

    # What the API offers

    def create(self, asked: Mapping[str, Any]) -> Record:
        """CreateLabelingJob; raises `RequestRefused`."""
        record = self._jobs.create(asked)
        self._wake.set()
        return record

    def record(self, name: str) -> Record:
        """A job by its name in any case; raises `RequestRefused`."""
        return self._jobs.record(name)

    def records(self) -> list[Record]:
        """Every job, in order of creation."""
        return self._jobs.records()

    def stop(self, name: str) -> None:
        """StopLabelingJob; raises `RequestRefused` while the job is Initializing, or when it is over."""
        self._jobs.stop(name)
        self._wake.set()

    # What a demo or test may do with the people

    def behave(self, behaviour: Behaviour) -> None:
        """A special case for tasks offered from now on, once for each team."""
        with self._lock:
            self._people = replace(self._people, behaviours=(*self._people.behaviours, behaviour))
            for team in self._teams.values():
                team.behave(behaviour)

    def pause(self) -> None:
        """Everybody finishes the task at hand and takes no other."""
        with self._lock:
            for team in self._teams.values():
                team.pause()

    def resume(self) -> None:
        """Everybody is back."""
        with self._lock:
            for team in self._teams.values():
                team.resume()
        self._wake.set()

    # What jobs need

    def read(self, uri: str) -> bytes:
        """The content of a file; raises OSError."""
        return self._storage.read(uri)

    def examine(self, request: JobRequest, found: DataObject) -> None:
        """Raises `InputRefused` if an object cannot become a task."""
        examine(request, found, self._storage)

    def deliver(self, request: JobRequest) -> Delivery:
        """The output of a new job."""
        tree = OutputTree(request, self._unknowns, self._storage, self._desk.labels)
        return Delivery(request, self._unknowns, tree, self._topics.publish, self._rng(request.name))

    def team(self, arn: str) -> Workforce:
        """A work team, the same whenever it is asked for."""
        if arn not in self._teams:
            self._teams[arn] = Workforce(self._people.team(arn), self._rng(arn), self._people.behaviours)
        return self._teams[arn]

    def _rng(self, whose: str) -> random.Random:
        return random.Random(f"{self._lot} {whose}")  # noqa: S311 -- people, not secrets

    def _begin(self, job: str, task: Task) -> None:
        request = self.record(job).request

        def annotate() -> Labels:  # on the desk's thread: looking for the annotator may mean calling this very API
            if job not in self._annotators:
                self._annotators[job] = self._people.annotator(job)
            return self._annotators[job].annotate(lay_out(request, task.object, self._storage))

        self._desk.begin(task, annotate, self._go_on)

    def _hand_in(self, _job: str, task: Task) -> HandIn:
        result = self._desk.hand_in(task)
        if result == "not yet":
            self._clock.hold()  # a slow computer must not look like slow people: time waits for the annotator
            result = self._desk.hand_in(task)
            if result != "not yet":  # done since the first look, so nobody else will let time go on
                self._clock.release()
        return result

    def _go_on(self) -> None:
        """The annotator is done with a task."""
        self._clock.release()
        self._wake.set()

    # The thread

    def _run(self) -> None:
        poll_at = 0.0
        while not self._closing.is_set():
            self._wake.clear()
            try:
                if self._clock.now() >= poll_at:
                    self._read_queues()
                    poll_at = self._clock.now() + _POLL_EVERY / self._clock.real_seconds(1)
                self._follow_events()
            except Exception as error:  # whatever it is: noted, raised by close(), and the other jobs go on
                self._note_fault(error)
            self._wake.wait(self._until_next(poll_at))

    def _until_next(self, poll_at: float) -> float:
        if self._clock.is_held:
            return _POLL_EVERY
        with self._lock:
            due = [self._portal.next_event_at(), self._jobs.next_delivery_at()]
        at = min((at for at in due if at is not None), default=poll_at)
        return max(0.002, min(self._clock.real_seconds(min(at, poll_at) - self._clock.now()), _POLL_EVERY))

    def _read_queues(self) -> None:
        for record in self.records():
            if record.subscription is None:
                continue
            for message in self._topics.receive(record.queue_url):
                with self._lock:
                    self._portal.receive(record.request.name, message, self._clock.now())

    def _follow_events(self) -> None:
        with self._lock:
            events = self._portal.advance(self._clock.now())
        for name, event in events:
            try:
                self._jobs.follow(name, event)
                if isinstance(event, Withdrawn) and event.is_over:
                    self._desk.clear(event.task)
            except Exception as error:  # as in _run: one object's fault must not take the others along
                self._note_fault(error)
        self._jobs.deliver(self._clock.now())

    def _note_fault(self, error: Exception) -> None:
        _LOG.error("fault in the Ground Truth stand-in", exc_info=error)
        self._faults.append(error)
