"""What the headers of coded pictures say before anything is decoded; what H.264 and H.265 have in common there.

Read is only what is as nearly all cameras and encoders make it: one sequence parameter set, whole frames, a picture a
packet. Whatever else there is, is `NotPlain`, and everything has to be decoded.
"""

from collections.abc import Iterator
from dataclasses import dataclass

HEADER_BYTES = 48
"""Enough for all that is read of a slice's header."""

# Supplemental information that says nothing about other pictures: timing, private data, hashes, light levels.
_HARMLESS_SEI = {0, 1, 4, 5, 6, 129, 132, 136, 137, 144}


class NotPlain(Exception):
    """Something is not as expected, so everything has to be decoded."""


@dataclass(frozen=True)
class CodedPicture:
    order: int
    """Pictures are shown in this order; it begins anew where `begins_order` says so."""
    begins_order: bool
    """All that came before in the file is shown before it."""
    is_entry: bool
    """Neither it nor what is shown after it needs anything that came before."""
    is_reference: bool
    """Others may be predicted from it."""
    needs_earlier: bool = False
    """It follows an entry, is shown before it and may need what came before that."""


class Bits:
    """Of a NAL unit, without the bytes that keep start codes out of it."""

    def __init__(self, data: bytes) -> None:
        unescaped = data.replace(b"\0\0\3", b"\0\0")
        self._left = len(unescaped) * 8
        self._value = int.from_bytes(unescaped)

    def u(self, count: int) -> int:
        """An unsigned number of so many bits. Raises NotPlain at the end."""
        self._left -= count
        if self._left < 0:
            raise NotPlain("a header is cut off")
        return self._value >> self._left & (1 << count) - 1

    def ue(self) -> int:
        """An unsigned Exp-Golomb number."""
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """A signed Exp-Golomb number."""
        number = self.ue()
        return (number + 1) // 2 if number % 2 else -(number // 2)

    def skip(self, what: str) -> None:
        """Letter after letter, `e` for an Exp-Golomb number and a digit for so many bits."""
        for kind in what:
            if kind == "e":
                self.ue()
            else:
                self.u(int(kind))


class PictureOrder:
    """The picture order count, of which a header has only so many of the least significant bits."""

    def __init__(self, bits: int) -> None:
        self._most = 1 << bits
        self._high = self._low = 0

    def begin(self) -> None:
        """Anew, with an entry."""
        self._high = self._low = 0

    def of(self, low: int, *, counts: bool) -> int:
        """The whole number; `counts` says whether the next picture goes by this one."""
        high = self._high
        if low < self._low and self._low - low >= self._most // 2:
            high += self._most
        elif low > self._low and low - self._low > self._most // 2:
            high -= self._most
        if counts:
            self._high, self._low = high, low
        return high + low


def units(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """The NAL units; `length_bytes` is how long the length before each is, 0 for start codes. Raises NotPlain."""
    if not length_bytes:
        before, *found = data.split(b"\0\0\1")
        if before.strip(b"\0"):
            raise NotPlain("bytes before the first start code")
        for unit in found:
            yield _whole(unit.rstrip(b"\0"), 1)
        return
    at = 0
    while at < len(data):
        begin = at + length_bytes
        at = begin + int.from_bytes(data[at:begin])
        yield _whole(data[begin:at], at - begin)


def counted_units(record: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    """So many parameter sets of a configuration record and where they end. Raises NotPlain."""
    found = []
    for _ in range(count):
        begin = at + 2
        at = begin + int.from_bytes(record[at:begin])
        found.append(_whole(record[begin:at], at - begin).rstrip(b"\0"))
    return found, at


def refuse_far_reaching(messages: bytes) -> None:
    """Raises NotPlain if supplemental information, given without its unit's header, may be about other pictures."""
    data = messages.replace(b"\0\0\3", b"\0\0")
    at = 0
    while len(data) - at >= 2 and data[at:] != b"\x80":
        kind, at = _in_bytes(data, at)
        size, at = _in_bytes(data, at)
        if kind not in _HARMLESS_SEI:
            raise NotPlain(f"supplemental information of kind {kind}")
        at += size


def _in_bytes(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    while data[at : at + 1] == b"\xff":
        number, at = number + 255, at + 1
    return number + int.from_bytes(data[at : at + 1]), at + 1


def _whole(unit: bytes, size: int) -> bytes:
    if len(unit) < max(size, 2):
        raise NotPlain("a NAL unit is cut off or empty")
    return unit
