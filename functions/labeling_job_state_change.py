"""LabelingJobStateChange: replaces a labeling job that ended although nobody stopped it."""

import json
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from everlabel import labeling_jobs, replacing

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Takes SQS records that hold EventBridge events; returns those that must come again as `batchItemFailures`."""
    failed = []
    for record in event["Records"]:
        try:
            for arn in json.loads(record["body"])["resources"]:
                _replace(arn)
        except Exception:
            logger.exception("not taken; it comes again", extra={"message_id": record["messageId"]})
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _replace(labeling_job_arn: str) -> None:
    ended = labeling_jobs.find_ended(labeling_job_arn)
    if ended is None:
        return
    replaced = replacing.replace(ended)
    if replaced is not None:
        logger.warning("replaced", extra={"job": replaced.job_name, "epoch": int(replaced.epoch)})
