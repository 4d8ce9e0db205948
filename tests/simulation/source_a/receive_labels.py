"""Source A's listener on the output topics: updates one item, looks at its siblings, answers the token.

Its faults are kept: whatever comes last is believed, be it late or a repetition; and when no token is stored yet,
nobody is woken, now or later.
"""

import json
import re
from typing import Any

from botocore.exceptions import ClientError

from everlabel import aws
from everlabel.data_object import OBJECT_ID_KEY
from tests.simulation.source_a import task_table
from tests.simulation.source_a.task_table import EXPIRED, FAILED, LABELED, Item

# Which failures are for good; source A does not say, so it is given the reading that ours has.
_REFUSED = re.compile(r"(?i)unsupported|corrupt|malformed|invalid|access ?denied|not ?found|no such")
_STALE = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}


def handler(event: dict[str, Any], _context: Any) -> None:
    """Takes one output message. Raises KeyError or ValueError for what is none."""
    [record] = event["Records"]
    message = json.loads(record["body"])["Message"]
    line = json.loads(message)
    _, _, task, level, job_name, index = line[OBJECT_ID_KEY].rsplit("/", 5)
    status = _status(line, task_table.find_job(job_name)["label_attribute"])
    task_table.update(f"{task}/{level}", f"{job_name}/{index}", status=status, line=message)
    siblings = task_table.children(f"{task}/{level}")
    parent = task_table.find(task, level)
    if parent is not None and "task_token" in parent:
        _answer(parent, level, {item["status"] for item in siblings})


def _status(line: dict[str, Any], attribute: str) -> str:
    reason = line.get(f"{attribute}-metadata", {}).get("failure-reason")
    if reason is not None:
        return FAILED if _REFUSED.search(reason) else EXPIRED
    if attribute not in line:
        raise ValueError(f"neither {attribute} nor a failure")
    return LABELED


def _answer(parent: Item, level: str, statuses: set[str]) -> None:
    client, token = aws.step_functions(), parent["task_token"]
    try:
        if FAILED in statuses:
            client.send_task_failure(taskToken=token, error="LabelingFailed", cause="Ground Truth refused an object")
        elif EXPIRED in statuses:
            client.send_task_failure(taskToken=token, error="expired", cause="an object expired in the worker portal")
        elif statuses == {LABELED}:
            completed = {"isLastLevel": parent["is_last"] == "True", "nextLevel": int(level) + 1}
            client.send_task_success(taskToken=token, output=json.dumps(completed))
    except ClientError as error:
        if error.response["Error"]["Code"] not in _STALE:
            raise
