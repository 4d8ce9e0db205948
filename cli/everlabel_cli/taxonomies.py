"""Taxonomies: what there is to label, and which labeling job asks for what."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from everlabel_cli import stack as stacks
from everlabel_cli import taxonomy_files
from everlabel_cli.answer import NotDone, say, talk
from everlabel_cli.options import Answering, DryRun, Format, OnStack, taking

if TYPE_CHECKING:
    from everlabel.taxonomy import Taxonomy

app = typer.Typer(help=__doc__, no_args_is_help=True)

_FINDINGS = {"severity": "severity", "field": "field", "message": "what would be right"}
Named = Annotated[str, typer.Argument(metavar="TAXONOMY", help="One that comes along (lava), or a file.")]
Strict = Annotated[bool, typer.Option("--strict", help="What breaks a quota that Ground Truth documents is an error.")]


@app.command()
@taking(Answering)
def lint(options: Answering, taxonomy: Named, strict: Strict = False) -> None:
    """Say what is wrong with a taxonomy, and where its labeling jobs break Ground Truth's documented quotas.

    Nothing is asked of AWS.
    """
    from everlabel import taxonomy_form
    from everlabel.label_categories import Finding
    from everlabel.taxonomy_configurations import findings

    try:
        found = taxonomy_form.read(taxonomy_files.text_of(taxonomy))
        rows = findings(found)
        talk(f"{found.reference}: {len(found.jobs)} labeling jobs, {len(rows)} finding{'s' * (len(rows) != 1)}")
    except taxonomy_form.TaxonomyRefused as error:
        rows = [Finding(fault.field, fault.message) for fault in error.faults]
    severities = [_severity(row.is_error or strict) for row in rows]
    shown = zip(severities, rows, strict=True)
    say([{"severity": how, "field": row.field, "message": row.message} for how, row in shown], options, _FINDINGS)
    if "error" in severities:
        raise typer.Exit(1)


def _severity(is_error: bool) -> str:
    return "error" if is_error else "warning"


@app.command()
@taking(OnStack)
def show(
    options: OnStack,
    taxonomy: Annotated[
        str, typer.Argument(metavar="TAXONOMY", help="One that comes along (lava), a file, or a stack's (lava/1).")
    ],
) -> None:
    """Show a taxonomy as a tree; as JSON it is the file itself."""
    text = _text_of(options, taxonomy)
    if options.output is not Format.TABLE or options.query is not None:
        say(json.loads(text), options)
        return
    from rich.console import Console

    from everlabel import taxonomy_form
    from everlabel_cli.taxonomy_tree import tree

    Console().print(tree(taxonomy_form.read(text)))


def _text_of(options: OnStack, taxonomy: str) -> bytes:
    """The file that is meant; what is no file and has the form of a reference is a stack's."""
    from everlabel import objects, taxonomies, taxonomy_form

    if taxonomy not in taxonomy_files.bundled() and not Path(taxonomy).exists():
        try:
            taxonomy_form.reference(taxonomy)
        except ValueError:
            pass
        else:
            stacks.enter(options)
            if taxonomies.find(taxonomy) is None:
                raise typer.BadParameter(f"there is no {taxonomy!r} in stack {options.stack!r}", param_hint="taxonomy")
            return objects.get(taxonomies.uri(taxonomy))
    taxonomy_files.read(taxonomy)
    return taxonomy_files.text_of(taxonomy)


@app.command()
@taking(Answering)
def configurations(
    options: Answering,
    taxonomy: Named,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="This labeling job alone; may be given again.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Write a file for each labeling job here.")
    ] = None,
) -> None:
    """Make the label category configurations of the labeling jobs: JSON by job, or a file each with --to."""
    from everlabel.taxonomy_configurations import configurations as templates

    made = templates(taxonomy_files.read(taxonomy))
    lost = [name for name in only or [] if name not in made]
    if lost:
        raise typer.BadParameter(f"there is no {', '.join(lost)}; there are {', '.join(made)}", param_hint="--only")
    configs = {name: made[name].label_category_config for name in made if not only or name in only}
    if folder is None:
        # A configuration is a document and no row: as a table nobody could read it.
        is_table = options.output is Format.TABLE and options.query is None
        say(configs, dataclasses.replace(options, output=Format.JSON) if is_table else options)
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, config in configs.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        rows.append({"jobName": name, "taskType": made[name].task_type, "file": str(path)})
    say(rows, options, {"jobName": "labeling job", "taskType": "task type", "file": "file"})


@app.command()
@taking(OnStack)
def push(options: OnStack, taxonomy: Named, dry_run: DryRun = False) -> None:
    """Store a taxonomy in a stack, for definitions to name it. The same again changes nothing.

    A taxonomy that is stored never changes: what differs needs a higher version.
    """
    found = taxonomy_files.read(taxonomy)
    stacks.enter(options)
    row = would_push(found) if dry_run else pushed(taxonomy)
    say([row], options, {"taxonomy": "taxonomy", "result": "result", "s3Uri": "place"})


def would_push(taxonomy: "Taxonomy") -> dict[str, Any]:
    """What `pushed` would do."""
    from everlabel import taxonomies

    known = taxonomies.find(taxonomy.reference) is not None
    result = "known" if known else "would be stored"
    return {"taxonomy": taxonomy.reference, "result": result, "s3Uri": str(taxonomies.uri(taxonomy.reference))}


def pushed(given: str) -> dict[str, Any]:
    """What became of a taxonomy (a bundled name or a path) that is stored in the stack which was entered.

    Raises:
        NotDone: if the stack has another one of its name and version.
    """
    from everlabel import taxonomies

    try:
        taxonomy, is_new = taxonomies.put(taxonomy_files.text_of(given))
    except taxonomies.TaxonomyTaken as error:
        raise NotDone(str(error)) from error
    place = str(taxonomies.uri(taxonomy.reference))
    return {"taxonomy": taxonomy.reference, "result": "stored" if is_new else "known", "s3Uri": place}


@app.command("list")
@taking(OnStack)
def list_taxonomies(options: OnStack) -> None:
    """List the taxonomies that a stack has, and those that come along."""
    from everlabel import taxonomies

    stacks.enter(options)
    stored = taxonomies.references()
    coming = {taxonomy_files.read(name).reference for name in taxonomy_files.bundled()}
    rows = [
        {"taxonomy": reference, "inStack": reference in stored, "bundled": reference in coming}
        for reference in sorted(coming | set(stored))
    ]
    say(rows, options, {"taxonomy": "taxonomy", "inStack": "in the stack", "bundled": "comes along"})


def bodies(given: str, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is POSTed to start the labeling jobs of a taxonomy (a bundled name or a path).

    Settings are Ground Truth's; those under a labeling job's name are for it alone, and go before the others.

    Raises:
        typer.BadParameter: if there is no such file, or no labeling job of a name in the settings.
        NotDone: with everything that is wrong with it.
    """
    from everlabel.taxonomy_configurations import configurations as templates

    made = templates(taxonomy_files.read(given))
    own = {name: value for name, value in settings.items() if isinstance(value, dict)}
    lost = [name for name in own if name not in made]
    if lost:
        why = f"there is no labeling job {', '.join(lost)}; there are {', '.join(made)}"
        raise typer.BadParameter(why, param_hint="--settings")
    shared = {name: value for name, value in settings.items() if name not in own}
    return [template.body({**shared, **own.get(name, {})}) for name, template in made.items()]
