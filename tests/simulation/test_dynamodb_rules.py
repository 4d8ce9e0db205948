"""What the simulated DynamoDB does and moto does not: costs, pages, stale reads, and what hooks decide."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from pynamodb.connection import Connection
from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from everlabel import job_table, listing, task_table
from everlabel.task_table import Done, Open, Outcome, Task, TaskStatus
from local.template import Template
from tests.simulation.dynamodb import DynamoDB
from tests.simulation.dynamodb_requests import TASKS
from tests.simulation.errors import UnknownCall

ROOT = Path(__file__).parents[2]
TEMPLATE = Template(ROOT / "template.yaml")


class Clock:
    """A time that a test sets."""

    now = 0.0


def database(clock: Clock | None = None, **hooks: Any) -> DynamoDB:
    clock = clock or Clock()
    made = DynamoDB(lambda: clock.now, **hooks)
    made.create_table("TASKS", TASKS)
    return made


def key(item: str = "TASK", task_id: str = "t1") -> dict[str, Any]:
    return {"task_id": {"S": task_id}, "item": {"S": item}}


def put(made: DynamoDB, item: str = "TASK", **attributes: Any) -> Any:
    request = {"TableName": "TASKS", "Item": {**key(item), **attributes}, "ReturnConsumedCapacity": "INDEXES"}
    return made.call("PutItem", request)


def get(made: DynamoDB, item: str = "TASK", **more: Any) -> Any:
    return made.call("GetItem", {"TableName": "TASKS", "Key": key(item), **more})


def query(made: DynamoDB, **more: Any) -> Any:
    request = {
        "TableName": "TASKS",
        "KeyConditionExpression": "task_id = :t",
        "ExpressionAttributeValues": {":t": {"S": "t1"}},
    }
    return made.call("Query", {**request, **more})


def refusal(call: Callable[[], Any]) -> Any:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response


# ---- what a request costs ----


@pytest.mark.parametrize(("size", "units"), [(100, 1), (1_024, 1), (1_025, 2), (409_600, 400)])
def test_a_write_costs_a_unit_a_kilobyte(size: int, units: int) -> None:
    # 4 + 4 + 7 + 2 + 4 bytes are names and key.
    answer = put(database(), note={"S": "x" * (size - 21)})
    assert answer["ConsumedCapacity"] == {
        "TableName": "TASKS",
        "CapacityUnits": units,
        "Table": {"CapacityUnits": units},
    }


def test_an_item_of_more_than_400_kilobytes_is_refused() -> None:
    made = database()
    assert refusal(lambda: put(made, note={"S": "x" * (409_600 - 20)}))["Error"]["Code"] == "ValidationException"
    put(made, note={"S": "x" * (409_600 - 21)})
    grown = {
        "TableName": "TASKS",
        "Key": key(),
        "UpdateExpression": "SET flag = :f",
        "ExpressionAttributeValues": {":f": {"BOOL": True}},
    }
    assert refusal(lambda: made.call("UpdateItem", grown))["Error"]["Code"] == "ValidationException"


def test_a_write_costs_what_it_writes_over() -> None:
    made = database()
    put(made, note={"S": "x" * 3_000})
    assert put(made)["ConsumedCapacity"]["CapacityUnits"] == 3
    deleted = made.call("DeleteItem", {"TableName": "TASKS", "Key": key(), "ReturnConsumedCapacity": "TOTAL"})
    assert deleted["ConsumedCapacity"] == {"TableName": "TASKS", "CapacityUnits": 1}
    assert made.tables["TASKS"].write_units == 3 + 3 + 1


def test_a_refused_write_costs_too() -> None:
    made = database()
    put(made, note={"S": "x" * 3_000})
    request = {"TableName": "TASKS", "Item": key(), "ConditionExpression": "attribute_not_exists (task_id)"}
    assert refusal(lambda: made.call("PutItem", request))["Error"]["Code"] == "ConditionalCheckFailedException"
    assert made.tables["TASKS"].write_units == 3 + 3


@pytest.mark.parametrize(
    ("change", "index_units"),
    [
        ({"status": {"S": "Done"}}, 2),
        ({"note": {"S": "seen in the index"}}, 1),
        ({"count": {"N": "1"}}, None),
    ],
)
def test_an_index_costs_what_it_shows(change: dict[str, Any], index_units: int | None) -> None:
    made = database()
    indexed: dict[str, Any] = {"status": {"S": "InProgress"}, "rank": {"N": "1"}}
    assert put(made, **indexed)["ConsumedCapacity"]["CapacityUnits"] == 2
    cost = put(made, **{**indexed, **change})["ConsumedCapacity"]
    assert cost.get("GlobalSecondaryIndexes", {}).get("by_status", {}).get("CapacityUnits") == index_units


@pytest.mark.parametrize(("consistent", "units"), [(True, 2.0), (False, 1.0)])
def test_a_read_costs_a_unit_for_4_kilobytes_and_half_of_it_if_not_consistent(consistent: bool, units: float) -> None:
    made = database()
    put(made, note={"S": "x" * 5_000})
    answer = get(made, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"]["CapacityUnits"] == units
    nothing = get(made, "NOBODY", ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")
    assert nothing["ConsumedCapacity"]["CapacityUnits"] == units / 2


def test_a_query_costs_what_it_looks_at_together() -> None:
    made = database()
    for item in "abc":
        put(made, item, note={"S": "x" * 3_000})
    answer = query(
        made,
        FilterExpression="flag = :t",
        ConsistentRead=True,
        Select="COUNT",
        ReturnConsumedCapacity="TOTAL",
    )
    assert (answer["Count"], answer["ConsumedCapacity"]["CapacityUnits"]) == (0, 3)


def test_a_transaction_costs_twice() -> None:
    made = database()
    request = {"TransactItems": [{"Put": {"TableName": "TASKS", "Item": key()}}], "ReturnConsumedCapacity": "TOTAL"}
    assert made.call("TransactWriteItems", request)["ConsumedCapacity"] == [{"TableName": "TASKS", "CapacityUnits": 2}]


# ---- pages ----


def test_a_page_ends_at_its_limit_even_where_nothing_follows() -> None:
    made = database()
    put(made)
    first = query(made, Limit=1)
    assert first["LastEvaluatedKey"] == key()
    second = query(made, Limit=1, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert (second["Count"], "LastEvaluatedKey" in second) == (0, False)


@pytest.mark.parametrize("operation", ["Query", "Scan"])
def test_a_page_holds_a_megabyte_before_the_filter(operation: str) -> None:
    made = database()
    for item in "abcd":
        put(made, item, note={"S": "x" * 300_000}, flag={"BOOL": item == "d"})
    request: dict[str, Any] = {
        "TableName": "TASKS",
        "FilterExpression": "flag = :f",
        "ExpressionAttributeValues": {":f": {"BOOL": True}},
    }
    if operation == "Query":
        request["KeyConditionExpression"] = "task_id = :t"
        request["ExpressionAttributeValues"][":t"] = {"S": "t1"}
    page = made.call(operation, request)
    assert (page["Count"], page["ScannedCount"], page["LastEvaluatedKey"]) == (0, 3, key("c"))
    rest = made.call(operation, {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]})
    assert (rest["Count"], rest["ScannedCount"], "LastEvaluatedKey" in rest) == (1, 1, False)


def test_a_page_goes_on_behind_an_item_that_was_deleted() -> None:
    made = database()
    for item in "abc":
        put(made, item)
    page = query(made, Limit=2)
    made.call("DeleteItem", {"TableName": "TASKS", "Key": key("b")})
    assert query(made, ExclusiveStartKey=page["LastEvaluatedKey"])["Items"] == [key("c")]


def test_a_page_of_another_partition_is_refused() -> None:
    made = database()
    answer = refusal(lambda: query(made, ExclusiveStartKey=key(task_id="t2")))
    assert answer["Error"]["Code"] == "ValidationException"


# ---- stale reads ----


@pytest.fixture
def aged() -> tuple[DynamoDB, Clock, list[float]]:
    """Tables whose reads are as old as the list's only number says; `a` changed at 10 and 12, `b` went at 12."""
    clock, age = Clock(), [0.0]
    made = database(clock, staleness=lambda: age[0])
    put(made, "b")
    clock.now = 10
    put(made, "a", note={"S": "first"}, status={"S": "InProgress"}, rank={"N": "1"})
    clock.now = 12
    put(made, "a", note={"S": "second"}, status={"S": "Done"}, rank={"N": "1"})
    made.call("DeleteItem", {"TableName": "TASKS", "Key": key("b")})
    clock.now = 13
    return made, clock, age


@pytest.mark.parametrize(("old", "note"), [(0, "second"), (1, "second"), (1.5, "first"), (3, "first"), (4, None)])
def test_a_read_sees_the_item_as_it_was(
    aged: tuple[DynamoDB, Clock, list[float]], old: float, note: str | None
) -> None:
    made, _, age = aged
    age[0] = old
    assert get(made, "a").get("Item", {}).get("note", {}).get("S") == note
    batch = made.call("BatchGetItem", {"RequestItems": {"TASKS": {"Keys": [key("a")]}}})
    assert [item["note"]["S"] for item in batch["Responses"]["TASKS"]] == ([note] if note else [])
    seen = [item["item"]["S"] for item in query(made)["Items"]]
    assert seen == [each for each, there in (("a", note is not None), ("b", old > 1)) if there]
    assert made.call("Scan", {"TableName": "TASKS"})["Count"] == len(seen)


def test_a_consistent_read_is_never_stale(aged: tuple[DynamoDB, Clock, list[float]]) -> None:
    made, _, age = aged
    age[0] = 4
    assert get(made, "a", ConsistentRead=True)["Item"]["note"] == {"S": "second"}
    assert query(made, ConsistentRead=True)["Count"] == 1
    consistent = {"RequestItems": {"TASKS": {"Keys": [key("a")], "ConsistentRead": True}}}
    assert made.call("BatchGetItem", consistent)["Responses"]["TASKS"][0]["note"] == {"S": "second"}


@pytest.mark.parametrize(("old", "counts"), [(0, (0, 1)), (2, (1, 0)), (4, (0, 0))])
def test_an_index_is_stale_too(aged: tuple[DynamoDB, Clock, list[float]], old: float, counts: tuple[int, int]) -> None:
    made, _, age = aged
    age[0] = old
    found = [
        made.call(
            "Query",
            {
                "TableName": "TASKS",
                "IndexName": "by_status",
                "KeyConditionExpression": "#s = :s",
                "ExpressionAttributeNames": {"#s": "status"},
                "ExpressionAttributeValues": {":s": {"S": status}},
            },
        )["Count"]
        for status in ("InProgress", "Done")
    ]
    assert tuple(found) == counts


def test_a_condition_is_never_stale(aged: tuple[DynamoDB, Clock, list[float]]) -> None:
    made, _, age = aged
    age[0] = 4
    request = {"TableName": "TASKS", "Item": key("a"), "ConditionExpression": "attribute_not_exists (task_id)"}
    assert refusal(lambda: made.call("PutItem", request))["Error"]["Code"] == "ConditionalCheckFailedException"


def test_what_is_too_old_is_forgotten_and_asking_for_it_is_a_mistake(aged: tuple[DynamoDB, Clock, list[float]]) -> None:
    made, clock, age = aged
    clock.now = 100
    put(made, "c")
    collections = made.tables["TASKS"].collections
    assert [write[0] for write in collections._writes] == [100]
    age[0] = 6
    with pytest.raises(ValueError, match="remembered"):
        get(made)


# ---- what hooks decide ----


def test_what_a_batch_leaves_behind_is_handed_back() -> None:
    made = database(unprocessed=lambda _, each: each["item"]["S"] == "b")
    requests = [{"PutRequest": {"Item": {**key(item), "note": {"S": "n"}}}} for item in "abc"]
    answer = made.call("BatchWriteItem", {"RequestItems": {"TASKS": requests}})
    assert answer["UnprocessedItems"] == {"TASKS": [requests[1]]}
    assert [item["item"]["S"] for item in query(made)["Items"]] == ["a", "c"]
    keys = {"TASKS": {"Keys": [key("a"), key("b")], "ConsistentRead": True}}
    read = made.call("BatchGetItem", {"RequestItems": keys})
    assert read["UnprocessedKeys"] == {"TASKS": {"Keys": [key("b")], "ConsistentRead": True}}


def test_a_transaction_that_meets_another_one_is_cancelled_as_a_whole() -> None:
    made = database(conflicts=lambda table, each: (table, each["item"]["S"]) == ("TASKS", "b"))
    request = {"TransactItems": [{"Put": {"TableName": "TASKS", "Item": key(item)}} for item in "ab"]}
    answer = refusal(lambda: made.call("TransactWriteItems", request))
    assert answer["Error"]["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in answer["CancellationReasons"]] == ["None", "TransactionConflict"]
    assert query(made)["Count"] == 0


def test_a_transaction_is_repeated_without_effect_for_ten_minutes() -> None:
    clock = Clock()
    made = database(clock)
    update = {
        "TableName": "TASKS",
        "Key": key(),
        "UpdateExpression": "ADD rounds :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    request: dict[str, Any] = {"TransactItems": [{"Update": update}], "ClientRequestToken": "token"}
    made.call("TransactWriteItems", request)
    clock.now = 599
    made.call("TransactWriteItems", request)
    assert get(made)["Item"]["rounds"] == {"N": "1"}
    other = {**request, "TransactItems": [{"Delete": {"TableName": "TASKS", "Key": key()}}]}
    code = refusal(lambda: made.call("TransactWriteItems", other))["Error"]["Code"]
    assert code == "IdempotentParameterMismatchException"
    clock.now = 601
    made.call("TransactWriteItems", request)
    assert get(made)["Item"]["rounds"] == {"N": "2"}


def test_a_batch_of_more_than_25_writes_and_a_transaction_of_more_than_100_are_refused() -> None:
    made = database()
    puts = [{"PutRequest": {"Item": key(str(number))}} for number in range(26)]
    answer = refusal(lambda: made.call("BatchWriteItem", {"RequestItems": {"TASKS": puts}}))
    assert answer["Error"]["Code"] == "ValidationException"
    items = [{"Put": {"TableName": "TASKS", "Item": key(str(number))}} for number in range(101)]
    answer = refusal(lambda: made.call("TransactWriteItems", {"TransactItems": items}))
    assert answer["Error"]["Code"] == "ValidationException"
    made.call("BatchWriteItem", {"RequestItems": {"TASKS": puts[:25]}})
    assert query(made)["Count"] == 25


# ---- the world around ----


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("UpdateTimeToLive", {}),
        ("GetItem", {"TableName": "TASKS", "Key": key(), "AttributesToGet": ["item"]}),
        ("Scan", {"TableName": "TASKS", "Segment": 0, "TotalSegments": 2}),
        ("PutItem", {"TableName": "TASKS", "Item": {**key(), "count": {"N": 1}}}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "TASKS", "Item": key(), "Expected": {}}}]}),
    ],
)
def test_what_the_simulation_does_not_know_is_loud(operation: str, request_: dict[str, Any]) -> None:
    with pytest.raises(UnknownCall):
        database().call(operation, request_)


def test_nobody_can_reach_into_a_table() -> None:
    made = database()
    sent = {"TableName": "TASKS", "Item": {**key(), "list": {"L": [{"M": {"x": {"SS": ["a"]}}}]}}}
    expected = copy.deepcopy(sent["Item"])
    made.call("PutItem", sent)
    sent["Item"]["list"]["L"].append({"S": "smuggled"})  # type: ignore[index]
    for answer in (get(made)["Item"], query(made)["Items"][0]):
        assert answer == expected
        answer["list"]["L"][0]["M"]["x"]["SS"].append("b")
        answer["list"]["L"].clear()
        answer["item"]["S"] = "OTHER"
    assert get(made)["Item"] == expected


_SCRIPT = """
from tests.simulation.test_dynamodb_rules import database, key
import json
made = database()
for number in range(40):
    item = {**key(f"i{number % 7}", f"t{number % 5}"), "tags": {"SS": [f"x{number}", "y"]}, "rank": {"N": str(number)}}
    made.call("PutItem", {"TableName": "TASKS", "Item": {**item, "status": {"S": f"s{number % 3}"}}})
print(json.dumps([made.call("Scan", {"TableName": "TASKS", **more}) for more in ({}, {"IndexName": "by_status"})]))
"""


def test_answers_are_the_same_whatever_the_hash_seed_is() -> None:
    answers = [
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", _SCRIPT],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}:{ROOT}/layers/everlabel", "AWS_DEFAULT_REGION": "x"},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert answers[0] == answers[1]
    assert len(json.loads(answers[0])[0]["Items"]) == 35


# ---- the application's own models on it ----


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> DynamoDB:
    """The template's tables, reached through pynamodb."""
    made = DynamoDB(lambda: 0.0)
    for name, properties in TEMPLATE.of_type("AWS::DynamoDB::Table").items():
        made.create_table(f"everlabel-{name}", properties)

    def call(client: BaseClient, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        assert client.meta.service_model.service_name == "dynamodb"
        return made.call(operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    return made


def _task(number: int) -> Task:
    return Task(
        task_id=f"task-{number}",
        item=task_table.TASK,
        status=TaskStatus.IN_PROGRESS,
        created_at=f"2027-01-{number:02d}T00:00:00.000Z",
        updated_at="2027-01-01T00:00:00.000Z",
        definition="{}",
        clip_id="clip",
        clip_uri="s3://clips/clip.mp4",
        levels=1,
        resend_after_seconds=1,
        max_expiries=1,
        max_age_seconds=1,
    )


def _done(outcome: Outcome) -> Done:
    return Done(task_id="task-1", item="DONE#1#VOT#000007", outcome=outcome, generation=0, at="2027-01-01")


@pytest.mark.usefixtures("application")
def test_pynamodb_reads_back_what_it_wrote() -> None:
    with Open.batch_write() as batch:
        for index in range(30):
            batch.save(Open(task_id="task-1", item=f"OPEN#1#VOT#{index:06d}"))
    todo = list(task_table.open_objects("task-1", 1, "VOT"))
    assert [each.item[-2:] for each in todo] == [f"{index:02d}" for index in range(30)]
    todo[7].update(
        actions=[Open.generation.set(Open.generation + 1), Open.due.set(True), Open.reason.set("expired")],
        condition=(Open.generation == 0) & (Open.epoch < 1),
    )
    assert (todo[7].generation, todo[7].due, todo[7].reason) == (1, True, "expired")
    todo[8].delete()
    assert task_table.anything_open("task-1", 1)
    assert list(task_table.open_objects("task-1", 1, "VO")) == []
    assert len(list(task_table.open_objects("task-1", 1, "VOT"))) == 29


@pytest.mark.usefixtures("application")
def test_pynamodb_is_told_that_a_condition_failed() -> None:
    _done(Outcome.FAILED).save(Done.task_id.does_not_exist())
    with pytest.raises(PutError) as lost:
        _done(Outcome.LABELED).save(Done.task_id.does_not_exist())
    assert lost.value.cause_response_code == "ConditionalCheckFailedException"
    both = TransactWrite(connection=Connection())
    both.save(Open(task_id="task-1", item="OPEN#1#VOT#000007"))
    both.delete(_done(Outcome.FAILED), condition=Done.outcome == Outcome.LABELED)
    with pytest.raises(TransactWriteError) as cancelled:
        both._commit()
    assert cancelled.value.cause_response_code == "TransactionCanceledException"
    assert sum(reason is not None for reason in cancelled.value.cancellation_reasons) == 1
    assert not task_table.anything_open("task-1", 1)


@pytest.mark.usefixtures("application")
def test_tasks_are_listed_page_by_page_oldest_first() -> None:
    for number in (3, 1, 2):
        _task(number).save()
    page = listing.tasks(TaskStatus.IN_PROGRESS, 2, None)
    assert [task.task_id for task in page.tasks] == ["task-1", "task-2"]
    page = listing.tasks(TaskStatus.IN_PROGRESS, 2, page.next_token)
    assert ([task.task_id for task in page.tasks], page.next_token) == (["task-3"], None)
    assert job_table.find_all(["nobody"]) == {}
