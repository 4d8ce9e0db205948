"""A taxonomy: the attributes of drives, clips and frames, the objects that are drawn, and which labeling job asks what.

A definition names one (`lava/1`). `taxonomy_form` reads its file, `taxonomy_faults` says what is wrong with it, and
`taxonomy_configurations` makes label category configurations of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from everlabel.annotation_document import ShapeType
from everlabel.definition import Fault
from everlabel.task_types import TASK_TYPES, TaskType

FOLDER = "taxonomies/"
"""Where taxonomies lie in the stack's bucket: `taxonomies/lava/1.json`."""


class Scope(StrEnum):
    """What an attribute is said of; what a drive says holds for its clips, and what a clip says for its frames."""

    DRIVE = "drive"
    CLIP = "clip"
    FRAME = "frame"


GIVEN = (Scope.DRIVE, Scope.CLIP)
"""What a definition says attributes of; those of frames and of objects are asked of workers."""


class Kind(StrEnum):
    """What values an attribute has."""

    CHOICE = "choice"
    TEXT = "text"
    NUMBER = "number"


@dataclass(frozen=True)
class Attribute:
    """One attribute and its values."""

    kind: Kind
    description: str
    values: tuple[str, ...] = ()
    """Of a choice: what there is to choose from."""
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    source: str | None = None
    """Of a frame: the field of the annotation document that has it already (`index`, `time`), so nobody is asked."""

    def fault(self, value: Any) -> str | None:
        """What is wrong with a value, as half a sentence; None if nothing is."""
        match self.kind:
            case Kind.CHOICE if value not in self.values:
                return f"{value!r} is none of its values: {', '.join(self.values)}"
            case Kind.TEXT if not isinstance(value, str) or not value.strip():
                return f"{value!r} must be text, and not empty"
            case Kind.NUMBER:
                return self._number_fault(value)
        return None

    def _number_fault(self, value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{value!r} must be a number"
        if self.minimum is not None and value < self.minimum:
            return f"{value!r} is too small: at least {self.minimum:g}"
        if self.maximum is not None and value > self.maximum:
            return f"{value!r} is too large: at most {self.maximum:g}"
        return None


@dataclass(frozen=True)
class ObjectKind:
    """A kind of object: how it is drawn, the classes it has, and what is asked of each."""

    shape: ShapeType
    classes: tuple[str, ...]
    description: str = ""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class JobPart:
    """The part of a taxonomy that one labeling job carries."""

    task_type: str
    objects: tuple[str, ...]
    frame_attributes: tuple[str, ...] = ()
    adjusts: str | None = None
    """The job whose labels this one adjusts or verifies: its twin."""
    title: str | None = None
    description: str | None = None
    short_instruction: str | None = None
    full_instruction: str | None = None

    @property
    def type(self) -> TaskType:
        """The row of the table of task types."""
        return TASK_TYPES[self.task_type]


@dataclass(frozen=True)
class Taxonomy:
    """A taxonomy without faults. Everything in it is in the words of its file; only workers see the short ones."""

    name: str
    version: int
    description: str
    attributes: Mapping[Scope, Mapping[str, Attribute]]
    objects: Mapping[str, ObjectKind]
    jobs: Mapping[str, JobPart]
    short: Mapping[str, str] = field(default_factory=dict)
    """What workers read instead of a word that is too long for Ground Truth."""

    @property
    def reference(self) -> str:
        """What a definition calls it: `lava/1`."""
        return f"{self.name}/{self.version}"

    def shorten(self, word: str) -> str:
        """The word as workers read it."""
        return self.short.get(word, word)

    def object_of(self, class_name: str) -> str | None:
        """The kind of object that has this class; no two have it."""
        return next((name for name, kind in self.objects.items() if class_name in kind.classes), None)

    def restore(self, job_name: str, class_name: str, attributes: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """What a worker said of an object, in the taxonomy's own words.

        What is not of this taxonomy (another job, a class that was added later) stays as it is.
        """
        kinds = self._kinds(job_name)
        word = self._word(class_name, kinds)
        return word, self._restored(kinds[word].attributes if word in kinds else {}, attributes)

    def shortened(self, job_name: str, class_name: str, attributes: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """An object's words as workers of a labeling job read them: what `restore` makes the taxonomy's own again."""
        kinds = self._kinds(job_name)
        if class_name not in kinds:
            return class_name, dict(attributes)
        known, said = kinds[class_name].attributes, {}
        for name, value in attributes.items():
            is_word = name in known and value in known[name].values
            said[self.shorten(name) if name in known else name] = self.shorten(value) if is_word else value
        return self.shorten(class_name), said

    def restore_frame(self, job_name: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """What a worker said of a frame, in the taxonomy's own words."""
        part = self.jobs.get(job_name)
        known = self.attributes[Scope.FRAME]
        return self._restored({name: known[name] for name in part.frame_attributes} if part else {}, attributes)

    def _kinds(self, job_name: str) -> dict[str, ObjectKind]:
        """By class, what a labeling job asks for."""
        part = self.jobs.get(job_name)
        names = part.objects if part else ()
        return {word: self.objects[name] for name in names for word in self.objects[name].classes}

    def _restored(self, known: Mapping[str, Attribute], given: Mapping[str, Any]) -> dict[str, Any]:
        restored = {}
        for key, value in given.items():
            name = self._word(key, known)
            values = known[name].values if name in known else ()
            restored[name] = self._word(value, values) if isinstance(value, str) else value
        return restored

    def _word(self, read: str, known: Iterable[str]) -> str:
        """The one of the known words that workers read so, or else what they read: a job may offer full words."""
        return next((word for word in known if self.shorten(word) == read), read)

    def attribute_faults(self, attributes: Any) -> list[Fault]:
        """What is wrong with a definition's attributes, each with its path: `attributes.clip.scene`.

        What has the wrong form (which the API's schema names) is passed over.
        """
        given = attributes if isinstance(attributes, Mapping) else {}
        return sorted(fault for scope in GIVEN for fault in self._scope_faults(scope, given.get(scope, {})))

    def _scope_faults(self, scope: Scope, given: Any) -> Iterator[Fault]:
        if not isinstance(given, Mapping):
            return
        known = self.attributes[scope]
        for name, value in given.items():
            path = f"attributes.{scope}.{name}"
            if name not in known:
                yield Fault(path, self._unknown(scope, name))
            elif isinstance(value, str | int | float) and (why := known[name].fault(value)):
                yield Fault(path, why)
        for name, attribute in known.items():
            if attribute.required and name not in given:
                yield Fault(f"attributes.{scope}.{name}", f"is missing; {self.reference} needs it")

    def _unknown(self, scope: Scope, name: str) -> str:
        right = next((other for other in Scope if name in self.attributes[other]), None)
        if right in GIVEN:
            return f"is an attribute of a {right} in {self.reference}: give it in attributes.{right}"
        if right is not None:
            return f"is an attribute of each frame in {self.reference}, which a definition does not give"
        names = ", ".join(self.attributes[scope]) or "none"
        return f"is no attribute of a {scope} in {self.reference}; there are: {names}"


def inherited(attributes: Mapping[str, Any], frame: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The attributes of a frame: what it says itself, else what its clip says, else what its drive says.

    `attributes` are a definition's (`{"drive": {…}, "clip": {…}}`), `frame` those that workers gave the frame. A name
    that is said more than once has the nearest one's value; what is farther stays beside it as `clip.<name>` and
    `drive.<name>`.
    """
    found: dict[str, Any] = {}
    for scope, said in (
        (Scope.FRAME, frame or {}),
        (Scope.CLIP, attributes.get(Scope.CLIP, {})),
        (Scope.DRIVE, attributes.get(Scope.DRIVE, {})),
    ):
        for name, value in said.items():
            found[f"{scope}.{name}" if name in found else name] = value
    return found
