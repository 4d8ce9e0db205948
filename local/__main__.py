"""The laptop world from the command line: `python -m local up` and `python -m local invoke FUNCTION`."""

import contextlib
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from local import credentials
from local.command_line import (
    API_PORT,
    ENDPOINT_URL,
    PORT,
    checked_function,
    end_in_order,
    event_path,
    hush,
    why_unreachable,
)
from local.credentials import KEY_ID, SECRET
from local.execution_environment import Answer, Function, Worker
from local.street import street_clip
from local.template import ROOT, STACK, Template

if TYPE_CHECKING:
    from local.world import World

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Where the AWS endpoint listens.")] = PORT,
    api_port: Annotated[int, typer.Option(help="Where the HTTP API listens.")] = API_PORT,
    day: Annotated[float, typer.Option(help="Seconds that a day of Ground Truth lasts.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the simulated annotators.")] = 0,
    seed_events: Annotated[bool, typer.Option(help="Put in what the events of events/ need.")] = False,
) -> None:
    """Start the laptop world and keep it up until Ctrl-C."""
    credentials.leave_the_users()
    end_in_order()
    try:
        from local.seed import seeded  # moto takes seconds to import
        from local.world import Settings, World

        # A labeling job ends itself after ten idle days, which here would be every few seconds.
        endless = {"idle_limit": float("inf")}
        settings = Settings(port=port, api_port=api_port, day_seconds=day, seed=seed, job_limits=endless)
        with seeded(settings) if seed_events else World(settings) as world:
            world.client("s3").upload_file(str(street_clip()), world.settings.buckets[0], "street.mp4")
            typer.echo(directions(world, seed_events))
            world.wait()
    except KeyboardInterrupt:
        typer.echo("The laptop world has ended.")


def directions(world: "World", has_events: bool) -> str:
    """How to reach a world: its addresses and commands to copy."""
    region, bucket, team = world.settings.region, world.settings.buckets[0], world.outputs["WorkteamArn"]
    addresses = {
        "API": world.api_url,
        "AWS endpoint": world.endpoint_url,
        "Logs": str(world.settings.logs),
        **{name: value for name, value in world.outputs.items() if name != "ApiUrl"},
    }
    width = max(len(name) for name in addresses)
    credentials = f"AWS_ACCESS_KEY_ID={KEY_ID} AWS_SECRET_ACCESS_KEY={SECRET}"
    jobs = [
        "Start labeling jobs, once for all clips:",
        "  .venv/bin/everlabel jobs create examples/labeling-job.json examples/adjustment-job.json \\",
        f"      --workteam-arn {team} --wait",
    ]
    there = [
        "The labeling jobs VOTVehicle and AdjVOTVehicle are there.",
        "The tasks that are there belong to the events of `make invoke` and stand still.",
    ]
    lines = [
        f"A day of Ground Truth lasts {world.settings.day_seconds:g} s here.",
        "",
        *(f"{name:{width}}  {value}" for name, value in addresses.items()),
        "",
        "For every command below:",
        f"  export {credentials} \\",
        f"      AWS_REGION={region} AWS_DEFAULT_REGION={region} AWS_ENDPOINT_URL={world.endpoint_url}",
        f"  export API={world.api_url}",
        "",
        *(there if has_events else jobs),
        "",
        f"Make a task of each clip in s3://{bucket}/ (street.mp4 is there; for yours: aws s3 cp clip.mp4 s3://{bucket}/):",
        f"  .venv/bin/everlabel submit s3://{bucket}/ --definition examples/definition.json",
        "  .venv/bin/everlabel tasks watch --clip-prefix street",
        "  .venv/bin/everlabel render report --where clipId=street --to out",
        "",
        "The same with the API itself, and a look inside:",
        f"  curl --user {KEY_ID}:{SECRET} --aws-sigv4 aws:amz:{region}:execute-api $API/annotation-tasks",
        f"  aws stepfunctions list-executions --state-machine-arn {world.outputs['StateMachineArn']}",
        "",
        "Ctrl-C ends it.",
    ]
    return "\n".join(lines)


@app.command()
def invoke(
    function: Annotated[str | None, typer.Argument(help="The function's name in template.yaml.")] = None,
    event: Annotated[Path | None, typer.Option(help="A JSON file; the function's own in events/ if not given.")] = None,
    endpoint_url: Annotated[str, typer.Option(help="A laptop world that is up.")] = ENDPOINT_URL,
) -> None:
    """Run one function on one event, in a fresh process without a container.

    Its log goes to stderr, its answer to stdout. Exit code 1 if it raised. If no laptop world is up at the endpoint,
    one is started for this call alone, with what the events of `events/` need.
    """
    credentials.leave_the_users()
    template = Template(ROOT / "template.yaml")
    function = checked_function(function, template)
    body = event_path(function, event).read_bytes()
    try:
        answer = run_once(function, template, endpoint_url, body)
    except EndpointConnectionError:
        from local.seed import seeded  # moto takes seconds to import
        from local.world import Settings

        with tempfile.TemporaryDirectory() as logs, seeded(Settings(logs=Path(logs))) as world:
            answer = run_once(function, template, world.endpoint_url, body)
            hush()
    except (BotoCoreError, ClientError) as error:
        typer.echo(why_unreachable(endpoint_url, error), err=True)
        raise typer.Exit(1) from error
    say(answer)


def run_once(logical_id: str, template: Template, endpoint_url: str, event: bytes) -> Answer:
    """One invocation in a fresh worker, configured as the stack at the endpoint says, with the code as it is now.

    Raises `EndpointConnectionError` when nothing is up there.
    """
    session = credentials.session(credentials.REGION)
    with contextlib.ExitStack() as end:
        cloudformation, lambdas = (
            end.enter_context(contextlib.closing(credentials.client(session, service, endpoint_url)))
            for service in ("cloudformation", "lambda")
        )
        found = cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
        name = found["StackResourceDetail"]["PhysicalResourceId"]
        configuration = lambdas.get_function_configuration(FunctionName=name)
    function = Function.from_configuration(logical_id, configuration, template.code()[logical_id])
    worker = Worker(function, endpoint_url, sys.stderr.fileno())
    try:
        return worker.invoke(event, "00000000-0000-0000-0000-000000000000")
    finally:
        worker.close()


def say(answer: Answer) -> NoReturn:
    """Print an answer as JSON and leave with its exit code."""
    typer.echo(json.dumps(json.loads(answer.payload), indent=2, ensure_ascii=False))
    raise typer.Exit(1 if answer.error else 0)


if __name__ == "__main__":
    app()
