"""What Ground Truth can read: lines, sequence files, label category configurations, earlier labels, images."""

import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.annotators.shapes import Box, FrameLabels, Points, Shape
from local.ground_truth import prior
from local.ground_truth.categories import CategoriesRefused, read_categories
from local.ground_truth.images import NotAnImage, image_size, with_palette
from local.ground_truth.inputs import DataObject, InputRefused, read_line, read_sequence, split_s3_uri
from local.ground_truth.unknowns import Unknowns

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
IDS = st.text(min_size=1, max_size=1_024)


def line(**more: object) -> str:
    return json.dumps({"source-ref": "s3://b/o", **more})


@given(st.text() | JSON.map(json.dumps))
def test_any_message_should_become_an_object_or_be_refused(body: str) -> None:
    try:
        found = read_line(body, "m", "L-ref", Unknowns())
    except InputRefused:
        return
    assert found.dedup_id
    assert found.source


@given(IDS, st.dictionaries(st.text(), JSON, max_size=4))
def test_whatever_the_sender_adds_should_be_kept(dedup_id: str, more: dict[str, Any]) -> None:
    sent = {**more, "source-ref": "s3://b/o", "dataset-objectid-attribute-name": "byo-key", "byo-key": dedup_id}
    found = read_line(json.dumps(sent), "m", "L-ref", Unknowns())
    assert (found.key, found.dedup_id, found.line) == ("byo-key", dedup_id, sent)


def test_a_line_without_a_key_should_be_known_by_its_message_id() -> None:
    body = line()
    assert read_line(body, "m", "L-ref", Unknowns()) == DataObject(
        body, {"source-ref": "s3://b/o"}, "s3://b/o", "$L-ref-object-id", "m"
    )


def test_a_key_that_is_used_twice_should_do() -> None:
    found = read_line(line(**{"dataset-objectid-attribute-name": "source-ref"}), "m", "L-ref", Unknowns())
    assert (found.key, found.dedup_id) == ("source-ref", "s3://b/o")


@pytest.mark.parametrize(
    "body",
    [
        "{'source-ref': 's3://b/o'}",
        "[]",
        "{}",
        '{"source-ref": 1}',
        line(**{"dataset-objectid-attribute-name": "K"}),
        line(**{"dataset-objectid-attribute-name": "my_key", "my_key": "1"}),
        line(**{"dataset-objectid-attribute-name": "k" * 141, "k" * 141: "1"}),
        line(**{"dataset-objectid-attribute-name": "K", "K": "x" * 1_025}),
        line(**{"dataset-objectid-attribute-name": "K", "K": 7}),
        line(filler="x" * 100_000),
        "[" * 50_000,
    ],
)
def test_a_line_outside_the_documented_form_should_be_refused(body: str) -> None:
    with pytest.raises(InputRefused):
        read_line(body, "m", "L-ref", Unknowns())


@pytest.mark.parametrize(("dedup_id", "matches"), [("s3://b/o#1", True), ("https://b", True), ("tweet-7", False)])
def test_ids_outside_the_pattern_may_be_refused(dedup_id: str, *, matches: bool) -> None:
    body = line(**{"dataset-objectid-attribute-name": "K", "K": dedup_id})
    assert read_line(body, "m", "L-ref", Unknowns()).dedup_id == dedup_id
    strict = Unknowns(ids_must_match_pattern=True)
    if matches:
        assert read_line(body, "m", "L-ref", strict).dedup_id == dedup_id
    else:
        with pytest.raises(InputRefused, match="does not match"):
            read_line(body, "m", "L-ref", strict)


def sequence(**changes: object) -> bytes:
    frames = [{"frame-no": 1, "frame": "b.jpg"}, {"frame-no": 2, "frame": "a.jpg", "unix-timestamp": 5}]
    return json.dumps({"seq-no": 1, "prefix": "s3://b/p/", "number-of-frames": 2, "frames": frames} | changes).encode()


def test_frames_should_be_in_binary_order_of_their_names() -> None:
    found = read_sequence(sequence())
    assert [(frame.number, frame.name) for frame in found.frames] == [(2, "a.jpg"), (1, "b.jpg")]
    assert found.prefix == "s3://b/p/"


@pytest.mark.parametrize(
    "changes",
    [
        {"seq-no": "1"},
        {"seq-no": True},
        {"prefix": "s3://b/p"},
        {"prefix": None},
        {"number-of-frames": 3},
        {"frames": []},
        {"frames": [{"frame-no": 1}, {"frame-no": 2}]},
        {"frames": [{"frame-no": 1, "frame": "a"}, {"frame-no": 2, "frame": "a"}]},
        {"frames": [{"frame-no": n, "frame": str(n)} for n in range(2_001)], "number-of-frames": 2_001},
    ],
)
def test_a_sequence_file_outside_the_documented_form_should_be_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputRefused):
        read_sequence(sequence(**changes))


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_other_file_should_be_refused(body: bytes) -> None:
    with pytest.raises(InputRefused):
        read_sequence(body)
    for is_video in (True, False):
        with pytest.raises(CategoriesRefused):
            read_categories(body, is_video=is_video, quotas_enforced=True)
    with pytest.raises(InputRefused):
        prior.read_sequence_labels(body, {})


def test_an_s3_uri_should_be_split() -> None:
    assert split_s3_uri("s3://bucket/a/b.json") == ("bucket", "a/b.json")
    with pytest.raises(InputRefused):
        split_s3_uri("https://bucket/a")


CONFIGURATION = {
    "documentVersion": "2020-03-01",
    "annotationType": "Polyline",
    "frameAttributes": [{"name": "weather", "type": "string", "description": "", "enum": ["dry", "wet"]}],
    "categoryGlobalAttributes": [{"name": "occluded", "type": "string", "description": "", "enum": ["no", "yes"]}],
    "labels": [
        {"label": "car", "categoryAttributes": [{"name": "doors", "type": "number", "minimum": 2, "maximum": 5}]},
        {"label": "bus", "categoryAttributes": [{"name": "line", "type": "string"}]},
    ],
    "auditLabelAttributeName": "L-ref",
}


def configuration(**changes: object) -> bytes:
    return json.dumps(CONFIGURATION | changes).encode()


def test_a_configuration_should_give_each_label_its_own_attributes_and_the_global_ones() -> None:
    found = read_categories(configuration(), is_video=True, quotas_enforced=True)
    assert found.labels == ("car", "bus")
    assert found.annotation_type == "Polyline"
    assert found.label_attributes == {
        "car": {"occluded": ("no", "yes"), "doors": ("2", "5")},
        "bus": {"occluded": ("no", "yes"), "line": ()},
    }
    assert found.frame_attributes == {"weather": ("dry", "wet")}
    assert (found.audited, found.editable) == ("L-ref", True)


def test_labels_nobody_may_edit_should_make_a_verification() -> None:
    labels = [{"label": "car", "editsAllowed": "none"}]
    assert not read_categories(configuration(labels=labels), is_video=True, quotas_enforced=False).editable


def test_an_image_configuration_should_do_with_its_older_form() -> None:
    body = json.dumps({"document-version": "2018-11-28", "labels": [{"label": "car"}]}).encode()
    assert read_categories(body, is_video=False, quotas_enforced=True).labels == ("car",)
    with pytest.raises(CategoriesRefused, match="documentVersion"):
        read_categories(body, is_video=True, quotas_enforced=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": []},
        {"labels": [{"label": "car"}, {"label": "car"}]},
        {"labels": [{}]},
        {"labels": "car"},
        {"annotationType": "Circle"},
        {"documentVersion": "2019-01-01"},
        {"auditLabelAttributeName": 1},
        {"frameAttributes": [{"name": "speed", "type": "number"}]},
        {"frameAttributes": [{"name": "speed", "enum": [1]}]},
    ],
)
def test_a_configuration_outside_the_documented_form_should_be_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CategoriesRefused):
        read_categories(configuration(**changes), is_video=True, quotas_enforced=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": [{"label": str(number)} for number in range(31)]},
        {"labels": [{"label": "seventeen letters"}]},
        {"frameAttributes": [{"name": str(number)} for number in range(11)]},
        {"frameAttributes": [{"name": "n", "enum": [str(number) for number in range(11)]}]},
    ],
)
def test_quotas_should_be_refused_only_if_they_are_enforced(changes: dict[str, object]) -> None:
    assert read_categories(configuration(**changes), is_video=True, quotas_enforced=False).labels
    with pytest.raises(CategoriesRefused):
        read_categories(configuration(**changes), is_video=True, quotas_enforced=True)


def test_earlier_labels_should_be_read_with_their_own_class_map() -> None:
    body = {
        "tracking-annotations": [
            {
                "frame": "a.jpg",
                "frame-no": "0",
                "frame-attributes": {"weather": "dry"},
                "annotations": [
                    {
                        "height": 4,
                        "width": 3,
                        "top": 2,
                        "left": 1,
                        "class-id": "2",
                        "label-category-attributes": {"Color": "Green"},
                        "object-id": "i",
                        "object-name": "car:1",
                    }
                ],
            },
            {"frame": "b.jpg", "polygons": [{"class-id": "2", "vertices": [{"x": 1, "y": 2}, {"x": 3, "y": 4.6}]}]},
            {"frame": "c.jpg", "keypoints": [{"class-id": 2, "x": 1, "y": 2}]},
        ]
    }
    assert prior.read_sequence_labels(json.dumps(body).encode(), {"2": "car"}) == (
        FrameLabels("a.jpg", (Shape("car", Box(1, 2, 3, 4), {"Color": "Green"}, "i", "car:1"),), {"weather": "dry"}),
        FrameLabels("b.jpg", (Shape("car", Points(((1, 2), (3, 5)))),)),
        FrameLabels("c.jpg", (Shape("car", Points(((1, 2),))),)),
    )


def test_a_line_without_the_label_to_adjust_should_be_refused() -> None:
    with pytest.raises(InputRefused, match="no label L-ref"):
        prior.class_map({"source-ref": "s3://b/o"}, "L-ref")
    with pytest.raises(InputRefused):
        prior.find_audited({"source-ref": "s3://b/o"})


def test_image_boxes_should_be_read() -> None:
    label = {"annotations": [{"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4}]}
    assert prior.read_image_boxes(label, {"0": "dog"}, "a") == (FrameLabels("a", (Shape("dog", Box(1, 2, 3, 4)),)),)
    unreadable: tuple[object, ...] = (
        None,
        "s3://b/o",
        {"annotations": [{}]},
        {"annotations": [{"class_id": 0, "left": "x"}]},
    )
    for broken in unreadable:
        with pytest.raises(InputRefused):
            prior.read_image_boxes(broken, {"0": "dog"}, "a")


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    pixels = zlib.compress((b"\0" + bytes(width)) * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_sizes_should_be_found_without_decoding() -> None:
    assert image_size(png(7, 5)) == (7, 5)
    jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff\xc4\x00\x03x\xff\xc2\x00\x0b\x08\x00\x05\x00\x07\x01\x01\x11\x00"
    assert image_size(jpeg) == (7, 5)


@given(st.binary() | st.binary().map(lambda tail: b"\xff\xd8" + tail) | st.integers(0, 40).map(lambda n: png(7, 5)[:n]))
def test_any_bytes_should_have_a_size_or_be_no_image(image: bytes) -> None:
    try:
        width, height = image_size(image)
    except NotAnImage:
        return
    assert width >= 0
    assert height >= 0


def read_chunks(image: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG file, whose checksums must be right."""
    at = 8
    while at < len(image):
        (length,) = struct.unpack_from(">I", image, at)
        checked = image[at + 4 : at + 8 + length]
        assert struct.unpack_from(">I", image, at + 8 + length) == (zlib.crc32(checked),)
        yield checked[:4], checked[4:]
        at += 12 + length


def test_a_mask_should_keep_its_pixels_under_the_palette() -> None:
    mask = with_palette(png(7, 5), ["#ffffff", "#2ca02c"])
    assert image_size(mask) == (7, 5)
    chunks = dict(read_chunks(mask))
    assert chunks[b"IHDR"][9] == 3
    assert chunks[b"PLTE"][:9] == bytes.fromhex("ffffff2ca02c000000")
    assert mask.endswith(png(7, 5)[33:])
    assert with_palette(mask, []) == mask
    with pytest.raises(NotAnImage):
        with_palette(b"GIF", [])
