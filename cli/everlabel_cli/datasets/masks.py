"""Masks: the pictures that they are in, and which pixels of one they cover.

A mask is the pixels of one colour in a PNG, whose place the annotation document names. Reading it needs the extra
`everlabel[render]`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from everlabel.annotation_document import AnnotationDocument, Frame, Label, Shape
from everlabel_cli.answer import NotDone
from everlabel_cli.datasets.geometry import size


@dataclass(frozen=True)
class Runs:
    """The pixels of a mask: how many in a row are not of it, are of it, are not of it …, column by column.

    That is COCO's run-length encoding: https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c
    """

    counts: list[int]
    box: tuple[int, int, int, int]
    """Left, top, width and height of what is covered."""

    @property
    def area(self) -> int:
        """How many pixels are covered."""
        return sum(self.counts[1::2])

    @property
    def text(self) -> str:
        """The counts as COCO writes them: from the fourth on what each is more than the one two before it, the lowest
        five bits first, as characters from `0` on; the sixth bit says that more follow."""
        letters = []
        for place, count in enumerate(self.counts):
            left = count - self.counts[place - 2] if place > 2 else count
            is_more = True
            while is_more:
                bits, left = left & 0x1F, left >> 5
                is_more = left != (-1 if bits & 0x10 else 0)
                letters.append(chr(48 + bits + 0x20 * is_more))
        return "".join(letters)


def pictures(document: AnnotationDocument) -> list[Frame]:
    """The pictures that a document's masks are in, each once: a source of tasks finds any picture as it finds a
    frame."""
    frames = {label.shape.mask_uri: document.frames[label.frame] for label in document.labels if label.shape.mask_uri}
    return [as_frame(uri, frame) for uri, frame in frames.items()]


def as_frame(uri: str, frame: Frame) -> Frame:
    """The picture of a mask, as large as the frame that it is of."""
    return Frame(frame.index, frame.name, uri, frame.fps, frame.time, frame.width, frame.height)


def runs(label: Label, frame: Frame, read: Callable[[Frame], bytes]) -> Runs | None:
    """The pixels of a label that is a mask; None if it has none.

    Raises:
        NotDone: if its picture is none, or not as large as the frame, or there is nothing to read it with.
    """
    try:
        import cv2
        import numpy as np
    except ImportError:
        raise NotDone("masks are read with OpenCV; install everlabel[render]") from None
    uri, colour = _place(label.shape)
    content = np.frombuffer(read(as_frame(uri, frame)), np.uint8)
    found = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if found is None:
        raise NotDone(f"the mask {uri} is no picture")
    if (found.shape[1], found.shape[0]) != size(frame):
        raise NotDone(f"the mask {uri} is {found.shape[1]} x {found.shape[0]} pixels, unlike its frame {frame.s3_uri}")
    covered = (found == np.frombuffer(colour[::-1], np.uint8)).all(axis=2)  # OpenCV has blue first
    if not covered.any():
        return None
    columns = covered.ravel(order="F")
    turns = np.flatnonzero(columns[1:] != columns[:-1]) + 1
    counts = np.diff([0, *turns, columns.size]).tolist()
    left, top, width, height = cv2.boundingRect(covered.astype(np.uint8))
    return Runs([0, *counts] if columns[0] else counts, (left, top, width, height))


def _place(shape: Shape) -> tuple[str, bytes]:
    if shape.mask_uri is None or shape.mask_color is None:
        raise ValueError(f"{shape} is no mask")
    try:
        colour = bytes.fromhex(shape.mask_color.removeprefix("#"))
    except ValueError:
        colour = b""
    if len(colour) != 3:
        raise NotDone(f"the mask {shape.mask_uri} has the colour {shape.mask_color!r}; expected one like #2ca02c")
    return shape.mask_uri, colour
