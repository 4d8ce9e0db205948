"""The annotation document of a task, made sequence by sequence: never more than one is in memory.

What is held at a time is the frames of the clip, some 500 bytes each, and the labels of one sequence: at all levels
of one tree of labeling jobs, and the merged ones of all trees.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from everlabel import annotation_json, job_table, objects, taxonomies, taxonomy_form
from everlabel.agreement import Agreement
from everlabel.annotation_document import AnnotationDocument, Classification, Frame, Label, LabelingJob, Unlabeled
from everlabel.clip_frames import Window, windows
from everlabel.definition import Definition, LabelingStep
from everlabel.errors import LabelsUnreadable
from everlabel.label_counts import LabelCounts
from everlabel.labeled_objects import LabeledObjects
from everlabel.merging import Said, SaidClass, Step, classification, last_word, merge, merge_classes, place
from everlabel.s3_uri import S3Uri
from everlabel.task_table import Job, Task
from everlabel.taxonomy import Taxonomy, inherited
from everlabel.taxonomy_form import TaxonomyRefused


@dataclass
class Annotations:
    """What was found while a document was written."""

    document: AnnotationDocument
    """Without its labels."""
    counts: LabelCounts = field(default_factory=LabelCounts)
    agreements: defaultdict[Step, Agreement] = field(default_factory=lambda: defaultdict(Agreement))
    """What each step that was given labels changed of them."""
    work_seconds: dict[Step, list[float]] = field(default_factory=dict)


Given = Mapping[LabelingStep, tuple[Job, job_table.LabelingJob]]
"""What each labeling job of a task was given, and the job."""


def write(task: Task, definition: Definition, given: Given, to: S3Uri, completed_at: str) -> Annotations:
    """Writes a task's annotation document. Writing it again gives the same.

    Args:
        completed_at: when the last outcome was written down, in ISO 8601.

    Raises:
        LabelsUnreadable: if a label file is not there (yet) or none; nothing is written then.
        ManifestRefused: if a data object is of none of the clip's frames.
    """
    making = _Making(task, definition, given, completed_at)
    objects.put_chunks(to, making.chunks(), "application/json")
    return making.found


class _Making:
    def __init__(self, task: Task, definition: Definition, given: Given, completed_at: str) -> None:
        body = json.loads(task.definition)
        taxonomy = _taxonomy(body["taxonomy"]) if body.get("taxonomy") else None
        self._windows = windows(task.task_id, definition.rates)
        self._steps = _steps(definition, given, taxonomy)
        self._attributes: dict[str, Any] = body.get("attributes") or {}
        self._frame_attributes: defaultdict[int, dict[str, Any]] = defaultdict(dict)
        self._classifications: list[Classification] = []
        self.found = Annotations(
            AnnotationDocument(
                task_id=task.task_id,
                clip_id=task.clip_id,
                clip_uri=task.clip_uri,
                created_at=task.created_at,
                completed_at=completed_at,
                labeling_jobs=tuple(_described(each) for tree in self._steps.values() for each in tree),
                frames=tuple(frame for window in self._windows for frame in window.frames.values()),
                labels=(),
                attributes=self._attributes,
                taxonomy=taxonomy.reference if taxonomy is not None else None,
            )
        )

    def chunks(self) -> Iterator[bytes]:
        """The document, piece by piece."""
        return annotation_json.chunks(self.found.document, self._labels(), self._rest)

    def _labels(self) -> Iterator[Label]:
        for window in self._windows:
            labels: list[Label] = []
            by_job: defaultdict[str, set[int]] = defaultdict(set)
            for root, tree in self._steps.items():
                if root.fps == window.rate:
                    labels += self._of_tree(tree, window, by_job)
            labels.sort(key=place)
            self.found.counts.add_frames(by_job, labels)
            yield from labels

    def _of_tree(self, tree: Sequence[LabeledObjects], window: Window, by_job: dict[str, set[int]]) -> Iterator[Label]:
        """The labels that one tree of labeling jobs gave the frames of a window, data object by data object."""
        said: defaultdict[str, list[Said]] = defaultdict(list)
        classes: defaultdict[str, list[SaidClass]] = defaultdict(list)
        for each in tree:
            for source, line in each.take(lambda source: source == window.sequence or source in window.by_uri):
                if each.gives_classes and each.type.verifies:
                    self._classify(classification(each.said_class(line, source), window.by_uri[source]))
                elif each.gives_classes:
                    classes[source].append(each.said_class(line, source))
                else:
                    found = each.said(line, frozenset(_frames(window, source)))
                    said[source].append(found)
                    self._note_attributes(found, window)
        for source, found_here in said.items():
            frames = _frames(window, source)
            by_job[last_word(found_here).step[1]].update(frame.index for frame in frames.values())
            yield from merge(found_here, frames, self.found.agreements)
        for source, given in classes.items():
            self._classify(merge_classes(given, window.by_uri[source], self.found.agreements))

    def _classify(self, found: Classification | None) -> None:
        if found is not None:
            self._classifications.append(found)
            self.found.counts.add_classification(found)

    def _note_attributes(self, found: Said, window: Window) -> None:
        """What a later level says of a frame takes the place of what an earlier one said."""
        for name, labels in found.frames.items():
            if labels.attributes:
                self._frame_attributes[window.frames[name].index].update(labels.attributes)

    def _rest(self) -> AnnotationDocument:
        """What is known once every label was read."""
        unlabeled: list[Unlabeled] = []
        for tree in self._steps.values():
            for each in tree:
                each.check_all_taken()
                unlabeled += each.unlabeled
                self.found.work_seconds[each.key] = each.work_seconds
        for attributes in self._frame_attributes.values():
            self.found.counts.add_frame_attributes(attributes)
        self.found.document = replace(
            self.found.document,
            frames=tuple(map(self._with_attributes, self.found.document.frames)),
            classifications=tuple(sorted(self._classifications, key=lambda found: (found.frame, found.job_name))),
            unlabeled=tuple(sorted(unlabeled, key=lambda found: (found.level, found.job_name, found.index))),
        )
        return self.found.document

    def _with_attributes(self, frame: Frame) -> Frame:
        return replace(frame, attributes=inherited(self._attributes, self._frame_attributes.get(frame.index)))


def _frames(window: Window, source: str) -> dict[str, Frame]:
    """The frames of a data object: all of a sequence, or the one of an image."""
    if source == window.sequence:
        return window.frames
    frame = window.by_uri[source]
    return {frame.name: frame}


def _steps(definition: Definition, given: Given, taxonomy: Taxonomy | None) -> dict[LabelingStep, list[LabeledObjects]]:
    """The task's labeling jobs by the one that stands at the root of their tree, lower levels first."""
    trees: defaultdict[LabelingStep, list[LabeledObjects]] = defaultdict(list)
    for step in definition.steps:
        root, source = step, None
        while root.chain_from is not None:
            root = definition.source(root)
            source = source or (root.level, root.job_name)
        trees[root].append(LabeledObjects(step, *given[step], source, taxonomy))
    return trees


def _described(each: LabeledObjects) -> LabelingJob:
    level, job_name = each.key
    facts = each.labeling_job
    return LabelingJob(
        job_name, level, facts.task_type, facts.annotation_type, each.job.label_attribute, each.step.chain_from
    )


def _taxonomy(reference: str) -> Taxonomy:
    place = taxonomies.uri(reference)
    content = objects.find(place)
    if content is None:
        raise LabelsUnreadable(f"{place}: is not there, and without it nobody knows what the labels mean")
    try:
        return taxonomy_form.read(content)
    except TaxonomyRefused as error:
        raise LabelsUnreadable(f"{place}: is no taxonomy: {error}") from None
