"""One run: a plan, lived from its first day to its last, with every promise checked on the way."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from local.ground_truth.inputs import split_s3_uri
from local.ground_truth.people import Team
from local.template import Template
from tests.simulation.world.faults import Faults
from tests.simulation.world.ledger import ENDED, Ledger, Step
from tests.simulation.world.observer import Observer
from tests.simulation.world.operators import Operators
from tests.simulation.world.plan import (
    CLIP_BUCKET,
    DAY,
    ELSEWHERE,
    FORGED,
    HOUR,
    QUIET_TEAM,
    Plan,
    workteam,
)
from tests.simulation.world.promises import Broken
from tests.simulation.world.table import Figures
from tests.simulation.world.world import START, World


@dataclass(frozen=True)
class Algorithm:
    """What lives a plan: a template, if it is not the application's, and who tells the ledger what it does.

    Of a control, broken promises are counted; the first one that the application breaks ends its run.
    """

    template: Template | None = None
    observer: type[Observer] = Observer
    is_control: bool = False


@dataclass
class Life:
    """What became of a plan. `struck` are the keys of the faults, `timeline` says what was traced."""

    figures: Figures
    broken: Broken | None = None
    struck: list[str] = field(default_factory=list)
    timeline: list[tuple[float, str]] = field(default_factory=list)


def live(
    plan: Plan,
    *,
    faults: Faults | None = None,
    step: float = DAY,
    retries: bool = True,
    traced: str | None = None,
    day: Callable[[int], None] = lambda _day: None,
    algorithm: Algorithm | None = None,
    every_run: bool = False,
    empty_is_zero: bool = False,
) -> Life:
    """Runs a plan until everything has ended or its last day is over, or until a promise is broken.

    Args:
        faults: what goes wrong, if not what the plan says.
        step: after how many seconds each it is asked whether everything has ended.
        retries: operators try what failed once more when faults have stopped, so that only poison may fail; if not,
            a failure is an end like any other.
        traced: the task that the timeline is about.
        day: is told how many days have passed.
        algorithm: what is run, if not the application.
        every_run: see `World`.
        empty_is_zero: see `World`.
    """
    algorithm = algorithm or Algorithm()
    faults = faults or Faults(plan.seed, plan.rates, plan.only)
    teams = {workteam(team.name): team.team for team in plan.teams}
    behaviours = [habit.behaviour for habit in plan.habits]
    with World(
        plan.seed,
        faults=faults,
        parameters=plan.parameters,
        unknowns=plan.unknowns,
        team=lambda arn: teams.get(arn, Team()),
        behaviours=behaviours,
        template=algorithm.template,
        every_run=every_run,
        empty_is_zero=empty_is_zero,
    ) as world:
        world.s3.call("CreateBucket", {"Bucket": ELSEWHERE})
        counted: list[Broken] = []
        ledger = Ledger(
            steps(plan),
            world.schedule.now,
            counted.append if algorithm.is_control else None,
            announces=not algorithm.is_control,
        )
        buckets = {CLIP_BUCKET, str(world.stack.ref("Bucket"))}
        observer = algorithm.observer(ledger, world.watchers, buckets, traced)
        observer.is_there = lambda uri: world.s3.read(*split_s3_uri(uri)) is not None
        operators = Operators(plan, world, ledger, observer)
        operators.begin()
        world.schedule.at(START + plan.quiet_at, partial(_quiet, world, observer))
        _hourly(world, ledger)
        life = Life(Figures())
        try:
            passed = _run(plan, world, ledger, operators, step, retries, day)
            _end(plan, world, ledger, operators, retries)
        except Broken as broken:
            counted.append(broken)
            passed = (broken.at - START) / DAY
        life.broken = counted[0] if counted else None
        life.figures = _figures(plan, ledger, faults, passed, counted)
        life.struck = list(dict.fromkeys(strike.key for strike in faults.struck))
        life.timeline = observer.timeline
        if traced is not None:
            life.timeline += [(strike.at, f"fault: {strike.kind} at {strike.where}") for strike in faults.struck]
            life.timeline.sort(key=lambda entry: entry[0])
        return life


def steps(plan: Plan) -> Mapping[Step, int | Step]:
    """What each labeling job is given."""
    frames = max((clip.frames for clip in plan.clips), default=0)
    found: dict[Step, int | Step] = {}
    for job in plan.jobs:
        if job.chain_from is not None:
            found[job.level, job.name] = job.level - 1, job.chain_from
        else:
            found[job.level, job.name] = 1 if job.has_files else frames
    return found


def _run(
    plan: Plan,
    world: World,
    ledger: Ledger,
    operators: Operators,
    step: float,
    retries: bool,
    day: Callable[[int], None],
) -> float:
    """Lets the days pass; returns how many. Once everything has ended, the last days bring nothing new."""
    last_event = max((event.at + event.lasts for event in plan.events), default=0.0)
    last_event = max(last_event, max((clip.at for clip in plan.clips), default=0.0) + step)
    for number in range(1, int(plan.size.days * DAY / step) + 1):
        passed = number * step
        world.run_until(START + passed)
        if passed % DAY == 0:
            day(int(passed / DAY))
        statuses = {ledger.tasks[task].status for task in operators.tasks.values() if task in ledger.tasks}
        has_ended = statuses <= ENDED and len(ledger.tasks) == len(operators.tasks)
        is_over = not retries or not operators.hope()
        if passed > last_event and has_ended and is_over and not ledger.unannounced():
            return passed / DAY
    return float(plan.size.days)


def _quiet(world: World, observer: Observer) -> None:
    """From now on nothing goes wrong, and people work."""
    observer.note("faults stop, people work")
    world.quiet()
    world.ground_truth.forget()
    world.ground_truth.change(lambda team: replace(QUIET_TEAM, people=team.people))


def _hourly(world: World, ledger: Ledger) -> None:
    ledger.look_for_sleepers()
    world.schedule.at(world.schedule.now() + HOUR, partial(_hourly, world, ledger))


def _end(plan: Plan, world: World, ledger: Ledger, operators: Operators, retries: bool) -> None:
    poisoned = {operators.tasks[clip.key] for clip in plan.clips if clip.poison or not retries}
    ledger.the_end(operators.tasks.values(), poisoned.__contains__, START + plan.quiet_at, plan.bound)
    ledger.quarantined(operators.forged, _quarantine(world, operators))


def _quarantine(world: World, operators: Operators) -> dict[str, str | None]:
    """What lies in quarantine, and the event that forged it."""
    bucket = str(world.stack.ref("Bucket"))
    found: dict[str, str | None] = {}
    listed = world.s3.call("ListObjectsV2", {"Bucket": bucket, "Prefix": "quarantine/"})
    for entry in listed.get("Contents", []):
        text = json.dumps(json.loads(world.s3.read(bucket, entry["Key"]) or b"{}"))
        is_by = (event for event in operators.forged if FORGED in text and event in text)
        found[entry["Key"]] = next(is_by, None)
    return found


def _figures(plan: Plan, ledger: Ledger, faults: Faults, passed: float, broken: list[Broken]) -> Figures:
    statuses = Counter(found.status for found in ledger.tasks.values())
    quiet = START + plan.quiet_at
    late = [found.ended_at - quiet for found in ledger.tasks.values() if found.ended_at is not None]
    return Figures(
        seeds=1,
        clips=len(plan.clips),
        objects=len(ledger.objects),
        days=passed,
        faults=Counter(strike.kind.value for strike in faults.struck),
        operator_events=len(plan.events),
        completed=statuses["Completed"],
        failed=statuses["Failed"],
        stopped=statuses["Stopped"],
        stuck=len(ledger.stuck()),
        lost=sum(
            found.outcome is None
            for key, found in ledger.objects.items()
            if ledger.tasks[key.partition("/")[0]].status == "Completed"
        ),
        broken=Counter(each.promise.value for each in broken),
        expiries=sum(found.failures for found in ledger.objects.values()),
        replacements=ledger.replacements,
        surplus=ledger.surplus,
        wakes=ledger.wakes,
        ends=[max(late)] if late and max(late) > 0 else [],
        most_history=ledger.most_history,
        longest_execution=ledger.longest_execution,
    )
