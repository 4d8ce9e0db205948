"""The API, tried with what its own OpenAPI document allows and with what it forbids."""

import base64
import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from schemathesis.config import SchemathesisConfig

from everlabel.api.annotation_tasks import AnnotationTaskDefinition
from everlabel.api.labeling_jobs import LabelingJobDefinition
from tests.handlers.conftest import Cloud
from tests.handlers.stage import Stage, labeled, submit, unlabeled
from tests.hostile.front import DOCUMENT, Front
from tests.hostile.words import mutated_texts

FORMS: dict[str, type[BaseModel]] = {
    "POST /annotation-tasks": AnnotationTaskDefinition,
    "POST /labeling-jobs": LabelingJobDefinition,
}
CONFIG: dict[str, Any] = {
    "seed": 1,
    # Else words are taken from the source, and another source gives other requests.
    "analysis": {"constants": {"enabled": False}},
    "checks": {
        # A good request may be refused for what only the cloud knows: see `knows_better`.
        "positive_data_acceptance": {"enabled": False},
        # To a method that no route has, API Gateway says 404.
        "unsupported_method": {"enabled": False},
    },
}
API = schemathesis.openapi.from_wsgi(DOCUMENT, Front(), config=SchemathesisConfig.from_dict(CONFIG))


@pytest.fixture(autouse=True)
def stage(cloud: Cloud) -> Stage:
    """Jobs and a task on its way, for whoever guesses their names."""
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    stage = submit(cloud)
    stage.trigger()
    messages = cloud.published("VOTVehicle")
    stage.receive(labeled(messages[0]), unlabeled(messages[1]), unlabeled(messages[2], "Unsupported image format"))
    return stage


def knows_better(case: schemathesis.Case[Any], answer: dict[str, Any]) -> bool:
    """Whether a request that the document allows was refused for what only the cloud knows, not for its form."""
    form = FORMS.get(case.operation.label)
    if form is None:
        return {fault["field"] for fault in answer["faults"]} == {"query.nextToken"}
    try:
        form.model_validate_json(json.dumps(case.body))
    except ValidationError as error:
        return all(beyond_the_document(fault) for fault in error.errors())
    return True


def beyond_the_document(fault: ErrorDetails) -> bool:
    """Tags are bound to Unicode's categories, which few languages' patterns know; and 2.0 is whole to JSON Schema."""
    is_whole = isinstance(fault["input"], float) and fault["input"].is_integer()
    return "must have only letters, digits, spaces" in fault["msg"] or (fault["type"] == "int_type" and is_whole)


@API.parametrize()
@settings(max_examples=40, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_the_api_should_do_what_its_document_says(case: schemathesis.Case[Any]) -> None:
    """The routes' documented statuses, media types and forms; nothing forbidden is taken; see also `Api.take`."""
    response = case.call()
    case.validate_response(response)
    assert response.status_code < 500
    assert case.meta is not None
    if response.status_code == 400:
        fields = [(fault["field"], fault["message"]) for fault in response.json()["faults"]]
        assert len(set(fields)) == len(fields) > 0
        assert not case.meta.generation.mode.is_positive or knows_better(case, response.json()), response.text


def test_what_there_is_should_be_shown_and_changed_as_the_document_says(stage: Stage) -> None:
    names = {"taskId": stage.task_id, "jobName": "VOTVehicle"}
    found: list[tuple[str, int]] = []

    def call(label: str) -> None:
        method, path = label.split(" ")
        operation = API[path][method]
        parameters = {name: value for name, value in names.items() if f"{{{name}}}" in path}
        case = operation.Case(path_parameters=parameters)
        response = case.call()
        case.validate_response(response)
        found.append((label, response.status_code))

    show, stop, retry = (f"/annotation-tasks/{{taskId}}{verb}" for verb in ("", "/stop", "/retry"))
    expected = [
        ("GET /annotation-tasks", 200),
        (f"GET {show}", 200),
        (f"POST {retry}", 409),
        (f"POST {stop}", 202),
        (f"POST {stop}", 202),
        (f"POST {retry}", 409),
        (f"GET {show}", 200),
        ("GET /labeling-jobs", 200),
        ("GET /labeling-jobs/{jobName}", 200),
        ("POST /labeling-jobs/{jobName}/stop", 202),
        ("POST /labeling-jobs/{jobName}/stop", 202),
        ("GET /labeling-jobs/{jobName}", 200),
    ]
    for label, _ in expected:
        call(label)
    assert found == expected


@pytest.mark.parametrize("count", [1, 2])
def test_a_list_of_definitions_should_be_refused_and_not_taken_for_its_first(cloud: Cloud, count: int) -> None:
    before = dict(cloud.step_functions.executions)
    step: dict[str, Any] = {
        "jobName": "VOTVehicle",
        "inputConfig": {"clipS3Uri": "s3://clips/a.mp4", "fps": 1},
        "jobLevel": 1,
    }
    case = API["/annotation-tasks"]["POST"].Case(
        body=[{"labelingJobs": [step], "clipId": f"clip-{number}"} for number in range(count)],
        media_type="application/json",
    )
    response = case.call()
    assert response.status_code == 400
    assert response.json()["faults"] == [{"field": "body", "message": "must be a JSON object, not a list of them"}]
    assert cloud.step_functions.executions == before


@settings(
    max_examples=150, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_token_should_be_one_that_a_listing_gave_or_refused(stage: Stage, data: st.DataObject) -> None:
    keys = {"task_id": stage.task_id, "item": "TASK", "status": "InProgress", "created_at": "2027-01-15T08:00:00.000Z"}
    given = {"status": "InProgress", "after": {key: {"S": value} for key, value in keys.items()}}
    text = data.draw(mutated_texts(given).filter(lambda text: len(text) < 1_500))
    token = base64.urlsafe_b64encode(text.encode(errors="surrogatepass")).decode()
    case = API["/annotation-tasks"]["GET"].Case(query={"nextToken": token})
    response = case.call()
    case.validate_response(response)
    assert response.status_code in {200, 400}
    if response.status_code == 400:
        assert {fault["field"] for fault in response.json()["faults"]} == {"query.nextToken"}


def test_a_token_with_half_a_character_should_be_refused() -> None:
    keys = {"task_id": "\ud800", "item": "TASK", "status": "InProgress", "created_at": "2027"}
    given = {"status": "InProgress", "after": {key: {"S": value} for key, value in keys.items()}}
    token = base64.urlsafe_b64encode(json.dumps(given).encode()).decode()
    assert API["/annotation-tasks"]["GET"].Case(query={"nextToken": token}).call().status_code == 400
