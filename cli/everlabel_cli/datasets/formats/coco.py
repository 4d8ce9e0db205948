"""COCO: `annotations/instances_<split>.json`, pictures in `images/<split>/`.

Beside what COCO has, each image says its clip, its time and its attributes, each annotation its track and its
attributes; readers that do not know them pass over them. Polylines, which COCO has not, are in files of their own, so
that nobody takes the boxes around them for objects.

Source: https://cocodataset.org/#format-data; `videos`, `video_id`, `frame_id` and `instance_id` as in TAO and
MMTracking.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from everlabel.annotation_document import Frame, Label, ShapeType
from everlabel_cli.datasets.export import IGNORE, Export, File, Format
from everlabel_cli.datasets.geometry import area, left_top_size, plain, size
from everlabel_cli.datasets.sequences import Sequence

_BOXES = (ShapeType.BOX, ShapeType.POLYGON)
_VISIBLE = 2
"""A keypoint that is labeled and seen."""

_Annotation = Callable[[Label], dict[str, Any]]


def _detection(export: Export) -> Iterator[File]:
    for split in export.splits:
        yield from _split(export, split, f"annotations/instances_{split}.json", _BOXES, _object)
        if export.classes(ShapeType.POLYLINE):
            polylines = _split(export, split, f"annotations/polylines_{split}.json", (ShapeType.POLYLINE,), _polyline)
            yield next(polylines)  # the pictures are there already


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
                if label.shape.type not in shapes:
                    continue
                said = {
                    "id": len(annotations) + 1,
                    "image_id": len(images),
                    "category_id": numbers[label.class_name],
                    **annotation(label),
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


def _object(label: Label) -> dict[str, Any]:
    is_polygon = label.shape.type is ShapeType.POLYGON
    outline = [[plain(value) for point in label.shape.points for value in point]] if is_polygon else []
    return {
        "bbox": [plain(value) for value in left_top_size(label.shape)],
        "area": plain(area(label.shape)),
        "segmentation": outline,
        # What COCO's evaluation neither asks for nor counts as wrong.
        "iscrowd": int(label.class_name == IGNORE),
    }


def _polyline(label: Label) -> dict[str, Any]:
    return {
        "polyline": [plain(value) for point in label.shape.points for value in point],
        "bbox": [plain(value) for value in left_top_size(label.shape)],
        "area": 0,
        "iscrowd": 0,
    }


def _keypoint(label: Label) -> dict[str, Any]:
    ((x, y),) = label.shape.points
    return {
        "keypoints": [plain(x), plain(y), _VISIBLE],
        "num_keypoints": 1,
        "bbox": [plain(x), plain(y), 0, 0],
        "area": 0,
        "iscrowd": 0,
    }


DETECTION = Format("coco", frozenset({*_BOXES, ShapeType.POLYLINE}), _detection)
KEYPOINTS = Format("coco-keypoints", frozenset({ShapeType.KEYPOINT}), _keypoints)
FIFTYONE = Format("fiftyone", frozenset(_BOXES), _fiftyone)
"""A folder a split with `data/` and `labels.json`, which FiftyOne imports as `COCODetectionDataset`."""
