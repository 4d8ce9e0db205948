"""KITTI's 2D object detection: `<split>/label_2/<id>.txt`, pictures in `<split>/image_2/`.

A line a box with 15 values, those of three dimensions as KITTI writes what is not known. A class name must not have
blanks, so they become underscores; `classes.txt` says which name stands for which class.

Source: the readme of the object development kit, https://www.cvlibs.net/datasets/kitti/eval_object.php
"""

import re
from collections.abc import Iterator

from everlabel.annotation_document import Label, ShapeType
from everlabel_cli.datasets.export import IGNORE, Export, File, Format
from everlabel_cli.datasets.geometry import bounds, number, occlusion

_DONT_CARE = "DontCare"
_UNKNOWN_OCCLUSION = 3
_UNKNOWN_TRUNCATION = -1
_NOTHING_3D = "-1 -1 -1 -1000 -1000 -1000 -10"


def type_names(classes: list[str]) -> dict[str, str]:
    """A type without blanks for each class; no two classes have the same."""
    found: dict[str, str] = {}
    for name in classes:
        near = _DONT_CARE if name == IGNORE else re.sub(r"\s+", "_", name.strip()) or "_"
        while near in found.values():
            near += "_"
        found[name] = near
    return found


def _files(export: Export) -> Iterator[File]:
    types = type_names(export.classes(ShapeType.BOX))
    yield File("classes.txt", "".join(f"{near}\t{_one_line(name)}\n" for name, near in types.items()).encode())
    for sequence in export.sequences():
        for place, frame in enumerate(sequence.frames):
            stem, _, suffix = sequence.images[place].rpartition(".")
            name = f"{sequence.name}__{stem}"
            boxes = (label for label in sequence.at(place) if label.shape.type is ShapeType.BOX)
            lines = (_line(label, types[label.class_name]) for label in boxes)
            yield File(f"{sequence.split}/label_2/{name}.txt", "".join(lines).encode())
            yield File(f"{sequence.split}/image_2/{name}.{suffix}", frame)


def _line(label: Label, type_name: str) -> str:
    hidden = occlusion(label.attributes)
    shown = _UNKNOWN_OCCLUSION if hidden is None else hidden
    corners = " ".join(number(value) for value in bounds(label.shape))
    return f"{type_name} {_UNKNOWN_TRUNCATION} {shown} -10 {corners} {_NOTHING_3D}\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


FORMAT = Format("kitti", frozenset({ShapeType.BOX}), _files)
