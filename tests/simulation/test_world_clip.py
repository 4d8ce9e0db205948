"""One clip in the simulated world, with the shipped handlers."""

import json
from collections.abc import Mapping
from typing import Any

from tests.simulation.world.faults import Faults, Rates
from tests.simulation.world.world import World

ACCOUNT_TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team"


class Answering:
    """Labels everything at once: Ground Truth without people, time or queues."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.jobs: dict[str, dict[str, Any]] = {}

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        name = request["LabelingJobName"]
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:labeling-job/{name.lower()}"
        if operation == "CreateLabelingJob":
            self.jobs[name] = dict(request)
            queue = f"GroundTruth-{name.lower()}"
            url = self._world.sqs.call("CreateQueue", {"QueueName": queue})["QueueUrl"]
            topic = request["InputConfig"]["DataSource"]["SnsDataSource"]["SnsTopicArn"]
            endpoint = f"arn:aws:sqs:us-east-1:123456789012:{queue}"
            self._world.sns.call("Subscribe", {"TopicArn": topic, "Protocol": "sqs", "Endpoint": endpoint})
            self._look(name, url)
            return {"LabelingJobArn": arn}
        assert operation == "DescribeLabelingJob"
        asked = self.jobs[name]
        return {
            "LabelingJobStatus": "InProgress",
            "LabelingJobArn": arn,
            "InputConfig": asked["InputConfig"],
            "LabelCounters": {},
        }

    def _look(self, name: str, url: str) -> None:
        asked = self.jobs[name]
        attribute = asked["LabelAttributeName"]
        found = self._world.sqs.call("ReceiveMessage", {"QueueUrl": url, "MaxNumberOfMessages": 10})
        for message in found.get("Messages", []):
            line = json.loads(json.loads(message["Body"])["Message"])
            line[attribute] = {"annotations": []}
            line[f"{attribute}-metadata"] = {"job-name": f"labeling-job/{name.lower()}", "class-map": {}}
            publish = {"TopicArn": asked["OutputConfig"]["SnsTopicArn"], "Message": json.dumps(line)}
            self._world.sns.call("Publish", publish)
            self._world.sqs.call("DeleteMessage", {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]})
        self._world.schedule.at(self._world.schedule.now() + 60, lambda: self._look(name, url))


def run(faults: Faults, seed: int = 1) -> World:
    world = World(seed, faults=faults)
    world.services["sagemaker"] = Answering(world)
    for number in range(4):
        world.s3.put("clips", f"drive/{number}.jpg", b"jpeg")
    answers: list[tuple[int, Any]] = []
    settings = {"WorkteamArn": ACCOUNT_TEAM}
    labels = {"labels": [{"label": "car"}]}
    for name, kind, more in (
        ("Boxes", "BoundingBox", {}),
        ("AdjBoxes", "AdjustmentBoundingBox", {"auditLabelAttributeName": "Boxes"}),
    ):
        body = {"jobName": name, "taskType": kind, "settings": settings, "labelCategoryConfig": labels | more}
        world.api("POST", "/labeling-jobs", body, lambda *answer: answers.append(answer))
    world.run_until(world.schedule.now() + 600)
    chain = [
        {"jobName": "Boxes", "inputConfig": {"clipS3Uri": "s3://clips/drive", "fps": 1}, "jobLevel": 1},
        {"jobName": "AdjBoxes", "inputConfig": {"chainFromJobName": "Boxes"}, "jobLevel": 2},
    ]
    world.api("POST", "/annotation-tasks", {"labelingJobs": chain}, lambda *answer: answers.append(answer))
    world.run_until(world.schedule.now() + 86_400)
    assert [status for status, _ in answers] == [201, 201, 202], answers
    return world


def test_a_clip_with_two_levels_is_completed() -> None:
    with run(Faults(1, Rates())) as world:
        [execution] = world.step_functions.executions
        assert execution.status == "SUCCEEDED", execution.cause
