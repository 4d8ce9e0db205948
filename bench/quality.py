"""How near a JPEG's brightness, which carries what the eye sees of a quantizer, is to the picture it was made of."""

from io import BytesIO

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane

type Brightness = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def brightness(picture: VideoFrame) -> Brightness:
    """Of BT.601 from 0 to 255, as JPEG means it, of a picture in BT.709's limited range with 4:2:0."""
    luma, blue, red = (_floats(plane) for plane in picture.planes)
    luma, blue, red = (luma - 16) / 219, (blue - 128) / 224, (red - 128) / 224
    return (luma + (0.101579 * blue + 0.196076 * red).repeat(2, axis=0).repeat(2, axis=1)) * 255


def brightness_as_it_is(picture: VideoFrame) -> Brightness:
    """Only stretched to 0 to 255: FFmpeg's command line leaves the matrix of BT.709 in its JPEGs."""
    return (_floats(picture.planes[0]) - 16) / 219 * 255


def psnr(jpeg: bytes, exact: Brightness) -> float:
    """In dB."""
    with av.open(BytesIO(jpeg), "r", format="mjpeg") as container:
        shown = _floats(next(container.decode(video=0)).planes[0])
    return float(10 * np.log10(255**2 / np.mean((shown - np.clip(exact, 0, 255)) ** 2)))


def _floats(plane: VideoPlane) -> Brightness:
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width].astype(np.float64)
