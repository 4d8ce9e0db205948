"""The headers of H.265.

Sources: ITU-T H.265, clauses 7.3 (syntax), 7.4.2.2 (kinds of units) and 8.3.1 (picture order); ISO/IEC 14496-15,
clause 8.3 (configuration).
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

_SPS, _PPS = 33, 34
_IDR, _CRA, _SEI = {19, 20}, 21, {39, 40}
_SLICES = {*range(10), *_IDR, _CRA}
_LEADING = range(6, 10)
_NEED_EARLIER = range(8, 10)
_NOTHING_TO_SAY = {35, 38}  # access unit delimiter, filler


class H265:
    """Reads packet after packet of one stream. Raises NotPlain, here and later."""

    def __init__(self, extradata: bytes) -> None:
        self._length_bytes, sets = _configuration(extradata)
        self._sets = frozenset(sets)
        for unit in self._sets:
            if unit[0] >> 1 in _SEI:
                refuse_far_reaching(unit[2:])
        sequences = [unit for unit in self._sets if unit[0] >> 1 == _SPS]
        if len(sequences) != 1:
            raise NotPlain(f"{len(sequences)} sequence parameter sets")
        self._read_sps(Bits(sequences[0][2:]))
        self._extra_bits: dict[int, int] = {}
        for unit in self._sets:
            if unit[0] >> 1 == _PPS:
                self._read_pps(Bits(unit[2:]))

    def read(self, packet: bytes) -> CodedPicture:
        """To be called with every packet, from an entry on."""
        slices = []
        for unit in units(packet, self._length_bytes):
            kind = unit[0] >> 1
            if unit[0] & 1 or unit[1] >> 3 or len(unit) < 3:
                raise NotPlain("another layer, or nothing in it")
            if kind in _SLICES:
                slices.append(unit)
            elif kind in _SEI:
                refuse_far_reaching(unit[2:])
            elif unit.rstrip(b"\0") not in self._sets and kind not in _NOTHING_TO_SAY:
                raise NotPlain(f"NAL unit of kind {kind}, or another parameter set")
        # The first bit says whether a slice is a picture's first; the bytes before, what kind the picture is.
        if [unit[2] >> 7 for unit in slices] != [1] + [0] * (len(slices) - 1) or len({unit[:2] for unit in slices}) > 1:
            raise NotPlain("not one picture in a packet")
        return self._picture(slices[0])

    def _picture(self, slice_: bytes) -> CodedPicture:
        kind, layer = slice_[0] >> 1, (slice_[1] & 7) - 1
        header = Bits(slice_[2:HEADER_BYTES])
        header.skip("1")
        if kind >= 16 and header.u(1):
            raise NotPlain("pictures that are not shown after all")
        extra = self._extra_bits.get(header.ue())
        if extra is None:
            raise NotPlain("a picture parameter set that is not there")
        header.u(extra)
        header.skip("e")  # the slice's type
        if kind in _IDR:
            self._order.begin()
            return CodedPicture(0, begins_order=True, is_entry=True, is_reference=True)
        # Below 16, even numbers are pictures that no other of their own temporal layer refers to; a higher one might.
        is_leaf = kind < 16 and kind % 2 == 0
        counts = layer == 0 and not is_leaf and kind not in _LEADING
        return CodedPicture(
            self._order.of(header.u(self._order_bits), counts=counts),
            begins_order=False,
            is_entry=kind == _CRA,
            is_reference=not (is_leaf and layer == self._highest_layer),
            needs_earlier=kind in _NEED_EARLIER,
        )

    def _read_sps(self, bits: Bits) -> None:
        bits.skip("4")  # the id of the video's parameter set
        self._highest_layer = bits.u(3)
        bits.u(1 + 96)  # nesting; profile, tier and level
        present = [(bits.u(1), bits.u(1)) for _ in range(self._highest_layer)]
        bits.u(2 * (8 - self._highest_layer) if self._highest_layer else 0)
        for profile, level in present:
            bits.u(88 * profile + 8 * level)
        bits.skip("e")  # its id
        if bits.ue() == 3 and bits.u(1):
            raise NotPlain("colour planes apart")
        bits.skip("ee")  # width, height
        if bits.u(1):
            bits.skip("eeee")  # what is cut off at the sides
        bits.skip("ee")  # depths
        self._order_bits = bits.ue() + 4
        self._order = PictureOrder(self._order_bits)

    def _read_pps(self, bits: Bits) -> None:
        number = bits.ue()
        if number in self._extra_bits:
            raise NotPlain("two picture parameter sets with one id")
        bits.skip("e1")  # the sequence's id, dependent slices
        if bits.u(1):
            raise NotPlain("pictures that may not be shown")
        self._extra_bits[number] = bits.u(3)


def _configuration(data: bytes) -> tuple[int, list[bytes]]:
    """How long the length before a NAL unit is in bytes, and the parameter sets."""
    if data[:1] != b"\1" or len(data) < 23:
        return 0, list(units(data, 0))
    found, at = [], 23
    for _ in range(data[22]):
        sets, at = counted_units(data, at + 3, int.from_bytes(data[at + 1 : at + 3]))
        found += sets
    return (data[21] & 3) + 1, found
