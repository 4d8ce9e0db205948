"""HTTP API events (payload format 2.0), and calls of the API's handlers with them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from tests.conftest import ACCOUNT, REGION
from tests.handlers.conftest import Context

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def http_event(
    method: str,
    path: str,
    body: str | bytes | None = None,
    query: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> dict[str, Any]:
    """What API Gateway gives a function; it gives bytes that are not text in base64."""
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "headers": {"accept": "*/*", "content-type": content_type, "host": "api.execute-api.us-east-1.amazonaws.com"},
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "api",
            "authorizer": {"iam": {"accountId": ACCOUNT, "userArn": f"arn:aws:iam::{ACCOUNT}:user/engineer"}},
            "domainName": f"api.execute-api.{REGION}.amazonaws.com",
            "domainPrefix": "api",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "python",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "time": "15/Jan/2027:08:00:00 +0000",
            "timeEpoch": 1_800_000_000_000,
        },
        "isBase64Encoded": isinstance(body, bytes),
    }
    if query:
        event["queryStringParameters"] = dict(query)
    if body is not None:
        event["body"] = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    return event


@dataclass(frozen=True)
class Answer:
    """A response, read."""

    status: int
    content_type: str
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def faults(self) -> dict[str, str]:
        """The faults of a refusal by field; those of one field one after the other."""
        found: dict[str, str] = {}
        for fault in self.body["faults"]:
            found[fault["field"]] = "; ".join(filter(None, [found.get(fault["field"]), fault["message"]]))
        return found


# What no caller may see: how it is stored, how it is written, and what wakes a level.
_SECRETS = ("Traceback", 'File "', "pydantic", "pynamodb", "task_id", "by_status", "OPEN#", "DONE#", "JOB#", "LEVEL#")
TOKEN = "task-token-that-nobody-may-see"  # noqa: S105 # opens nothing


@dataclass(frozen=True)
class Api:
    """One of the API's functions. Each answer is a problem or none, and tells nothing of the inside."""

    handler: Handler

    def call(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Answer:
        """Calls it; a body that is neither text nor bytes is sent as JSON."""
        given = body if body is None or isinstance(body, str | bytes) else json.dumps(body)
        return self.take(http_event(method, path, given, query))

    def take(self, event: dict[str, Any]) -> Answer:
        """Calls it with an event."""
        response = self.handler(event, Context())
        assert response["isBase64Encoded"] is False
        json.dumps(response, ensure_ascii=False).encode()  # as Lambda hands it on
        answer = Answer(response["statusCode"], response["headers"]["Content-Type"], response["body"])
        shown = [secret for secret in (*_SECRETS, TOKEN) if secret in answer.text]
        assert not shown, answer.text
        if answer.status < HTTPStatus.BAD_REQUEST:
            assert answer.content_type == "application/json"
        else:
            assert answer.content_type == "application/problem+json"
            assert answer.body["status"] == answer.status
            assert answer.body["title"] == HTTPStatus(answer.status).phrase
            assert answer.body["detail"]
        return answer
