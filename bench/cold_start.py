"""Cold starts: what importing a handler and making its clients takes, beside a handler that only makes those clients.

Processor time of a fresh interpreter, its own start left out: a function waits for its processor, not for its disk.
Byte code is there for both, as in the layers that are deployed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from bench.measuring import Row
from local.template import ROOT, Template

_TIMES = 5  # in a round: an import takes less time than a machine's other guests may take away
_REACH, _API_REACH = 1 / 1.25, 1 / 2
# By what comes before the colon in a policy: boto3's name.
_SERVICES = {
    "cloudwatch": "cloudwatch",
    "dynamodb": "dynamodb",
    "events": "events",
    "s3": "s3",
    "sagemaker": "sagemaker",
    "sns": "sns",
    "sqs": "sqs",
    "states": "stepfunctions",
}
_DOORS = {"dynamodb": "tables.connection().client", "stepfunctions": "aws.step_functions()"}
_TIMED = """
import sys, time
sys.path[:0] = {paths!r}
begun = time.process_time()
{work}
print(time.process_time() - begun)
"""
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": "everlabel",
    "TASK_TABLE": "TaskTable",
    "JOB_TABLE": "JobTable",
}


def run(rounds: int) -> Iterator[Row]:
    """Yields the rows, function after function."""
    template = Template(ROOT / "template.yaml")
    for name, function in sorted(template.of_type("AWS::Serverless::Function").items()):
        module = function["Handler"].partition(".")[0]
        services = _services(function)
        paths = [str(path) for path in template.code()[name]]
        ours, bare = _in_turn((_ours(module, services), _bare(services)), paths, rounds)
        is_api = any(event["Type"] == "HttpApi" for event in function.get("Events", {}).values())
        yield Row(name, "CPU s until ready", ours, bare, _API_REACH if is_api else _REACH)


def _services(function: Mapping[str, Any]) -> list[str]:
    """What its policies let it call, by boto3's names."""
    found = set()
    for policy in function.get("Policies", []):
        for statement in policy.get("Statement", []):
            actions = statement["Action"]
            found |= {action.partition(":")[0] for action in ([actions] if isinstance(actions, str) else actions)}
    return sorted(_SERVICES[prefix] for prefix in found if prefix in _SERVICES)


def _ours(module: str, services: list[str]) -> str:
    doors = (_DOORS.get(service, f"aws.{service}()") for service in services)
    return "\n".join([f"import {module}", "from everlabel import aws, tables", *doors])


def _bare(services: list[str]) -> str:
    clients = (f"session.client({service!r}, config=patient)" for service in services)
    patient = "patient = botocore.config.Config(retries={'mode': 'adaptive', 'total_max_attempts': 8})"
    return "\n".join(["import boto3, botocore.config", "session = boto3.Session()", patient, *clients])


def _in_turn(works: tuple[str, str], paths: list[str], rounds: int) -> tuple[float, float]:
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds * _TIMES + 1):
        for work, taken in zip(works, seconds, strict=True):
            code = _TIMED.format(paths=paths, work=work)
            done = subprocess.run(  # noqa: S603 # our own words
                [sys.executable, "-c", code],
                env={"PATH": os.environ["PATH"], **_ENVIRONMENT},
                check=True,
                capture_output=True,
                text=True,
            )
            if number:  # the first one warms up
                taken.append(float(done.stdout.split()[-1]))
    return median(seconds[0]), median(seconds[1])
