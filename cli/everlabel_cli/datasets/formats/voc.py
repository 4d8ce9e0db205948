"""Pascal VOC: `Annotations/<id>.xml`, `ImageSets/Main/<split>.txt`, pictures in `JPEGImages/`.

Corners are pixels from 0, as most programs write them, not from 1 as the challenge's own files. Attributes and tracks
are in `<attributes>`, as CVAT and Datumaro have them.

Source: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement  # nosec B405 # written, never read

from everlabel.annotation_document import Label, ShapeType
from everlabel_cli.datasets.export import IGNORE, Export, File, Format
from everlabel_cli.datasets.geometry import bounds, number, occlusion, size
from everlabel_cli.datasets.markup import add, written
from everlabel_cli.datasets.sequences import Sequence

TRACK = "track_id"
INTERPOLATED = "interpolated"


def _files(export: Export) -> Iterator[File]:
    names: dict[str, list[str]] = {split: [] for split in export.splits}
    for sequence in export.sequences():
        for place, frame in enumerate(sequence.frames):
            stem, _, suffix = sequence.images[place].rpartition(".")
            name = f"{sequence.name}__{stem}"
            names[sequence.split].append(name)
            yield File(f"Annotations/{name}.xml", _annotation(sequence, place, f"{name}.{suffix}"))
            yield File(f"JPEGImages/{name}.{suffix}", frame)
    for split, found in names.items():
        yield File(f"ImageSets/Main/{split}.txt", "".join(f"{name}\n" for name in found).encode())
    classes = ["background", *export.classes(ShapeType.BOX)]
    yield File("labelmap.txt", "".join(f"{_map_name(name)}:::\n" for name in classes).encode())


def _annotation(sequence: Sequence, place: int, file: str) -> bytes:
    frame = sequence.frames[place]
    width, height = size(frame)
    root = Element("annotation")
    add(root, "folder", "JPEGImages")
    add(root, "filename", file)
    source = SubElement(root, "source")
    add(source, "database", sequence.document.clip_id)
    add(source, "image", frame.s3_uri)
    dimensions = SubElement(root, "size")
    for name, value in (("width", width), ("height", height), ("depth", 3)):
        add(dimensions, name, value)
    add(root, "segmented", 0)
    for label in sequence.at(place):
        if label.shape.type is ShapeType.BOX:
            _add_object(root, label)
    return written(root)


def _add_object(root: Element, label: Label) -> None:
    found = SubElement(root, "object")
    add(found, "name", label.class_name)
    add(found, "pose", "Unspecified")
    add(found, "truncated", 0)
    add(found, "occluded", int(bool(occlusion(label.attributes))))
    # What the challenge's evaluation passes over.
    add(found, "difficult", int(label.class_name == IGNORE))
    box = SubElement(found, "bndbox")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), bounds(label.shape), strict=True):
        add(box, name, number(value))
    said = dict(label.attributes)
    if label.track_id is not None:
        said[TRACK] = label.track_id
    if label.interpolated:
        said[INTERPOLATED] = True
    attributes = SubElement(found, "attributes")
    for name, value in said.items():
        attribute = SubElement(attributes, "attribute")
        add(attribute, "name", name)
        add(attribute, "value", value)


def _map_name(name: str) -> str:
    return " ".join(name.replace(":", " ").split())


FORMAT = Format("voc", frozenset({ShapeType.BOX}), _files)
