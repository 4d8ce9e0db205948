"""ReceiveLabels: writes the outcome of each data object once and wakes the levels that are done."""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel import quarantine, waking
from everlabel.protocol import NotPlaceable
from everlabel.receiving import OutputMessage, Receiver

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Takes a batch of SQS records; returns those that must come again as `batchItemFailures`."""
    bodies = {record["messageId"]: record["body"] for record in event["Records"]}
    failed: set[str] = set()
    levels: defaultdict[tuple[str, int], list[OutputMessage]] = defaultdict(list)
    for message_id, body in bodies.items():
        try:
            message = OutputMessage.from_sqs(message_id, body)
            levels[message.level].append(message)
        except NotPlaceable as reason:
            _put_aside(message_id, body, reason)
    receiver = Receiver([message for messages in levels.values() for message in messages])
    # Level by level: whoever dies on the way holds up only what comes after.
    for level, messages in levels.items():
        taken = set()
        must_send = False
        for message in messages:
            message_id = message.message_id
            try:
                must_send |= _persistently(partial(receiver.take, message))
                taken.add(message_id)
            except NotPlaceable as reason:
                _put_aside(message_id, bodies[message_id], reason)
            except Exception:
                logger.exception("not taken; it comes again", extra={"message_id": message_id})
                failed.add(message_id)
        # Also for copies of messages: whoever took the first one may have died before waking anyone.
        try:
            _persistently(partial(waking.wake, *level, must_send=must_send))
        except Exception:
            logger.exception("not woken; its messages come again", extra={"task_id": level[0], "level": level[1]})
            failed |= taken
    metrics.add_metric("LabeledObjects", MetricUnit.Count, receiver.labeled)
    metrics.flush_metrics()
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(failed)]}


def _persistently(step: Callable[[], bool]) -> bool:
    """Tries twice, because a message that failed comes again only when it is visible again, after minutes."""
    try:
        return step()
    except NotPlaceable:
        raise
    except Exception:
        logger.warning("tried again at once", exc_info=True)
        return step()


def _put_aside(message_id: str, body: str, reason: NotPlaceable) -> None:
    quarantine.put(message_id, body, str(reason))
    metrics.add_metric("QuarantinedMessages", MetricUnit.Count, 1)
    logger.error("quarantined", extra={"message_id": message_id, "reason": str(reason)})
