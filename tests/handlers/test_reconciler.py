"""Reconciler: what notices lost is found again."""

import json
from typing import Any

import pytest

import reconciler
from everlabel import (
    aws,
    clock,
    job_table,
    labeling_jobs,
    objects,
    output_manifest,
    reconciling,
    task_table,
    tasks,
    waking,
)
from everlabel.data_object import OBJECT_ID_KEY
from everlabel.errors import ReconciliationFailed
from everlabel.receiving import OutputMessage, Receiver
from everlabel.task_table import TaskStatus
from tests.handlers.conftest import Cloud, Context
from tests.handlers.stage import CHAIN, Stage, generations, labeled, submit, unlabeled
from tests.handlers.test_races import dying_at, once

HOUR = 3_600
MANIFEST = "labeling-jobs/VOTVehicle/output/everlabel-VOTVehicle-0/manifests/output/output.manifest"


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    """A task with two objects at one labeling job, sent."""
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=2)
    stage.trigger()
    return stage


def reconcile(cloud: Cloud, seconds: float = 900) -> reconciling.Findings:
    """One run an hour later; returns what it found."""
    cloud.now += HOUR
    found: list[reconciling.Findings] = []
    with pytest.MonkeyPatch.context() as listening:
        listening.setattr(reconciler, "_report", found.append)
        reconciler.handler({}, Context(seconds))  # type: ignore[arg-type]
    return found[0]


def write(cloud: Cloud, *lines: dict[str, Any] | str, end: str = "\n") -> None:
    """Ground Truth writes its output manifest."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    cloud.s3.put_object(Bucket=aws.bucket(), Key=MANIFEST, Body="\n".join(texts) + end)


def midnight(cloud: Cloud) -> None:
    """The next run is one of those that look at every task."""
    cloud.now += -(cloud.now + HOUR) % (24 * HOUR)


# Output manifests


def test_labels_that_nobody_announced_are_accepted_and_their_level_wakes(stage: Stage) -> None:
    messages = stage.cloud.published("VOTVehicle")
    token = stage.wait()
    write(stage.cloud, *map(labeled, messages))
    found = reconcile(stage.cloud)
    assert (found.labels, found.levels) == (2, 1)
    assert {done.outcome for done in stage.done().values()} == {"labeled"}
    assert stage.answered(token) == ("success", stage.goes_on(1, is_last=True))


def test_a_label_that_was_announced_is_not_written_again(stage: Stage) -> None:
    first, second = stage.cloud.published("VOTVehicle")
    stage.receive(labeled(first))
    at = stage.done()
    write(stage.cloud, labeled(first))
    assert reconcile(stage.cloud).labels == 0
    assert stage.surplus() == {}
    assert {key: done.at for key, done in stage.done().items()} == {key: done.at for key, done in at.items()}
    write(stage.cloud, labeled(first), labeled(second))
    assert reconcile(stage.cloud).labels == 1


def test_the_manifests_spelling_of_a_line_is_no_second_label(stage: Stage) -> None:
    first, _ = stage.cloud.published("VOTVehicle")
    stage.receive(json.dumps(labeled(first), indent=1))
    with dying_at(task_table.Open, "delete"):
        stage.receive(json.dumps(labeled(first), indent=2))
    write(stage.cloud, json.dumps(labeled(first), separators=(",", ":")))
    reconcile(stage.cloud)
    assert stage.surplus() == {}


def test_a_manifest_is_read_on_from_where_it_was_read_to(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = stage.cloud.published("VOTVehicle")
    write(stage.cloud, labeled(first), end="")
    assert reconcile(stage.cloud).labels == 1
    taken: list[list[str]] = []
    real = output_manifest.chunk

    def chunk(place: output_manifest.Place) -> tuple[list[str], output_manifest.Place]:
        lines, behind = real(place)
        taken.append([json.loads(line)[OBJECT_ID_KEY] for line in lines])
        return lines, behind

    monkeypatch.setattr(output_manifest, "chunk", chunk)
    reconcile(stage.cloud)
    write(stage.cloud, labeled(first), labeled(second))
    reconcile(stage.cloud)
    # The first line had no end yet, so it is read once more, and that is all.
    assert taken == [[], [first[OBJECT_ID_KEY], second[OBJECT_ID_KEY]]]
    write(stage.cloud, labeled(first), labeled(second), labeled(first))
    taken.clear()
    reconcile(stage.cloud)
    assert taken == [[first[OBJECT_ID_KEY]]]


def test_a_manifest_that_was_written_anew_in_another_order_is_read_anew(stage: Stage) -> None:
    first, second = stage.cloud.published("VOTVehicle")
    write(stage.cloud, labeled(second))
    assert reconcile(stage.cloud).labels == 1
    write(stage.cloud, labeled(first), labeled(second))
    assert reconcile(stage.cloud).labels == 1
    assert stage.open() == {}


def test_a_manifest_that_is_written_anew_while_it_is_read_is_read_anew(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = stage.cloud.published("VOTVehicle")
    write(stage.cloud, labeled(first))
    written = once(monkeypatch, objects, "head", after=lambda: write(stage.cloud, labeled(second), labeled(first)))
    assert reconcile(stage.cloud).labels == 2
    assert written()


def test_lines_are_read_again_if_whoever_read_them_died(stage: Stage) -> None:
    messages = stage.cloud.published("VOTVehicle")
    token = stage.wait()
    write(stage.cloud, *map(labeled, messages))
    with dying_at(waking, "wake"):
        reconcile(stage.cloud)
    assert stage.answered(token) is None
    assert reconcile(stage.cloud).levels == 1
    assert stage.answered(token) is not None


def failing(monkeypatch: pytest.MonkeyPatch, object_id: str, times: int) -> None:
    """Taking the line about an object fails so many times."""
    real, left = Receiver.take, [times]

    def take(self: Receiver, message: OutputMessage) -> None:
        if message.line[OBJECT_ID_KEY] == object_id and left[0]:
            left[0] -= 1
            raise RuntimeError("throttled")
        real(self, message)

    monkeypatch.setattr(Receiver, "take", take)


def test_what_fails_once_is_tried_again_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = stage.cloud.published("VOTVehicle")
    token = stage.wait()
    write(stage.cloud, labeled(first), labeled(second))
    failing(monkeypatch, first[OBJECT_ID_KEY], times=1)
    reconcile(stage.cloud)
    assert stage.open() == {}
    assert stage.answered(token) is not None


def test_what_fails_between_a_label_and_its_level_is_tried_again_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = stage.cloud.published("VOTVehicle")
    token = stage.wait()
    stage.receive(labeled(first))
    write(stage.cloud, *[labeled(first)] * 100, labeled(second))
    real, calls = waking.wake, [0]

    def wake(task_id: str, level: int) -> bool:
        calls[0] += 1
        if calls[0] == 2:  # the level was looked at before, when it had no news
            raise RuntimeError("throttled")
        return real(task_id, level)

    monkeypatch.setattr(waking, "wake", wake)
    reconcile(stage.cloud)
    assert calls == [3]
    assert stage.answered(token) is not None


def test_a_run_that_fails_has_read_what_comes_before(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = stage.cloud.published("VOTVehicle")
    lines = [labeled(first), labeled(second)]
    monkeypatch.setattr(output_manifest, "_MOST_BYTES", len(json.dumps(lines[0])) + 10)
    write(stage.cloud, *lines)
    failing(monkeypatch, second[OBJECT_ID_KEY], times=2)
    with pytest.raises(ReconciliationFailed, match="output of VOTVehicle"):
        reconcile(stage.cloud)
    assert len(stage.done()) == 1
    read: list[str] = []
    real = output_manifest.chunk

    def chunk(place: output_manifest.Place) -> tuple[list[str], output_manifest.Place]:
        lines, behind = real(place)
        read.extend(json.loads(line)[OBJECT_ID_KEY] for line in lines)
        return lines, behind

    monkeypatch.setattr(output_manifest, "chunk", chunk)
    assert reconcile(stage.cloud).labels == 1
    assert read == [second[OBJECT_ID_KEY]]


def test_a_line_longer_than_a_chunk_is_read_whole(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = stage.cloud.published("VOTVehicle")
    monkeypatch.setattr(output_manifest, "_MOST_BYTES", 100)
    write(stage.cloud, *map(labeled, messages))
    assert reconcile(stage.cloud).labels == 2


def test_an_expiry_that_only_the_manifest_tells_makes_the_object_due(stage: Stage) -> None:
    first, _ = stage.cloud.published("VOTVehicle")
    token = stage.wait()
    write(stage.cloud, unlabeled(first))
    assert reconcile(stage.cloud).levels == 1
    answer = stage.answered(token)
    assert answer is not None
    assert answer[0] == "expired"
    stage.trigger()
    assert generations(stage.cloud.published("VOTVehicle")) == ["000000/g1"]
    write(stage.cloud, unlabeled(first), unlabeled(first))
    assert reconcile(stage.cloud).levels == 0


def test_a_level_that_sleeps_although_it_is_done_wakes(stage: Stage) -> None:
    messages = stage.cloud.published("VOTVehicle")
    token = stage.wait()
    with dying_at(waking, "wake"):
        stage.receive(*map(labeled, messages))
    assert stage.open() == {}
    write(stage.cloud, *map(labeled, messages))
    found = reconcile(stage.cloud)
    assert (found.labels, found.levels) == (0, 1)
    assert stage.answered(token) == ("success", stage.goes_on(1, is_last=True))


def test_a_level_that_waits_is_looked_at_once_however_many_lines_it_has(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = stage.cloud.published("VOTVehicle")
    token = stage.wait()
    stage.receive(labeled(first))
    write(stage.cloud, *[labeled(first)] * 100)
    looked: list[str] = []
    real = waking.wake

    def wake(task_id: str, level: int) -> bool:
        looked.append(task_id)
        return real(task_id, level)

    monkeypatch.setattr(waking, "wake", wake)
    reconcile(stage.cloud)
    assert looked == [stage.task_id]
    write(stage.cloud, *[labeled(first)] * 101, labeled(second))
    assert reconcile(stage.cloud).levels == 1, "what is news wakes it all the same"
    assert stage.answered(token) is not None


def test_a_line_that_nobody_can_place_is_told_and_holds_nothing_up(stage: Stage) -> None:
    first, second = stage.cloud.published("VOTVehicle")
    stranger = {"source-ref": "s3://clips/a.jpg", "VOTVehicle-ref": "s3://x/y"}
    forged = labeled({**second, OBJECT_ID_KEY: second[OBJECT_ID_KEY].replace("VOTVehicle.0", "VOTVehicle.7")})
    write(stage.cloud, "not json", stranger, forged, labeled(first))
    found = reconcile(stage.cloud)
    assert found.labels == 1
    assert len(found.unplaceable) == 3


def test_a_line_that_no_record_can_hold_is_told_and_holds_nothing_up(stage: Stage) -> None:
    first, second = stage.cloud.published("VOTVehicle")
    write(stage.cloud, {**labeled(first), "worker-feedback": "\u00e9" * 210_000}, labeled(second))
    found = reconcile(stage.cloud)
    assert found.labels == 1
    assert found.unplaceable == ["longer than the 400,000 bytes that can be kept of a line"]


def test_the_last_lines_of_a_replaced_incarnation_are_read(stage: Stage) -> None:
    first, second = stage.cloud.published("VOTVehicle")
    write(stage.cloud, labeled(first))
    reconcile(stage.cloud)
    stage.cloud.sagemaker.states["everlabel-VOTVehicle-0"] = "Failed"
    assert reconcile(stage.cloud).jobs_replaced == 1
    write(stage.cloud, labeled(first), labeled(second))
    assert reconcile(stage.cloud).labels == 1
    assert stage.open() == {}


def test_an_incarnation_that_ended_before_anybody_read_a_line_of_it_is_read(stage: Stage) -> None:
    first, second = stage.cloud.published("VOTVehicle")
    write(stage.cloud, labeled(first))
    stage.cloud.sagemaker.states["everlabel-VOTVehicle-0"] = "Failed"
    found = reconcile(stage.cloud)
    assert (found.jobs_replaced, found.labels) == (1, 1)
    write(stage.cloud, labeled(first), labeled(second))
    assert reconcile(stage.cloud).labels == 1


# Labeling jobs


def test_a_labeling_job_whose_end_nobody_announced_is_replaced(stage: Stage) -> None:
    stage.cloud.published("VOTVehicle")
    token = stage.wait()
    stage.cloud.sagemaker.states["everlabel-VOTVehicle-0"] = "Stopped"
    assert reconcile(stage.cloud).jobs_replaced == 1
    assert stage.answered(token) is not None
    stage.trigger()
    assert len(stage.cloud.published("VOTVehicle")) == 2
    assert reconcile(stage.cloud).jobs_replaced == 0


def test_a_replacement_that_was_begun_is_finished(stage: Stage) -> None:
    job = job_table.find("VOTVehicle")
    assert job is not None
    stage.cloud.sagemaker.states["everlabel-VOTVehicle-0"] = "Stopped"
    with dying_at(labeling_jobs, "_create"):
        labeling_jobs.replace(job)
    assert reconcile(stage.cloud).jobs_replaced == 1
    assert stage.cloud.sagemaker.states["everlabel-VOTVehicle-1"] == "InProgress"


def test_a_replacement_that_was_refused_is_tried_again(stage: Stage) -> None:
    stage.cloud.sagemaker.states["everlabel-VOTVehicle-0"] = "Stopped"
    stage.cloud.sagemaker.refusal = "too many jobs"
    for _ in range(2):
        with pytest.raises(ReconciliationFailed):
            reconcile(stage.cloud)
    stage.cloud.sagemaker.refusal = None
    assert reconcile(stage.cloud).jobs_replaced == 1


def test_a_job_whose_first_request_was_refused_is_not_tried_again(cloud: Cloud) -> None:
    cloud.sagemaker.refusal = "no team"
    with pytest.raises(labeling_jobs.GroundTruthRefused):
        cloud.labeling_job("VOTVehicle")
    cloud.sagemaker.refusal = None
    assert reconcile(cloud).jobs_replaced == 0
    assert cloud.sagemaker.requests == {}


def test_levels_go_on_when_a_person_starts_a_stopped_job_again(stage: Stage) -> None:
    job = job_table.find("VOTVehicle")
    assert job is not None
    asked = json.loads(job.request)
    token = stage.wait()
    labeling_jobs.stop(job)
    stage.cloud.sagemaker.states["everlabel-VOTVehicle-0"] = "Stopped"
    assert reconcile(stage.cloud).jobs_replaced == 0
    labeling_jobs.start(asked["body"], asked["config"])
    assert reconcile(stage.cloud).levels == 1
    answer = stage.answered(token)
    assert answer is not None
    assert answer[0] == "expired"
    assert reconcile(stage.cloud).levels == 0


def test_an_input_topic_that_nobody_listens_to_is_told(stage: Stage) -> None:
    assert reconcile(stage.cloud).topics_without_subscribers == 0
    job = job_table.find("VOTVehicle")
    assert job is not None
    (subscription,) = stage.cloud.sns.list_subscriptions_by_topic(TopicArn=job.input_topic)["Subscriptions"]
    stage.cloud.sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    assert reconcile(stage.cloud).topics_without_subscribers == 1


def test_an_input_queue_that_somebody_deleted_is_told(stage: Stage) -> None:
    (url,) = stage.cloud.sqs.list_queues(QueueNamePrefix="GroundTruth-")["QueueUrls"]
    stage.cloud.sqs.delete_queue(QueueUrl=url)
    assert reconcile(stage.cloud).topics_without_subscribers == 1


def test_the_age_of_the_oldest_message_is_told(stage: Stage) -> None:
    stage.cloud.oldest_in_queue["everlabel-VOTVehicle-0"] = stage.cloud.now - 5_000
    assert reconcile(stage.cloud).queue_age_seconds == 5_000 + HOUR


# Annotation tasks


def test_a_task_that_never_started_is_started(cloud: Cloud) -> None:
    with dying_at(tasks, "start"):
        tasks.create({"labelingJobs": CHAIN[:1]})
    cloud.now -= HOUR - 60
    assert reconcile(cloud).tasks_started == 0, "whoever stored it may be at it"
    assert reconcile(cloud).tasks_started == 1
    (task,) = task_table.Task.scan()
    assert task.status == TaskStatus.IN_PROGRESS
    assert list(cloud.step_functions.executions) == [f"{task.task_id}-0"]


def test_a_stopped_task_is_closed_although_nobody_heard_that_its_execution_ended(stage: Stage) -> None:
    tasks.stop(stage.now())
    assert reconcile(stage.cloud).tasks_closed == 0
    assert len(stage.cloud.step_functions.stopped) == 2, "it is still running, so it is told again"
    stage.cloud.step_functions.ended[str(stage.now().execution)] = "ABORTED"
    assert reconcile(stage.cloud).tasks_closed == 1
    assert stage.now().status == TaskStatus.STOPPED
    assert {done.outcome for done in stage.done().values()} == {"stopped"}


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_task_whose_execution_died_unheard_fails_once_it_should_have_been_back(stage: Stage, status: str) -> None:
    stage.cloud.step_functions.ended[str(stage.now().execution)] = status
    midnight(stage.cloud)
    assert reconcile(stage.cloud).dead_executions == 0, "nothing is overdue yet"
    stage.cloud.now += 8 * 24 * HOUR
    midnight(stage.cloud)
    assert reconcile(stage.cloud).dead_executions == 1
    assert (stage.now().status, stage.now().reason) == (
        TaskStatus.FAILED,
        f"its execution ended as {status}, and nobody was told",
    )


def test_a_task_that_is_overdue_and_lives_is_left_alone(stage: Stage) -> None:
    stage.cloud.now += 8 * 24 * HOUR
    midnight(stage.cloud)
    found = reconcile(stage.cloud)
    assert found.dead_executions == 0
    assert found.oldest_level_seconds is not None
    assert found.oldest_level_seconds > 8 * 24 * HOUR
    assert stage.now().status == TaskStatus.IN_PROGRESS


# The run itself


def test_a_step_that_fails_holds_up_no_other_and_is_tried_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.labeling_job("VOTVehicle")
    with dying_at(tasks, "start"):
        tasks.create({"labelingJobs": CHAIN[:1]})
    cloud.now += HOUR

    def fail(_job: object) -> None:
        raise OSError("no answer")

    monkeypatch.setattr(labeling_jobs, "must_be_replaced", fail)
    with pytest.raises(ReconciliationFailed, match="labeling job VOTVehicle"):
        reconciler.handler({}, Context())  # type: ignore[arg-type]
    (task,) = task_table.Task.scan()
    assert task.status == TaskStatus.IN_PROGRESS


def test_out_of_time_it_goes_on_an_hour_later(stage: Stage) -> None:
    write(stage.cloud, *map(labeled, stage.cloud.published("VOTVehicle")))
    found = reconcile(stage.cloud, seconds=30)
    assert (found.unfinished, found.labels) == (True, 0)
    assert reconcile(stage.cloud).labels == 2


@pytest.mark.parametrize("left_undone", ["start", "close_stopped"])
def test_many_tasks_never_take_all_the_time_so_that_nothing_is_told(cloud: Cloud, left_undone: str) -> None:
    """AWS Lambda ends who is late, and what was found would be measured by nobody."""
    cloud.labeling_job("VOTVehicle")
    with dying_at(tasks, "start"):
        tasks.create({"labelingJobs": CHAIN[:1]})
    (task,) = task_table.Task.scan()
    if left_undone == "close_stopped":
        tasks.stop(task)
    with pytest.MonkeyPatch.context() as watched:
        done = once(watched, tasks, left_undone)
        assert reconcile(cloud, seconds=59).unfinished
        assert not done()
        assert not reconcile(cloud).unfinished
        assert done()


def test_what_was_found_is_measured(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    write(stage.cloud, *map(labeled, stage.cloud.published("VOTVehicle")))
    reconciler.handler({}, Context())  # type: ignore[arg-type]
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    assert line["LabelsFoundLate"] == [2.0]
    assert line["InputTopicsWithoutSubscribers"] == [0.0]
    assert clock.now() == stage.cloud.now
