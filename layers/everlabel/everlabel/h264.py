"""The headers of H.264.

Sources: ITU-T H.264, clauses 7.3 (syntax) and 8.2.1 (picture order); ISO/IEC 14496-15, clause 5.3 (configuration).
"""

from everlabel.coded_picture import (
    HEADER_BYTES,
    Bits,
    CodedPicture,
    NotPlain,
    PictureOrder,
    counted_units,
    refuse_far_reaching,
    units,
)

_SLICE, _IDR_SLICE, _SEI, _SPS, _PPS = 1, 5, 6, 7, 8
_INTRA = 2
_NOTHING_TO_SAY = {9, 12}  # access unit delimiter, filler
_PROFILES_WITH_CHROMA_FORMAT = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}


class H264:
    """Reads packet after packet of one stream. Raises NotPlain, here and later."""

    def __init__(self, extradata: bytes) -> None:
        self._length_bytes, sets = _configuration(extradata)
        self._sets = frozenset(sets)
        sequences = [unit for unit in self._sets if unit[0] & 31 == _SPS]
        if len(sequences) != 1:
            raise NotPlain(f"{len(sequences)} sequence parameter sets")
        self._read_sps(sequences[0])
        self._pictures: set[int] = set()
        self._last_reference = 0
        for unit in self._sets:
            if unit[0] & 31 == _PPS:
                self._read_pps(Bits(unit[1:]))

    def read(self, packet: bytes) -> CodedPicture:
        """To be called with every packet, from an entry on."""
        slices = []
        for unit in units(packet, self._length_bytes):
            kind = unit[0] & 31
            if kind in {_SLICE, _IDR_SLICE}:
                slices.append(unit)
            elif kind == _SEI:
                refuse_far_reaching(unit[1:])
            elif unit.rstrip(b"\0") not in self._sets and kind not in _NOTHING_TO_SAY:
                raise NotPlain(f"NAL unit of kind {kind}, or another parameter set")
        return self._picture(slices)

    def _picture(self, slices: list[bytes]) -> CodedPicture:
        is_entry = any(unit[0] & 31 == _IDR_SLICE for unit in slices)
        is_reference = any(unit[0] >> 5 & 3 for unit in slices)
        headers = [Bits(unit[1:HEADER_BYTES]) for unit in slices]
        first_blocks = [header.ue() for header in headers]
        if first_blocks[:1] != [0] or 0 in first_blocks[1:]:
            raise NotPlain("not one picture in a packet, or its slices in any order")
        header = headers[0]
        kind = header.ue() % 5
        if header.ue() not in self._pictures:
            raise NotPlain("a picture parameter set that is not there")
        self._count(header.u(self._frame_number_bits), is_entry=is_entry, is_reference=is_reference)
        if not self._only_frames and header.u(1):
            raise NotPlain("fields")
        if is_entry:
            header.skip("e")  # its id
            self._order.begin()
            self._since_entry = 0
        self._since_entry += 1
        order = self._since_entry
        if self._order_bits:
            order = self._order.of(header.u(self._order_bits), counts=is_reference)
        if is_entry and (kind != _INTRA or header.u(1)):
            raise NotPlain("an entry that is not coded by itself, or pictures that are not shown after all")
        return CodedPicture(order, is_entry, is_entry, is_reference)

    def _count(self, number: int, *, is_entry: bool, is_reference: bool) -> None:
        """A picture is numbered one after the reference before it; if not, one is missing or numbering began anew."""
        if number != (0 if is_entry else (self._last_reference + 1) % (1 << self._frame_number_bits)):
            raise NotPlain("a reference is missing, or all of them were given up (memory management operation 5)")
        if is_reference:
            self._last_reference = number

    def _read_sps(self, sps: bytes) -> None:
        bits = Bits(sps[4:])
        bits.skip("e")  # its id
        if sps[1] in _PROFILES_WITH_CHROMA_FORMAT:
            chroma = bits.ue()
            if chroma == 3 and bits.u(1):
                raise NotPlain("colour planes apart")
            bits.skip("ee1")  # depths, lossless
            if bits.u(1):
                for number in range(12 if chroma == 3 else 8):
                    if bits.u(1):
                        _skip_scaling_list(bits, 16 if number < 6 else 64)
        self._frame_number_bits = bits.ue() + 4
        kind = bits.ue()
        if kind not in {0, 2}:
            raise NotPlain(f"picture order of kind {kind}")
        self._order_bits = bits.ue() + 4 if kind == 0 else 0
        bits.skip("e1ee")  # references, gaps, width, height
        self._only_frames = bits.u(1)
        self._order = PictureOrder(self._order_bits)
        self._since_entry = 0

    def _read_pps(self, bits: Bits) -> None:
        number = bits.ue()
        if number in self._pictures:
            raise NotPlain("two picture parameter sets with one id")
        self._pictures.add(number)
        bits.skip("e1")  # the sequence's id, the entropy coding
        if bits.u(1):
            raise NotPlain("each field has an order of its own")
        if bits.ue():
            raise NotPlain("groups of slices")
        bits.skip("ee12eee11")  # references, weights, quantizers, deblocking, prediction
        if bits.u(1):
            raise NotPlain("pictures that are coded twice")


def _configuration(data: bytes) -> tuple[int, list[bytes]]:
    """How long the length before a NAL unit is in bytes, and the parameter sets."""
    if data[:1] != b"\1" or len(data) < 7:
        return 0, list(units(data, 0))
    sequences, at = counted_units(data, 6, data[5] & 31)
    pictures, _ = counted_units(data, at + 1, int.from_bytes(data[at : at + 1]))
    return (data[4] & 3) + 1, sequences + pictures


def _skip_scaling_list(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last
