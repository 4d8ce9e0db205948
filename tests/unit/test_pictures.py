"""The contact sheet shows each frame, each label, and each object in a colour of its own."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from local.annotators.shapes import Box, FrameLabels, Geometry, Points, Shape
from local.pictures import contact_sheet

GROUND = (190, 200, 210)


def any_frames(count: int, width: int = 320, height: int = 180) -> list[tuple[str, bytes]]:
    encoded = cv2.imencode(".png", np.full((height, width, 3), GROUND, np.uint8))[1].tobytes()
    return [(f"{i:04d}.jpg", encoded) for i in range(count)]


def opened(sheet: bytes) -> NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(sheet, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return picture.astype(np.uint8)


def strong_colours(picture: NDArray[np.uint8]) -> set[tuple[int, ...]]:
    """Colours, not greys, that cover at least 60 pixels."""
    values, counts = np.unique(picture.reshape(-1, 3), axis=0, return_counts=True)
    vivid = (values.max(axis=1).astype(int) - values.min(axis=1) > 60) & (counts >= 60)
    return {tuple(int(c) for c in colour) for colour in values[vivid]}


def car(left: int, object_id: str | None) -> Shape:
    return Shape("Car", Box(left, 60, 60, 40), {}, object_id, None if object_id is None else f"Car:{object_id}")


def test_every_frame_has_a_tile_of_the_asked_width_in_the_asked_columns() -> None:
    sheet = opened(contact_sheet(any_frames(5), [], "A title", columns=3, tile_width=160))

    tiles = (sheet == GROUND).all(axis=2)
    assert tiles.sum() == 5 * 160 * 90
    assert 3 * 160 < sheet.shape[1] < 4 * 160


def test_an_object_keeps_its_colour_and_another_has_another() -> None:
    labels = [FrameLabels("0000.jpg", (car(20, "1"), car(200, "2"))), FrameLabels("0001.jpg", (car(40, "1"),))]

    both = opened(contact_sheet(any_frames(2), labels, "", columns=1))
    half = both.shape[0] // 2
    above, below = strong_colours(both[:half]), strong_colours(both[half + 20 :])

    assert len(above) == 2
    assert len(below) == 1
    assert below < above


def test_without_object_ids_a_label_has_one_colour() -> None:
    labels = [FrameLabels("0000.jpg", (car(20, None), car(200, None)))]

    assert len(strong_colours(opened(contact_sheet(any_frames(1), labels, "")))) == 1


@pytest.mark.parametrize(
    ("geometry", "on", "off"),
    [
        (Box(100, 60, 80, 60), (100, 90), (140, 30)),
        (Points(((100, 40), (200, 40), (150, 120))), (150, 40), (150, 150)),
        (Points(((20, 170), (80, 100), (140, 30))), (80, 100), (80, 30)),
        (Points(((150, 90),)), (150, 90), (150, 130)),
    ],
)
def test_each_geometry_is_drawn_in_its_place(geometry: Geometry, on: tuple[int, int], off: tuple[int, int]) -> None:
    labels = [FrameLabels("0000.jpg", (Shape("Thing", geometry),))]
    bare = opened(contact_sheet(any_frames(1), [], "", tile_width=320, columns=1))
    origin_y, origin_x = (int(v[0]) for v in np.nonzero((bare == GROUND).all(axis=2)))

    sheet = opened(contact_sheet(any_frames(1), labels, "", tile_width=320, columns=1))

    drawn = sheet[origin_y + on[1], origin_x + on[0]]
    assert int(drawn.max()) - int(drawn.min()) > 60
    assert (sheet[origin_y + off[1], origin_x + off[0]] == GROUND).all()


def test_an_open_line_is_not_closed() -> None:
    bent = Points(((20, 170), (40, 60), (300, 20)))
    bare = opened(contact_sheet(any_frames(1), [], "", tile_width=320, columns=1))
    origin_y, origin_x = (int(v[0]) for v in np.nonzero((bare == GROUND).all(axis=2)))

    sheet = opened(contact_sheet(any_frames(1), [FrameLabels("0000.jpg", (Shape("Lane", bent),))], "", tile_width=320))

    assert (sheet[origin_y + 95, origin_x + 160] == GROUND).all()


def test_a_frame_that_does_not_open_keeps_its_place() -> None:
    frames = [*any_frames(1), ("broken.jpg", b"not an image"), ("empty.jpg", b"")]

    sheet = opened(contact_sheet(frames, [], "", columns=3, tile_width=160))

    assert (sheet == GROUND).all(axis=2).sum() == 160 * 90
    assert 3 * 160 < sheet.shape[1] < 4 * 160


def test_no_frames_still_make_a_picture_with_its_title() -> None:
    assert (opened(contact_sheet([], [], "Nothing yet")) < 128).any()


def test_a_long_title_stays_on_the_sheet() -> None:
    sheet = opened(contact_sheet(any_frames(1), [], "A very long title, " * 20, columns=1, tile_width=320))

    assert (sheet[:50, -10:] > 200).all()
