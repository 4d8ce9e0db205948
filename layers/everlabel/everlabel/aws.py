"""One session for all clients, made when first asked for."""

import os
from functools import cache
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

# Every step can be repeated, so the client may repeat calls on its own, backing off when throttled.
_PATIENT = Config(retries={"mode": "adaptive", "total_max_attempts": 8}, max_pool_connections=32)


@cache
def core() -> botocore.session.Session:
    """What all clients are made of, pynamodb's too."""
    return botocore.session.get_session()


@cache
def _session() -> boto3.Session:
    return boto3.Session(botocore_session=core())


def region() -> str:
    """The Region this runs in."""
    return str(_session().region_name)


@cache
def s3() -> "S3Client":
    """The client of Amazon S3."""
    return _session().client("s3", config=_PATIENT)


@cache
def sns() -> "SNSClient":
    """The client of Amazon SNS."""
    return _session().client("sns", config=_PATIENT)


@cache
def sqs() -> "SQSClient":
    """The client of Amazon SQS."""
    return _session().client("sqs", config=_PATIENT)


@cache
def cloudwatch() -> "CloudWatchClient":
    """The client of Amazon CloudWatch."""
    return _session().client("cloudwatch", config=_PATIENT)


@cache
def events() -> "EventBridgeClient":
    """The client of Amazon EventBridge."""
    return _session().client("events", config=_PATIENT)


@cache
def step_functions() -> "SFNClient":
    """The client of AWS Step Functions."""
    return _session().client("stepfunctions", config=_PATIENT)


@cache
def sagemaker() -> "SageMakerClient":
    """The client of Amazon SageMaker."""
    return _session().client("sagemaker", config=_PATIENT)


def setting(name: str) -> str:
    """A setting that `template.yaml` gives this function. Raises KeyError with its name if it does not."""
    return os.environ[name]


def bucket() -> str:
    """The name of our own bucket."""
    return setting("BUCKET")
