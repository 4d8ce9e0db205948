"""Clips in the simulated world, with Ground Truth and its people."""

from collections import Counter
from typing import Any

from local.ground_truth.events import Failed, Labeled
from local.ground_truth.labeling_job import DAY
from local.ground_truth.people import Behaviour, Team
from tests.simulation.world.faults import Faults, Rates
from tests.simulation.world.world import World

TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team"


def test_a_clip_that_people_leave_alone_and_decline_should_be_completed() -> None:
    behaviours = [Behaviour("1.jpg", "ignore", job="-Boxes"), Behaviour("2.jpg", "decline", job="AdjBoxes")]
    faults = Faults(1, Rates())
    people = Team(people=2, holidays=((2, 5),))
    with World(1, faults=faults, team=lambda _arn: people, behaviours=behaviours) as world:
        ends: list[str] = []
        world.watchers.portal.append(
            lambda _job, event: ends.append(type(event).__name__) if isinstance(event, Labeled | Failed) else None
        )
        for number in range(4):
            world.s3.put("clips", f"drive/{number}.jpg", b"jpeg")
        answers: list[tuple[int, Any]] = []
        labels = {"labels": [{"label": "car"}]}
        settings = {"WorkteamArn": TEAM, "TaskAvailabilityLifetimeInSeconds": int(5 * DAY)}
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
        world.run_until(world.schedule.now() + 40 * DAY)
        assert [status for status, _ in answers] == [201, 201, 202], answers
        [execution] = world.step_functions.executions
        assert execution.status == "SUCCEEDED", execution.cause
        assert Counter(ends) == {"Labeled": 8, "Failed": 2}
