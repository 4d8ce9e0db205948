"""Bodies of POST /labeling-jobs: gathered from files or a taxonomy, and what is wrong with them."""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from everlabel_cli import body_file, taxonomies
from everlabel_cli.answer import NotDone

if TYPE_CHECKING:
    from everlabel.definition import Fault
    from everlabel.label_categories import Finding

_REGION = "us-east-1"
"""Where nothing else is known; only whether Ground Truth is there at all hangs on it."""


def gathered(
    files: Sequence[str],
    only: Sequence[str],
    workteam_arn: str | None,
    ui_template: str | None,
    taxonomy: str | None = None,
    settings: str | None = None,
) -> list[dict[str, Any]]:
    """The bodies of files or of a taxonomy, with settings filled in where they have none.

    Raises:
        typer.BadParameter: if there is not one source of bodies, it cannot be read, or a job that is asked for is not
            in it.
    """
    if bool(files) == (taxonomy is not None):
        raise typer.BadParameter("give either files with bodies or --taxonomy")
    if taxonomy is None and settings is not None:
        raise typer.BadParameter("goes with --taxonomy; the bodies of files have their own", param_hint="--settings")
    bodies = [body for file in files for body in body_file.read(file)]
    if taxonomy is not None:
        bodies = taxonomies.bodies(taxonomy, _settings(settings) if settings is not None else {})
    names = [str(body.get("jobName")) for body in bodies]
    lost = [name for name in only if name not in names]
    if lost:
        raise typer.BadParameter(f"there is no {', '.join(lost)}; there are {', '.join(names)}", param_hint="--only")
    return [_completed(body, workteam_arn, ui_template) for body in bodies if not only or body.get("jobName") in only]


def _settings(file: str) -> dict[str, Any]:
    found = body_file.read(file)
    if len(found) != 1:
        raise typer.BadParameter(f"{file} must hold one mapping; it has {len(found)}", param_hint="--settings")
    return found[0]


def _is_configuration(body: dict[str, Any]) -> bool:
    """Whether a body is a bare label category configuration."""
    return "labels" in body and not {"jobName", "taskType", "settings"} & body.keys()


def _completed(body: dict[str, Any], workteam_arn: str | None, ui_template: str | None) -> dict[str, Any]:
    from everlabel.task_types import TASK_TYPES, Media

    settings = body.get("settings", {})
    if not isinstance(settings, dict) or _is_configuration(body):
        return body
    given = {}
    if workteam_arn is not None:
        given["WorkteamArn"] = workteam_arn
    task_type = TASK_TYPES.get(body["taskType"]) if isinstance(body.get("taskType"), str) else None
    if ui_template is not None and task_type is not None and task_type.media is Media.IMAGE:
        given["UiTemplateS3Uri"] = ui_template
    return {**body, "settings": {**given, **settings}}


def faults(bodies: Sequence[dict[str, Any]], stack: str, region: str | None) -> list[dict[str, str]]:
    """Everything that is wrong with bodies, by the labeling job's name: form and combinations.

    A label category configuration that lies in S3 is not read.
    """
    found = []
    for number, body in enumerate(bodies):
        rows = sorted(set(_faults(body, stack, region or _REGION)))
        found += [{"jobName": _name(body, number), "field": row.field, "message": row.message} for row in rows]
    return found


def findings(bodies: Sequence[dict[str, Any]], stack: str, region: str, strict: bool) -> list[dict[str, str]]:
    """The faults of bodies, and what their label category configurations have that Ground Truth does not document.

    A body may be a bare label category configuration. What breaks a quota is a warning, unless `strict`.
    """
    found = []
    for number, body in enumerate(bodies):
        rows = sorted(set(_findings(body, stack, region)))
        for row in rows:
            severity = "error" if row.is_error or strict else "warning"
            said = {"severity": severity, "field": row.field, "message": row.message}
            found.append({"jobName": _name(body, number), **said})
    return found


def without_team(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Findings without those that say only that nobody is named who labels: a taxonomy cannot know."""
    return [row for row in rows if (row["field"], row["message"]) != ("settings.WorkteamArn", "is missing")]


def _name(body: dict[str, Any], number: int) -> str:
    return str(body.get("jobName") or f"body {number + 1}")


def _findings(body: dict[str, Any], stack: str, region: str) -> "list[Finding]":
    from everlabel import label_categories, labeling_job_request
    from everlabel.label_categories import Finding
    from everlabel.task_types import TASK_TYPES

    if _is_configuration(body):
        return label_categories.findings(body)
    found = [Finding(fault.field, fault.message) for fault in _faults(body, stack, region)]
    config, _ = labeling_job_request.configurations(body)
    if not isinstance(config, dict) or body.get("taskType") not in tuple(TASK_TYPES):
        return found
    sent = labeling_job_request.configuration(body, config)
    inside = [
        dataclasses.replace(row, field=f"labelCategoryConfig.{row.field}") for row in label_categories.findings(sent)
    ]
    # What the API says already is not said again.
    return found + [row for row in inside if not any(row.field.startswith(fault.field) for fault in found)]


def _faults(body: dict[str, Any], stack: str, region: str) -> "list[Fault]":
    from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
    from pydantic import ValidationError

    from everlabel import labeling_job_request
    from everlabel.api.form_faults import form_faults
    from everlabel.api.labeling_jobs import LabelingJobDefinition

    found: list[Fault] = []
    try:
        LabelingJobDefinition.model_validate(body)
    except ValidationError as error:
        found = form_faults(RequestValidationError(error.errors()))
    known = {fault.field for fault in found}
    inline, _ = labeling_job_request.configurations(body)
    config = inline if isinstance(inline, dict) else None
    more = labeling_job_request.faults(body, config, stack, region)
    return found + [fault for fault in more if fault.field not in known]


def refuse_faulty(bodies: Sequence[dict[str, Any]], stack: str, region: str | None) -> None:
    """Raises `NotDone` with every fault, before anything is started; one that many jobs have is told once."""
    found = faults(bodies, stack, region)
    if not found:
        return
    jobs: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in found:
        jobs[row["field"], row["message"]].append(row["jobName"])
    lines = [f"  {', '.join(names)}: {field}: {message}" for (field, message), names in jobs.items()]
    if found != without_team(found):
        lines.append("  --workteam-arn says for all of them who labels")
    count = f"{len(found)} fault{'s' * (len(found) != 1)}"
    raise NotDone("\n".join([f"{count} in what was to be started; nothing was", *lines]))
