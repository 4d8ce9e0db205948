"""How classes look: a colour, and a line style once the colours have all been used."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from everlabel.annotation_document import AnnotationDocument

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

# Okabe and Ito's palette (2008), which people with any kind of colour vision can tell apart; without its black, which
# is for text, and strongest first.
PALETTE: tuple[Colour, ...] = (
    (230, 159, 0),  # orange
    (86, 180, 233),  # sky blue
    (0, 158, 115),  # bluish green
    (240, 228, 66),  # yellow
    (213, 94, 0),  # vermillion
    (204, 121, 167),  # reddish purple
    (0, 114, 178),  # blue
)


_AS_DARK_AS_LIGHT = 0.179
"""The luminance on which black and white have the same contrast: (1 + 0.05) / (l + 0.05) = (l + 0.05) / 0.05."""


class Line(StrEnum):
    """What parts classes of one colour."""

    SOLID = "solid"
    DASHED = "dashed"
    DOTTED = "dotted"


@dataclass(frozen=True)
class ClassStyle:
    colour: Colour
    line: Line

    @property
    def hex(self) -> str:
        """The colour as `#e69f00`."""
        return "#{:02x}{:02x}{:02x}".format(*self.colour)

    @property
    def is_light(self) -> bool:
        """Whether dark letters have more contrast on it than white ones, by WCAG 2.2 (relative luminance)."""
        red, green, blue = (_linear(part / 255) for part in self.colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue > _AS_DARK_AS_LIGHT


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def class_styles(documents: Iterable[AnnotationDocument]) -> Mapping[str, ClassStyle]:
    """A style for each class of the documents, in alphabetical order, so tasks with the same classes look the same.

    Seven classes have colours of their own; the next seven are dashed, all after them dotted.
    """
    names = {label.class_name for document in documents for label in document.labels}
    ordered = sorted(names, key=lambda name: (name.casefold(), name))
    lines = tuple(Line)
    return {
        name: ClassStyle(PALETTE[i % len(PALETTE)], lines[min(i // len(PALETTE), len(lines) - 1)])
        for i, name in enumerate(ordered)
    }
