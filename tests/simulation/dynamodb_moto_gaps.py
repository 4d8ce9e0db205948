"""Where moto 5.2 answers DynamoDB's requests otherwise than AWS documents: all that it may differ in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.dynamodb_requests import Request

_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
_API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/"


@dataclass
class Difference:
    """A request and how differently it was answered."""

    operation: str
    request: dict[str, Any]
    ours: Any
    theirs: Any
    message: str
    """Of our last refusal."""
    before: list[Any]
    """What was stored under the keys of a write, as we had it."""
    after: str
    """For a look at what a write stored: how that was refused."""

    @property
    def text(self) -> str:
        """The whole request, to look for something anywhere in it."""
        return repr(self.request)

    def crashed(self, *words: str) -> bool:
        """Whether moto fell over with such words; in a transaction it only tells the exception's name."""
        reasons = self.theirs.get("CancellationReasons", ())
        return any(word in self.theirs.get("crashed", "") for word in words) or any(
            reason["Code"] in ("ValueError", "TypeError") for reason in reasons
        )

    def refusals(self) -> tuple[str | None, str | None]:
        """The error codes, ours and theirs; None where there is none."""
        return self.ours.get("refused"), self.theirs.get("refused")

    def is_about_conditions(self) -> bool:
        """Whether a condition or filter was met by one and not by the other."""
        failed = "ConditionalCheckFailed"
        counts = repr(self.ours).count(failed), repr(self.theirs).count(failed)
        return counts[0] != counts[1] or "FilterExpression" in self.request


@dataclass(frozen=True)
class Gap:
    """What moto does, what AWS does according to a page, which differences that explains, and requests that show it."""

    moto: str
    aws: str
    page: str
    explains: Callable[[Difference], bool]
    shown_by: tuple[Request, ...]
    stores_the_same: bool = False
    """Only the answer differs."""


_NAMES = {"#n": "rank", "#t": "tree", "#l": "leaf"}
_KEY = {"task_id": {"S": "t1"}, "item": {"S": "TASK"}}


def _put(condition: str = "", values: dict[str, Any] | None = None, **attributes: dict[str, Any]) -> Request:
    request: dict[str, Any] = {"TableName": "TASKS", "Item": {**_KEY, **attributes}}
    if condition:
        request["ConditionExpression"] = condition
    return "PutItem", request | ({"ExpressionAttributeValues": values} if values else {})


def _update(expression: str, returns: str = "NONE", **values: dict[str, Any]) -> Request:
    request: dict[str, Any] = {
        "TableName": "TASKS",
        "Key": _KEY,
        "UpdateExpression": expression,
        "ReturnValues": returns,
    }
    if names := {holder: name for holder, name in _NAMES.items() if holder in expression}:
        request["ExpressionAttributeNames"] = names
    return "UpdateItem", {**request, "ExpressionAttributeValues": {f":{name}": each for name, each in values.items()}}


def _projection(request: dict[str, Any]) -> str:
    asked = request.get("RequestItems", {}).get("TASKS", request)
    return str(asked.get("ProjectionExpression", "")) if isinstance(asked, dict) else ""


_UNSEEN = (
    "Type mismatch for key status",
    "Type mismatch for key rank",
    "contains duplicates.",
    "does not match the schema",
    "unused in expressions",
    "Condition parameter type does not match",
    "non-primary key attributes",
)

MOTO_GAPS = (
    Gap(
        "size() of what has no size, is not there, or is an element of a list, crashes",
        "what has no size makes the comparison false",
        _GUIDE + "Expressions.OperatorsAndFunctions.html",
        lambda it: (
            "size (" in it.text
            and (
                it.crashed("Invalid attribute name", "expected str instance, int found", "Invalid filter expression")
                or (it.operation == "Scan" and it.refusals() == (None, "ValidationException"))
            )
        ),
        (_put("size (note) > :v", {":v": {"N": "1"}}),),
    ),
    Gap(
        "BETWEEN crashes when the attribute has another type than the bounds",
        "operands of different types make the comparison false",
        _GUIDE + "Expressions.OperatorsAndFunctions.html",
        lambda it: it.crashed("not supported between instances"),
        (_put(note={"S": "a"}), _put("note BETWEEN :v AND :v", {":v": {"N": "1"}})),
    ),
    Gap(
        "an attribute that is not there equals NULL",
        "NULL is a value that an attribute has",
        _GUIDE + "HowItWorks.NamingRulesDataTypes.html",
        lambda it: "'NULL'" in it.text and it.is_about_conditions(),
        (_put("note = :v", {":v": {"NULL": True}}),),
    ),
    Gap(
        "a flag is compared as the number 0 or 1, and contains the empty text",
        "operands of different types make a comparison false; contains() looks into text, sets and lists",
        _GUIDE + "Expressions.OperatorsAndFunctions.html",
        lambda it: (
            ("'BOOL'" in repr(it.before) or it.operation in ("Query", "Scan"))
            and any(operator in it.text for operator in (" < ", " <= ", " > ", " >= ", " BETWEEN ", "contains ("))
            and it.is_about_conditions()
        ),
        (_put(flag={"BOOL": True}), _put("flag > :v", {":v": {"N": "0"}})),
    ),
    Gap(
        "UPDATED_OLD and UPDATED_NEW leave out what stays, add a new item's key, and are wrong on nested paths",
        "what the expression names is returned, and that alone",
        _API + "API_UpdateItem.html",
        lambda it: (
            it.request.get("ReturnValues", "").startswith("UPDATED_")
            and it.refusals() == (None, None)
            and "crashed" not in it.theirs
        ),
        (_update("SET note = :v", "UPDATED_NEW", v={"S": "a"}),),
        stores_the_same=True,
    ),
    Gap(
        "what is wrong with an update is told before or after the condition was looked at, as it happens",
        "the request itself counts first, then the condition, then what the item does not allow",
        _GUIDE + "Expressions.ConditionExpressions.html",
        lambda it: (
            it.operation == "UpdateItem"
            and set(it.refusals()) == {"ConditionalCheckFailedException", "ValidationException"}
        ),
        (
            (
                "UpdateItem",
                {
                    "TableName": "TASKS",
                    "Key": _KEY,
                    "UpdateExpression": "SET tree = :m DELETE tree.leaf :s",
                    "ConditionExpression": "attribute_exists (note)",
                    "ExpressionAttributeValues": {":m": {"M": {}}, ":s": {"SS": ["a"]}},
                },
            ),
        ),
    ),
    Gap(
        "an update that is refused part way leaves what it had done",
        "a write is done as a whole or not at all",
        _API + "API_UpdateItem.html",
        lambda it: it.operation == "GetItem" and it.after == "ValidationException",
        (
            _put(note={"S": "a"}),
            _update("SET flag = :f ADD note :n", f={"BOOL": True}, n={"N": "1"}),
        ),
    ),
    Gap(
        "arithmetic with a number that is written with an exponent crashes",
        "it is a number",
        _GUIDE + "HowItWorks.NamingRulesDataTypes.html",
        lambda it: it.crashed("invalid literal for int()"),
        (_update("ADD #n :v", v={"N": "1e2"}),),
    ),
    Gap(
        "paths may overlap unless both are in SET or REMOVE",
        "the request is refused",
        _GUIDE + "Expressions.UpdateExpressions.html",
        lambda it: "paths overlap" in it.message and it.refusals()[0] == "ValidationException",
        (
            _put(tree={"M": {"leaf": {"SS": ["a"]}}}),
            _update("DELETE #t.#l :s SET #t = :m", m={"M": {}}, s={"SS": ["a"]}),
        ),
    ),
    Gap(
        "a batch may put an item and delete it",
        "several operations on one item are refused",
        _API + "API_BatchWriteItem.html",
        lambda it: it.operation == "BatchWriteItem" and "duplicates" in it.message,
        (
            (
                "BatchWriteItem",
                {"RequestItems": {"TASKS": [{"PutRequest": {"Item": _KEY}}, {"DeleteRequest": {"Key": _KEY}}]}},
            ),
        ),
    ),
    Gap(
        "a projection with an element of a list is refused: its name counts as unused",
        "elements of lists can be asked for",
        _GUIDE + "Expressions.ProjectionExpressions.html",
        lambda it: "[" in _projection(it.request) and it.refusals() == (None, "ValidationException"),
        (
            (
                "GetItem",
                {
                    "TableName": "TASKS",
                    "Key": _KEY,
                    "ProjectionExpression": "#n[0]",
                    "ExpressionAttributeNames": {"#n": "list"},
                },
            ),
        ),
    ),
    Gap(
        "a transaction whose update an item does not allow is refused as if the request were wrong",
        "it is cancelled, with ValidationError as the item's reason",
        _API + "API_TransactWriteItems.html",
        lambda it: it.theirs.get("refused") == "ValidationException" and "'ValidationError'" in repr(it.ours),
        (
            (
                "TransactWriteItems",
                {
                    "TransactItems": [
                        {"Update": {"TableName": "TASKS", "Key": _KEY, "UpdateExpression": "SET note = flag"}}
                    ]
                },
            ),
        ),
    ),
    Gap(
        "some of what is wrong with keys, sets and attached values is not seen",
        "the request is refused",
        _API + "API_PutItem.html",
        lambda it: it.refusals() == ("ValidationException", None) and any(words in it.message for words in _UNSEEN),
        (_put(status={"N": "1"}),),
    ),
    Gap(
        "BETWEEN takes bounds in the wrong order",
        "the request is refused",
        _API + "API_Condition.html",
        lambda it: "BETWEEN operator requires" in it.message and it.refusals() == ("ValidationException", None),
        (
            (
                "Query",
                {
                    "TableName": "TASKS",
                    "KeyConditionExpression": "task_id = :b AND #i BETWEEN :b AND :a",
                    "ExpressionAttributeNames": {"#i": "item"},
                    "ExpressionAttributeValues": {":a": {"S": "a"}, ":b": {"S": "b"}},
                },
            ),
        ),
    ),
)
