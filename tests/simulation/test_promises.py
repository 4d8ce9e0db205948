"""Each promise can be broken, and what keeps it does not break it: on facts made up."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulation.world.ledger import Ledger
from tests.simulation.world.promises import Broken, Promise

TASK = "clip-1-abc"
FIRST, SECOND = f"{TASK}/1/A1/000000", f"{TASK}/1/A1/000001"
NEXT = f"{TASK}/2/A2/000000"
HOUR, DAY = 3_600.0, 86_400.0


class Told:
    """A ledger of a clip with two objects and two levels, and its clock."""

    def __init__(self) -> None:
        self.time = 0.0
        self.ledger = Ledger({(1, "A1"): 2, (2, "A2"): (1, "A1")}, lambda: self.time)
        self.ledger.status(TASK, "InProgress", None)
        self.ledger.entered(TASK, 1, "TriggerLabeling", 0.0, 5)

    def sent(self) -> "Told":
        """Both objects of the first level are frozen, listed, sent and in the portal."""
        self.ledger.frozen(TASK, 1, "A1", 2)
        for line, key in enumerate((FIRST, SECOND)):
            self.ledger.listed(key)
            self.ledger.given(key, line)
            self.ledger.admitted(key)
        return self

    def labeled(self, key: str, label: int) -> None:
        """A worker labels an object and the label arrives."""
        self.ledger.withdrawn(key)
        self.ledger.recorded(key, "labeled", label)
        self.ledger.struck_off(key)

    def both_labeled(self) -> "Told":
        """The first level has all it needs."""
        self.sent()
        self.labeled(FIRST, 10)
        self.labeled(SECOND, 11)
        return self

    def through(self) -> "Told":
        """Everything is labeled at both levels."""
        self.both_labeled()
        self.ledger.frozen(TASK, 2, "A2", 2)
        for index, line in enumerate((10, 11)):
            key = f"{TASK}/2/A2/{index:06d}"
            self.ledger.listed(key)
            self.ledger.given(key, line)
            self.ledger.admitted(key)
            self.labeled(key, 20 + index)
        return self


@pytest.fixture
def told() -> Told:
    return Told()


def broken_by(act: Callable[..., Any], *arguments: Any) -> Promise:
    with pytest.raises(Broken) as caught:
        act(*arguments)
    return caught.value.promise


def test_a_life_in_order_should_keep_every_promise(told: Told) -> None:
    told.through()
    told.ledger.status(TASK, "Completed", None)
    told.ledger.announced(TASK, [])
    told.ledger.the_end([TASK], lambda _task: False, 0.0, DAY)


def test_a_completed_task_that_nobody_was_told_of_should_be_told(told: Told) -> None:
    told.through()
    told.ledger.status(TASK, "Completed", None)
    assert told.ledger.unannounced() == [TASK]
    assert broken_by(told.ledger.the_end, [TASK], lambda _task: False, 0.0, DAY) is Promise.ANNOUNCED


def test_an_announcement_of_a_task_that_is_not_completed_should_be_told(told: Told) -> None:
    assert broken_by(told.ledger.announced, TASK, []) is Promise.ANNOUNCED


def test_an_announcement_whose_outputs_are_not_there_should_be_told(told: Told) -> None:
    told.through()
    told.ledger.status(TASK, "Completed", None)
    assert broken_by(told.ledger.announced, TASK, ["s3://bucket/annotations.json"]) is Promise.ANNOUNCED


def test_a_control_need_not_announce() -> None:
    ledger = Ledger({}, lambda: 0.0, announces=False)
    ledger.status(TASK, "Completed", None)
    assert ledger.unannounced() == []


def test_two_live_tasks_of_an_object_should_be_told(told: Told) -> None:
    told.sent()
    told.ledger.failed(FIRST)  # so that the admission itself is allowed

    assert broken_by(told.ledger.admitted, FIRST) is Promise.ONE_LIVE_TASK


def test_a_second_label_should_be_told(told: Told) -> None:
    told.both_labeled()

    assert broken_by(told.ledger.recorded, FIRST, "labeled", 99) is Promise.ONE_LABEL


def test_the_same_label_again_should_be_allowed(told: Told) -> None:
    told.both_labeled().ledger.recorded(FIRST, "labeled", 10)


def test_a_label_that_becomes_a_failure_should_be_told(told: Told) -> None:
    told.both_labeled()

    assert broken_by(told.ledger.recorded, FIRST, "failed") is Promise.ONE_LABEL


def test_a_label_that_is_removed_should_be_told(told: Told) -> None:
    told.both_labeled()

    assert broken_by(told.ledger.erased, FIRST) is Promise.ONE_LABEL


def test_a_failure_that_is_opened_again_should_be_told_unless_somebody_asked_for_it(told: Told) -> None:
    told.sent().ledger.recorded(FIRST, "failed")
    told.ledger.recorded(SECOND, "failed")

    assert broken_by(told.ledger.erased, FIRST) is Promise.ONE_LABEL
    told.ledger.retried(TASK)
    told.ledger.erased(SECOND)


def test_input_that_nobody_accepted_should_be_told(told: Told) -> None:
    told.both_labeled()

    assert broken_by(told.ledger.given, NEXT, 99) is Promise.SAME_LABELS


def test_input_that_changes_should_be_told(told: Told) -> None:
    told.both_labeled().ledger.given(NEXT, 10)

    assert broken_by(told.ledger.given, NEXT, 11) is Promise.SAME_LABELS


def test_input_that_two_objects_are_given_should_be_told(told: Told) -> None:
    told.both_labeled().ledger.given(NEXT, 10)

    assert broken_by(told.ledger.given, f"{TASK}/2/A2/000001", 10) is Promise.SAME_LABELS


def test_an_accepted_label_that_the_next_level_never_got_should_be_told(told: Told) -> None:
    told.both_labeled().ledger.frozen(TASK, 2, "A2", 1)
    told.ledger.listed(NEXT)
    told.ledger.given(NEXT, 10)
    told.ledger.admitted(NEXT)
    told.labeled(NEXT, 20)

    assert broken_by(told.ledger.status, TASK, "Completed", None) is Promise.SAME_LABELS


def test_an_admission_without_a_cause_should_be_told(told: Told) -> None:
    told.sent().ledger.withdrawn(FIRST)

    assert broken_by(told.ledger.admitted, FIRST) is Promise.FEW_ADMISSIONS


@pytest.mark.parametrize("cause", ["it expired", "its job ended", "a person asked"])
def test_an_admission_with_a_cause_should_be_allowed(told: Told, cause: str) -> None:
    told.sent().ledger.withdrawn(FIRST)
    if cause == "it expired":
        told.ledger.failed(FIRST)
    elif cause == "its job ended":
        told.ledger.incarnation_ended("A1")
    else:
        told.ledger.recorded(FIRST, "failed")
        told.ledger.retried(TASK)
        told.ledger.erased(FIRST)
    told.ledger.admitted(FIRST)


def test_the_end_of_another_job_should_be_no_cause(told: Told) -> None:
    told.sent().ledger.withdrawn(FIRST)
    told.ledger.incarnation_ended("A2")

    assert broken_by(told.ledger.admitted, FIRST) is Promise.FEW_ADMISSIONS


def test_an_end_before_the_first_admission_should_be_no_cause(told: Told) -> None:
    told.ledger.incarnation_ended("A1")
    told.sent().ledger.withdrawn(FIRST)

    assert broken_by(told.ledger.admitted, FIRST) is Promise.FEW_ADMISSIONS


def test_a_failure_without_a_reason_should_be_told(told: Told) -> None:
    assert broken_by(told.ledger.status, TASK, "Failed", None) is Promise.ALL_END


def test_a_task_that_completes_with_open_objects_should_be_told(told: Told) -> None:
    told.sent()

    assert broken_by(told.ledger.status, TASK, "Completed", None) is Promise.ALL_END


def test_a_task_that_completes_without_all_its_frames_should_be_told() -> None:
    told = Told()
    told.ledger.frozen(TASK, 1, "A1", 1)
    told.ledger.listed(FIRST)
    told.ledger.given(FIRST, 0)
    told.ledger.admitted(FIRST)
    told.labeled(FIRST, 10)
    told.ledger.frozen(TASK, 2, "A2", 1)
    told.ledger.listed(NEXT)
    told.ledger.given(NEXT, 10)
    told.ledger.admitted(NEXT)
    told.labeled(NEXT, 20)

    assert broken_by(told.ledger.status, TASK, "Completed", None) is Promise.ALL_END


def test_a_task_that_never_ends_should_be_told(told: Told) -> None:
    told.sent()

    assert told.ledger.stuck() == [TASK]
    assert broken_by(told.ledger.the_end, [TASK], lambda _task: True, 0.0, DAY) is Promise.ALL_END


def test_a_task_that_stays_failed_should_be_told_unless_it_had_to(told: Told) -> None:
    told.ledger.status(TASK, "Failed", "somebody pressed the button")

    assert broken_by(told.ledger.the_end, [TASK], lambda _task: False, 0.0, DAY) is Promise.ALL_END
    told.ledger.the_end([TASK], lambda _task: True, 0.0, DAY)


def test_a_task_that_was_never_taken_in_should_be_told(told: Told) -> None:
    assert broken_by(told.ledger.the_end, ["clip-2"], lambda _task: True, 0.0, DAY) is Promise.ALL_END


def test_a_stopped_task_with_open_objects_should_be_told(told: Told) -> None:
    told.sent().ledger.status(TASK, "Stopped", "stopped by request")

    assert broken_by(told.ledger.the_end, [TASK], lambda _task: False, 0.0, DAY) is Promise.ALL_END


def test_an_end_after_the_bound_should_be_told(told: Told) -> None:
    told.through()
    told.time = 11 * DAY
    told.ledger.status(TASK, "Completed", None)
    told.ledger.announced(TASK, [])
    assert broken_by(told.ledger.the_end, [TASK], lambda _task: False, 5 * DAY, 5 * DAY) is Promise.IN_TIME
    told.ledger.the_end([TASK], lambda _task: False, 5 * DAY, 6 * DAY)


def test_waking_should_be_timed_from_the_last_outcome(told: Told) -> None:
    told.both_labeled()
    told.time = 42.0
    told.ledger.entered(TASK, 1, "IsLastLevel", 0.0, 20)

    assert told.ledger.wakes == [42.0]


def test_waking_should_be_timed_from_the_start_of_the_execution_if_that_is_later(told: Told) -> None:
    told.both_labeled()
    told.time = 10 * DAY + 5
    told.ledger.entered(TASK, 1, "IsLastLevel", 10 * DAY, 20)

    assert told.ledger.wakes == [5.0]


def test_a_level_that_wakes_late_should_be_told(told: Told) -> None:
    told.both_labeled()
    told.time = 66 * 60.0

    assert broken_by(told.ledger.entered, TASK, 1, "IsLastLevel", 0.0, 20) is Promise.WAKES


def test_a_level_that_sleeps_on_should_be_told(told: Told) -> None:
    told.both_labeled()
    told.time = 66 * 60.0

    assert broken_by(told.ledger.look_for_sleepers) is Promise.WAKES


def test_a_level_with_an_open_object_should_be_let_sleep(told: Told) -> None:
    told.sent()
    told.labeled(FIRST, 10)
    told.time = DAY
    told.ledger.look_for_sleepers()


def test_a_level_whose_execution_is_dead_should_be_let_sleep(told: Told) -> None:
    told.both_labeled().ledger.execution_ended(TASK)
    told.time = DAY
    told.ledger.look_for_sleepers()


def test_a_long_history_should_be_told(told: Told) -> None:
    told.ledger.entered(TASK, 1, "TriggerLabeling", 0.0, 10_000)

    assert broken_by(told.ledger.entered, TASK, 1, "TriggerLabeling", 0.0, 10_001) is Promise.SHORT_HISTORY


def test_a_long_execution_should_be_told(told: Told) -> None:
    told.time = 300 * DAY
    told.ledger.entered(TASK, 1, "TriggerLabeling", 0.0, 20)
    told.time += 1

    assert broken_by(told.ledger.entered, TASK, 1, "TriggerLabeling", 0.0, 20) is Promise.SHORT_LIFE


def test_a_secret_in_a_log_line_should_be_told(told: Told) -> None:
    told.ledger.logged("ReceiveLabels", "a line that says nothing", ["secret"])

    assert broken_by(told.ledger.logged, "ReceiveLabels", "a line with a secret", ["secret"]) is Promise.NO_SECRETS


def test_a_look_into_another_bucket_should_be_told(told: Told) -> None:
    told.ledger.looked("Transformation", "GetObject", "clips", {"clips"})

    assert broken_by(told.ledger.looked, "Transformation", "GetObject", "elsewhere", {"clips"}) is Promise.OWN_BUCKETS


def test_a_real_message_in_quarantine_should_be_told(told: Told) -> None:
    told.ledger.quarantined({"forge-1": True}, {"one.json": "forge-1"})

    assert broken_by(told.ledger.quarantined, {}, {"one.json": None}) is Promise.QUARANTINE


def test_a_forged_message_that_is_not_in_quarantine_should_be_told(told: Told) -> None:
    told.ledger.quarantined({"forge-1": False}, {})

    assert broken_by(told.ledger.quarantined, {"forge-1": True}, {}) is Promise.QUARANTINE


def test_a_control_should_count_instead() -> None:
    counted = list[Broken]()
    ledger = Ledger({(1, "A1"): 1}, lambda: 0.0, counted.append)
    ledger.admitted(FIRST)
    ledger.admitted(FIRST)

    assert [broken.promise for broken in counted] == [Promise.ONE_LIVE_TASK, Promise.FEW_ADMISSIONS]
