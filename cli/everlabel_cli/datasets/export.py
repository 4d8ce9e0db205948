"""Exporting a dataset version: its sequences, handed to a format, whose files are written to a folder or to S3.

A format is a function from an `Export` to files. It reads the sequences as often as it likes; they are never all in
memory at once.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from everlabel.annotation_document import Frame, ShapeType
from everlabel_cli.datasets.reading import StoredVersion
from everlabel_cli.datasets.sequences import Sequence, interpolated

IGNORE = "ignore"
"""The class of boxes in which nobody labeled, so that nothing may be learned there."""


@dataclass(frozen=True)
class Export:
    """What is exported."""

    stored: StoredVersion
    split: str | None = None
    """Only this one."""
    gap: float | None = None
    """Up to how many seconds between labeled frames boxes are interpolated; None: not at all."""
    place: str | None = None
    """The `s3://…/` where the files will lie, for formats that name their own files by URI."""

    def sequences(self) -> Iterator[Sequence]:
        """The sequences, in the order of the version's tasks."""
        for sequence in self.stored.sequences(self.split):
            yield sequence if self.gap is None else interpolated(sequence, self.gap)

    @property
    def splits(self) -> list[str]:
        """The splits that are exported."""
        return [name for name in self.stored.version.ratios if self.split in {None, name}]

    @cached_property
    def found(self) -> Counter[tuple[str, ShapeType, str]]:
        """How many labels the whole version has, by split, shape and class."""
        return Counter(
            (sequence.split, label.shape.type, label.class_name)
            for sequence in self.stored.sequences()
            for _, label in sequence.everything()
        )

    def classes(self, *shapes: ShapeType) -> list[str]:
        """The classes that have one of these shapes, sorted; of all splits, so that each has the same number in all."""
        return sorted({name for _, shape, name in self.found if shape in shapes})


@dataclass(frozen=True)
class File:
    """A file of an export: its relative path, and its content or the frame whose picture it is."""

    path: str
    content: bytes | Frame


@dataclass(frozen=True)
class Format:
    """A format: its name, the shapes that it holds, and what makes its files."""

    name: str
    keeps: frozenset[ShapeType]
    files: Callable[[Export], Iterator[File]]


def left_out(export: Export, form: Format) -> dict[str, int]:
    """How many labels of which shape a format cannot hold."""
    counts: Counter[str] = Counter()
    for (split, shape, _), count in export.found.items():
        if split in export.splits and shape not in form.keeps:
            counts[shape] += count
    return dict(sorted(counts.items()))
