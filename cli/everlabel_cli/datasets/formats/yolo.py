"""YOLO as Ultralytics reads it: `data.yaml`, `labels/<split>/<id>.txt`, pictures in `images/<split>/`.

A line a box: class number, then centre, width and height as shares of the frame's. Boxes are cut off at the frame's
edges; those that lie outside altogether are left out, as are boxes in which nobody labeled.

Source: https://docs.ultralytics.com/datasets/detect/
"""

from collections.abc import Iterator

import yaml

from everlabel.annotation_document import Frame, Label, ShapeType
from everlabel_cli.datasets.export import IGNORE, Export, File, Format
from everlabel_cli.datasets.geometry import clipped, number, size


def _files(export: Export) -> Iterator[File]:
    names = [name for name in export.classes(ShapeType.BOX) if name != IGNORE]
    numbers = {name: number for number, name in enumerate(names)}
    folders = {split: f"images/{split}" for split in export.splits}
    # Without `path` folders are looked for beside the file.
    data = {**folders, "names": dict(enumerate(names))}
    yield File("data.yaml", yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode())
    for sequence in export.sequences():
        for place, frame in enumerate(sequence.frames):
            stem, _, suffix = sequence.images[place].rpartition(".")
            name = f"{sequence.name}__{stem}"
            lines = (_line(label, frame, numbers) for label in sequence.at(place))
            yield File(f"labels/{sequence.split}/{name}.txt", "".join(filter(None, lines)).encode())
            yield File(f"images/{sequence.split}/{name}.{suffix}", frame)


def _line(label: Label, frame: Frame, numbers: dict[str, int]) -> str | None:
    if label.shape.type is not ShapeType.BOX or label.class_name == IGNORE:
        return None
    width, height = size(frame)
    left, top, right, bottom = clipped(label.shape, frame)
    if right <= left or bottom <= top:
        return None
    shares = (left + right) / 2 / width, (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height
    return f"{numbers[label.class_name]} {' '.join(number(share, 8) for share in shares)}\n"


FORMAT = Format("yolo", frozenset({ShapeType.BOX}), _files)
