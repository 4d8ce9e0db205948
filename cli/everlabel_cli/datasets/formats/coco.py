"""COCO: `annotations/instances_<split>.json`, pictures in `images/<split>/`.

Beside what COCO has, each image says its clip, its time and its attributes, each annotation its track and its
attributes; readers that do not know them pass over them. Polylines, which COCO has not, are in files of their own, so
that nobody takes the boxes around them for objects; and so are masks, which cover all that is of a class, as in
COCO-Stuff.

Source: https://cocodataset.org/#format-data, https://github.com/nightrome/cocostuff; `videos`, `video_id`, `frame_id`
and `instance_id` as in TAO and MMTracking.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from everlabel.annotation_document import Frame, Label, ShapeType
from everlabel_cli.datasets.export import IGNORE, Export, File, Format
from everlabel_cli.datasets.geometry import area, left_top_size, plain, size
from everlabel_cli.datasets.masks import runs
from everlabel_cli.datasets.sequences import Sequence

_BOXES = (ShapeType.BOX, ShapeType.POLYGON)
_VISIBLE = 2
"""A keypoint that is labeled and seen."""

_Annotation = Callable[[Label, Frame], dict[str, Any] | None]
"""What is said of a label in its frame; None if there is nothing to be said."""


def _detection(export: Export) -> Iterator[File]:
    for split in export.splits:
        yield from _split(export, split, f"annotations/instances_{split}.json", _BOXES, _object)
        for shape, name, annotation in (
            (ShapeType.POLYLINE, "polylines", _polyline),
            (ShapeType.MASK, "stuff", partial(_stuff, export)),
        ):
            if export.classes(shape):
                # The pictures are there already.
                yield next(_split(export, split, f"annotations/{name}_{split}.json", (shape,), annotation))


def _keypoints(export: Export) -> Iterator[File]:
    for split in export.splits:
        path = f"annotations/person_keypoints_{split}.json"
        yield from _split(export, split, path, (ShapeType.KEYPOINT,), _keypoint)


def _fiftyone(export: Export) -> Iterator[File]:
    for split in export.splits:
        yield from _split(export, split, f"{split}/labels.json", _BOXES, _object, f"{split}/data")


def _split(
    export: Export,
    split: str,
    path: str,
    shapes: tuple[ShapeType, ...],
    annotation: _Annotation,
    folder: str | None = None,
) -> Iterator[File]:
    """The annotations of a split, then its pictures."""
    names = export.classes(*shapes)
    numbers = {name: number for number, name in enumerate(names, start=1)}
    videos: list[dict[str, Any]] = []
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    pictures: list[File] = []
    for sequence in export.sequences():
        if sequence.split != split:
            continue
        videos.append({"id": len(videos) + 1, "name": sequence.name, "fps": plain(sequence.fps)})
        tracks = sequence.track_numbers()
        for place, frame in enumerate(sequence.frames):
            file = f"{sequence.name}/{sequence.images[place]}"
            images.append(_image(sequence, place, file, len(images) + 1, len(videos)))
            pictures.append(File(f"{folder or f'images/{split}'}/{file}", frame))
            for label in sequence.at(place):
                found = annotation(label, frame) if label.shape.type in shapes else None
                if found is None:
                    continue
                said = {
                    "id": len(annotations) + 1,
                    "image_id": len(images),
                    "category_id": numbers[label.class_name],
                    **found,
                    "attributes": dict(label.attributes),
                }
                if label.track_id is not None:
                    said |= {"track_id": label.track_id, "instance_id": tracks[label.track_id]}
                if label.interpolated:
                    said["interpolated"] = True
                annotations.append(said)
    keypoints = shapes == (ShapeType.KEYPOINT,)
    body = {
        "info": {"description": export.stored.version.name, "version": str(export.stored.version.number)},
        "licenses": [],
        "videos": videos,
        "images": images,
        "annotations": annotations,
        "categories": [
            {"id": number, "name": name, "supercategory": ""}
            | ({"keypoints": [name], "skeleton": []} if keypoints else {})
            for name, number in numbers.items()
        ],
    }
    yield File(path, json.dumps(body, ensure_ascii=False).encode())
    yield from pictures


def _image(sequence: Sequence, place: int, file: str, number: int, video: int) -> dict[str, Any]:
    frame: Frame = sequence.frames[place]
    width, height = size(frame)
    return {
        "id": number,
        "file_name": file,
        "width": width,
        "height": height,
        "video_id": video,
        "frame_id": place,
        "time": plain(frame.time),
        "clip_id": sequence.document.clip_id,
        "s3_uri": frame.s3_uri,
        "attributes": dict(frame.attributes),
    }


def _object(label: Label, _frame: Frame) -> dict[str, Any]:
    is_polygon = label.shape.type is ShapeType.POLYGON
    outline = [[plain(value) for point in label.shape.points for value in point]] if is_polygon else []
    return {
        "bbox": [plain(value) for value in left_top_size(label.shape)],
        "area": plain(area(label.shape)),
        "segmentation": outline,
        # What COCO's evaluation neither asks for nor counts as wrong.
        "iscrowd": int(label.class_name == IGNORE),
    }


def _polyline(label: Label, _frame: Frame) -> dict[str, Any]:
    return {
        "polyline": [plain(value) for point in label.shape.points for value in point],
        "bbox": [plain(value) for value in left_top_size(label.shape)],
        "area": 0,
        "iscrowd": 0,
    }


def _keypoint(label: Label, _frame: Frame) -> dict[str, Any]:
    ((x, y),) = label.shape.points
    return {
        "keypoints": [plain(x), plain(y), _VISIBLE],
        "num_keypoints": 1,
        "bbox": [plain(x), plain(y), 0, 0],
        "area": 0,
        "iscrowd": 0,
    }


def _stuff(export: Export, label: Label, frame: Frame) -> dict[str, Any] | None:
    """Ground Truth's colours name classes that a frame has nothing of; those are left out."""
    found = runs(label, frame, export.stored.frame_bytes)
    if found is None:
        return None
    width, height = size(frame)
    return {
        "segmentation": {"size": [height, width], "counts": found.text},
        "bbox": list(found.box),
        "area": found.area,
        "iscrowd": 0,
    }


DETECTION = Format("coco", frozenset({*_BOXES, ShapeType.POLYLINE, ShapeType.MASK}), _detection)
KEYPOINTS = Format("coco-keypoints", frozenset({ShapeType.KEYPOINT}), _keypoints)
FIFTYONE = Format("fiftyone", frozenset(_BOXES), _fiftyone)
"""A folder a split with `data/` and `labels.json`, which FiftyOne imports as `COCODetectionDataset`."""
