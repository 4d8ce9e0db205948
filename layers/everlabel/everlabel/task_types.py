"""Ground Truth's built-in task types, and the ARNs that belong to them, in one table.

Source: CreateLabelingJob's `PreHumanTaskLambdaArn`, `AnnotationConsolidationLambdaArn` and `HumanTaskUiArn`,
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HumanTaskConfig.html
"""

from dataclasses import dataclass
from enum import StrEnum

# The account that owns the pre- and post-annotation functions, per Region.
LAMBDA_ACCOUNTS = {
    "ap-northeast-1": "477331159723",
    "ap-northeast-2": "845288260483",
    "ap-south-1": "565803892007",
    "ap-southeast-1": "377565633583",
    "ap-southeast-2": "454466003867",
    "ca-central-1": "918755190332",
    "eu-central-1": "203001061592",
    "eu-west-1": "568282634449",
    "eu-west-2": "487402164563",
    "us-east-1": "432418664414",
    "us-east-2": "266458841044",
    "us-west-2": "081040173940",
}
_UI_ACCOUNT = "394669845002"


class AnnotationType(StrEnum):
    """What a worker draws. Only boxes, and no polylines, polygons or keypoints, are built in for single images."""

    BOUNDING_BOX = "BoundingBox"
    POLYLINE = "Polyline"
    POLYGON = "Polygon"
    KEYPOINT = "Keypoint"
    MASK = "SemanticSegmentation"
    CLASS = "ImageMultiClass"


class Media(StrEnum):
    """What one data object is."""

    FRAMES = "frames"  # a sequence file
    IMAGE = "image"  # one frame


_DRAWN = (AnnotationType.BOUNDING_BOX, AnnotationType.POLYLINE, AnnotationType.POLYGON, AnnotationType.KEYPOINT)


@dataclass(frozen=True)
class TaskType:
    """One row of the table: a task type, what it labels, and whose functions serve it."""

    name: str
    family: str
    media: Media
    annotation_types: tuple[AnnotationType, ...]
    function: str
    ref_suffix: bool
    """Whether the label attribute name must end in `-ref` (API_CreateLabelingJob, LabelAttributeName)."""
    starts_from_labels: bool = False
    """Whether each data object must bring labels of another job: adjustment and verification."""
    verifies: bool = False

    def pre_lambda(self, region: str) -> str:
        """ARN of the pre-annotation function in a Region. Raises KeyError where Ground Truth has none."""
        return f"arn:aws:lambda:{region}:{LAMBDA_ACCOUNTS[region]}:function:PRE-{self.function}"

    def consolidation_lambda(self, region: str) -> str:
        """ARN of the annotation-consolidation function in a Region. Raises KeyError where Ground Truth has none."""
        return f"arn:aws:lambda:{region}:{LAMBDA_ACCOUNTS[region]}:function:ACS-{self.function}"

    def ui(self, region: str) -> str | None:
        """ARN of the worker interface; image task types have none and bring a template instead."""
        if self.media is Media.IMAGE:
            return None
        return f"arn:aws:sagemaker:{region}:{_UI_ACCOUNT}:human-task-ui/{self.family}"


def _video(family: str) -> list[TaskType]:
    # Adjustment and verification of video share one pair of functions; a verification forbids edits in its label
    # category configuration: https://docs.aws.amazon.com/sagemaker/latest/dg/sms-ver-adj-job.html
    adjustment = f"Adjustment{family}"
    return [
        TaskType(family, family, Media.FRAMES, _DRAWN, family, True),
        TaskType(adjustment, family, Media.FRAMES, _DRAWN, adjustment, True, True),
        TaskType(f"Verification{family}", family, Media.FRAMES, _DRAWN, adjustment, True, True, True),
    ]


def _image(family: str, annotation_type: AnnotationType, ref_suffix: bool) -> list[TaskType]:
    drawn = (annotation_type,)
    adjustment, verification = f"Adjustment{family}", f"Verification{family}"
    return [
        TaskType(family, family, Media.IMAGE, drawn, family, ref_suffix),
        TaskType(adjustment, family, Media.IMAGE, drawn, adjustment, ref_suffix, True),
        TaskType(verification, family, Media.IMAGE, drawn, verification, False, True, True),
    ]


TASK_TYPES = {
    row.name: row
    for row in [
        *_video("VideoObjectTracking"),
        *_video("VideoObjectDetection"),
        *_image("BoundingBox", AnnotationType.BOUNDING_BOX, False),
        *_image("SemanticSegmentation", AnnotationType.MASK, True),
        TaskType("ImageMultiClass", "ImageMultiClass", Media.IMAGE, (AnnotationType.CLASS,), "ImageMultiClass", False),
    ]
}
