"""A part of a seed's plan as a file: a short way to a broken promise, to be kept, sent, and lived again."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from tests.simulation.world.plan import Plan, Size
from tests.simulation.world.runs import Seed

_NUMBERS = ("seed", "clips", "levels", "objects", "days")


@dataclass(frozen=True)
class Excerpt:
    """The parts of a seed's plan that stay: `clip:…`, `habit:…`, `event:…`, and `fault:…` for what may strike."""

    seed: Seed
    parts: tuple[str, ...]

    @classmethod
    def of(cls, seed: Seed, reduced: Plan) -> "Excerpt":
        """What is left of a seed's plan in a reduced one."""
        return cls(seed, (*reduced.atoms(), *(f"fault:{key}" for key in sorted(reduced.only or ()))))

    @classmethod
    def read(cls, text: str) -> "Excerpt":
        """The opposite of `written`. Raises ValueError, which says what is wrong with the text."""
        found: Any = json.loads(text)
        if not isinstance(found, dict) or found.keys() != {*_NUMBERS, "parts"}:
            raise ValueError(f"a plan is a JSON object with {', '.join(_NUMBERS)} and parts")
        for name in _NUMBERS:
            if type(found[name]) is not int:
                raise ValueError(f"{name} is {found[name]!r}; it must be a whole number")
        parts = found["parts"]
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise ValueError("parts must be a list of texts, such as 'clip:clip-00001'")
        number, *size = (found[name] for name in _NUMBERS)
        excerpt = cls(Seed(number, Size(*size)), tuple(parts))
        known = {*excerpt.seed.plan().atoms()}
        for part in parts:
            if part not in known and not part.startswith("fault:"):
                raise ValueError(
                    f"parts has {part!r}, which the plan of seed {number} does not have; is it another size?"
                )
        return excerpt

    def written(self) -> str:
        """As JSON, a part a line."""
        size = asdict(self.seed.size)
        return json.dumps({"seed": self.seed.number, **size, "parts": self.parts}, indent=1, ensure_ascii=False) + "\n"

    def plan(self) -> Plan:
        """The part of the plan."""
        return self.seed.plan().reduced(self.parts)
