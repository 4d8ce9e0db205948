"""Where an export is written: a new folder, or below an S3 prefix that holds nothing yet."""

import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import typer

from everlabel.s3_uri import S3Uri
from everlabel_cli.datasets.export import Export, File, Format
from everlabel_cli.datasets.store import Files, write_files


class Output(Protocol):
    """A place that takes an export."""

    uri: str | None
    """Its `s3://…/`, if it has one."""

    def write(self, files: Files) -> None:
        """Writes all files."""


class NewFolder:
    """A folder that appears with all files in it, or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.uri: str | None = None

    def write(self, files: Files) -> None:
        """As `Output` says."""
        partial = self._folder.with_name(f".{self._folder.name}.{uuid.uuid4().hex[:8]}.partial")
        try:
            partial.mkdir(parents=True)
            write_files(partial, files)
            partial.rename(self._folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


class NewPrefix:
    """A prefix in S3."""

    def __init__(self, prefix: S3Uri) -> None:
        self._prefix = prefix
        self.uri: str | None = str(prefix)

    def write(self, files: Files) -> None:
        """As `Output` says."""
        from everlabel import objects

        for path, content in files:
            objects.put(self._prefix / path, content, "application/octet-stream")


def open_output(place: str) -> Output:
    """The output at a path or an `s3://` prefix.

    Raises:
        typer.BadParameter: if there is something already, or the prefix is none.
    """
    if place.startswith("s3://"):
        from everlabel import aws

        try:
            prefix = S3Uri.parse(place if place.endswith("/") else f"{place}/")
        except ValueError as error:
            raise typer.BadParameter(f"{place!r} {error}", param_hint="--to") from error
        found = aws.s3().list_objects_v2(Bucket=prefix.bucket, Prefix=prefix.key, MaxKeys=1)
        if found.get("Contents"):
            raise typer.BadParameter(f"{place} holds something already", param_hint="--to")
        return NewPrefix(prefix)
    folder = Path(place).resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise typer.BadParameter(f"{folder} is there already; expected a new or an empty folder", param_hint="--to")
    return NewFolder(folder)


def write_export(export: Export, form: Format, output: Output, *, with_images: bool) -> int:
    """Writes an export and returns how many files it has."""
    count = 0

    def contents(files: Iterable[File]) -> Files:
        nonlocal count
        for file in files:
            if isinstance(file.content, bytes):
                yield file.path, file.content
            elif with_images:
                yield file.path, export.stored.frame_bytes(file.content)
            else:
                continue
            count += 1

    output.write(contents(form.files(export)))
    return count
