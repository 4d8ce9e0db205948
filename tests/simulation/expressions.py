"""What DynamoDB's expressions say.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
Placeholders are left in, so what was parsed once serves every request with the same text.
"""

from dataclasses import dataclass

type Operand = Path | Placeholder | Call | Arithmetic
type Condition = Comparison | Call | Not | Joined


@dataclass(frozen=True)
class Path:
    """A document path: names, or their placeholders, and list indices."""

    parts: tuple[str | int, ...]


@dataclass(frozen=True)
class Placeholder:
    """A value that the request brings along: `:0`."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function and its operands."""

    function: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class Arithmetic:
    """`left + right` or `left - right`."""

    sign: int
    left: Operand
    right: Operand


@dataclass(frozen=True)
class Comparison:
    """`left = right` and its like; `IN` has several on the right, `BETWEEN` two."""

    operator: str
    left: Operand
    right: tuple[Operand, ...]


@dataclass(frozen=True)
class Not:
    """The opposite."""

    condition: Condition


@dataclass(frozen=True)
class Joined:
    """`AND` or `OR` of two conditions."""

    operator: str
    left: Condition
    right: Condition


@dataclass(frozen=True)
class Update:
    """What an update expression does, clause by clause."""

    sets: tuple[tuple[Path, Operand], ...] = ()
    removes: tuple[Path, ...] = ()
    adds: tuple[tuple[Path, Placeholder], ...] = ()
    deletes: tuple[tuple[Path, Placeholder], ...] = ()
