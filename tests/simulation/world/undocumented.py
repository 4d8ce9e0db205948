"""What Ground Truth's documentation leaves open, in every combination, each as a small world that must come through.

A world remembers which questions it asked. Since nothing in it is left to chance, it would have been the same whatever
the answers to the others are: one run decides all combinations that differ only in what it did not ask. So the first
run takes the first answer to each question; then one run for each other answer to a question that it asked, with its
answers to those it asked before; and so on, until no answer is left. Nothing is assumed about what matters when.

Two groups of questions are walked in this way (`WALKS`). What is not in a group is turned along: each run has one of
its answers, drawn from the answers that the run was given.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from local.ground_truth.people import Behaviour
from local.ground_truth.unknowns import Unknowns
from tests.simulation.world.covering import covering_rows
from tests.simulation.world.faults import Kind, Rates
from tests.simulation.world.plan import HOUR
from tests.simulation.world.processes import processes
from tests.simulation.world.stories import Story

type Row = Mapping[str, Any]

_SCENE: Mapping[str, Sequence[Any]] = {
    "failure": ("decline", "ignore"),
    "media": ("image", "video"),
    "queue age": ("nothing said of an empty queue", "0 seconds", "nothing said at all"),
}
"""Questions that are not Ground Truth's: who fails an object and how, what is labeled, and what CloudWatch says
of the age of a queue's oldest message. Every world asks them."""
QUESTIONS: Mapping[str, Sequence[Any]] = {
    **_SCENE,
    "job_name_in_tree": ("as given", "lower case"),
    "name_in_arn": ("lower case", "as given"),
    "early_input": ("lost", "kept"),
    "dedup": ("consumption", "arrival"),
    "resend_renews_retention": (False, True),
    "queue_expiry_forgets_id": (False, True),
    "refill_leaves_gap": (True, False),
    "open_tasks_keep_job_alive": (True, False),
    "job_ends_after": (None, 3 * HOUR),
    "ended_job_status": ("Failed", "Completed", "Stopped"),
    "stop_fails_open_objects": (False, True),
    "failures_on_topic": (True, False),
    "failures_in_manifest": (True, False),
    "failure_line_has_label_key": (False, True),
    "expiry_reason": (Unknowns.expiry_reason, "Worker timeout"),
    "decline_reason": (Unknowns.decline_reason, "declined"),
    "ids_must_match_pattern": (False, True),
    "object_id_in_path": ("number", "quoted", "raw"),
    "frame_no_is_string": (True, False),
    "frame_no_from_sequence": (False, True),
    "unlabeled_frames_missing": (False, True),
    "class_index_is_string": (True, False),
    "unmodified_video_status": ("absent", "unadjusted"),
}
"""Each question and its answers, of which Ground Truth's are the switches of `Unknowns`. Left out are limits of names,
which refuse a job for its words, and chances and delays, of which the simulated world has its own."""
_FILES = (
    "frame_no_is_string",
    "frame_no_from_sequence",
    "unlabeled_frames_missing",
    "class_index_is_string",
    "unmodified_video_status",
)
WALKS: Mapping[str, Sequence[str]] = {
    "what happens": tuple(name for name in QUESTIONS if name not in {"failure", "media", *_FILES}),
    "what is in files": ("media", "job_name_in_tree", "object_id_in_path", "failure_line_has_label_key", *_FILES),
}


@dataclass(frozen=True)
class Asked(Unknowns):
    """Remembers which of its questions were asked, in order."""

    asked: dict[str, None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __getattribute__(self, name: str) -> Any:
        if name in QUESTIONS:
            self.asked[name] = None
        return super().__getattribute__(name)


def story(row: Row) -> Story:
    """A clip with two levels. An object expires or is declined, a notice is lost, jobs may end with objects open."""
    return Story(
        ", ".join(f"{name} {answer!r}" for name, answer in row.items()),
        within=110,
        media=row["media"],
        away=(0, 3.2),
        lifetime=6 * HOUR,
        max_concurrent=2,
        habits=(Behaviour("", row["failure"]),),
        unknowns=Asked(**{name: answer for name, answer in row.items() if name not in _SCENE}),
        parameters={"ResendAfterSeconds": 26 * 3_600},
        empty_is_zero=row["queue age"] == "0 seconds",
        rates=Rates(unmeasured=float(row["queue age"] == "nothing said at all")),
        once={"everlabel-LabelsQueue/*/delivery": Kind.LOST},
        every_run=False,
    )


def wrong(row: Row) -> str | None:
    """What is wrong with a combination of answers to all questions; None if nothing is."""
    told = story(row)
    return told.wrong(told.tell())


def covering() -> list[Row]:
    """Combinations in which any three answers stand together."""
    return list(covering_rows(QUESTIONS))


@dataclass(frozen=True)
class Run:
    """One run, and what it decides: all combinations with the answers in `decided`."""

    row: Row
    decided: Row
    stands_for: int
    """How many combinations these are."""
    wrong: str | None


def run(names: Sequence[str], given: Row) -> Run:
    """Lives the story with the given answers, the first one to what else it asks of `names`, and the rest turned
    along."""
    chance = Random(repr(sorted(given.items())))  # noqa: S311 # the same each time
    turned = {name: chance.choice(answers) for name, answers in QUESTIONS.items()}
    row = {name: turned[name] if name not in names else QUESTIONS[name][0] for name in QUESTIONS} | dict(given)
    told = story(row)
    found = told.wrong(told.tell())
    assert isinstance(told.unknowns, Asked)
    asked = [name for name in [*_SCENE, *told.unknowns.asked] if name in names]
    decided = dict(given) | {name: row[name] for name in asked}
    return Run(row, decided, math.prod(len(QUESTIONS[name]) for name in names if name not in decided), found)


def undecided(given: Row, lived: Run) -> Iterator[Row]:
    """What a run with the given answers leaves undecided, in parts that have no combination in common."""
    before = dict(given)
    for name, answer in lived.decided.items():
        if name not in given:
            yield from ({**before, name: other} for other in QUESTIONS[name][1:])
            before[name] = answer


def walk(names: Sequence[str], jobs: int) -> Iterator[Run]:
    """Runs that together decide every combination of answers to these questions, each once; by so many processes."""
    with processes(jobs) as pool:
        rows: list[Row] = [{}]
        while rows:
            following: list[Row] = []
            for given, lived in zip(rows, pool.map(partial(run, names), rows, chunksize=8), strict=True):
                yield lived
                following += undecided(given, lived)
            rows = following


def combinations(names: Sequence[str]) -> int:
    """How many combinations of answers there are."""
    return math.prod(len(QUESTIONS[name]) for name in names)
