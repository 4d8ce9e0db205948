"""A file that only grows, and what it was at some moment: a year of an output manifest for less than its lines."""

import hashlib
import zlib

_BLOCK = 1 << 18
"""Bytes that are packed together: what the reconciler reads at a time."""


class GrowingFile:
    """Bytes that are only ever added to."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._tail = bytearray()
        self._md5 = hashlib.md5(usedforsecurity=False)

    def __len__(self) -> int:
        return len(self._packed) * _BLOCK + len(self._tail)

    def extend(self, more: bytes) -> "Snapshot":
        """Adds bytes, and gives the file as it is then."""
        self._tail += more
        self._md5.update(more)
        while len(self._tail) >= _BLOCK:
            self._packed.append(zlib.compress(self._tail[:_BLOCK], 1))
            del self._tail[:_BLOCK]
        return Snapshot(self, len(self), f'"{self._md5.hexdigest()}"')

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to before `end`."""
        first, behind = start // _BLOCK, -(-end // _BLOCK)
        blocks = [zlib.decompress(packed) for packed in self._packed[first:behind]]
        if behind > len(self._packed):
            blocks.append(bytes(self._tail))
            first = min(first, len(self._packed))
        return b"".join(blocks)[start - first * _BLOCK : end - first * _BLOCK]


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
        return self._file.read(start, max(start, end))[::step]
