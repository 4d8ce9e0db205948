"""CreateLabelingJob requests are valid against AWS's model, and what is wrong is named before AWS names it."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from everlabel.api.labeling_jobs import LabelingJobDefinition
from everlabel.labeling_job_request import (
    Places,
    annotation_type,
    configuration,
    configurations,
    faults,
    label_attribute,
    labeling_job_name,
    request,
)
from everlabel.task_types import LAMBDA_ACCOUNTS, TASK_TYPES, Media
from tests import strict_model
from tests.conftest import ACCOUNT, REGION, STACK

TEAM = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/team"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{STACK}-GroundTruthRole"
PLACES = Places(
    f"arn:aws:sns:{REGION}:{ACCOUNT}:GroundTruth-{STACK}_VOTVehicle_input",
    f"arn:aws:sns:{REGION}:{ACCOUNT}:GroundTruth-{STACK}_VOTVehicle_output",
    "s3://everlabel-bucket/labeling-jobs/VOTVehicle/output/",
    "s3://everlabel-bucket/labeling-jobs/VOTVehicle/label-category-config.json",
    "s3://everlabel-bucket/labeling-jobs/VOTVehicle/worker-template.liquid.html",
)
CAR = {"labels": [{"label": "car"}]}


def body(task_type: str = "VideoObjectTracking", settings: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "jobName": "VOTVehicle",
        "taskType": task_type,
        "labelCategoryConfig": CAR,
        "settings": {"WorkteamArn": TEAM, **(settings or {})},
        **more,
    }


def built(asked: dict[str, Any], region: str = REGION) -> dict[str, Any]:
    return request(asked, labeling_job_name(STACK, asked["jobName"], 0), PLACES, ROLE, region)


def fields(asked: dict[str, Any], config: dict[str, Any] | None = CAR, stack: str = STACK) -> dict[str, str]:
    return {fault.field: fault.message for fault in faults(asked, config, stack, REGION)}


@pytest.mark.parametrize("region", LAMBDA_ACCOUNTS)
@pytest.mark.parametrize("task_type", TASK_TYPES)
def test_a_request_of_every_task_type_is_valid(task_type: str, region: str) -> None:
    assert strict_model.faults("sagemaker", "CreateLabelingJob", built(body(task_type), region)) == []


@pytest.mark.parametrize("task_type", TASK_TYPES)
def test_a_request_is_that_of_a_streaming_job(task_type: str) -> None:
    found = built(body(task_type))
    assert found["InputConfig"]["DataSource"] == {"SnsDataSource": {"SnsTopicArn": PLACES.input_topic}}
    assert found["OutputConfig"]["SnsTopicArn"] == PLACES.output_topic
    assert "StoppingConditions" not in found
    assert "LabelingJobAlgorithmsConfig" not in found
    ui = found["HumanTaskConfig"]["UiConfig"]
    video = TASK_TYPES[task_type].media is Media.FRAMES
    assert set(ui) == ({"HumanTaskUiArn"} if video else {"UiTemplateS3Uri"})
    assert found["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"] == 1
    # The longest that image tasks may take is eight hours; video tasks have days.
    limit = found["HumanTaskConfig"]["TaskTimeLimitInSeconds"]
    assert limit <= (604_800 if video else 28_800)


def test_settings_go_where_ground_truth_has_them() -> None:
    settings = {
        "TaskTitle": "Track vehicles",
        "TaskKeywords": ["video"],
        "TaskTimeLimitInSeconds": 60,
        "TaskAvailabilityLifetimeInSeconds": 864_000,
        "MaxConcurrentTaskCount": 5_000,
        "KmsKeyId": "alias/key",
        "ContentClassifiers": ["FreeOfAdultContent"],
        "Tags": [{"Key": "team", "Value": "perception"}],
    }
    found = built(body(settings=settings))
    human = found["HumanTaskConfig"]
    for name in ("TaskTitle", "TaskKeywords", "TaskTimeLimitInSeconds", "TaskAvailabilityLifetimeInSeconds"):
        assert human[name] == settings[name]
    assert human["MaxConcurrentTaskCount"] == 5_000
    assert human["WorkteamArn"] == TEAM
    assert found["OutputConfig"]["KmsKeyId"] == "alias/key"
    assert found["InputConfig"]["DataAttributes"] == {"ContentClassifiers": ["FreeOfAdultContent"]}
    assert found["Tags"] == settings["Tags"]
    assert strict_model.faults("sagemaker", "CreateLabelingJob", found) == []


TEXT = st.text(max_size=140) | st.text("ab ,.:/\n\x00-", max_size=8)
SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "WorkteamArn": TEXT.map(f"{TEAM}{{}}".format),
    "TaskTitle": TEXT,
    "TaskDescription": TEXT,
    "TaskKeywords": st.lists(st.text("ab ,", max_size=3), max_size=6),
    "TaskTimeLimitInSeconds": st.integers(0, 100) | st.integers(),
    "TaskAvailabilityLifetimeInSeconds": st.integers(0, 100) | st.integers(),
    "MaxConcurrentTaskCount": st.integers(-1, 6_000),
    "NumberOfHumanWorkersPerDataObject": st.integers(-1, 10),
    "UiTemplateS3Uri": TEXT.map("s3://bucket/{}".format),
    "KmsKeyId": TEXT,
    "ContentClassifiers": st.lists(st.sampled_from(["FreeOfAdultContent", "Other"]), max_size=2),
}


@pytest.mark.parametrize("setting", SETTINGS)
@given(st.data())
def test_whatever_a_setting_may_be_makes_a_valid_request(setting: str, data: st.DataObject) -> None:
    settings = {"WorkteamArn": TEAM, setting: data.draw(SETTINGS[setting])}
    asked = body("BoundingBox", labelCategoryConfig=CAR) | {"settings": settings}
    try:
        taken = LabelingJobDefinition.model_validate(asked).model_dump(exclude_none=True, exclude_unset=True)
    except ValidationError:
        return
    assert strict_model.faults("sagemaker", "CreateLabelingJob", built(taken)) == []


@given(st.from_regex(r"[a-z0-9](-{0,2}[a-zA-Z0-9]){0,40}", fullmatch=True))
def test_whatever_name_has_no_fault_makes_a_valid_request(name: str) -> None:
    asked = body(jobName=name)
    if "jobName" not in fields(asked):
        assert strict_model.faults("sagemaker", "CreateLabelingJob", built(asked)) == []


@pytest.mark.parametrize("task_type", TASK_TYPES)
def test_a_label_attribute_ends_as_its_type_wants(task_type: str) -> None:
    assert label_attribute(body(task_type)).endswith("-ref") == TASK_TYPES[task_type].ref_suffix
    assert "labelAttributeName" not in fields(body(task_type))


def test_names_and_types_as_given() -> None:
    assert label_attribute(body(labelAttributeName="cars-ref")) == "cars-ref"
    assert annotation_type(body()) == "BoundingBox"
    assert annotation_type(body(annotationType="Polyline")) == "Polyline"
    assert labeling_job_name("everlabel", "VOTVehicle", 3) == "everlabel-VOTVehicle-3"


def test_a_configuration_gets_what_its_type_wants_and_keeps_what_was_given() -> None:
    video = configuration(body(annotationType="Polygon"), CAR)
    assert video == {"documentVersion": "2020-03-01", "annotationType": "Polygon", **CAR}
    assert configuration(body("BoundingBox"), CAR) == {"document-version": "2018-11-28", **CAR}
    assert configuration(body(), {**CAR, "documentVersion": "x"})["documentVersion"] == "x"


@pytest.mark.parametrize(
    ("asked", "config", "field", "says"),
    [
        (body(jobName="a" * 60), CAR, "jobName", "at most 49"),
        (body(annotationType="ImageMultiClass"), CAR, "annotationType", "none of VideoObjectTracking's"),
        (body("BoundingBox", annotationType="Polygon"), CAR, "annotationType", "none of BoundingBox's: BoundingBox"),
        (body(labelAttributeName="cars"), CAR, "labelAttributeName", "must end in -ref"),
        (body("BoundingBox", labelAttributeName="cars-ref"), CAR, "labelAttributeName", "must not end in -ref"),
        (body("BoundingBox", labelAttributeName="x-metadata"), CAR, "labelAttributeName", "not end in -metadata"),
        (
            body(settings={"NumberOfHumanWorkersPerDataObject": 2}),
            CAR,
            "settings.NumberOfHumanWorkersPerDataObject",
            "must be 1",
        ),
        (body(), {}, "labelCategoryConfig.labels", "at least one label"),
        (body(), {"labels": []}, "labelCategoryConfig.labels", "at least one label"),
        (body(), {"labels": "car"}, "labelCategoryConfig.labels", "at least one label"),
        (body(), {"labels": ["car"]}, "labelCategoryConfig.labels", "at least one label"),
        (body(), {"labels": [{"label": ""}]}, "labelCategoryConfig.labels", "at least one label"),
        (body(), {"labels": [{"label": []}]}, "labelCategoryConfig.labels", "at least one label"),
        (body(), {"labels": [{"label": "a"}, {"label": "a"}]}, "labelCategoryConfig.labels", "twice: a"),
        (body(), {**CAR, "annotationType": "Polygon"}, "labelCategoryConfig.annotationType", "differs"),
        (
            body(),
            {**CAR, "auditLabelAttributeName": "x-ref"},
            "labelCategoryConfig.auditLabelAttributeName",
            "starts from bare frames",
        ),
        (body("AdjustmentBoundingBox"), CAR, "labelCategoryConfig.auditLabelAttributeName", "is missing"),
        (
            body("AdjustmentBoundingBox"),
            {**CAR, "auditLabelAttributeName": 5},
            "labelCategoryConfig.auditLabelAttributeName",
            "5 is no label attribute name",
        ),
        (
            body("AdjustmentVideoObjectTracking"),
            {**CAR, "auditLabelAttributeName": "VOTVehicle-ref"},
            "labelAttributeName",
            "must differ from auditLabelAttributeName",
        ),
        (
            body("VerificationVideoObjectTracking"),
            {**CAR, "auditLabelAttributeName": "x-ref"},
            "labelCategoryConfig.labels",
            '"editsAllowed": "none"',
        ),
    ],
)
def test_a_fault_is_named_at_its_field_and_alone(
    asked: dict[str, Any], config: dict[str, Any], field: str, says: str
) -> None:
    found = fields(asked, config)
    assert list(found) == [field]
    assert says in found[field]


def test_a_verification_that_nobody_can_edit_has_no_fault() -> None:
    labels = [{"label": "car", "editsAllowed": "none"}]
    assert fields(body("VerificationVideoObjectTracking"), {"labels": labels, "auditLabelAttributeName": "x-ref"}) == {}


def test_where_ground_truth_is_not_nothing_is_asked() -> None:
    (fault,) = faults(body(), CAR, STACK, "eu-north-1")
    assert fault.field == "taskType"
    assert "eu-north-1" in fault.message


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    ANY_JSON
    | st.fixed_dictionaries(
        {},
        optional={
            "jobName": ANY_JSON,
            "taskType": st.sampled_from(list(TASK_TYPES)) | ANY_JSON,
            "annotationType": st.just("Polygon") | ANY_JSON,
            "labelAttributeName": st.just("x-ref") | ANY_JSON,
            "labelCategoryConfig": ANY_JSON,
            "labelCategoryConfigS3Uri": ANY_JSON,
            "settings": ANY_JSON | st.fixed_dictionaries({"NumberOfHumanWorkersPerDataObject": ANY_JSON}),
        },
    ),
    st.none() | st.dictionaries(st.sampled_from(["labels", "annotationType", "auditLabelAttributeName"]), ANY_JSON),
)
def test_no_body_makes_the_search_for_faults_fail(asked: Any, config: dict[str, Any] | None) -> None:
    given = asked if isinstance(asked, dict) else {}
    inline, place = configurations(asked)
    assert (inline, place) == (given.get("labelCategoryConfig"), given.get("labelCategoryConfigS3Uri"))
    found = faults(asked, config, STACK, REGION)
    assert bool([fault for fault in found if fault.field == "body"]) == (
        isinstance(asked, dict) and (inline is None) == (place is None)
    )


def test_a_setting_that_is_null_is_as_if_it_was_not_given() -> None:
    asked = body(annotationType=None, labelAttributeName=None, labelCategoryConfigS3Uri=None)
    asked["settings"]["NumberOfHumanWorkersPerDataObject"] = None
    assert fields(asked) == {}


def test_what_can_be_told_without_a_task_type_is_told() -> None:
    asked = body("Painting", jobName="a" * 60, labelAttributeName="x-metadata", annotationType="Polygon")
    config = {"labels": [], "annotationType": "Polyline", "auditLabelAttributeName": 5}
    assert set(fields(asked, config)) == {
        "jobName",
        "labelAttributeName",
        "labelCategoryConfig.annotationType",
        "labelCategoryConfig.auditLabelAttributeName",
        "labelCategoryConfig.labels",
    }


def test_every_fault_comes_in_one_answer() -> None:
    asked = body(
        "AdjustmentVideoObjectTracking",
        {"NumberOfHumanWorkersPerDataObject": 3},
        annotationType="ImageMultiClass",
        labelAttributeName="cars",
    )
    assert set(fields(asked, {"labels": []}, stack="a" * 60)) == {
        "annotationType",
        "jobName",
        "labelAttributeName",
        "labelCategoryConfig.auditLabelAttributeName",
        "labelCategoryConfig.labels",
        "settings.NumberOfHumanWorkersPerDataObject",
    }


def test_a_configuration_that_could_not_be_read_hides_no_other_fault() -> None:
    assert set(fields(body(labelAttributeName="cars"), None)) == {"labelAttributeName"}


@given(
    st.dictionaries(
        st.sampled_from(["labels", "annotationType", "auditLabelAttributeName", "documentVersion"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["label", "editsAllowed"]), inner, max_size=2)
            ),
            max_leaves=6,
        ),
    ),
    st.sampled_from(list(TASK_TYPES)),
)
def test_no_configuration_makes_the_search_for_faults_fail(config: dict[str, Any], task_type: str) -> None:
    for fault in faults(body(task_type), config, STACK, REGION):
        assert re.match(r"labelCategoryConfig\.", fault.field)
