"""What has to be known about image files without decoding them: sizes, and the palette of a mask.

Sources: ITU-T T.81 (JPEG markers), W3C PNG specification (chunks).
"""

import struct
import zlib

_PNG = b"\x89PNG\r\n\x1a\n"
_GREYSCALE, _PALETTE = 0, 3


class NotAnImage(ValueError):
    """Neither a JPEG nor a PNG file, or a truncated one."""


def image_size(image: bytes) -> tuple[int, int]:
    """Width and height in pixels of a JPEG or PNG file; raises `NotAnImage`."""
    try:
        if image.startswith(_PNG):
            width, height = struct.unpack_from(">II", image, 16)
            return width, height
        if image.startswith(b"\xff\xd8"):
            return _jpeg_size(image)
    except (struct.error, IndexError) as error:
        raise NotAnImage("the image is truncated") from error
    raise NotAnImage("neither JPEG nor PNG")


def with_palette(mask: bytes, colors: list[str]) -> bytes:
    """A greyscale mask (8 bits a pixel, PNG) as the palette image Ground Truth writes: pixel n has the colour
    `colors[n]` (like "#ffffff"). The pixels are the same bytes in both; raises `NotAnImage`."""
    if not mask.startswith(_PNG) or len(mask) < 33 or mask[24] != 8 or mask[25] not in (_GREYSCALE, _PALETTE):
        raise NotAnImage("a mask is a PNG with one channel of 8 bits")
    if mask[25] == _PALETTE:
        return mask
    header = mask[16:25] + bytes([_PALETTE]) + mask[26:29]
    palette = b"".join(bytes.fromhex(color[1:]) for color in colors)
    return _PNG + _chunk(b"IHDR", header) + _chunk(b"PLTE", palette.ljust(3 * 256, b"\0")) + mask[33:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _jpeg_size(image: bytes) -> tuple[int, int]:
    at = 2
    while True:
        while image[at] == 0xFF and image[at + 1] == 0xFF:
            at += 1
        marker, length = image[at + 1], struct.unpack_from(">H", image, at + 2)[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a start of frame, not a table
            height, width = struct.unpack_from(">HH", image, at + 5)
            return width, height
        at += 2 + length
