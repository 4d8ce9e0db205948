"""The SAM template as it is written, and what the laptop reads in it: code, routes, addresses."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
"""The repository."""

STACK = "everlabel"
"""The stack's name on a laptop."""

DAY = 86400

CODE_BUCKET = "code-of-the-laptop"
"""Where CloudFormation looks for code; the functions really run from the working tree, so nothing is in it."""


DEFAULT_ROUTE = "$default"
"""The route of an event that names no path: whatever no other route takes."""


class TemplateError(Exception):
    """The template asks for something that the laptop world has no answer to."""


@dataclass(frozen=True)
class Route:
    """One `HttpApi` event of the template. `iam` says whether requests must be signed."""

    method: str
    path: str
    function: str
    iam: bool


class Template:
    """A SAM template as it is written, and what the laptop needs to know of it."""

    def __init__(self, path: Path) -> None:
        self.root = path.parent
        self.body: dict[str, Any] = yaml_parse(path.read_text())
        self.globals: dict[str, dict[str, Any]] = self.body.get("Globals", {})

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties by logical id of all resources of a type."""
        found = {k: v for k, v in self.body["Resources"].items() if v["Type"] == kind}
        return {k: v.setdefault("Properties", {}) for k, v in found.items()}

    def scaled(self, day_seconds: float) -> dict[str, str]:
        """The template's durations (parameters named …Seconds) in a world whose day lasts `day_seconds`.

        Whole seconds, as Step Functions wants them, and never below what the template allows.
        """
        durations = {
            k: v for k, v in self.body.get("Parameters", {}).items() if k.endswith("Seconds") and "Default" in v
        }
        return {
            name: str(max(int(parameter.get("MinValue", 1)), round(int(parameter["Default"]) * day_seconds / DAY)))
            for name, parameter in durations.items()
        }

    def code(self) -> dict[str, tuple[Path, ...]]:
        """By function: the directories that Lambda would have on Python's path, which are its code and its layers."""
        layers = {k: self.root / v["ContentUri"] for k, v in self.of_type("AWS::Serverless::LayerVersion").items()}
        common = self.globals.get("Function", {})
        paths = {}
        for name, function in self.of_type("AWS::Serverless::Function").items():
            code = self.root / (function.get("CodeUri") or common["CodeUri"])
            used = [*common.get("Layers", []), *function.get("Layers", [])]
            paths[name] = (code.resolve(), *(layers[layer["Ref"]].resolve() for layer in used))
        return paths

    def routes(self) -> tuple[Route, ...]:
        """The routes of the HTTP API, from the functions' events."""
        apis = self.of_type("AWS::Serverless::HttpApi")
        common = self.globals.get("HttpApi", {})
        routes = []
        for name, function in self.of_type("AWS::Serverless::Function").items():
            for event in function.get("Events", {}).values():
                if event["Type"] != "HttpApi":
                    continue
                properties = event.get("Properties", {})
                api = apis.get(properties.get("ApiId", {}).get("Ref", ""), common)
                authorizer = properties.get("Auth", {}).get("Authorizer", api.get("Auth", {}).get("DefaultAuthorizer"))
                if authorizer not in (None, "NONE", "AWS_IAM"):
                    raise TemplateError(f"{name}: the laptop knows no authorizer {authorizer}")
                method, path = properties.get("Method", "ANY").upper(), properties.get("Path", DEFAULT_ROUTE)
                routes.append(Route(method, path, name, iam=authorizer == "AWS_IAM"))
        return tuple(routes)

    def translated(self, parameters: Mapping[str, str], session: boto3.Session) -> dict[str, Any]:
        """The CloudFormation template that `sam deploy` would send, with the code's place made up."""
        body = json.loads(json.dumps(self.body))
        place = f"s3://{CODE_BUCKET}/code.zip"
        body.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
        for resource in body["Resources"].values():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::Serverless::Function":
                properties["CodeUri"] = place
            elif resource["Type"] == "AWS::Serverless::LayerVersion":
                properties["ContentUri"] = place
            elif resource["Type"] == "AWS::Serverless::StateMachine" and "DefinitionUri" in properties:
                properties["Definition"] = json.loads((self.root / properties.pop("DefinitionUri")).read_text())
        # Slow to import, and not everybody who reads a template translates it.
        from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
        from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]

        translator = Translator({}, Parser(), boto_session=session)
        template: dict[str, Any] = translator.translate(body, dict(parameters))
        return template


def api_outputs(template: Template) -> set[str]:
    """The outputs that are made from the HTTP API's id, which on a laptop is an address instead."""
    apis = {*template.of_type("AWS::Serverless::HttpApi"), "ServerlessHttpApi"}
    named = re.compile(rf"\b({'|'.join(apis)})\b")
    outputs: dict[str, Any] = template.body.get("Outputs", {})
    return {name for name, output in outputs.items() if named.search(json.dumps(output["Value"]))}
