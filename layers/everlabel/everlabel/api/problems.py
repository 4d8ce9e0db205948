"""Refusals as problem details (RFC 9457), with every fault at once."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from pydantic import BaseModel

from everlabel import strict_json
from everlabel.api.form_faults import form_faults
from everlabel.definition import MOST_BYTES, Fault
from everlabel.errors import TaskNotFound

_MEDIA_TYPE = "application/problem+json"


class FaultForm(BaseModel):
    """One thing that is wrong: where, and what would be right."""

    field: str
    message: str


class Problem(BaseModel):
    """A refusal."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    faults: list[FaultForm] = []


def answers(form: type[BaseModel], *statuses: HTTPStatus) -> dict[int, OpenAPIResponse]:
    """The answers of a route, for the OpenAPI document: of its form, or problems."""
    return {
        int(status): {
            "description": status.phrase,
            "content": {"application/json": {"model": form}}
            if status.is_success
            else {_MEDIA_TYPE: {"model": Problem}},
        }
        for status in statuses
    }


class Refused(Exception):
    """A request that is refused. Raised, not returned, because what a route returns is checked against its form."""

    def __init__(self, status: HTTPStatus, detail: str, faults: Iterable[Fault] = ()) -> None:
        super().__init__(detail)
        self.status, self.detail, self.faults = status, detail, list(faults)


def faulty(faults: Iterable[Fault]) -> Refused:
    """400, with every fault."""
    found = sorted(faults)
    count = f"{len(found)} faults" if len(found) > 1 else "1 fault"
    return Refused(HTTPStatus.BAD_REQUEST, f"The request has {count}.", found)


def unreadable(event: Mapping[str, Any], *routes: str) -> dict[str, Any] | None:
    """The answer to a body that is too large or not JSON, or None if it can be read or none of these routes was asked.

    Other routes, like `GET /annotation-tasks`, read no body, so one that comes along is no fault.
    """
    given = event.get("body")
    if not given or event["routeKey"] not in routes:
        return None
    try:
        _read(base64.b64decode(given) if event.get("isBase64Encoded") else given.encode(), _media_type(event))
    except Refused as refusal:
        answer = _answer(refusal)
    else:
        return None
    return {
        "statusCode": answer.status_code,
        "headers": {"Content-Type": answer.content_type},
        "body": answer.body,
        "isBase64Encoded": False,
        "cookies": [],
    }


def _read(body: bytes, media_type: str) -> None:
    if len(body) > MOST_BYTES:
        raise faulty([Fault("body", f"has {len(body)} bytes; at most {MOST_BYTES} are taken")])
    if media_type not in {"", "application/json"}:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The body must be application/json, not {media_type}.")
    try:
        value = strict_json.read(body)
    except ValueError as error:
        raise faulty([Fault("body", str(error))]) from None
    if isinstance(value, list):
        # Powertools takes the first one for the body; the others would be lost in silence.
        raise faulty([Fault("body", "must be a JSON object, not a list of them")])


def _media_type(event: Mapping[str, Any]) -> str:
    """HTTP APIs give header names in lower case."""
    return str(event.get("headers", {}).get("content-type", "")).partition(";")[0].strip()


def unknown_parameters(event: APIGatewayProxyEventV2, *known: str) -> list[Fault]:
    """Query parameters that a route does not know: a filter that is misspelt must not list everything."""
    given = sorted(set(event.query_string_parameters) - set(known))
    return [Fault(f"query.{name:.100}", f"is not a known parameter; known are {', '.join(known)}") for name in given]


def read_body(event: APIGatewayProxyEventV2) -> Any:
    """The body of a request that is not `unreadable`: JSON of any form, None if there is none."""
    return event.json_body if event.body else None


def handle(
    app: APIGatewayHttpResolver,
    logger: Logger,
    more_faults: Mapping[str, Callable[[APIGatewayProxyEventV2], list[Fault]]],
) -> None:
    """Makes every error of an API a problem, never a stack trace.

    `more_faults` names, for a route like `POST /annotation-tasks`, what is wrong with a request beyond the form of its
    fields. It must take a request of any form.
    """

    def refused(error: Refused) -> Response[Any]:
        return _answer(error)

    def bad_form(error: RequestValidationError) -> Response[Any]:
        found = form_faults(error)
        event = app.current_event
        more = more_faults.get(f"{event.http_method} {event.path}")
        known = {fault.field for fault in found}
        found += [fault for fault in (more(event) if more else []) if fault.field not in known]
        return _answer(faulty(found))

    def no_task(error: TaskNotFound) -> Response[Any]:
        return _answer(Refused(HTTPStatus.NOT_FOUND, str(error)))

    def no_route(_error: Exception) -> Response[Any]:
        return _answer(Refused(HTTPStatus.NOT_FOUND, f"There is no {app.current_event.raw_path}."))

    def unexpected(_error: Exception) -> Response[Any]:
        logger.exception("unexpected")
        return _answer(
            Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "Something failed here; the log says what. Try again.")
        )

    app.exception_handler(Refused)(refused)
    app.exception_handler(RequestValidationError)(bad_form)
    app.exception_handler(TaskNotFound)(no_task)
    app.exception_handler(Exception)(unexpected)
    app.not_found(no_route)


def _answer(refusal: Refused) -> Response[Any]:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": refusal.status.phrase,
        "status": int(refusal.status),
        "detail": refusal.detail,
    }
    if refusal.faults:
        body["faults"] = [{"field": fault.field, "message": fault.message} for fault in refusal.faults]
    text = json.dumps(body, ensure_ascii=False)
    return Response(status_code=int(refusal.status), content_type=_MEDIA_TYPE, body=text)
