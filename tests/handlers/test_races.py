"""Races, crashes and late news, interleaved by hand: nothing is lost, doubled or taken for a success."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from pynamodb.exceptions import TransactWriteError

import everlabel.frames
from everlabel import aws, input_manifests, labeling_jobs, moves, sending, task_table, tasks, topics, waking
from everlabel.data_object import OBJECT_ID_KEY, ObjectKey
from everlabel.errors import TaskNotInProgress
from everlabel.task_table import Frames, Job, Level, Open, Task, TaskStatus
from tests.conftest import ACCOUNT, REGION
from tests.handlers.conftest import WORKTEAM, Cloud
from tests.handlers.stage import CHAIN, Stage, generations, labeled, submit, unlabeled
from tests.handlers.test_execution_state_change import tell
from tests.handlers.test_labeling_job_state_change import arn, handle, now, record

ONE = CHAIN[:1]
REFUSED = "corrupt frame"
FIRST, SECOND = "everlabel-VOTVehicle-0", "everlabel-VOTVehicle-1"
RESEND_SECONDS = 432_000


class Crash(BaseException):
    """The process is gone: nothing of ours catches it."""


@pytest.fixture
def vehicles(cloud: Cloud) -> Cloud:
    """A cloud with the two labeling jobs of the chain."""
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")
    return cloud


def kind(stage: Stage, token: str) -> str | None:
    """How a token was answered, without what came along; None if it still waits."""
    answer = stage.answered(token)
    return None if answer is None else answer[0]


def outcomes(stage: Stage) -> list[str]:
    """The outcomes on the record, in the order of the objects."""
    return [done.outcome for done in stage.done().values()]


def end_job(cloud: Cloud, labeling_job_name: str = FIRST, state: str = "Stopped") -> None:
    """A labeling job ends by itself, and EventBridge says so."""
    cloud.sagemaker.states[labeling_job_name] = state
    assert handle(record("m", arn(labeling_job_name))) == []


def send_all(stage: Stage) -> None:
    """Step Functions calls TriggerLabeling until it says that all is sent."""
    for _ in range(5):
        if stage.trigger()["isAllSent"]:
            return
    raise AssertionError("never all sent")


def once(
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    *,
    before: Callable[[], object] | None = None,
    after: Callable[[], object] | None = None,
) -> Callable[[], bool]:
    """Lets something happen right before or after the next call of a function; returns what says whether it did."""
    real = getattr(owner, name)
    calls = 0

    def interleaved(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        is_first = calls == 1
        if is_first and before is not None:
            before()
        answer = real(*args, **more)
        if is_first and after is not None:
            after()
        return answer

    monkeypatch.setattr(owner, name, interleaved)
    return lambda: calls > 0


@contextmanager
def dying_at(owner: object, name: str) -> Iterator[None]:
    """Whoever calls a function dies before it does anything."""

    def die(*_args: Any, **_more: Any) -> NoReturn:
        raise Crash

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(owner, name, die)
        with pytest.raises(Crash):
            yield


# Failures and retries


def test_a_failure_recorded_while_another_outcome_wakes_is_not_taken_for_success(
    vehicles: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever brings the last label may have read the level before the failure and the list after it."""
    stage = submit(vehicles, ONE, objects=2)
    stage.trigger()
    first, _ = vehicles.published("VOTVehicle")
    token = stage.wait()
    key = ObjectKey(stage.task_id, 1, "VOTVehicle", 1)
    failed = once(monkeypatch, waking, "anything_open", before=lambda: moves.fail(key, 0, 0, REFUSED))
    stage.receive(labeled(first))
    assert failed()
    assert kind(stage, token) == "ObjectsFailed"


def test_a_failure_recorded_while_a_retry_runs_is_retried_with_it(
    vehicles: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task failed for another reason while Ground Truth still had objects, so refusals go on coming."""
    stage = submit(vehicles, ONE, objects=2)
    stage.trigger()
    first, second = vehicles.published("VOTVehicle")
    stage.wait()
    stage.fail("Lambda.Unknown", "passing")
    refused = once(monkeypatch, Level, "query", before=lambda: stage.receive(unlabeled(second, REFUSED)))
    tasks.retry(stage.now())
    assert refused()
    stage.trigger()
    token = stage.wait()
    stage.receive(labeled(first))
    assert kind(stage, token) is None
    (again,) = vehicles.published("VOTVehicle")
    assert generations([again]) == ["000001/g1"]
    stage.receive(labeled(again))
    assert kind(stage, token) == "success"
    assert outcomes(stage) == ["labeled", "labeled"]


def test_a_failure_recorded_after_a_retry_looked_fails_the_level_again(
    vehicles: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the retry did not see it must not forgive."""
    stage = submit(vehicles, ONE, objects=2)
    stage.trigger()
    first, second = vehicles.published("VOTVehicle")
    stage.wait()
    stage.fail("Lambda.Unknown", "passing")
    refused = once(monkeypatch, tasks, "_open_failed_again", after=lambda: stage.receive(unlabeled(second, REFUSED)))
    tasks.retry(stage.now())
    assert refused()
    stage.trigger()
    token = stage.wait()
    stage.receive(labeled(first))
    assert kind(stage, token) == "ObjectsFailed"


def test_a_copy_of_a_refusal_that_races_a_retry_loses_no_label(
    vehicles: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy finds the object as open as the original found it, but under an id that it does not speak of."""
    stage = submit(vehicles, ONE, objects=1)
    stage.trigger()
    (message,) = vehicles.published("VOTVehicle")
    stage.wait()
    stage.receive(unlabeled(message, REFUSED))
    stage.fail("ObjectsFailed", "1")
    retried = once(monkeypatch, moves, "TransactWrite", before=lambda: tasks.retry(stage.now()))
    stage.receive(unlabeled(message, REFUSED))
    assert retried()
    stage.trigger()
    (again,) = vehicles.published("VOTVehicle")
    token = stage.wait()
    stage.receive(labeled(again))
    stage.receive(labeled(again))
    assert stage.open() == {}
    assert outcomes(stage) == ["labeled"]
    assert kind(stage, token) == "success"


def test_an_old_refusal_that_comes_again_after_retry_and_label_changes_nothing(vehicles: Cloud) -> None:
    """Amazon SQS delivers at least once, however late."""
    stage = submit(vehicles, ONE, objects=2)
    stage.trigger()
    first, second = vehicles.published("VOTVehicle")
    stage.wait()
    stage.receive(labeled(second), unlabeled(first, REFUSED))
    stage.fail("ObjectsFailed", "1")
    tasks.retry(stage.now())
    stage.trigger()
    (again,) = vehicles.published("VOTVehicle")
    stage.receive(labeled(again))
    stage.receive(unlabeled(first, REFUSED))
    assert kind(stage, stage.wait()) == "success"


def test_a_refusal_after_the_label_does_not_fail_the_level(vehicles: Cloud) -> None:
    """An expired object is labeled late under its old id; then the new id, which nobody needs, is refused."""
    stage = submit(vehicles, ONE, objects=2)
    stage.trigger()
    first, second = vehicles.published("VOTVehicle")
    stage.receive(unlabeled(first))
    stage.trigger()
    (again,) = vehicles.published("VOTVehicle")
    token = stage.wait()
    stage.receive(labeled(first))
    stage.receive(unlabeled(again, REFUSED))
    stage.receive(labeled(second))
    assert outcomes(stage) == ["labeled", "labeled"]
    assert kind(stage, token) == "success"


def test_a_retry_leaves_tolerated_failures_of_a_lower_level_alone(vehicles: Cloud) -> None:
    """The next level went on without them; opened again, they would never be sent, nor closed."""
    stage = submit(vehicles, CHAIN, objects=2, onObjectFailure="continue")
    stage.trigger()
    first, second = vehicles.published("VOTVehicle")
    token = stage.wait()
    stage.receive(labeled(first), unlabeled(second, REFUSED))
    assert kind(stage, token) == "success"
    stage.trigger(2)
    stage.fail("Lambda.Unknown", "something passing")
    tasks.retry(stage.now())
    assert stage.now().level == 2
    stage.trigger(2)
    (message,) = vehicles.published("AdjVOTVehicle")
    token = stage.wait(2)
    stage.receive(labeled(message, "AdjVOTVehicle-ref", "AdjVOTVehicle"))
    assert kind(stage, token) == "success"
    stage.post_process()
    assert vehicles.published("VOTVehicle") == []
    assert stage.now().status == TaskStatus.COMPLETED
    assert stage.open() == {}


def test_a_transaction_conflict_in_a_retry_is_told_and_the_retry_can_be_repeated(
    vehicles: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conflict passes and is no lost race: taken for one, it would leave an object failed and forgiven."""
    stage = submit(vehicles, ONE, objects=2)
    stage.trigger()
    first, second = vehicles.published("VOTVehicle")
    token = stage.wait()
    stage.receive(labeled(first), unlabeled(second, REFUSED))
    assert kind(stage, token) == "ObjectsFailed"
    stage.fail("ObjectsFailed", "1")
    real = vars(BaseClient)["_make_api_call"]

    def conflict(self: BaseClient, operation: str, params: Any) -> Any:
        if operation != "TransactWriteItems":
            return real(self, operation, params)
        reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
        error = {"Code": "TransactionCanceledException", "Message": "Transaction cancelled [None, TransactionConflict]"}
        response: Any = {"Error": error, "CancellationReasons": reasons}
        raise ClientError(response, operation)

    with monkeypatch.context() as busy:
        busy.setattr(BaseClient, "_make_api_call", conflict)
        with pytest.raises(TransactWriteError) as told:
            tasks.retry(stage.now())
    assert told.value.cause_response_code == "TransactionCanceledException"
    assert stage.now().status == TaskStatus.FAILED
    tasks.retry(stage.now())
    stage.trigger()
    assert generations(vehicles.published("VOTVehicle")) == ["000001/g1"]
    assert kind(stage, stage.wait()) is None


# Labeling jobs that end and are replaced


def test_an_expiry_of_a_replaced_incarnation_sends_no_second_copy(vehicles: Cloud) -> None:
    """Workers see the object in the new job already."""
    stage = submit(vehicles, ONE, objects=1)
    stage.trigger()
    (old,) = vehicles.published("VOTVehicle")
    token = stage.wait()
    end_job(vehicles)
    assert kind(stage, token) == "expired"
    stage.trigger()
    assert len(vehicles.published("VOTVehicle")) == 1
    stage.wait()
    stage.receive(unlabeled(old, "labeling job was stopped"))
    stage.trigger()
    assert vehicles.published("VOTVehicle") == []


def test_an_object_whose_new_incarnation_is_noted_twice_is_sent(
    vehicles: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was lost on its way, so botocore asked again, and the condition holds no more."""
    stage = submit(vehicles, ONE, objects=1)
    stage.trigger()
    vehicles.published("VOTVehicle")
    stage.wait()
    end_job(vehicles)
    real = Open.update

    def twice(self: Open, *args: Any, **more: Any) -> None:
        real(self, *args, **more)
        real(self, *args, **more)

    monkeypatch.setattr(Open, "update", twice)
    stage.trigger()
    assert len(vehicles.published("VOTVehicle")) == 1


def test_a_refusal_of_a_replaced_incarnation_does_not_fail_the_live_copy(vehicles: Cloud) -> None:
    """What the old job could not do says nothing of the new one."""
    stage = submit(vehicles, ONE, objects=1)
    stage.trigger()
    (old,) = vehicles.published("VOTVehicle")
    stage.wait()
    end_job(vehicles)
    stage.trigger()
    (live,) = vehicles.published("VOTVehicle")
    stage.wait()
    stage.receive(unlabeled(old, "access denied to input: the role of the stopped job"))
    stage.receive(labeled(live))
    assert outcomes(stage) == ["labeled"]


def test_a_replacement_while_publishing_sends_each_object_to_the_new_job_under_one_id(
    vehicles: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is published late under the old ids must not reach the new job: it would show objects twice."""
    stage = submit(vehicles, ONE, objects=20)

    def replace_after_a_batch() -> None:
        once(monkeypatch, topics, "publish", before=lambda: end_job(vehicles))

    once(monkeypatch, topics, "publish", after=replace_after_a_batch)
    send_all(stage)
    ids = [message[OBJECT_ID_KEY] for message in vehicles.published("VOTVehicle")]
    root = f"s3://{aws.bucket()}/{stage.task_id}/1/VOTVehicle.1"
    assert ids == [f"{root}/{index:06d}/g0" for index in range(20)]


def test_a_job_that_ends_after_the_sender_looked_is_noticed(vehicles: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits yet when the replacement wakes the levels, so the sender itself must see it."""
    stage = submit(vehicles, ONE, objects=1)
    ended = once(monkeypatch, input_manifests, "freeze", before=lambda: end_job(vehicles))
    assert stage.trigger()["isAllSent"] is False
    assert ended()
    send_all(stage)
    assert [todo.epoch for todo in stage.open().values()] == [1]
    assert len(vehicles.published("VOTVehicle")) == 1


def test_a_job_that_fails_at_once_is_not_replaced_for_ever(cloud: Cloud) -> None:
    """The next one would fail as well, for example because the role may not read the configuration."""
    cloud.labeling_job("VOTVehicle")
    cloud.sagemaker.labeled = 0
    end_job(cloud, state="Failed")
    assert list(cloud.sagemaker.requests) == [FIRST]


def test_a_job_that_fails_after_weeks_is_replaced_even_if_nothing_was_labeled(cloud: Cloud) -> None:
    """A job may expire after 30 days, and nobody had anything to label."""
    cloud.labeling_job("VOTVehicle")
    cloud.sagemaker.labeled, cloud.sagemaker.lived = 0, timedelta(days=30)
    end_job(cloud, state="Failed")
    assert len(cloud.sagemaker.requests) == 2


def test_a_stop_by_a_person_during_a_replacement_holds(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API said that the job stops; news that came earlier must not start it again."""
    cloud.labeling_job("VOTVehicle")
    stopped = once(monkeypatch, waking, "send_again", before=lambda: labeling_jobs.stop(now()))
    end_job(cloud, state="Completed")
    assert stopped()
    assert now().stopped_by is not None
    assert list(cloud.sagemaker.requests) == [FIRST]


def test_a_task_whose_start_was_never_noted_is_woken_when_its_job_is_replaced(vehicles: Cloud) -> None:
    """Whoever started the execution died before noting it, and the execution runs all the same."""
    stage = submit(vehicles, ONE, objects=1)
    stage.now().update(actions=[Task.status.set(TaskStatus.INITIALIZING), Task.execution.remove()])
    stage.trigger()
    token = stage.wait()
    end_job(vehicles)
    assert kind(stage, token) == "expired"


# Names that are taken


def forget_case(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the names of labeling jobs unique whatever their case, as Ground Truth has them."""
    fake = cloud.sagemaker
    create, describe = fake.create_labeling_job, fake.describe_labeling_job

    def create_unless_taken(**request: Any) -> dict[str, str]:
        if request["LabelingJobName"].lower() in {name.lower() for name in fake.requests}:
            raise ClientError({"Error": {"Code": "ResourceInUse", "Message": "in use"}}, "CreateLabelingJob")
        return create(**request)

    def describe_in_any_case(*, LabelingJobName: str) -> dict[str, Any]:  # noqa: N803
        name = next(name for name in fake.requests if name.lower() == LabelingJobName.lower())
        return describe(LabelingJobName=name)

    monkeypatch.setattr(fake, "create_labeling_job", create_unless_taken)
    monkeypatch.setattr(fake, "describe_labeling_job", describe_in_any_case)


def test_a_name_that_differs_in_case_adopts_nobody_elses_job(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adopted, the job would never hear what is published for the second name."""
    forget_case(cloud, monkeypatch)
    cloud.labeling_job("VOTVehicle")
    body = {"jobName": "votvehicle", "taskType": "VideoObjectTracking", "settings": {"WorkteamArn": WORKTEAM}}
    with pytest.raises(labeling_jobs.GroundTruthRefused, match="another labeling job"):
        labeling_jobs.start(body, {"labels": [{"label": "bus"}]})
    assert now("votvehicle").labeling_job_arn is None
    assert list(cloud.sagemaker.requests) == [FIRST]


def test_a_running_job_of_another_stack_is_not_adopted(cloud: Cloud) -> None:
    """Stack `everlabel` with job `prod-VOT` and stack `everlabel-prod` with job `VOT` give one name."""
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:GroundTruth-everlabel-prod_VOT_input-0"
    other = {"InputConfig": {"DataSource": {"SnsDataSource": {"SnsTopicArn": topic}}}}
    cloud.sagemaker.requests["everlabel-prod-VOT-0"] = other
    cloud.sagemaker.states["everlabel-prod-VOT-0"] = "InProgress"
    with pytest.raises(labeling_jobs.GroundTruthRefused, match="another labeling job"):
        cloud.labeling_job("prod-VOT")
    assert now("prod-VOT").labeling_job_arn is None


def test_a_dead_job_of_an_earlier_stack_is_passed_over(cloud: Cloud) -> None:
    """A stack that is deleted and made again has empty tables, but Ground Truth keeps names for ever."""
    cloud.sagemaker.requests[FIRST] = {"another": "stack"}
    cloud.sagemaker.states[FIRST] = "Stopped"
    cloud.labeling_job("VOTVehicle")
    assert list(cloud.sagemaker.requests) == [FIRST, SECOND]
    assert now().labeling_job_arn == arn(SECOND)


# Invocations that were thought dead


def test_a_late_creation_that_sets_a_generation_back_leaves_nothing_stuck(
    vehicles: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The to-do item then has an id that is spent; only a later one ever reaches workers again."""
    stage = submit(vehicles, ONE, objects=1)
    last: list[dict[str, Any]] = []

    def send_and_expire() -> None:
        stage.trigger()
        (message,) = vehicles.published("VOTVehicle")
        stage.receive(unlabeled(message))
        stage.trigger()
        last.extend(vehicles.published("VOTVehicle"))

    once(monkeypatch, moves, "create", before=send_and_expire)
    stage.trigger()
    assert generations(last) == ["000000/g1"]
    vehicles.published("VOTVehicle")
    stage.wait()
    stage.receive(unlabeled(last[0]))
    stage.trigger()
    assert generations(vehicles.published("VOTVehicle")) == ["000000/g2"]


def test_a_late_creation_does_not_reopen_labeled_objects(vehicles: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ground Truth ignores ids that it has seen, so no label would ever close them again."""
    stage = submit(vehicles, ONE, objects=2)

    def send_and_label() -> None:
        stage.trigger()
        stage.receive(*(labeled(message) for message in vehicles.published("VOTVehicle")))

    once(monkeypatch, moves, "create", before=send_and_label)
    stage.trigger()
    assert outcomes(stage) == ["labeled", "labeled"]
    assert stage.open() == {}
    assert kind(stage, stage.wait()) == "success"
    vehicles.now += RESEND_SECONDS
    stage.trigger()
    assert vehicles.published("VOTVehicle") == []


def test_a_late_creation_does_not_send_again_what_is_labeled(vehicles: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was first died while sending, so that a full sending is under way; two of three are labeled by then."""
    stage = submit(vehicles, ONE, objects=3)

    def send_die_and_label() -> None:
        with dying_at(sending._Sending, "_end_full_send"):
            stage.trigger()
        stage.receive(*(labeled(message) for message in vehicles.published("VOTVehicle")[1:]))

    once(monkeypatch, moves, "create", before=send_die_and_label)
    send_all(stage)
    assert generations(vehicles.published("VOTVehicle")) == ["000000/g0"]


def test_a_late_creation_does_not_set_the_mark_back(vehicles: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the mark stands what was never sent: set back, objects that are under way would be written anew."""
    monkeypatch.setattr(sending, "_CREATED_PER_CURSOR", 1)
    stage = submit(vehicles, ONE, objects=3)
    create = moves.create
    written: list[int] = []

    def note(keys: list[ObjectKey], epoch: int) -> None:
        written.extend(key.index for key in keys)
        create(keys, epoch)

    def send_and_label() -> None:
        stage.trigger()
        stage.receive(*(labeled(message) for message in vehicles.published("VOTVehicle")[1:]))

    monkeypatch.setattr(moves, "create", note)
    once(monkeypatch, moves, "create", before=send_and_label)
    stage.trigger()
    assert written == [0, 1, 2, 0]
    assert [job.created for job in stage.items(Job).values()] == [3]
    assert [item[-6:] for item in stage.open()] == ["000000"]
    assert [item[-6:] for item in stage.done()] == ["000001", "000002"]


def test_a_late_transformation_does_not_undo_what_is_complete(vehicles: Cloud) -> None:
    """It still holds the place of a slice of the frames that another one has finished."""
    stage = submit(vehicles, ONE, objects=1)
    stale = Frames(
        task_id=stage.task_id,
        item=task_table.frames_item("1"),
        prefix="s3://everlabel-bucket/clips/0/fps-1/",
        extracted=100,
        resume="{}",
    )
    everlabel.frames._note(stale)
    stage.trigger()
    assert len(vehicles.published("VOTVehicle")) == 1


def test_a_labeled_object_that_a_crash_left_on_the_list_is_not_sent_again(vehicles: Cloud) -> None:
    """Its message comes again, but only after the job was replaced."""
    stage = submit(vehicles, ONE, objects=1)
    stage.trigger()
    (message,) = vehicles.published("VOTVehicle")
    stage.wait()
    with dying_at(Open, "delete"):
        stage.receive(labeled(message))
    assert len(stage.open()) == 1
    assert outcomes(stage) == ["labeled"]
    end_job(vehicles)
    stage.trigger()
    assert vehicles.published("VOTVehicle") == []


# Stops


@pytest.mark.usefixtures("vehicles")
def test_a_stop_aborts_an_execution_whose_arn_was_never_noted(cloud: Cloud) -> None:
    """The task knows which name its execution has."""
    with dying_at(Task, "update"):
        tasks.create({"labelingJobs": ONE})
    (name,) = cloud.step_functions.executions
    (task,) = Task.scan()
    assert (task.status, task.execution) == ("Initializing", None)
    tasks.stop(task_table.find_task(task.task_id))
    (stopped,) = cloud.step_functions.stopped
    assert stopped.endswith(f":{name}")


def test_a_stop_while_sending_ends_the_sending_and_closes_every_object(
    vehicles: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step Functions tells once that the execution was aborted; what is written after that, nobody closes."""
    monkeypatch.setattr(sending, "_CREATED_PER_CURSOR", 5)
    stage = submit(vehicles, ONE, objects=40)

    def stop() -> None:
        assert tell(tasks.stop(stage.now()).execution, "ABORTED") == []

    once(monkeypatch, moves, "create", after=stop)
    with pytest.raises(TaskNotInProgress, match="Stopped"):
        stage.trigger()
    assert vehicles.published("VOTVehicle") == []
    assert stage.open() == {}
    assert outcomes(stage) == ["stopped"] * 5


def test_a_stop_while_the_last_objects_are_listed_closes_them_and_none_is_sent(
    vehicles: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who closes what is open comes before the objects are written, and is not told again."""
    stage = submit(vehicles, ONE, objects=2)

    def stop() -> None:
        assert tell(tasks.stop(stage.now()).execution, "ABORTED") == []

    stopped = once(monkeypatch, moves, "create", before=stop)
    with pytest.raises(TaskNotInProgress, match="Stopped"):
        stage.trigger()
    assert stopped()
    assert vehicles.published("VOTVehicle") == []
    assert stage.open() == {}
    assert outcomes(stage) == ["stopped"] * 2


def test_a_stop_while_an_end_is_noted_closes_every_object(vehicles: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The execution had failed by itself, so no news of an abortion follow."""
    stage = submit(vehicles, ONE, objects=2)
    stage.trigger()
    stopped = once(monkeypatch, tasks, "end", before=lambda: tasks.stop(stage.now()))
    assert tell(stage.now().execution, "FAILED", error="x", cause="y") == []
    assert stopped()
    assert stage.now().status == TaskStatus.STOPPED
    assert stage.open() == {}
    assert outcomes(stage) == ["stopped", "stopped"]


# Lines that are hard to pass on


def with_comment(message: dict[str, Any], comment: str, times: int = 1) -> dict[str, Any]:
    """A label to which its worker had something to say."""
    line = labeled(message)
    line["VOTVehicle-ref-metadata"]["worker-feedback"] = [{"comment": comment}] * times
    return line


@pytest.fixture
def cut_in_half(vehicles: Cloud) -> Stage:
    """A task whose only label of level 1 has half of a surrogate pair in it, which JSON can and UTF-8 cannot write."""
    stage = submit(vehicles, CHAIN, objects=1)
    stage.trigger()
    (message,) = vehicles.published("VOTVehicle")
    token = stage.wait()
    assert stage.receive(json.dumps(with_comment(message, "cut \ud83d")), topic=now().output_topic) == []
    assert kind(stage, token) == "success"
    return stage


def test_half_a_surrogate_in_a_label_goes_to_the_next_level(cut_in_half: Stage) -> None:
    """What Ground Truth wrote it can read."""
    cut_in_half.trigger(2)
    assert len(cut_in_half.cloud.published("AdjVOTVehicle")) == 1


def test_half_a_surrogate_in_a_label_goes_to_the_output_manifest(cut_in_half: Stage) -> None:
    """A task must not fail at its very end because of a letter."""
    cut_in_half.trigger(2)
    cut_in_half.post_process()
    place = f"s3://everlabel-bucket/tasks/{cut_in_half.task_id}/level-1/VOTVehicle/output.manifest"
    (line,) = cut_in_half.cloud.lines(place)
    assert line["VOTVehicle-ref-metadata"]["worker-feedback"] == [{"comment": "cut \ud83d"}]


@pytest.mark.parametrize(("letter", "times"), [("x", 101), ("\u5b57", 95)], ids=["characters", "bytes"])
def test_a_line_that_is_too_long_fails_alone(vehicles: Cloud, letter: str, times: int) -> None:
    """The next level's other objects can be labeled all the same."""
    stage = submit(vehicles, CHAIN, objects=2, onObjectFailure="continue")
    stage.trigger()
    first, second = vehicles.published("VOTVehicle")
    token = stage.wait()
    commented = with_comment(first, letter * 1_000, times=times)
    stage.receive(json.dumps(commented, ensure_ascii=False), labeled(second))
    assert kind(stage, token) == "success"
    stage.trigger(2)
    (message,) = vehicles.published("AdjVOTVehicle")
    assert message["source-ref"] == second["source-ref"]
    assert [done.outcome for item, done in stage.done().items() if item.startswith("DONE#2#")] == ["failed"]
