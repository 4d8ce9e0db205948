"""Dataset versions of documents in memory, and what is exported of them."""

import dataclasses
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

from everlabel.annotation_document import AnnotationDocument, Frame, Label, ShapeType
from everlabel_cli.datasets.building import Built, Order, build
from everlabel_cli.datasets.export import Export
from everlabel_cli.datasets.formats import find_format
from everlabel_cli.datasets.output import NewFolder, write_export
from everlabel_cli.datasets.reading import StoredVersion, find
from everlabel_cli.datasets.sequences import Sequence
from everlabel_cli.datasets.store import FolderStore, Store
from everlabel_cli.task_filter import EVERYTHING, TaskFilter
from tests.documents import picture

NOW = "2026-11-23T10:00:00.000Z"
ANY_DOCUMENT = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
HALVES = {"train": 0.5, "val": 0.5}


@dataclasses.dataclass
class Documents:
    """A `TaskSource` in memory."""

    all: list[AnnotationDocument]
    taxonomies: dict[str, bytes] = dataclasses.field(default_factory=dict)

    def documents(self, chosen: TaskFilter = EVERYTHING) -> Iterator[AnnotationDocument]:
        """Those that are meant, by task id."""
        yield from sorted(filter(chosen.takes, self.all), key=lambda document: document.task_id)

    def frame_bytes(self, frame: Frame) -> bytes:
        """A picture of the frame's size."""
        return picture(frame)

    def fingerprint(self, frame: Frame) -> str:
        """Its URI."""
        return f"etag:{frame.s3_uri}"

    def taxonomy(self, reference: str) -> bytes | None:
        """What was given."""
        return self.taxonomies.get(reference)


def built(
    store: Store, *documents: AnnotationDocument, ratios: Mapping[str, float] | None = None, **more: Any
) -> Built:
    """A version `road` of documents; one split, unless ratios are given."""
    order = Order("road", "memory", more.pop("chosen", EVERYTHING), ratios or {"train": 1.0}, **more)
    return build(order, Documents(list(documents)), store, NOW)


def stored(folder: Path, *documents: AnnotationDocument, **more: Any) -> StoredVersion:
    """The same, in a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    store = FolderStore(folder)
    built(store, *documents, **more)
    return find(store, "road", None, Documents([]))


def export(version: StoredVersion, name: str, folder: Path, *, with_images: bool = False, **options: Any) -> Path:
    """Exports a version to a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    write_export(Export(version, **options), find_format(name), NewFolder(folder), with_images=with_images)
    return folder


def labels(version: StoredVersion, *shapes: ShapeType) -> Iterator[tuple[Sequence, int, Label]]:
    """The labels of a version with these shapes: sequence, place in it, label."""
    for sequence in version.sequences():
        for place, label in sequence.everything():
            if label.shape.type in shapes:
                yield sequence, place, label


def near(*values: float) -> tuple[float, ...]:
    """Numbers as they are compared: to a thousandth of a pixel."""
    return tuple(round(float(value), 3) + 0.0 for value in values)


def corners(label: Label) -> tuple[float, ...]:
    """Left, top, right and bottom of a box."""
    return near(*(value for point in label.shape.points for value in point))


def points(label: Label) -> tuple[float, ...]:
    """The points of a shape, one after the other."""
    return corners(label)
