"""Jobs and people together, in order of time: what the laptop and a simulation both drive.

Pure, in virtual time. A year passes as fast as its events can be computed.
"""

import math
from collections.abc import Callable, Mapping
from typing import Literal

from local.ground_truth.events import Event, Message, Offered, Task, Withdrawn
from local.ground_truth.labeling_job import LabelingJob, TaskNotHeld
from local.ground_truth.people import Act, Workforce

HandIn = Literal["submit", "decline", "not yet"]


class Portal:
    """The worker portal: every job, and the team that works on it.

    `begin` is called when a worker opens a task; `hand_in` when she is done: "decline" is the annotator's own refusal,
    and "not yet" means that the computer is slower than she is: the portal's time stands still until a later call finds
    her work ready.
    """

    def __init__(
        self,
        begin: Callable[[str, Task], None] = lambda _job, _task: None,
        hand_in: Callable[[str, Task], HandIn] = lambda _job, _task: "submit",
    ) -> None:
        self._begin = begin
        self._hand_in = hand_in
        self._jobs: dict[str, LabelingJob] = {}
        self._due: dict[str, float] = {}  # jobs in which something will happen by itself, and when
        self._teams: dict[str, Workforce] = {}
        self._workforces: list[Workforce] = []
        self._events: list[tuple[str, Event]] = []
        self._now = -math.inf
        self._is_held = False

    @property
    def jobs(self) -> Mapping[str, LabelingJob]:
        """Every job, by name."""
        return self._jobs

    def open(self, job: LabelingJob, team: Workforce) -> None:
        """A new job for a team."""
        self._jobs[job.settings.name] = job
        self._teams[job.settings.name] = team
        if team not in self._workforces:
            self._workforces.append(team)
        self._expect(job.settings.name)

    def receive(self, job: str, message: Message, now: float) -> bool:
        """A message reached the job's input topic. False: it is lost."""
        at = self._catch_up(now)
        is_kept = self._jobs[job].receive(message, at)
        self._collect(job, at)
        return is_kept

    def stop(self, job: str, now: float) -> None:
        """StopLabelingJob."""
        at = self._catch_up(now)
        self._jobs[job].stop(at)
        self._collect(job, at)

    def fail(self, job: str, reason: str, now: float) -> None:
        """The job cannot go on."""
        at = self._catch_up(now)
        self._jobs[job].fail(reason, at)
        self._collect(job, at)

    def next_event_at(self) -> float | None:
        """When something happens by itself, at the earliest."""
        due = min(self._due.values(), default=None)
        for workforce in self._workforces:
            at = workforce.next_event_at()
            if at is not None and (due is None or at < due):
                due = at
        return due

    def advance(self, now: float) -> list[tuple[str, Event]]:
        """Everything that happened since the last call, by job name and in order of time."""
        self._catch_up(now)
        events, self._events = self._events, []
        return events

    def _catch_up(self, now: float) -> float:
        """Let everything happen up to `now`, or to the moment whose work is not ready; returns how far time went."""
        self._is_held = False
        while not self._is_held and (at := self.next_event_at()) is not None and at <= now:
            self._now = max(self._now, at)
            for name in [name for name, due in self._due.items() if due <= self._now]:
                self._collect(name, self._now)
            for workforce in self._workforces:
                for act in workforce.advance(self._now):
                    self._perform(workforce, act)
        if not self._is_held:
            self._now = max(self._now, now)
        return self._now

    def _perform(self, team: Workforce, act: Act) -> None:
        job = self._jobs[act.job]
        try:
            if act.kind == "accept":
                job.accept(act.task, act.worker, self._now)
                self._begin(act.job, act.task)
            elif act.kind == "return":
                job.give_back(act.task, act.worker, self._now)
            else:
                self._finish(team, job, act)
        except TaskNotHeld:
            pass  # it timed out in her hands, or the job ended: her work is not submitted, as documented
        self._collect(act.job, self._now)

    def _finish(self, team: Workforce, job: LabelingJob, act: Act) -> None:
        if act.task.is_over or act.task.worker != act.worker:
            raise TaskNotHeld(act.task.object.dedup_id)
        result = "decline" if act.kind == "decline" else self._hand_in(act.job, act.task)
        if result == "not yet":
            team.postpone(act, self._now)
            self._is_held = True
        elif result == "decline":
            job.decline(act.task, act.worker, self._now)
        else:
            job.submit(act.task, act.worker, self._now)

    def _collect(self, name: str, now: float) -> None:
        for event in self._jobs[name].advance(now):
            if isinstance(event, Offered):
                self._teams[name].offer(name, event.task, event.at)
            elif isinstance(event, Withdrawn):
                self._teams[name].withdraw(event.task)
            self._events.append((name, event))
        self._expect(name)

    def _expect(self, name: str) -> None:
        due = self._jobs[name].next_event_at()
        if due is None:
            self._due.pop(name, None)
        else:
            self._due[name] = due
