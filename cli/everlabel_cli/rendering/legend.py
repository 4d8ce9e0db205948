"""A legend of class styles, as rows of samples and names on a picture."""

from collections.abc import Mapping, Sequence

import numpy as np

from everlabel_cli.rendering import lettering
from everlabel_cli.rendering.class_styles import ClassStyle, Colour
from everlabel_cli.rendering.lettering import Canvas
from everlabel_cli.rendering.overlay import draw_strokes


class Legend:
    """Laid out for a width: as many classes in a row as fit."""

    def __init__(self, styles: Mapping[str, ClassStyle], room: int, letters: int) -> None:
        """`room` is the width in pixels, `letters` the size of the names."""
        self._styles, self._letters = styles, letters
        self._sample = 4 * letters
        self._row = lettering.height(letters) + letters // 3
        self._rows: list[list[tuple[int, str, str]]] = []
        left = room
        for name in styles:
            said = lettering.shortened(name, letters, max(1, room - self._sample - letters))
            needed = self._sample + lettering.width(said, letters) + 2 * letters
            if left + needed - letters > room:
                self._rows.append([])
                left = 0
            self._rows[-1].append((left, name, said))
            left += needed

    @property
    def height(self) -> int:
        """In pixels; 0 without classes."""
        return len(self._rows) * self._row

    def draw(self, canvas: Canvas, left: int, top: int, ink: Colour) -> None:
        """Draws it with its upper left corner there."""
        for number, row in enumerate(self._rows):
            y = top + number * self._row
            for x, name, said in row:
                middle = y + self._row / 2 - 1
                begin, end = left + x + 3, left + x + self._sample - self._letters // 2
                sample = np.array([(begin, middle), (end, middle)], np.float64)
                draw_strokes(canvas, sample, self._styles[name], max(2, self._letters // 5))
                lettering.write(canvas, said, left + x + self._sample, y, self._letters, ink)


def used(styles: Mapping[str, ClassStyle], names: Sequence[str]) -> dict[str, ClassStyle]:
    """The styles of these classes only, in the order of all."""
    wanted = set(names)
    return {name: style for name, style in styles.items() if name in wanted}
