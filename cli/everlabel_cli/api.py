"""The HTTP API of a stack: requests signed as AWS wants them, tried again where that may help, refusals in words."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import boto3
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from everlabel_cli.answer import NotDone

_TIMEOUT = (10, 35)
"""Seconds to connect, and to answer: API Gateway itself gives up after 30."""

RETRIES = Retry(
    total=8,
    # Nobody should wait for minutes until told that nothing listens at an address.
    connect=3,
    status_forcelist=[429, 500, 502, 503, 504],
    # Every call may be repeated: the same task POSTed again is the same task.
    allowed_methods=None,
    backoff_factor=0.2,
    backoff_max=20,
    backoff_jitter=0.5,
    raise_on_status=False,
)


class Refused(NotDone):
    """The API said no, and why; `faults` are those of a problem document (RFC 9457)."""

    def __init__(self, call: str, status: int, detail: str, faults: list[dict[str, str]]) -> None:
        self.status, self.detail, self.faults = status, detail, faults
        lines = [f"{call}: {status} {detail}", *(f"  {fault['field']}: {fault['message']}" for fault in faults)]
        super().__init__("\n".join(lines))


class Unreachable(NotDone):
    """No answer came, however often it was asked."""


@dataclass(frozen=True)
class Answer:
    """What the API said to a request that it did: a status below 400 and the JSON body."""

    status: int
    body: Any


@dataclass(frozen=True)
class Api:
    """The API at `url`, called with the credentials and the Region of a session; may be used by several threads."""

    url: str
    session: boto3.Session
    connections: int = 10
    retries: Retry = RETRIES
    _http: requests.Session = field(init=False, repr=False)

    def __post_init__(self) -> None:
        http = requests.Session()
        adapter = HTTPAdapter(pool_maxsize=self.connections, max_retries=self.retries)
        http.mount("https://", adapter)
        http.mount("http://", adapter)
        # The AWS CLI's own name for one's own certificates; requests knows only REQUESTS_CA_BUNDLE.
        http.verify = os.environ.get("AWS_CA_BUNDLE") or True
        object.__setattr__(self, "_http", http)

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """The body that GET answers. Raises `Refused`, `Unreachable`."""
        given = {name: value for name, value in (parameters or {}).items() if value is not None}
        return self._call("GET", path + (f"?{urlencode(given, quote_via=quote)}" if given else ""), b"").body

    def post(self, path: str, body: Any = None) -> Answer:
        """The answer to a POST of a JSON value. Raises `Refused`, `Unreachable`."""
        return self._call("POST", path, b"" if body is None else json.dumps(body).encode())

    def pages(self, path: str, rows: str, parameters: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """The rows of all pages of a listing. Raises `Refused`, `Unreachable`."""
        token = None
        while True:
            page = self.get(path, {**(parameters or {}), "nextToken": token})
            yield from page[rows]
            token = page.get("nextToken")
            if token is None:
                return

    def _call(self, method: str, path: str, body: bytes) -> Answer:
        headers = {"Content-Type": "application/json"} if body else {}
        url = self.url + path
        signed = AWSRequest(method, url, headers=headers, data=body)
        credentials = self.session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        SigV4Auth(credentials, "execute-api", self.session.region_name).add_auth(signed)
        call = f"{method} {path.partition('?')[0]}"
        try:
            answer = self._http.request(method, url, headers=dict(signed.headers), data=body or None, timeout=_TIMEOUT)
        except requests.RequestException as error:
            raise Unreachable(f"{call}: {self.url} does not answer: {_innermost(error)}") from error
        try:
            said = answer.json()
        except ValueError:
            said = {}
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise Refused(call, answer.status_code, *_problem(answer, said))
        return Answer(answer.status_code, said)


def name_in_path(name: str) -> str:
    """A name as a part of a path, whatever is in it."""
    return quote(name, safe="")


def _problem(answer: requests.Response, said: Any) -> tuple[str, list[dict[str, str]]]:
    """In words why a request was refused: by us (a problem document) or by API Gateway (a message)."""
    given = said if isinstance(said, Mapping) else {}
    detail = given.get("detail") or given.get("message") or given.get("Message") or answer.reason or "refused"
    faults = given.get("faults", [])
    if answer.status_code == HTTPStatus.FORBIDDEN and "detail" not in given:
        detail = f"{detail} (these credentials may not call execute-api here)"
    return str(detail), [fault for fault in faults if isinstance(fault, dict) and {"field", "message"} <= fault.keys()]


def _innermost(error: BaseException) -> str:
    """The reason below the layers that wrap it."""
    reason = error
    while (inner := getattr(reason, "reason", None) or (reason.args[0] if reason.args else None)) is not None:
        if not isinstance(inner, BaseException):
            break
        reason = inner
    return " ".join(str(reason).split())
