"""The people who run the application: they do what the plan says, and look after it each week, in quiet each day."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from everlabel.definition import task_id
from tests.simulation.execution import Execution, Status
from tests.simulation.world import forgeries
from tests.simulation.world.ledger import Ledger
from tests.simulation.world.observer import Observer
from tests.simulation.world.plan import CLIP_BUCKET, DAY, HOUR, ClipPlan, JobPlan, OperatorEvent, Plan, workteam
from tests.simulation.world.stack import ACCOUNT, NAME, REGION
from tests.simulation.world.world import START, World

_SOON, _LATER = 10 * 60.0, 24 * HOUR
"""Seconds after which a request is repeated: one that failed, and one that was refused for now."""
_FIRST_CLIP = HOUR
_RETRIES = 3
"""How often somebody tries a failed task again in quiet."""
WEEK = 7 * DAY


class Operators:
    """Everybody who does something with the application but the workers.

    `tasks` are the ids that clips' tasks have, by the clips' names.
    """

    def __init__(self, plan: Plan, world: World, ledger: Ledger, observer: Observer) -> None:
        self._plan, self._world, self._ledger, self._observer = plan, world, ledger, observer
        self._jobs = {job.name: job for job in plan.jobs}
        self._bodies = {clip.key: clip.body(plan.jobs) for clip in plan.clips}
        self.tasks = {clip: task_id(body) for clip, body in self._bodies.items()}
        self.forged: dict[str, bool] = {}
        """The events that forged something, and whether it must be in quarantine at the end."""
        self._executions: dict[str, Execution] = {}
        self._lost_frames = {self.tasks[clip.key]: clip for clip in plan.clips if clip.poison == "lost frame"}
        self._retried: Counter[str] = Counter()
        self._broken = {self.tasks[clip.key] for clip in plan.clips if clip.poison}
        world.watchers.state_entered.append(self._state_entered)

    def begin(self) -> None:
        """Puts everything on the schedule."""
        for job in self._plan.jobs:
            self._at(0.0, partial(self._start_job, job, None))
        for clip in self._plan.clips:
            for key in clip.frame_keys():
                self._world.s3.put(CLIP_BUCKET, key, b"frame")
            self._at(max(clip.at, _FIRST_CLIP), partial(self._submit, clip))
        for event in self._plan.events:
            self._at(event.at, partial(self._act, event))
        for weeks in range(1, int(self._plan.quiet_at // WEEK) + 1):
            self._at(weeks * WEEK, self._look_after)
        self._at(self._plan.quiet_at, self._round)

    def _at(self, seconds: float, act: Callable[[], None]) -> None:
        self._world.schedule.at(START + seconds, act)

    def _in(self, seconds: float, act: Callable[[], None]) -> None:
        self._world.schedule.at(self._world.schedule.now() + seconds, act)

    def _is_quiet(self) -> bool:
        return self._world.schedule.now() >= START + self._plan.quiet_at

    # ---- requests ---------------------------------------------------------------------------------------------------

    def _ask(self, path: str, body: Any | None, done: Callable[[int], float | None]) -> None:
        """A POST; `done` takes the status and says after how many seconds to repeat it, if at all."""

        def answered(status: int, _answer: Any) -> None:
            again = done(status)
            if again is not None:
                self._in(again, partial(self._ask, path, body, done))

        self._world.api("POST", path, body, answered)

    def _submit(self, clip: ClipPlan) -> None:
        self._observer.note(f"{clip.key} is submitted", self.tasks[clip.key])
        self._ask("/annotation-tasks", self._bodies[clip.key], _until_taken)

    def _start_job(self, job: JobPlan, why: str | None) -> None:
        if why is not None:
            self._observer.note(f"{why} starts {job.name}")
        self._ask("/labeling-jobs", job.body(self._jobs), _until_taken)

    def _stop_job(self, job: JobPlan, until: float) -> None:
        def done(status: int) -> float | None:
            is_time = self._world.schedule.now() + HOUR < until
            return HOUR if status not in {200, 202} and is_time and not self._is_quiet() else None

        self._ask(f"/labeling-jobs/{job.name}/stop", None, done)

    def _retry(self, task: str) -> None:
        self._ledger.retried(task)
        self._observer.note("somebody asks for a retry", task)
        self._ask(f"/annotation-tasks/{task}/retry", None, _unless_refused)

    # ---- events -----------------------------------------------------------------------------------------------------

    def _act(self, event: OperatorEvent) -> None:
        task = self.tasks.get(event.subject)
        if event.act != "redrive":
            self._observer.note(f"{event.key}: {event.act} {event.subject} {event.variant}".rstrip(), task)
        match event.act:
            case "start twice":
                for _ in range(2):
                    self._ask("/annotation-tasks", self._bodies[event.subject], _until_taken)
            case "stop task":
                self._ask(f"/annotation-tasks/{task}/stop", None, _unless_refused)
            case "retry task":
                self._retry(str(task))
            case "abort execution" | "time out execution":
                self._end_execution(str(task), event)
            case _:
                self._act_on_all(event)

    def _act_on_all(self, event: OperatorEvent) -> None:
        match event.act:
            case "stop job":
                until = START + event.at + event.lasts
                self._stop_job(self._jobs[event.subject], until)
                self._world.schedule.at(until, partial(self._start_job, self._jobs[event.subject], event.key))
            case "away":
                self._leave(event)
            case "redrive":
                self._redrive()
            case "forge on queue" | "forge on topic":
                self._forge(event)

    def _end_execution(self, task: str, event: OperatorEvent) -> None:
        execution = self._executions.get(task)
        if execution is None:
            return
        if event.act == "abort execution":
            execution.stop("ByHand", "somebody pressed the button")
        elif execution.status is Status.RUNNING:
            execution._end(Status.TIMED_OUT)  # nobody else can: it takes a year

    def _leave(self, event: OperatorEvent) -> None:
        if self._is_quiet():
            return
        self._world.ground_truth.pause(workteam(event.subject))
        back = min(event.at + event.lasts, self._plan.quiet_at)
        self._at(back, partial(self._world.ground_truth.resume, workteam(event.subject)))

    def _redrive(self) -> None:
        for queue in self._world.stack.of_type("AWS::SQS::Queue"):
            if "DeadLetter" in queue:
                self._world.sqs.call("StartMessageMoveTask", {"SourceArn": self._world.stack.arn(queue)})

    def _forge(self, event: OperatorEvent) -> None:
        job = self._jobs[event.subject]
        task = next((task for task in self.tasks.values() if self._began(task, job)), None)
        if task is None:
            return
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:GroundTruth-{NAME}_{job.name}_output"
        text = forgeries.message(event.variant, event.key, job, task, self._world.stack.ref("Bucket"))
        self.forged[event.key] = event.act == "forge on queue"
        if event.act == "forge on topic":
            self._world.sns.call("Publish", {"TopicArn": topic, "Message": text})
        else:
            body = forgeries.envelope(event.variant, text, topic)
            self._world.sqs.send(self._world.stack.arn("LabelsQueue"), body)

    def _began(self, task: str, job: JobPlan) -> bool:
        return f"{task}/{job.level}/{job.name}/000000" in self._ledger.objects

    def _state_entered(self, execution: Execution, state: str) -> None:
        task = execution.name.rpartition("-")[0]
        self._executions[task] = execution
        if state == "TriggerLabeling" and (clip := self._lost_frames.pop(task, None)) is not None:
            self._world.s3.call("DeleteObject", {"Bucket": CLIP_BUCKET, "Key": clip.frame_keys()[-1]})

    # ---- rounds ---------------------------------------------------------------------------------------------------

    def _round(self) -> None:
        """Each day: what is dead is moved back, too."""
        self._redrive()
        self._look_after()
        self._in(DAY, self._round)

    def _look_after(self) -> None:
        """Jobs run, unless they are to be stopped just now; then what failed is tried again."""
        now = self._world.schedule.now() - START
        stopped = {
            event.subject
            for event in self._plan.events
            if event.act == "stop job" and event.at <= now < event.at + event.lasts and not self._is_quiet()
        }
        run = {name.rpartition("-")[0] for name in self._world.ground_truth.in_progress()}
        for job in self._plan.jobs:
            if job.name not in stopped and f"{NAME}-{job.name}" not in run:
                self._start_job(job, None)
        self._in(HOUR, self._retry_failed)

    def hope(self) -> bool:
        """Whether a task failed that will be tried again and may complete."""
        return any(task not in self._broken and self._retried[task] < _RETRIES for task in self._failed())

    def _retry_failed(self) -> None:
        """Before quiet as often as it takes, in quiet a few times: what else expires late fails it again."""
        for task in self._failed():
            if task not in self._broken and self._retried[task] < _RETRIES:
                self._retried[task] += self._is_quiet()
                self._retry(task)

    def _failed(self) -> list[str]:
        """The tasks that have failed, in the order of their clips."""
        found = self._ledger.tasks
        return [task for task in self.tasks.values() if task in found and found[task].status == "Failed"]


def _until_taken(status: int) -> float | None:
    """Repeats until the answer is yes; a refusal may be because a labeling job is stopped at the moment."""
    if status < 300:
        return None
    return _SOON if status >= 500 else _LATER


def _unless_refused(status: int) -> float | None:
    """Repeats what failed, and takes no for an answer."""
    return _SOON if status >= 500 else None
