"""Clips of two levels in a laptop world: the real template, state machine and handlers; its people take no time."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from moto.sns.models import Topic

from everlabel.task_table import TaskStatus
from local import credentials
from local.api_client import ApiClient
from local.ground_truth.people import Team
from local.submitting import film_of
from local.world import Settings, World

_BUCKET = "clips"
_LEVELS = (("VOTVehicle", "VideoObjectTracking"), ("AdjVOTVehicle", "AdjustmentVideoObjectTracking"))
_AT_ONCE = 4  # requests
_LONGEST = 900.0  # seconds
_LOOK_EVERY = 0.25  # seconds
_TRIES, _SERVER_ERROR = 5, 500


class LaptopClips:
    """A world whose labeling jobs run."""

    def __init__(self, world: World) -> None:
        self._world, self._api = world, ApiClient(world.api_url, world.session)
        self._film, self._number = film_of(20), 0
        for name, task_type in _LEVELS:
            self._start(name, task_type)

    def take(self, clips: int) -> float:
        """Submits so many clips at once and returns how many seconds it takes until all are completed."""
        names = [f"{number:05d}.mp4" for number in range(self._number, self._number + clips)]
        self._number += clips
        for name in names:
            self._world.client("s3").put_object(Bucket=_BUCKET, Key=name, Body=self._film)
        began = time.monotonic()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._submit, names))
        self._world.wait_until(lambda: not self._runs(), _LONGEST, every=_LOOK_EVERY)
        seconds = time.monotonic() - began
        if failed := self._count(TaskStatus.FAILED):
            raise RuntimeError(f"{failed} of {self._number} clips failed")
        return seconds

    def _runs(self) -> bool:
        """Whether any execution does. Tasks by status would be another way, but moto reads its whole table for it."""
        machine = self._world.resource("AnnotationTask")
        found = self._world.client("stepfunctions").list_executions(stateMachineArn=machine, statusFilter="RUNNING")
        return bool(found["executions"])

    def _submit(self, name: str) -> None:
        (first, _), (second, _) = _LEVELS
        steps = [
            {"jobName": first, "jobLevel": 1, "inputConfig": {"clipS3Uri": f"s3://{_BUCKET}/{name}", "fps": 1}},
            {"jobName": second, "jobLevel": 2, "inputConfig": {"chainFromJobName": first}},
        ]
        self._post("/annotation-tasks", {"labelingJobs": steps})

    def _post(self, path: str, body: Any) -> None:
        for _ in range(_TRIES):  # a busy laptop answers 503, and the same again finds what is there
            answer = self._api.post(path, body)
            if answer.status < _SERVER_ERROR:
                break
        if answer.status not in {200, 201, 202}:
            raise RuntimeError(f"{path} did not take {body}: {answer}")

    def _start(self, name: str, task_type: str) -> None:
        config: dict[str, Any] = {"labels": [{"label": "car"}]}
        if task_type.startswith("Adjustment"):
            config["auditLabelAttributeName"] = f"{_LEVELS[0][0]}-ref"
        settings = {"WorkteamArn": self._world.outputs["WorkteamArn"]}
        body = {"jobName": name, "taskType": task_type, "labelCategoryConfig": config, "settings": settings}
        self._post("/labeling-jobs", body)
        path = f"/labeling-jobs/{name}"
        self._world.wait_until(lambda: self._api.get(path).body.get("labelingJobStatus") == "InProgress", _LONGEST)

    def _count(self, status: str) -> int:
        answer = self._world.client("dynamodb").query(
            TableName=self._world.resource("TaskTable"),
            IndexName="by_status",
            Select="COUNT",
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": status}},
        )
        return int(answer["Count"])


@contextmanager
def laptop() -> Iterator[LaptopClips]:
    """A world in which a day of Ground Truth lasts ten minutes, and people need a fortieth of a second."""
    credentials.leave_the_users()
    team = Team(people=50, hours_per_task=(0.001, 0.001))
    with World(Settings(day_seconds=600.0, team=team, schedules=False)) as world:
        yield LaptopClips(world)


class Ear:
    """Hears what is published to any topic from now on: when, to which topic, and which message."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, str, str]] = []
        self._turn = threading.Lock()

    @contextmanager
    def listening(self) -> Iterator["Ear"]:
        """Until the end of the block."""
        original = Topic.publish

        def publish(topic: Topic, message: str, *more: Any, **named: Any) -> str:
            with self._turn:
                self.heard.append((time.monotonic(), topic.arn, message))
            return str(original(topic, message, *more, **named))

        Topic.publish = publish  # type: ignore[method-assign,assignment]
        try:
            yield self
        finally:
            Topic.publish = original  # type: ignore[method-assign]
