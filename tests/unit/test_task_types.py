"""The table of built-in task types agrees with what is documented."""

from functools import cache

import botocore.session
import pytest
from botocore.model import Shape, StructureShape

from everlabel.task_types import LAMBDA_ACCOUNTS, TASK_TYPES, Media, TaskType
from local.ground_truth import task_types as stand_in
from tests.strict_model import faults


@cache
def _documentation(*path: str) -> str:
    """What AWS's own model says of a member of CreateLabelingJob's HumanTaskConfig."""
    service = botocore.session.get_session().get_service_model("sagemaker")
    shape: Shape | None = service.operation_model("CreateLabelingJob").input_shape
    for name in ("HumanTaskConfig", *path):
        assert isinstance(shape, StructureShape)
        shape = shape.members[name]
    assert shape is not None
    return str(shape.documentation)


@pytest.mark.parametrize("region", LAMBDA_ACCOUNTS)
@pytest.mark.parametrize("task_type", TASK_TYPES.values(), ids=list(TASK_TYPES))
def test_every_function_arn_is_one_that_aws_documents(task_type: TaskType, region: str) -> None:
    pre, consolidation = task_type.pre_lambda(region), task_type.consolidation_lambda(region)
    assert f"<code>{pre}</code>" in _documentation("PreHumanTaskLambdaArn")
    documented = _documentation("AnnotationConsolidationConfig", "AnnotationConsolidationLambdaArn")
    assert f"<code>{consolidation}</code>" in documented


def test_the_regions_are_those_that_aws_documents() -> None:
    documented = _documentation("PreHumanTaskLambdaArn")
    for region, account in LAMBDA_ACCOUNTS.items():
        assert documented.count(f"arn:aws:lambda:{region}:{account}:") > 10
    assert documented.count("function:PRE-BoundingBox<") == len(LAMBDA_ACCOUNTS)


@pytest.mark.parametrize("task_type", TASK_TYPES.values(), ids=list(TASK_TYPES))
def test_only_video_jobs_bring_an_interface_and_it_is_that_of_what_they_work_on(task_type: TaskType) -> None:
    ui = task_type.ui("us-east-1")
    if task_type.media is Media.IMAGE:
        assert ui is None
    else:
        family = "VideoObjectTracking" if "Tracking" in task_type.name else "VideoObjectDetection"
        assert ui == f"arn:aws:sagemaker:us-east-1:394669845002:human-task-ui/{family}"


def test_which_task_types_there_are() -> None:
    assert set(TASK_TYPES) == {
        f"{variant}{family}"
        for family in ("VideoObjectTracking", "VideoObjectDetection", "BoundingBox", "SemanticSegmentation")
        for variant in ("", "Adjustment", "Verification")
    } | {"ImageMultiClass"}


@pytest.mark.parametrize("task_type", TASK_TYPES.values(), ids=list(TASK_TYPES))
def test_adjustment_and_verification_start_from_labels(task_type: TaskType) -> None:
    assert task_type.starts_from_labels == task_type.name.startswith(("Adjustment", "Verification"))
    assert task_type.verifies == task_type.name.startswith("Verification")


@pytest.mark.parametrize(
    "name", [name for name in TASK_TYPES if not name.startswith("VerificationVideo")]
)  # Ground Truth has no such type: a video is verified by its adjustment
def test_the_stand_in_knows_the_same_task_types(name: str) -> None:
    ours, theirs = TASK_TYPES[name], stand_in.TASK_TYPES[name]
    assert ours.pre_lambda("eu-west-1") == stand_in.pre_arn("eu-west-1", theirs)
    assert ours.consolidation_lambda("eu-west-1") == stand_in.acs_arn("eu-west-1", theirs)
    assert ours.ref_suffix == theirs.needs_ref
    assert (ours.media is Media.FRAMES) == theirs.is_video


@pytest.mark.parametrize("family", ["VideoObjectTracking", "VideoObjectDetection"])
def test_a_video_is_verified_with_the_functions_of_its_adjustment(family: str) -> None:
    verification, adjustment = TASK_TYPES[f"Verification{family}"], TASK_TYPES[f"Adjustment{family}"]
    assert verification.pre_lambda("us-east-1") == adjustment.pre_lambda("us-east-1")
    assert verification.ui("us-east-1") == adjustment.ui("us-east-1")


def test_there_is_nothing_where_ground_truth_is_not() -> None:
    with pytest.raises(KeyError, match="eu-north-1"):
        TASK_TYPES["BoundingBox"].pre_lambda("eu-north-1")
    assert "eu-north-1" not in _documentation("PreHumanTaskLambdaArn")


def test_a_label_attribute_of_each_type_is_valid() -> None:
    for task_type in TASK_TYPES.values():
        attribute = "job-ref" if task_type.ref_suffix else "job"
        found = faults("sagemaker", "CreateLabelingJob", {"LabelAttributeName": attribute})
        assert not [fault for fault in found if "labelAttributeName" in fault]
