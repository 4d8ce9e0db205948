"""Built-in task types of Ground Truth and the ARNs that select them.

Source: SageMaker API reference, HumanTaskConfig.PreHumanTaskLambdaArn, AnnotationLambdaArn, UiConfig.HumanTaskUiArn.
"""

from dataclasses import dataclass

ACCOUNTS = {
    "us-east-1": "432418664414",
    "us-east-2": "266458841044",
    "us-west-2": "081040173940",
    "ca-central-1": "918755190332",
    "eu-west-1": "568282634449",
    "eu-west-2": "487402164563",
    "eu-central-1": "203001061592",
    "ap-northeast-1": "477331159723",
    "ap-northeast-2": "845288260483",
    "ap-south-1": "565803892007",
    "ap-southeast-1": "377565633583",
    "ap-southeast-2": "454466003867",
}
UI_ACCOUNT = "394669845002"


@dataclass(frozen=True)
class TaskType:
    """One built-in task type: what is drawn (`drawing`), and whether on earlier labels (`variant`).

    `output_type` is the `type` of the metadata of its output lines.
    """

    name: str
    drawing: str
    variant: str
    output_type: str

    @property
    def is_video(self) -> bool:
        """Works on a sequence file of frames."""
        return self.drawing.startswith("Video")

    @property
    def is_tracking(self) -> bool:
        """Shapes have an identity over frames."""
        return self.drawing == "VideoObjectTracking"

    @property
    def needs_ref(self) -> bool:
        """The label is a file, so LabelAttributeName must end in -ref."""
        return self.is_video or (self.drawing == "SemanticSegmentation" and self.variant != "Verification")


_OUTPUT_TYPES = {
    "VideoObjectTracking": "groundtruth/video-object-tracking",
    "VideoObjectDetection": "groundtruth/video-object-detection",
    "BoundingBox": "groundtruth/object-detection",
    "SemanticSegmentation": "groundtruth/semantic-segmentation",
    "ImageMultiClass": "groundtruth/image-classification",
}


def _task_type(variant: str, drawing: str) -> TaskType:
    output_type = "groundtruth/label-verification" if variant == "Verification" else _OUTPUT_TYPES[drawing]
    return TaskType(variant + drawing, drawing, variant, output_type)


TASK_TYPES = {
    task_type.name: task_type
    for task_type in [
        *(_task_type("", drawing) for drawing in _OUTPUT_TYPES),
        *(_task_type("Adjustment", drawing) for drawing in _OUTPUT_TYPES if drawing != "ImageMultiClass"),
        *(_task_type("Verification", drawing) for drawing in ("BoundingBox", "SemanticSegmentation")),
    ]
}
"""The task types known here, by name. A video is verified by its Adjustment type, with labels nobody may edit."""


def pre_arn(region: str, task_type: TaskType) -> str:
    """The PreHumanTaskLambdaArn of a task type; KeyError for a Region without Ground Truth."""
    return f"arn:aws:lambda:{region}:{ACCOUNTS[region]}:function:PRE-{task_type.name}"


def acs_arn(region: str, task_type: TaskType) -> str:
    """The AnnotationConsolidationLambdaArn of a task type; KeyError for a Region without Ground Truth."""
    return f"arn:aws:lambda:{region}:{ACCOUNTS[region]}:function:ACS-{task_type.name}"


def ui_arn(region: str, task_type: TaskType) -> str:
    """The HumanTaskUiArn of a video task type: adjustments use the one of what they adjust."""
    return f"arn:aws:sagemaker:{region}:{UI_ACCOUNT}:human-task-ui/{task_type.drawing}"
