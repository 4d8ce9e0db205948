"""The job table: the labeling jobs that all clips share, by name."""

import os
from collections.abc import Iterable
from enum import StrEnum

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from everlabel.attributes import optional_text
from everlabel.tables import Stored


class JobState(StrEnum):
    """Ground Truth's LabelingJobStatus, as last heard of."""

    INITIALIZING = "Initializing"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"


STARTING_OR_RUNNING = (JobState.INITIALIZING, JobState.IN_PROGRESS)


class LabelingJob(Stored):
    """One long-lived streaming job for one modality, through all its incarnations."""

    class Meta:
        # pynamodb reads the name when the class is made: the one thing here that happens at import.
        table_name = os.environ.get("JOB_TABLE", "")

    job_name = UnicodeAttribute(hash_key=True)
    back_end = UnicodeAttribute(default="ground-truth")
    task_type = UnicodeAttribute()
    annotation_type = UnicodeAttribute()
    label_attribute = UnicodeAttribute()
    audit_label_attribute = optional_text()
    """The label attribute that this job adjusts or verifies; None if it starts from bare frames."""
    input_topic = UnicodeAttribute()
    output_topic = UnicodeAttribute()
    output_path = UnicodeAttribute()
    epoch = NumberAttribute(default=0)
    labeling_job_name = UnicodeAttribute()
    labeling_job_arn = optional_text()
    state = UnicodeAttribute()
    stopped_by = optional_text()
    """Who asked for the stop; a job that stops on its own is replaced."""
    failure_reason = optional_text()
    """Why Ground Truth refused to start the current incarnation, in its own words."""
    output_manifest = optional_text()
    """Where the current incarnation writes what became of each object; None as long as nobody asked Ground Truth."""
    manifest_before = optional_text()
    """The same of the incarnation before, whose last lines may come after it ended."""
    told_epoch = NumberAttribute(default=0)
    """The newest incarnation that every level which waits for this job was told of."""
    manifests = optional_text()
    """How far the output manifests of the last incarnations are read; JSON."""
    request = UnicodeAttribute()
    """The body of the POST that made it, as canonical JSON: the same name and request mean the same job."""
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()


def find(job_name: str) -> LabelingJob | None:
    """The job of this name, as it is now."""
    try:
        return LabelingJob.get(job_name, consistent_read=True)
    except LabelingJob.DoesNotExist:
        return None


def find_all(job_names: Iterable[str]) -> dict[str, LabelingJob]:
    """The jobs of these names that exist."""
    return {job.job_name: job for job in LabelingJob.batch_get(sorted(set(job_names)), consistent_read=True)}
