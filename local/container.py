"""One function in SAM's container, against a laptop world that is up.

    python -m local.container TriggerLabeling --event events/trigger_labeling.json

`sam local invoke` sets only environment variables that the template has, and knows no names of a stack that it did not
deploy. So this takes the built template, writes the laptop world's names and address into it, and calls
`sam local invoke` on the result. The container shares the host's network, so 127.0.0.1 is the laptop.
"""

import json
import shlex
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError

from local import credentials
from local.command_line import ENDPOINT_URL, checked_function, event_path, why_unreachable
from local.execution_environment import Function
from local.template import ROOT, STACK, Template

BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
SAM = ROOT / ".venv-sam" / "bin" / "sam"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    function: Annotated[str | None, typer.Argument(help="The function's name in template.yaml.")] = None,
    event: Annotated[Path | None, typer.Option(help="A JSON file; the function's own in events/ if not given.")] = None,
    endpoint_url: Annotated[str, typer.Option(help="A laptop world that is up.")] = ENDPOINT_URL,
    dry_run: Annotated[bool, typer.Option(help="Only write the template and print the command.")] = False,
) -> None:
    """Run one function on one event with `sam local invoke`."""
    credentials.leave_the_users()
    function = checked_function(function, Template(ROOT / "template.yaml"))
    event = event_path(function, event)
    if not (BUILT.exists() and SAM.exists()):
        _fail("nothing is built yet: run `make build ARCHITECTURE=x86_64` (or arm64: this machine's)")
    try:
        body = overlaid(function, endpoint_url)
    except (BotoCoreError, ClientError) as error:
        _fail(why_unreachable(endpoint_url, error))
    template = BUILT.with_name("laptop.json")
    template.write_text(json.dumps(body, indent=2))
    command = [str(SAM), "local", "invoke", function, "--template", str(template)]
    command += ["--event", str(event), "--docker-network", "host"]
    typer.echo(shlex.join(command), err=True)
    if not dry_run:
        raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 # our own command line


def _fail(why: str) -> NoReturn:
    typer.echo(why, err=True)
    raise typer.Exit(1)


def overlaid(function: str, endpoint_url: str) -> dict[str, Any]:
    """The built template with the running world's environment in one function.

    Raises botocore's EndpointConnectionError if no world is up at the endpoint.
    """
    body: dict[str, Any] = json.loads(json.dumps(Template(BUILT).body))
    body["Resources"][function]["Properties"]["Environment"] = {"Variables": environment(function, endpoint_url)}
    return body


def environment(function: str, endpoint_url: str) -> dict[str, str]:
    """What the world at the endpoint gives a function, with the address and the credentials of the laptop's cloud."""
    session = credentials.session(credentials.REGION)
    with (
        closing(credentials.client(session, "cloudformation", endpoint_url)) as cloudformation,
        closing(credentials.client(session, "lambda", endpoint_url)) as lambdas,
    ):
        found = cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId=function)
        name = found["StackResourceDetail"]["PhysicalResourceId"]
        configuration = lambdas.get_function_configuration(FunctionName=name)
    given = Function.from_configuration(function, configuration, ())
    return {
        **given.environment,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": credentials.KEY_ID,
        "AWS_SECRET_ACCESS_KEY": credentials.SECRET,
    }


if __name__ == "__main__":
    app()
