"""People and their portal in virtual time."""

import json
import random
from collections.abc import Callable

import pytest

from local.ground_truth.events import Failed, Labeled, Message, Task
from local.ground_truth.labeling_job import DAY, JobSettings, LabelingJob
from local.ground_truth.people import HOUR, Behaviour, Team, Workforce
from local.ground_truth.portal import HandIn, Portal
from local.ground_truth.unknowns import Unknowns

ONE_HOUR = (1.0, 1.0)


class Office:
    """One team, a portal, and jobs by name."""

    def __init__(
        self,
        team: Team,
        *behaviours: Behaviour,
        jobs: tuple[str, ...] = ("VOT",),
        hand_in: Callable[[str, Task], HandIn] = lambda _job, _task: "submit",
        **settings: float,
    ) -> None:
        self.begun: list[str] = []
        self.portal = Portal(lambda _job, task: self.begun.append(task.object.dedup_id), hand_in)
        self.team = Workforce(team, random.Random(1), behaviours)  # noqa: S311 -- people, not secrets
        for name in jobs:
            chosen = JobSettings(name, "L-ref", initializing_takes=0.0, **settings)  # type: ignore[arg-type] # seconds
            self.portal.open(LabelingJob(chosen, 0.0, Unknowns(expiry_reason="expired")), self.team)
        self.outcomes: list[tuple[float, str, str]] = []
        self.until(0.0)

    def send(self, now: float, *ids: str, job: str = "VOT") -> None:
        for dedup_id in ids:
            line = {"source-ref": "s3://b/o", "dataset-objectid-attribute-name": "K", "K": dedup_id}
            self.portal.receive(job, Message(dedup_id, json.dumps(line)), now)

    def until(self, now: float) -> list[tuple[float, str, str]]:
        for _, event in self.portal.advance(now):
            if isinstance(event, Labeled):
                self.outcomes.append((event.at, event.task.object.dedup_id, "labeled"))
            elif isinstance(event, Failed) and event.object:
                self.outcomes.append((event.at, event.object.dedup_id, event.reason))
        return self.outcomes


def test_a_worker_should_do_one_task_after_the_other_oldest_first() -> None:
    office = Office(Team(people=1, hours_per_task=ONE_HOUR), jobs=("VOT", "Lane"))
    office.send(0.0, "a")
    office.send(60.0, "b", job="Lane")
    office.send(120.0, "c")
    assert office.until(DAY) == [(HOUR, "a", "labeled"), (2 * HOUR, "b", "labeled"), (3 * HOUR, "c", "labeled")]


def test_two_workers_should_work_side_by_side() -> None:
    office = Office(Team(people=2, hours_per_task=ONE_HOUR))
    office.send(0.0, "a", "b", "c")
    assert [at for at, _, _ in office.until(DAY)] == [HOUR, HOUR, 2 * HOUR]


def test_nobody_should_begin_outside_working_hours() -> None:
    office = Office(Team(people=1, hours_per_task=ONE_HOUR, opens=9, closes=17, days_off=frozenset({5, 6})))
    office.send(16.5 * HOUR, "a", "b")
    office.until(4 * DAY)
    office.send(4 * DAY + 20 * HOUR, "c")
    assert office.until(8 * DAY) == [
        (17.5 * HOUR, "a", "labeled"),
        (DAY + 10 * HOUR, "b", "labeled"),
        (7 * DAY + 10 * HOUR, "c", "labeled"),
    ]


def test_a_holiday_should_last_until_its_end() -> None:
    office = Office(Team(people=1, hours_per_task=ONE_HOUR, holidays=((1, 8),)), availability_lifetime=3 * DAY)
    office.send(DAY, "a")
    office.until(7 * DAY)
    office.send(7 * DAY, "b")
    assert office.until(9 * DAY) == [(4 * DAY, "a", "expired"), (8 * DAY + HOUR, "b", "labeled")]


def test_a_team_that_never_works_should_be_named() -> None:
    with pytest.raises(ValueError, match="never works"):
        Team(days_off=frozenset(range(7))).next_working(0.0)


def test_a_pause_should_hold_new_tasks_only() -> None:
    office = Office(Team(people=1, hours_per_task=ONE_HOUR))
    office.send(0.0, "a", "b")
    office.until(60.0)
    office.team.pause()
    assert [name for _, name, _ in office.until(2 * HOUR)] == ["a"]
    office.team.resume()
    assert office.until(4 * HOUR)[-1] == (3 * HOUR, "b", "labeled")


def test_a_team_may_take_other_habits() -> None:
    office = Office(Team(people=1, hours_per_task=(10.0, 10.0), holidays=((1, 300),)))
    office.send(0.0, "a", "b", "c", "d")
    office.until(2 * DAY)
    office.team.change(Team(people=1, hours_per_task=ONE_HOUR))
    assert office.until(3 * DAY) == [
        (10 * HOUR, "a", "labeled"),
        (20 * HOUR, "b", "labeled"),
        (30 * HOUR, "c", "labeled"),
        (2 * DAY + HOUR, "d", "labeled"),
    ]
    with pytest.raises(ValueError, match="cannot become"):
        office.team.change(Team(people=2))


def test_a_pause_should_hold_whatever_else_happens_meanwhile() -> None:
    office = Office(Team(people=1, hours_per_task=ONE_HOUR), Behaviour("x", "ignore"), availability_lifetime=DAY)
    office.team.pause()
    office.send(0.0, "x")
    office.send(HOUR, "a")
    assert office.until(DAY) == [(DAY, "x", "expired")]
    assert office.begun == []


def test_an_ignored_task_should_expire_as_often_as_told() -> None:
    office = Office(
        Team(people=1, hours_per_task=ONE_HOUR), Behaviour("clip-7", "ignore", 2), availability_lifetime=DAY
    )
    office.send(0.0, "clip-7/1", "clip-8/1")
    office.until(DAY)
    office.send(DAY, "clip-7/2")
    office.until(2 * DAY)
    office.send(2 * DAY, "clip-7/3")
    assert office.until(3 * DAY) == [
        (HOUR, "clip-8/1", "labeled"),
        (DAY, "clip-7/1", "expired"),
        (2 * DAY, "clip-7/2", "expired"),
        (2 * DAY + HOUR, "clip-7/3", "labeled"),
    ]


def test_a_behaviour_should_be_limited_to_its_job() -> None:
    office = Office(
        Team(people=2, hours_per_task=ONE_HOUR), Behaviour("x", "decline", job="Lane"), jobs=("VOT", "Lane")
    )
    office.send(0.0, "x1")
    office.send(0.0, "x2", job="Lane")
    assert [reason == "labeled" for _, _, reason in office.until(DAY)] == [True, False]


def test_a_returned_task_should_be_done_by_and_by() -> None:
    office = Office(Team(people=1, hours_per_task=ONE_HOUR), Behaviour("x", "return"))
    office.send(0.0, "x")
    assert office.until(DAY) == [(2 * HOUR, "x", "labeled")]
    assert office.begun == ["x", "x"]


def test_a_task_in_a_workers_hands_should_outlive_its_lifetime_in_the_portal() -> None:
    office = Office(
        Team(people=2, hours_per_task=ONE_HOUR), Behaviour("x", "submit", hours=50), availability_lifetime=DAY
    )
    office.send(0.0, "x", "a")
    assert office.until(3 * DAY) == [(HOUR, "a", "labeled"), (50 * HOUR, "x", "labeled")]


def test_a_behaviour_for_no_task_should_hold_for_none() -> None:
    office = Office(Team(people=1, hours_per_task=ONE_HOUR), Behaviour("x", "decline", times=0))
    office.send(0.0, "x")
    assert office.until(DAY) == [(HOUR, "x", "labeled")]


def test_time_should_stand_still_while_the_computer_is_slower_than_the_worker() -> None:
    ready: list[str] = []
    office = Office(
        Team(people=1, hours_per_task=ONE_HOUR),
        Behaviour("x", "ignore"),
        hand_in=lambda _job, task: "submit" if task.object.dedup_id in ready else "not yet",
        availability_lifetime=2 * HOUR,
        task_time_limit=1.5 * HOUR,
    )
    office.send(0.0, "a", "x")
    assert office.until(DAY) == []
    office.send(DAY, "b")
    assert office.until(DAY) == []
    ready += ["a", "b"]
    assert office.until(2 * DAY) == [
        (HOUR, "a", "labeled"),
        (2 * HOUR, "x", "expired"),
        (2 * HOUR, "b", "labeled"),
    ]


def test_an_annotator_may_decline() -> None:
    office = Office(Team(people=1, hours_per_task=ONE_HOUR), hand_in=lambda _job, _task: "decline")
    office.send(0.0, "a")
    ((at, _, reason),) = office.until(DAY)
    assert (at, "declined" in reason) == (HOUR, True)


def test_work_that_took_longer_than_allowed_should_not_be_submitted() -> None:
    office = Office(Team(people=1, hours_per_task=(10.0, 10.0)), availability_lifetime=DAY, task_time_limit=8 * HOUR)
    office.send(0.0, "a")
    assert office.until(2 * DAY) == [(28 * HOUR, "a", "expired")]
    assert office.begun == ["a"] * 3


def test_nobody_should_be_asked_for_work_that_is_no_longer_wanted() -> None:
    asked: list[str] = []

    def hand_in(_job: str, task: Task) -> HandIn:
        asked.append(task.object.dedup_id)
        return "submit"

    office = Office(Team(people=2, hours_per_task=ONE_HOUR), jobs=("VOT", "Lane"), hand_in=hand_in)
    office.send(0.0, "a")
    office.send(0.0, "b", job="Lane")
    office.until(60.0)
    office.portal.stop("VOT", 60.0)
    office.until(DAY)
    assert asked == ["b"]


def test_a_stopped_job_should_not_disturb_the_other() -> None:
    office = Office(Team(people=1, hours_per_task=ONE_HOUR), jobs=("VOT", "Lane"))
    office.send(0.0, "a", "b")
    office.send(0.0, "c", job="Lane")
    office.portal.stop("VOT", 60.0)
    assert office.until(DAY) == [(2 * HOUR, "c", "labeled")]


def test_the_same_seed_should_give_the_same_days() -> None:
    def outcomes() -> list[tuple[float, str, str]]:
        office = Office(Team(people=3, hours_per_task=(0.5, 5.0)))
        office.send(0.0, *(str(number) for number in range(50)))
        return office.until(30 * DAY)

    assert outcomes() == outcomes()
