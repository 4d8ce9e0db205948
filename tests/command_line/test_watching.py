"""What `everlabel tasks watch` tells a person of tasks while they run, on a terminal and elsewhere."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from everlabel_cli.watching import JOB_COLUMNS, MOST_ROWS, are_few, cells, changes, watch


def task(status: str = "InProgress", clip: str = "street", **counts: int) -> dict[str, Any]:
    job = {"jobName": "VOTVehicle", "dataObjects": 2, "labeled": 0, "failed": 0, "expiries": 0, "resends": 0}
    return {
        "taskId": f"{clip}-1",
        "clipId": clip,
        "status": status,
        "reason": "ClipRefused: no video stream" if status == "Failed" else None,
        "definition": {
            "labelingJobs": [{"jobName": "AdjVOTVehicle", "jobLevel": 2}, {"jobName": "VOTVehicle", "jobLevel": 1}]
        },
        "progress": [{"jobLevel": 1, "labelingJobs": [{**job, **counts}]}],
    }


def listed(status: str, clip: str) -> dict[str, Any]:
    """As a listing has it."""
    return {key: value for key, value in task(status, clip).items() if key not in ("definition", "progress")}


def watched(console: Console, *looks: list[dict[str, Any]], enough: Callable[[], bool] = lambda: False) -> Any:
    following = iter(looks)
    return watch(console, lambda: next(following), enough, lambda: "12:00:00 ")


def terminal() -> Console:
    return Console(file=StringIO(), force_terminal=True, width=120, color_system="standard", _environ={})


def printed(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (task(), task(), []),
        (task(), task(labeled=1), []),
        (task(labeled=1), task(labeled=2), ["street: level 1, VOTVehicle: all labeled"]),
        (task(), task(expiries=1), ["street: VOTVehicle: expired in the worker portal, goes again under a new id"]),
        (task(), task(resends=1), ["street: VOTVehicle: sent again under the same id, in case the queue forgets it"]),
        (task(), task("Failed"), ["street: Failed: ClipRefused: no video stream"]),
        (None, task(dataObjects=1), ["street: InProgress", "street: level 1, VOTVehicle: 1 data object"]),
        (None, task(), ["street: InProgress", "street: level 1, VOTVehicle: 2 data objects"]),
        (
            task(),
            task("Completed", labeled=2),
            ["street: level 1, VOTVehicle: all labeled", "street: Completed"],
        ),
        (listed("InProgress", "a"), listed("Completed", "a"), ["a: Completed"]),
        (None, listed("Failed", "a"), ["a: Failed: ClipRefused: no video stream"]),
    ],
)
def test_each_change_should_be_told_once_in_words(
    before: dict[str, Any] | None, now: dict[str, Any], told: list[str]
) -> None:
    assert changes(before, now) == told


def test_jobs_should_stand_by_level_and_say_nothing_twice() -> None:
    rows = [[row[name] for name in JOB_COLUMNS] for row in cells([task("Completed", labeled=2, expiries=3, resends=4)])]
    assert rows == [
        ["street", 1, "VOTVehicle", 2, 2, "–", 3, 4, "Completed"],
        [None, 2, "AdjVOTVehicle", "–", "–", "–", "–", "–", None],
    ]


def test_only_few_tasks_should_be_shown_job_by_job() -> None:
    assert are_few([task()] * MOST_ROWS)
    assert not are_few([task()] * (MOST_ROWS + 1))
    assert not are_few([task(), listed("InProgress", "a")])


def test_watching_should_end_when_all_have_ended_and_not_before() -> None:
    pauses: list[None] = []

    def enough() -> bool:
        pauses.append(None)
        return False

    looks = ([task(), task("Completed")], [task(labeled=2), task("Completed")], [task("Failed"), task("Stopped")])
    ended = watched(Console(quiet=True), *looks, enough=enough)
    assert [found["status"] for found in ended] == ["Failed", "Stopped"]
    assert len(pauses) == 2


def test_watching_should_end_when_it_is_enough() -> None:
    assert watched(Console(quiet=True), [task()], enough=lambda: True) == [task()]


def test_away_from_a_terminal_each_change_should_be_a_whole_line_with_a_stamp() -> None:
    console = Console(file=StringIO(), width=20)
    watched(console, [task()], [task()], [task("Completed", labeled=2)])
    assert printed(console).splitlines() == [
        "12:00:00 street: InProgress",
        "12:00:00 street: level 1, VOTVehicle: 2 data objects",
        "12:00:00 street: level 1, VOTVehicle: all labeled",
        "12:00:00 street: Completed",
    ]


def test_a_terminal_should_have_a_table_that_goes_and_lines_that_stay() -> None:
    console = terminal()
    watched(console, [task()], [task(labeled=1)], [task("Failed", labeled=1, failed=1)])
    shown = printed(console)
    assert shown.count("labeling job") >= 3
    assert "\x1b[31mFailed" in shown
    assert "street: Failed: ClipRefused: no video stream\n" in shown
    # The cursor comes back below the last table, and every line of that is wiped out.
    table, _, wiped = shown[shown.rindex("┏━") :].partition("\x1b[?25h")
    assert wiped.count("\x1b[1A\x1b[2K") == table.count("\n")


def test_a_terminal_should_count_many_tasks_and_tell_what_happened_last() -> None:
    many = [listed("InProgress", f"clip-{number}") for number in range(MOST_ROWS + 1)]
    ended = [{**row, "status": "Completed"} for row in many]
    console = terminal()
    watched(console, many, ended)
    shown = printed(console)
    assert "labeling job" not in shown
    assert f"│ {MOST_ROWS + 1}    │" in shown
    assert "clip-20: Completed" in shown
    assert "clip-14: Completed" not in shown


def test_names_should_not_steer_a_terminal() -> None:
    for console in (terminal(), Console(file=StringIO(), width=200)):
        watched(console, [task("Completed", clip="[red]a\x1b[2Jb")])
        assert "[red]a\\x1b[2Jb" in printed(console)
        assert "\x1b[2J" not in printed(console)
