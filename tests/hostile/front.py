"""The API's functions behind the laptop's HTTP front, all in this process: a WSGI application."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, cast

import annotation_tasks_api
import labeling_jobs_api
from local import openapi
from local.execution_environment import Answer
from local.http_api import HttpApi
from local.lambdas import Lambdas
from tests.handlers.api_events import Api
from tests.handlers.conftest import TEMPLATE

DOCUMENT = "/openapi.json"
_FUNCTIONS = {
    "AnnotationTasksApi": Api(annotation_tasks_api.handler),
    "LabelingJobsApi": Api(labeling_jobs_api.handler),
}


class _InThisProcess:
    """Lambda without workers; what a handler raises reaches the test."""

    def invoke(self, name: str, event: bytes) -> Answer:
        answer = _FUNCTIONS[name].take(json.loads(event))
        said = {"statusCode": answer.status, "headers": {"Content-Type": answer.content_type}, "body": answer.text}
        return Answer(json.dumps(said).encode())


class Front:
    """The routes of the template and the API's own description. Nothing has to be signed: that is API Gateway's."""

    def __init__(self) -> None:
        routes = [replace(route, iam=False) for route in TEMPLATE.routes()]
        self._api = HttpApi(routes, str, cast(Lambdas, _InThisProcess()))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != DOCUMENT:
            return self._api(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(unsigned(json.loads(openapi.PLACE.read_text()))).encode()]


def unsigned(document: dict[str, Any]) -> dict[str, Any]:
    """The API's document for callers that need not sign."""
    for operations in document["paths"].values():
        for operation in operations.values():
            del operation["security"]
    return document
