"""What an adjustment or verification job of Ground Truth takes as its input: a manifest a labeling job.

`<split>/<labeling job>.manifest` has a line a sequence, which refers to a sequence file and to the labels
(`SeqLabel.json`), or a line an image. The labels are the accepted ones, under the label attribute of the first job of
their chain: that is the `auditLabelAttributeName` of the new job. Pixels are whole numbers there. Masks stay where they
are. Words that a taxonomy shortened for workers are short again.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html, and there
sms-video-manual-data-setup.html, sms-ver-adj-job.html
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from everlabel import manifest, taxonomy_form
from everlabel.annotation_document import AnnotationDocument, Frame, Label, LabelingJob, ShapeType
from everlabel.s3_uri import S3Uri
from everlabel.task_types import TASK_TYPES, Media
from everlabel.taxonomy import Taxonomy
from everlabel.taxonomy_form import TaxonomyRefused
from everlabel_cli.answer import NotDone
from everlabel_cli.datasets.export import Export, File, Format
from everlabel_cli.datasets.geometry import left_top_size, size
from everlabel_cli.datasets.names import file_name
from everlabel_cli.datasets.sequences import Sequence

_LISTS = {
    ShapeType.BOX: "annotations",
    ShapeType.POLYLINE: "polylines",
    ShapeType.POLYGON: "polygons",
    ShapeType.KEYPOINT: "keypoints",
}
_TYPES = {"VideoObjectTracking": "tracking", "VideoObjectDetection": "detection"}
_MASKS = "SemanticSegmentation"
_IMAGE_TYPES = {"BoundingBox": "object-detection", _MASKS: "semantic-segmentation"}
_BACKGROUND = {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0}
"""Its colour is that of the documentation's example."""


def _files(export: Export) -> Iterator[File]:
    if export.place is None:
        raise NotDone("Ground Truth reads its input from Amazon S3; expected --to s3://bucket/prefix")
    manifests: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for sequence in export.sequences():
        taxonomy = _taxonomy(export, sequence.document.taxonomy)
        for job in first_jobs(sequence):
            labels = {
                place: [_shortened(label, job, taxonomy) for label in those]
                for place in range(len(sequence.frames))
                if (those := _of(sequence, place, job))
            }
            kind = TASK_TYPES[job.task_type]
            lines = manifests[f"{sequence.split}/{file_name(job.job_name)}.manifest"]
            if kind.media is Media.FRAMES:
                root = f"{sequence.split}/{file_name(job.job_name)}/{sequence.name}"
                yield from _video(export.place, root, sequence, job, labels, lines)
            else:
                line = _mask_line if kind.family == _MASKS else _image_line
                lines += [line(sequence, place, job, those) for place, those in labels.items()]
    for path, lines in sorted(manifests.items()):
        yield File(path, b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines))


def _taxonomy(export: Export, reference: str | None) -> Taxonomy | None:
    """The taxonomy that a document names, if the version has it."""
    content = None if reference is None else export.stored.taxonomy(reference)
    try:
        return None if content is None else taxonomy_form.read(content)
    except TaxonomyRefused as error:
        raise NotDone(f"the version's taxonomy {reference} is none: {error}") from None


def _shortened(label: Label, job: LabelingJob, taxonomy: Taxonomy | None) -> Label:
    """A label in the words that workers read."""
    if taxonomy is None:
        return label
    class_name, attributes = taxonomy.shortened(job.job_name, label.class_name, label.attributes)
    return replace(label, class_name=class_name, attributes=attributes)


def first_jobs(sequence: Sequence) -> list[LabelingJob]:
    """The jobs of the first level that drew something in a sequence; all of them if the clip has only one."""
    document = sequence.document
    is_alone = len({frame.fps for frame in document.frames}) == 1
    used = {_root(document, label.job_name) for _, label in sequence.everything()}
    return [
        job
        for job in document.labeling_jobs
        if job.chain_from is None
        and (is_alone or job.job_name in used)
        and job.task_type in TASK_TYPES
        and TASK_TYPES[job.task_type].family in {*_TYPES, *_IMAGE_TYPES}
    ]


def _root(document: AnnotationDocument, job_name: str) -> str:
    before = {job.job_name: job.chain_from for job in document.labeling_jobs}
    seen = {job_name}
    while (earlier := before.get(job_name)) is not None and earlier not in seen:
        seen.add(earlier)
        job_name = earlier
    return job_name


def _of(sequence: Sequence, place: int, job: LabelingJob) -> list[Label]:
    is_of_masks = TASK_TYPES[job.task_type].family == _MASKS
    return [
        label
        for label in sequence.at(place)
        if (label.shape.type is ShapeType.MASK) == is_of_masks
        and _root(sequence.document, label.job_name) == job.job_name
    ]


def _video(
    place: str,
    root: str,
    sequence: Sequence,
    job: LabelingJob,
    labels: dict[int, list[Label]],
    lines: list[dict[str, Any]],
) -> Iterator[File]:
    """The sequence file and the labels of each part of a sequence; adds their lines to the manifest's."""
    folder = _folder(sequence.frames)
    names = [frame.s3_uri.rpartition("/")[2] for frame in sequence.frames]
    numbers = _class_numbers(label for those in labels.values() for label in those)
    is_tracking = TASK_TYPES[job.task_type].family == "VideoObjectTracking"
    for part, body in enumerate(manifest.sequences(folder, names)):
        start = part * manifest.MOST_FRAMES
        frames = [
            {
                **_drawn(labels.get(start + offset, []), numbers, f"{root}/{start + offset}", is_tracking=is_tracking),
                "frame-no": str(offset),
                "frame": frame["frame"],
                "frame-attributes": {},
            }
            for offset, frame in enumerate(body["frames"])
        ]
        key = f"{_TYPES[TASK_TYPES[job.task_type].family]}-annotations"
        yield File(f"{root}/sequence-{part + 1:04d}.json", _json(body))
        yield File(f"{root}/{part + 1:04d}/SeqLabel.json", _json({key: frames}))
        lines.append(
            {
                "source-ref": f"{place}{root}/sequence-{part + 1:04d}.json",
                job.label_attribute: f"{place}{root}/{part + 1:04d}/SeqLabel.json",
                f"{job.label_attribute}-metadata": {
                    "class-map": _class_map(numbers),
                    **_metadata(sequence.document, job),
                },
            }
        )


def _image_line(sequence: Sequence, place: int, job: LabelingJob, labels: list[Label]) -> dict[str, Any]:
    frame = sequence.frames[place]
    width, height = size(frame)
    numbers = _class_numbers(labels)
    boxes = [
        {"class_id": numbers[label.class_name], **_box(label)} for label in labels if label.shape.type is ShapeType.BOX
    ]
    return {
        "source-ref": frame.s3_uri,
        job.label_attribute: {"image_size": [{"width": width, "height": height, "depth": 3}], "annotations": boxes},
        f"{job.label_attribute}-metadata": {
            "objects": [{"confidence": label.confidence or 0} for label in labels if label.shape.type is ShapeType.BOX],
            "class-map": _class_map(numbers),
            **_metadata(sequence.document, job),
        },
    }


def _mask_line(sequence: Sequence, place: int, job: LabelingJob, labels: list[Label]) -> dict[str, Any]:
    colours = {"0": _BACKGROUND}
    for number, label in enumerate(labels, start=1):
        said = {"class-name": label.class_name, "hex-color": label.shape.mask_color}
        colours[str(number)] = {**said, "confidence": label.confidence or 0}
    return {
        "source-ref": sequence.frames[place].s3_uri,
        job.label_attribute: labels[0].shape.mask_uri,  # one PNG has all classes of a frame
        f"{job.label_attribute}-metadata": {
            "internal-color-map": colours,
            **_metadata(sequence.document, job),
        },
    }


def _class_numbers(labels: Iterable[Label]) -> dict[str, int]:
    return {name: number for number, name in enumerate(sorted({label.class_name for label in labels}))}


def _class_map(numbers: dict[str, int]) -> dict[str, str]:
    return {str(number): name for name, number in numbers.items()}


def _metadata(document: AnnotationDocument, job: LabelingJob) -> dict[str, Any]:
    family = TASK_TYPES[job.task_type].family
    kind = _IMAGE_TYPES.get(family) or f"video-object-{_TYPES[family]}"
    return {
        "job-name": f"labeling-job/{job.job_name}",
        "human-annotated": "yes",
        "creation-date": document.completed_at.removesuffix("Z"),
        "type": f"groundtruth/{kind}",
    }


def _drawn(labels: list[Label], numbers: dict[str, int], where: str, *, is_tracking: bool) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {_LISTS[label.shape.type]: [] for label in labels} or {"annotations": []}
    for place, label in enumerate(labels):
        said: dict[str, Any] = {
            **_geometry(label),
            "class-id": str(numbers[label.class_name]),
            "label-category-attributes": dict(label.attributes),
        }
        if is_tracking:
            own = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{where}/{place}"))
            said["object-id"] = label.track_id or own
            said["object-name"] = label.track_name or f"{label.class_name}:{place + 1}"
        found[_LISTS[label.shape.type]].append(said)
    return found


def _geometry(label: Label) -> dict[str, Any]:
    points = [{"x": round(x), "y": round(y)} for x, y in label.shape.points]
    match label.shape.type:
        case ShapeType.BOX:
            return _box(label)
        case ShapeType.KEYPOINT:
            return points[0]
        case _:
            return {"vertices": points}


def _box(label: Label) -> dict[str, int]:
    left, top, width, height = left_top_size(label.shape)
    return {
        "left": round(left),
        "top": round(top),
        "width": round(left + width) - round(left),
        "height": round(top + height) - round(top),
    }


def _folder(frames: Iterable[Frame]) -> S3Uri:
    folders = {frame.s3_uri.rpartition("/")[0] + "/" for frame in frames}
    if len(folders) > 1:
        raise NotDone(f"frames of one sequence must lie under one prefix; these lie under {', '.join(sorted(folders))}")
    try:
        return S3Uri.parse(folders.pop())
    except ValueError as error:
        raise NotDone(f"Ground Truth reads frames from Amazon S3; the place of these {error}") from None


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


FORMAT = Format("groundtruth", frozenset({*_LISTS, ShapeType.MASK}), _files)
