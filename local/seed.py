"""What the events of `events/` need in a laptop world: a clip, labeling jobs, and a task for each step.

Labeling jobs are started through the API as a user starts them. The tasks are written by `local.event_tasks`, in a
worker process with the environment of a function.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from moto.cloudformation import parsing

from local.api_client import ApiClient
from local.execution_environment import Worker
from local.patches import Patches
from local.street import street_clip
from local.template import ROOT
from local.world import Settings, World

CLIP_BUCKET, CLIP_KEY = "clip_bucket_fake", "clip_id_1234"
"""Where the clip of the events is."""


class SeedError(Exception):
    """The laptop world did not take what the events need."""


@contextmanager
def seeded(settings: Settings) -> Iterator[World]:
    """A laptop world in which the events find what they speak of.

    Resources get names that can be written into a file, and labeling jobs do not end for want of work, which in
    scaled time would happen every few seconds. Raises `SeedError`.
    """
    buckets = (*settings.buckets, CLIP_BUCKET)
    settings = replace(
        settings,
        parameters={**settings.parameters, "ClipBuckets": ",".join(buckets)},
        buckets=buckets,
        job_limits={"idle_limit": float("inf"), **settings.job_limits},
    )
    patches = Patches()
    patches.replace(parsing, "random_suffix", _always_the_same)
    try:
        with World(settings) as world:
            seed(world)
            yield world
    finally:
        patches.undo()


def _always_the_same(_original: Callable[..., str]) -> Callable[..., str]:
    """CloudFormation ends the names that it makes up in random letters."""
    return lambda: "LAPTOP"


def seed(world: World) -> Mapping[str, str]:
    """Put in what the events need, and return the ids of their tasks by the events' names.

    Raises `SeedError`.
    """
    s3 = world.client("s3")
    s3.put_object(Bucket=CLIP_BUCKET, Key=CLIP_KEY, Body=street_clip().read_bytes(), ContentType="video/mp4")
    tracking, adjustment = example("labeling-job"), example("adjustment-job")
    _start(world, tracking)
    _start(world, adjustment)
    _end_unheard(world, _start(world, {**tracking, "jobName": "SignVOT"}))
    return _write_tasks(world)


def example(name: str) -> dict[str, Any]:
    """A body of `examples/`: who sends it to a seeded world finds the very job that is there."""
    body: dict[str, Any] = json.loads((ROOT / "examples" / f"{name}.json").read_bytes())
    return body


def _start(world: World, request: Mapping[str, Any]) -> str:
    """The name that Ground Truth has for the job, once the job is in progress."""
    answer = ApiClient(world.api_url, world.session).post("/labeling-jobs", request)
    if answer.status not in (200, 201):
        raise SeedError(f"labeling job {request['jobName']}: {answer.status} {answer.body}")
    name = str(answer.body["labelingJobArn"]).rpartition("/")[2]
    world.wait_until(lambda: _status(world, name) == "InProgress")
    return name


def _status(world: World, name: str) -> str:
    return str(world.client("sagemaker").describe_labeling_job(LabelingJobName=name)["LabelingJobStatus"])


def _end_unheard(world: World, name: str) -> None:
    """End a job as if by itself, with the event going astray: the one in `events/` is then the first to say so."""
    events, sqs = world.client("events"), world.client("sqs")
    rule = world.resource("LabelingJobStateChangeRule")
    url = sqs.create_queue(QueueName="astray")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    targets = events.list_targets_by_rule(Rule=rule)["Targets"]
    events.put_targets(Rule=rule, Targets=[{**target, "Arn": arn} for target in targets])
    world.client("sagemaker").stop_labeling_job(LabelingJobName=name)
    world.wait_until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    events.put_targets(Rule=rule, Targets=targets)
    sqs.delete_queue(QueueUrl=url)


def _write_tasks(world: World) -> Mapping[str, str]:
    """Run `local.event_tasks` as one more function: Transformation's environment and layers, another handler."""
    function = world.function(world.resource("Transformation"))
    function = replace(function, handler="local.event_tasks.handler", paths=(*function.paths, ROOT))
    with (world.settings.logs / "seed.log").open("ab") as log:
        worker = Worker(function, world.endpoint_url, log.fileno())
        try:
            answer = worker.invoke(b"{}", "00000000-0000-0000-0000-000000000000")
        finally:
            worker.close()
    if answer.error is not None:
        raise SeedError(f"tasks: {answer.payload.decode()}")
    found: dict[str, str] = json.loads(answer.payload)
    return found
