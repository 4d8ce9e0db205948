"""The rule about silence: what Ground Truth took is not sent again, and what it never answers is."""

import pytest

from everlabel import tasks
from everlabel.task_table import Open, Outcome
from tests.handlers.conftest import Cloud
from tests.handlers.stage import CHAIN, Stage, generations, labeled, submit, unlabeled
from tests.handlers.test_races import dying_at

DAY = 86_400
JOB = "everlabel-VOTVehicle-0"
LONGEST = 30 * DAY + 3 * DAY
"""Availability and time limit of a video task, if nothing else is asked for."""


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    """Two objects that were sent, and reached the job's queue."""
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=2)
    stage.trigger()
    assert len(cloud.published("VOTVehicle")) == 2
    return stage


def refresh(stage: Stage, oldest_days_ago: float | None = None, *, after: float = 5 * DAY) -> list[str]:
    """The next full sending is due; what it sent. The oldest message in the queue is so old, or nobody knows."""
    cloud = stage.cloud
    cloud.now += after
    cloud.oldest_in_queue.clear()
    if oldest_days_ago is not None:
        cloud.oldest_in_queue[JOB] = cloud.now - oldest_days_ago * DAY
    stage.trigger()
    return generations(cloud.published("VOTVehicle"))


def test_what_may_still_be_in_the_queue_is_sent_again(stage: Stage) -> None:
    assert refresh(stage) == ["000000/g0", "000001/g0"], "nobody knows"
    assert refresh(stage, oldest_days_ago=6) == ["000000/g0", "000001/g0"], "the oldest is older than what we sent"
    assert refresh(stage, oldest_days_ago=4.5) == ["000000/g0", "000001/g0"], "a message may be late for a day"


def test_what_has_left_the_queue_is_not_sent_again(stage: Stage) -> None:
    assert refresh(stage, oldest_days_ago=3.9) == []
    assert refresh(stage) == []
    assert all(todo.taken_at is not None for todo in stage.open().values())


def test_what_is_not_answered_as_long_as_the_longest_task_lasts_goes_again_under_a_new_id(stage: Stage) -> None:
    assert refresh(stage, oldest_days_ago=0) == []
    assert refresh(stage, after=LONGEST + 0.9 * DAY) == []
    assert refresh(stage) == ["000000/g1", "000001/g1"]
    assert {(todo.generation, todo.expiries, todo.taken_at) for todo in stage.open().values()} == {(1, 1, None)}


def test_the_clock_of_a_new_id_begins_when_it_was_sent(stage: Stage) -> None:
    stage.cloud.now += 4.5 * DAY
    stage.receive(*[unlabeled(message) for message in stage.cloud.published("VOTVehicle")])
    # Nothing was left in the queue when the test looked, so the notices are made by hand.
    first, second = sorted(stage.open())
    stage.items(Open)[first].update(actions=[Open.generation.set(1), Open.due.set(True)])
    assert refresh(stage, oldest_days_ago=1, after=0) == ["000000/g1"]
    assert refresh(stage, oldest_days_ago=1, after=DAY / 2) == ["000000/g1"], (
        "only the second one has surely been taken"
    )
    assert (stage.open()[first].taken_at, stage.open()[second].taken_at is None) == (None, False)


def test_an_object_that_expired_after_it_was_taken_is_sent_again_at_once(stage: Stage) -> None:
    messages = [{**line} for line in (refresh_messages(stage))]
    assert refresh(stage, oldest_days_ago=0) == []
    stage.receive(unlabeled(messages[0]))
    assert refresh(stage, after=0) == ["000000/g1"]


def refresh_messages(stage: Stage) -> list[dict[str, str]]:
    """What is sent again, as messages."""
    stage.cloud.now += 5 * DAY
    stage.trigger()
    return stage.cloud.published("VOTVehicle")


def test_silence_counts_as_an_expiry(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=1, maxExpiries=1)
    stage.trigger()
    cloud.published("VOTVehicle")
    for expected in (["000000/g1"], []):
        assert refresh(stage, oldest_days_ago=0) == []
        assert refresh(stage, after=LONGEST + DAY) == expected
    (done,) = stage.done().values()
    assert (done.outcome, done.reason) == (Outcome.FAILED, "expired 2 times, the last time with: no answer for 34 days")


def test_a_label_beside_which_a_crash_left_a_to_do_item_ends_the_silence(stage: Stage) -> None:
    first, _ = refresh_messages(stage)
    with dying_at(Open, "delete"):
        stage.receive(labeled(first))
    assert refresh(stage, oldest_days_ago=0) == []
    assert refresh(stage, after=LONGEST + DAY) == ["000001/g1"]
    assert [key[-6:] for key in stage.open()] == ["000001"]


def test_a_late_label_of_the_old_id_is_accepted(stage: Stage) -> None:
    first, _ = refresh_messages(stage)
    refresh(stage, oldest_days_ago=0)
    refresh(stage, after=LONGEST + DAY)
    stage.receive(labeled(first))
    (done,) = stage.done().values()
    assert (done.outcome, done.generation) == (Outcome.LABELED, 0)


def test_what_was_sent_late_in_a_sending_is_not_taken_for_gone(stage: Stage) -> None:
    """A sending that waited for its job for days published at its end, not when it began."""
    stage.cloud.now += 5 * DAY
    stage.trigger()
    stage.cloud.published("VOTVehicle")
    (job,) = stage.items(type(stage.job())).values()
    job.update(actions=[type(job).last_published.set(stage.cloud.now + 2 * DAY)])
    assert refresh(stage, oldest_days_ago=3) == ["000000/g0", "000001/g0"]


# Too old


def test_an_object_without_a_label_for_too_long_fails_when_it_would_be_sent_again(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=2, maxAgeSeconds=12 * DAY)
    stage.trigger()
    messages = cloud.published("VOTVehicle")
    stage.receive(labeled(messages[0]))
    assert refresh(stage) == ["000001/g0"]
    assert refresh(stage) == ["000001/g0"]
    assert refresh(stage) == []
    failed = stage.done()["DONE#1#VOTVehicle#000001"]
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, "had no label within 12 day(s)")
    token = stage.wait()
    answer = stage.answered(token)
    assert answer is not None
    assert answer[0] == "ObjectsFailed"


def test_an_object_that_expires_when_it_is_too_old_fails_then(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=1, maxAgeSeconds=DAY)
    stage.trigger()
    (message,) = cloud.published("VOTVehicle")
    cloud.now += DAY
    stage.receive(unlabeled(message))
    (done,) = stage.done().values()
    assert done.reason == "had no label within 1 day(s), the last time with: Task expired in the portal"


def test_objects_that_need_not_be_sent_never_take_more_time_than_there_is(cloud: Cloud) -> None:
    """Each is noted with a call or two, and there may be a hundred thousand."""
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=4, maxAgeSeconds=DAY)
    stage.trigger()
    cloud.now += 5 * DAY
    left = []
    for _ in range(4):
        assert stage.trigger(seconds=10)["isAllSent"] is False
        left.append(len(stage.open()))
    assert left == [3, 2, 1, 0]
    assert stage.trigger()["isAllSent"] is True


def test_a_retry_of_what_was_too_old_goes_on_under_the_id_that_somebody_may_be_working_on(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=1, maxAgeSeconds=DAY)
    stage.trigger()
    (message,) = cloud.published("VOTVehicle")
    assert refresh(stage) == []
    stage.fail("ObjectsFailed", "too old")
    tasks.retry(stage.now())
    assert refresh(stage, after=0) == ["000000/g0"]
    stage.receive(labeled(message))
    (done,) = stage.done().values()
    assert done.outcome == Outcome.LABELED
