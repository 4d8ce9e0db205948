"""Reconciler: every hour, finds again what notices lost."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel.errors import ReconciliationFailed
from everlabel.reconciling import Findings, Reconciliation

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
def handler(_event: dict[str, Any], context: LambdaContext) -> None:
    """Takes a scheduled event; AWS Lambda tries again what failed."""
    run = Reconciliation(lambda: context.get_remaining_time_in_millis() / 1000)
    failed = []
    for name, step in run.steps():
        try:
            step()
        except Exception:
            logger.exception("not reconciled", extra={"step": name})
            failed.append(name)
    _report(run.findings)
    if failed:
        raise ReconciliationFailed(f"tried again soon: {', '.join(failed)}")


def _report(found: Findings) -> None:
    counts = {
        "LabelsFoundLate": found.labels,
        "LevelsWokenLate": found.levels,
        "TasksStartedLate": found.tasks_started,
        "TasksClosedLate": found.tasks_closed,
        "ExecutionsFoundDead": found.dead_executions,
        "LabelingJobsReplaced": found.jobs_replaced,
        "InputTopicsWithoutSubscribers": found.topics_without_subscribers,
        "UnfinishedReconciliations": int(found.unfinished),
    }
    for name, count in counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    metrics.add_metric("LabelingQueueAgeSeconds", MetricUnit.Seconds, found.queue_age_seconds)
    if found.oldest_level_seconds is not None:
        metrics.add_metric("OldestWaitingLevelSeconds", MetricUnit.Seconds, found.oldest_level_seconds)
    metrics.flush_metrics()
    logger.info("reconciled", extra={name: count for name, count in counts.items() if count})
    if found.unplaceable:
        logger.error("lines of output manifests cannot be placed", extra={"reasons": found.unplaceable[:20]})
