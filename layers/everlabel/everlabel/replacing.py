"""Replacing a labeling job that ended by itself, and telling whoever waits for it."""

from everlabel import labeling_jobs, waking
from everlabel.job_table import LabelingJob


def replace(job: LabelingJob) -> LabelingJob | None:
    """Starts a new incarnation and wakes the levels that wait for it. Every step can be repeated.

    Returns None if a person stopped the job meanwhile.
    """
    # A crash after this is made good by whoever hears of the end again, and whoever sends too early is told that the
    # job is not ready and tries again. The epoch is up already if an earlier replacement was begun and not finished.
    waking.send_again(job.job_name, int(job.epoch) + (job.labeling_job_arn is not None))
    return labeling_jobs.replace(job)


def tell(job: LabelingJob) -> int:
    """Wakes the levels that wait for an incarnation before the one that runs, once; returns how many.

    So a job that a person stopped and started again goes on with what it had.
    """
    if job.told_epoch >= job.epoch:
        return 0
    woken = waking.send_again(job.job_name, int(job.epoch))
    job.update(actions=[LabelingJob.told_epoch.set(job.epoch)], condition=LabelingJob.epoch == job.epoch)
    return woken
