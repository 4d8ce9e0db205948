"""Every call that a function really makes is one that its role grants; moto itself grants everything.

Each function names itself in the user agent of its calls, which are noted as they reach the laptop's cloud.
"""

import io
import json
from ast import literal_eval
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from local.api_client import ApiClient
from local.credentials import ACCOUNT, REGION
from local.seed import seeded
from local.template import ROOT, Template
from local.world import Settings, World

FUNCTIONS = list(Template(ROOT / "template.yaml").of_type("AWS::Serverless::Function"))
Call = tuple[str, str, str]
"""A function, an action as policies name it, and the ARN of what it is done to."""


class Notebook:
    """The calls that functions made."""

    def __init__(self) -> None:
        self.calls: set[Call] = set()

    def watching(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        """Moto's server, with the calls that come to it noted."""

        def watched(app: DomainDispatcherApplication, environ: dict[str, Any], start_response: Any) -> Any:
            agent = environ.get("HTTP_USER_AGENT", "")
            function = next((name for name in FUNCTIONS if f"app/{name}" in agent.split()), None)
            if function:
                self.calls |= {(function, action, resource) for action, resource in asked(environ)}
            return answer(app, environ, start_response)

        return watched


def asked(environ: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Actions and resources of a request, as the Service Authorization Reference names them:
    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"""
    target, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
    if target.startswith("DynamoDB"):
        yield from in_tables(operation, json.loads(body_of(environ)))
    elif target == "SageMaker":
        name = json.loads(body_of(environ))["LabelingJobName"].lower()
        yield f"sagemaker:{operation}", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:labeling-job/{name}"
    elif target == "AWSStepFunctions":
        body = json.loads(body_of(environ))
        machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:everlabel-AnnotationTask"
        yield f"states:{operation}", body.get("stateMachineArn") or body.get("executionArn") or machine
    elif target == "AWSEvents":
        yield f"events:{operation}", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    elif target == "AmazonSQS":
        body = json.loads(body_of(environ))
        queue = body.get("QueueName") or body["QueueUrl"].rpartition("/")[2]
        yield f"sqs:{operation}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
    elif target == "GraniteServiceVersion20100801":  # Amazon CloudWatch
        yield f"cloudwatch:{operation}", "*"
    elif environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = {name: values[0] for name, values in parse_qs(body_of(environ).decode()).items()}
        topic = form.get("TopicArn") or f"arn:aws:sns:{REGION}:{ACCOUNT}:{form['Name']}"
        yield f"sns:{form['Action'].removesuffix('Batch')}", topic
    else:
        bucket, _, key = unquote(environ["PATH_INFO"]).strip("/").partition("/")
        verb = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "DELETE": "Delete"}[environ["REQUEST_METHOD"]]
        yield f"s3:{verb}Object" if key else "s3:ListBucket", f"arn:aws:s3:::{bucket}{'/' if key else ''}{key}"


def in_tables(operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A transaction needs the actions of its parts; a query of an index is one on the index."""
    place = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"
    if "TransactItems" in body:
        for part in body["TransactItems"]:
            ((kind, detail),) = part.items()
            yield f"dynamodb:{kind}Item", place + detail["TableName"]
    elif "RequestItems" in body:
        yield from ((f"dynamodb:{operation}", place + table) for table in body["RequestItems"])
    else:
        index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
        yield f"dynamodb:{operation}", place + body["TableName"] + index


def body_of(environ: dict[str, Any]) -> bytes:
    """The body of a request, which stays there to be read."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return bytes(body)


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, set[Call]]]:
    """A world in which every event was taken, one task ran to its end, and what was noted meanwhile."""
    notebook = Notebook()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DomainDispatcherApplication, "__call__", notebook.watching(DomainDispatcherApplication.__call__))
        with seeded(Settings(logs=tmp_path_factory.mktemp("logs"), day_seconds=20)) as world:
            live(world)
            yield world, notebook.calls


def live(world: World) -> None:
    """Each function under its own name in the user agent, and each at work."""
    lambdas = world.client("lambda")
    for function in FUNCTIONS:
        name = world.resource(function)
        variables = lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        lambdas.update_function_configuration(
            FunctionName=name,
            Environment={"Variables": {**{k: str(v) for k, v in variables.items()}, "AWS_SDK_UA_APP_ID": function}},
        )
    for function in FUNCTIONS:
        event = "".join(f"_{c.lower()}" if c.isupper() else c for c in function).lstrip("_")
        payload = (ROOT / "events" / f"{event}.json").read_bytes()
        answer = lambdas.invoke(FunctionName=world.resource(function), Payload=payload)
        assert "FunctionError" not in answer, answer["Payload"].read()
        answer["Payload"].read()
    machine = world.outputs["StateMachineArn"]
    states = world.client("stepfunctions")
    (execution,) = states.list_executions(stateMachineArn=machine)["executions"]
    arn = execution["executionArn"]
    world.wait_until(lambda: states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED", timeout=90)
    failed = json.loads((ROOT / "events" / "batch_error.json").read_text())["taskId"]
    api = ApiClient(world.api_url, world.session)
    answers = [
        api.get("/annotation-tasks"),
        api.get(f"/annotation-tasks/{failed}"),
        api.post(f"/annotation-tasks/{failed}/retry"),
        api.post(f"/annotation-tasks/{failed}/stop"),
        api.get("/labeling-jobs"),
        api.get("/labeling-jobs/LaneVOD"),
        api.post("/labeling-jobs/LaneVOD/stop"),
    ]
    assert [answer.status for answer in answers] == [200, 200, 202, 202, 200, 200, 202]
    table = world.resource("TaskTable")
    key = {"task_id": {"S": failed}, "item": {"S": "DONE#1#VOTVehicle#000000"}}
    world.wait_until(lambda: "Item" in world.client("dynamodb").get_item(TableName=table, Key=key))


def grants(world: World, function: str) -> list[tuple[str, str]]:
    """Patterns of actions and resources that a function's role allows."""
    iam, role = world.client("iam"), world.resource(f"{function}Role")
    documents = [
        # Moto's CloudFormation keeps a document as Python writes it, not as JSON.
        literal_eval(str(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]))
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    return [
        (action, resource)
        for document in documents
        for statement in document["Statement"]
        for action in several(statement["Action"])
        for resource in several(statement["Resource"])
    ]


def several(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_should_be_granted_what_it_does(calls: tuple[World, set[Call]], function: str) -> None:
    world, made = calls
    mine = {(action, resource) for name, action, resource in made if name == function}
    granted = grants(world, function)
    assert mine
    assert {
        (action, resource)
        for action, resource in mine
        if not any(fnmatchcase(action, known) and fnmatchcase(resource, place) for known, place in granted)
    } == set()
