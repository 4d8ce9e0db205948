"""Signatures and routes of the laptop's HTTP API, without a network."""

import json
import time
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request

from local.credentials import KEY_ID, SECRET
from local.execution_environment import Answer
from local.http_api import HttpApi, is_signed
from local.template import Route


class Functions:
    """Stands where the workers are: says which function was called with what."""

    def __init__(self, payload: Any = None, error: str | None = None) -> None:
        self.payload = payload
        self.error = error

    def invoke(self, name: str, event: bytes) -> Answer:
        said = {"function": name, "event": json.loads(event)} if self.payload is None else self.payload
        return Answer(json.dumps(said).encode(), self.error)


def ask(functions: Functions, method: str, path: str, *routes: Route) -> Any:
    api = HttpApi(routes or (Route("ANY", "$default", "Rest", iam=False),), lambda name: name, functions)  # type: ignore[arg-type]
    try:
        return Client(api).open(path, method=method)
    finally:
        api.stop()


def signed(path: str, body: bytes = b"", **changes: str) -> Request:
    made = AWSRequest("POST", f"http://localhost{path}", data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials(KEY_ID, SECRET), changes.pop("service", "execute-api"), "us-east-1").add_auth(made)
    environ = EnvironBuilder(path=path, method="POST", data=body, headers=list(made.headers.items())).get_environ()
    environ["RAW_URI"] = changes.pop("raw", path)
    environ.update(changes)
    return Request(environ)


def test_a_request_signed_with_the_credentials_of_the_laptop_should_pass() -> None:
    assert is_signed(signed("/a/b%20c?x=1&y=%2F", b"{}"))


@pytest.mark.parametrize(
    "changes",
    [
        {"raw": "/other"},
        {"QUERY_STRING": "x=2"},
        {"REQUEST_METHOD": "DELETE"},
        {"CONTENT_TYPE": "text/plain"},
        {"HTTP_X_AMZ_DATE": "20200101T000000Z"},
        {"HTTP_X_AMZ_DATE": "yesterday"},
        {"service": "s3"},
    ],
)
def test_a_request_changed_after_signing_should_not_pass(changes: dict[str, str]) -> None:
    assert not is_signed(signed("/a?x=1", b"{}", **changes))


def test_a_signature_of_long_ago_should_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    request = signed("/a")
    now = time.time()
    monkeypatch.setattr("local.http_api.time.time", lambda: now + 301)
    assert not is_signed(request)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255)))
def test_no_authorization_header_should_break_the_check(header: str) -> None:
    environ = EnvironBuilder().get_environ()
    environ["HTTP_AUTHORIZATION"] = header
    assert not is_signed(Request(environ))


def test_the_most_specific_route_should_win() -> None:
    routes = [
        Route("ANY", "$default", "Rest", iam=False),
        Route("ANY", "/{proxy+}", "All", iam=False),
        Route("GET", "/tasks/{id}", "One", iam=False),
        Route("GET", "/tasks/open", "Open", iam=False),
    ]
    expected = {"/tasks/open": "Open", "/tasks/7": "One", "/x/y": "All", "/": "Rest"}
    assert {path: ask(Functions(), "GET", path, *routes).json["function"] for path in expected} == expected


def test_what_the_function_says_should_become_the_response() -> None:
    headers = {"Content-Type": "text/csv", "X-A": "b"}
    said = {"statusCode": 202, "headers": headers, "body": "YTtiCg==", "isBase64Encoded": True, "cookies": ["c=1"]}
    answer = ask(Functions(said), "GET", "/")
    assert (answer.status_code, answer.text) == (202, "a;b\n")
    assert (answer.headers["Content-Type"], answer.headers["X-A"]) == ("text/csv", "b")
    assert answer.headers["Set-Cookie"] == "c=1"


def test_an_answer_without_a_status_should_be_the_body() -> None:
    answer = ask(Functions({"a": 1}), "GET", "/")
    assert (answer.status_code, answer.json) == (200, {"a": 1})


def test_a_function_that_takes_too_long_should_be_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Functions):
        def invoke(self, name: str, event: bytes) -> Answer:
            time.sleep(0.2)
            return super().invoke(name, event)

    monkeypatch.setattr("local.http_api.INTEGRATION_SECONDS", 0.02)
    answer = ask(Slow(), "GET", "/")
    assert (answer.status_code, answer.json) == (503, {"message": "Service Unavailable"})
