"""Requests to DynamoDB, drawn by hypothesis: few keys and few values, so that they meet each other."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Request = tuple[str, dict[str, Any]]
Draw = Callable[[st.SearchStrategy[Any]], Any]

TASKS: dict[str, Any] = {
    "AttributeDefinitions": [
        {"AttributeName": "task_id", "AttributeType": "S"},
        {"AttributeName": "item", "AttributeType": "S"},
        {"AttributeName": "status", "AttributeType": "S"},
        {"AttributeName": "rank", "AttributeType": "N"},
    ],
    "KeySchema": [
        {"AttributeName": "task_id", "KeyType": "HASH"},
        {"AttributeName": "item", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_status",
            "KeySchema": [
                {"AttributeName": "status", "KeyType": "HASH"},
                {"AttributeName": "rank", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note", "list"]},
        }
    ],
}
"""A table of the application's form, with a number to sort its index by."""

JOBS: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": "job_name", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "job_name", "KeyType": "HASH"}],
}
"""A table without a sort key."""

_IDS = ("t1", "t2")
_ITEMS = ("TASK", "LEVEL#1", "OPEN#1#a#0", "OPEN#1#a#1", "OPEN#1#b#0", "DONE#1#a#0", "Ω")
_PREFIXES = ("OPEN#", "OPEN#1#a#", "D", "Ω", "nothing")
_STATUSES = ("InProgress", "Done")
_NUMBERS = ("0", "1", "-1", "1.5", "2", "10", "007", "1e2", "12345678901234567890123456789012345678")
_TEXTS = ("", "a", "ab", "b", "Zoë")

text = st.sampled_from(_TEXTS).map(lambda each: {"S": each})
number = st.sampled_from(_NUMBERS).map(lambda each: {"N": each})
flag = st.booleans().map(lambda each: {"BOOL": each})
texts = st.sets(st.sampled_from(("a", "b", "c")), min_size=1).map(lambda each: {"SS": sorted(each)})
numbers = st.sets(st.sampled_from(("1", "2", "10")), min_size=1).map(lambda each: {"NS": sorted(each)})
scalar = st.one_of(text, number, flag, st.just({"NULL": True}), st.just({"B": b"a"}))
listed = st.lists(st.one_of(text, number), max_size=3).map(lambda each: {"L": each})
mapped = st.dictionaries(st.sampled_from(("x", "y")), st.one_of(number, text, listed), max_size=2).map(
    lambda each: {"M": each}
)

# An attribute mostly has the type that its name tells, as in a real table.
_TYPES = {
    "note": text,
    "count": number,
    "flag": flag,
    "tags": texts,
    "marks": numbers,
    "list": listed,
    "map": mapped,
    "any": st.one_of(scalar, texts, numbers, listed, mapped),
}
_PATHS = ("map.x", "map.y", "list[0]", "list[1]", "map.x[0]")


class Attaching:
    """Collects what expressions attach, under a new placeholder each time, as pynamodb does for values."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self._names: dict[str, str] = {}
        self._values: list[dict[str, Any]] = []

    def name(self, attribute: str) -> str:
        """The placeholder of an attribute, or of each name in a path."""
        found = []
        for step in attribute.split("."):
            bare, bracket, index = step.partition("[")
            found.append(self._names.setdefault(bare, f"#{len(self._names)}") + bracket + index)
        return ".".join(found)

    def value(self, value: dict[str, Any]) -> str:
        """The placeholder of a value."""
        self._values.append(value)
        return f":{len(self._values) - 1}"

    def attached(self) -> dict[str, Any]:
        """The parameters of the request."""
        more: dict[str, Any] = {}
        if self._names:
            more["ExpressionAttributeNames"] = {holder: name for name, holder in self._names.items()}
        if self._values:
            more["ExpressionAttributeValues"] = {f":{position}": value for position, value in enumerate(self._values)}
        return more

    def condition(self, attributes: tuple[str, ...], depth: int = 2) -> str:
        """A condition on some of the attributes."""
        joined = self.draw(st.sampled_from(("AND", "OR", "NOT", "", "", ""))) if depth else ""
        if joined == "NOT":
            return f"NOT {self._test(attributes)}"
        if joined:
            return f"({self.condition(attributes, depth - 1)} {joined} {self.condition(attributes, depth - 1)})"
        return self._test(attributes)

    def _test(self, attributes: tuple[str, ...]) -> str:
        attribute = self.draw(st.sampled_from(attributes))
        name, of_type = self.name(attribute), _TYPES.get(attribute, scalar)
        kind = self.draw(
            st.sampled_from(("exists", "=", "=", "<", "IN", "BETWEEN", "begins", "contains", "size", "type"))
        )
        match kind:
            case "exists":
                return f"{self.draw(st.sampled_from(('attribute_exists', 'attribute_not_exists')))} ({name})"
            case "=":
                return f"{name} {self.draw(st.sampled_from(('=', '<>')))} {self.value(self.draw(of_type))}"
            case "<":
                operator = self.draw(st.sampled_from(("<", "<=", ">", ">=")))
                return f"{name} {operator} {self.value(self.draw(st.one_of(text, number)))}"
            case "IN":
                options = self.draw(st.lists(of_type, min_size=1, max_size=3))
                return f"{name} IN ({', '.join(self.value(each) for each in options)})"
            case "BETWEEN":
                low, high = self.draw(st.sampled_from((("0", "2"), ("-1", "1.5"), ("2", "10"))))
                return f"{name} BETWEEN {self.value({'N': low})} AND {self.value({'N': high})}"
            case "begins":
                return f"begins_with ({name}, {self.value(self.draw(text))})"
            case "contains":
                return f"contains ({name}, {self.value(self.draw(st.one_of(text, number)))})"
            case "size":
                return f"size ({name}) > {self.value(self.draw(number))}"
            case _:
                kinds = st.sampled_from(("S", "N", "SS", "L", "M", "BOOL"))
                return f"attribute_type ({name}, {self.value({'S': self.draw(kinds)})})"

    def update(self) -> str:
        """An update expression."""
        attributes = self.draw(
            st.lists(st.sampled_from((*_TYPES, "status", "rank", *_PATHS)), min_size=1, max_size=3, unique=True)
        )
        clauses: dict[str, list[str]] = {}
        for attribute in attributes:
            clause, action = self._action(attribute)
            clauses.setdefault(clause, []).append(action)
        return " ".join(f"{clause} {', '.join(actions)}" for clause, actions in clauses.items())

    def _action(self, attribute: str) -> tuple[str, str]:
        name = self.name(attribute)
        if attribute == "status":
            return "SET", f"{name} = {self.value({'S': self.draw(st.sampled_from(_STATUSES))})}"
        if attribute == "rank":
            return "SET", f"{name} = {self.value({'N': self.draw(st.sampled_from(_NUMBERS))})}"
        kind = self.draw(st.sampled_from(("SET", "SET", "+", "if", "REMOVE", "ADD", "DELETE", "append", "copy")))
        of_type = _TYPES.get(attribute, scalar)
        match kind:
            case "+":
                sign = self.draw(st.sampled_from("+-"))
                return "SET", f"{name} = {self.name('count')} {sign} {self.value(self.draw(number))}"
            case "if":
                return "SET", f"{name} = if_not_exists ({name}, {self.value(self.draw(of_type))})"
            case "append":
                return "SET", f"{name} = list_append ({self.name('list')}, {self.value(self.draw(listed))})"
            case "copy":
                return "SET", f"{name} = {self.name('any')}"
            case "REMOVE":
                return "REMOVE", name
            case "ADD":
                return "ADD", f"{name} {self.value(self.draw(st.one_of(number, texts, numbers)))}"
            case "DELETE":
                return "DELETE", f"{name} {self.value(self.draw(st.one_of(texts, numbers)))}"
            case _:
                return "SET", f"{name} = {self.value(self.draw(of_type))}"


def keys(draw: Draw) -> dict[str, Any]:
    """A key of the table TASKS."""
    return {"task_id": {"S": draw(st.sampled_from(_IDS))}, "item": {"S": draw(st.sampled_from(_ITEMS))}}


def items(draw: Draw) -> dict[str, Any]:
    """An item of the table TASKS."""
    item = keys(draw)
    for name in draw(st.lists(st.sampled_from(tuple(_TYPES)), max_size=4, unique=True)):
        item[name] = draw(_TYPES[name])
    if draw(st.booleans()):
        item["status"] = {"S": draw(st.sampled_from(_STATUSES))}
        item["rank"] = {"N": draw(st.sampled_from(_NUMBERS))}
    return item


_ATTRIBUTES = (*_TYPES, "status", "rank")


def write_parameters(draw: Draw, kind: str) -> dict[str, Any]:
    """What a Put, Update, Delete or ConditionCheck of the table TASKS asks."""
    request: dict[str, Any] = {"TableName": "TASKS"}
    attaching = Attaching(draw)
    if kind == "Put":
        request["Item"] = items(draw)
    else:
        request["Key"] = keys(draw)
    if kind == "Update":
        request["UpdateExpression"] = attaching.update()
    if kind == "ConditionCheck" or draw(st.booleans()):
        request["ConditionExpression"] = attaching.condition((*_ATTRIBUTES, *_PATHS, "item"))
        if draw(st.booleans()):
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return request | attaching.attached()


@st.composite
def writes(draw: Draw) -> Request:
    """PutItem, UpdateItem or DeleteItem."""
    kind = draw(st.sampled_from(("Put", "Put", "Update", "Update", "Update", "Delete")))
    request = write_parameters(draw, kind)
    returned = ("NONE", "ALL_OLD") if kind != "Update" else ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
    request["ReturnValues"] = draw(st.sampled_from(returned))
    return f"{kind}Item", request


@st.composite
def gets(draw: Draw) -> Request:
    """GetItem or BatchGetItem."""
    attaching = Attaching(draw)
    asked: dict[str, Any] = {"ConsistentRead": draw(st.booleans())}
    if draw(st.booleans()):
        asked["ProjectionExpression"] = _projection(draw, attaching, (*_ATTRIBUTES, *_PATHS, "item"))
    asked |= attaching.attached()
    if draw(st.booleans()):
        return "GetItem", {"TableName": "TASKS", "Key": keys(draw), **asked}
    wanted = [keys(draw) for _ in range(draw(st.integers(1, 4)))]
    return "BatchGetItem", {"RequestItems": {"TASKS": {"Keys": wanted, **asked}}}


def _projection(draw: Draw, attaching: Attaching, attributes: tuple[str, ...]) -> str:
    return ", ".join(
        attaching.name(each)
        for each in draw(st.lists(st.sampled_from(attributes), min_size=1, max_size=4, unique=True))
    )


@st.composite
def queries(draw: Draw) -> Request:
    """A Query of the table or of its index; the caller follows its pages."""
    attaching = Attaching(draw)
    request: dict[str, Any] = {"TableName": "TASKS"}
    filtered: tuple[str, ...]
    if draw(st.booleans()):
        request["IndexName"] = "by_status"
        partition, sort = ("status", {"S": draw(st.sampled_from(_STATUSES))}), "rank"
        filtered = ("note", "list", "item")
    else:
        partition, sort = ("task_id", {"S": draw(st.sampled_from(_IDS))}), "item"
        filtered = _ATTRIBUTES
        request["ConsistentRead"] = draw(st.booleans())
    condition = f"{attaching.name(partition[0])} = {attaching.value(partition[1])}"
    if draw(st.booleans()):
        condition = f"({condition} AND {_sort_condition(draw, attaching, sort)})"
    request["KeyConditionExpression"] = condition
    request |= _walk(draw, attaching, filtered)
    request["ScanIndexForward"] = draw(st.booleans())
    return "Query", request | attaching.attached()


def _sort_condition(draw: Draw, attaching: Attaching, sort: str) -> str:
    name = attaching.name(sort)
    values = [{"N": each} for each in _NUMBERS] if sort == "rank" else [{"S": each} for each in _ITEMS]
    operators = ("=", "<", "<=", ">", ">=", "BETWEEN")
    operator = draw(st.sampled_from(operators if sort == "rank" else (*operators, "begins_with", "begins_with")))
    if operator == "begins_with":
        return f"begins_with ({name}, {attaching.value({'S': draw(st.sampled_from(_PREFIXES))})})"
    first = draw(st.sampled_from(values))
    if operator == "BETWEEN":
        return f"{name} BETWEEN {attaching.value(first)} AND {attaching.value(draw(st.sampled_from(values)))}"
    return f"{name} {operator} {attaching.value(first)}"


def _walk(draw: Draw, attaching: Attaching, attributes: tuple[str, ...]) -> dict[str, Any]:
    request: dict[str, Any] = {}
    if draw(st.booleans()):
        request["FilterExpression"] = attaching.condition(attributes, 1)
    shown = draw(st.sampled_from(("all", "some", "count")))
    if shown == "some":
        request["ProjectionExpression"] = _projection(draw, attaching, attributes)
    elif shown == "count":
        request["Select"] = "COUNT"
    if draw(st.booleans()):
        request["Limit"] = draw(st.integers(1, 3))
    return request


@st.composite
def scans(draw: Draw) -> Request:
    """A Scan of the table or of its index, in one page."""
    attaching = Attaching(draw)
    request: dict[str, Any] = {"TableName": "TASKS"}
    attributes: tuple[str, ...] = _ATTRIBUTES
    if draw(st.booleans()):
        request["IndexName"], attributes = "by_status", ("note", "list", "item")
    request |= _walk(draw, attaching, attributes)
    return "Scan", request | attaching.attached()


@st.composite
def batches(draw: Draw) -> Request:
    """BatchWriteItem."""
    wanted: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            wanted.append({"PutRequest": {"Item": items(draw)}})
        else:
            wanted.append({"DeleteRequest": {"Key": keys(draw)}})
    return "BatchWriteItem", {"RequestItems": {"TASKS": wanted}}


@st.composite
def transactions(draw: Draw) -> Request:
    """TransactWriteItems."""
    kinds = draw(st.lists(st.sampled_from(("Put", "Update", "Delete", "ConditionCheck")), min_size=1, max_size=3))
    return "TransactWriteItems", {"TransactItems": [{kind: write_parameters(draw, kind)} for kind in kinds]}
