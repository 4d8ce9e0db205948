"""The laptop's only account and its only credentials. They open nothing anywhere else, and nothing else opens here."""

import os
from collections.abc import MutableMapping
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

ACCOUNT = "123456789012"
REGION = "us-east-1"
KEY_ID = "test"
SECRET = "test"  # noqa: S105 - not a secret: it is printed for everybody to copy

LOOPBACK = "127.0.0.1,localhost"

ALONE = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": LOOPBACK,
    "no_proxy": LOOPBACK,
}
"""Environment of a process that shall find neither the user's AWS configuration nor a proxy before the laptop's cloud.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
"""


def leave_the_users(environment: MutableMapping[str, str] = os.environ) -> None:
    """Take the user's AWS settings out of this process, and let no proxy stand before the loopback address.

    To be called before moto is imported, which makes sessions of its own. The proxies themselves stay: SAM may need
    them.
    """
    for name in [name for name in environment if name.startswith("AWS_")]:
        del environment[name]
    direct = {name: environment[name] for name in ("NO_PROXY", "no_proxy") if environment.get(name)}
    environment.update(ALONE)
    environment.update({name: f"{hosts},{LOOPBACK}" for name, hosts in direct.items()})


def session(region: str) -> boto3.Session:
    """A session of its own: no profile, no file and no proxy of the user's gets in."""
    none = (None, None, None, None)
    alone = {"profile": none, "config_file": (None, None, os.devnull, None)}
    core = botocore.session.Session(session_vars={**alone, "credentials_file": (None, None, os.devnull, None)})
    core.set_default_client_config(Config(proxies={}))
    return boto3.Session(
        aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, region_name=region, botocore_session=core
    )


def client(of: boto3.Session, service: str, endpoint_url: str, config: Config | None = None) -> Any:
    """A client of the cloud at an endpoint. A session may not make two at once."""
    make: Any = of.client
    return make(service, endpoint_url=endpoint_url, config=config)
