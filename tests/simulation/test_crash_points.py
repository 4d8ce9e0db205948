"""A clip with two objects and two levels ends as it should wherever an invocation dies, or an answer is lost.

Straight on: at each of some 135 calls it is killed before the effect, killed after it, or the answer is lost and the
effect happens twice. On ten detours: at each call that differs from those of the stories before, in the ways that
differ. `python -m tests.simulation crash-points` crashes in each way at each call of all of them. How long a story may
take at most, wherever it crashes, is written in it: hours, because a message of Amazon SQS comes again after twelve
minutes, that of an event after an hour and a half, and the reconciler comes once an hour.
"""

import pytest

from tests.simulation.world.crash_points import DETOURS, STRAIGHT, Crash, different_crashes, every_crash, wrong
from tests.simulation.world.stories import Story

AT_LEAST_STRAIGHT = 3 * 120
AT_LEAST_ON_DETOURS = 300


def test_a_crash_at_each_call_should_change_nothing_but_time() -> None:
    crashes = list(every_crash([STRAIGHT]))

    assert len(crashes) >= AT_LEAST_STRAIGHT
    assert {crash.call.function for crash in crashes} >= {
        "LabelingJobsApi",
        "AnnotationTasksApi",
        "Transformation",
        "TriggerLabeling",
        "CheckForCompletion",
        "ReceiveLabels",
        "PostProcessing",
        "Reconciler",
    }
    assert [found for crash in crashes if (found := wrong(crash)) is not None] == []


@pytest.fixture(scope="module")
def detours() -> list[Crash]:
    return list(different_crashes(STRAIGHT, DETOURS))


@pytest.mark.parametrize("story", DETOURS, ids=lambda story: story.name)
def test_a_crash_on_a_detour_should_change_nothing_but_time(story: Story, detours: list[Crash]) -> None:
    crashes = [crash for crash in detours if crash.story is story]

    assert crashes
    assert [found for crash in crashes if (found := wrong(crash)) is not None] == []


def test_there_should_be_hundreds_of_crashes_on_detours(detours: list[Crash]) -> None:
    assert len(detours) >= AT_LEAST_ON_DETOURS
