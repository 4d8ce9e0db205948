"""A part of a seed's plan survives being written and read, and what is no such part is refused in words."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.simulation.__main__ import app
from tests.simulation.world.excerpt import Excerpt
from tests.simulation.world.plan import Size
from tests.simulation.world.runs import Seed

SEED = Seed(3, Size(clips=3, levels=2, objects=2, days=60))
PARTS = ["clip:clip-00002", "habit:habit-0", "fault:TriggerLabeling/…/dynamodb.Query/1"]


def test_a_part_of_a_plan_should_be_the_same_when_it_is_read_again() -> None:
    reduced = SEED.plan().reduced(PARTS)

    again = Excerpt.read(Excerpt.of(SEED, reduced).written())

    assert again.plan() == reduced
    assert [clip.key for clip in again.plan().clips] == ["clip-00002"]
    assert again.plan().only == frozenset({"TriggerLabeling/…/dynamodb.Query/1"})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"clips": "3"}, "clips is '3'; it must be a whole number"),
        ({"parts": ["clip:clip-00009"]}, "parts has 'clip:clip-00009', which the plan of seed 3 does not have"),
        ({"parts": "clip:clip-00001"}, "parts must be a list of texts"),
        ({"more": 1}, "a plan is a JSON object with seed, clips, levels, objects, days and parts"),
    ],
)
def test_what_is_no_part_of_a_plan_should_be_refused(changed: dict[str, object], message: str) -> None:
    text = json.dumps(json.loads(Excerpt(SEED, tuple(PARTS)).written()) | changed)

    with pytest.raises(ValueError, match=message):
        Excerpt.read(text)


def test_a_file_should_be_lived_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "part.json"
    file.write_text(Excerpt(SEED, tuple(PARTS)).written())

    done = CliRunner().invoke(app, ["replay", "--plan", str(file)])

    assert done.exit_code == 0
    assert "1 clips, 0 operators' events, 1 workers' habits" in done.stdout


def test_a_file_that_is_not_there_should_be_named() -> None:
    done = CliRunner().invoke(app, ["replay", "--plan", "nowhere.json"])

    assert done.exit_code == 2
    assert "nowhere.json cannot be lived" in done.stderr
