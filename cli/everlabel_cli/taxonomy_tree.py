"""A taxonomy as a tree for a terminal."""

from collections.abc import Mapping

from rich.text import Text
from rich.tree import Tree

from everlabel.taxonomy import Attribute, Kind, Scope, Taxonomy
from everlabel.taxonomy_configurations import configurations
from everlabel_cli.answer import plain


def tree(taxonomy: Taxonomy) -> Tree:
    """Attributes by scope, objects with their classes, labeling jobs with what they carry, and short words."""
    top = Tree(_line(taxonomy.reference, taxonomy.description, "bold"))
    for scope in Scope:
        if taxonomy.attributes[scope]:
            _add(top.add(_line(f"{scope} attributes", _inherited(scope))), taxonomy.attributes[scope])
    objects = top.add("objects")
    for name, kind in taxonomy.objects.items():
        branch = objects.add(
            _line(name, f"{kind.shape}; {kind.description}" if kind.description else kind.shape, "cyan")
        )
        branch.add(Text(plain(", ".join(kind.classes))))
        _add(branch, kind.attributes)
    jobs = top.add("labeling jobs")
    for name, template in configurations(taxonomy).items():
        branch = jobs.add(_line(name, f"{template.task_type}, {template.annotation_type}", "green"))
        part = taxonomy.jobs[name]
        if part.adjusts is not None:
            branch.add(Text(f"works on the labels of {part.adjusts}"))
        branch.add(Text(plain(", ".join([*part.objects, *part.frame_attributes]))))
    if taxonomy.short:
        short = top.add("what workers read instead")
        for word, instead in taxonomy.short.items():
            short.add(_line(instead, word))
    return top


def _inherited(scope: Scope) -> str:
    return {Scope.DRIVE: "every clip inherits them", Scope.CLIP: "every frame inherits them", Scope.FRAME: ""}[scope]


def _add(branch: Tree, attributes: Mapping[str, Attribute]) -> None:
    for name, attribute in attributes.items():
        branch.add(_line(name, _values(attribute), "yellow"))


def _values(attribute: Attribute) -> str:
    match attribute.kind:
        case Kind.CHOICE:
            values = ", ".join(attribute.values)
        case Kind.NUMBER if attribute.minimum is not None or attribute.maximum is not None:
            low = "" if attribute.minimum is None else f" from {attribute.minimum:g}"
            values = f"number{low}" + ("" if attribute.maximum is None else f" to {attribute.maximum:g}")
        case _:
            values = str(attribute.kind)
    return values + (", needed" if attribute.required else "") + (", known anyway" if attribute.source else "")


def _line(name: str, more: str, style: str = "") -> Text:
    return Text.assemble((plain(name), style), (f"  {plain(more)}" if more else "", "dim"))
