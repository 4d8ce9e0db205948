"""The simulated DynamoDB against moto's, and what moto has not against AWS's documentation."""

import copy
from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.simulation import dynamodb_requests as requests
from tests.simulation.attribute_values import freeze_item, thaw_item
from tests.simulation.dynamodb import DynamoDB
from tests.simulation.dynamodb_moto_gaps import MOTO_GAPS, Difference, Gap
from tests.simulation.dynamodb_requests import JOBS, TASKS, Request
from tests.simulation.errors import UnknownCall
from tests.simulation.item_collections import Row, Shown

# moto's capacity units are always 0.5 or 1; ours are compared with AWS's rules below.
READS = ("GetItem", "BatchGetItem", "Query", "Scan")
UNCOMPARED = ("ConsumedCapacity", "ResponseMetadata", "ItemCollectionMetrics")


def keys_in(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The keys that a request may write."""
    inner = request.get("TransactItems") or request.get("RequestItems", {}).get("TASKS")
    if isinstance(inner, list):
        return [key for each in inner for key in keys_in(next(iter(each.values())))]
    item = request.get("Key") or request.get("Item")
    return [{name: item[name] for name in ("task_id", "item") if name in item}] if item else []


class Twin:
    """The simulated tables and moto's, given the same requests."""

    def __init__(self) -> None:
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
        self._moto: Any = boto3.client("dynamodb", config=config)
        self._round = 0
        self.compared = 0
        self._message = ""
        self.gaps_met: dict[str, int] = {}

    def clear(self) -> None:
        """Both begin again with empty tables."""
        if self._round:
            for name in ("TASKS", "JOBS"):
                self._moto.delete_table(TableName=name)
        self._round += 1
        self.fake = DynamoDB(lambda: 0.0)
        for name, properties in (("TASKS", TASKS), ("JOBS", JOBS)):
            self.fake.create_table(name, properties)
            self._moto.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **properties)

    def same(self, operation: str, request: dict[str, Any], after: str = "") -> Any:
        """Both answer the same, or differ in a way that the table of moto's gaps has; returns the answer."""
        self.compared += 1
        before = [self._item(key) for key in keys_in(request)]
        ours = self._answer(self.fake.call, operation, request)
        theirs = self._answer(self._moto._make_api_call, operation, request)
        if ours != theirs:
            difference = Difference(operation, request, ours, theirs, self._message, before, after)
            found = next((gap for gap in MOTO_GAPS if gap.explains(difference)), None)
            assert found, f"{operation} {request}\n ours   {ours}\n theirs {theirs}"
            self.gaps_met[found.moto] = self.gaps_met.get(found.moto, 0) + 1
            self._bring_back(request, stores_the_same=found.stores_the_same)
        return ours

    def write(self, operation: str, request: dict[str, Any]) -> None:
        """Both answer the same, and store the same afterwards."""
        refused = self.same(operation, request).get("refused", "")
        for key in keys_in(request):
            self.same("GetItem", {"TableName": "TASKS", "Key": key, "ConsistentRead": True}, after=refused)

    def _item(self, key: dict[str, Any]) -> Any:
        try:
            return self.fake.call("GetItem", {"TableName": "TASKS", "Key": key, "ConsistentRead": True}).get("Item")
        except ClientError:
            return None

    def _bring_back(self, request: dict[str, Any], *, stores_the_same: bool = False) -> None:
        """Makes moto store what we store."""
        for key in keys_in(request):
            item = self._item(key)
            if stores_the_same:
                assert plain(item) == plain(self._moto.get_item(TableName="TASKS", Key=key).get("Item")), request
            elif item is None:
                self._moto.delete_item(TableName="TASKS", Key=key)
            else:
                self._moto.put_item(TableName="TASKS", Item=item)

    def _answer(self, call: Any, operation: str, request: dict[str, Any]) -> Any:
        try:
            if operation in ("Query", "Scan"):
                return pages(call, operation, request)
            answer = call(operation, copy.deepcopy(request))
        except ClientError as error:
            if call == self.fake.call:
                self._message = error.response["Error"]["Message"]
            return refusal(error.response)
        except UnknownCall:
            raise
        except Exception as error:  # moto falls over its own feet here and there
            return {"crashed": f"{type(error).__name__}: {error}"}
        return plain({name: answer[name] for name in answer if name not in UNCOMPARED})


def pages(call: Any, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """All pages of a query or scan. A scan has no order that is promised, and where a page ends is compared below."""
    answers = [call(operation, copy.deepcopy(request))]
    while after := answers[-1].get("LastEvaluatedKey"):
        answers.append(call(operation, {**copy.deepcopy(request), "ExclusiveStartKey": after}))
    items = [plain(item) for answer in answers for item in answer.get("Items", ())]
    return {
        "items": sorted(items, key=repr) if operation == "Scan" else items,
        "counts": [sum(answer[name] for answer in answers) for name in ("Count", "ScannedCount")],
        "first": plain(answers[0].get("Items")) if operation == "Query" else None,
    }


def refusal(response: Any) -> dict[str, Any]:
    """What an error says, without its wording."""
    told = {name: response[name] for name in ("Item", "CancellationReasons") if name in response}
    for reason in told.get("CancellationReasons", ()):
        reason.pop("Message", None)
    return {"refused": response["Error"]["Code"], **plain(told)}


def exact(text: str) -> Decimal:
    """A number in one spelling."""
    return Decimal(text).normalize(Context(prec=40))


def plain(answer: Any) -> Any:
    """Without what is no difference: the order of sets and how numbers are spelled."""
    if isinstance(answer, dict):
        if len(answer) == 1:
            [(kind, content)] = answer.items()
            if kind == "N":
                return {kind: exact(content)}
            if kind == "NS":
                return {kind: sorted(map(exact, content))}
            if kind in ("SS", "BS"):
                return {kind: sorted(content)}
        return {name: plain(each) for name, each in answer.items()}
    return [plain(each) for each in answer] if isinstance(answer, list) else answer


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with mock_aws():
        yield Twin()


def compare(twin: Twin, what: st.SearchStrategy[Request], examples: int = 50) -> int:
    """Has both answer many requests; returns how many."""
    before = twin.compared

    # Nothing is shrunk: the message tells the one request that was answered differently.
    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(what, min_size=20, max_size=40))
    def run(chosen: list[Request]) -> None:
        twin.clear()
        for operation, request in chosen:
            (twin.same if operation in READS else twin.write)(operation, request)
        twin.same("Scan", {"TableName": "TASKS"})
        twin.same("Scan", {"TableName": "TASKS", "IndexName": "by_status"})

    run()
    return twin.compared - before


def test_single_writes_do_what_motos_do(twin: Twin) -> None:
    assert compare(twin, requests.writes()) >= 2_500


def test_reads_see_what_motos_see(twin: Twin) -> None:
    written = st.one_of(requests.batches(), requests.writes())
    read = st.one_of(requests.gets(), requests.queries(), requests.queries(), requests.scans())
    assert compare(twin, st.one_of(written, read, read), examples=70) >= 2_500


def test_transactions_and_batches_do_what_motos_do(twin: Twin) -> None:
    assert compare(twin, st.one_of(requests.transactions(), requests.batches())) >= 2_500


def test_everything_together_does_what_moto_does(twin: Twin) -> None:
    kinds = (
        requests.writes(),
        requests.transactions(),
        requests.batches(),
        requests.gets(),
        requests.queries(),
        requests.scans(),
    )
    assert compare(twin, st.one_of(*kinds)) >= 2_500


@pytest.mark.parametrize("gap", MOTO_GAPS, ids=lambda gap: gap.moto)
def test_a_gap_that_moto_has_closed_leaves_the_table(twin: Twin, gap: Gap) -> None:
    twin.clear()
    twin.gaps_met.clear()
    for operation, request in gap.shown_by:
        (twin.same if operation in READS else twin.write)(operation, request)
    assert list(twin.gaps_met) == [gap.moto]


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("PutItem", {"Item": {"task_id": {"S": "t"}}}),
        ("PutItem", {"Item": {"task_id": {"S": "t"}, "item": {"N": "1"}}}),
        ("PutItem", {"Item": {"task_id": {"S": "t"}, "item": {"S": ""}}}),
        ("PutItem", {"Item": {"task_id": {"S": "t" * 2_049}, "item": {"S": "i"}}}),
        ("PutItem", {"Item": {"task_id": {"S": "t"}, "item": {"S": "i" * 1_025}}}),
        ("PutItem", {"Item": {"task_id": {"S": "t"}, "item": {"S": "i"}, "status": {"N": "1"}}}),
        ("PutItem", {"Item": {"task_id": {"S": "t"}, "item": {"S": "i"}, "rank": {"S": "first"}}}),
        ("PutItem", {"Item": {"task_id": {"S": "t"}, "item": {"S": "i"}, "note": {"S": "x" * 409_600}}}),
        ("PutItem", {"Item": {"task_id": {"S": "t"}, "item": {"S": "i"}, "count": {"N": "many"}}}),
        ("PutItem", {"Item": {"task_id": {"S": "t"}, "item": {"S": "i"}, "count": {"N": "1e127"}}}),
        ("PutItem", {"Item": {"task_id": {"S": "t"}, "item": {"S": "i"}, "count": {"N": "1e-131"}}}),
        ("PutItem", {"Item": {"task_id": {"S": "t"}, "item": {"S": "i"}, "tags": {"SS": ["a", "a"]}}}),
        ("GetItem", {"Key": {"task_id": {"S": "t"}}}),
        ("GetItem", {"Key": {"task_id": {"S": "t"}, "item": {"S": "i"}, "more": {"S": "m"}}}),
        ("GetItem", {"Key": {"task_id": {"S": "t"}, "item": {"N": "1"}}}),
        ("GetItem", {"TableName": "NOBODYS", "Key": {"task_id": {"S": "t"}, "item": {"S": "i"}}}),
        ("Query", {"KeyConditionExpression": "#n = :v", "ExpressionAttributeNames": {"#n": "task_id"}}),
        (
            "Query",
            {
                "KeyConditionExpression": "task_id = :v",
                "ExpressionAttributeValues": {":v": {"S": "t"}, ":w": {"S": "t"}},
            },
        ),
        ("Query", {"KeyConditionExpression": "task_id = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}}),
        (
            "Query",
            {
                "KeyConditionExpression": "#i = :v",
                "ExpressionAttributeNames": {"#i": "item"},
                "ExpressionAttributeValues": {":v": {"S": "t"}},
            },
        ),
        (
            "Query",
            {
                "KeyConditionExpression": "task_id = :v",
                "FilterExpression": "#i = :v",
                "ExpressionAttributeNames": {"#i": "item"},
                "ExpressionAttributeValues": {":v": {"S": "t"}},
            },
        ),
        (
            "Query",
            {
                "KeyConditionExpression": "#s = :v",
                "IndexName": "by_status",
                "ConsistentRead": True,
                "ExpressionAttributeNames": {"#s": "status"},
                "ExpressionAttributeValues": {":v": {"S": "t"}},
            },
        ),
        (
            "UpdateItem",
            {
                "Key": {"task_id": {"S": "t"}, "item": {"S": "i"}},
                "UpdateExpression": "SET #i = :v",
                "ExpressionAttributeNames": {"#i": "item"},
                "ExpressionAttributeValues": {":v": {"S": "j"}},
            },
        ),
        (
            "UpdateItem",
            {
                "Key": {"task_id": {"S": "t"}, "item": {"S": "i"}},
                "UpdateExpression": "SET status = :v",
                "ExpressionAttributeValues": {":v": {"S": "reserved"}},
            },
        ),
        (
            "UpdateItem",
            {
                "Key": {"task_id": {"S": "t"}, "item": {"S": "i"}},
                "UpdateExpression": "SET note = :v SET flag = :v",
                "ExpressionAttributeValues": {":v": {"S": "twice"}},
            },
        ),
        ("UpdateItem", {"Key": {"task_id": {"S": "t"}, "item": {"S": "i"}}, "UpdateExpression": "SET note ="}),
        ("DeleteItem", {"Key": {"task_id": {"S": "t"}, "item": {"S": "i"}}, "ReturnValues": "ALL_NEW"}),
        ("BatchGetItem", {"RequestItems": {"TASKS": {"Keys": [{"task_id": {"S": "t"}, "item": {"S": "i"}}] * 2}}}),
    ],
)
def test_what_is_wrong_is_refused_with_the_same_code(twin: Twin, operation: str, request_: dict[str, Any]) -> None:
    twin.clear()
    asked = request_ if "RequestItems" in request_ else {"TableName": "TASKS", **request_}
    assert "refused" in twin.same(operation, asked)


def test_empty_tables_without_a_sort_key_answer_as_motos_do(twin: Twin) -> None:
    twin.clear()
    for each in ("a", "b", "c"):
        twin.same("PutItem", {"TableName": "JOBS", "Item": {"job_name": {"S": each}, "state": {"S": "Stopped"}}})
    twin.same("DeleteItem", {"TableName": "JOBS", "Key": {"job_name": {"S": "b"}}, "ReturnValues": "ALL_OLD"})
    assert twin.same("GetItem", {"TableName": "JOBS", "Key": {"job_name": {"S": "b"}}}) == {}
    assert len(twin.same("Scan", {"TableName": "JOBS", "Limit": 1})["items"]) == 2


def test_a_row_that_is_shown_should_be_what_an_answer_would_carry() -> None:
    attributes = freeze_item({"text": {"S": "a"}, "list": {"L": [{"N": "1"}]}, "map": {"M": {"x": {"SS": ["b", "a"]}}}})
    shown = Shown(Row(attributes, 1))
    assert dict(shown) == thaw_item(attributes)
    assert shown == thaw_item(attributes)
    assert shown == Shown(Row(dict(attributes), 1))
    assert shown != Shown(Row(attributes | freeze_item({"text": {"S": "b"}}), 1))
    assert shown.get("nothing", {}) == {}
