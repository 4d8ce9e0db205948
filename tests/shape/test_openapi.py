"""docs/openapi.json is what the functions answer and what template.yaml routes to them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local import openapi
from local.template import Template

HTTP_METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document that is kept in the repository."""
    kept: dict[str, Any] = json.loads(openapi.PLACE.read_text())
    return kept


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method in HTTP_METHODS
            yield method.upper(), path, operation


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def test_the_document_is_up_to_date() -> None:
    assert openapi.PLACE.read_text() == openapi.text(), "run: python -m local.openapi"


def test_the_template_routes_exactly_what_the_document_describes_under_the_same_names(document: dict[str, Any]) -> None:
    template = Template(openapi.ROOT / "template.yaml")
    routed = {(route.method, route.path) for route in template.routes()}
    assert routed == {(method, path) for method, path, _ in operations(document)}
    source = (openapi.ROOT / "template.yaml").read_text()
    for _, _, operation in operations(document):
        assert re.search(rf"^ +{operation['operationId']}:", source, re.MULTILINE)


def test_every_route_must_be_signed(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["sigv4"]["x-amazon-apigateway-authtype"] == "awsSigv4"
    for _, _, operation in operations(document):
        assert operation["security"] == [{"sigv4": []}]


def test_every_refusal_is_a_problem_and_every_success_has_a_form(document: dict[str, Any]) -> None:
    for _, _, operation in operations(document):
        kinds = {}
        for status, answer in operation["responses"].items():
            ((kind, content),) = answer["content"].items()
            if status == "403":  # API Gateway's own answer
                assert (kind, content) == ("application/json", {"schema": {"$ref": "#/components/schemas/Forbidden"}})
                continue
            kinds[status] = kind
            assert (content["schema"] == {"$ref": "#/components/schemas/Problem"}) == (status >= "400")
        assert any(status < "300" for status in kinds)
        for status, kind in kinds.items():
            assert kind == ("application/json" if status < "300" else "application/problem+json")


def test_a_problem_has_the_members_of_problem_details(document: dict[str, Any]) -> None:
    assert {"type", "title", "status", "detail"} <= set(document["components"]["schemas"]["Problem"]["properties"])


def test_an_unsigned_request_gets_the_message_of_api_gateway(document: dict[str, Any]) -> None:
    assert list(document["components"]["schemas"]["Forbidden"]["properties"]) == ["message"]


def test_a_server_can_be_filled_in(document: dict[str, Any]) -> None:
    (server,) = document["servers"]
    assert set(re.findall(r"{(\w+)}", server["url"])) == set(server["variables"])
    assert all(variable["default"] for variable in server["variables"].values())


def patterns(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield value["pattern"]
        for member in value.values():
            yield from patterns(member)
    elif isinstance(value, list):
        for member in value:
            yield from patterns(member)


def test_every_pattern_can_be_read_by_those_who_generate_code_from_it(document: dict[str, Any]) -> None:
    found = set(patterns(document))
    assert found
    for pattern in found:
        re.compile(pattern)


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("post", "/annotation-tasks", "200 202 400 403 415 500"),
        ("get", "/annotation-tasks", "200 400 403 500"),
        ("get", "/annotation-tasks/{taskId}", "200 400 403 404 500"),
        ("post", "/annotation-tasks/{taskId}/stop", "202 400 403 404 409 500"),
        ("post", "/annotation-tasks/{taskId}/retry", "202 400 403 404 409 500"),
        ("post", "/labeling-jobs", "200 201 400 403 409 415 422 500"),
        ("get", "/labeling-jobs", "200 403 500"),
        ("get", "/labeling-jobs/{jobName}", "200 400 403 404 500"),
        ("post", "/labeling-jobs/{jobName}/stop", "202 400 403 404 409 500"),
    ],
)
def test_each_route_names_its_answers(document: dict[str, Any], method: str, path: str, statuses: str) -> None:
    assert sorted(document["paths"][path][method]["responses"]) == statuses.split()


def test_every_reference_leads_somewhere_and_nothing_is_left_over(document: dict[str, Any]) -> None:
    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) == named


def test_forms_refuse_fields_that_they_do_not_know(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name in ("AnnotationTaskDefinition", "LabelingJobStep", "InputConfig", "LabelingJobDefinition", "Settings"):
        assert schemas[name]["additionalProperties"] is False


def test_task_types_are_listed(document: dict[str, Any]) -> None:
    listed = document["components"]["schemas"]["LabelingJobDefinition"]["properties"]["taskType"]["enum"]
    assert "AdjustmentVideoObjectTracking" in listed
    assert len(listed) == 13
