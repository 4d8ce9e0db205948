"""Where dataset versions lie: `<place>/<name>/<number>/…`, in a folder or below an S3 prefix.

A version is there when its `dataset.json` is, which is written last; nothing of it is ever written again. Two builds
at once get two numbers. A build that was killed leaves its number unused.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from everlabel.s3_uri import S3Uri
from everlabel_cli.answer import NotDone

MANIFEST = "dataset.json"
_RESERVED = "reserved"
_PARTIAL = ".partial"

Files = Iterable[tuple[str, bytes]]
"""Relative paths and contents."""


class NoSuchVersion(NotDone):
    """A dataset, a version or a file of one that is not there."""


class Store(Protocol):
    """Dataset versions at one place."""

    def names(self) -> list[str]:
        """The datasets that have a version."""

    def numbers(self, name: str) -> list[int]:
        """The versions of a dataset, in order."""

    def read(self, name: str, number: int, path: str) -> bytes:
        """A file of a version. Raises NoSuchVersion."""

    def files(self, name: str, number: int) -> list[str]:
        """The files of a version, sorted."""

    def add(self, name: str, files: Callable[[int], Files]) -> int:
        """Writes the files of the next version, given its number, and then calls it complete. Returns the number."""

    def where(self, name: str, number: int) -> str:
        """The place of a version, for people."""


def open_store(place: str) -> Store:
    """The store at a path or an `s3://` prefix. Raises ValueError if the prefix is none."""
    if not place.startswith("s3://"):
        return FolderStore(Path(place))
    return S3Store(S3Uri.parse(place if place.endswith("/") else f"{place}/"))


class FolderStore:
    """Versions in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> list[str]:
        """As `Store` says."""
        if not self._root.is_dir():
            return []
        return sorted(path.name for path in self._root.iterdir() if path.is_dir() and self.numbers(path.name))

    def numbers(self, name: str) -> list[int]:
        """As `Store` says."""
        return sorted(number for number in self._taken(name) if (self._path(name, number) / MANIFEST).is_file())

    def read(self, name: str, number: int, path: str) -> bytes:
        """As `Store` says."""
        try:
            return (self._path(name, number) / path).read_bytes()
        except OSError as error:
            raise NoSuchVersion(f"there is no {path} in {self.where(name, number)}: {error.strerror}") from None

    def files(self, name: str, number: int) -> list[str]:
        """As `Store` says."""
        root = self._path(name, number)
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir())

    def add(self, name: str, files: Callable[[int], Files]) -> int:
        """As `Store` says."""
        number = max(self._taken(name), default=0) + 1
        while not self._reserve(name, number):
            number += 1
        partial = self._partial(name, number)
        try:
            write_files(partial, files(number))
            partial.rename(self._path(name, number))
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        return number

    def where(self, name: str, number: int) -> str:
        """As `Store` says."""
        return str(self._path(name, number))

    def _reserve(self, name: str, number: int) -> bool:
        try:
            self._partial(name, number).mkdir(parents=True)
        except FileExistsError:
            return False
        # Somebody may have completed this number since the numbers were listed.
        if not self._path(name, number).exists():
            return True
        self._partial(name, number).rmdir()
        return False

    def _partial(self, name: str, number: int) -> Path:
        return self._root / name / f"{number}{_PARTIAL}"

    def _path(self, name: str, number: int) -> Path:
        return self._root / name / str(number)

    def _taken(self, name: str) -> list[int]:
        folder = self._root / name
        found = [path.name.removesuffix(_PARTIAL) for path in folder.iterdir()] if folder.is_dir() else []
        return [int(text) for text in found if text.isdecimal()]


class S3Store:
    """Versions below an S3 prefix."""

    def __init__(self, root: S3Uri) -> None:
        self._root = root

    def names(self) -> list[str]:
        """As `Store` says."""
        return sorted(name for name in self._below("") if self.numbers(name))

    def numbers(self, name: str) -> list[int]:
        """As `Store` says."""
        from everlabel import objects

        return [number for number in self._taken(name) if objects.head(self._uri(name, number, MANIFEST)) is not None]

    def read(self, name: str, number: int, path: str) -> bytes:
        """As `Store` says."""
        from everlabel import objects

        uri = self._uri(name, number, path)
        if objects.head(uri) is None:
            raise NoSuchVersion(f"there is no {uri}")
        return objects.get(uri)

    def files(self, name: str, number: int) -> list[str]:
        """As `Store` says."""
        from everlabel import aws

        prefix = self._uri(name, number, "").key
        pages = aws.s3().get_paginator("list_objects_v2").paginate(Bucket=self._root.bucket, Prefix=prefix)
        keys = [entry["Key"].removeprefix(prefix) for page in pages for entry in page.get("Contents", [])]
        return sorted(key for key in keys if key != _RESERVED)

    def add(self, name: str, files: Callable[[int], Files]) -> int:
        """As `Store` says. A number is reserved by an object that only one can create."""
        from everlabel import aws, objects

        number = max(self._taken(name), default=0) + 1
        while not self._reserve(name, number):
            number += 1
        for path, content in files(number):
            uri = self._uri(name, number, path)
            if path == MANIFEST:
                aws.s3().put_object(
                    Bucket=uri.bucket, Key=uri.key, Body=content, ContentType="application/json", IfNoneMatch="*"
                )
            else:
                objects.put(uri, content, "application/octet-stream")
        reserved = self._uri(name, number, _RESERVED)
        aws.s3().delete_object(Bucket=reserved.bucket, Key=reserved.key)
        return number

    def where(self, name: str, number: int) -> str:
        """As `Store` says."""
        return str(self._uri(name, number, ""))

    def _reserve(self, name: str, number: int) -> bool:
        from botocore.exceptions import ClientError

        from everlabel import aws, objects

        uri = self._uri(name, number, _RESERVED)
        try:
            aws.s3().put_object(Bucket=uri.bucket, Key=uri.key, Body=b"", IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "ConditionalRequestConflict"}:
                return False
            raise
        # Somebody may have completed this number, and struck off the reservation, since the numbers were listed.
        if objects.head(self._uri(name, number, MANIFEST)) is None:
            return True
        aws.s3().delete_object(Bucket=uri.bucket, Key=uri.key)
        return False

    def _uri(self, name: str, number: int, path: str) -> S3Uri:
        return self._root / f"{name}/{number}/{path}"

    def _taken(self, name: str) -> list[int]:
        return sorted(int(text) for text in self._below(f"{name}/") if text.isdecimal())

    def _below(self, folder: str) -> Iterator[str]:
        from everlabel import aws

        prefix = (self._root / folder).key if folder else self._root.key
        prefix = "" if prefix == "/" else prefix
        pages = aws.s3().get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._root.bucket, Prefix=prefix, Delimiter="/"):
            for entry in page.get("CommonPrefixes", []):
                yield entry["Prefix"].removeprefix(prefix).rstrip("/")


def write_files(folder: Path, files: Files) -> None:
    """Writes files below a folder."""
    for path, content in files:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
