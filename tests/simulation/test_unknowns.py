"""Whatever the answers are to what Ground Truth's documentation leaves open, a clip comes through.

Here any three answers stand together, in some fifty combinations; `make exhaustive` decides all of them.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any

import pytest

from local.ground_truth.people import Behaviour
from local.ground_truth.unknowns import Unknowns
from tests.simulation.world.covering import covering_rows
from tests.simulation.world.faults import Kind, Strike
from tests.simulation.world.plan import DAY
from tests.simulation.world.stories import Chosen, Story
from tests.simulation.world.undocumented import QUESTIONS, WALKS, Asked, Run, covering, run, story, walk, wrong

PARTS = 4
FEW = (
    "failures_on_topic",
    "failures_in_manifest",
    "failure_line_has_label_key",
    "open_tasks_keep_job_alive",
    "ids_must_match_pattern",
    "object_id_in_path",
)


@pytest.mark.parametrize("part", range(PARTS))
def test_any_three_answers_together_should_change_nothing_but_time(part: int) -> None:
    rows = covering()[part::PARTS]

    assert len(rows) >= 10
    assert [(row, found) for row in rows if (found := wrong(row)) is not None] == []


def test_any_three_answers_should_stand_together() -> None:
    answers = {"a": "12", "b": "123", "c": "12", "d": "1234"}
    rows = covering_rows(answers)

    for one, other, third in combinations("abcd", 3):
        seen = {(row[one], row[other], row[third]) for row in rows}
        assert seen == set(product(answers[one], answers[other], answers[third]))


def test_a_question_should_be_remembered_as_soon_as_it_is_asked() -> None:
    unknowns = Asked(dedup="arrival")

    assert list(unknowns.asked) == []
    assert unknowns.early_input == "lost"
    assert unknowns.dedup == "arrival"
    assert list(unknowns.asked) == ["early_input", "dedup"]


def test_the_first_answer_to_each_question_of_ground_truths_should_be_the_likeliest_one() -> None:
    for name in QUESTIONS.keys() & Unknowns.__dataclass_fields__.keys():
        assert QUESTIONS[name][0] == getattr(Unknowns(), name)


@pytest.fixture(scope="module")
def few() -> list[Run]:
    return list(walk(FEW, 1))


def test_each_combination_should_be_decided_by_one_run(few: list[Run]) -> None:
    every = [dict(zip(FEW, answers, strict=True)) for answers in product(*(QUESTIONS[name] for name in FEW))]

    assert [sum(decides(lived, row) for lived in few) for row in every] == [1] * len(every)
    assert sum(lived.stands_for for lived in few) == len(every)
    assert len(few) < len(every) / 4
    assert [lived.wrong for lived in few] == [None] * len(few)


def decides(lived: Run, row: Mapping[str, Any]) -> bool:
    return all(row[name] == answer for name, answer in lived.decided.items())


def test_what_a_world_did_not_ask_should_make_no_difference_to_any_call() -> None:
    lived = run(WALKS["what happens"], {"job_ends_after": QUESTIONS["job_ends_after"][1], "failures_on_topic": False})
    unasked = [name for name in WALKS["what happens"] if name not in lived.decided]
    others = dict(lived.row) | {name: QUESTIONS[name][-1] for name in unasked}
    asked = dict(lived.row) | {"job_ends_after": None}

    assert math.prod(len(QUESTIONS[name]) for name in unasked) == lived.stands_for > 1
    assert points(others) == points(lived.row)
    assert points(asked) != points(lived.row)


class Noting(Chosen):
    """Notes each point at which something could strike, and when that was."""

    def __init__(self, faults: Chosen) -> None:
        vars(self).update(vars(faults))
        self.points: list[tuple[float, str]] = []

    def strikes(self, point: str, kinds: Sequence[Kind], where: str = "", chance: float | None = None) -> Strike | None:
        self.points.append((self.now(), point))
        return super().strikes(point, kinds, where, chance)


def points(row: Mapping[str, Any]) -> list[tuple[float, str]]:
    told = story(row)
    faults = Noting(told.faults())
    told.tell(faults=faults)
    return faults.points


@pytest.mark.parametrize("open_tasks_keep_job_alive", [True, False])
def test_a_job_that_stops_after_ten_idle_days_should_be_replaced(open_tasks_keep_job_alive: bool) -> None:
    story = Story(
        "ten idle days",
        within=12 * 24,
        away=(0, 11 * 24),
        lifetime=30 * DAY,
        habits=(Behaviour("000001.jpg", "decline"),),
        unknowns=Unknowns(open_tasks_keep_job_alive=open_tasks_keep_job_alive),
        parameters={"ResendAfterSeconds": int(12 * DAY)},
    )
    life = story.tell()

    assert story.wrong(life) is None
    assert (life.figures.replacements > 1) is not open_tasks_keep_job_alive  # the second level's job has no tasks
