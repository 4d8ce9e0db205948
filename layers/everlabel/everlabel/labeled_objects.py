"""The data objects of one labeling job of a task in their order, each with what became of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from everlabel import objects, task_table
from everlabel.annotation_document import Unlabeled
from everlabel.data_object import ObjectKey
from everlabel.definition import LabelingStep
from everlabel.errors import LabelsUnreadable, ManifestRefused
from everlabel.job_table import LabelingJob
from everlabel.label_files import Drawn, FrameLabels, Json, Metadata, base_name, read_class, read_image, read_sequence
from everlabel.merging import Said, SaidClass, Step
from everlabel.protocol import read_line
from everlabel.s3_uri import S3Uri
from everlabel.task_table import Done, Job, Outcome
from everlabel.task_types import TASK_TYPES, AnnotationType, Media, TaskType
from everlabel.taxonomy import Taxonomy
from everlabel.work_times import seconds_of_answers


@dataclass
class LabeledObjects:
    """One labeling job of a task. Its data objects are read once, in the order of the clip's frames."""

    step: LabelingStep
    job: Job
    labeling_job: LabelingJob
    source: Step | None
    taxonomy: Taxonomy | None
    unlabeled: list[Unlabeled] = field(default_factory=list)
    work_seconds: list[float] = field(default_factory=list)
    """What each answer took, as far as the output tree tells."""
    _next: tuple[str, Done | None] | None = None

    def __post_init__(self) -> None:
        self._left = self._objects()
        self._next = next(self._left, None)

    @property
    def key(self) -> Step:
        """Level and name."""
        return self.step.level, self.step.job_name

    @property
    def type(self) -> TaskType:
        """The row of the table of task types."""
        return TASK_TYPES[self.labeling_job.task_type]

    @property
    def gives_classes(self) -> bool:
        """Whether it says one word of a whole frame: a class, or its verdict on the labels there."""
        is_class = self.labeling_job.annotation_type == AnnotationType.CLASS
        return self.type.media is Media.IMAGE and (is_class or self.type.verifies)

    def take(self, is_here: Callable[[str], bool]) -> Iterator[tuple[str, Json]]:
        """Source and output line of each next data object that was labeled, as long as `is_here` knows the source."""
        while self._next is not None and is_here(self._next[0]):
            source, done = self._next
            self._next = next(self._left, None)
            if done is not None and done.outcome == Outcome.LABELED and done.line is not None:
                yield source, read_line(done.line)

    def check_all_taken(self) -> None:
        """Raises ManifestRefused if a data object is of none of the clip's frames."""
        if self._next is not None:
            raise ManifestRefused(f"{self.job.manifest_uri} has {self._next[0]}, which is of no frames of the clip")

    def _objects(self) -> Iterator[tuple[str, Done | None]]:
        """Manifest and record are both in index order."""
        level, job_name = self.key
        record = task_table.done_objects(self.job.task_id, level, job_name)
        done = next(record, None)
        for index, line in enumerate(objects.get_lines(S3Uri.parse(self.job.manifest_uri))):
            while done is not None and _index(done) < index:
                done = next(record, None)
            its = done if done is not None and _index(done) == index else None
            if its is None or its.outcome != Outcome.LABELED:
                outcome, reason = ("open", None) if its is None else (its.outcome, its.reason)
                self.unlabeled.append(Unlabeled(job_name, level, index, outcome, reason))
            yield str(read_line(line.decode())["source-ref"]), its

    # ---- what a line says -----------------------------------------------------------------------------------------

    def said(self, line: Json, frames: frozenset[str]) -> Said:
        """The labels of one data object, which has these frames.

        Raises:
            LabelsUnreadable: if its label file is not there or none, or has frames that the data object has not.
        """
        attribute = self.job.label_attribute
        metadata = Metadata.of(line, attribute)
        if self.type.media is Media.IMAGE:
            (name,) = frames
            file = f"the label of {name} by {self.step.job_name}"
            found = {name: read_image(line, attribute, self.labeling_job.annotation_type, file)}
        else:
            file = str(line.get(attribute))
            content = objects.find(S3Uri.parse(file))
            if content is None:
                raise LabelsUnreadable(f"{file}: is not there, or may not be read")
            found = read_sequence(content, metadata, file)
            self.work_seconds += seconds_of_answers(S3Uri.parse(file))
        if unknown := found.keys() - frames:
            raise LabelsUnreadable(f"{file}: has the frame {min(unknown)!r}, which its sequence has not")
        if self.taxonomy is not None:
            found = {name: self._restored(labels, self.taxonomy) for name, labels in found.items()}
        return Said(self.key, self.source, self.type.verifies, metadata.origin, found)

    def said_class(self, line: Json, source: str) -> SaidClass:
        """The class of one frame. Raises LabelsUnreadable if the line names none."""
        attribute, job_name = self.job.label_attribute, self.step.job_name
        name, confidence = read_class(line, attribute, f"the label of {base_name(source)} by {job_name}")
        if self.taxonomy is not None:
            name, _ = self.taxonomy.restore(job_name, name, {})
        return SaidClass(self.key, self.source, Metadata.of(line, attribute).origin, name, confidence)

    def _restored(self, labels: FrameLabels, taxonomy: Taxonomy) -> FrameLabels:
        """The same in the taxonomy's own words: workers may have seen shorter ones."""
        drawn = []
        for each in labels.drawn:
            name, attributes = taxonomy.restore(self.step.job_name, each.class_name, each.attributes)
            drawn.append(Drawn(name, each.shape, each.track_id, each.track_name, attributes, each.confidence))
        return FrameLabels(drawn, taxonomy.restore_frame(self.step.job_name, labels.attributes))


def _index(done: Done) -> int:
    return ObjectKey.of_item(done.task_id, done.item).index
