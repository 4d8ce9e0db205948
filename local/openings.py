"""Exports of a dataset, opened by the programs that they are for."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any


class NotThere(Exception):
    """What a program finds in an export is not what is in the dataset version."""


def opened_coco(export: Path, version: Path) -> str:
    """What pycocotools finds in a COCO export, in words.

    Raises:
        NotThere: if that is not every frame and every box of the version.
    """
    from pycocotools.coco import COCO  # type: ignore[import-untyped]

    with contextlib.redirect_stdout(io.StringIO()):
        splits = [COCO(str(path)) for path in sorted(export.glob("annotations/instances_*.json"))]
    images, boxes = sum(len(split.imgs) for split in splits), sum(len(split.anns) for split in splits)
    classes = {found["name"] for split in splits for found in split.loadCats(split.getCatIds())}
    _compare("pycocotools", boxes, len(_boxes(version)))
    return f"{len(splits)} splits, {images} images, {boxes} boxes of {', '.join(sorted(classes)) or 'nothing'}"


def opened_mot(export: Path, version: Path) -> str:
    """What motmetrics finds in a MOT export, in words.

    Raises:
        NotThere: if that is not every box of every track of the version.
    """
    import motmetrics  # type: ignore[import-untyped]

    files = [path for path in sorted(export.glob("*/*/gt/gt.txt")) if path.stat().st_size]
    clips = [motmetrics.io.loadtxt(path, fmt="mot16", min_confidence=-1) for path in files]
    boxes = sum(len(clip) for clip in clips)
    tracks = sum(clip.index.get_level_values("Id").nunique() for clip in clips)
    _compare("motmetrics", boxes, sum("trackId" in box for box in _boxes(version)))
    return f"{len(clips)} clips, {tracks} tracks, {boxes} boxes"


def _boxes(version: Path) -> list[dict[str, Any]]:
    documents = [json.loads(path.read_bytes()) for path in version.glob("annotations/*/*.json")]
    return [label for document in documents for label in document["labels"] if label["shape"]["type"] == "box"]


def _compare(program: str, found: int, expected: int) -> None:
    if found != expected:
        raise NotThere(f"{program} finds {found} boxes in the export; the dataset version has {expected}")
