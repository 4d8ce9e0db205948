"""How long a file says it is, where its first bytes do: AVI and Matroska. A shorter one was cut off.

Sources: the size of the RIFF chunk (Microsoft's RIFF specification); EBML variable-size integers and the Matroska
segment's size (RFC 8794, RFC 9559).
"""

_EBML = bytes.fromhex("1a45dfa3")
_SEGMENT = bytes.fromhex("18538067")


def declared_size(head: bytes) -> int | None:
    """The size in bytes that a file with these first bytes (a kilobyte is plenty) should at least have, if it says."""
    if head.startswith(b"RIFF") and len(head) >= 8:
        return 8 + int.from_bytes(head[4:8], "little")
    if head.startswith(_EBML):
        header = _variable_size(head, len(_EBML))
        if header is not None:
            segment = len(_EBML) + header[1] + header[0]
            body = _variable_size(head, segment + len(_SEGMENT))
            if body is not None and head.startswith(_SEGMENT, segment):
                return segment + len(_SEGMENT) + body[1] + body[0]
    return None


def _variable_size(data: bytes, at: int) -> tuple[int, int] | None:
    """The value and its width in bytes, which is one more than its first byte has leading zeros. All ones: unknown."""
    if at >= len(data) or data[at] == 0:
        return None
    width = 9 - data[at].bit_length()
    if at + width > len(data):
        return None
    largest = (1 << 7 * width) - 1
    value = int.from_bytes(data[at : at + width]) & largest
    return None if value == largest else (value, width)
