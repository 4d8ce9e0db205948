"""Each AWS call of each invocation, as a place to crash at.

Every story is told once without a crash, which finds its calls; then again for each call and each way to crash there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from local.ground_truth.people import Behaviour
from local.ground_truth.unknowns import Unknowns
from tests.simulation.world.faults import Kind
from tests.simulation.world.plan import HOUR
from tests.simulation.world.processes import processes
from tests.simulation.world.stories import Story, event

CRASHES = (Kind.KILLED_BEFORE, Kind.KILLED_AFTER, Kind.ANSWER_LOST)
_READS = ("BatchGet", "Describe", "Get", "Head", "List", "Query", "Scan")

_RETRIES = tuple(event(hours, "retry task") for hours in (2, 3, 4))

STRAIGHT = Story("straight on", within=3)
DETOURS = (
    Story("declined", within=3, habits=(Behaviour("000001.jpg", "decline"),)),
    Story("expired", within=6, habits=(Behaviour("000001.jpg", "ignore"),), lifetime=2 * HOUR),
    Story("sent again in time", within=6, away=(0, 3), parameters={"ResendAfterSeconds": 3_600}),
    Story("continued by a successor", within=6, away=(0, 3), parameters={"ResendAfterSeconds": 3_600}, most_rounds=2),
    Story("labeling job stopped by a person", within=6, away=(0, 3), events=(event(1.5, "stop job", "A1", lasts=1),)),
    Story(
        "labeling job replaced",
        within=6,
        away=(0, 3),
        unknowns=Unknowns(job_ends_after=2 * HOUR, ended_job_status="Completed"),
    ),
    Story("stopped", within=6, status="Stopped", away=(0, 3), events=(event(2, "stop task"), event(4, "redrive"))),
    Story(
        "retried",
        within=6,
        habits=(Behaviour("000001.jpg", "decline"),),
        parameters={"MaxExpiries": 0},
        events=_RETRIES,
    ),
    Story("aborted by hand", within=6, away=(0, 3), events=(event(1.5, "abort execution"), *_RETRIES)),
    Story("nothing announced", within=6, unheard=("LabelsQueue",)),
)


@dataclass(frozen=True)
class Call:
    """A call of an invocation on the way of a story: the place where a fault may strike."""

    point: str

    @property
    def run(self) -> str:
        """The invocation."""
        return self.point.rsplit("/", 2)[0]

    @property
    def function(self) -> str:
        """The function, by its logical id."""
        return self.point.partition("/")[0]

    @property
    def what(self) -> str:
        """Service and operation."""
        return self.point.rsplit("/", 2)[1]

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return not self.what.partition(".")[2].startswith(_READS)


def calls(story: Story) -> list[Call]:
    """All calls of all invocations; of the reconciler's those that find something, and its first.

    Raises:
        ValueError: if the story does not end as it should even without a crash.
    """
    faults = story.faults()
    wrong = story.wrong(story.tell(faults=faults))
    if wrong is not None:
        raise ValueError(f"{story.name}, without a crash: {wrong}")
    return list(_worth_a_crash([Call(point) for point in faults.calls]))


def _worth_a_crash(found: Iterable[Call]) -> Iterator[Call]:
    has_looked = False
    for run in _runs(found):
        if run[0].function == "Reconciler":
            if has_looked and not any(call.writes for call in run):
                continue
            has_looked = True
        yield from run


@dataclass(frozen=True)
class Crash:
    """One way to crash at one call."""

    story: Story
    call: Call
    kind: Kind


def every_crash(stories: Iterable[Story]) -> Iterator[Crash]:
    """Each way at each call."""
    for story in stories:
        for call, kind in product(calls(story), CRASHES):
            yield Crash(story, call, kind)


def different_crashes(known: Story, stories: Iterable[Story]) -> Iterator[Crash]:
    """Those that are new in each story: at calls of invocations that call anything else than those of stories before.

    To be killed before a call is, but for milliseconds, to be killed after the last call that wrote; and a read whose
    answer is lost is a read.
    """
    seen = {_signature(run) for run in _runs(calls(known))}
    for story in stories:
        runs = _runs(calls(story))
        for run in runs:
            if _signature(run) not in seen:
                yield Crash(story, run[0], Kind.KILLED_BEFORE)
                for call, kind in product(run, (Kind.KILLED_AFTER, Kind.ANSWER_LOST)):
                    if call.writes:
                        yield Crash(story, call, kind)
        seen |= {_signature(run) for run in runs}


def _signature(run: Sequence[Call]) -> tuple[str, ...]:
    return run[0].function, *(call.what for call in run)


def _runs(found: Iterable[Call]) -> list[list[Call]]:
    """The calls by invocation."""
    runs: dict[str, list[Call]] = {}
    for call in found:
        runs.setdefault(call.run, []).append(call)
    return list(runs.values())


def wrong(crash: Crash) -> str | None:
    """What is wrong with a story after a crash; None if nothing is."""
    faults = crash.story.faults(chosen={crash.call.point: crash.kind})
    found = crash.story.wrong(crash.story.tell(faults=faults))
    if not faults.struck:
        found = "it never came to this point"
    where = f"{crash.story.name}, {crash.kind} at {crash.call.function} {crash.call.what} ({crash.call.point})"
    return None if found is None else f"{where}: {found}"


def everywhere(stories: Sequence[Story], jobs: int) -> tuple[list[str], int]:
    """What is wrong after each crash of all stories, by so many processes; and how many crashes there were."""
    crashes = list(every_crash(stories))
    with processes(jobs) as pool:
        found = pool.map(wrong, crashes, chunksize=20)
        return [each for each in found if each is not None], len(crashes)
