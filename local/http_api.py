"""API Gateway's HTTP API on a laptop: the template's routes, payload format 2.0, IAM authorisation.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
"""

import base64
import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.wrappers import Request, Response

from local.credentials import ACCOUNT, KEY_ID, SECRET
from local.execution_environment import Answer
from local.lambdas import Lambdas
from local.template import DEFAULT_ROUTE, Route

MAX_BODY_BYTES = 10 * 1024 * 1024
INTEGRATION_SECONDS = 30
MAX_CLOCK_SKEW_SECONDS = 300
"""How old a signature may be: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html"""

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request,\s*"
    r"SignedHeaders=(?P<headers>[^,]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True)
class _Match:
    route: Route
    parameters: dict[str, str]


class HttpApi:
    """A WSGI application. `functions` gives the physical name of a route's function."""

    def __init__(self, routes: Sequence[Route], functions: Callable[[str], str], lambdas: Lambdas) -> None:
        # API Gateway prefers the most specific route: no parameter before parameters, greedy ones later, $default last.
        rank = {DEFAULT_ROUTE: 2}
        ordered = sorted(routes, key=lambda r: (rank.get(r.path, "+}" in r.path), r.path.count("{"), r.method == "ANY"))
        self._routes = [(route, _pattern(route.path)) for route in ordered]
        self._functions = functions
        self._lambdas = lambdas
        self._integrations = ThreadPoolExecutor(max_workers=16, thread_name_prefix="http-api")

    def stop(self) -> None:
        """Wait for the functions at work."""
        self._integrations.shutdown(wait=True, cancel_futures=True)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = MAX_BODY_BYTES
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if (request.content_length or 0) > MAX_BODY_BYTES:
            return _message(413, "Request Entity Too Large")
        match = self._match(request)
        if match is None:
            return _message(404, "Not Found")
        if match.route.iam and not is_signed(request):
            return _message(403, "Forbidden")
        event = json.dumps(_event(request, match)).encode()
        answer = self._integrations.submit(self._lambdas.invoke, self._functions(match.route.function), event)
        try:
            return _response(answer.result(timeout=INTEGRATION_SECONDS))
        except TimeoutError:
            return _message(503, "Service Unavailable")

    def _match(self, request: Request) -> _Match | None:
        for route, pattern in self._routes:
            found = pattern.fullmatch(_raw_path(request))
            if found and route.method in (request.method, "ANY"):
                return _Match(route, found.groupdict())
        return None


def is_signed(request: Request) -> bool:
    """Whether the laptop's credentials signed the request (Signature Version 4), not long ago."""
    claimed = AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    stamp = request.headers.get("X-Amz-Date", "")
    if not claimed or claimed["key"] != KEY_ID or claimed["service"] != "execute-api":
        return False
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return False
    if abs(time.time() - signed_at) > MAX_CLOCK_SKEW_SECONDS:
        return False
    url = f"{request.scheme}://{request.host}{_raw_path(request)}"
    headers = {name: request.headers.get(name, "") for name in claimed["headers"].split(";")}
    copy = AWSRequest(request.method, f"{url}?{_raw_query(request)}", headers=headers, data=request.get_data())
    copy.context["timestamp"] = stamp
    signer = SigV4Auth(Credentials(KEY_ID, SECRET), claimed["service"], claimed["region"])
    signature = signer.signature(signer.string_to_sign(copy, signer.canonical_request(copy)), copy)
    return bool(signature == claimed["signature"])


def _event(request: Request, match: _Match) -> dict[str, Any]:
    now = time.time()
    headers = {name.lower(): value for name, value in request.headers.items()}
    cookies = headers.pop("cookie", "")
    body = request.get_data()
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    path = match.route.path
    key = path if path == DEFAULT_ROUTE else f"{match.route.method} {path}"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": request.path,
        "rawQueryString": _raw_query(request),
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": request.host,
            "domainPrefix": "local",
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": request.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
                "sourceIp": request.remote_addr or "127.0.0.1",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": key,
            "stage": "$default",
            "time": datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": encoded,
    }
    if match.route.iam:
        caller = {"accessKey": KEY_ID, "accountId": ACCOUNT, "callerId": "AIDALAPTOP"}
        user = {"userArn": f"arn:aws:iam::{ACCOUNT}:user/laptop", "userId": "AIDALAPTOP"}
        none = {"cognitoIdentity": None, "principalOrgId": None}
        event["requestContext"]["authorizer"] = {"iam": {**caller, **none, **user}}
    if cookies:
        event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
    if request.args:
        event["queryStringParameters"] = {name: ",".join(request.args.getlist(name)) for name in request.args}
    if match.parameters:
        event["pathParameters"] = {name: unquote(value) for name, value in match.parameters.items()}
    if body:
        event["body"] = text
    return event


def _response(answer: Answer) -> Response:
    """What the function said, or 500 when it failed or said nothing that HTTP can carry."""
    if answer.error:
        return _message(500, "Internal Server Error")
    said = json.loads(answer.payload)
    if not isinstance(said, dict) or "statusCode" not in said:
        # Without a status code the whole answer is the body: payload format 2.0 allows that.
        return Response(json.dumps(said), 200, mimetype="application/json")
    body = said.get("body") or ""
    content = base64.b64decode(body) if said.get("isBase64Encoded") else body
    response = Response(content, int(said["statusCode"]), said.get("headers") or {})
    for name, values in (said.get("multiValueHeaders") or {}).items():
        for value in values:
            response.headers.add(name, value)
    for cookie in said.get("cookies") or []:
        response.headers.add("Set-Cookie", cookie)
    if not any(name.lower() == "content-type" for name in said.get("headers") or {}):
        response.headers.setdefault("Content-Type", "text/plain;charset=UTF-8")
    return response


def _message(status: int, text: str) -> Response:
    return Response(json.dumps({"message": text}), status, mimetype="application/json")


def _pattern(path: str) -> re.Pattern[str]:
    if path == DEFAULT_ROUTE:
        return re.compile(".*")
    pieces = re.split(r"\{(\w+)(\+?)\}", path)
    text = ""
    for literal, name, greedy in zip(pieces[::3], [*pieces[1::3], ""], [*pieces[2::3], ""], strict=True):
        text += re.escape(literal) + (f"(?P<{name}>{'.+' if greedy else '[^/]+'})" if name else "")
    return re.compile(text)


def _raw_path(request: Request) -> str:
    """The path as it was sent, still percent-encoded: what the caller signed."""
    raw: str = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.path
    return raw.partition("?")[0]


def _raw_query(request: Request) -> str:
    return request.query_string.decode("latin-1")
