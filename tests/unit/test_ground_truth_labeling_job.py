"""One streaming labeling job in virtual time: each documented behaviour, and each switch for what is not documented."""

import json
from collections.abc import Callable
from typing import Literal

import pytest

from local.ground_truth.events import (
    Event,
    Failed,
    JobStatus,
    Labeled,
    LeftQueue,
    Message,
    Offered,
    StatusChanged,
    Task,
    Withdrawn,
)
from local.ground_truth.inputs import DataObject, InputRefused
from local.ground_truth.labeling_job import DAY, Counters, JobSettings, LabelingJob, TaskNotHeld
from local.ground_truth.unknowns import Unknowns

HOUR = 3_600.0


class Driver:
    """Sends objects to a job and keeps what came out of it."""

    def __init__(
        self,
        unknowns: Unknowns | None = None,
        examine: Callable[[DataObject], None] = lambda _: None,
        **settings: float,
    ) -> None:
        chosen = {"initializing_takes": 0.0, "stopping_takes": 0.0} | settings
        self.job = LabelingJob(
            JobSettings("VOT", "VOT-ref", **chosen),  # type: ignore[arg-type] # counts are given as whole numbers
            0.0,
            unknowns,
            examine,
        )
        self.events: list[Event] = []
        self.sent = 0
        self.until(0.0)

    def until(self, now: float) -> None:
        self.now = now
        self.events += self.job.advance(now)

    def send(self, *ids: str) -> None:
        for dedup_id in ids:
            self.sent += 1
            line = {"source-ref": "s3://b/o", "dataset-objectid-attribute-name": "K", "K": dedup_id}
            self.job.receive(Message(f"m{self.sent}", json.dumps(line)), self.now)
        self.until(self.now)

    def finish(self, dedup_id: str) -> None:
        task = self.task(dedup_id)
        self.job.accept(task, "ann", self.now)
        self.job.submit(task, "ann", self.now)
        self.until(self.now)

    def task(self, dedup_id: str) -> Task:
        return next(
            e.task for e in reversed(self.events) if isinstance(e, Offered) and e.task.object.dedup_id == dedup_id
        )

    @property
    def offered(self) -> list[str]:
        return [event.task.object.dedup_id for event in self.events if isinstance(event, Offered)]

    @property
    def failures(self) -> list[tuple[float, str, str]]:
        return [(e.at, e.object.dedup_id if e.object else "", e.reason) for e in self.events if isinstance(e, Failed)]

    @property
    def left(self) -> list[tuple[str, str]]:
        return [(event.message.id, event.why) for event in self.events if isinstance(event, LeftQueue)]

    @property
    def statuses(self) -> list[tuple[float, JobStatus]]:
        return [(event.at, event.status) for event in self.events if isinstance(event, StatusChanged)]


def test_input_sent_too_early_should_be_lost() -> None:
    driver = Driver(initializing_takes=100.0)
    driver.send("a")
    driver.until(100.0)
    driver.send("b")
    assert driver.statuses == [(100.0, JobStatus.IN_PROGRESS)]
    assert driver.offered == ["b"]


def test_input_sent_too_early_may_be_kept() -> None:
    driver = Driver(Unknowns(early_input="kept"), initializing_takes=100.0)
    driver.send("a", "b")
    assert driver.offered == []
    driver.until(100.0)
    assert driver.offered == ["a", "b"]


def test_an_id_should_be_shown_to_workers_once() -> None:
    driver = Driver()
    driver.send("a", "a")
    driver.finish("a")
    driver.send("a", "b")
    assert driver.offered == ["a", "b"]
    assert driver.left == [("m1", "taken"), ("m2", "duplicate"), ("m3", "duplicate"), ("m4", "taken")]
    assert driver.failures == []


def test_an_object_without_an_id_should_have_its_message_id() -> None:
    driver = Driver()
    message = Message("m", '{"source-ref": "s3://b/o"}')
    driver.job.receive(message, 0.0)
    driver.job.receive(message, 0.0)
    driver.job.receive(Message("n", message.body), 0.0)
    driver.until(0.0)
    assert driver.offered == ["m", "n"]


def test_the_portal_should_take_no_more_than_it_has_room_for() -> None:
    driver = Driver(max_concurrent_tasks=3)
    driver.send("a", "b", "c", "d", "e")
    assert driver.offered == ["a", "b", "c"]
    assert driver.job.counters == Counters(0, 0, 5)


def test_the_queue_should_be_turned_to_only_below_the_documented_gap() -> None:
    driver = Driver(max_concurrent_tasks=3)
    driver.send("a", "b", "c", "d")
    driver.finish("a")
    assert driver.offered == ["a", "b", "c"]
    driver.finish("b")
    assert driver.offered == ["a", "b", "c", "d"]


def test_the_queue_may_be_turned_to_as_soon_as_there_is_room() -> None:
    driver = Driver(Unknowns(refill_leaves_gap=False), max_concurrent_tasks=3)
    driver.send("a", "b", "c", "d")
    driver.finish("a")
    assert driver.offered == ["a", "b", "c", "d"]


def test_a_portal_of_one_place_should_not_starve() -> None:
    driver = Driver(max_concurrent_tasks=1)
    driver.send("a", "b")
    driver.finish("a")
    assert driver.offered == ["a", "b"]


def test_a_message_should_leave_the_queue_silently_after_fourteen_days() -> None:
    driver = Driver(max_concurrent_tasks=1)
    driver.send("a")
    driver.until(DAY)
    driver.send("b")
    driver.until(15 * DAY - 1)
    assert driver.job.counters == Counters(0, 0, 2)
    driver.until(15 * DAY)
    assert driver.left[-1] == ("m2", "expired")
    assert driver.failures == []
    driver.finish("a")
    assert driver.offered == ["a"]


def test_a_second_copy_should_outlive_the_first_in_the_queue() -> None:
    driver = Driver(max_concurrent_tasks=1)
    driver.send("a", "b")
    driver.until(5 * DAY)
    driver.send("b")
    driver.until(16 * DAY)
    driver.finish("a")
    assert driver.offered == ["a", "b"]
    assert driver.left == [("m1", "taken"), ("m2", "expired"), ("m3", "taken")]


@pytest.mark.parametrize(("renews", "left", "offered"), [(True, "m2", ["a", "b"]), (False, "m3", ["a"])])
def test_deduplication_at_arrival_should_leave_one_copy(*, renews: bool, left: str, offered: list[str]) -> None:
    driver = Driver(Unknowns(dedup="arrival", resend_renews_retention=renews), max_concurrent_tasks=1)
    driver.send("a", "b")
    driver.until(5 * DAY)
    driver.send("b")
    assert driver.left == [("m1", "taken"), (left, "duplicate")]
    driver.until(16 * DAY)
    driver.finish("a")
    assert driver.offered == offered


@pytest.mark.parametrize(("forgets", "offered"), [(True, ["a", "b"]), (False, ["a"])])
def test_an_id_that_expired_in_the_queue_may_be_forgotten(*, forgets: bool, offered: list[str]) -> None:
    driver = Driver(Unknowns(dedup="arrival", queue_expiry_forgets_id=forgets), max_concurrent_tasks=1)
    driver.send("a", "b")
    driver.until(14 * DAY)
    driver.send("b")
    driver.finish("a")
    assert driver.offered == offered


def test_an_untouched_task_should_fail_when_its_time_is_over() -> None:
    driver = Driver(Unknowns(expiry_reason="too late"), availability_lifetime=10 * DAY, max_concurrent_tasks=1)
    driver.send("a", "b")
    driver.until(10 * DAY - 1)
    assert driver.failures == []
    driver.until(30 * DAY)
    assert driver.failures == [(10 * DAY, "a", "too late"), (20 * DAY, "b", "too late")]
    driver.send("a")
    assert driver.offered == ["a", "b"]


def test_a_task_in_somebodys_hands_should_not_expire() -> None:
    driver = Driver(availability_lifetime=DAY, task_time_limit=3 * DAY)
    driver.send("a")
    task = driver.task("a")
    driver.job.accept(task, "ann", 0.9 * DAY)
    driver.until(2 * DAY)
    driver.job.submit(task, "ann", 2 * DAY)
    driver.until(2 * DAY)
    assert driver.failures == []
    assert [event.at for event in driver.events if isinstance(event, Labeled)] == [2 * DAY]


def test_a_task_should_go_back_to_the_pool_after_its_time_limit() -> None:
    driver = Driver(task_time_limit=8 * HOUR)
    driver.send("a")
    task = driver.task("a")
    driver.job.accept(task, "ann", 0.0)
    driver.until(8 * HOUR)
    assert driver.offered == ["a", "a"]
    with pytest.raises(TaskNotHeld):
        driver.job.submit(task, "ann", 8 * HOUR)
    driver.job.accept(task, "bob", 9 * HOUR)
    driver.until(16 * HOUR)
    driver.job.submit(task, "bob", 16.5 * HOUR)
    assert driver.job.counters == Counters(1, 0, 0)


def test_a_returned_task_should_have_a_new_time_limit() -> None:
    driver = Driver(task_time_limit=8 * HOUR)
    driver.send("a")
    task = driver.task("a")
    driver.job.accept(task, "ann", 0.0)
    driver.job.give_back(task, "ann", HOUR)
    driver.job.accept(task, "bob", 2 * HOUR)
    driver.until(9 * HOUR)
    assert driver.offered == ["a", "a"]
    driver.until(10 * HOUR)
    assert driver.offered == ["a", "a", "a"]


def test_an_old_time_limit_should_not_cut_short_a_new_one() -> None:
    driver = Driver(task_time_limit=8 * HOUR)
    driver.send("a", "b")
    driver.job.accept(driver.task("a"), "ann", 0.0)
    driver.job.accept(driver.task("b"), "bob", 1 * HOUR)
    driver.job.give_back(driver.task("b"), "bob", 2 * HOUR)
    driver.job.accept(driver.task("b"), "cat", 3 * HOUR)
    driver.until(10 * HOUR)
    driver.job.submit(driver.task("b"), "cat", 10 * HOUR)
    assert driver.job.counters == Counters(1, 0, 1)


def test_a_task_that_comes_back_too_late_should_expire_at_once() -> None:
    driver = Driver(availability_lifetime=DAY, task_time_limit=3 * DAY)
    driver.send("a")
    driver.job.accept(driver.task("a"), "ann", 0.5 * DAY)
    driver.until(4 * DAY)
    assert [at for at, _, _ in driver.failures] == [3.5 * DAY]
    assert driver.offered == ["a"]


def test_a_declined_task_should_count_as_expired() -> None:
    driver = Driver(Unknowns(decline_reason="no thanks"))
    driver.send("a")
    driver.job.accept(driver.task("a"), "ann", 5.0)
    driver.job.decline(driver.task("a"), "ann", 6.0)
    driver.until(6.0)
    assert driver.failures == [(6.0, "a", "no thanks")]
    assert driver.job.counters == Counters(0, 1, 0)


def test_a_task_should_be_held_by_one_worker() -> None:
    driver = Driver()
    driver.send("a")
    driver.job.accept(driver.task("a"), "ann", 0.0)
    with pytest.raises(TaskNotHeld):
        driver.job.accept(driver.task("a"), "bob", 1.0)
    with pytest.raises(TaskNotHeld):
        driver.job.submit(driver.task("a"), "bob", 1.0)


def test_what_is_not_a_line_should_fail_and_not_block_the_queue() -> None:
    driver = Driver()
    driver.job.receive(Message("x", "{'source-ref': 1}"), 0.0)
    driver.job.receive(Message("y", '{"frame": 1}'), 0.0)
    driver.send("a")
    assert [object_id for _, object_id, _ in driver.failures] == ["", "y"]
    assert driver.offered == ["a"]
    assert driver.job.counters == Counters(0, 2, 1)


def test_what_cannot_become_a_task_should_fail_and_spend_its_id() -> None:
    def examine(found: DataObject) -> None:
        if found.number == 0:
            raise InputRefused("no sequence file")

    driver = Driver(examine=examine)
    driver.send("a", "a", "b")
    assert driver.failures == [(0.0, "a", "no sequence file")]
    assert driver.offered == ["b"]


def test_a_job_should_stop_after_ten_idle_days_and_no_earlier() -> None:
    driver = Driver(stopping_takes=60.0)
    driver.until(9 * DAY)
    driver.send("a")
    driver.until(10 * DAY)
    driver.finish("a")
    driver.until(20 * DAY - 1)
    assert driver.job.status == JobStatus.IN_PROGRESS
    driver.until(21 * DAY)
    assert driver.statuses[1:] == [(20 * DAY, JobStatus.STOPPING), (20 * DAY + 60, JobStatus.STOPPED)]
    assert driver.job.receive(Message("late", "{}"), 21 * DAY) is False
    assert driver.job.next_event_at() is None


@pytest.mark.parametrize(("keeps", "status"), [(True, JobStatus.IN_PROGRESS), (False, JobStatus.STOPPED)])
def test_open_tasks_may_keep_a_job_alive(*, keeps: bool, status: JobStatus) -> None:
    driver = Driver(Unknowns(open_tasks_keep_job_alive=keeps), availability_lifetime=30 * DAY)
    driver.send("a")
    driver.until(11 * DAY)
    assert driver.job.status == status


def test_a_waiting_message_should_keep_a_job_alive() -> None:
    driver = Driver(Unknowns(open_tasks_keep_job_alive=False), max_concurrent_tasks=1)
    driver.send("a", "b")
    driver.until(30 * DAY)
    assert driver.statuses[1:] == [(24 * DAY, JobStatus.STOPPING), (24 * DAY, JobStatus.STOPPED)]


@pytest.mark.parametrize("end", ["Failed", "Completed", "Stopped"])
def test_a_job_may_end_after_thirty_days(end: Literal["Failed", "Completed", "Stopped"]) -> None:
    unknowns = Unknowns(job_ends_after=30 * DAY, ended_job_status=end)
    driver = Driver(unknowns, availability_lifetime=60 * DAY, max_concurrent_tasks=1)
    driver.send("a")
    driver.until(29 * DAY)
    driver.send("b")
    driver.until(31 * DAY)
    assert driver.offered == ["a"]
    assert driver.statuses[-1] == (30 * DAY, JobStatus(end))
    assert driver.failures == []


def test_a_stopped_job_should_withdraw_its_tasks_and_take_nothing_more_from_its_queue() -> None:
    driver = Driver(max_concurrent_tasks=2, stopping_takes=10.0)
    driver.send("a", "b", "c")
    driver.job.stop(5.0)
    driver.until(20.0)
    assert [event.task.object.dedup_id for event in driver.events if isinstance(event, Withdrawn)] == ["a", "b"]
    assert driver.offered == ["a", "b"]
    assert driver.statuses[1:] == [(5.0, JobStatus.STOPPING), (15.0, JobStatus.STOPPED)]
    with pytest.raises(TaskNotHeld):
        driver.job.accept(driver.task("a"), "ann", 21.0)


def test_a_stopping_job_may_fail_its_open_objects() -> None:
    driver = Driver(Unknowns(stop_fails_open_objects=True))
    driver.send("a")
    driver.job.stop(5.0)
    driver.until(5.0)
    assert [object_id for _, object_id, _ in driver.failures] == ["a"]


def test_events_should_be_in_order_of_time_however_late_they_are_asked_for() -> None:
    driver = Driver(max_concurrent_tasks=1, availability_lifetime=DAY)
    driver.send(*"abcdefgh")
    driver.until(40 * DAY)
    times = [event.at for event in driver.events]
    assert times == sorted(times)
    assert [at for at, _, _ in driver.failures] == [day * DAY for day in range(1, 9)]
    assert driver.statuses[-1][1] == JobStatus.STOPPED
