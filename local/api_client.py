"""Calls to the HTTP API, signed as AWS wants them."""

import json
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import URLLib3Session


@dataclass(frozen=True)
class Answer:
    """A status and a parsed JSON body."""

    status: int
    body: Any


@dataclass(frozen=True)
class ApiClient:
    """The API at `url`, called with the credentials and the Region of a session."""

    url: str
    session: boto3.Session

    def get(self, path: str) -> Answer:
        """GET; refusals are answers too."""
        return self._call("GET", path, b"")

    def post(self, path: str, body: Any = None) -> Answer:
        """POST of a value as JSON, or of bytes as they are; refusals are answers too."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self._call("POST", path, data)

    def _call(self, method: str, path: str, body: bytes) -> Answer:
        signed = AWSRequest(method, self.url + path, headers={"Content-Type": "application/json"}, data=body)
        credentials = self.session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        SigV4Auth(credentials, "execute-api", self.session.region_name).add_auth(signed)
        answer = URLLib3Session(timeout=60).send(signed.prepare())
        return Answer(answer.status_code, json.loads(answer.content))
