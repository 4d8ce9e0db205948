"""`python -m local.openapi` writes docs/openapi.json: the API's description, generated from its functions.

The two functions have a resolver each, so each describes its own routes; here they become one document. What
Powertools says by default of errors is replaced by what the functions really answer: problem details (RFC 9457).
"""

import importlib
import json
import os
import re
import tomllib
from http import HTTPStatus
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PLACE = ROOT / "docs" / "openapi.json"
FUNCTIONS = ("labeling_jobs_api", "annotation_tasks_api")

# Signed requests, as API Gateway's own exports name the scheme:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authtype.html
_SIGV4 = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "description": "AWS Signature Version 4 for the service execute-api",
    "x-amazon-apigateway-authtype": "awsSigv4",
}
# HTTP APIs have addresses like this one: the deployment's output ApiUrl.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-publish.html
_SERVER = {
    "url": "https://{apiId}.execute-api.{region}.amazonaws.com",
    "description": "a deployment: its output ApiUrl",
    "variables": {
        "apiId": {"default": "API_ID", "description": "the id that API Gateway gave the deployment's API"},
        "region": {"default": "us-east-1", "description": "the Region of the deployment"},
    },
}
_FORBIDDEN = {
    "title": "Forbidden",
    "description": "What API Gateway answers itself, so it is no problem of the API's own form.",
    "type": "object",
    "properties": {"message": {"type": "string", "title": "Message", "examples": ["Forbidden"]}},
    "required": ["message"],
}
_BY_DEFAULT = {"HTTPValidationError", "ResponseValidationError", "ValidationError"}


def document() -> dict[str, Any]:
    """The OpenAPI document of the whole API."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    version = ""
    for function in FUNCTIONS:
        part = _described(function)
        version = part["openapi"]
        schemas |= part["components"]["schemas"] | {"Forbidden": _FORBIDDEN}
        for path, operations in part["paths"].items():
            for method, operation in operations.items():
                paths.setdefault(path, {})[method] = _told(path, method, operation)
    return {
        "openapi": version,
        "info": {"title": "Everlabel", "version": project["version"], "description": project["description"]},
        "servers": [_SERVER],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {name: schemas[name] for name in sorted(schemas) if name not in _BY_DEFAULT},
            "securitySchemes": {"sigv4": _SIGV4},
        },
    }


def text() -> str:
    """The document as it is kept: the same for the same functions."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _described(function: str) -> dict[str, Any]:
    # Table names are read when the models are made; a description needs no table.
    os.environ.setdefault("TASK_TABLE", "")
    os.environ.setdefault("JOB_TABLE", "")
    app = importlib.import_module(function).app
    described: dict[str, Any] = json.loads(app.get_openapi_json_schema(title="Everlabel"))
    return described


def _told(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    name = operation["operationId"].removesuffix(re.sub(r"\W", "_", path) + f"_{method}")
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    ours = {status: answer for status, answer in operation["responses"].items() if not _is_default(answer)}
    ours["403"] = {
        "description": "Not signed, or not by somebody who may call this",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Forbidden"}}},
    }
    ours["500"] = {
        "description": HTTPStatus.INTERNAL_SERVER_ERROR.phrase,
        "content": {"application/problem+json": problem},
    }
    return {
        **operation,
        "operationId": "".join(word.capitalize() for word in name.split("_")),
        "responses": dict(sorted(ours.items())),
        "security": [{"sigv4": []}],
    }


def _is_default(answer: dict[str, Any]) -> bool:
    return any(f"#/components/schemas/{name}" in json.dumps(answer) for name in _BY_DEFAULT)


if __name__ == "__main__":
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(text())
