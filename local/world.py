"""The cloud on a laptop, from start to stop: moto's server, the stack, workers, pollers, schedules and the HTTP front.

There is one world in a process at a time, because moto keeps its state in the process.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

from moto.awslambda.utils import get_backend
from moto.stepfunctions.parser.backend.execution import Execution

from local import credentials, message_moves, moto_listings, moto_queries, moto_server, stack, thread_safety
from local.annotators.shapes import Annotator
from local.annotators.workers import Junior, Senior
from local.credentials import ACCOUNT
from local.event_sources import Poller, silence_moto
from local.execution_environment import Function
from local.ground_truth import sagemaker_api
from local.ground_truth.clock import Clock
from local.ground_truth.people import Behaviour, Team
from local.ground_truth.service import Cloud, GroundTruth, People
from local.ground_truth.unknowns import Unknowns
from local.http_api import HttpApi
from local.http_server import HttpServer
from local.lambdas import Lambdas
from local.patches import Patches
from local.schedules import Timer
from local.step_functions import StepFunctions
from local.template import ROOT, STACK, Template, api_outputs

CORS = {
    "AllowedHeaders": ["*"],
    "AllowedMethods": ["GET", "HEAD", "PUT"],
    "AllowedOrigins": ["*"],
    "ExposeHeaders": ["Access-Control-Allow-Origin"],
    "MaxAgeSeconds": 3000,
}
"""What a bucket of one's own needs too: https://docs.aws.amazon.com/sagemaker/latest/dg/sms-cors-update.html"""

_LOOKS_UP_EVERY_SECONDS = 1.0


@dataclass(frozen=True)
class Settings:
    """How the laptop world is set up.

    `parameters` are the template's; its durations are scaled unless they are among them. A day of Ground Truth lasts
    `day_seconds`. A message that a function failed on
    comes back after at most `patience` seconds. Port 0 takes a free port. `buckets` are made for clips. `team` and
    `behaviours` say how people work, `unknowns` and `job_limits` how Ground Truth does where it is not documented or
    can be raised. Without `schedules` nothing happens by the clock alone.
    """

    template: Path = ROOT / "template.yaml"
    parameters: Mapping[str, str] = field(default_factory=lambda: {"ClipBuckets": "clips"})
    day_seconds: float = 1.0
    seed: int = 0
    port: int = 0
    api_port: int = 0
    region: str = credentials.REGION
    logs: Path = ROOT / "out" / "logs"
    concurrency: int = 2
    patience: int = 2
    buckets: tuple[str, ...] = ("clips",)
    team: Team = field(default_factory=Team)
    behaviours: tuple[Behaviour, ...] = ()
    unknowns: Unknowns = field(default_factory=Unknowns)
    job_limits: Mapping[str, float] = field(default_factory=dict)
    schedules: bool = True


class World:
    """Everything runs between `with World(settings) as world:` and the end of the block, and nothing after it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.session = credentials.session(self.settings.region)
        self.endpoint_url = ""
        self.api_url = ""
        self.outputs: dict[str, str] = {}
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()
        self._end = contextlib.ExitStack()
        self._ended = threading.Event()

    def __enter__(self) -> "World":
        try:
            with contextlib.ExitStack() as end:
                self._start(end)
                self._end = end.pop_all()
        except BaseException:
            self._ended.set()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._end.__exit__(kind, error, trace)

    def client(self, service: str) -> Any:
        """A boto3 client of the laptop's cloud; made once, closed with the world."""
        with self._making:  # a session may not make two clients at once
            if service not in self._clients:
                self._clients[service] = credentials.client(self.session, service, self.endpoint_url)
            return self._clients[service]

    def function(self, physical_name: str) -> Function:
        """A function as it is configured now."""
        configuration = get_backend(ACCOUNT, self.settings.region).get_function(physical_name).get_configuration()
        name = configuration["FunctionName"]
        return Function.from_configuration(self.stack.logical_id(name), configuration, self.stack.code[name])

    def resource(self, logical_id: str) -> str:
        """The physical name (ARN, URL) of a resource of the template."""
        return self.stack.resources[logical_id]

    def wait_until(self, predicate: Callable[[], Any], timeout: float = 30, every: float = 0.1) -> Any:
        """The predicate's first true value. Raises `TimeoutError` after `timeout` seconds."""
        end = time.monotonic() + timeout
        while True:
            value = predicate()
            if value:
                return value
            if time.monotonic() > end:
                raise TimeoutError(f"not so within {timeout} seconds: {predicate}")
            self._ended.wait(every)

    def pause(self, seconds: float) -> None:
        """Real seconds, or until the world ends."""
        self._ended.wait(seconds)

    def wait(self) -> None:
        """Until the world ends: Ctrl-C.

        The system may hand a signal to any thread, but only the main one acts on it, and one that waits without end
        does not wake up for that.
        """
        while not self._ended.wait(_LOOKS_UP_EVERY_SECONDS):
            pass

    def _start(self, end: contextlib.ExitStack) -> None:
        settings = self.settings
        patches = Patches()
        end.callback(patches.undo)
        stack.install(patches)
        thread_safety.install(patches)
        moto_queries.install(patches)
        moto_listings.install(patches)
        end.callback(message_moves.install(patches))
        self.endpoint_url = end.enter_context(moto_server.serving(settings.port, settings.logs))
        end.callback(self._close_clients)

        lambdas = Lambdas(self.function, self.endpoint_url, settings.logs, settings.concurrency)
        lambdas.install(patches)
        step_functions = StepFunctions(self.endpoint_url, settings.region, self._announce)
        step_functions.install(patches)

        template = Template(settings.template)
        parameters = {**template.scaled(settings.day_seconds), **settings.parameters}
        self.stack = stack.create(template, STACK, parameters, self.session, self.endpoint_url)
        silence_moto(ACCOUNT, settings.region)
        for bucket in settings.buckets:
            self.client("s3").create_bucket(Bucket=bucket)
            self.client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [CORS]})

        # The end goes the other way: nothing new comes in, what waits is woken, what works is killed, then all are
        # waited for, and Ground Truth ends when nobody is left to call it.
        self.ground_truth = end.enter_context(self._ground_truth())
        end.enter_context(sagemaker_api.install(self.ground_truth))
        runners: list[Poller | Timer] = []
        api = HttpApi(self.stack.routes, self.resource, lambdas)
        end.callback(step_functions.join)
        end.callback(_for_each, runners, "join")
        end.callback(api.stop)
        end.callback(lambdas.stop)
        end.callback(step_functions.stop)
        end.callback(_for_each, runners, "stop")
        front = HttpServer(api, settings.api_port)
        end.callback(front.stop)
        self.api_url = front.url
        addresses = dict.fromkeys(api_outputs(template), front.url)
        stack.tell(STACK, addresses, settings.region)
        self.outputs = {**self.stack.outputs, **addresses, "WorkteamArn": work_team(settings.region)}
        for mapping in self.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
            runners.append(Poller(mapping, self.client("sqs"), lambdas, settings.patience))  # noqa: PERF401
        for schedule in self.stack.schedules if settings.schedules else ():
            runners.append(Timer(schedule, lambdas, settings.day_seconds))  # noqa: PERF401

    def _ground_truth(self) -> GroundTruth:
        settings = self.settings
        s3, sqs, sns, events = (self.client(service) for service in ("s3", "sqs", "sns", "events"))
        cloud = Cloud(settings.region, ACCOUNT, s3, sqs, sns, events)
        people = People(self._annotator, lambda _team: settings.team, settings.behaviours)
        rng = Random(settings.seed)  # noqa: S311 - people, not secrets
        return GroundTruth(
            cloud, people, Clock(settings.day_seconds), rng, settings.unknowns, dict(settings.job_limits)
        )

    def _annotator(self, job_name: str) -> Annotator:
        """Seniors work on what others labeled before, juniors on everything else."""
        rng = Random(f"{self.settings.seed} {job_name}")  # noqa: S311
        described = self.client("sagemaker").describe_labeling_job(LabelingJobName=job_name)
        task = described["HumanTaskConfig"]["PreHumanTaskLambdaArn"].rpartition(":PRE-")[2]
        return Senior(rng) if task.startswith(("Adjustment", "Verification")) else Junior(rng)

    def _announce(self, execution: Execution) -> None:
        """Step Functions tells EventBridge when an execution ends; moto does not.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
        """
        detail = {
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine.arn,
            "name": execution.name,
            "status": execution.status,
            "startDate": int(execution.start_date.timestamp() * 1000),
            "stopDate": int(execution.stop_date.timestamp() * 1000) if execution.stop_date else None,
            "input": execution.execution_input,
            "output": None if execution.output is None else json.dumps(execution.output),
            "error": execution.error,
            "cause": execution.cause,
        }
        entry = {
            "Source": "aws.states",
            "DetailType": "Step Functions Execution Status Change",
            "Resources": [execution.exec_arn],
            "Detail": json.dumps(detail),
        }
        self.client("events").put_events(Entries=[entry])

    def _close_clients(self) -> None:
        for client in self._clients.values():
            client.close()


def work_team(region: str) -> str:
    """The ARN of the private work team whose people are simulated; others would do as well."""
    return f"arn:aws:sagemaker:{region}:{ACCOUNT}:workteam/private-crowd/laptop"


def _for_each(runners: list[Poller | Timer], method: str) -> None:
    for runner in runners:
        getattr(runner, method)()
