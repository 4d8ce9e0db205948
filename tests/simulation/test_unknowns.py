"""Whatever the answers are to what Ground Truth's documentation leaves open, a clip comes through.

Here any three answers stand together, in some hundred combinations; `make exhaustive` tries 5,376.
"""

from itertools import combinations, product

import pytest

from local.ground_truth.people import Behaviour
from local.ground_truth.unknowns import Unknowns
from tests.simulation.world.covering import covering_rows
from tests.simulation.world.plan import DAY
from tests.simulation.world.stories import Story
from tests.simulation.world.undocumented import SWITCHES, both_products, covering, wrong

PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_any_three_answers_together_should_change_nothing_but_time(part: int) -> None:
    rows = list(enumerate(covering()))[part::PARTS]

    assert len(rows) >= 20
    assert [found for numbered in rows if (found := wrong(numbered)) is not None] == []


def test_any_three_answers_should_stand_together() -> None:
    rows = covering_rows({"a": "12", "b": "123", "c": "12", "d": "1234"})

    for one, other, third in combinations("abcd", 3):
        seen = {(row[one], row[other], row[third]) for row in rows}
        answers = {"a": "12", "b": "123", "c": "12", "d": "1234"}
        assert seen == set(product(answers[one], answers[other], answers[third]))


def test_each_kind_of_question_should_be_tried_in_every_combination() -> None:
    rows = both_products()

    assert len(rows) == 5 * 4 * 4 * 2 * 2 * 2 * 2 * 3 + 2 * 2 * 3 * 2 * 2 * 2 * 4 * 4
    assert all(row.keys() == SWITCHES.keys() for row in rows)


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
