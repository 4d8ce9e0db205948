"""The formats of Datumaro, for what is not among ours: `datumaro:open_images`, `datumaro:label_me` and some forty more.

It needs the extra `everlabel[datasets]`. What a format holds is Datumaro's to say; the labels are handed to it as they
are, with track and attributes.

Source: https://open-edge-platform.github.io/datumaro/
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from everlabel.annotation_document import Label, ShapeType
from everlabel_cli.datasets.export import Export, File, Format
from everlabel_cli.datasets.geometry import left_top_size, size
from everlabel_cli.datasets.sequences import Sequence

if TYPE_CHECKING:
    from datumaro import DatasetItem  # type: ignore[import-untyped]

PREFIX = "datumaro:"
_SHAPES = (ShapeType.BOX, ShapeType.POLYLINE, ShapeType.POLYGON, ShapeType.KEYPOINT)


def find_format(name: str) -> Format:
    """One of Datumaro's formats.

    Raises:
        typer.BadParameter: if there is none of that name, or no Datumaro.
    """
    try:
        from datumaro import Environment
    except ImportError:
        raise typer.BadParameter(
            f"{name!r} needs Datumaro; install everlabel[datasets]", param_hint="--format"
        ) from None
    wanted, known = name.removeprefix(PREFIX), sorted(Environment().exporters)
    if wanted not in known:
        raise typer.BadParameter(f"{name!r}; Datumaro has {', '.join(known)}", param_hint="--format")
    return Format(name, frozenset(_SHAPES), lambda export: _files(export, wanted))


def _files(export: Export, name: str) -> Iterator[File]:
    import datumaro

    classes = export.classes(*_SHAPES)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "export"
        items = [item for sequence in export.sequences() for item in _items(sequence, classes)]
        datumaro.Dataset.from_iterable(items, categories=classes).export(str(root), name, save_media=False)
        for path in sorted(root.rglob("*")):
            if path.is_file():
                yield File(path.relative_to(root).as_posix(), path.read_bytes())


def _items(sequence: Sequence, classes: list[str]) -> "Iterator[DatasetItem]":
    from datumaro import DatasetItem, Image

    for place, frame in enumerate(sequence.frames):
        stem, _, suffix = sequence.images[place].rpartition(".")
        name = f"{sequence.name}__{stem}"
        width, height = size(frame)
        yield DatasetItem(
            id=name,
            subset=sequence.split,
            media=Image.from_file(path=f"{name}.{suffix}", size=(height, width)),
            annotations=[_annotation(label, classes) for label in sequence.at(place) if label.shape.type in _SHAPES],
            attributes={"frame": place, "source": frame.s3_uri},
        )


def _annotation(label: Label, classes: list[str]) -> Any:
    from datumaro import Bbox, Points, Polygon, PolyLine

    said: dict[str, Any] = dict(label.attributes)
    if label.track_id is not None:
        said["track_id"] = label.track_id
    if label.interpolated:
        said["interpolated"] = True
    rest = {"label": classes.index(label.class_name), "attributes": said}
    if label.shape.type is ShapeType.BOX:
        return Bbox(*left_top_size(label.shape), **rest)
    forms = {ShapeType.POLYLINE: PolyLine, ShapeType.POLYGON: Polygon, ShapeType.KEYPOINT: Points}
    return forms[label.shape.type]([value for point in label.shape.points for value in point], **rest)
