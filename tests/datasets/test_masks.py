"""Masks: copied into dataset versions, read back by pycocotools, given to Ground Truth again."""

import contextlib
import dataclasses
import hashlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as coco_mask  # type: ignore[import-untyped]
from pycocotools.coco import COCO  # type: ignore[import-untyped]

from everlabel.annotation_document import AnnotationDocument, Frame, Label, LabelingJob, Shape, ShapeType
from everlabel.label_files import read_image
from everlabel_cli.answer import NotDone
from everlabel_cli.datasets.building import Order, build
from everlabel_cli.datasets.export import Export
from everlabel_cli.datasets.formats import find_format
from everlabel_cli.datasets.reading import StoredVersion, find
from everlabel_cli.datasets.store import FolderStore
from everlabel_cli.task_filter import EVERYTHING
from tests.datasets.exporting import ANY_DOCUMENT, NOW, Documents, built, export
from tests.datasets.scalabels import load, rle_to_mask
from tests.documents import HEIGHT, WIDTH, sample

ROAD, SKY, SEA = "#2ca02c", "#1f77b4", "#17BECF"
JOB = LabelingJob("Areas", 1, "SemanticSegmentation", "SemanticSegmentation", "Areas-ref")
ONE = dataclasses.replace(
    sample()[0], labeling_jobs=(JOB,), labels=(), classifications=(), unlabeled=(), frames=sample()[0].frames[:2]
)

Pixels = NDArray[np.uint8]
"""0 for the background, 1 for road, 2 for sky."""


def place(frame: int) -> str:
    return f"s3://everlabel-bucket/areas/{frame}.png"


def png(pixels: Pixels) -> bytes:
    """As Ground Truth writes it: each class has its colour."""
    colours = [bytes.fromhex(text[1:]) for text in ("#ffffff", ROAD, SKY)]
    painted = np.array([list(colour) for colour in colours], np.uint8)[pixels]
    return cv2.imencode(".png", cv2.cvtColor(painted, cv2.COLOR_RGB2BGR))[1].tobytes()


def masked(**colours: str) -> AnnotationDocument:
    """Two frames whose masks name these classes and their colours."""
    labels = [
        Label(frame, "Areas", 1, name, Shape(ShapeType.MASK, (), place(frame), colour))
        for frame in range(2)
        for name, colour in sorted(colours.items())
    ]
    return dataclasses.replace(ONE, labels=tuple(labels))


class Pictures(Documents):
    """Documents, and pictures of their masks."""

    def __init__(self, document: AnnotationDocument, *contents: bytes) -> None:
        super().__init__([document])
        self.contents = {place(frame): content for frame, content in enumerate(contents)}

    def frame_bytes(self, frame: Frame) -> bytes:
        return self.contents[frame.s3_uri] if frame.s3_uri in self.contents else super().frame_bytes(frame)

    def fingerprint(self, frame: Frame) -> str:
        return f"sha256:{hashlib.sha256(self.frame_bytes(frame)).hexdigest()}"


def version(folder: Path, source: Pictures) -> StoredVersion:
    """A version that has nothing else to read from."""
    build(Order("road", "memory", EVERYTHING, {"train": 1.0}), source, FolderStore(folder), NOW)
    return find(FolderStore(folder), "road", None)


def stuff(folder: Path) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(folder / "annotations/stuff_train.json"))


def numbers(text: str) -> Pixels:
    """Rows of digits as the upper left corner of a frame."""
    rows = [[int(digit) for digit in row] for row in text.split()]
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    pixels[: len(rows), : len(rows[0])] = rows
    return pixels


any_pixels = st.binary(min_size=64, max_size=64).map(
    lambda given: np.resize(np.frombuffer(given, np.uint8) % 3, (HEIGHT, WIDTH)).astype(np.uint8)
)


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of pycocotools
@ANY_DOCUMENT
@given(any_pixels, any_pixels)
def test_coco_and_bdd100k_should_give_back_every_pixel(tmp_path: Path, first: Pixels, second: Pixels) -> None:
    shutil.rmtree(tmp_path / "datasets", ignore_errors=True)
    stored = version(tmp_path / "datasets", Pictures(masked(road=ROAD, sky=SKY), png(first), png(second)))
    coco = stuff(export(stored, "coco", tmp_path / "coco"))
    found = {
        (coco.imgs[said["image_id"]]["frame_id"], coco.cats[said["category_id"]]["name"]): said
        for said in coco.anns.values()
    }
    for frame, pixels in enumerate((first, second)):
        for number, name in ((1, "road"), (2, "sky")):
            covered = pixels == number
            assert ((frame, name) in found) == covered.any()
            if covered.any():
                said = found[frame, name]
                assert (coco.annToMask(said).astype(bool) == covered).all()
                runs = coco.annToRLE(said)
                assert said["area"] == coco_mask.area(runs) == covered.sum()
                assert said["bbox"] == coco_mask.toBbox(runs).tolist()
    frames: list[Any] = load(
        str(export(stored, "bdd100k", tmp_path / "bdd100k") / "labels/det_20/det_train.json")
    ).frames
    for found_frame, pixels in zip(frames, (first, second), strict=True):
        masks = {label.category: rle_to_mask(label.rle).astype(bool) for label in found_frame.labels}
        assert masks.keys() == {name for number, name in ((1, "road"), (2, "sky")) if (pixels == number).any()}
        assert all((covered == (pixels == ("", "road", "sky").index(name))).all() for name, covered in masks.items())


def test_masks_should_be_no_objects_of_coco(tmp_path: Path) -> None:
    pictures = [png(numbers("112 112")), png(numbers("000 011"))]
    stored = version(tmp_path / "datasets", Pictures(masked(road=ROAD, sky=SKY), *pictures))
    folder = export(stored, "coco", tmp_path / "coco")
    assert json.loads((folder / "annotations/instances_train.json").read_text())["annotations"] == []
    said = [(each["area"], each["bbox"]) for each in stuff(folder).anns.values()]
    assert said == [(4, [0, 0, 2, 2]), (2, [2, 0, 1, 2]), (2, [1, 1, 2, 1])]


def test_a_version_should_have_its_own_copies_and_be_another_if_a_mask_is_replaced(tmp_path: Path) -> None:
    before, after = png(numbers("1")), png(numbers("2"))
    source = Pictures(masked(road=ROAD), before, before)
    stored = version(tmp_path / "datasets", source)
    assert stored.version.number == 1
    assert [path for path in stored.store.files("road", 1) if path.startswith("masks")] == [
        "masks.csv",
        "masks/train/clip-one/000000.png",
        "masks/train/clip-one/000001.png",
    ]
    source.contents[place(0)] = after
    changed = version(tmp_path / "datasets", source)
    assert changed.version.number == 2
    frame = dataclasses.replace(ONE.frames[0], s3_uri=place(0))
    assert (stored.frame_bytes(frame), changed.frame_bytes(frame)) == (before, after)
    assert list(changed.changed()) == []


def test_a_version_without_masks_should_not_speak_of_any(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    built(store, *sample())
    assert not [path for path in store.files("road", 1) if "masks" in path]


@pytest.mark.parametrize(
    ("content", "colour", "message"),
    [
        (b"no picture", ROAD, r"the mask s3://everlabel-bucket/areas/0.png is no picture"),
        (b"", ROAD, r"is no picture"),
        (png(np.zeros((3, 5), np.uint8)), ROAD, r"0.png is 5 x 3 pixels, unlike its frame s3://.*000001.jpg"),
        (png(numbers("1")), "green", r"0.png has the colour 'green'; expected one like #2ca02c"),
        (png(numbers("1")), "#2ca0", r"has the colour '#2ca0'; expected one like #2ca02c"),
    ],
)
def test_a_mask_that_cannot_be_read_should_be_named(tmp_path: Path, content: bytes, colour: str, message: str) -> None:
    stored = version(tmp_path / "datasets", Pictures(masked(road=colour), content, content))
    with pytest.raises(NotDone, match=message):
        export(stored, "coco", tmp_path / "coco")
    assert not (tmp_path / "coco").exists()


def test_ground_truth_should_get_the_masks_that_are_there(tmp_path: Path) -> None:
    picture = png(numbers("12"))
    stored = version(tmp_path / "datasets", Pictures(masked(road=ROAD, sea=SEA), picture, picture))
    files = find_format("groundtruth").files(Export(stored, place="s3://out/"))
    (file,) = [file for file in files if isinstance(file.content, bytes)]
    assert file.path == "train/Areas.manifest"
    assert isinstance(file.content, bytes)
    lines = [json.loads(line) for line in file.content.splitlines()]
    assert lines[0] == {
        "source-ref": ONE.frames[0].s3_uri,
        "Areas-ref": place(0),
        "Areas-ref-metadata": {
            "internal-color-map": {
                "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0},
                "1": {"class-name": "road", "hex-color": ROAD, "confidence": 0},
                "2": {"class-name": "sea", "hex-color": SEA, "confidence": 0},
            },
            "job-name": "labeling-job/Areas",
            "human-annotated": "yes",
            "creation-date": "2026-11-21T10:00:00.000",
            "type": "groundtruth/semantic-segmentation",
        },
    }
    assert [
        (frame, drawn.class_name, drawn.shape)
        for frame, line in enumerate(lines)
        for drawn in read_image(line, "Areas-ref", "SemanticSegmentation", "f").drawn
    ] == [(label.frame, label.class_name, label.shape) for label in masked(road=ROAD, sea=SEA).labels]
