"""The contact sheet shows every frame, every label where it is, and each class in its colour."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from everlabel.annotation_document import AnnotationDocument, Label, Shape, ShapeType
from everlabel_cli.rendering.class_styles import PALETTE, class_styles
from everlabel_cli.rendering.overlay import INK, Overlay, decoded
from everlabel_cli.rendering.sheet import contact_sheet
from tests.rendering import scene
from tests.rendering.scene import GROUND, HEIGHT, WIDTH, box, document, is_colour, label


def drawn(*labels: Label, scale: float = 1.0) -> NDArray[np.uint8]:
    """A grey picture with these labels."""
    canvas = np.full((round(HEIGHT * scale), round(WIDTH * scale), 3), GROUND, np.uint8)
    Overlay(class_styles([document(labels)]), scene.read).draw(canvas, labels, scale)
    return canvas


def extent(pixels: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is true."""
    rows, columns = np.nonzero(pixels)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def test_every_frame_should_have_a_tile_of_the_asked_width_in_the_asked_columns() -> None:
    sheet = scene.opened(contact_sheet(document([], frames=5), scene.read, columns=3, tile_width=160))

    assert is_colour(sheet, GROUND).sum() == 5 * 160 * 90
    assert 3 * 160 < sheet.shape[1] < 4 * 160


def test_a_box_should_be_drawn_in_its_classes_colour_where_it_is() -> None:
    picture = drawn(label("car", box(100, 60, 80, 50)))

    left, top, right, bottom = extent(is_colour(picture[60:], PALETTE[0]))
    assert (left, right, bottom + 60) == pytest.approx((100, 180, 110), abs=2)
    assert not is_colour(picture[64:106, 104:176], PALETTE[0]).any()
    assert top == 0


def test_labels_should_grow_with_the_picture() -> None:
    large = drawn(label("car", box(100, 60, 80, 50)), scale=2.0)

    left, _, right, bottom = extent(is_colour(large[120:], PALETTE[0]))
    assert (left, right, bottom + 120) == pytest.approx((200, 360, 220), abs=3)


def test_two_classes_should_have_two_colours() -> None:
    picture = drawn(label("car", box(20, 60, 60, 40)), label("bus", box(200, 60, 60, 40)))

    assert is_colour(picture[:, :160], PALETTE[1]).any()
    assert is_colour(picture[:, 160:], PALETTE[0]).any()
    assert not is_colour(picture[:, :160], PALETTE[0]).any()


def test_the_eighth_class_should_be_dashed() -> None:
    others = [label(f"a{i}", box(0, 0, 1, 1)) for i in range(7)]
    eighth = label("z", box(100, 60, 120, 80))
    canvas = np.full((HEIGHT, WIDTH, 3), GROUND, np.uint8)
    Overlay(class_styles([document([*others, eighth])]), scene.read).draw(canvas, [eighth])

    lower_edge = is_colour(canvas, PALETTE[0])[138:143, 105:215].any(axis=0)
    assert 0.3 < lower_edge.mean() < 0.8


def test_an_interpolated_box_should_have_thinner_lines() -> None:
    made = label("car", box(100, 60, 80, 50))

    whole = is_colour(drawn(made, scale=3.0), PALETTE[0]).sum()
    thin = is_colour(drawn(replace(made, interpolated=True), scale=3.0), PALETTE[0]).sum()

    assert thin < 0.8 * whole


def test_a_polyline_should_stay_open_and_a_polygon_should_be_closed() -> None:
    corners = ((50.0, 40.0), (250.0, 40.0), (250.0, 150.0))
    line, polygon = (drawn(label("x", Shape(kind, corners))) for kind in (ShapeType.POLYLINE, ShapeType.POLYGON))
    half_way_back = (slice(90, 100), slice(140, 160))

    assert not is_colour(line, PALETTE[0])[half_way_back].any()
    assert is_colour(polygon, PALETTE[0])[half_way_back].any()


def test_a_keypoint_should_be_a_dot() -> None:
    picture = drawn(label("head", Shape(ShapeType.KEYPOINT, ((160.0, 120.0),))))

    assert is_colour(picture, PALETTE[0])[120, 160]
    assert extent(is_colour(picture, INK)[112:132, 150:170])


def test_a_mask_should_tint_its_pixels_only() -> None:
    mask = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    mask[40:80, 100:180] = (44, 160, 44)  # as OpenCV has it: #2ca02c
    mask[100:120, 100:180] = (1, 2, 3)
    store = {"s3://masks/0.png": cv2.imencode(".png", mask)[1].tobytes()}
    made = label("road", Shape(ShapeType.MASK, mask_uri="s3://masks/0.png", mask_color="#2ca02c"))
    canvas = np.full((HEIGHT, WIDTH, 3), GROUND, np.uint8)

    Overlay(class_styles([document([made])]), store.__getitem__).draw(canvas, [made])

    assert not is_colour(canvas, GROUND)[45:75, 105:175].any()
    assert is_colour(canvas, GROUND)[100:120, 100:180].all()


def test_a_mask_that_is_not_there_should_leave_the_picture_as_it_is() -> None:
    made = label("road", Shape(ShapeType.MASK, mask_uri="s3://masks/none.png", mask_color="#2ca02c"))

    assert is_colour(drawn(made), GROUND).all()


def test_tags_of_objects_at_one_place_should_not_cover_each_other() -> None:
    """Each tag is a filled area in its class's colour: as much of each is seen as when it is alone."""
    at = Shape(ShapeType.KEYPOINT, ((160.0, 90.0),))
    together = drawn(*(label(f"class {name}", at) for name in "abcdef"))

    for i, name in enumerate("abcdef"):
        alone = drawn(label(f"class {name}", at))
        tag = is_colour(alone, PALETTE[0]).sum() - np.pi * 4**2
        assert is_colour(together, PALETTE[i]).sum() >= 0.8 * tag


def test_what_has_no_room_for_a_tag_should_be_counted() -> None:
    crowd = [label("car", box(150, 80, 10, 10), track=str(i)) for i in range(200)]
    canvas = np.full((HEIGHT, WIDTH, 3), GROUND, np.uint8)

    untagged = Overlay(class_styles([document(crowd)]), scene.read).draw(canvas, crowd)

    assert 100 < untagged < 200


def test_a_frame_that_cannot_be_read_or_opened_should_be_an_empty_tile() -> None:
    def read(uri: str) -> bytes:
        if uri.endswith("0.jpg"):
            raise FileNotFoundError(uri)
        return b"no picture"

    sheet = scene.opened(contact_sheet(document([], frames=2), read, tile_width=160))

    assert not is_colour(sheet, GROUND).any()
    assert is_colour(sheet, (225, 225, 225)).sum() > 2 * 150 * 60


def test_a_task_without_frames_should_still_be_a_picture() -> None:
    assert scene.opened(contact_sheet(document([], frames=0), scene.read)).size


def test_of_many_frames_only_some_should_be_shown() -> None:
    sheet = scene.opened(contact_sheet(document([], frames=90), scene.read, tile_width=64, most=12))

    assert is_colour(sheet, GROUND).sum() == 12 * 64 * 36


def test_objects_far_outside_of_the_frame_should_do_no_harm() -> None:
    far = Shape(ShapeType.BOX, ((-1e9, -1e9), (1e9, 1e9)))

    assert not is_colour(drawn(label("car", far)), GROUND).all()


def test_names_from_outside_should_be_drawn_whatever_they_are() -> None:
    names = ["\x00\x1b[31m", "", "a" * 3000, "\ud800", "横断歩道", "$x_{1"]
    made = document([label(name, box(40 * i, 60, 30, 30), track="1") for i, name in enumerate(names)])

    assert scene.opened(contact_sheet(replace(made, clip_id="\n\x07" + "b" * 9000), scene.read)).size


def test_what_is_no_picture_should_be_none() -> None:
    assert decoded(b"") is None
    assert decoded(b"GIF89a") is None


def test_a_sheet_should_be_the_same_each_time() -> None:
    made: AnnotationDocument = document([label("car", box(100, 60, 80, 50), track="1")], frames=3)

    assert contact_sheet(made, scene.read) == contact_sheet(made, scene.read)
