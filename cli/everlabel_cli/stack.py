"""The stack that a command works on: found by its name, and the package `everlabel` led to it.

The package finds its place in the environment, as in a Lambda function; here the stack's outputs fill it.
"""

import os
from collections.abc import Mapping

import boto3
import typer
from botocore.exceptions import ClientError, NoRegionError, ProfileNotFound

_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def environment(
    given: Mapping[str, str], profile: str | None, region: str | None, endpoint_url: str | None
) -> dict[str, str]:
    """The environment in which boto3 finds what the options say, from the one that is given.

    A profile that is asked for by name wins over credentials in the environment, as with the AWS CLI; boto3 alone
    would use those, and so perhaps another account.
    """
    made = dict(given)
    if profile is not None:
        made = {name: value for name, value in made.items() if name not in _CREDENTIALS}
    wanted = {"AWS_PROFILE": profile, "AWS_DEFAULT_REGION": region, "AWS_ENDPOINT_URL": endpoint_url}
    return made | {name: value for name, value in wanted.items() if value is not None}


def enter(name: str, profile: str | None, region: str | None, endpoint_url: str | None) -> dict[str, str]:
    """Leads this process to a stack, and returns the stack's outputs.

    Raises:
        typer.BadParameter: if there is no such stack, profile or Region.
    """
    made = environment(os.environ, profile, region, endpoint_url)
    os.environ.clear()
    os.environ.update(made)
    try:
        cloudformation = boto3.Session().client("cloudformation")
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ProfileNotFound as error:
        raise typer.BadParameter(str(error), param_hint="--profile") from error
    except NoRegionError as error:
        raise typer.BadParameter("no Region is given or configured", param_hint="--region") from error
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise typer.BadParameter(error.response["Error"]["Message"], param_hint="--stack") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    missing = {"BucketName", "LabelsQueueUrl"} - outputs.keys()
    if missing:
        raise typer.BadParameter(f"{name} is no stack of Everlabel: it has no outputs {missing}", param_hint="--stack")
    os.environ["BUCKET"] = outputs["BucketName"]
    return outputs
