"""The stack of `template.yaml` in moto: translated as `sam deploy` translates it, created as CloudFormation creates it.

What moto's CloudFormation cannot make is made here, or stands on a list with the reason why a laptop does without it.
A resource of any other type is an error, so that nothing of the template is ignored unnoticed.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import get_model_list, get_model_map
from moto.core.common_models import CloudFormationModel
from moto.events.models import Rule
from moto.sns.models import sns_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from local.credentials import ACCOUNT
from local.patches import Patches
from local.template import CODE_BUCKET, Route, Template, TemplateError

WITHOUT = {
    "AWS::ApiGatewayV2::Api": "local.http_api answers in its place",
    "AWS::ApiGatewayV2::Stage": "local.http_api has one stage, $default",
    "AWS::CloudWatch::Alarm": "nobody measures here",
    "AWS::Lambda::EventInvokeConfig": "asynchronous invocations are tried three times, whatever it says",
    "AWS::Logs::MetricFilter": "nobody measures here",
    "AWS::S3::BucketPolicy": "moto grants everything",
    "AWS::SNS::TopicPolicy": "moto grants everything",
    "AWS::SQS::QueuePolicy": "moto grants everything",
    "AWS::Scheduler::Schedule": "local.event_sources invokes its target",
}
"""Resource types that are not created, and why a laptop does without them."""


@dataclass(frozen=True)
class Schedule:
    """Something the template runs at intervals: a `rate(…)` or `cron(…)` expression and a function's ARN."""

    expression: str
    function_arn: str
    input: str | None


@dataclass(frozen=True)
class Stack:
    """The created stack. `functions` and `resources` give physical names by logical ids."""

    name: str
    outputs: Mapping[str, str]
    resources: Mapping[str, str]
    routes: tuple[Route, ...]
    schedules: tuple[Schedule, ...]
    code: Mapping[str, tuple[Path, ...]]

    def logical_id(self, physical_name: str) -> str:
        """The name that the template has for a resource."""
        return next(logical for logical, physical in self.resources.items() if physical == physical_name)


def create(template: Template, name: str, parameters: Mapping[str, str], session: boto3.Session, url: str) -> Stack:
    """Create the stack on the moto server at `url`. Raises `TemplateError` for what it cannot make."""
    body = template.translated(parameters, session)
    _check(body["Resources"])
    s3 = session.client("s3", endpoint_url=url)
    s3.create_bucket(Bucket=CODE_BUCKET)
    s3.put_object(Bucket=CODE_BUCKET, Key="code.zip", Body=b"")
    s3.close()
    cloudformation = session.client("cloudformation", endpoint_url=url)
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(body),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    summaries = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
    cloudformation.close()
    if described["StackStatus"] != "CREATE_COMPLETE":
        raise TemplateError(f"{name}: {described['StackStatus']} {described.get('StackStatusReason', '')}")
    resources = {s["LogicalResourceId"]: s["PhysicalResourceId"] for s in summaries}
    _allow_origins(body["Resources"], resources, session, url)
    return Stack(
        name=name,
        outputs={o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])},
        resources=resources,
        routes=template.routes(),
        schedules=(*_Scheduler.made, *_scheduled_rules(session, url)),
        code={resources[logical]: paths for logical, paths in template.code().items()},
    )


def tell(name: str, outputs: Mapping[str, str], region: str) -> None:
    """Has the stack say these outputs, whoever asks: where the API listens is known only once it does."""
    made: Any = cloudformation_backends[ACCOUNT][region].get_stack(name).output_map
    for key, value in outputs.items():
        made[key].value = value


def _check(resources: Mapping[str, Mapping[str, Any]]) -> None:
    unknown = sorted(f"{v['Type']} ({k})" for k, v in resources.items() if v["Type"] not in get_model_map())
    if unknown:
        raise TemplateError(f"moto cannot make {', '.join(unknown)}: make it in local/stack.py or list it in WITHOUT")


def _allow_origins(
    body: Mapping[str, Mapping[str, Any]], resources: Mapping[str, str], session: boto3.Session, url: str
) -> None:
    """Gives buckets the CORS rules that the template has for them; moto's CloudFormation leaves them out."""
    names = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds", "Id": "ID"}
    s3: Any = session.client("s3", endpoint_url=url)
    for logical_id, resource in body.items():
        rules = resource.get("Properties", {}).get("CorsConfiguration", {}).get("CorsRules", [])
        if resource["Type"] == "AWS::S3::Bucket" and rules:
            ours = [{names.get(key, key): value for key, value in rule.items()} for rule in rules]
            s3.put_bucket_cors(Bucket=resources[logical_id], CORSConfiguration={"CORSRules": ours})
    s3.close()


class _Made(CloudFormationModel):
    """A resource that is known by its logical id and needs nothing else."""

    kind = ""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.kind

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,  # noqa: ARG003
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> "_Made":
        cls.make(cloudformation_json["Properties"], account_id, region_name)
        return cls(kwargs["LogicalId"])

    @classmethod
    def make(cls, properties: Mapping[str, Any], account_id: str, region_name: str) -> None:
        """Whatever making the resource means here."""


class _Subscription(_Made):
    kind = "AWS::SNS::Subscription"

    @classmethod
    def make(cls, properties: Mapping[str, Any], account_id: str, region_name: str) -> None:
        backend = sns_backends[account_id][region_name]
        made = backend.subscribe(properties["TopicArn"], properties["Endpoint"], properties["Protocol"])
        for attribute in ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery"):
            if attribute in properties:
                value = properties[attribute]
                text = value if isinstance(value, str) else json.dumps(value)
                backend.set_subscription_attributes(made.arn, attribute, text)


class _Scheduler(_Made):
    kind = "AWS::Scheduler::Schedule"
    made: list[Schedule] = []  # noqa: RUF012 - moto makes resources through the class

    @classmethod
    def make(cls, properties: Mapping[str, Any], account_id: str, region_name: str) -> None:  # noqa: ARG003
        if properties.get("State", "ENABLED") == "ENABLED":
            target = properties["Target"]
            cls.made.append(Schedule(properties["ScheduleExpression"], target["Arn"], target.get("Input")))


class _StateMachine(_Made):
    """Moto would create it in the backend that does not execute, with the substitutions left undone."""

    kind = "AWS::StepFunctions::StateMachine"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_kwargs: Any
    ) -> "_StateMachine":
        properties = cloudformation_json["Properties"]
        definition = properties["DefinitionString"]
        for key, value in properties.get("DefinitionSubstitutions", {}).items():
            definition = definition.replace(f"${{{key}}}", value)
        if left := re.findall(r"\$\{\w+\}", definition):
            raise TemplateError(f"{resource_name}: nothing is substituted for {', '.join(left)}")
        name = properties.get("StateMachineName", resource_name)
        backend = stepfunctions_parser_backends[account_id][region_name]
        return cls(backend.create_state_machine(name=name, definition=definition, roleArn=properties["RoleArn"]).arn)

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in ("Arn", "Name")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        arn = self.physical_resource_id
        return {"Arn": arn, "Name": arn.rpartition(":")[2]}[attribute_name]


def _register(models: Iterable[Any]) -> None:
    """Moto looks for models once, and the last one of a type counts."""
    known = get_model_list()
    known.extend(model for model in models if model not in known)
    get_model_map.cache_clear()


def _unless_scheduled(original: Callable[..., None]) -> Callable[..., None]:
    """A rule with a schedule and no pattern would match every event; local.event_sources follows its schedule."""

    def send_to_targets(self: Rule, original_event: Any, transform_input: bool = True) -> None:
        if not self.scheduled_expression:
            original(self, original_event, transform_input)

    return send_to_targets


_LACKING: list[Any] = [_Subscription, _Scheduler, _StateMachine]
_LACKING += [type(k.replace("::", ""), (_Made,), {"kind": k}) for k in WITHOUT if k != _Scheduler.kind]


def install(patches: Patches) -> None:
    """Teach moto's CloudFormation the resources it lacks."""
    _Scheduler.made.clear()
    _register(_LACKING)
    patches.replace(Rule, "send_to_targets", _unless_scheduled)


def _scheduled_rules(session: boto3.Session, url: str) -> list[Schedule]:
    """What `Schedule` events of functions became: rules with a schedule."""
    events = session.client("events", endpoint_url=url)
    schedules: list[Schedule] = []
    for rule in events.list_rules()["Rules"]:
        if rule.get("ScheduleExpression") and rule["State"] == "ENABLED":
            targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
            schedules += [Schedule(rule["ScheduleExpression"], t["Arn"], t.get("Input")) for t in targets]
    events.close()
    return schedules
