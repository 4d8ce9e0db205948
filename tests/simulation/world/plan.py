"""What one run of the simulation consists of: labeling jobs, people, clips, operators, unknowns, faults.

A plan is drawn from a seed (`drawing.draw`) and is nothing but values, so a part of it can be left out without moving
the rest: that is how the shortest failing schedule is found.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from local.ground_truth.people import Behaviour, Team
from local.ground_truth.unknowns import Unknowns
from tests.simulation.world.faults import Rates

HOUR = 3_600.0
DAY = 24 * HOUR

CLIP_BUCKET = "clips"
ELSEWHERE = "elsewhere"
"""A bucket that exists and that nothing of the application may ever read."""

LABEL_CANARY = "canary-label"
"""Is in every label, and must be in no log line."""
PRESIGNED_CANARY = "X-Amz-Signature=canary"
"""Is in URLs inside messages, and must be in no log line."""
FORGED = "forged-by"
"""Is in every forged message, beside the key of the event that forged it."""

QUIET_TEAM = Team(hours_per_task=(0.1, 0.5))
"""How people work once faults have stopped: day and night."""


@dataclass(frozen=True)
class Size:
    """How big a run is. `objects` are data objects of a clip at one level, over all jobs there."""

    clips: int = 60
    levels: int = 2
    objects: int = 4
    days: int = 240


@dataclass(frozen=True)
class JobPlan:
    """One labeling job, and who works on it. Durations are seconds."""

    name: str
    level: int
    task_type: str
    team: str
    chain_from: str | None = None
    lifetime: float = 10 * DAY
    time_limit: float = 8 * HOUR
    max_concurrent: int = 1_000

    @property
    def label_attribute(self) -> str:
        """What the application calls the labels of this job."""
        return f"{self.name}-ref" if self.has_files else self.name

    @property
    def has_files(self) -> bool:
        """Whether its labels are files that a line refers to; else they stand in the line."""
        return "Video" in self.task_type

    def body(self, jobs: Mapping[str, "JobPlan"]) -> dict[str, Any]:
        """What is POSTed to /labeling-jobs."""
        config: dict[str, Any] = {"labels": [{"label": f"{LABEL_CANARY}-car"}, {"label": f"{LABEL_CANARY}-van"}]}
        if self.chain_from is not None:
            config["auditLabelAttributeName"] = jobs[self.chain_from].label_attribute
        return {
            "jobName": self.name,
            "taskType": self.task_type,
            "labelCategoryConfig": config,
            "settings": {
                "WorkteamArn": workteam(self.team),
                "TaskTitle": self.name,
                "TaskAvailabilityLifetimeInSeconds": int(self.lifetime),
                "TaskTimeLimitInSeconds": int(self.time_limit),
                "MaxConcurrentTaskCount": self.max_concurrent,
            },
        }


def workteam(name: str) -> str:
    """The ARN of a team."""
    return f"arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/{name}"


Poison = Literal["", "no frames", "lost frame"]


@dataclass(frozen=True)
class ClipPlan:
    """One clip: a prefix of frames that arrives `at` seconds after the beginning.

    A clip without frames must fail. Of one with a lost frame, the last frame is deleted before any worker can see it.
    """

    key: str
    at: float
    frames: int
    on_object_failure: Literal["fail", "continue"] = "fail"
    poison: Poison = ""

    def body(self, jobs: Collection[JobPlan]) -> dict[str, Any]:
        """What is POSTed to /annotation-tasks."""
        clip = {"clipS3Uri": f"s3://{CLIP_BUCKET}/{self.key}", "fps": 1}
        return {
            "labelingJobs": [
                {
                    "jobName": job.name,
                    "jobLevel": job.level,
                    "inputConfig": clip if job.chain_from is None else {"chainFromJobName": job.chain_from},
                }
                for job in jobs
            ],
            "attributes": {"clip": {"source": f"https://drives.example/{self.key}?{PRESIGNED_CANARY}"}},
            "onObjectFailure": self.on_object_failure,
        }

    def frame_keys(self) -> list[str]:
        """Where its frames are in `CLIP_BUCKET`."""
        count = 0 if self.poison == "no frames" else self.frames
        return [f"{self.key}/{number:06d}.jpg" for number in range(1, count + 1)]


@dataclass(frozen=True)
class TeamPlan:
    """Some people."""

    name: str
    team: Team


@dataclass(frozen=True)
class Habit:
    """What people do with some object, whoever sends it."""

    key: str
    behaviour: Behaviour


OperatorAct = Literal[
    "start twice",  # a clip: the same POST twice at once
    "stop task",  # a clip
    "retry task",  # a clip
    "abort execution",  # a clip: by hand, past the application
    "time out execution",  # a clip: as a year's end would
    "stop job",  # a labeling job, started again when the time is over
    "away",  # a team takes no new task until the time is over
    "redrive",  # all dead-letter queues
    "forge on queue",  # a job: a message that nobody sent is put into the labels queue
    "forge on topic",  # a job: the same through its output topic
]


@dataclass(frozen=True, order=True)
class OperatorEvent:
    """Something people do `at` seconds after the beginning; `key` names it."""

    at: float
    key: str
    act: OperatorAct
    subject: str = ""
    """A clip's, job's or team's name."""
    lasts: float = 0.0
    variant: str = ""
    """Of a forgery: what is wrong with it."""


@dataclass(frozen=True)
class Plan:
    """One run.

    Faults strike until `quiet_at` seconds after the beginning; `only` are the keys of those that may, None: all.
    `parameters` are the template's parameters where they differ from its defaults.
    """

    seed: int
    size: Size
    jobs: tuple[JobPlan, ...]
    teams: tuple[TeamPlan, ...]
    clips: tuple[ClipPlan, ...]
    habits: tuple[Habit, ...]
    events: tuple[OperatorEvent, ...]
    unknowns: Unknowns
    rates: Rates
    parameters: Mapping[str, Any]
    quiet_at: float
    only: frozenset[str] | None = None

    @property
    def resend_after(self) -> float:
        """Seconds until what has no outcome is sent again."""
        return float(self.parameters["ResendAfterSeconds"])

    @property
    def bound(self) -> float:
        """Seconds after the last fault within which everything must have ended.

        | what may have to pass | why |
        |---|---|
        | the longest delay | what was said before faults stopped arrives as late as that |
        | a refresh, a lifetime, a day, a refresh | the rule about silence: the notice was lost, nothing else tells |
        | a time limit and a lifetime | the object is in somebody's hands and comes back, and nobody may want it |
        | four days | operators make a round each day: they start jobs, redrive queues, retry what failed, also again |
        | a day and all the work, each level | people work on what comes, in the order in which it comes |
        | a lifetime and a refresh, once more | the job ends meanwhile and is replaced |
        | the age cap | if objects fail each time, and Ground Truth tells so nowhere |
        """
        lifetime = max(job.lifetime for job in self.jobs)
        limit = max(job.time_limit for job in self.jobs)
        silence = self.rates.longest_delay + 2 * self.resend_after + lifetime + DAY
        levels = max(job.level for job in self.jobs)
        again = lifetime + self.resend_after
        untold = not (self.unknowns.failures_on_topic or self.unknowns.failures_in_manifest)
        fails_silently = untold and any(clip.poison == "lost frame" for clip in self.clips)
        too_old = float(self.parameters.get("MaxAgeSeconds", 180 * DAY)) if fails_silently else 0.0
        return silence + limit + lifetime + 4 * DAY + levels * (DAY + self._work()) + again + too_old

    @property
    def latest_quiet(self) -> float:
        """When faults must stop, so that the bound ends with the last day."""
        return max(0.0, self.size.days * DAY - self.bound)

    def _work(self) -> float:
        """Seconds that the slowest team needs in quiet for all objects of one level."""
        people = {team.name: team.team.people for team in self.teams}
        hands = min(min(people[job.team], max(1, job.max_concurrent - 1)) for job in self.jobs)
        return math.ceil(self.size.clips * self.size.objects / hands) * QUIET_TEAM.hours_per_task[1] * HOUR

    def atoms(self) -> list[str]:
        """Everything that can be left out, except faults, which are known only after a run."""
        return [
            *(f"clip:{clip.key}" for clip in self.clips),
            *(f"habit:{habit.key}" for habit in self.habits),
            *(f"event:{event.key}" for event in self.events),
        ]

    def reduced(self, atoms: Collection[str]) -> "Plan":
        """The same plan with only these atoms; `fault:<key>` names a fault that may strike.

        An event about a clip that is left out goes with it.
        """
        kept = frozenset(atoms)
        left_out = {clip.key for clip in self.clips if f"clip:{clip.key}" not in kept}
        return replace(
            self,
            clips=tuple(clip for clip in self.clips if clip.key not in left_out),
            habits=tuple(habit for habit in self.habits if f"habit:{habit.key}" in kept),
            events=tuple(
                event for event in self.events if f"event:{event.key}" in kept and event.subject not in left_out
            ),
            only=frozenset(atom.removeprefix("fault:") for atom in kept if atom.startswith("fault:")),
        )
