"""How far a task is, counted out of its items."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel.progress import JobProgress, count
from everlabel.task_table import Done, Frames, Job, Level, Open, Outcome, Row, Task

AT = "2027-01-15T08:00:00.000Z"


def job(level: int = 1, name: str = "VOTVehicle", objects: int = 5, cursor: int | None = None, sends: int = 1) -> Job:
    return Job(
        task_id="t",
        item=f"JOB#{level}#{name}",
        manifest_uri=f"s3://b/{level}/{name}/input.manifest",
        objects=objects,
        cursor=cursor,
        full_sends=sends,
    )


def todo(index: int, level: int = 1, name: str = "VOTVehicle", generation: int = 0, due: bool = False) -> Open:
    return Open(task_id="t", item=f"OPEN#{level}#{name}#{index:06d}", generation=generation, due=due)


def done(index: int, outcome: Outcome, level: int = 1, name: str = "VOTVehicle", generation: int = 0) -> Done:
    return Done(task_id="t", item=f"DONE#{level}#{name}#{index:06d}", outcome=outcome, generation=generation, at=AT)


def only(items: list[Row]) -> JobProgress:
    (found,) = count(items).jobs
    return found


def test_nothing_is_counted_out_of_nothing() -> None:
    assert count([]).jobs == []


def test_each_object_is_counted_once_where_it_stands() -> None:
    found = only(
        [
            job(),
            todo(0),
            todo(1, generation=1, due=True),
            done(2, Outcome.LABELED, generation=2),
            done(3, Outcome.FAILED, generation=3),
            done(4, Outcome.STOPPED),
        ]
    )
    assert found == JobProgress(
        job_name="VOTVehicle",
        level=1,
        objects=5,
        waiting=1,
        sent=1,
        labeled=1,
        failed=1,
        stopped=1,
        expiries=6,
        full_sends=1,
        last_outcome_at=AT,
        input_manifest="s3://b/1/VOTVehicle/input.manifest",
    )


@pytest.mark.parametrize(("cursor", "sent"), [(0, 0), (2, 2), (5, 5)])
def test_during_the_first_sending_what_lies_behind_the_cursor_waits(cursor: int, sent: int) -> None:
    found = only([job(cursor=cursor, sends=0), *(todo(index) for index in range(5))])
    assert (found.sent, found.waiting) == (sent, 5 - sent)


def test_during_a_later_sending_everything_was_sent_before() -> None:
    found = only([job(cursor=2, sends=1), *(todo(index) for index in range(5))])
    assert (found.sent, found.waiting) == (5, 0)


def test_jobs_of_a_level_and_levels_are_apart_and_in_order() -> None:
    found = count(
        [
            job(2, "AdjVOTVehicle"),
            job(1, "VOTVehicle"),
            job(1, "LaneVOD"),
            done(0, Outcome.LABELED, 2, "AdjVOTVehicle"),
            todo(0, 1, "LaneVOD"),
        ]
    )
    assert [(one.level, one.job_name, one.labeled, one.sent) for one in found.jobs] == [
        (1, "LaneVOD", 0, 1),
        (1, "VOTVehicle", 0, 0),
        (2, "AdjVOTVehicle", 1, 0),
    ]


def test_a_job_with_a_level_of_two_digits_comes_after_level_two() -> None:
    assert [one.level for one in count([job(10), job(2)]).jobs] == [2, 10]


def test_levels_of_two_digits_come_after_level_two() -> None:
    levels: list[Row] = [Level(task_id="t", item=f"LEVEL#{number}", started_at=AT) for number in (10, 2, 1)]
    assert [level.item for level in count(levels).levels] == ["LEVEL#1", "LEVEL#2", "LEVEL#10"]


def test_what_is_no_object_is_not_counted_as_one() -> None:
    frames = Frames(task_id="t", item="FRAMES#1", extracted=10, updated_at=AT)
    found = count([Task(task_id="t", item="TASK"), frames])
    assert found.jobs == []
    assert found.frames == [frames]


OBJECTS = st.one_of(
    st.builds(lambda due: lambda index: todo(index, due=due), st.booleans()),
    st.builds(lambda outcome: lambda index: done(index, outcome), st.sampled_from(Outcome)),
)


@given(st.lists(OBJECTS, max_size=12), st.none() | st.integers(0, 12), st.integers(0, 2), st.randoms())
def test_every_object_is_in_exactly_one_count_in_whatever_order_items_come(
    makers: list[Callable[[int], Row]], cursor: int | None, sends: int, shuffle: Random
) -> None:
    items: list[Row] = [make(index) for index, make in enumerate(makers)]
    items.append(job(objects=len(makers), cursor=cursor, sends=sends))
    before = only(items)
    assert before.waiting + before.sent + before.labeled + before.failed + before.stopped == before.objects
    shuffle.shuffle(items)
    assert only(items) == before


def test_an_object_that_is_on_the_record_is_not_counted_again_while_it_is_on_the_list() -> None:
    found = only([job(), todo(0, generation=1), done(0, Outcome.LABELED, generation=1)])
    assert (found.sent, found.waiting, found.labeled, found.expiries) == (0, 0, 1, 1)
