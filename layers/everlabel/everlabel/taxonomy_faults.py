"""What is wrong with a taxonomy whose file has the right form."""

from collections.abc import Iterable, Iterator, Mapping

from everlabel.annotation_document import ShapeType
from everlabel.definition import Fault
from everlabel.task_types import AnnotationType, Media
from everlabel.taxonomy import Attribute, JobPart, Kind, ObjectKind, Scope, Taxonomy

DRAWN = {
    ShapeType.BOX: AnnotationType.BOUNDING_BOX,
    ShapeType.POLYLINE: AnnotationType.POLYLINE,
    ShapeType.POLYGON: AnnotationType.POLYGON,
    ShapeType.KEYPOINT: AnnotationType.KEYPOINT,
    ShapeType.MASK: AnnotationType.MASK,
}
"""What Ground Truth calls each shape."""


def faults(taxonomy: Taxonomy) -> Iterator[Fault]:
    """Everything that would make its labels ambiguous, or its labeling jobs impossible."""
    yield from _class_faults(taxonomy)
    for name, part in taxonomy.jobs.items():
        # What a twin takes over is told of the job that it takes it from.
        origin = taxonomy.jobs.get(str(part.adjusts))
        if origin is None or part.objects != origin.objects:
            yield from _object_faults(taxonomy, name, part)
        if origin is None or part.frame_attributes != origin.frame_attributes:
            yield from _frame_faults(taxonomy, name, part)
        yield from _image_faults(taxonomy, name, part)
        if part.adjusts is not None:
            yield from _twin_faults(taxonomy, name, part)
        elif part.type.starts_from_labels:
            message = f"{part.task_type} starts from labels: name the job that has them under adjusts"
            yield Fault(f"labelingJobs.{name}.taskType", message)
    yield from _same_names(taxonomy)
    yield from _short_faults(taxonomy)
    yield from _number_faults(taxonomy)


def _class_faults(taxonomy: Taxonomy) -> Iterator[Fault]:
    owners: dict[str, str] = {}
    for name, kind in taxonomy.objects.items():
        for word in kind.classes:
            if word in owners:
                message = (
                    f"{word!r} is a class of {owners[word]!r} too; a class tells what it is only if one kind has it"
                )
                yield Fault(f"objects.{name}.classes", message)
            owners.setdefault(word, name)
        if not any(name in part.objects for part in taxonomy.jobs.values()):
            yield Fault(f"objects.{name}", f"is in no labeling job, so nobody is asked for {', '.join(kind.classes)}")


def _carried(taxonomy: Taxonomy, part: JobPart) -> list[ObjectKind]:
    return [taxonomy.objects[word] for word in part.objects if word in taxonomy.objects]


def _object_faults(taxonomy: Taxonomy, name: str, part: JobPart) -> Iterator[Fault]:
    path = f"labelingJobs.{name}"
    unknown = [word for word in part.objects if word not in taxonomy.objects]
    if unknown:
        known = ", ".join(taxonomy.objects) or "none"
        yield Fault(f"{path}.objects", f"there is no {', '.join(map(repr, unknown))} in objects; there are: {known}")
    carried = _carried(taxonomy, part)
    shapes = list(dict.fromkeys(kind.shape for kind in carried))
    if len(shapes) > 1:
        yield Fault(f"{path}.objects", f"are drawn as {', '.join(shapes)}; a labeling job has one annotation type")
    elif shapes and DRAWN[shapes[0]] not in part.type.annotation_types:
        allowed = ", ".join(part.type.annotation_types)
        yield Fault(f"{path}.taskType", f"{part.task_type} draws no {shapes[0]}: its annotation types are {allowed}")
    yield from _alike({word: taxonomy.shorten(word) for kind in carried for word in kind.classes}, f"{path}.objects")


def _frame_faults(taxonomy: Taxonomy, name: str, part: JobPart) -> Iterator[Fault]:
    askable = [word for word, attribute in taxonomy.attributes[Scope.FRAME].items() if attribute.source is None]
    for word in part.frame_attributes:
        if word not in askable:
            others = ", ".join(askable) or "none"
            message = f"{word!r} is no attribute of frames that workers can be asked for; there are: {others}"
            yield Fault(f"labelingJobs.{name}.frameAttributes", message)


def _image_faults(taxonomy: Taxonomy, name: str, part: JobPart) -> Iterator[Fault]:
    """What the task types of single images cannot ask or show."""
    if part.type.media is not Media.IMAGE:
        return
    asked = {word for kind in _carried(taxonomy, part) for word in kind.attributes} | set(part.frame_attributes)
    if asked:
        message = f"{part.task_type} asks for no attributes, so these would be lost: {', '.join(sorted(asked))}"
        yield Fault(f"labelingJobs.{name}.taskType", message)
    if part.short_instruction or part.full_instruction:
        message = f"{part.task_type} shows its worker template (settings.UiTemplateS3Uri), so these would be lost"
        yield Fault(f"labelingJobs.{name}.instructions", message)


def _twin_faults(taxonomy: Taxonomy, name: str, part: JobPart) -> Iterator[Fault]:
    path = f"labelingJobs.{name}"
    origin = taxonomy.jobs.get(str(part.adjusts))
    if origin is None:
        others = ", ".join(job for job in taxonomy.jobs if job != name) or "none"
        yield Fault(f"{path}.adjusts", f"there is no labeling job {part.adjusts!r}; there are: {others}")
        return
    if _goes_round(taxonomy, name):
        yield Fault(f"{path}.adjusts", f"{part.adjusts!r} leads back to {name!r}")
        return
    if not part.type.starts_from_labels or part.type.family != origin.type.family:
        right = f"Adjustment{origin.type.family} or Verification{origin.type.family}"
        message = f"{part.task_type} does not match {part.adjusts!r}, a {origin.task_type}; expected {right}"
        yield Fault(f"{path}.taskType", message)
    if origin.type.verifies:
        yield Fault(f"{path}.adjusts", f"{part.adjusts!r} verifies; its output is a verdict, not labels to work on")
    missing = [word for word in origin.objects if word not in part.objects]
    if missing:
        message = f"do not match {part.adjusts!r}: they lack {', '.join(missing)}; add, or leave objects out"
        yield Fault(f"{path}.objects", message)


def _goes_round(taxonomy: Taxonomy, name: str) -> bool:
    passed: set[str] = set()
    while name in taxonomy.jobs and name not in passed:
        passed.add(name)
        name = str(taxonomy.jobs[name].adjusts)
    return name in passed


def _same_names(taxonomy: Taxonomy) -> Iterator[Fault]:
    """What Ground Truth, or who reads the labels, could not tell apart."""
    yield from _alike({name: name.lower() for name in taxonomy.jobs}, "labelingJobs", "whose case Ground Truth ignores")
    for path, attributes in _owners(taxonomy):
        yield from _alike({word: taxonomy.shorten(word) for word in attributes}, path)
        for word, attribute in attributes.items():
            yield from _alike({value: taxonomy.shorten(value) for value in attribute.values}, f"{path}.{word}.values")


def _owners(taxonomy: Taxonomy) -> Iterator[tuple[str, Mapping[str, Attribute]]]:
    """The attributes that workers are asked for, and where they stand."""
    asked = {word for part in taxonomy.jobs.values() for word in part.frame_attributes}
    frame = taxonomy.attributes[Scope.FRAME]
    yield (
        "attributes.frame",
        {word: attribute for word, attribute in frame.items() if word in asked and attribute.source is None},
    )
    for name, kind in taxonomy.objects.items():
        yield f"objects.{name}.attributes", kind.attributes


def _alike(names: Mapping[str, str], path: str, why: str = "which workers read") -> Iterator[Fault]:
    first: dict[str, str] = {}
    for name, read in names.items():
        if read in first:
            yield Fault(path, f"{first[read]!r} and {name!r} are both {read!r}, {why}")
        first.setdefault(read, name)


def _short_faults(taxonomy: Taxonomy) -> Iterator[Fault]:
    asked = set(_asked(taxonomy))
    for word in taxonomy.short:
        if word not in asked:
            yield Fault(f"short.{word}", "is no class, attribute or value that workers are asked for")


def _number_faults(taxonomy: Taxonomy) -> Iterator[Fault]:
    for path, attributes in _owners(taxonomy):
        for word, attribute in attributes.items():
            if attribute.kind is Kind.NUMBER and (attribute.minimum is None or attribute.maximum is None):
                message = "needs minimum and maximum: workers are asked for it, and Ground Truth wants both"
                yield Fault(f"{path}.{word}", message)


def _asked(taxonomy: Taxonomy) -> Iterable[str]:
    """Every word that workers read."""
    for kind in taxonomy.objects.values():
        yield from kind.classes
    for _, attributes in _owners(taxonomy):
        for word, attribute in attributes.items():
            yield word
            yield from attribute.values
