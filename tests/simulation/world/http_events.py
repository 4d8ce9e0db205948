"""Requests of the HTTP API as the functions get them: payload format 2.0.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from local.template import Route
from tests.simulation.errors import UnknownCall
from tests.simulation.task_visit import LambdaResult
from tests.simulation.world.stack import ACCOUNT, REGION


def route_of(routes: Sequence[Route], method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """The route that takes a request, and the parameters in its path. Raises `UnknownCall` if there is none."""
    for route in sorted(routes, key=lambda route: route.path.count("{")):
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)
        if route.method == method and (found := re.fullmatch(pattern, urlsplit(path).path)):
            return route, {name: unquote(value) for name, value in found.groupdict().items()}
    raise UnknownCall(f"{method} {path}")


def event(
    method: str, path: str, route: str, parameters: Mapping[str, str], body: Any | None, now: float
) -> dict[str, Any]:
    """What API Gateway gives a function for a request whose body, if there is one, is sent as JSON."""
    place = urlsplit(path)
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {route}",
        "rawPath": place.path,
        "rawQueryString": place.query,
        "headers": {
            "accept": "*/*",
            "content-type": "application/json",
            "host": f"api.execute-api.{REGION}.amazonaws.com",
        },
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "api",
            "authorizer": {"iam": {"accountId": ACCOUNT, "userArn": f"arn:aws:iam::{ACCOUNT}:user/engineer"}},
            "domainName": f"api.execute-api.{REGION}.amazonaws.com",
            "domainPrefix": "api",
            "http": {
                "method": method,
                "path": place.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "python",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": f"{method} {route}",
            "stage": "$default",
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if place.query:
        made["queryStringParameters"] = dict(pair.split("=", 1) for pair in place.query.split("&"))
    if parameters:
        made["pathParameters"] = dict(parameters)
    if body is not None:
        made["body"] = json.dumps(body)
    return made


def respond(done: Callable[[int, Any], None], result: LambdaResult) -> None:
    """What API Gateway makes of a result."""
    if result.error is not None:
        status = 503 if result.error == "Sandbox.Timedout" else 500
        done(status, {"message": "Service Unavailable" if status == 503 else "Internal Server Error"})
        return
    answer = json.loads(result.payload)
    if isinstance(answer, dict) and "statusCode" in answer:
        done(answer["statusCode"], json.loads(answer["body"]))
    else:
        done(200, answer)
