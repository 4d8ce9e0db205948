"""Classes look different from each other, and alike in every picture."""

from itertools import combinations

from everlabel.annotation_document import AnnotationDocument
from everlabel_cli.rendering.class_styles import PALETTE, Line, class_styles
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


def _seen(colour: tuple[int, int, int], matrix: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    linear = [(c / 255) ** 2.2 for c in colour]
    mixed = (sum(share * part for share, part in zip(row, linear, strict=True)) for row in matrix)
    return tuple(255 * max(0.0, part) ** (1 / 2.2) for part in mixed)
