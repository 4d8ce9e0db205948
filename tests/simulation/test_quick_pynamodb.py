"""What stands in place of pynamodb's own in simulations gives the same, model by model and request by request."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest.mock import Mock, patch

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import AttributeDeserializationError, AttributeNullError, GetError, QueryError, UpdateError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from everlabel.job_table import LabelingJob
from everlabel.task_table import Done, Frames, Job, Level, Open, Outcome, Row, Surplus, Task
from tests.simulation.item_collections import Answered
from tests.simulation.item_collections import Row as Stored
from tests.simulation.world import quick_expressions, quick_models, quick_requests

MODELS: tuple[type[Model], ...] = (Task, Frames, Level, Job, Open, Done, Surplus, LabelingJob)


class Unusual(Model):
    """A model that is not as plain as ours."""

    class Meta:
        table_name = "unusual"
        region = "us-east-1"

    key = UnicodeAttribute(hash_key=True)
    renamed = NumberAttribute(attr_name="n", default=3)
    at = UTCDateTimeAttribute(null=True)
    tags = UnicodeAttribute(default=lambda: "made")


REPLACED = (*quick_models.REPLACED, *quick_expressions.REPLACED, *quick_requests.REPLACED)
ORIGINALS = (*quick_models.ORIGINALS, *quick_expressions.ORIGINALS, *quick_requests.ORIGINALS)


def standing(rows: tuple[tuple[Any, str, Any], ...]) -> ExitStack:
    """As long as this is entered, these stand where they belong."""
    stack = ExitStack()
    for owner, name, value in rows:
        stack.enter_context(patch.object(owner, name, value))
    return stack


def both[T](what: Callable[[], T]) -> tuple[T, T]:
    """What pynamodb makes of it, and what stands in its place."""
    with standing(ORIGINALS):
        own = what()
    with standing(REPLACED):
        return own, what()


def test_everything_should_be_replaced_that_is_listed() -> None:
    assert all(original is not ours for (_, _, original), (_, _, ours) in zip(ORIGINALS, REPLACED, strict=True))


numbers = st.one_of(
    st.integers(-(10**37), 10**37).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["0", "999", "1000", "-1", "1.0", "1E+2"]),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {"S": st.text(), "N": numbers, "BOOL": st.booleans()}


@st.composite
def items(draw: Callable[[st.SearchStrategy[Any]], Any], model: type[Model]) -> dict[str, dict[str, Any]]:
    """An item of a model; what it may lack it lacks now and then, and it has an attribute that the model has not."""
    item: dict[str, dict[str, Any]] = {"unknown": {"S": "?"}}
    tells = model._get_discriminator_attribute()
    for attribute in model.get_attributes().values():
        if attribute is tells:
            item[attribute.attr_name] = {"S": tells.get_discriminator(model)}
        elif draw(st.integers(0, 9)):
            kind = attribute.attr_type
            item[attribute.attr_name] = draw(st.one_of(VALUES[kind].map(lambda value, kind=kind: {kind: value})))  # type: ignore[misc]
        elif draw(st.booleans()):
            item[attribute.attr_name] = {"NULL": True}
    return item


def told(model: Model) -> tuple[type, dict[str, tuple[type, Any]]]:
    """A model's class, and the type and value of each attribute, read as handlers read it."""
    found = {name: getattr(model, name) for name in model.get_attributes()}
    assert model.attribute_values.items() <= found.items()
    return type(model), {name: (type(value), value) for name, value in found.items()}


@given(st.data())
def test_models_made_of_items_should_be_the_same(data: st.DataObject) -> None:
    model = data.draw(st.sampled_from(MODELS))
    item = data.draw(items(model))
    asked = data.draw(st.sampled_from([each for each in (model, Row) if issubclass(model, each)]))
    own, ours = both(lambda: told(asked.from_raw_data(item)))
    assert own == ours


@given(st.data())
def test_models_made_of_a_row_should_be_the_same_whoever_read_it_before(data: st.DataObject) -> None:
    model = data.draw(st.sampled_from(MODELS))
    item = data.draw(items(model))
    row = Stored({name: (kind, value) for name, each in item.items() for kind, value in each.items()}, 1)
    asked = [each for each in (model, Row) if issubclass(model, each)]
    with standing(ORIGINALS):
        own = [told(each.from_raw_data(item)) for each in asked for _ in range(2)]
    with standing(REPLACED):
        made = [each.from_raw_data(Answered(row)) for each in asked for _ in range(2)]
        ours = [told(each) for each in made]
        made[0].attribute_values.clear()
        again = told(asked[0].from_raw_data(Answered(row)))
        assert ours == own == [again, *(told(each) for each in made[1:])]


@given(st.data())
def test_items_made_of_models_should_be_the_same(data: st.DataObject) -> None:
    model = data.draw(st.sampled_from(MODELS))
    made = model.from_raw_data(data.draw(items(model)))

    def serialized() -> Any:
        try:
            return list(made.serialize(null_check=data_is_checked).items())
        except AttributeNullError as error:
            return str(error)

    data_is_checked = data.draw(st.booleans())
    own, ours = both(serialized)
    assert own == ours


@given(st.data())
def test_new_models_should_be_the_same(data: st.DataObject) -> None:
    model = data.draw(st.sampled_from(MODELS))
    by_type = {"S": st.text(), "N": st.one_of(st.integers(), st.floats(allow_nan=False)), "BOOL": st.booleans()}
    tells = model._get_discriminator_attribute()
    given_values: Any = {
        name: data.draw(by_type[attribute.attr_type])
        for name, attribute in model.get_attributes().items()
        if attribute is not tells and data.draw(st.booleans())
    }
    own, ours = both(lambda: told(model(**given_values)))
    assert own == ours
    if {"task_id", "item"} <= given_values.keys():
        keys = given_values.pop("task_id"), given_values.pop("item")
        own, ours = both(lambda: told(model(*keys, **given_values)))
        assert own == ours


@given(st.one_of(st.integers(), st.floats(), st.booleans()))
def test_numbers_should_be_written_the_same(number: float) -> None:
    own, ours = both(lambda: NumberAttribute().serialize(number))  # type: ignore[no-untyped-call]
    assert own == ours


def test_models_that_are_not_plain_should_be_the_same() -> None:
    item = {"key": {"S": "k"}, "n": {"N": "12"}, "at": {"S": "2027-01-04T00:00:00.000000+0000"}}
    own, ours = both(lambda: told(Unusual.from_raw_data(item)))
    assert own == ours
    own, ours = both(lambda: told(Unusual("k", renamed=4)))
    assert own == ours
    assert both(lambda: Unusual("k", renamed=4).serialize()) == (
        ({"key": {"S": "k"}, "n": {"N": "4"}, "tags": {"S": "made"}},) * 2
    )


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: Open.from_raw_data({"task_id": {"N": "1"}}), AttributeDeserializationError),
        (lambda: Open.from_raw_data({"kind": {"S": "DONE"}}), ValueError),
        (lambda: Row.from_raw_data({"kind": {"S": "NEVER"}}), ValueError),
        (lambda: Open(nothing=1), ValueError),
        (lambda: Open(kind=Done), ValueError),
        (lambda: Open("a").deserialize({"kind": {"S": "DONE"}}), ValueError),
        (lambda: Open(task_id="a").serialize(), AttributeNullError),
        (lambda: LabelingJob("a", "no range key"), ValueError),
    ],
)
def test_what_is_refused_should_be_refused_in_the_same_words(wrong: Callable[[], Any], error: type[Exception]) -> None:
    def words() -> str:
        with pytest.raises(error) as refused:
            wrong()
        return str(refused.value)

    own, ours = both(words)
    assert own == ours


def requests() -> list[tuple[str, Any]]:
    """What pynamodb asks of DynamoDB for everything that the application does, and for more."""
    asked: list[tuple[str, Any]] = []

    def answer(_self: Connection, operation: str, request: Any) -> Any:
        asked.append((operation, request))
        todo = {"task_id": {"S": "t"}, "item": {"S": "OPEN#1#j#0"}, "kind": {"S": "OPEN"}}
        return {
            "Attributes": todo,
            "Item": todo,
            "Items": [],
            "Count": 0,
            "ScannedCount": 0,
            "Responses": {Row.Meta.table_name: [], LabelingJob.Meta.table_name: []},
            "UnprocessedKeys": {},
        }

    with patch.object(Connection, "_make_api_call", answer):
        todo = Open("t", "OPEN#1#j#0", epoch=2, since=1.5)
        todo.save()
        todo.save((Open.task_id.does_not_exist() | (Open.generation <= 3)) & ~(Open.due == True))  # noqa: E712 # a condition
        todo.delete()
        todo.delete(Open.generation.does_not_exist() | (Open.generation <= 2.5))
        todo.update(
            [
                Open.generation.set(2),
                Open.expiries.set(Open.expiries + 1),
                Open.epoch.set(Open.epoch | 0),
                Open.due.set(True),
                Open.taken_at.remove(),
                Open.reason.set("why"),
                Open.since.set(1.0),
            ],
            (Open.generation <= 1) & (Open.epoch <= Open.expiries) & Open.reason.contains("a"),
        )
        todo.refresh(consistent_read=True)
        Open.get("t", "OPEN#1#j#0", consistent_read=True)
        LabelingJob.get("j", attributes_to_get=["state", "epoch"])
        list(Open.query("t", Open.item.startswith("OPEN#1#"), Open.epoch < 3, consistent_read=True, limit=1))
        list(
            Row.query(
                "t", Row.item.between("A", "B"), scan_index_forward=False, last_evaluated_key={"task_id": {"S": "t"}}
            )
        )
        list(Row.query("t", Row.item == "A"))
        list(Task.by_status.query("Failed", Task.created_at < "2027", Task.reason.exists(), limit=3))
        Done.count("t", Done.item.startswith("DONE#"), Done.outcome.is_in(Outcome.FAILED, Outcome.STOPPED))
        list(LabelingJob.scan(LabelingJob.state.is_in("InProgress", "Initializing"), limit=4))
        list(Row.batch_get([("t", "TASK")]))
        list(Row.batch_get([("t", "TASK")], consistent_read=True))
        list(Row.batch_get([("t", "TASK")], attributes_to_get=["item"]))
        list(LabelingJob.batch_get(["j"]))
        typed: list[Any] = [{"task_id": {"S": "t"}, "item": "TASK"}]
        Row._get_connection().batch_get_item(typed, consistent_read=True)
        with Open.batch_write() as batch:
            batch.save(todo)
            batch.delete(todo)
        with TransactWrite(connection=Row._get_connection().connection) as together:
            together.save(todo, condition=Open.task_id.does_not_exist())
            together.delete(Done("t", "DONE#1#j#0"), condition=Done.outcome == Outcome.FAILED)
            together.update(Level("t", "LEVEL#1"), actions=[Level.rounds.add(1)], condition=Level.task_id.exists())
            together.condition_check(Task, "t", "TASK", condition=Task.level != 2)
    return asked


def test_what_a_request_meets_should_be_told_in_the_same_words() -> None:
    def met() -> list[Any]:
        def refuse(_self: Connection, operation: str, _request: Any) -> Any:
            raise ClientError({"Error": {"Code": "Throttled", "Message": "too many"}}, operation)

        found: list[Any] = []
        with patch.object(Connection, "_make_api_call", refuse):
            for wanted in ({"consistent_read": True}, {"attributes_to_get": ["item"]}):
                with pytest.raises(GetError) as refused:
                    Open.get("t", "OPEN#1", **wanted)
                found += [str(refused.value), refused.value.cause_response_code, str(refused.value.__context__)]
            with pytest.raises(QueryError) as unasked:
                list(Open.query("t", Open.item.startswith("OPEN#1#")))
            with pytest.raises(UpdateError) as unchanged:
                Open("t", "OPEN#1").update([Open.due.set(True)])
            with pytest.raises(GetError) as unread:
                list(Row.batch_get([("t", "TASK")]))
            found += [str(each.value) + str(each.value.__context__) for each in (unasked, unchanged, unread)]
        answers: list[dict[str, Any]] = [{}, {"Item": {}}]
        for answer in answers:
            with patch.object(Connection, "_make_api_call", Mock(return_value=answer)):
                with pytest.raises(Open.DoesNotExist) as missing:
                    Open.get("t", "OPEN#1")
                found += [str(missing.value)]
        for call in (
            lambda: Open("t", "OPEN#1").update([]),
            lambda: Open("t", "OPEN#1").update([Open.due.set(True)], "no condition"),  # type: ignore[arg-type]
            lambda: list(Open.query("t", "no condition")),  # type: ignore[arg-type]
            lambda: list(Open.query("t", index_name="none")),
        ):
            with pytest.raises((TypeError, ValueError, KeyError)) as wrong:
                call()
            found += [str(wrong.value)]
        other = {"Attributes": {"task_id": {"S": "t"}, "item": {"S": "OPEN#1"}, "kind": {"S": "DONE"}}}
        with (
            patch.object(Connection, "_make_api_call", Mock(return_value=other)),
            pytest.raises(ValueError, match="Done") as another,
        ):
            Open("t", "OPEN#1").update([Open.due.set(True)])
        found += [str(another.value)]
        return found

    own, ours = both(met)
    assert own == ours


def test_requests_should_be_the_same() -> None:
    own, ours = both(requests)
    assert [operation for operation, _ in own] == [operation for operation, _ in ours]
    for (operation, expected), (_, found) in zip(own, ours, strict=True):
        assert found == expected, operation
        assert str(found) == str(expected), operation  # also in the same order
