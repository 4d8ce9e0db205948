"""Every error that may leave a step, by the name the state machine knows it by.

    EverlabelError
    ├── ClipRefused              the clip cannot be turned into frames; trying again would not help
    ├── LabelingJobNotReady      still Initializing, or about to be replaced: try again later
    ├── LabelingJobNotRunning    stopped by a person: nothing can be sent to it
    ├── LabelsUnreadable         a label file is not there (yet), or is none
    ├── ManifestRefused          an input manifest or sequence file is not what Ground Truth takes
    ├── NotAnnounced             Amazon EventBridge did not take an event: try again
    ├── ReconciliationFailed     a step of the hourly reconciliation failed; the others were done
    ├── TaskNotFound             no annotation task has this id
    └── TaskNotInProgress        the task ended while a step was still at work on it

`expired` and `ObjectsFailed` are not raised: they are the `error` of a SendTaskFailure (see `waking`).
"""


class EverlabelError(Exception):
    """What went wrong, in one sentence a person can act on."""


class ClipRefused(EverlabelError):
    """The clip cannot be turned into frames: not a video, truncated, encrypted, too large, …"""


class LabelingJobNotReady(EverlabelError):
    """The labeling job is not InProgress yet; what is published to it now would be lost."""


class LabelingJobNotRunning(EverlabelError):
    """The labeling job was stopped and nothing replaces it."""


class LabelsUnreadable(EverlabelError):
    """What Ground Truth says are labels cannot be read: not there yet, or not in any form that it is known to write."""


class ManifestRefused(EverlabelError):
    """An input manifest or sequence file is not what Ground Truth takes."""


class NotAnnounced(EverlabelError):
    """Amazon EventBridge did not take an event."""


class ReconciliationFailed(EverlabelError):
    """A step of the hourly reconciliation failed; the others were done."""


class TaskNotFound(EverlabelError):
    """No annotation task has this id."""


class TaskNotInProgress(EverlabelError):
    """The annotation task ended while a step was still at work on it."""
