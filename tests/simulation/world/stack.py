"""What the template's resources are called in the simulated account, and their properties with everything put in."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.template import Template
from tests.simulation.errors import UnknownCall

ACCOUNT, REGION, NAME = "123456789012", "us-east-1", "everlabel"

_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": NAME,
    "AWS::URLSuffix": "amazonaws.com",
}
_SAME = "{name}"
# By type: the ARN, and what Ref gives; CloudFormation adds random letters to names, here there are none.
_TYPES = {
    "AWS::CloudWatch::Alarm": (f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{{name}}", _SAME),
    "AWS::DynamoDB::Table": (f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{name}}", _SAME),
    "AWS::Events::Rule": (f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{{name}}", _SAME),
    "AWS::IAM::Role": (f"arn:aws:iam::{ACCOUNT}:role/{{name}}", _SAME),
    "AWS::Logs::LogGroup": (f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{name}}", _SAME),
    "AWS::S3::Bucket": ("arn:aws:s3:::{name}", _SAME),
    "AWS::Serverless::HttpApi": (f"arn:aws:apigateway:{REGION}::/apis/{{name}}", _SAME),
    "AWS::SNS::Topic": (f"arn:aws:sns:{REGION}:{ACCOUNT}:{{name}}", f"arn:aws:sns:{REGION}:{ACCOUNT}:{{name}}"),
    "AWS::SQS::Queue": (
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{name}}",
        f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{{name}}",
    ),
    "AWS::Serverless::Function": (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{name}}", _SAME),
    "AWS::Serverless::StateMachine": (
        f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{{name}}",
        f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{{name}}",
    ),
}
_NAMES = {"AWS::Serverless::StateMachine": "Name"}
"""Types that may be given a name here, by the property that has it."""


@dataclass(frozen=True)
class Function:
    """A function of the template. `timeout` is in seconds, `memory` in MB."""

    name: str
    arn: str
    module: str
    handler: str
    timeout: float
    memory: int
    environment: Mapping[str, str]
    retries: int
    """How often an asynchronous invocation that failed is tried again."""
    events: Mapping[str, Any]
    """What invokes it, as in the template, with everything put in."""


class Stack:
    """A template with its parameters. Raises `UnknownCall` for what it cannot put in."""

    def __init__(self, template: Template, parameters: Mapping[str, Any]) -> None:
        self.template = template
        declared: Mapping[str, Any] = template.body.get("Parameters", {})
        if unknown := sorted(parameters.keys() - declared.keys()):
            raise UnknownCall(f"the template has no parameters {unknown}")
        self.parameters: dict[str, Any] = {}
        for name, about in declared.items():
            if name not in parameters and "Default" not in about:
                raise UnknownCall(f"the parameter {name} has no value")
            value = str(parameters.get(name, about.get("Default")))
            self.parameters[name] = value.split(",") if about["Type"] == "CommaDelimitedList" else value
        self._values = _PSEUDO | self.parameters
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self.ref,
            "Fn::GetAtt": self._attribute,
            "Fn::Join": lambda given: given[0].join(self.resolve(given[1])),
            "Fn::Split": lambda given: self.resolve(given[1]).split(given[0]),
            "Fn::Sub": self._substituted,
        }

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties by logical id of all resources of a type, with everything put in."""
        return {name: self.resolve(properties) for name, properties in self.template.of_type(kind).items()}

    def name(self, logical_id: str) -> str:
        """The physical name."""
        kind, properties = self._resource(logical_id)
        given = properties.get(_NAMES.get(kind, ""))
        name = f"{NAME}-{logical_id}" if given is None else str(self.resolve(given))
        return name.lower() if kind == "AWS::S3::Bucket" else name

    def arn(self, logical_id: str) -> str:
        """The ARN."""
        return self._known(logical_id)[0].format(name=self.name(logical_id))

    def ref(self, name: str) -> Any:
        """What `Ref` gives: a parameter's value, or what the type of the resource says."""
        return self._values[name] if name in self._values else self._known(name)[1].format(name=self.name(name))

    def resolve(self, value: Any) -> Any:
        """A value of the template with everything put in."""
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, given)] = value.items()
            if name in self._functions:
                return self._functions[name](given)
            if name.startswith("Fn::"):
                raise UnknownCall(f"CloudFormation's {name}")
        return {name: self.resolve(each) for name, each in value.items()}

    def functions(self) -> dict[str, Function]:
        """The functions by logical id."""
        common = self.template.globals.get("Function", {})
        found = {}
        for name, own in self.template.of_type("AWS::Serverless::Function").items():
            variables = {
                **common.get("Environment", {}).get("Variables", {}),
                **own.get("Environment", {}).get("Variables", {}),
            }
            module, _, handler = own["Handler"].rpartition(".")
            later = own.get("EventInvokeConfig", {})
            found[name] = Function(
                name,
                self.arn(name),
                module,
                handler,
                float(own.get("Timeout", common.get("Timeout", 3))),
                int(own.get("MemorySize", common.get("MemorySize", 128))),
                {key: str(self.resolve(value)) for key, value in variables.items()},
                int(later.get("MaximumRetryAttempts", 2)),
                self.resolve(own.get("Events", {})),
            )
        return found

    def _attribute(self, given: list[str]) -> str:
        logical_id, attribute = given[0], given[1]
        if attribute == "Arn":
            return self.arn(logical_id)
        if attribute in ("Name", "QueueName"):
            return self.name(logical_id)
        raise UnknownCall(f"{logical_id}.{attribute}")

    def _substituted(self, given: Any) -> str:
        text, more = given if isinstance(given, list) else (given, {})

        def put_in(match: re.Match[str]) -> str:
            name, _, attribute = match[1].partition(".")
            if name in more:
                return str(self.resolve(more[name]))
            return self._attribute([name, attribute]) if attribute else str(self.ref(name))

        return re.sub(r"\$\{([^!}]+)\}", put_in, text)

    def _resource(self, logical_id: str) -> tuple[str, Mapping[str, Any]]:
        resource = self.template.body["Resources"].get(logical_id)
        if resource is None:
            raise UnknownCall(f"the template has no {logical_id}")
        return resource["Type"], resource.get("Properties", {})

    def _known(self, logical_id: str) -> tuple[str, str]:
        kind, _ = self._resource(logical_id)
        if kind not in _TYPES:
            raise UnknownCall(f"{logical_id}: what is the ARN of an {kind}?")
        return _TYPES[kind]


def environment(functions: Iterable[Function]) -> dict[str, str]:
    """The variables of all functions. They share one process, so no variable may have two values."""
    union = {"AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION}
    for function in functions:
        for name, value in function.environment.items():
            if union.setdefault(name, value) != value:
                raise UnknownCall(f"{name} is {union[name]!r} here and {value!r} there")
    return union
