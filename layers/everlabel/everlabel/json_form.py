"""Reading the form of a JSON document: all that is wrong is noted with its path, and read as if it were empty."""

from collections.abc import Collection, Mapping
from typing import Any

from everlabel.definition import Fault


class Form:
    """Reads one document; `faults` are what is wrong so far."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def note(self, path: str, message: str) -> None:
        """Notes that something is wrong at a path; the empty path is the whole document."""
        self.faults.append(Fault(path or "the file", message))

    def members(
        self, given: Any, path: str, needed: Collection[str] = (), other: Collection[str] = ()
    ) -> Mapping[str, Any]:
        """An object with the members that it must and may have."""
        if not isinstance(given, dict):
            self.note(path, f"{given!r:.100} must be a JSON object")
            return {}
        for name in given:
            if name not in needed and name not in other:
                self.note(join(path, name), f"is not known; known are {', '.join((*needed, *other))}")
        for name in needed:
            if name not in given:
                self.note(join(path, name), "is missing")
        return given

    def named(self, given: Any, path: str, things: str) -> Mapping[str, Any]:
        """An object whose members are things by name, whatever the names."""
        if not isinstance(given, dict):
            self.note(path, f"{given!r:.100} must be a JSON object with {things} by name")
            return {}
        for name in given:
            if not name.strip():
                self.note(path, f"{name!r} is no name")
        return given

    def text(self, owner: Mapping[str, Any], key: str, path: str) -> str:
        """A text, empty if there is none."""
        given = owner.get(key, "")
        if key in owner and (not isinstance(given, str) or not given.strip()):
            self.note(join(path, key), f"{given!r:.100} must be text, and not empty")
        return given if isinstance(given, str) else ""

    def texts(self, owner: Mapping[str, Any], key: str, path: str) -> tuple[str, ...]:
        """A list of texts, at least one and none twice."""
        given, field = owner.get(key, []), join(path, key)
        if not isinstance(given, list) or not all(isinstance(word, str) and word.strip() for word in given):
            self.note(field, f"{given!r:.100} must be a list of texts that are not empty")
            return ()
        for word in sorted({word for word in given if given.count(word) > 1}):
            self.note(field, f"names {word!r} twice")
        if key in owner and not given:
            self.note(field, "is empty; name at least one")
        return tuple(given)

    def one_of(self, owner: Mapping[str, Any], key: str, path: str, allowed: Collection[str]) -> str | None:
        """A text out of a list, None if there is none."""
        given = owner.get(key)
        if key in owner and given not in tuple(allowed):
            self.note(join(path, key), f"{given!r:.100} is none of {', '.join(allowed)}")
            return None
        return given

    def number(self, owner: Mapping[str, Any], key: str, path: str) -> float | None:
        """A number, None if there is none."""
        given = owner.get(key)
        if key in owner and (isinstance(given, bool) or not isinstance(given, int | float)):
            self.note(join(path, key), f"{given!r:.100} must be a number")
            return None
        return given

    def truth(self, owner: Mapping[str, Any], key: str, path: str) -> bool:
        """True or false; false if there is none."""
        given = owner.get(key, False)
        if not isinstance(given, bool):
            self.note(join(path, key), f"{given!r:.100} must be true or false")
        return given is True


def join(path: str, name: str) -> str:
    """The path of a member."""
    return f"{path}.{name}" if path else name
