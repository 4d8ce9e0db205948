"""Classes look different from each other, and alike in every picture."""

from itertools import combinations

import pytest

from everlabel.annotation_document import AnnotationDocument
from everlabel_cli.rendering.class_styles import PALETTE, ClassStyle, Line, class_styles
from everlabel_cli.rendering.overlay import INK, PAPER
from tests.rendering.scene import box, document, label


def any_document(*classes: str) -> AnnotationDocument:
    return document([label(name, box(0, 0, 10, 10)) for name in classes])


def test_no_two_of_twenty_one_classes_should_look_the_same() -> None:
    styles = class_styles([any_document(*(f"class {i}" for i in range(21)))])

    assert len({(style.colour, style.line) for style in styles.values()}) == 21


def test_the_first_seven_classes_should_have_solid_lines() -> None:
    styles = class_styles([any_document(*"abcdefgh")])

    assert [style.line for style in styles.values()] == [Line.SOLID] * 7 + [Line.DASHED]


def test_tasks_with_the_same_classes_should_look_the_same() -> None:
    assert class_styles([any_document("car", "bus")]) == class_styles([any_document("bus", "car", "car")])


def test_several_tasks_should_share_their_styles() -> None:
    styles = class_styles([any_document("car"), any_document("bus", "van")])

    assert list(styles) == ["bus", "car", "van"]


def test_the_colours_should_stay_apart_for_people_who_see_no_red_or_no_green() -> None:
    """By Viénot, Brettel and Mollon's simulation (1999) of both, in linear light."""
    protan = ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0))
    deutan = ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0))
    for matrix in (protan, deutan):
        seen = [_seen(colour, matrix) for colour in PALETTE]
        nearest = min(sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) ** 0.5 for pair in combinations(seen, 2))
        assert nearest > 25  # of 441; red and green of the same strength would be at 0


@pytest.mark.parametrize("colour", PALETTE)
def test_letters_on_every_colour_should_have_the_contrast_that_wcag_asks_for(colour: tuple[int, int, int]) -> None:
    ink = INK if ClassStyle(colour, Line.SOLID).is_light else PAPER
    darker, lighter = sorted((_luminance(colour), _luminance(ink)))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def _luminance(colour: tuple[int, int, int]) -> float:
    linear = [(part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4) for part in colour]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _seen(colour: tuple[int, int, int], matrix: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    linear = [(c / 255) ** 2.2 for c in colour]
    mixed = (sum(share * part for share, part in zip(row, linear, strict=True)) for row in matrix)
    return tuple(255 * max(0.0, part) ** (1 / 2.2) for part in mixed)
