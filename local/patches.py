"""Replacing single functions of moto, and putting them back.

Moto has gaps that no setting closes. Every function of it that the laptop world replaces goes through
`Patches.replace`, so the list is short, reversible, and fails loudly when a new moto has moved what it stands on.
"""

import inspect
from collections.abc import Callable
from typing import Any


class MotoChangedError(Exception):
    """Moto no longer has the function that is to be replaced, or calls it differently."""


class Patches:
    """What has been replaced so far. `undo` puts everything back, last first."""

    def __init__(self) -> None:
        self._originals: list[tuple[Any, str, Any]] = []

    def replace(self, owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Put `make(original)` in place of `owner.name`.

        The replacement must take parameters of the same names in the same order: that is what tells us that moto
        still means the same thing. Raises `MotoChangedError` otherwise.
        """
        original = vars(owner).get(name)
        if not inspect.isfunction(original):
            raise MotoChangedError(f"moto has no function {name!r} in {owner!r} any more")
        replacement = make(original)
        theirs, ours = list(inspect.signature(original).parameters), list(inspect.signature(replacement).parameters)
        if theirs != ours:
            raise MotoChangedError(f"moto calls {owner!r}.{name} with {theirs}, we expect {ours}")
        self._originals.append((owner, name, original))
        setattr(owner, name, replacement)

    def undo(self) -> None:
        """Put every original back."""
        while self._originals:
            owner, name, original = self._originals.pop()
            setattr(owner, name, original)
