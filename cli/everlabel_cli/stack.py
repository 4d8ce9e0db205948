"""The stack that a command works on: found by its name, and the package `everlabel` led to it.

The package finds its place in the environment, as in a Lambda function; here the stack's outputs fill it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from everlabel_cli.options import OnStack

if TYPE_CHECKING:
    import boto3

    from everlabel_cli.api import Api

_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_OUTPUTS = ("ApiUrl", "BucketName", "LabelsQueueUrl")


@dataclass(frozen=True)
class DeployedStack:
    """A stack that is there: its name, its id (another one when it is deployed anew), its outputs, and the session."""

    name: str
    id: str
    outputs: Mapping[str, str]
    session: "boto3.Session"

    def api(self, connections: int = 10) -> "Api":
        """The stack's HTTP API, with at most so many connections at once."""
        from everlabel_cli.api import Api

        return Api(self.outputs["ApiUrl"], self.session, connections)


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


def enter(options: OnStack) -> DeployedStack:
    """Leads this process to a stack.

    Raises:
        typer.BadParameter: if there is no such stack, profile or Region.
    """
    import boto3
    from botocore.exceptions import ClientError, NoRegionError, ProfileNotFound

    made = environment(os.environ, options.profile, options.region, options.endpoint_url)
    os.environ.clear()
    os.environ.update(made)
    try:
        session = boto3.Session()
        found = session.client("cloudformation").describe_stacks(StackName=options.stack)["Stacks"][0]
    except ProfileNotFound as error:
        raise typer.BadParameter(str(error), param_hint="--profile") from error
    except NoRegionError as error:
        raise typer.BadParameter("no Region is given or configured", param_hint="--region") from error
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise typer.BadParameter(error.response["Error"]["Message"], param_hint="--stack") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    missing = [name for name in _OUTPUTS if name not in outputs]
    if missing:
        text = f"{options.stack!r} is no stack of Everlabel: it has no output {', '.join(missing)}"
        raise typer.BadParameter(text, param_hint="--stack")
    os.environ["BUCKET"] = outputs["BucketName"]
    return DeployedStack(options.stack, found["StackId"], outputs, session)
