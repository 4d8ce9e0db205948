"""What is read of both tables at once: a batch, a sending or a finished task costs one read, not two."""

from collections.abc import Iterable

from everlabel.job_table import LabelingJob
from everlabel.tables import find_together
from everlabel.task_table import Row

Rows = dict[tuple[str, str], Row]
"""By task id and range key."""


def rows_and_jobs(keys: Iterable[tuple[str, str]], job_names: Iterable[str]) -> tuple[Rows, dict[str, LabelingJob]]:
    """Items of the task table, and labeling jobs by name, as they are now; what does not exist is left out."""
    found = list(find_together([*((Row, key) for key in keys), *((LabelingJob, (name,)) for name in job_names)]))
    rows = {(row.task_id, row.item): row for row in found if isinstance(row, Row)}
    return rows, {job.job_name: job for job in found if isinstance(job, LabelingJob)}
