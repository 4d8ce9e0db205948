"""A file that only grows, and what it was at some moment: a year of an output manifest at the price of its lines."""

import hashlib


class GrowingFile:
    """Bytes that are only ever added to."""

    def __init__(self) -> None:
        self.content = bytearray()
        self._md5 = hashlib.md5(usedforsecurity=False)

    def extend(self, more: bytes) -> "Snapshot":
        """Adds bytes, and gives the file as it is then."""
        self.content += more
        self._md5.update(more)
        return Snapshot(self, len(self.content), f'"{self._md5.hexdigest()}"')


class Snapshot:
    """The file as it once was; costs nothing until it is read. `etag` is the MD5, as Amazon S3 gives it."""

    __slots__ = ("_file", "_size", "etag")

    def __init__(self, file: GrowingFile, size: int, etag: str) -> None:
        self._file, self._size, self.etag = file, size, etag

    def __len__(self) -> int:
        return self._size

    def __bytes__(self) -> bytes:
        return self[:]

    def __getitem__(self, span: slice) -> bytes:
        start, end, step = span.indices(self._size)
        return bytes(self._file.content[start:end:step])
