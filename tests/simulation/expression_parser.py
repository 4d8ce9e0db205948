"""Reads DynamoDB's expressions.

The grammar is in https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
and https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

import re

from tests.simulation.attribute_values import Invalid
from tests.simulation.expressions import (
    Arithmetic,
    Call,
    Comparison,
    Condition,
    Joined,
    Not,
    Operand,
    Path,
    Placeholder,
    Update,
)

_TOKEN = re.compile(r"\s*(?:(#[\w-]+|:\w+|[A-Za-z_]\w*|\d+|<>|<=|>=|[=<>(),.\[\]+-])|$)", re.ASCII)
_MOST_BYTES = 4_096  # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_MOST_IN = 100
_COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
_TESTS = {"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2}
_MAKERS = {"if_not_exists": 2, "list_append": 2}


class Parser:
    """A reader of one expression; `kind` is the request's parameter, for messages."""

    def __init__(self, text: str, kind: str) -> None:
        self._kind = kind
        if not text.strip():
            raise self._invalid("The expression can not be empty;")
        if len(text.encode()) > _MOST_BYTES:
            raise self._invalid(f"Expression size has exceeded the maximum allowed size; expression size: {len(text)}")
        self._tokens: list[str] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise self._invalid(f'Syntax error; token: "{text[at:].strip()[:1]}"')
            at = found.end()
            if found[1]:
                self._tokens.append(found[1])
        self._at = 0
        self.names: dict[str, None] = {}
        self.values: dict[str, None] = {}

    def condition(self) -> Condition:
        """The whole expression as a condition."""
        found = self._either()
        self._end()
        return found

    def paths(self) -> tuple[Path, ...]:
        """The whole expression as a projection."""
        found = [self._path()]
        while self._take(","):
            found.append(self._path())
        self._end()
        return tuple(found)

    def update(self) -> Update:
        """The whole expression as an update: each clause at most once, in any order."""
        clauses: dict[str, list[tuple[Path, Operand | None]]] = {}
        while self._at < len(self._tokens):
            word = self._next().upper()
            if word not in ("SET", "REMOVE", "ADD", "DELETE"):
                raise self._syntax(word)
            if word in clauses:
                raise self._invalid(f'The "{word}" section can only be used once in an update expression;')
            actions = clauses[word] = [self._action(word)]
            while self._take(","):
                actions.append(self._action(word))
        with_placeholder = {
            word: tuple((path, what) for path, what in clauses.get(word, ()) if isinstance(what, Placeholder))
            for word in ("ADD", "DELETE")
        }
        return Update(
            sets=tuple((path, what) for path, what in clauses.get("SET", ()) if what is not None),
            removes=tuple(path for path, _ in clauses.get("REMOVE", ())),
            adds=with_placeholder["ADD"],
            deletes=with_placeholder["DELETE"],
        )

    def _action(self, clause: str) -> tuple[Path, Operand | None]:
        path = self._path()
        if clause == "REMOVE":
            return path, None
        if clause == "SET":
            self._expect("=")
            return path, self._sum()
        what = self._operand(())
        if not isinstance(what, Placeholder):
            raise self._syntax("")
        return path, what

    def _sum(self) -> Operand:
        left = self._operand(_MAKERS)
        if self._peek() in ("+", "-"):
            return Arithmetic(1 if self._next() == "+" else -1, left, self._operand(_MAKERS))
        return left

    def _either(self) -> Condition:
        left = self._both()
        while self._take("OR"):
            left = Joined("OR", left, self._both())
        return left

    def _both(self) -> Condition:
        left = self._not()
        while self._take("AND"):
            left = Joined("AND", left, self._not())
        return left

    def _not(self) -> Condition:
        if self._take("NOT"):
            return Not(self._not())
        if self._take("("):
            start = self._at
            found = self._either()
            self._expect(")")
            if self._tokens[start] == "(" and self._closing(start) == self._at - 2:
                raise self._invalid("The expression has redundant parentheses;")
            return found
        return self._test()

    def _closing(self, start: int) -> int:
        depth = 0
        for at in range(start, len(self._tokens)):
            depth += (self._tokens[at] == "(") - (self._tokens[at] == ")")
            if depth == 0:
                return at
        raise self._syntax("(")

    def _test(self) -> Condition:
        left = self._operand({**_TESTS, "size": 1})
        if isinstance(left, Call) and left.function != "size":
            return left
        word = self._next()
        if word in _COMPARATORS:
            return Comparison(word, left, (self._operand({"size": 1}),))
        if word.upper() == "BETWEEN":
            low = self._operand({"size": 1})
            self._expect("AND")
            return Comparison("BETWEEN", left, (low, self._operand({"size": 1})))
        if word.upper() == "IN":
            self._expect("(")
            options = [self._operand({"size": 1})]
            while self._take(","):
                options.append(self._operand({"size": 1}))
            self._expect(")")
            if len(options) > _MOST_IN:
                raise self._invalid(
                    f"The IN operator is provided with too many operands; number of operands: {len(options)}"
                )
            return Comparison("IN", left, tuple(options))
        raise self._syntax(word)

    def _operand(self, functions: dict[str, int] | tuple[()]) -> Operand:
        word = self._peek()
        if word.startswith(":"):
            self.values[self._next()] = None
            return Placeholder(word)
        if self._at + 1 < len(self._tokens) and self._tokens[self._at + 1] == "(" and word.isidentifier():
            return self._call(functions)
        return self._path()

    def _call(self, functions: dict[str, int] | tuple[()]) -> Call:
        name = self._next()
        if name not in functions:
            raise self._invalid(f"Invalid function name; function: {name}")
        self._expect("(")
        inner = _MAKERS if name in _MAKERS else {"size": 1} if name == "contains" else ()
        operands = [self._operand(inner)]
        while self._take(","):
            operands.append(self._operand(inner))
        self._expect(")")
        if len(operands) != dict(functions)[name]:
            raise self._invalid(
                f"Incorrect number of operands for operator or function; operator or function: {name}, "
                f"number of operands: {len(operands)}"
            )
        if name in ("attribute_exists", "attribute_not_exists", "if_not_exists") and not isinstance(operands[0], Path):
            raise self._invalid(f"Operator or function requires a document path; operator or function: {name}")
        return Call(name, tuple(operands))

    def _path(self) -> Path:
        parts: list[str | int] = [self._name()]
        while self._peek() in (".", "["):
            if self._next() == ".":
                parts.append(self._name())
                continue
            index = self._next()
            if not index.isdecimal():
                raise self._syntax(index)
            parts.append(int(index))
            self._expect("]")
        return Path(tuple(parts))

    def _name(self) -> str:
        word = self._next()
        if word.startswith("#"):
            self.names[word] = None
        elif not word.isidentifier():
            raise self._syntax(word)
        elif _is_reserved(word):
            raise self._invalid(f"Attribute name is a reserved keyword; reserved keyword: {word}")
        return word

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        word = self._peek()
        if not word:
            raise self._syntax("<EOF>")
        self._at += 1
        return word

    def _take(self, word: str) -> bool:
        if self._peek().upper() != word:
            return False
        self._at += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._syntax(self._peek() or "<EOF>")

    def _end(self) -> None:
        if self._at < len(self._tokens):
            raise self._syntax(self._peek())

    def _syntax(self, word: str) -> Invalid:
        near = " ".join(self._tokens[max(0, self._at - 2) : self._at + 1])
        return self._invalid(f'Syntax error; token: "{word}", near: "{near}"')

    def _invalid(self, message: str) -> Invalid:
        return Invalid(f"Invalid {self._kind}: {message}")


def _is_reserved(word: str) -> bool:
    """Requests of pynamodb have no bare names, so the 573 words are only fetched for those who write them."""
    from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

    return word.upper() in ReservedKeywords.get_reserved_keywords()
