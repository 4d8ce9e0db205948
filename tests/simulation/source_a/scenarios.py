"""Plans in which little goes wrong but one thing, so that it can be seen what that alone does to an algorithm."""

from dataclasses import replace

from local.ground_truth.people import Behaviour
from local.ground_truth.unknowns import Unknowns
from tests.simulation.world.drawing import draw
from tests.simulation.world.faults import Rates
from tests.simulation.world.plan import DAY, Habit, OperatorEvent, Plan, Size

_PARAMETERS = {"ResendAfterSeconds": int(5 * DAY), "GatherExpiriesSeconds": 60, "MaxExpiries": 10}
_AWAY_AT, _AWAY_FOR = 2 * DAY, 70 * DAY


def calm(seed: int, size: Size) -> Plan:
    """A seed's jobs, teams and clips; all is as documented, and nothing goes wrong."""
    plan = draw(seed, size)
    clips = tuple(replace(clip, poison="") for clip in plan.clips)
    jobs = tuple(replace(job, lifetime=10 * DAY) for job in plan.jobs)
    plan = replace(
        plan,
        jobs=jobs,
        clips=clips,
        habits=(),
        events=(),
        unknowns=Unknowns(),
        rates=Rates(),
        parameters=_PARAMETERS,
    )
    return replace(plan, quiet_at=plan.latest_quiet)


def long_pause(seed: int, size: Size) -> Plan:
    """Nobody works for 70 days, and each portal has room for one object in five. No fault is injected."""
    plan = calm(seed, size)
    room = max(3, size.clips * size.objects // 5)
    away = (OperatorEvent(_AWAY_AT, f"away-{team.name}", "away", team.name, _AWAY_FOR) for team in plan.teams)
    clips = tuple(replace(clip, at=min(clip.at, _AWAY_AT)) for clip in plan.clips)
    jobs = tuple(replace(job, max_concurrent=room) for job in plan.jobs)
    return replace(plan, jobs=jobs, clips=clips, events=tuple(away))


def repeated_messages(seed: int, size: Size) -> Plan:
    """One message in five comes twice and one in five late, up to three days; half of the objects expire once."""
    plan = calm(seed, size)
    habits = tuple(
        Habit(f"ignore-{job.name}", Behaviour("", "ignore", size.clips * size.objects // 2, f"-{job.name}-"))
        for job in plan.jobs
    )
    jobs = tuple(replace(job, max_concurrent=1_000) for job in plan.jobs)
    return replace(plan, jobs=jobs, habits=habits, rates=Rates(duplicated=0.2, delayed=0.2))
