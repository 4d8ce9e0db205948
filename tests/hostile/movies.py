"""QuickTime files of two by two uncompressed pixels, box by box, so that a test can lie in any of them.

https://developer.apple.com/documentation/quicktime-file-format
"""

import struct
from dataclasses import dataclass

PICTURE = bytes(16)
"""Two rows of two pixels; rows are padded to four bytes."""


def box(kind: bytes, *content: bytes) -> bytes:
    """An atom: its size, its kind, its content."""
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, *content: bytes, flags: int = 0) -> bytes:
    """An atom with a version (0) and flags."""
    return box(kind, struct.pack(">I", flags), *content)


def ints(*numbers: int) -> bytes:
    """Unsigned, of 32 bits each."""
    return struct.pack(f">{len(numbers)}I", *numbers)


def elsewhere(path: str) -> bytes:
    """A data reference to another file: an alias of classic Mac OS, as FFmpeg reads it."""
    name = path.rpartition("/")[2].encode()
    place = path.encode() + b"\0" * (len(path) % 2)
    return full(
        b"alis",
        bytes(10) + bytes([1]) + b"v".ljust(27, b"\0") + bytes(12),
        bytes([len(name)]) + name[:63].ljust(63, b"\0") + bytes(16),
        struct.pack(">HH", 0, 0) + bytes(16),
        struct.pack(">HH", 2, len(path)) + place,
        struct.pack(">HH", 0xFFFF, 0),
    )


@dataclass(frozen=True)
class Movie:
    """What the boxes say; the defaults say the truth about ten pictures, ten a second."""

    pictures: int = 10
    timescale: int = 10
    duration: int = 1
    """Of a picture, in units of the timescale."""
    samples: int | None = None
    """How many pictures `stsz` has, if not as many as there are."""
    sizes: bytes | None = None
    """The whole table of `stsz`, instead of one size for all."""
    width: int = 2
    height: int = 2
    entry: bytes = b"raw "
    extra: bytes = b""
    """Boxes in the sample entry."""
    reference: bytes | None = None
    """The data reference; the file itself, if None."""
    first_offset: int | None = None
    handler: bytes = b"vide"
    tables: bytes = b""
    """More boxes of the sample table."""
    edits: bytes = b""
    tracks: int = 1

    def file(self) -> bytes:
        """Its bytes."""
        begin = box(b"ftyp", b"qt  ", ints(0), b"qt  ")
        data = box(b"mdat", PICTURE * self.pictures)
        return begin + data + self._moov(len(begin) + 8)

    def _moov(self, offset: int) -> bytes:
        samples = self.pictures if self.samples is None else self.samples
        length = min(samples * self.duration, 2**32 - 1)
        matrix = ints(1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
        size = ints(self.width << 16, self.height << 16)
        description = box(
            self.entry,
            bytes(6) + struct.pack(">H", 1) + bytes(16),
            struct.pack(">HH", self.width, self.height),
            ints(72 << 16, 72 << 16, 0) + struct.pack(">H", 1) + bytes(32) + struct.pack(">Hh", 24, -1),
            self.extra,
        )
        reference = full(b"url ", flags=1) if self.reference is None else self.reference
        table = box(
            b"stbl",
            full(b"stsd", ints(1), description),
            full(b"stts", ints(1, samples, self.duration)),
            full(b"stsc", ints(1, 1, samples, 1)),
            full(b"stsz", ints(len(PICTURE), samples) if self.sizes is None else self.sizes),
            full(b"stco", ints(1, offset if self.first_offset is None else self.first_offset)),
            self.tables,
        )
        media = box(
            b"mdia",
            full(b"mdhd", ints(0, 0, self.timescale, length, 0)),
            full(b"hdlr", b"mhlr", self.handler, bytes(12), b"\0"),
            box(b"minf", full(b"vmhd", bytes(8), flags=1), box(b"dinf", full(b"dref", ints(1), reference)), table),
        )
        header = full(b"tkhd", ints(0, 0, 1, 0, length), bytes(8 + 8), matrix, size, flags=3)
        movie = full(b"mvhd", ints(0, 0, self.timescale, length, 1 << 16), bytes(12), matrix, bytes(24), ints(2))
        return box(b"moov", movie, *[box(b"trak", header, self.edits, media)] * self.tracks)
