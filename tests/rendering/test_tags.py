"""Tags are near their object, inside the picture, and not on each other."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from everlabel_cli.rendering.tags import Area, placed

PICTURE = (320, 180)
BIG, SMALL = (60, 15), (14, 15)

areas = st.builds(Area, st.integers(0, 320), st.integers(0, 180), st.integers(0, 320), st.integers(0, 180))


@given(st.lists(areas, max_size=60))
def test_tags_should_never_overlap_nor_leave_the_picture(objects: list[Area]) -> None:
    taken: list[Area] = []
    for around in objects:
        found = placed(around, [BIG, SMALL], PICTURE, taken)
        if found is not None:
            taken.append(found[1])

    assert not any(one.overlaps(other) for one, other in combinations(taken, 2))
    for tag in taken:
        assert tag.left >= 0
        assert tag.top >= 0
        assert tag.left + tag.width <= PICTURE[0]
        assert tag.top + tag.height <= PICTURE[1]


def test_a_tag_should_stand_on_the_upper_edge_of_its_object() -> None:
    assert placed(Area(100, 50, 40, 40), [BIG], PICTURE, []) == (0, Area(100, 35, 60, 15))


def test_a_tag_of_an_object_at_the_upper_border_should_be_below_it() -> None:
    assert placed(Area(100, 5, 40, 40), [BIG], PICTURE, []) == (0, Area(100, 45, 60, 15))


def test_a_shorter_tag_should_be_used_where_the_whole_one_has_no_room() -> None:
    walls = [Area(0, 0, 100, 180), Area(120, 0, 200, 180)]

    assert placed(Area(100, 50, 20, 20), [BIG, SMALL], PICTURE, walls) == (1, Area(100, 35, 14, 15))


def test_a_tag_should_be_left_out_rather_than_be_far_away() -> None:
    assert placed(Area(100, 50, 20, 20), [BIG, SMALL], PICTURE, [Area(0, 0, 320, 150)]) is None
