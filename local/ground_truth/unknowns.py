"""What Ground Truth's documentation leaves open: one switch per question, set to the likeliest answer.

The application must come through whatever the answers are, so tests and simulations turn every one of them.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Unknowns:
    """One field per undocumented behaviour. Durations are seconds, chances are between 0 and 1."""

    dedup: Literal["consumption", "arrival"] = "consumption"
    """When a repeated id is discarded: as it is taken from the queue, or as it arrives there."""

    resend_renews_retention: bool = False
    """Deduplication at arrival only: a repeated id gives the copy in the queue another 14 days."""

    queue_expiry_forgets_id: bool = False
    """Deduplication at arrival only: an id whose message expired in the queue may be sent again."""

    early_input: Literal["lost", "kept"] = "lost"
    """What happens to messages sent while the job is Initializing (the documentation only says not to)."""

    refill_leaves_gap: bool = True
    """The queue is turned to when fewer than MaxConcurrentTaskCount - NumberOfHumanWorkersPerDataObject tasks are
    available, as documented; False: as soon as there is room."""

    open_tasks_keep_job_alive: bool = True
    """The 10 idle days run only while no task waits in the portal (an example says so, the definition does not)."""

    job_ends_after: float | None = None
    """Seconds until a streaming job expires: documented as 30 days for all jobs, which "perpetually running" denies."""

    ended_job_status: Literal["Failed", "Completed", "Stopped"] = "Failed"
    """The status of a job that ended that way."""

    stop_fails_open_objects: bool = False
    """A job that stops publishes a failure line for each open object."""

    expiry_reason: str = "Task expired: TaskAvailabilityLifetimeInSeconds reached before a worker submitted it"
    """`failure-reason` of an object nobody worked on."""

    decline_reason: str = "Task expired: declined by worker"
    """`failure-reason` of an object a worker declined (documented: "marked as expired")."""

    failure_line_has_label_key: bool = False
    """A failure line carries the label attribute itself (with 0) beside its metadata."""

    failures_on_topic: bool = True
    """Failure lines are published to the output topic."""

    failures_in_manifest: bool = True
    """Failure lines are written to output.manifest."""

    ids_must_match_pattern: bool = False
    """Deduplication ids outside the documented pattern `^(https|s3)://…` are refused."""

    object_id_in_path: Literal["number", "quoted", "raw"] = "number"
    """How <datasetObjectId> is spelled in S3 keys: a running number, or the deduplication id, quoted or as it is."""

    frame_no_is_string: bool = True
    """`frame-no` in SeqLabel.json is a string, as in published files; False: a number, as documented."""

    frame_no_from_sequence: bool = False
    """`frame-no` repeats the sequence file's numbers; False: counts from 0."""

    unlabeled_frames_missing: bool = False
    """Frames without any label are left out of SeqLabel.json ("for each frame that was annotated")."""

    class_index_is_string: bool = True
    """Classification and verification give the class index as a string, as in the documentation's examples."""

    unmodified_video_status: Literal["absent", "unadjusted"] = "absent"
    """`adjustment-status` of a video adjustment that changed nothing."""

    job_name_in_tree: Literal["as given", "lower case"] = "as given"
    """Spelling of the job's folder under S3OutputPath."""

    name_in_arn: Literal["lower case", "as given"] = "lower case"
    """Spelling of the job's name in its ARN."""

    label_quotas_enforced: bool = False
    """Names over 16 characters and more than 10 values are refused in a label category configuration."""

    duplicate_chance: float = 0.0
    """Chance that an output message is delivered twice (Amazon SNS delivers at least once)."""

    delay_chance: float = 0.0
    """Chance that an output message is overtaken by later ones."""

    delay_longest: float = 3_600.0
    """The longest such delay."""

    manifest_lag: float = 300.0
    """How long output.manifest may stay behind ("periodically updated")."""
