"""Reading a taxonomy's file (`taxonomy.schema.json` is the same form in the words of JSON Schema)."""

import re
from collections.abc import Mapping
from typing import Any

from everlabel import strict_json, taxonomy_faults
from everlabel.annotation_document import ShapeType
from everlabel.definition import Fault
from everlabel.json_form import Form, join
from everlabel.task_types import TASK_TYPES
from everlabel.taxonomy import Attribute, JobPart, Kind, ObjectKind, Scope, Taxonomy

_NAME = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_NAME = 32
_HIGHEST_VERSION = 999_999
# As the API has it for labeling jobs.
_JOB_NAME = re.compile("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}")
_OF_FRAMES = ("index", "time")
"""What an annotation document says of each frame anyway."""
_JOB_MEMBERS = ("taskType", "objects", "frameAttributes", "adjusts", "title", "description", "instructions")


class TaxonomyRefused(ValueError):
    """A file is no taxonomy; `faults` are all that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.field} {fault.message}" for fault in faults))
        self.faults = faults


def reference(text: str) -> tuple[str, int]:
    """Name and version out of `lava/1`.

    Raises:
        ValueError: if it is no such reference.
    """
    name, _, version = text.partition("/")
    if not _is_name(name) or not re.fullmatch("[1-9][0-9]{0,5}", version):
        raise ValueError(f"{text!r:.100} is no taxonomy; expected name/version, like lava/1")
    return name, int(version)


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None


def read(text: bytes) -> Taxonomy:
    """A taxonomy out of its file.

    Raises:
        TaxonomyRefused: with everything that is wrong. Ground Truth's quotas are no part of that
            (`taxonomy_configurations.findings`).
    """
    try:
        given = strict_json.read(text)
    except ValueError as error:
        raise TaxonomyRefused([Fault("the file", str(error))]) from None
    form = Form()
    found = _taxonomy(form, given)
    # What has the wrong form was read as empty, so more would be said of it than is wrong.
    faults = form.faults or list(taxonomy_faults.faults(found))
    if faults:
        raise TaxonomyRefused(sorted(set(faults)))
    return found


def _taxonomy(form: Form, given: Any) -> Taxonomy:
    needed = ("name", "version", "objects", "labelingJobs")
    file = form.members(given, "", needed, ("description", "attributes", "short"))
    name, version = form.text(file, "name", ""), file.get("version", 1)
    if name and not _is_name(name):
        what = f"must be small letters and digits with hyphens between them, at most {_LONGEST_NAME} characters"
        form.note("name", f"{name!r:.100} {what}")
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= _HIGHEST_VERSION:
        form.note("version", f"{version!r:.100} must be a whole number from 1 to {_HIGHEST_VERSION}")
        version = 1
    scopes = form.members(file.get("attributes", {}), "attributes", (), tuple(Scope))
    objects = form.named(file.get("objects", {}), "objects", "kinds of object")
    short = form.named(file.get("short", {}), "short", "short words")
    return Taxonomy(
        name,
        version,
        form.text(file, "description", ""),
        {scope: _attributes(form, scopes.get(scope, {}), f"attributes.{scope}", scope) for scope in Scope},
        {key: _object(form, value, f"objects.{key}") for key, value in objects.items()},
        _jobs(form, form.named(file.get("labelingJobs", {}), "labelingJobs", "labeling jobs")),
        {word: form.text(short, word, "short") for word in short},
    )


def _attributes(form: Form, given: Any, path: str, scope: Scope | None = None) -> dict[str, Attribute]:
    named = form.named(given, path, "attributes")
    return {name: _attribute(form, value, f"{path}.{name}", scope) for name, value in named.items()}


def _attribute(form: Form, given: Any, path: str, scope: Scope | None) -> Attribute:
    more = ("from",) if scope is Scope.FRAME else ()
    found = form.members(given, path, ("description",), ("values", "type", "minimum", "maximum", "required", *more))
    named = form.one_of(found, "type", path, tuple(Kind))
    kind = Kind(named or Kind.CHOICE)
    if kind is Kind.CHOICE and found and not {"values", "type"} & found.keys():
        form.note(join(path, "values"), 'is missing; an attribute has values, or "type": "text" or "number"')
    for key, owner in (("values", Kind.CHOICE), ("minimum", Kind.NUMBER), ("maximum", Kind.NUMBER)):
        if key in found and kind is not owner and (named or "type" not in found):
            form.note(join(path, key), f"is for type {owner}, and this attribute is of type {kind}")
    minimum, maximum = form.number(found, "minimum", path), form.number(found, "maximum", path)
    if minimum is not None and maximum is not None and minimum > maximum:
        form.note(join(path, "minimum"), f"{minimum:g} is more than the maximum {maximum:g}")
    return Attribute(
        kind,
        form.text(found, "description", path),
        form.texts(found, "values", path),
        minimum,
        maximum,
        form.truth(found, "required", path),
        form.one_of(found, "from", path, _OF_FRAMES),
    )


def _object(form: Form, given: Any, path: str) -> ObjectKind:
    found = form.members(given, path, ("shape", "classes"), ("description", "attributes"))
    return ObjectKind(
        ShapeType(form.one_of(found, "shape", path, tuple(ShapeType)) or ShapeType.BOX),
        form.texts(found, "classes", path),
        form.text(found, "description", path),
        _attributes(form, found.get("attributes", {}), join(path, "attributes")),
    )


def _jobs(form: Form, given: Mapping[str, Any]) -> dict[str, JobPart]:
    members = {name: form.members(job, f"labelingJobs.{name}", (), _JOB_MEMBERS) for name, job in given.items()}
    return {name: _job(form, name, members) for name in members}


def _job(form: Form, name: str, members: Mapping[str, Mapping[str, Any]]) -> JobPart:
    path, own = f"labelingJobs.{name}", members[name]
    if not _JOB_NAME.fullmatch(name):
        form.note(path, f"{name!r:.100} must be letters and digits (at most 32) with hyphens between them")
    adjusts = form.text(own, "adjusts", path) or None
    for key in ("taskType", "objects"):
        if adjusts is None and key not in own:
            form.note(join(path, key), "is missing; only a job that adjusts another takes it over")
    task_type = form.one_of(own, "taskType", path, TASK_TYPES)
    if task_type is None and adjusts is not None:
        above = TASK_TYPES.get(str(_taken_over(name, "taskType", members)))
        task_type = f"Adjustment{above.family}" if above else None
    inside = join(path, "instructions")
    instructions = form.members(own.get("instructions", {}), inside, (), ("short", "full"))
    return JobPart(
        task_type if task_type in TASK_TYPES else next(iter(TASK_TYPES)),
        _words(form, name, "objects", members),
        _words(form, name, "frameAttributes", members),
        adjusts,
        form.text(own, "title", path) or None,
        form.text(own, "description", path) or None,
        form.text(instructions, "short", inside) or None,
        form.text(instructions, "full", inside) or None,
    )


def _words(form: Form, name: str, key: str, members: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    if key in members[name]:
        return form.texts(members[name], key, f"labelingJobs.{name}")
    above = _taken_over(name, key, members)
    # What is wrong with it is noted where it stands.
    return Form().texts({} if above is None else {key: above}, key, "")


def _taken_over(name: str, key: str, members: Mapping[str, Mapping[str, Any]]) -> Any:
    """What a job says, or the nearest job along the chain of those it adjusts; None if none does."""
    passed: set[str] = set()
    while name in members and name not in passed:
        if key in members[name]:
            return members[name][key]
        passed.add(name)
        name = str(members[name].get("adjusts"))
    return None
