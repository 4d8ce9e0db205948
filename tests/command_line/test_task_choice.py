"""Which tasks a command is about."""

from datetime import UTC, datetime
from typing import Any

import pytest
import typer

from everlabel_cli.task_choice import Choice, Status, choice

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TASK = {
    "taskId": "front-1",
    "clipId": "drive-7_front",
    "clipS3Uri": "s3://clips/drive-7/front.mp4",
    "status": "Failed",
    "createdAt": "2026-11-20T10:00:00.000Z",
    "reason": "LabelingJobNotRunning: VOTVehicle is Stopped",
}


def chosen(**given: Any) -> Choice:
    nothing = dict.fromkeys(("statuses", "clip_prefix", "since", "until", "reason"))
    return choice(**{**nothing, **given}, now=lambda: NOW)


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({}, True),
        ({"statuses": [Status.FAILED, Status.STOPPED]}, True),
        ({"statuses": [Status.COMPLETED]}, False),
        ({"clip_prefix": "drive-7"}, True),
        ({"clip_prefix": "front"}, False),
        ({"clip_prefix": "s3://clips/drive-7/"}, True),
        ({"clip_prefix": "s3://clips/drive-8/"}, False),
        ({"since": "2026-11-20"}, True),
        ({"since": "2026-11-20T10:00:00Z"}, True),
        ({"since": "2026-11-20T10:00:01Z"}, False),
        ({"since": "2026-11-20T11:00+01:00"}, True),
        ({"since": "2h"}, True),
        ({"since": "119m"}, False),
        ({"until": "2h"}, False),
        ({"until": "1h"}, True),
        ({"reason": "NotRunning"}, True),
        ({"reason": "ClipRefused"}, False),
        ({"statuses": [Status.FAILED], "reason": "ClipRefused"}, False),
    ],
)
def test_a_task_should_fit_all_that_is_asked(asked: dict[str, Any], fits: bool) -> None:
    assert chosen(**asked).fits(TASK) == fits
    assert chosen(**asked).is_all == (not asked)


def test_a_task_without_a_reason_should_fit_no_reason() -> None:
    assert not chosen(reason="x").fits({**TASK, "reason": None})


@pytest.mark.parametrize("text", ["yesterday", "7", "7y", "2026-13-01", ""])
def test_what_is_no_time_should_be_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no time; write"):
        chosen(since=text)


class Moving:
    """As much of the API as listing takes: a task that moved on between two pages."""

    def pages(self, _path: str, _rows: str, _parameters: Any) -> list[dict[str, Any]]:
        return [TASK, {**TASK, "taskId": "front-2"}, {**TASK, "status": "Stopped"}]


def test_a_task_that_moves_while_pages_are_read_should_be_given_once() -> None:
    api: Any = Moving()
    assert [task["taskId"] for task in chosen().tasks(api)] == ["front-1", "front-2"]
