"""Where completed tasks are read from: a stack, or a folder on this machine.

A folder is a copy of a stack's bucket, as `aws s3 sync s3://bucket folder` makes it, or of a part of it: documents are
the files `annotations.json` anywhere below it, and the frame `s3://bucket/clips/a/000001.jpg` is `clips/a/000001.jpg`
there. A frame may also have a URI `file:///…`.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from everlabel import annotation_json, taxonomy_form
from everlabel.annotation_document import AnnotationDocument, Frame
from everlabel.annotation_json import AnnotationsRefused
from everlabel.s3_uri import S3Uri
from everlabel.taxonomy import FOLDER
from everlabel_cli.answer import NotDone, talk
from everlabel_cli.task_filter import EVERYTHING, TaskFilter

if TYPE_CHECKING:
    from everlabel_cli.stack import DeployedStack

_AT_ONCE = 16
_DOCUMENT = "annotations.json"
_MAKING = Lock()


class NotReadable(NotDone):
    """A document or a frame that is not where it should be, or is not what it should be."""


class TaskSource(Protocol):
    """Completed tasks and their frames."""

    def documents(self, chosen: TaskFilter = EVERYTHING) -> Iterator[AnnotationDocument]:
        """The documents of the tasks that a filter takes, in the order of their task ids. Raises NotReadable."""

    def frame_bytes(self, frame: Frame) -> bytes:
        """The picture, as it lies there: JPEG or PNG. Raises NotReadable."""

    def fingerprint(self, frame: Frame) -> str:
        """What changes if the picture does: `etag:…` in S3, `sha256:…` on this machine. Raises NotReadable."""

    def taxonomy(self, reference: str) -> bytes | None:
        """The file of the taxonomy that a document names (`lava/1`); None if it is not there."""


class FolderSource:
    """Tasks in a folder."""

    def __init__(self, folder: Path) -> None:
        """Raises NotReadable if there is no such folder."""
        if not folder.is_dir():
            raise NotReadable(f"{folder} is no folder; expected one with annotations.json files below it")
        self._folder = folder.resolve()

    def documents(self, chosen: TaskFilter = EVERYTHING) -> Iterator[AnnotationDocument]:
        """As `TaskSource` says."""
        read = (_document(path.read_bytes(), str(path)) for path in self._folder.rglob(_DOCUMENT))
        yield from sorted(filter(chosen.takes, read), key=lambda document: document.task_id)

    def frame_bytes(self, frame: Frame) -> bytes:
        """As `TaskSource` says."""
        path = self._path(frame.s3_uri)
        try:
            return path.read_bytes()
        except OSError as error:
            raise NotReadable(f"the frame {frame.s3_uri} is not at {path}: {error.strerror}") from error

    def fingerprint(self, frame: Frame) -> str:
        """As `TaskSource` says."""
        return f"sha256:{hashlib.sha256(self.frame_bytes(frame)).hexdigest()}"

    def taxonomy(self, reference: str) -> bytes | None:
        """As `TaskSource` says."""
        key = taxonomy_key(reference)
        path = None if key is None else self._folder / key
        return path.read_bytes() if path is not None and path.is_file() else None

    def _path(self, uri: str) -> Path:
        parts = urlsplit(uri)
        if parts.scheme == "file":
            return Path(unquote(parts.path))
        return self._folder / _s3(uri).key  # which has no `..`


class S3Frames:
    """Frames where their URIs say, without any tasks."""

    def __init__(self) -> None:
        self._etags = cache(_etags_below)

    def documents(self, chosen: TaskFilter = EVERYTHING) -> Iterator[AnnotationDocument]:  # noqa: ARG002 # it has none
        """None."""
        yield from ()

    def frame_bytes(self, frame: Frame) -> bytes:
        """As `TaskSource` says."""
        return s3_bytes(frame.s3_uri)

    def fingerprint(self, frame: Frame) -> str:
        """As `TaskSource` says. One listing answers for all frames that lie together."""
        folder, _, name = frame.s3_uri.rpartition("/")
        try:
            return f"etag:{self._etags(_s3(folder + '/'))[name]}"
        except KeyError:
            raise NotReadable(f"there is no frame {frame.s3_uri}") from None

    def taxonomy(self, reference: str) -> bytes | None:  # noqa: ARG002 # it has none
        """None."""
        return None


class StackSource(S3Frames):
    """Tasks of a stack: which there are says its API, the rest lies in S3."""

    def __init__(self, stack: "DeployedStack") -> None:
        super().__init__()
        self._stack = stack

    def documents(self, chosen: TaskFilter = EVERYTHING) -> Iterator[AnnotationDocument]:
        """As `TaskSource` says. A task that was completed before there were documents is named on stderr."""
        rows = self._stack.api().pages("/annotation-tasks", "annotationTasks", {"status": "Completed"})
        task_ids = sorted(row["taskId"] for row in rows)
        for task_id, document in zip(task_ids, side_by_side(self._find, task_ids), strict=True):
            if document is None:
                talk(f"Task {task_id} has no annotation document; it was completed by an older version of Everlabel.")
            elif chosen.takes(document):
                yield document

    def taxonomy(self, reference: str) -> bytes | None:
        """As `TaskSource` says."""
        from everlabel import objects

        key = taxonomy_key(reference)
        return None if key is None else objects.find(S3Uri(self.bucket, key))

    @property
    def bucket(self) -> str:
        """The stack's own, where documents and summaries are."""
        return self._stack.outputs["BucketName"]

    def document_of(self, task_id: str) -> AnnotationDocument:
        """The document of one task, without listing all. Raises NotReadable if it has none."""
        found = self._find(task_id)
        if found is None:
            raise NotReadable(f"there is no annotation document of a task {task_id!r}; only completed tasks have one")
        return found

    def _find(self, task_id: str) -> AnnotationDocument | None:
        from everlabel import objects

        _make_client()
        place = S3Uri(self._stack.outputs["BucketName"], f"tasks/{task_id}/{_DOCUMENT}")
        if objects.head(place) is None:
            return None
        return _document(objects.get(place), str(place))


def taxonomy_key(reference: str) -> str | None:
    """Where a taxonomy lies in a stack's bucket, and in a dataset version; None if that is no reference to one."""
    try:
        name, version = taxonomy_form.reference(reference)
    except ValueError:
        return None
    return f"{FOLDER}{name}/{version}.json"


def s3_bytes(uri: str) -> bytes:
    """An object of Amazon S3. Raises NotReadable if there is none."""
    from everlabel import objects

    _make_client()
    place = _s3(uri)
    if objects.head(place) is None:
        raise NotReadable(f"there is no object {uri}")
    return objects.get(place)


def _make_client() -> None:
    """Threads ask for the client of Amazon S3 at once, and boto3 cannot make two at the same time."""
    from everlabel import aws

    with _MAKING:
        aws.s3()


def side_by_side[A, B](function: Callable[[A], B], things: Iterable[A]) -> Iterator[B]:
    """What a function says of each thing, in order, a few asked at once; no more than that is held in memory."""
    left = iter(things)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        asked: deque[Future[B]] = deque(pool.submit(function, thing) for thing in islice(left, _AT_ONCE))
        while asked:
            answer = asked.popleft().result()
            asked.extend(pool.submit(function, thing) for thing in islice(left, 1))
            yield answer


def _document(text: bytes, place: str) -> AnnotationDocument:
    try:
        return annotation_json.read(text)
    except AnnotationsRefused as error:
        raise NotReadable(f"{place}: {error}") from error


def _s3(uri: str) -> S3Uri:
    try:
        return S3Uri.parse(uri)
    except ValueError as error:
        raise NotReadable(f"the URI {uri!r} {error}") from None


def _etags_below(folder: S3Uri) -> dict[str, str]:
    from everlabel import aws

    _make_client()
    pages = aws.s3().get_paginator("list_objects_v2").paginate(Bucket=folder.bucket, Prefix=folder.key, Delimiter="/")
    return {
        entry["Key"].removeprefix(folder.key): entry["ETag"].strip('"')
        for page in pages
        for entry in page.get("Contents", [])
    }
