"""Both tables in one read: everything that is there, however much is asked and however little one answer has."""

from typing import Any

import pytest

from everlabel import reading, tables
from everlabel.job_table import LabelingJob
from everlabel.task_table import Row, Surplus
from tests.handlers.conftest import Cloud


def put(number: int) -> list[tuple[str, str]]:
    keys = [("task", f"SURPLUS#{index:06d}") for index in range(number)]
    with Row.batch_write() as batch:
        for task_id, item in keys:
            batch.save(Surplus(task_id=task_id, item=item, generation=0, line="{}", at="2026"))
    return keys


def test_more_than_one_request_takes_come_from_both_tables(cloud: Cloud) -> None:
    cloud.labeling_job("VOTVehicle")
    keys = put(120)
    rows, jobs = reading.rows_and_jobs([*keys, ("task", "nothing")], ["VOTVehicle", "Nobody", "VOTVehicle"])
    assert list(jobs) == ["VOTVehicle"]
    assert isinstance(jobs["VOTVehicle"], LabelingJob)
    assert rows.keys() == set(keys)
    assert {type(row) for row in rows.values()} == {Surplus}


def test_what_an_answer_leaves_out_is_asked_for_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.labeling_job("VOTVehicle")
    keys = put(3)
    dispatch = tables.connection().dispatch

    def one_at_a_time(operation: str, request: dict[str, Any]) -> Any:
        asked = [(table, each, key) for table, each in request["RequestItems"].items() for key in each["Keys"]]
        (table, each, key), *_ = asked
        left: dict[str, Any] = {}
        for name, more, other in asked[1:]:
            left.setdefault(name, {**more, "Keys": []})["Keys"].append(other)
        answer = dispatch(operation, {"RequestItems": {table: {**each, "Keys": [key]}}})
        return {**answer, "UnprocessedKeys": left}

    monkeypatch.setattr(tables.connection(), "dispatch", one_at_a_time)
    rows, jobs = reading.rows_and_jobs(keys, ["VOTVehicle"])
    assert rows.keys() == set(keys)
    assert list(jobs) == ["VOTVehicle"]
