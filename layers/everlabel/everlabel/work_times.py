"""How long people worked on a data object, if Ground Truth's output tree says so.

    <job>/annotations/consolidated-annotation/output/<id>/SeqLabel.json
    <job>/annotations/worker-response/iteration-1/<id>/<time>.json

The tree is documented, but its files need not be there; what is not, or not readable, is not counted:
https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html
"""

import json
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from everlabel import objects
from everlabel.s3_uri import S3Uri

_LABELS, _ANSWERS = "annotations/consolidated-annotation/output/", "annotations/worker-response/iteration-1/"
_MOST_ANSWERS = 9  # workers a data object has at most: …/APIReference/API_HumanTaskConfig.html


def seconds_of_answers(label_file: S3Uri) -> list[float]:
    """Seconds that each answer to the data object of a label file took; none if nothing tells."""
    root, separator, rest = label_file.key.partition(_LABELS)
    if not separator:
        return []
    folder = S3Uri(label_file.bucket, f"{root}{_ANSWERS}{rest.rpartition('/')[0]}/")
    try:
        names = objects.names_below(folder, _MOST_ANSWERS)
    except ClientError as error:
        if error.response["Error"]["Code"] in objects.FORBIDDEN:
            return []
        raise
    contents = [objects.find(folder / name) for name in names if name.endswith(".json")]
    return [seconds for content in contents if content is not None for seconds in read_answers(content)]


def read_answers(content: bytes) -> list[float]:
    """The same out of one worker-response file."""
    try:
        answers = json.loads(content)["answers"]
        found = [_seconds(answer) for answer in answers]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    return [seconds for seconds in found if seconds is not None]


def _seconds(answer: Any) -> float | None:
    spent = answer.get("timeSpentInSeconds")
    if isinstance(spent, int | float) and not isinstance(spent, bool):
        return float(spent) if 0 <= spent < float("inf") else None
    begun, ended = (datetime.fromisoformat(answer[name]) for name in ("acceptanceTime", "submissionTime"))
    return max(0.0, (ended - begun).total_seconds())
