"""What the levels of a task said of one data object, made one: the last level that labeled it has the word.

Labeling jobs that are chained from one another, directly or not, stand in a tree: the job that was given bare frames,
and those that were given its labels. Of all jobs of a tree that labeled the data object, the one of the highest level
has the word; at one level adjustment comes before verification, then the job's name decides. So no object is there
twice, whatever was chained from what. What each object is to the level before, `matching` says.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from everlabel.agreement import Agreement
from everlabel.annotation_document import Change, Classification, Frame, Label, Origin
from everlabel.label_files import Drawn, FrameLabels
from everlabel.matching import farthest, pairs

Step = tuple[int, str]
"""A level and a labeling job of it."""
_NOTHING = FrameLabels()


@dataclass(frozen=True)
class Said:
    """The labels that one labeling job gave a data object, by the names of the frames' files."""

    step: Step
    source: Step | None
    """Whose labels it was given."""
    verifies: bool
    origin: Origin
    frames: Mapping[str, FrameLabels]


@dataclass(frozen=True)
class SaidClass:
    """The class that one labeling job gave a frame as a whole."""

    step: Step
    source: Step | None
    origin: Origin
    class_name: str
    confidence: float | None


def merge(said: Sequence[Said], frames: Mapping[str, Frame], agreements: Mapping[Step, Agreement]) -> Iterator[Label]:
    """The accepted labels of a data object, frame by frame.

    Args:
        said: what the jobs of one tree said of it.
        frames: its frames, by their files' names.
        agreements: where each step that was given labels counts what it changed.
    """
    if not said:
        return
    by_step = {found.step: found for found in said}
    last = last_word(said)
    for name, frame in frames.items():
        for found in said:
            if found is not last:
                _compare(found, by_step, name, frame, agreements)
        for drawn, change in _compare(last, by_step, name, frame, agreements):
            yield _label(drawn, change, last, frame)


def last_word(said: Sequence[Said]) -> Said:
    """Whose labels are accepted."""
    return max(said, key=lambda found: (found.step[0], not found.verifies, found.step[1]))


def _compare(
    found: Said, by_step: Mapping[Step, Said], name: str, frame: Frame, agreements: Mapping[Step, Agreement]
) -> list[tuple[Drawn, Change | None]]:
    """The objects of a frame, and what each is to the level before."""
    after = found.frames.get(name, _NOTHING).drawn
    source = by_step.get(found.source) if found.source is not None else None
    if source is None:
        return [(drawn, None) for drawn in after]
    compared = list(pairs(source.frames.get(name, _NOTHING).drawn, after, farthest(frame.width)))
    agreements[found.step].add(compared)
    return [(pair.after, pair.change) for pair in compared if pair.after is not None]


def _label(drawn: Drawn, change: Change | None, found: Said, frame: Frame) -> Label:
    level, job_name = found.step
    return Label(
        frame.index,
        job_name,
        level,
        drawn.class_name,
        drawn.shape,
        drawn.track_id,
        drawn.track_name,
        drawn.attributes,
        found.origin,
        drawn.confidence,
        change,
    )


def merge_classes(
    said: Sequence[SaidClass], frame: Frame, agreements: Mapping[Step, Agreement]
) -> Classification | None:
    """The accepted class of a frame, by the same rule; None if nobody gave one."""
    if not said:
        return None
    by_step = {found.step: found for found in said}
    for found in said:
        source = by_step.get(found.source) if found.source is not None else None
        if source is not None:
            agreements[found.step].add_class(source.class_name, found.class_name)
    return classification(max(said, key=lambda found: found.step), frame)


def classification(found: SaidClass, frame: Frame) -> Classification:
    """What a job said of a frame, as the document has it; so a verdict, which takes no other's place."""
    level, job_name = found.step
    return Classification(frame.index, job_name, level, found.class_name, found.origin, found.confidence)


def place(label: Label) -> tuple[int, str, str, str]:
    """What labels of a document are sorted by."""
    return label.frame, label.job_name, label.track_id or "", label.class_name
