"""A task on its way, without video: its frames are there, and a test plays Ground Truth and Step Functions by hand."""

import json
from dataclasses import dataclass
from typing import Any

import batch_error
import check_for_completion
import post_processing
import receive_labels
import trigger_labeling
from everlabel import aws, executions, job_table, manifest, task_table, tasks
from everlabel.data_object import OBJECT_ID_KEY
from everlabel.s3_uri import S3Uri
from everlabel.task_table import Done, Frames, Job, Open, Row, Surplus, Task
from tests.handlers.conftest import Cloud, Context

CHAIN: list[dict[str, Any]] = [
    {
        "jobName": "VOTVehicle",
        "inputConfig": {"clipS3Uri": "s3://clip_bucket_fake/clip_id_1234", "fps": 1},
        "jobLevel": 1,
    },
    {"jobName": "AdjVOTVehicle", "inputConfig": {"chainFromJobName": "VOTVehicle"}, "jobLevel": 2},
]
"""The definition that the source article prints."""


@dataclass
class Stage:
    """One task and what happens to it."""

    cloud: Cloud
    task: Task
    entered: int = 0
    started_at: str = "2027-01-15T08:00:00.000Z"

    @property
    def task_id(self) -> str:
        return str(self.task.task_id)

    def trigger(self, level: int = 1, seconds: float = 900) -> dict[str, Any]:
        """TriggerLabeling."""
        event = {"taskId": self.task_id, "level": level, "execution": self.execution(), "startTime": self.started_at}
        return self.trigger_with(event, seconds)

    def trigger_with(self, event: dict[str, Any], seconds: float = 900) -> dict[str, Any]:
        """TriggerLabeling, as an execution calls it that may not be the newest."""
        return trigger_labeling.handler(event, Context(seconds))  # type: ignore[arg-type]

    def job(self, level: int = 1, name: str = "VOTVehicle") -> Job:
        """What a labeling job of a level was given."""
        job = task_table.find_job(self.task_id, level, name)
        assert job is not None
        return job

    def execution(self) -> str:
        """The ARN of the execution that is at work."""
        return executions.arn(executions.name(self.task_id, int(self.now().attempt)))

    def wait(self, level: int = 1, token: str | None = None, **sent: bool) -> str:
        """Step Functions enters CheckForCompletion: the token waits from now on, and the function gets it."""
        self.entered += 1
        token = token or f"token-{self.entered}"
        self.cloud.step_functions.waiting.add(token)
        check_for_completion.handler(self.parked(level, token, **sent), Context())  # type: ignore[arg-type]
        return token

    def parked(self, level: int, token: str, *, is_all_sent: bool = True, is_continued: bool = False) -> dict[str, Any]:
        """What CheckForCompletion gets."""
        entered = f"2027-01-15T08:00:{self.entered:02d}.000Z"
        return {
            "taskId": self.task_id,
            "level": level,
            "isAllSent": is_all_sent,
            "isContinued": is_continued,
            "taskToken": token,
            "enteredTime": entered,
            "retryCount": 0,
        }

    def goes_on(self, level: int, *, is_last: bool, is_continued: bool = False) -> dict[str, Any]:
        """What an execution goes on with after CheckForCompletion."""
        return {"taskId": self.task_id, "level": level, "isLastLevel": is_last, "isContinued": is_continued}

    def answered(self, token: str) -> tuple[str, Any] | None:
        """How a token was answered: `success` or the error's name, with what came along; None if it still waits."""
        return self.cloud.step_functions.answers.get(token)

    def receive(self, *lines: dict[str, Any] | str, topic: str | None = None) -> list[str]:
        """Output messages arrive in one batch; returns the ids of those that must come again."""
        records = []
        for position, line in enumerate(lines):
            body = {"Type": "Notification", "TopicArn": topic or self._topic(line), "Message": _text(line)}
            records.append({"messageId": f"message-{position}", "body": json.dumps(body)})
        answer = receive_labels.handler({"Records": records}, Context())  # type: ignore[arg-type]
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def post_process(self) -> dict[str, Any]:
        """PostProcessing."""
        return post_processing.handler({"taskId": self.task_id}, Context())  # type: ignore[arg-type]

    def fail(self, error: str, cause: str) -> None:
        """BatchError."""
        event = {"taskId": self.task_id, "execution": self.now().execution, "error": {"Error": error, "Cause": cause}}
        batch_error.handler(event, Context())  # type: ignore[arg-type]

    def now(self) -> Task:
        """The task as it is stored now."""
        return task_table.find_task(self.task_id)

    def items(self, kind: type[Row]) -> dict[str, Any]:
        """The task's items of a class, by range key."""
        return {item.item: item for item in kind.query(self.task_id, consistent_read=True) if isinstance(item, kind)}

    def open(self) -> dict[str, Open]:
        """The to-do list."""
        return self.items(Open)

    def done(self) -> dict[str, Done]:
        """The record."""
        return self.items(Done)

    def surplus(self) -> dict[str, Surplus]:
        """Labels that nobody uses."""
        return self.items(Surplus)

    def _topic(self, line: dict[str, Any] | str) -> str:
        name = "VOTVehicle"
        if isinstance(line, dict) and isinstance(line.get(OBJECT_ID_KEY), str):
            parts = line[OBJECT_ID_KEY].split("/")
            name = parts[5].partition(".")[0] if len(parts) > 5 else name
        job = job_table.find(name)
        return job.output_topic if job is not None else "arn:aws:sns:us-east-1:123456789012:nobody"


def _text(line: dict[str, Any] | str) -> str:
    return line if isinstance(line, str) else json.dumps(line)


def _said_by(message: dict[str, Any]) -> str:
    """The labeling job that a message was sent to, as Ground Truth writes it."""
    parts = str(message.get(OBJECT_ID_KEY)).split("/")
    job, _, epoch = parts[5].partition(".") if len(parts) > 5 else ("VOTVehicle", "", "0")
    return f"labeling-job/everlabel-{job.lower()}-{epoch}"


def submit(cloud: Cloud, steps: list[dict[str, Any]] = CHAIN, objects: int = 3, **more: Any) -> Stage:
    """A task that was POSTed and whose frames are extracted: `objects` sequences of one frame each, at each rate."""
    task, _ = tasks.create({"labelingJobs": steps, **more})
    for step in steps:
        put_labels(cloud, step["jobName"], SEQ_LABEL)
    for rate in dict.fromkeys(f"{step['inputConfig'].get('fps', 1):g}" for step in steps):
        _extracted(cloud, task, rate, objects)
    return Stage(cloud, task)


def _extracted(cloud: Cloud, task: Task, rate: str, objects: int) -> None:
    prefix = S3Uri(aws.bucket(), f"clips/0/fps-{rate}")
    places = [prefix / f"sequence-{number:04d}.json" for number in range(1, objects + 1)]
    pictures = [prefix / f"frames/{manifest.frame_name(number)}" for number in range(1, objects + 1)]
    for number, place in enumerate(places, start=1):
        (sequence,) = manifest.sequences(prefix / "frames/", [manifest.frame_name(number)])
        cloud.s3.put_object(Bucket=place.bucket, Key=place.key, Body=json.dumps(sequence))
    cloud.s3.put_object(Bucket=prefix.bucket, Key=f"{prefix.key}/s", Body=manifest.manifest(places))
    cloud.s3.put_object(Bucket=prefix.bucket, Key=f"{prefix.key}/f", Body=manifest.manifest(pictures))
    Frames(
        task_id=task.task_id,
        item=task_table.frames_item(rate),
        prefix=f"{prefix}/",
        extracted=objects,
        done=True,
        sequences_manifest=str(prefix / "s"),
        frames_manifest=str(prefix / "f"),
        updated_at="2027-01-15T08:00:00.000Z",
    ).save()


_MOST_LABELED = 3
SEQ_LABEL: dict[str, Any] = {
    "tracking-annotations": [
        {
            "frame-no": "0",
            "frame": "000001.jpg",
            "annotations": [
                {
                    "class-id": "0",
                    "left": 1,
                    "top": 2,
                    "width": 30,
                    "height": 40,
                    "object-id": "a",
                    "object-name": "car:1",
                }
            ],
        }
    ]
}
"""A label file: one car."""


def put_labels(cloud: Cloud, job_name: str, labels: Any) -> None:
    """The label files that `labeled` names for a job's first objects: the same labels on a frame of each."""
    for index in range(_MOST_LABELED):
        text = json.dumps(labels).replace(manifest.frame_name(1), manifest.frame_name(index + 1))
        cloud.s3.put_object(Bucket=aws.bucket(), Key=label_key(job_name, index), Body=text)


def label_key(job_name: str, index: int) -> str:
    """Where in our bucket the labels of a job's object are."""
    root = f"labeling-jobs/{job_name}/output/{job_name}"
    return f"{root}/annotations/consolidated-annotation/output/{index}/SeqLabel.json"


def _index(message: dict[str, Any]) -> int:
    index = str(message.get(OBJECT_ID_KEY)).split("/")[-2:-1]
    return int(index[0]) if index and index[0].isdecimal() else 0


def labeled(message: dict[str, Any], attribute: str = "VOTVehicle-ref", place: str = "VOTVehicle") -> dict[str, Any]:
    """Ground Truth's output line for a labeled object of a video job."""
    return {
        **message,
        attribute: f"s3://{aws.bucket()}/{label_key(place, _index(message))}",
        f"{attribute}-metadata": {
            "class-map": {"0": "car"},
            "job-name": _said_by(message),
            "human-annotated": "yes",
            "creation-date": "2027-01-15T08:00:00.000000",
            "type": "groundtruth/video-object-tracking",
        },
    }


def unlabeled(
    message: dict[str, Any], reason: str = "Task expired in the portal", attribute: str = "VOTVehicle-ref"
) -> dict[str, Any]:
    """An output line for an object that Ground Truth gave up."""
    return {
        **message,
        f"{attribute}-metadata": {"failure-reason": reason, "job-name": _said_by(message)},
    }


def generations(messages: list[dict[str, Any]]) -> list[str]:
    """The last parts of the messages' ids: `000001/g0`."""
    return ["/".join(message[OBJECT_ID_KEY].rsplit("/", 2)[1:]) for message in messages]
