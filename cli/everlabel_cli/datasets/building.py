"""Building a dataset version out of completed tasks."""

import csv
import hashlib
import io
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import imagesize  # type: ignore[import-untyped]

from everlabel import annotation_json
from everlabel.annotation_document import AnnotationDocument, Frame
from everlabel_cli.answer import NotDone
from everlabel_cli.datasets import masks
from everlabel_cli.datasets.datasheet import Datasheet
from everlabel_cli.datasets.names import distinct, file_name
from everlabel_cli.datasets.sequences import image_names
from everlabel_cli.datasets.splitting import Split, split
from everlabel_cli.datasets.store import MANIFEST, Files, Store
from everlabel_cli.datasets.version import DatasetVersion, Member
from everlabel_cli.task_filter import TaskFilter
from everlabel_cli.task_source import NotReadable, TaskSource, side_by_side, taxonomy_key

CHECKSUMS = "checksums.sha256"
FRAMES = "frames.csv"
FRAME_COLUMNS = ("split", "clip", "frame", "s3Uri", "fingerprint", "image")
"""`frame` is its index in the clip's document; `image` its copy in the version, if there is one."""
MASKS = "masks.csv"
"""The same table of the pictures that masks are in, which are always copied: they are labels."""


@dataclass(frozen=True)
class Order:
    """What is to be built."""

    name: str
    source_name: str
    """In words, for the lineage: the stack, or the folder."""
    chosen: TaskFilter
    ratios: Mapping[str, float]
    seed: int | None = None
    """None: that of the version before, or else the one that comes nearest to the ratios."""
    with_images: bool = False
    force: bool = False
    """Whether to make a version although it would be equal to one that there is."""


@dataclass(frozen=True)
class Built:
    """A version, and whether it was made now."""

    version: DatasetVersion
    is_new: bool


def build(order: Order, source: TaskSource, store: Store, now: str) -> Built:
    """Builds the next version of a dataset; `now` is the time in ISO 8601.

    If a version with the same documents, pictures and split is there already, that one is returned.

    Raises:
        NotDone: if no task is meant, or something cannot be read.
        SplitRefused: if a split would be empty.
    """
    earlier = [DatasetVersion.read(store.read(order.name, number, MANIFEST)) for number in store.numbers(order.name)]
    with tempfile.TemporaryDirectory() as folder:
        gathering = _Gathering(Path(folder))
        for document in source.documents(order.chosen):
            gathering.take(document)
        members, chosen = _split(gathering.members(), order, earlier)
        frames = {
            member.task_id: list(side_by_side(source.fingerprint, _pictures(gathering.document(member))))
            for member in members
        }
        version = DatasetVersion(
            name=order.name,
            number=0,
            created_at=now,
            content_sha256=_content(members, frames, chosen, order.with_images),
            source=order.source_name,
            filter=order.chosen.as_json(),
            taxonomies=tuple(sorted(gathering.taxonomies)),
            seed=chosen.seed,
            ratios=chosen.ratios,
            has_images=order.with_images,
            members=tuple(members),
            superseded=tuple(gathering.superseded),
        )
        equal = [other for other in earlier if other.content_sha256 == version.content_sha256]
        if equal and not order.force:
            return Built(equal[-1], is_new=False)
        making = _Making(version, source, gathering.document, frames)
        number = store.add(order.name, making.files)
        return Built(replace(version, number=number), is_new=True)


class _Gathering:
    """The documents that were read, on disk: all of them may be more than memory holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._members: dict[tuple[object, ...], Member] = {}
        self.superseded: list[str] = []
        self.taxonomies: set[str] = set()

    def take(self, document: AnnotationDocument) -> None:
        """Keeps a document. Of tasks that say the same of the same clip the one that was completed last counts."""
        if not document.frames:
            raise NotDone(f"task {document.task_id} has no frames; leave it out with --where 'taskId!=…'")
        text = annotation_json.write(document)
        self._path(document.task_id).write_bytes(text)
        first = frozenset(job.job_name for job in document.labeling_jobs if job.chain_from is None)
        subject = document.clip_uri, first, document.taxonomy
        drive = document.attributes.get("drive")
        group = drive.get("drive_id") if isinstance(drive, Mapping) else None
        member = Member(
            task_id=document.task_id,
            clip_id=document.clip_id,
            clip_uri=document.clip_uri,
            completed_at=document.completed_at,
            sha256=hashlib.sha256(text).hexdigest(),
            name="",
            split="",
            group="" if group is None else str(group),
            labeling_jobs=tuple((job.level, job.job_name) for job in document.labeling_jobs),
        )
        both = [found for found in (self._members.get(subject), member) if found is not None]
        *others, self._members[subject] = sorted(both, key=lambda found: (found.completed_at, found.task_id))
        self.superseded += [other.task_id for other in others]
        if document.taxonomy is not None:
            self.taxonomies.add(document.taxonomy)

    def members(self) -> list[Member]:
        """Those that count, by task id, with their names and what they are split by."""
        members = sorted(self._members.values(), key=lambda member: member.task_id)
        names = distinct(
            [file_name(member.clip_id) for member in members], [file_name(member.task_id) for member in members]
        )
        # A clip is in the drive that any of its tasks says; two tasks of one clip may not part.
        drives = {member.clip_uri: member.group for member in members if member.group}
        return [
            replace(member, name=name, group=member.group or drives.get(member.clip_uri) or member.clip_uri)
            for member, name in zip(members, names, strict=True)
        ]

    def document(self, member: Member) -> AnnotationDocument:
        """The document of a member."""
        return annotation_json.read(self._path(member.task_id).read_bytes())

    def _path(self, task_id: str) -> Path:
        return self._folder / hashlib.sha256(task_id.encode()).hexdigest()


def _split(members: list[Member], order: Order, earlier: list[DatasetVersion]) -> tuple[list[Member], Split]:
    if not members:
        raise NotDone("no completed task is meant; nothing was built")
    seed = earlier[-1].seed if order.seed is None and earlier else order.seed
    chosen = split(Counter(member.group for member in members), order.ratios, seed)
    return [replace(member, split=chosen.of(member.group)) for member in members], chosen


def _content(members: list[Member], frames: Mapping[str, list[str]], chosen: Split, with_images: bool) -> str:
    digest = hashlib.sha256(json.dumps([chosen.seed, dict(chosen.ratios), with_images]).encode())
    for member in members:
        digest.update(json.dumps([member.path, member.sha256, frames[member.task_id]]).encode())
    return digest.hexdigest()


def _pictures(document: AnnotationDocument) -> list[Frame]:
    return [*document.frames, *masks.pictures(document)]


def _table(rows: list[tuple[Any, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([FRAME_COLUMNS, *rows])
    return text.getvalue().encode()


class _Making:
    """The files of a version, one after the other."""

    def __init__(
        self,
        version: DatasetVersion,
        source: TaskSource,
        document: Callable[[Member], AnnotationDocument],
        frames: Mapping[str, list[str]],
    ) -> None:
        self._version, self._source, self._document, self._frames = version, source, document, frames

    def files(self, number: int) -> Files:
        """All files; `dataset.json` comes last, and the checksums know it already."""
        version = replace(self._version, number=number)
        checksums: dict[str, str] = {}
        for path, content in self._content(version):
            checksums[path] = hashlib.sha256(content).hexdigest()
            yield path, content
        manifest = version.write()
        checksums[MANIFEST] = hashlib.sha256(manifest).hexdigest()
        yield CHECKSUMS, "".join(f"{digest}  {path}\n" for path, digest in sorted(checksums.items())).encode()
        yield MANIFEST, manifest

    def _content(self, version: DatasetVersion) -> Iterator[tuple[str, bytes]]:
        datasheet = Datasheet(version)
        rows, mask_rows = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
        for member in version.members:
            document = self._sized(self._document(member))
            datasheet.add(member, document)
            yield member.path, annotation_json.write(document)
            names = image_names(frame.name for frame in document.frames) if version.has_images else []
            for index, frame in enumerate(document.frames):
                image = f"images/{member.split}/{member.name}/{index:06d}-{names[index]}" if names else ""
                mark = self._frames[member.task_id][index]
                rows.append((member.split, member.name, index, frame.s3_uri, mark, image))
                if image:
                    yield image, self._source.frame_bytes(frame)
            marks = self._frames[member.task_id][len(document.frames) :]
            for number, (mask, mark) in enumerate(zip(masks.pictures(document), marks, strict=True)):
                image = f"masks/{member.split}/{member.name}/{number:06d}.png"
                mask_rows.append((member.split, member.name, mask.index, mask.s3_uri, mark, image))
                yield image, self._source.frame_bytes(mask)
        yield FRAMES, _table(rows)
        if mask_rows:
            yield MASKS, _table(mask_rows)
        for reference in version.taxonomies:
            key, content = taxonomy_key(reference), self._source.taxonomy(reference)
            if key is not None and content is not None:
                yield key, content
        yield from datasheet.files()

    def _sized(self, document: AnnotationDocument) -> AnnotationDocument:
        """The document with the sizes of all frames: training formats need them."""
        unknown = [frame for frame in document.frames if frame.width is None or frame.height is None]
        if not unknown:
            return document
        sizes = dict(zip((frame.index for frame in unknown), side_by_side(self._size, unknown), strict=True))
        frames = (
            replace(frame, width=sizes[frame.index][0], height=sizes[frame.index][1]) if frame.index in sizes else frame
            for frame in document.frames
        )
        return replace(document, frames=tuple(frames))

    def _size(self, frame: Frame) -> tuple[int, int]:
        width, height = imagesize.get(io.BytesIO(self._source.frame_bytes(frame)))
        if width < 1 or height < 1:
            raise NotReadable(f"the frame {frame.s3_uri} is no picture whose size can be read")
        return int(width), int(height)
