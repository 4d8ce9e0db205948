"""What a person is told of tasks while they run."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from local.watching import Days, changes, reasons, rows, table, watch

TODAY = Days(passed=lambda: 16.9, seconds=1.5)


def task(status: str = "InProgress", **counts: int) -> dict[str, Any]:
    job = {"jobName": "VOTVehicle", "dataObjects": 2, "labeled": 0, "failed": 0, "expiries": 0, "resends": 0}
    return {
        "taskId": "street-1",
        "clipId": "street",
        "status": status,
        "reason": "ClipRefused: no video stream" if status == "Failed" else None,
        "createdAt": "2027-01-15T08:00:00.000Z",
        "updatedAt": "2027-01-15T08:00:42.000Z",
        "definition": {
            "labelingJobs": [{"jobName": "AdjVOTVehicle", "jobLevel": 2}, {"jobName": "VOTVehicle", "jobLevel": 1}]
        },
        "progress": [{"jobLevel": 1, "labelingJobs": [{**job, **counts}]}],
    }


def test_jobs_stand_in_the_order_of_their_levels_even_before_they_begin() -> None:
    assert [(row.level, row.job, row.objects) for row in rows(task())] == [
        (1, "VOTVehicle", 2),
        (2, "AdjVOTVehicle", 0),
    ]


def test_the_time_is_told_when_the_task_has_ended() -> None:
    assert [row.seconds for row in rows(task())] == [0.0, 0.0]
    assert rows(task("Completed"))[0].seconds == 42.0


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (task(), task(), []),
        (task(), task(labeled=1), []),
        (task(labeled=1), task(labeled=2), ["street: level 1, VOTVehicle: all labeled"]),
        (task(), task(expiries=1), ["street: VOTVehicle: expired in the worker portal, goes again under a new id"]),
        (
            task(),
            task(resends=1),
            ["street: VOTVehicle: sent again under the same id, in case the queue forgets it"],
        ),
        (task(), task("Failed"), ["street: Failed: ClipRefused"]),
        (None, task(dataObjects=1), ["street: level 1, VOTVehicle: 1 data object", "street: InProgress"]),
        (None, task(), ["street: level 1, VOTVehicle: 2 data objects", "street: InProgress"]),
    ],
)
def test_each_change_is_told_once_in_words(before: dict[str, Any] | None, now: dict[str, Any], told: list[str]) -> None:
    assert changes(before, now) == told


def test_the_table_has_every_count() -> None:
    console = Console(width=120, record=True, file=StringIO())
    console.print(table([task("Completed", labeled=2, expiries=3, resends=4)], day_seconds=1.5))
    shown = console.export_text()
    for expected in ("street", "VOTVehicle", "AdjVOTVehicle", "42 s", "28", "Completed", "3", "4"):
        assert expected in shown


def test_a_reason_is_told_once_with_all_tasks_that_have_it() -> None:
    other = {**task("Failed"), "clipId": "night"}
    stranger = {**task("Failed"), "clipId": "rain", "reason": "States.Timeout"}
    assert reasons([task("Failed"), task("Completed"), other, stranger]) == [
        "street, night: ClipRefused: no video stream",
        "rain: States.Timeout",
    ]


def test_watching_ends_when_all_have_ended_and_not_before() -> None:
    looks = iter([[task()], [task(labeled=2)], [task("Completed", labeled=2)]])
    pauses: list[None] = []
    ended = watch(Console(quiet=True), lambda: next(looks), lambda: pauses.append(None), TODAY, 10)
    assert [found["status"] for found in ended] == ["Completed"]
    assert len(pauses) == 2


def test_news_begin_with_the_day() -> None:
    told = StringIO()
    watch(Console(file=told, width=120), lambda: [task("Completed", labeled=2)], lambda: None, TODAY, 1)
    assert [line.partition("street")[0] for line in told.getvalue().splitlines() if line] == ["day 16: "] * 3


def test_watching_gives_up_with_the_names_of_what_still_runs() -> None:
    with pytest.raises(TimeoutError, match=r"street-1.*InProgress"):
        watch(Console(quiet=True), lambda: [task()], lambda: None, TODAY, 3)
