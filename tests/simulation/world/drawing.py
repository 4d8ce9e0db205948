"""Draws a plan from a seed.

Each part has a stream of its own, so a change in how one part is drawn moves no other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Literal, get_args, get_origin, get_type_hints

from local.ground_truth.people import Behaviour, Team
from local.ground_truth.unknowns import Unknowns
from tests.simulation.world.faults import Kind, Rates
from tests.simulation.world.forgeries import FORGERIES, ON_TOPIC
from tests.simulation.world.plan import (
    DAY,
    HOUR,
    ClipPlan,
    Habit,
    JobPlan,
    OperatorAct,
    OperatorEvent,
    Plan,
    Poison,
    Size,
    TeamPlan,
)

_AVERAGE = Rates(
    throttled=0.002,
    killed_before=0.0002,
    killed_after=0.0002,
    answer_lost=0.001,
    slow=0.0003,
    result_lost=0.001,
    started_twice=0.002,
    refused=0.002,
    duplicated=0.03,
    delayed=0.03,
    lost=0.01,
    stale=0.1,
    conflict=0.01,
    unprocessed=0.01,
    unmeasured=0.1,
)
"""The chances on an average day. Who is killed between a level's last outcome and its waking sleeps until its message
comes again, for minutes: so kills are as rare as 60 s in 99 of 100 levels need, which is about one in a thousand calls
and still one in a hundred invocations."""
_FORGERIES: list[tuple[OperatorAct, Sequence[str]]] = [("forge on queue", FORGERIES), ("forge on topic", ON_TOPIC)]
_MOST_CONCURRENT = 5_000
"""What Ground Truth takes: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HumanTaskConfig.html"""
_ARRIVAL_DAYS = 21.0
_WORK_DAYS = 5.0
_A_YEAR = 365


def _slowness(size: Size) -> float:
    """How many times as long everything takes to come and to be done: clips come for three weeks, or most of a year."""
    return 1.0 if size.days < _A_YEAR else 0.6 * size.days / _ARRIVAL_DAYS


def draw(seed: int, size: Size | None = None) -> Plan:
    """The plan of a seed. A third level comes in one seed of twenty where two are asked for."""
    size = size or Size()
    people = _stream(seed, "jobs")
    levels = size.levels + 1 if size.levels == 2 and people.random() < 1 / 20 else size.levels
    jobs, frames = _jobs(people, size, levels)
    teams = _teams(_stream(seed, "workers"), jobs, size)
    clips = tuple(_clips(_stream(seed, "clips"), size, frames))
    parameters = _parameters(_stream(seed, "parameters"))
    unknowns = _unknowns(_stream(seed, "unknowns"))
    rates = _rates(_stream(seed, "weather"))
    habits = tuple(_habits(_stream(seed, "habits"), jobs, clips))
    plan = Plan(seed, size, jobs, teams, clips, habits, (), unknowns, rates, parameters, quiet_at=0.0)
    plan = replace(plan, quiet_at=_quiet_at(_stream(seed, "quiet"), plan))
    return replace(plan, events=tuple(sorted(_events(_stream(seed, "operators"), plan))))


def _quiet_at(chance: Random, plan: Plan) -> float:
    """Half of the time so late that the bound ends with the last day; else while much is still under way."""
    latest = plan.latest_quiet
    return latest if chance.random() < 0.5 else min(latest, chance.uniform(10, 60) * DAY)


def _stream(seed: int, part: str) -> Random:
    return Random(f"{seed}/{part}")  # noqa: S311 # the same seed must give the same plan


def _jobs(chance: Random, size: Size, levels: int) -> tuple[tuple[JobPlan, ...], int]:
    """The jobs of all levels, and how many frames a clip has, so that a level has as many objects as asked for."""
    sides = [("BoundingBox", "Adjustment")]
    frames = size.objects
    shape = chance.choice(["one job", "one job", "one job", "one job", "two image jobs", "image and video"])
    if shape == "two image jobs" and size.objects >= 2:
        sides, frames = [*sides, ("BoundingBox", "Adjustment")], size.objects // 2
    elif shape == "image and video" and size.objects >= 2:
        sides, frames = [*sides, ("VideoObjectTracking", "Adjustment")], size.objects - 1
    jobs = []
    for side, (family, prefix) in enumerate(sides):
        before: JobPlan | None = None
        for level in range(1, levels + 1):
            before = JobPlan(
                name=f"{'AB'[side]}{level}",
                level=level,
                task_type=family if before is None else f"{prefix}{family}",
                team=f"team-{chance.randint(1, 2)}",
                chain_from=None if before is None else before.name,
                lifetime=chance.choice([3, 5, 10, 10, 20]) * DAY,
                time_limit=chance.choice([3, 8]) * HOUR if family == "BoundingBox" else chance.choice([12, 72]) * HOUR,
                max_concurrent=min(_MOST_CONCURRENT, chance.choice([8, 20, 100, 1_000]) * max(1, size.clips // 100)),
            )
            jobs.append(before)
    return tuple(sorted(jobs, key=lambda job: (job.level, job.name))), frames


def _teams(chance: Random, jobs: Sequence[JobPlan], size: Size) -> tuple[TeamPlan, ...]:
    """As many people as get everything done in about five days of their own pace; in a year, in fifty."""
    teams = []
    for name in sorted({job.team for job in jobs}):
        kind = chance.choice(["fast", "office", "slow"])
        pace = {"fast": (0.1, 0.5), "office": (0.3, 3.0), "slow": (0.5, 5.0)}[kind]
        tasks = size.clips * size.objects * sum(job.team == name for job in jobs)
        hours_a_day = 24.0 if kind == "fast" else 7.0
        people = max(2, round(tasks * sum(pace) / 2 / (hours_a_day * _WORK_DAYS * _slowness(size))))
        if kind == "fast":
            team = Team(people, pace)
        else:
            team = Team(people, pace, opens=8.0, closes=18.0, days_off=frozenset({5, 6}))
        teams.append(TeamPlan(name, team))
    return tuple(teams)


def _clips(chance: Random, size: Size, frames: int) -> Iterator[ClipPlan]:
    """Some arrive one by one, some in bulk, twenty a second; three in a hundred are poison."""
    last = min(_ARRIVAL_DAYS, size.days / 10) * _slowness(size) * DAY
    bulks = [chance.uniform(DAY / 8, last) for _ in range(3)]
    for number in range(1, size.clips + 1):
        at = chance.choice(bulks) + number / 20 if chance.random() < 0.5 else chance.uniform(DAY / 8, last)
        poison: Poison = ""
        if chance.random() < 0.03:
            poison = chance.choice(["no frames", "lost frame"])
        on_failure: Literal["fail", "continue"] = "continue" if chance.random() < 0.25 else "fail"
        yield ClipPlan(f"clip-{number:05d}", round(at, 3), frames, on_failure, poison)


def _parameters(chance: Random) -> dict[str, Any]:
    return {
        "ResendAfterSeconds": int(chance.choice([3, 5, 5, 7, 9, 9]) * DAY),
        "GatherExpiriesSeconds": chance.choice([60, 3_600]),
        "MaxExpiries": chance.choice([3, 3, 10]),
        "MaxAgeSeconds": int(chance.choice([90, 120]) * DAY),
    }


def _unknowns(chance: Random) -> Unknowns:
    """Every switch, each answer as likely as any other; of numbers those that matter."""
    drawn: dict[str, Any] = {}
    for name, of_type in get_type_hints(Unknowns).items():
        if of_type is bool:
            drawn[name] = chance.random() < 0.5
        elif get_origin(of_type) is Literal:
            drawn[name] = chance.choice(get_args(of_type))
    # Expiries that are told nowhere at all are rarer than the rest, since all of them need the rule about silence.
    if not drawn["failures_on_topic"] and not drawn["failures_in_manifest"] and chance.random() < 0.7:
        drawn["failures_on_topic"] = True
    drawn["job_ends_after"] = chance.choice([None, None, 30 * DAY])
    drawn["manifest_lag"] = chance.choice([60.0, 300.0, HOUR])
    drawn["label_quotas_enforced"] = False  # refuses jobs for the length of names, which is not at stake here
    return Unknowns(**drawn)


def _rates(chance: Random) -> Rates:
    """From calm to stormy; each kind of fault has its own day."""
    storm = chance.choice([0.0, 0.3, 1.0, 1.0, 3.0])
    drawn = {
        kind.value: round(min(0.3, getattr(_AVERAGE, kind) * storm * chance.choice([0.0, 0.5, 1.0, 2.0])), 5)
        for kind in Kind
    }
    return Rates(**drawn)


def _habits(chance: Random, jobs: Sequence[JobPlan], clips: Sequence[ClipPlan]) -> Iterator[Habit]:
    """One object in twenty or so has people who ignore, decline or return it, in a very large run at most sixty in all.
    In one seed of eight there is one that nobody ever takes, so that it is months before it fails."""
    never = chance.random() < 0.125
    for number in range(min(60, max(1, len(clips) // 5))):
        job, clip = chance.choice(jobs), chance.choice(clips)
        act: Literal["ignore", "decline", "return"] = chance.choice(["ignore", "decline", "return"])
        times = chance.choice({"ignore": [1, 2, 4], "decline": [1, 2, 12], "return": [1, 3]}[act])
        if never and number == 0:
            act, times = "ignore", 1_000
        frame = f"{clip.key}/{chance.randint(1, clip.frames):06d}.jpg"
        # A sequence file's name says nothing of the clip, but the id in the line begins with it.
        match = f"/{clip.key}-" if "Video" in job.task_type else frame
        yield Habit(f"habit-{number}", Behaviour(match, act, times, f"-{job.name}-"))


def _events(chance: Random, plan: Plan) -> Iterator[OperatorEvent]:
    clips, jobs, chaos = plan.clips, plan.jobs, plan.quiet_at
    numbers = iter(range(1_000_000))

    def event(act: OperatorAct, at: float, subject: str = "", lasts: float = 0.0, variant: str = "") -> OperatorEvent:
        key = f"{act.replace(' ', '-')}-{next(numbers)}"
        return OperatorEvent(round(at, 3), key, act, subject, round(lasts, 3), variant)

    busy = min(chaos, 1.5 * _ARRIVAL_DAYS * _slowness(plan.size) * DAY)
    some = max(1, min(20, len(clips) // 20))
    about_clips: list[tuple[OperatorAct, int]] = [
        ("start twice", some),
        ("stop task", 1),
        ("retry task", some),
        ("abort execution", 1),
        ("time out execution", 1),
    ]
    for act, most in about_clips:
        for _ in range(chance.randint(0, most)):
            clip = chance.choice(clips)
            later = 0.0 if act == "start twice" else chance.uniform(0, min(20 * DAY, chaos / 2))
            yield event(act, clip.at + later, clip.key)
    for _ in range(chance.randint(0, 2)):
        at = chance.uniform(0.02, 1) * min(chaos, 2 * busy)
        yield event("stop job", at, chance.choice(jobs).name, chance.uniform(0.1, 12) * DAY)
    yield from _absences(chance, plan, event)
    for _ in range(chance.randint(0, 3)):
        yield event("redrive", chance.uniform(0, 1) * busy)
    for _ in range(chance.randint(0, 6)):
        job = chance.choice(jobs)
        act, variants = chance.choice(_FORGERIES)
        # Where labels stand in the line itself, no label is elsewhere.
        variant = chance.choice([each for each in variants if job.has_files or each != "labels elsewhere"])
        yield event(act, chance.uniform(0.1, 1) * busy, job.name, variant=variant)


def _absences(chance: Random, plan: Plan, event: Any) -> Iterator[OperatorEvent]:
    """Holidays of weeks; in one seed of twenty or so, seventy days in which nobody works, unless all is sent again so
    often that nothing else would be lived; and short absences, which let what is in the portal expire where lifetimes
    are short."""
    chaos = min(plan.quiet_at, 1.5 * _ARRIVAL_DAYS * _slowness(plan.size) * DAY)
    if plan.quiet_at > 90 * DAY and chance.random() < 1 / 8 and plan.resend_after > 3 * DAY:
        at = chance.uniform(0, 14 * DAY)
        for team in plan.teams:
            yield event("away", at, team.name, 70 * DAY)
        return
    for team in plan.teams:
        for _ in range(chance.choice([0, 0, 1, 1, 2])):
            yield event("away", chance.uniform(0, 1) * chaos, team.name, chance.uniform(7, 21) * DAY)
        for _ in range(chance.randint(0, 2)):
            yield event("away", chance.uniform(0, 1) * chaos, team.name, chance.uniform(1, 5) * DAY)
