"""One name everywhere, and every promise between template, states, code, events and tests kept."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from everlabel import errors, waking
from local.template import ROOT, Template
from tests.shape import reach

TEMPLATE = Template(ROOT / "template.yaml")
FUNCTIONS = TEMPLATE.of_type("AWS::Serverless::Function")
QUEUES = TEMPLATE.of_type("AWS::SQS::Queue")
COMMON = TEMPLATE.globals["Function"]
STATES = json.loads((ROOT / "statemachine.asl.json").read_text())["States"]
STEPS = [name for name, state in STATES.items() if state["Type"] == "Task"]
(MACHINE,) = TEMPLATE.of_type("AWS::Serverless::StateMachine").values()
OUR_ERRORS = {name for name, found in vars(errors).items() if isinstance(found, type)} - {"EverlabelError"}

AWS_ERRORS = {
    # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    "States.ALL",
    "States.TaskFailed",
    "States.Timeout",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    # https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
}
"""Error names that AWS documents."""

PURE = {
    "everlabel.agreement",
    "everlabel.annotation_document",
    "everlabel.annotation_faults",
    "everlabel.annotation_json",
    "everlabel.clock",
    "everlabel.data_object",
    "everlabel.definition",
    "everlabel.errors",
    "everlabel.failures",
    "everlabel.frame_choice",
    "everlabel.json_form",
    "everlabel.label_categories",
    "everlabel.label_counts",
    "everlabel.label_files",
    "everlabel.labeling_job_request",
    "everlabel.manifest",
    "everlabel.matching",
    "everlabel.merging",
    "everlabel.picture_size",
    "everlabel.protocol",
    "everlabel.s3_uri",
    "everlabel.strict_json",
    "everlabel.task_types",
    "everlabel.taxonomy",
    "everlabel.taxonomy_configurations",
    "everlabel.taxonomy_faults",
    "everlabel.taxonomy_form",
    "everlabel.worker_templates",
}
"""The words in the middle: modules that need nothing but the standard library."""

ANY_RESOURCE = {
    ("GroundTruthRole", "CountItsWork"): "cloudwatch:PutMetricData knows no resources",
    ("TriggerLabeling", "SeeHowOldMessagesAre"): "cloudwatch:GetMetricData knows no resources",
    ("Reconciler", "SeeHowOldMessagesAre"): "cloudwatch:GetMetricData knows no resources",
    ("AlarmsKey", "KeepTheKey"): "in a key's policy, the key itself",
    ("AlarmsKey", "TellOfAlarms"): "in a key's policy, the key itself",
}
"""Statements that may be for every resource, and why."""

OF_LIBRARIES = re.compile(r"POWERTOOLS_\w+")
"""Variables that Powertools reads by itself."""

TOO_WIDE = {"utils", "util", "helpers", "helper", "constants", "common", "base", "misc"}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def statements(resource: Any) -> Iterator[dict[str, Any]]:
    """Every policy statement in a part of the template."""
    if isinstance(resource, dict):
        if "Effect" in resource:
            yield resource
        for value in resource.values():
            yield from statements(value)
    elif isinstance(resource, list):
        for value in resource:
            yield from statements(value)


def allowed() -> Iterator[tuple[str, dict[str, Any]]]:
    """What the template allows, by logical id."""
    for name, resource in TEMPLATE.body["Resources"].items():
        for statement in statements(resource):
            if statement["Effect"] == "Allow":
                yield name, statement


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def environment(function: str) -> set[str]:
    """The variables that the template gives one function beyond what it gives all."""
    return set(FUNCTIONS[function].get("Environment", {}).get("Variables", {}))


# Names


def test_functions_should_be_the_files_of_functions() -> None:
    assert {snake(name) for name in FUNCTIONS} == set(reach.names(reach.FUNCTIONS))


def test_events_should_be_one_for_each_function() -> None:
    assert {path.name for path in (ROOT / "events").iterdir()} == {f"{snake(name)}.json" for name in FUNCTIONS}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_handler_should_have_the_functions_name(function: str) -> None:
    assert FUNCTIONS[function]["Handler"] == f"{snake(function)}.handler"
    assert "handler" in reach.read(snake(function)).definitions


@pytest.mark.parametrize("function", FUNCTIONS)
def test_there_should_be_a_test_module_for_each_function(function: str) -> None:
    assert list((ROOT / "tests").rglob(f"test_{snake(function)}.py"))


def test_steps_should_be_functions_that_are_substituted() -> None:
    substituted = MACHINE["DefinitionSubstitutions"]
    for step in STEPS:
        assert STATES[step]["Parameters"]["FunctionName"] == f"${{{step}}}"
        assert substituted[step] in ({"Fn::GetAtt": [step, "Arn"]}, {"Fn::GetAtt": f"{step}.Arn"})
    assert set(substituted) == {*STEPS, "Partition"}


def test_the_state_machine_may_invoke_its_steps_and_nothing_else() -> None:
    assert MACHINE["Policies"] == [{"LambdaInvokePolicy": {"FunctionName": {"Ref": step}}} for step in STEPS]


def test_modules_should_be_named_after_what_they_are() -> None:
    folders = ("functions", "layers", "local", "cli", "tests", "bench")
    found = {path for folder in folders for path in (ROOT / folder).rglob("*.py")}
    assert not [path for path in found if TOO_WIDE & {path.stem, *path.relative_to(ROOT).parts}]


# Errors


def test_every_error_that_is_caught_or_retried_should_be_known() -> None:
    handled = [handler for step in STEPS for key in ("Retry", "Catch") for handler in STATES[step][key]]
    caught = {error for handler in handled for error in handler["ErrorEquals"]}
    assert caught <= AWS_ERRORS | OUR_ERRORS | {waking.EXPIRED, waking.OBJECTS_FAILED}


def test_every_error_of_ours_should_be_raised_by_a_function() -> None:
    assert set().union(*(reach.made(snake(name)) for name in FUNCTIONS)) >= OUR_ERRORS


@pytest.mark.parametrize("step", STEPS)
def test_a_step_should_say_of_each_error_it_may_raise_whether_to_try_again(step: str) -> None:
    said = {error for retry in STATES[step]["Retry"] for error in retry["ErrorEquals"]}
    assert said >= reach.made(snake(step)) & OUR_ERRORS


# Imports


@pytest.mark.parametrize("function", reach.names(reach.FUNCTIONS))
def test_functions_should_leave_aws_to_the_layer(function: str) -> None:
    assert "boto3" not in reach.read(function).imports


def test_clients_should_come_from_one_place() -> None:
    users = {name for name in reach.names(reach.LAYER) if "boto3" in reach.read(name).imports}
    assert users == {"everlabel.aws"}


@pytest.mark.parametrize("module", sorted(PURE))
def test_pure_modules_should_need_only_the_standard_library(module: str) -> None:
    others = {name for name in reach.imported(module) if name.partition(".")[0] not in sys.stdlib_module_names}
    assert others <= PURE | {"everlabel"}


def test_video_should_be_for_transformation_alone() -> None:
    for function in FUNCTIONS:
        reads_video = any(name.partition(".")[0] == "av" for name in reach.imported(snake(function)))
        has_layer = {"Ref": "VideoLayer"} in FUNCTIONS[function].get("Layers", [])
        assert reads_video == has_layer == (function == "Transformation"), function


def test_pydantic_should_stay_behind_the_api() -> None:
    users = {name for name in reach.names(reach.LAYER) if "pydantic" in reach.read(name).imports}
    assert users
    assert all(name.startswith("everlabel.api.") for name in users)
    for function in FUNCTIONS:
        validates = "pydantic" in reach.imported(snake(function))
        has_layer = {"Ref": "ApiLayer"} in FUNCTIONS[function].get("Layers", [])
        assert validates == has_layer == function.endswith("Api"), function


def test_import_should_do_nothing() -> None:
    """No client is made and no connection opened before the first event comes."""
    program = f"""
import importlib, socket
import botocore.session
def refuse(*_args, **_more):
    raise AssertionError("at import")
socket.socket.connect = botocore.session.Session.create_client = refuse
for name in {reach.names(reach.FUNCTIONS)}:
    importlib.import_module(name)
from everlabel import aws
assert aws._session.cache_info().currsize == aws.core.cache_info().currsize == 0, "a session was made"
"""
    paths = {"PYTHONPATH": os.pathsep.join([str(reach.FUNCTIONS), str(reach.LAYER)])}
    subprocess.run([sys.executable, "-W", "error", "-c", program], env={**os.environ, **paths}, check=True)  # noqa: S603


# Settings


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_should_be_given_the_settings_it_reads(function: str) -> None:
    given = environment(function) | set(COMMON["Environment"]["Variables"])
    assert reach.settings(snake(function)) <= given


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_should_be_given_no_setting_it_does_not_read(function: str) -> None:
    unread = environment(function) - reach.settings(snake(function))
    assert {name for name in unread if not OF_LIBRARIES.fullmatch(name)} == set()


def test_what_all_functions_are_given_should_be_read_by_some() -> None:
    read = set().union(*(reach.settings(snake(function)) for function in FUNCTIONS))
    unread = set(COMMON["Environment"]["Variables"]) - read
    assert {name for name in unread if not OF_LIBRARIES.fullmatch(name)} == set()


# Permissions


def test_nothing_should_be_allowed_to_do_everything() -> None:
    found = list(allowed())
    assert len(found) > 20
    assert [(name, s) for name, s in found if any("*" in action for action in listed(s["Action"]))] == []


def test_nothing_should_be_allowed_on_everything() -> None:
    found = [(name, s) for name, s in allowed() if s["Action"] != "sts:AssumeRole"]
    assert [(name, s) for name, s in found if "Resource" not in s] == []
    assert {(name, s["Sid"]) for name, s in found if "*" in listed(s["Resource"])} == set(ANY_RESOURCE)


def test_nobody_should_be_let_in_unnamed() -> None:
    assert [(name, s) for name, s in allowed() if s.get("Principal") in ("*", {"AWS": "*"})] == []


def test_no_managed_policy_should_be_attached() -> None:
    for name, function in FUNCTIONS.items():
        assert all(isinstance(policy, dict) for policy in function["Policies"]), name
    assert not [r for r in TEMPLATE.of_type("AWS::IAM::Role").values() if "ManagedPolicyArns" in r]


def test_every_route_should_need_a_signature() -> None:
    routes = TEMPLATE.routes()
    assert len(routes) == 9
    assert [route for route in routes if not route.iam] == []
    assert not [f for f in FUNCTIONS.values() if "FunctionUrlConfig" in f]


# Queues and tables


def polled() -> Iterator[tuple[str, str]]:
    """Functions and the queues that feed them."""
    for name, function in FUNCTIONS.items():
        for event in function.get("Events", {}).values():
            if event["Type"] == "SQS":
                yield name, listed(event["Properties"]["Queue"]["Fn::GetAtt"])[0].partition(".")[0]


@pytest.mark.parametrize(("function", "queue"), list(polled()))
def test_a_message_should_stay_hidden_while_its_function_may_be_at_work(function: str, queue: str) -> None:
    """Six times the timeout: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
    timeout = FUNCTIONS[function].get("Timeout", COMMON["Timeout"])
    assert QUEUES[queue]["VisibilityTimeout"] >= 6 * timeout


@pytest.mark.parametrize(("function", "queue"), list(polled()))
def test_a_message_should_come_again_and_in_the_end_be_kept(function: str, queue: str) -> None:
    for event in FUNCTIONS[function]["Events"].values():
        assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    redrive = QUEUES[queue]["RedrivePolicy"]
    dead = listed(redrive["deadLetterTargetArn"]["Fn::GetAtt"])[0].partition(".")[0]
    assert redrive["maxReceiveCount"] >= 5
    assert QUEUES[dead]["MessageRetentionPeriod"] == 1_209_600


def test_someone_should_be_told_of_dead_letters() -> None:
    dead = {name for name in QUEUES if name.endswith("DeadLetterQueue")}
    alarms = json.dumps(TEMPLATE.of_type("AWS::CloudWatch::Alarm"))
    assert dead
    assert [name for name in dead if name not in alarms] == []


@pytest.mark.parametrize("table", TEMPLATE.of_type("AWS::DynamoDB::Table"))
def test_tables_should_outlive_mistakes(table: str) -> None:
    resource = TEMPLATE.body["Resources"][table]
    properties = resource["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert {resource["DeletionPolicy"], resource["UpdateReplacePolicy"]} == {"Retain"}


# What is kept


def test_the_repository_should_speak_of_the_project_alone() -> None:
    """No paths of a machine that it was written on, nothing about the desk that it was written at."""
    desk = re.compile(rf"/{'work'}/|/{'tmp'}/brief|{'ground-truth'}[.]md|{'styles'}[.]md|\bissues? \d|{'pypi'}-more")
    git = ["git", "ls-files", "-z", "--", "*.py", "*.md", "*.json", "*.yaml", "*.toml", "*.txt", "Makefile", "*.svg"]
    files = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")  # noqa: S603
    spoken = {
        (name, found[0])
        for name in files
        if name and (ROOT / name).exists() and (found := desk.search((ROOT / name).read_text()))
    }
    assert spoken == set()
