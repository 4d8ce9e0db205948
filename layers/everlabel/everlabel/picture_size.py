"""How wide and high a picture is, out of its first bytes: JPEG and PNG.

Sources: ITU-T T.81, annex B (the frame header begins with a start-of-frame marker); RFC 2083, section 4.1.1 (IHDR).
"""

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_STARTS_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # those are tables
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})


def picture_size(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of the picture with these first bytes; None if they do not tell."""
    if head.startswith(_PNG) and len(head) >= 24:
        return _plausible(int.from_bytes(head[16:20]), int.from_bytes(head[20:24]))
    return _of_jpeg(head) if head.startswith(_JPEG) else None


def _of_jpeg(head: bytes) -> tuple[int, int] | None:
    at = len(_JPEG)
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker in _STARTS_OF_FRAME:
            return _plausible(int.from_bytes(head[at + 7 : at + 9]), int.from_bytes(head[at + 5 : at + 7]))
        if marker == 0xFF:  # fill
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        else:
            at += 2 + int.from_bytes(head[at + 2 : at + 4])
    return None


def _plausible(width: int, height: int) -> tuple[int, int] | None:
    return (width, height) if width and height else None
