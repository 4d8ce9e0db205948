"""ReceiveLabels: writes the outcome of each data object once and wakes the levels that are done."""

from collections import defaultdict
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel import quarantine, receiving, waking
from everlabel.protocol import NotPlaceable

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Takes a batch of SQS records; returns those that must come again as `batchItemFailures`."""
    receiver = receiving.Receiver()
    failed: set[str] = set()
    waiting_for: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for record in event["Records"]:
        message_id = record["messageId"]
        try:
            level = receiver.take(receiving.OutputMessage.from_sqs(message_id, record["body"]))
            waiting_for[level].add(message_id)
        except NotPlaceable as reason:
            quarantine.put(message_id, record["body"], str(reason))
            metrics.add_metric("QuarantinedMessages", MetricUnit.Count, 1)
            logger.error("quarantined", extra={"message_id": message_id, "reason": str(reason)})
        except Exception:
            logger.exception("not taken; it comes again", extra={"message_id": message_id})
            failed.add(message_id)
    # Also for copies of messages: whoever took the first one may have died before waking anyone.
    for (task_id, level_number), message_ids in waiting_for.items():
        try:
            waking.wake(task_id, level_number)
        except Exception:
            logger.exception("not woken; its messages come again", extra={"task_id": task_id, "level": level_number})
            failed |= message_ids
    metrics.add_metric("LabeledObjects", MetricUnit.Count, receiver.labeled)
    metrics.flush_metrics()
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(failed)]}
