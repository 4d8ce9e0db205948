"""The labeling jobs of a taxonomy: what is POSTed to start them, with their label category configurations.

https://docs.aws.amazon.com/sagemaker/latest/dg/sms-label-cat-config-attributes.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from everlabel import label_categories, labeling_job_request
from everlabel.label_categories import Finding
from everlabel.task_types import Media
from everlabel.taxonomy import Attribute, JobPart, Kind, Scope, Taxonomy
from everlabel.taxonomy_faults import DRAWN


@dataclass(frozen=True)
class JobTemplate:
    """All that a taxonomy says of one labeling job."""

    job_name: str
    task_type: str
    annotation_type: str
    label_category_config: Mapping[str, Any]
    label_attribute: str
    """The label attribute name: what the job gets if nobody asks for another."""
    adjusts: str | None
    title: str | None
    description: str | None

    def body(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What is POSTed to `/labeling-jobs`; settings (the workers, above all) go before what the taxonomy says."""
        said = {"TaskTitle": self.title, "TaskDescription": self.description}
        return {
            "jobName": self.job_name,
            "taskType": self.task_type,
            "annotationType": self.annotation_type,
            "labelCategoryConfig": dict(self.label_category_config),
            "settings": {key: value for key, value in said.items() if value is not None} | dict(settings),
        }


def configurations(taxonomy: Taxonomy) -> dict[str, JobTemplate]:
    """The labeling jobs by name, in the order of the file."""
    return {name: _template(taxonomy, name, part) for name, part in taxonomy.jobs.items()}


def _template(taxonomy: Taxonomy, name: str, part: JobPart) -> JobTemplate:
    # The kinds of object that one job carries are all drawn alike.
    drawn = DRAWN[taxonomy.objects[part.objects[0]].shape]
    body = {"jobName": name, "taskType": part.task_type, "annotationType": drawn}
    return JobTemplate(
        name,
        part.task_type,
        drawn,
        labeling_job_request.configuration(body, _configuration(taxonomy, part)),
        _label_attribute(taxonomy, name),
        part.adjusts,
        part.title,
        part.description,
    )


def _label_attribute(taxonomy: Taxonomy, name: str) -> str:
    return labeling_job_request.label_attribute({"jobName": name, "taskType": taxonomy.jobs[name].task_type})


def _configuration(taxonomy: Taxonomy, part: JobPart) -> dict[str, Any]:
    labels = [
        _label(taxonomy, part, word, taxonomy.objects[kind].attributes)
        for kind in part.objects
        for word in taxonomy.objects[kind].classes
    ]
    frame = taxonomy.attributes[Scope.FRAME]
    asked = [_asked(taxonomy, name, frame[name]) for name in part.frame_attributes]
    given = {"shortInstruction": part.short_instruction, "fullInstruction": part.full_instruction}
    instructions = {key: value for key, value in given.items() if value is not None}
    return {
        "labels": labels,
        **({"frameAttributes": asked} if asked else {}),
        **({"instructions": instructions} if instructions else {}),
        **({"auditLabelAttributeName": _label_attribute(taxonomy, part.adjusts)} if part.adjusts else {}),
    }


def _label(taxonomy: Taxonomy, part: JobPart, word: str, attributes: Mapping[str, Attribute]) -> dict[str, Any]:
    label: dict[str, Any] = {"label": taxonomy.shorten(word)}
    if attributes:
        label["categoryAttributes"] = [_asked(taxonomy, name, attribute) for name, attribute in attributes.items()]
    # A verification of video is an adjustment that allows no edits; an image's is a task type of its own.
    if part.type.verifies and part.type.media is Media.FRAMES:
        label["editsAllowed"] = "none"
    return label


def _asked(taxonomy: Taxonomy, name: str, attribute: Attribute) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "name": taxonomy.shorten(name),
        "type": "number" if attribute.kind is Kind.NUMBER else "string",
        "description": attribute.description,
    }
    if attribute.kind is Kind.CHOICE:
        asked["enum"] = [taxonomy.shorten(value) for value in attribute.values]
    if attribute.kind is Kind.NUMBER:
        asked |= {"minimum": attribute.minimum, "maximum": attribute.maximum}
    if attribute.required:
        asked["isRequired"] = True
    return asked


def findings(taxonomy: Taxonomy) -> list[Finding]:
    """Where labeling jobs break Ground Truth's documented quotas: warnings, each once, at the first job that does."""
    found: dict[str, Finding] = {}
    for name, template in configurations(taxonomy).items():
        for finding in label_categories.findings(template.label_category_config):
            message = finding.message
            if "characters" in message and finding.field.endswith((".label", ".name", ".enum")):
                message += ': give it a shorter word under "short"'
            found.setdefault(message, Finding(f"labelingJobs.{name}: {finding.field}", message, finding.is_error))
    return list(found.values())
