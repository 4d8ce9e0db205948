"""MOTChallenge: `<split>/<clip>/gt/gt.txt`, `seqinfo.ini`, pictures in `img1/`; `seqmaps/<split>.txt` for TrackEval.

A line a box of a track: frame and track number from 1, left and top (the upper left pixel is 1, 1 there), width,
height, 1 if it counts (0 where nobody labeled), class number from 1, visible share. Numbers of tracks are each clip's
own, in the order in which they come up; `gt/tracks.txt` says which track a number stands for. Boxes that nobody tracked
are in `det/det.txt`, with -1 for a track, as MOTChallenge has detections.

Source: https://motchallenge.net/instructions/, https://arxiv.org/abs/1603.00831, section 3.3
"""

from collections.abc import Iterator
from configparser import ConfigParser
from io import StringIO

from everlabel.annotation_document import Label, ShapeType
from everlabel_cli.datasets.export import IGNORE, Export, File, Format
from everlabel_cli.datasets.geometry import left_top_size, number, occlusion, size
from everlabel_cli.datasets.sequences import Sequence

_VISIBLE = {None: "1", 0: "1", 1: "0.5", 2: "0.25"}
"""By how much is hidden; workers say none, partial or major, not a share."""


def _files(export: Export) -> Iterator[File]:
    classes = export.classes(ShapeType.BOX)
    names: dict[str, list[str]] = {split: [] for split in export.splits}
    for sequence in export.sequences():
        names[sequence.split].append(sequence.name)
        root = f"{sequence.split}/{sequence.name}"
        for path, text in _texts(sequence, classes).items():
            yield File(f"{root}/{path}", text.encode())
        for place, frame in enumerate(sequence.frames):
            yield File(f"{root}/img1/{place + 1:06d}{_suffix(sequence)}", frame)
    for split, found in names.items():
        yield File(f"seqmaps/{split}.txt", "".join(f"{name}\n" for name in ["name", *found]).encode())


def _texts(sequence: Sequence, classes: list[str]) -> dict[str, str]:
    numbers = {name: number for number, name in enumerate(classes, start=1)}
    tracks = sequence.track_numbers()
    boxes = [(place, label) for place, label in sequence.everything() if label.shape.type is ShapeType.BOX]
    texts = {
        "gt/gt.txt": "".join(
            _line(place, tracks[label.track_id], label, numbers) for place, label in boxes if label.track_id is not None
        ),
        "gt/labels.txt": "".join(f"{' '.join(name.split())}\n" for name in classes),
        "gt/tracks.txt": "".join(f"{number}\t{track}\n" for track, number in tracks.items()),
        "seqinfo.ini": _sequence_info(sequence),
    }
    if any(label.track_id is None for _, label in boxes):
        texts["det/det.txt"] = "".join(
            _line(place, -1, label, numbers) for place, label in boxes if label.track_id is None
        )
    return texts


def _line(place: int, track: int, label: Label, numbers: dict[str, int]) -> str:
    left, top, width, height = left_top_size(label.shape)
    corner_and_size = ",".join(number(value) for value in (left + 1, top + 1, width, height))
    counts = int(label.class_name != IGNORE)
    visible = _VISIBLE[occlusion(label.attributes)]
    return f"{place + 1},{track},{corner_and_size},{counts},{numbers[label.class_name]},{visible}\n"


def _sequence_info(sequence: Sequence) -> str:
    width, height = size(sequence.frames[0])
    info = ConfigParser(interpolation=None)
    info.optionxform = str  # type: ignore[assignment,method-assign] # else it writes small letters only
    info["Sequence"] = {
        "name": sequence.name,
        "imDir": "img1",
        "frameRate": f"{sequence.fps:g}",
        "seqLength": str(len(sequence.frames)),
        "imWidth": str(width),
        "imHeight": str(height),
        "imExt": _suffix(sequence),
    }
    text = StringIO()
    info.write(text, space_around_delimiters=False)
    return text.getvalue()


def _suffix(sequence: Sequence) -> str:
    return f".{sequence.images[0].rpartition('.')[2]}"


FORMAT = Format("mot", frozenset({ShapeType.BOX}), _files)
