"""What each function can come to, read from its source: modules it imports, functions it calls, settings it reads.

A name that is mentioned counts as used, and a class with all its methods. That is more than what really runs, never
less, as long as nobody calls by a string.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from local.template import ROOT

LAYER, FUNCTIONS = ROOT / "layers" / "everlabel", ROOT / "functions"

Symbol = tuple[str, str]
"""A module and a name at its top level."""


@dataclass
class Module:
    """One source file: what it defines and what its names stand for."""

    name: str
    tree: ast.Module
    imports: set[str] = field(default_factory=set)
    """Modules that are imported when it runs; not those for type checkers."""
    modules: dict[str, str] = field(default_factory=dict)
    symbols: dict[str, Symbol] = field(default_factory=dict)
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    at_import: list[ast.stmt] = field(default_factory=list)

    def __post_init__(self) -> None:
        for statement in self.tree.body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self._bind(statement)
            elif isinstance(statement, ast.FunctionDef | ast.ClassDef):
                self.definitions.setdefault(statement.name, []).append(statement)
            elif not _is_for_type_checkers(statement):
                self.at_import.append(statement)
                for target in ast.walk(statement):
                    if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                        self.definitions.setdefault(target.id, []).append(statement)

    def _bind(self, statement: ast.Import | ast.ImportFrom) -> None:
        for alias in statement.names:
            name = alias.asname or alias.name
            if isinstance(statement, ast.Import):
                self.imports.add(alias.name)
                self.modules[name] = alias.name
            elif path_of(f"{statement.module}.{alias.name}"):
                self.imports |= {f"{statement.module}", f"{statement.module}.{alias.name}"}
                self.modules[name] = f"{statement.module}.{alias.name}"
            else:
                self.imports.add(str(statement.module))
                self.symbols[name] = (str(statement.module), alias.name)


def _is_for_type_checkers(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test)


def path_of(name: str) -> Path | None:
    """The file of a module of ours."""
    for root in (FUNCTIONS, LAYER):
        base = root.joinpath(*name.split("."))
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.exists():
                return path
    return None


@cache
def read(name: str) -> Module:
    """A module of ours by its name."""
    path = path_of(name)
    assert path, f"{name} is not a module of ours"
    return Module(name, ast.parse(path.read_text()))


def names(root: Path) -> list[str]:
    """The modules below a directory."""
    parts = (path.relative_to(root).with_suffix("").parts for path in sorted(root.rglob("*.py")))
    return [".".join(part for part in found if part != "__init__") for found in parts]


@cache
def imported(name: str) -> frozenset[str]:
    """Every module that importing a module of ours imports, with itself; of those that are not ours, just the name."""
    found, left = set[str](), [name]
    while left:
        if (module := left.pop()) not in found:
            found.add(module)
            if path_of(module):
                left += read(module).imports
    return frozenset(found)


@cache
def statements(function: str) -> tuple[ast.stmt, ...]:
    """The code that a function (a module of functions/) can come to."""
    found: dict[ast.stmt, None] = {}
    left: list[tuple[Module, ast.stmt]] = []
    for name in imported(function):
        if path_of(name):
            module = read(name)
            left += [(module, statement) for statement in module.at_import]
    entry = read(function)
    left += [(entry, statement) for named in entry.definitions.values() for statement in named]
    while left:
        module, statement = left.pop()
        if statement not in found:
            found[statement] = None
            for other, name in _mentioned(module, statement):
                left += [(read(other), more) for more in read(other).definitions.get(name, [])]
    return tuple(found)


def _mentioned(module: Module, statement: ast.stmt) -> Iterator[Symbol]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            yield from _ours(module.symbols.get(node.id, (module.name, node.id)))
        elif isinstance(node, ast.Attribute) and (owner := module.modules.get(ast.unparse(node.value))):
            yield from _ours((owner, node.attr))


def _ours(symbol: Symbol) -> Iterator[Symbol]:
    if path_of(symbol[0]):
        yield symbol


def settings(function: str) -> set[str]:
    """The environment variables that a function can come to read."""
    found = set()
    for statement in statements(function):
        for node in ast.walk(statement):
            asks = isinstance(node, ast.Call) and ast.unparse(node.func) in {"aws.setting", "setting", "os.environ.get"}
            if asks and isinstance(node, ast.Call) and isinstance(node.args[0], ast.Constant):
                found.add(str(node.args[0].value))
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                assert isinstance(node.slice, ast.Constant | ast.Name), ast.unparse(node)
                found |= {str(node.slice.value)} if isinstance(node.slice, ast.Constant) else set()
    return found


def made(function: str) -> set[str]:
    """The names of what a function can come to call, and so of the errors it can come to make and raise."""
    calls = (node for statement in statements(function) for node in ast.walk(statement) if isinstance(node, ast.Call))
    return {ast.unparse(call.func).rpartition(".")[2] for call in calls}
