"""Labeling jobs: the long-lived streaming jobs that all clips share."""

import time
from typing import Annotated, Any

import typer

from everlabel_cli import job_bodies, taxonomies
from everlabel_cli import stack as stacks
from everlabel_cli.answer import say, talk
from everlabel_cli.options import Answering, DryRun, OnStack, taking

app = typer.Typer(help=__doc__, no_args_is_help=True)

_COLUMNS = {"jobName": "labeling job", "taskType": "task type", "labelingJobStatus": "status", "epoch": "epoch"}
_STARTED = {"jobName": "labeling job", "result": "result", "labelingJobStatus": "status", "reason": "reason"}

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE]...", help="JSON or YAML: the bodies of POST /labeling-jobs; - is stdin."),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The labeling job's name.")]
WorkteamArn = Annotated[
    str | None, typer.Option("--workteam-arn", help="Who labels, where the body does not say (settings.WorkteamArn).")
]
UiTemplate = Annotated[
    str | None,
    typer.Option("--ui-template", metavar="S3URI", help="Image jobs: settings.UiTemplateS3Uri where it is not given."),
]
Taxonomy = Annotated[
    str | None,
    typer.Option("--taxonomy", metavar="TAXONOMY", help="All jobs of one that comes along (lava), or of a file."),
]
Settings = Annotated[
    str | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        help="With --taxonomy: JSON or YAML, Ground Truth's settings for all jobs; under a job's name, for it alone.",
    ),
]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="NAME", help="This job alone; may be given again.")]


@app.command()
@taking(OnStack)
def create(
    options: OnStack,
    files: Files = None,
    only: Only = None,
    workteam_arn: WorkteamArn = None,
    ui_template: UiTemplate = None,
    taxonomy: Taxonomy = None,
    settings: Settings = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when no job is Initializing any more.")] = False,
    every: Annotated[float, typer.Option("--every", min=0.1, help="Seconds between looks while waiting.")] = 5,
    dry_run: DryRun = False,
) -> None:
    """Start labeling jobs from body files or of a taxonomy. The same again gives the same jobs, which are known then.

    A taxonomy is stored in the stack first, for definitions to name it. A job that ended is started again by the
    request that made it.
    """
    bodies = job_bodies.gathered(files or [], only or [], workteam_arn, ui_template, taxonomy, settings)
    job_bodies.refuse_faulty(bodies, options.stack, options.region)
    stack = stacks.enter(options)
    if dry_run:
        known = {job["jobName"]: job["labelingJobStatus"] for job in stack.api().get("/labeling-jobs")["labelingJobs"]}
        rows = [
            {"jobName": name, "result": "would be asked for", "labelingJobStatus": known.get(name), "reason": None}
            for name in (body["jobName"] for body in bodies)
        ]
        say(rows, options, _STARTED)
        return
    if taxonomy is not None:
        stored = taxonomies.pushed(taxonomy)
        talk(f"taxonomy {stored['taxonomy']}: {stored['result']}")
    rows = [_started(stack, body) for body in bodies]
    if wait:
        _await(stack, rows, every)
    say(rows, options, _STARTED)
    if any(row["result"] == "refused" or row["labelingJobStatus"] == "Failed" for row in rows):
        raise typer.Exit(1)


def _started(stack: stacks.DeployedStack, body: dict[str, Any]) -> dict[str, Any]:
    """What became of one body: a refusal does not hold up the others."""
    from everlabel_cli.api import Refused

    try:
        answer = stack.api().post("/labeling-jobs", body)
    except Refused as refusal:
        faults = {"faults": refusal.faults} if refusal.faults else {}
        reason = "; ".join([refusal.detail, *(f"{fault['field']}: {fault['message']}" for fault in refusal.faults)])
        row = {"jobName": body["jobName"], "result": "refused", "labelingJobStatus": None, "reason": reason}
        return {**row, "status": refusal.status, **faults}
    result = "started" if answer.status == 201 else "known"
    return {"result": result, "reason": answer.body.get("failureReason"), **answer.body}


def _await(stack: stacks.DeployedStack, rows: list[dict[str, Any]], every: float) -> None:
    from everlabel_cli.api import name_in_path

    for row in rows:
        while row["labelingJobStatus"] == "Initializing":
            time.sleep(every)
            now = stack.api().get(f"/labeling-jobs/{name_in_path(row['jobName'])}")
            row |= {"labelingJobStatus": now["labelingJobStatus"], "reason": now.get("failureReason")}


@app.command("list")
@taking(OnStack)
def list_jobs(options: OnStack) -> None:
    """List labeling jobs by name, with the state as last heard of."""
    say(stacks.enter(options).api().get("/labeling-jobs")["labelingJobs"], options, _COLUMNS)


@app.command()
@taking(OnStack)
def show(options: OnStack, name: Name) -> None:
    """Show a labeling job with its live state and label counters; JSON has the request that made it."""
    from everlabel_cli.api import name_in_path

    job = stacks.enter(options).api().get(f"/labeling-jobs/{name_in_path(name)}")
    counters = {key: f"labelCounters.{key}" for key in job["labelCounters"]}
    shown = {**job, **{path: job["labelCounters"][key] for key, path in counters.items()}}
    if options.output == "table" and options.query is None:
        wide = ("definition", "labelCounters")
        say([{"": key, "value": value} for key, value in shown.items() if key not in wide], options)
    else:
        say(job, options)


@app.command()
@taking(OnStack)
def stop(
    options: OnStack,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="The labeling jobs' names.")],
    dry_run: DryRun = False,
) -> None:
    """Stop labeling jobs until the requests that made them are sent again.

    Objects of running tasks stay on their to-do lists.
    """
    from everlabel_cli.api import Refused, name_in_path

    api = stacks.enter(options).api()
    rows = []
    for name in names:
        path = f"/labeling-jobs/{name_in_path(name)}"
        try:
            job = api.get(path) if dry_run else api.post(f"{path}/stop").body
            row = {"jobName": name, "result": "would be stopped" if dry_run else "stopped", "note": job.get("note", "")}
            rows.append({**row, "labelingJobStatus": job["labelingJobStatus"]})
        except Refused as refusal:
            rows.append({"jobName": name, "result": "refused", "note": refusal.detail, "labelingJobStatus": None})
    say(rows, options, {"jobName": "labeling job", "result": "result", "labelingJobStatus": "status", "note": "note"})
    if any(row["result"] == "refused" for row in rows):
        raise typer.Exit(1)


@app.command()
@taking(Answering)
def lint(
    options: Answering,
    files: Files = None,
    only: Only = None,
    workteam_arn: WorkteamArn = None,
    ui_template: UiTemplate = None,
    taxonomy: Taxonomy = None,
    settings: Settings = None,
    strict: taxonomies.Strict = False,
    stack: Annotated[str, typer.Option("--stack", envvar="EVERLABEL_STACK", help="Names have the stack's in them.")] = (
        "everlabel"
    ),
    region: Annotated[
        str, typer.Option("--region", envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="Not all have Ground Truth.")
    ] = "us-east-1",
) -> None:
    """Say what Ground Truth would refuse, or what would make labels unusable, before anything is started.

    A file may also hold a label category configuration alone. What breaks a quota that Ground Truth documents is a
    warning. A taxonomy does not say who labels; that is looked at if --workteam-arn or --settings says it. Nothing is
    asked of AWS.
    """
    bodies = job_bodies.gathered(files or [], only or [], workteam_arn, ui_template, taxonomy, settings)
    every = job_bodies.findings(bodies, stack, region, strict)
    rows = every if taxonomy is None else job_bodies.without_team(every)
    talk(f"{len(bodies)} labeling job{'s' * (len(bodies) != 1)}, {len(rows)} finding{'s' * (len(rows) != 1)}")
    if rows != every:
        talk("Not looked at: who labels, since neither --workteam-arn nor --settings says it.")
    columns = {"jobName": "labeling job", "severity": "severity", "field": "field", "message": "what would be right"}
    say(rows, options, columns)
    if any(row["severity"] == "error" for row in rows):
        raise typer.Exit(1)
