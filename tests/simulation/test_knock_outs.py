"""Every defence that is knocked out is still there, and what is aimed at it goes well as long as it is."""

import pytest

from local.template import ROOT
from tests.simulation.world.defences import DEFENCES
from tests.simulation.world.knock_outs import KnockOut, tell, without
from tests.simulation.world.stories import Story
from tests.simulation.world.targets import TARGETS

AT_LEAST = 30


@pytest.mark.parametrize("knock_out", DEFENCES, ids=lambda each: each.name)
def test_what_is_knocked_out_should_stand_in_the_shipped_files_once(knock_out: KnockOut) -> None:
    texts = {edit.file: (ROOT / edit.file).read_text() for edit in knock_out.edits}
    for edit in knock_out.edits:
        assert texts[edit.file].count(edit.old) == 1
        texts[edit.file] = texts[edit.file].replace(edit.old, edit.new)
    for file, text in texts.items():
        if file.endswith(".py"):
            compile(text, file, "exec")


def test_each_defence_should_have_a_name_and_a_story_that_misses_it() -> None:
    assert len({knock_out.name for knock_out in DEFENCES}) == len(DEFENCES) >= AT_LEAST
    assert all(story in TARGETS for knock_out in DEFENCES for story in knock_out.stories)
    assert len({story.name for story in TARGETS}) == len(TARGETS)


@pytest.mark.parametrize("story", TARGETS, ids=lambda story: story.name)
def test_a_story_should_end_as_it_should(story: Story) -> None:
    assert [told for seed in (1, 2) if (told := tell(story, seed)).wrong is not None] == []


def test_a_defence_that_is_knocked_out_should_be_missed() -> None:
    [knock_out] = [each for each in DEFENCES if each.name == "adopting the epoch"]

    assert without(knock_out).wrong is not None
