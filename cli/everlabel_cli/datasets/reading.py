"""A dataset version read again: its documents and sequences, its frames, and whether its files are what they were."""

import contextlib
import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from everlabel import annotation_json
from everlabel.annotation_document import AnnotationDocument, Frame
from everlabel_cli.answer import NotDone
from everlabel_cli.datasets.building import CHECKSUMS, FRAMES, MASKS
from everlabel_cli.datasets.sequences import Sequence, sequences
from everlabel_cli.datasets.store import MANIFEST, NoSuchVersion, Store
from everlabel_cli.datasets.version import DatasetVersion, Member
from everlabel_cli.task_filter import EVERYTHING, TaskFilter
from everlabel_cli.task_source import TaskSource, taxonomy_key


@dataclass(frozen=True)
class StoredVersion:
    """A version in its store. It is a `TaskSource` too, whose pictures come from its own copies if it has them."""

    store: Store
    version: DatasetVersion
    elsewhere: TaskSource | None = None
    """Where frames are read from that the version does not hold."""

    def read(self, path: str) -> bytes:
        """A file of the version. Raises NoSuchVersion."""
        return self.store.read(self.version.name, self.version.number, path)

    def document(self, member: Member) -> AnnotationDocument:
        """The annotation document of a member."""
        return annotation_json.read(self.read(member.path))

    def documents(self, chosen: TaskFilter = EVERYTHING) -> Iterator[AnnotationDocument]:
        """As `TaskSource` says."""
        yield from filter(chosen.takes, map(self.document, self.version.members))

    def sequences(self, split: str | None = None) -> Iterator[Sequence]:
        """The sequences of a split, or of all."""
        for member in self.version.members:
            if split in {None, member.split}:
                yield from sequences(self.document(member), member.name, member.split)

    def frame_bytes(self, frame: Frame) -> bytes:
        """As `TaskSource` says."""
        image = self._images.get(frame.s3_uri)
        if image:
            return self.read(image)
        if self.elsewhere is None:
            raise NotDone(f"the version has no copy of {frame.s3_uri}, and nowhere else was given to read it from")
        return self.elsewhere.frame_bytes(frame)

    def fingerprint(self, frame: Frame) -> str:
        """As `TaskSource` says: what it was when the version was built."""
        return self._rows[frame.s3_uri]["fingerprint"]

    def taxonomy(self, reference: str) -> bytes | None:
        """As `TaskSource` says."""
        key = taxonomy_key(reference)
        with contextlib.suppress(NoSuchVersion):
            return None if key is None else self.read(key)
        return None

    @cached_property
    def _images(self) -> dict[str, str]:
        """The version's own copies, by what they are copies of."""
        return {uri: row["image"] for uri, row in self._rows.items() if row["image"]}

    @cached_property
    def _rows(self) -> dict[str, dict[str, str]]:
        """Of frames, and of the pictures that masks are in."""
        tables = [self.read(FRAMES)]
        with contextlib.suppress(NoSuchVersion):  # most have no masks
            tables.append(self.read(MASKS))
        rows = (row for table in tables for row in csv.DictReader(io.StringIO(table.decode(), newline="")))
        return {row["s3Uri"]: row for row in rows}

    def changed(self) -> Iterator[tuple[str, str]]:
        """Files that are not as they were written, each with what is wrong: changed, missing, not listed."""
        lines = self.read(CHECKSUMS).decode().splitlines()
        listed = {path: digest for digest, _, path in (line.partition("  ") for line in lines)}
        for path, digest in listed.items():
            try:
                found = hashlib.sha256(self.read(path)).hexdigest()
            except NoSuchVersion:
                yield path, "missing"
                continue
            if found != digest:
                yield path, f"changed: its SHA-256 is {found}, and was {digest}"
        for path in self.store.files(self.version.name, self.version.number):
            if path not in listed and path != CHECKSUMS:
                yield path, "not listed in the checksums"


def find(store: Store, name: str, number: int | None, elsewhere: TaskSource | None = None) -> StoredVersion:
    """A version of a dataset, or its latest.

    Raises:
        NoSuchVersion: if there is none.
    """
    numbers = store.numbers(name)
    if not numbers:
        known = ", ".join(store.names()) or "none"
        raise NoSuchVersion(f"there is no dataset {name!r}; there are: {known}")
    if number is not None and number not in numbers:
        raise NoSuchVersion(f"{name} has no version {number}; it has {', '.join(map(str, numbers))}")
    chosen = numbers[-1] if number is None else number
    return StoredVersion(store, DatasetVersion.read(store.read(name, chosen, MANIFEST)), elsewhere)
