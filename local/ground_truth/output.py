"""Output lines and SeqLabel.json, exactly as Ground Truth documents them, from labels in their neutral form.

Source: SageMaker developer guide, "Output data" (video frame, bounding box, semantic segmentation, label verification).
`creation-date` is given without a time zone and means UTC. With one worker an object, confidence is 0.00.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from local.annotators.shapes import Box, FrameLabels, Labels, Points, Shape
from local.ground_truth.inputs import KEY_NAME, DataObject, SequenceFrame
from local.ground_truth.prior import LIST_NAMES
from local.ground_truth.requests import JobRequest
from local.ground_truth.task_types import TaskType
from local.ground_truth.unknowns import Unknowns

CONFIDENCE = 0.0
BACKGROUND = "BACKGROUND"
COLORS = ("#2ca02c", "#1f77b4", "#ff7f0e", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")


@dataclass(frozen=True)
class JobOutput:
    """What is the same on every output line of a job."""

    job_name: str
    label_attribute: str
    task_type: TaskType
    annotation_type: str
    labels: tuple[str, ...]
    unknowns: Unknowns

    def labeled_line(
        self,
        found: DataObject,
        label: object,
        details: Mapping[str, object],
        at: datetime,
    ) -> dict[str, object]:
        """The input line with the label and its metadata; everything the sender put there is unchanged."""
        return self._line(
            found,
            {
                self.label_attribute: label,
                f"{self.label_attribute}-metadata": {
                    **details,
                    "job-name": f"labeling-job/{self.job_name}",
                    "human-annotated": "yes",
                    "creation-date": _creation_date(at),
                    "type": self.task_type.output_type,
                },
            },
        )

    def failure_line(self, found: DataObject, reason: str, at: datetime) -> dict[str, object]:
        """The input line with a `failure-reason`. The form is not documented; this is what public code expects."""
        metadata = {
            "failure-reason": reason,
            "job-name": f"labeling-job/{self.job_name}",
            "human-annotated": "yes",
            "creation-date": _creation_date(at),
            "type": self.task_type.output_type,
        }
        label = {self.label_attribute: 0} if self.unknowns.failure_line_has_label_key else {}
        return self._line(found, {**label, f"{self.label_attribute}-metadata": metadata})

    def sequence_labels(self, labels: Labels, frames: Sequence[SequenceFrame]) -> dict[str, object]:
        """The content of SeqLabel.json."""
        by_name = {frame.frame: frame for frame in labels.frames}
        listed = [
            self._frame_entry(place, frame, by_name.get(frame.name, FrameLabels(frame.name, ())))
            for place, frame in enumerate(frames)
            if not self.unknowns.unlabeled_frames_missing or by_name.get(frame.name, FrameLabels("", ())).shapes
        ]
        return {("tracking" if self.task_type.is_tracking else "detection") + "-annotations": listed}

    def sequence_details(self, labels: Labels) -> dict[str, object]:
        """The metadata of a sequence's line that depends on its labels: only classes that occur are listed."""
        details: dict[str, object] = {"class-map": self._class_map(labels)}
        if self.task_type.variant and labels.adjusted:
            details["adjustment-status"] = "adjusted"
        elif self.task_type.variant and self.unknowns.unmodified_video_status == "unadjusted":
            details["adjustment-status"] = "unadjusted"
        return details

    def image_boxes(self, labels: Labels, size: tuple[int, int]) -> tuple[dict[str, object], dict[str, object]]:
        """The label of an image with boxes, and its metadata. `size` is width and height in pixels."""
        shapes = [shape for frame in labels.frames for shape in frame.shapes if isinstance(shape.geometry, Box)]
        boxes = [{"class_id": self._class_id(shape.label), **_geometry(shape)} for shape in shapes]
        label = {"image_size": [{"width": size[0], "height": size[1], "depth": 3}], "annotations": boxes}
        details: dict[str, object] = {
            "objects": [{"confidence": CONFIDENCE} for _ in boxes],
            "class-map": self._class_map(labels),
        }
        return label, details | self._image_adjustment(labels)

    def segmentation_details(self, labels: Labels) -> dict[str, object]:
        """The metadata of a mask: what each colour of its palette means."""
        colors = {
            str(number): {"class-name": name, "hex-color": color, "confidence": CONFIDENCE}
            for number, (name, color) in enumerate(zip((BACKGROUND, *self.labels), self.palette(), strict=True))
        }
        return {"internal-color-map": colors} | self._image_adjustment(labels)

    def palette(self) -> list[str]:
        """The colour of each pixel value of a mask: background, then the labels in their order."""
        return ["#ffffff", *(COLORS[number % len(COLORS)] for number in range(len(self.labels)))]

    def image_class(self, name: str) -> tuple[object, dict[str, object]]:
        """The label of a classified or verified image (or mask, or boxes), and its metadata."""
        number = self._class_id(name)
        label: object = str(number) if self.unknowns.class_index_is_string else number
        return label, {"class-name": name, "confidence": CONFIDENCE}

    def _line(self, found: DataObject, added: Mapping[str, object]) -> dict[str, object]:
        identity = {KEY_NAME: found.key, found.key: found.dedup_id} if found.key else {}
        own = (self.label_attribute, f"{self.label_attribute}-metadata")
        kept = {name: value for name, value in found.line.items() if name not in own}
        return {**kept, **identity, **added}

    def _frame_entry(self, place: int, frame: SequenceFrame, labels: FrameLabels) -> dict[str, object]:
        number = frame.number if self.unknowns.frame_no_from_sequence else place
        return {
            LIST_NAMES[self.annotation_type]: [self._annotation(shape) for shape in labels.shapes],
            "frame-no": str(number) if self.unknowns.frame_no_is_string else number,
            "frame": frame.name,
            "frame-attributes": dict(labels.attributes),
        }

    def _annotation(self, shape: Shape) -> dict[str, object]:
        entry = {
            **_geometry(shape),
            "class-id": str(self._class_id(shape.label)),
            "label-category-attributes": dict(shape.attributes),
        }
        if self.task_type.is_tracking:
            entry |= {"object-id": shape.object_id, "object-name": shape.object_name}
        return entry

    def _image_adjustment(self, labels: Labels) -> dict[str, object]:
        if self.task_type.variant != "Adjustment":
            return {}
        return {"adjustment-status": "adjusted" if labels.adjusted else "unadjusted"}

    def _class_map(self, labels: Labels) -> dict[str, str]:
        used = {shape.label for frame in labels.frames for shape in frame.shapes}
        return {str(number): name for number, name in enumerate(self.labels) if name in used}

    def _class_id(self, label: str) -> int:
        return self.labels.index(label)


def output_of(request: JobRequest, unknowns: Unknowns) -> JobOutput:
    """The output of a job that was asked for."""
    return JobOutput(
        request.name,
        request.label_attribute,
        request.task_type,
        request.categories.annotation_type,
        request.categories.labels,
        unknowns,
    )


def output_root(request: JobRequest, unknowns: Unknowns) -> str:
    """Where a job's own tree of output files begins: an S3 URI that ends with a slash."""
    folder = request.name.lower() if unknowns.job_name_in_tree == "lower case" else request.name
    return f"{request.output_prefix}{folder}/"


def worker_response(content: object, worker: str, accepted: datetime, submitted: datetime) -> dict[str, object]:
    """A worker-response file with one answer."""
    return {
        "answers": [
            {
                "acceptanceTime": _milliseconds(accepted),
                "answerContent": content,
                "submissionTime": _milliseconds(submitted),
                "timeSpentInSeconds": round((submitted - accepted).total_seconds(), 3),
                "workerId": f"private.{worker}",
                "workerMetadata": {
                    "identityData": {"identityProviderType": "Cognito", "issuer": "https://localhost", "sub": worker}
                },
            }
        ]
    }


def _geometry(shape: Shape) -> dict[str, object]:
    match shape.geometry:
        case Box(left, top, width, height):
            return {"height": height, "width": width, "top": top, "left": left}
        case Points(((x, y),)):
            return {"x": x, "y": y}
        case Points(vertices):
            return {"vertices": [{"x": x, "y": y} for x, y in vertices]}


def _creation_date(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def _milliseconds(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
