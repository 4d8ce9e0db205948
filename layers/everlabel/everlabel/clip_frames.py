"""The frames of a task's clip as the annotation document has them, sequence by sequence."""

from collections.abc import Iterable
from dataclasses import dataclass

from everlabel import objects, strict_json, task_table
from everlabel.annotation_document import Frame
from everlabel.errors import ManifestRefused
from everlabel.label_files import base_name
from everlabel.picture_size import picture_size
from everlabel.protocol import read_line
from everlabel.s3_uri import S3Uri
from everlabel.task_table import Frames

_HEAD_BYTES = 65_536
"""Enough for the header of a picture, even with a preview in front of it."""
_DIGITS = 6  # of a second


@dataclass(frozen=True)
class Window:
    """The frames of one sequence: at most 2,000, which is what is merged at a time."""

    rate: str
    sequence: str
    """Its URI: what a video job's data object refers to."""
    frames: dict[str, Frame]
    """By their files' names."""
    by_uri: dict[str, Frame]
    """By their URIs: what an image job's data objects refer to."""


def windows(task_id: str, rates: Iterable[str]) -> list[Window]:
    """All frames of a task, in the order of their rate and time; their attributes are not known yet.

    A frame's time is its number divided by the frame rate. All frames of a rate are taken to be of the first one's
    size, which is read from its header.
    """
    found: list[Window] = []
    index = 0
    for rate in sorted(rates, key=float):
        frames = Frames.get(task_id, task_table.frames_item(rate), consistent_read=True)
        if frames.sequences_manifest is None:
            raise ManifestRefused(f"annotation task {task_id} has no frames at {rate} fps yet")
        size: tuple[int | None, int | None] | None = None
        number = 0
        for line in objects.get_lines(S3Uri.parse(frames.sequences_manifest)):
            uri = str(read_line(line.decode())["source-ref"])
            sequence = strict_json.read(objects.get(S3Uri.parse(uri)))
            window = Window(rate, uri, {}, {})
            for entry in sequence["frames"]:
                place = f"{sequence['prefix']}{entry['frame']}"
                size = size or _size(S3Uri.parse(place))
                frame = Frame(
                    index, base_name(place), place, float(rate), round(number / float(rate), _DIGITS), size[0], size[1]
                )
                window.frames[frame.name] = window.by_uri[place] = frame
                index, number = index + 1, number + 1
            found.append(window)
    return found


def _size(picture: S3Uri) -> tuple[int | None, int | None]:
    head = objects.first_bytes(picture, _HEAD_BYTES)
    return (picture_size(head) if head is not None else None) or (None, None)
