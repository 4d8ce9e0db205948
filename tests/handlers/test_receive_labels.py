"""ReceiveLabels: each data object gets one outcome, and levels that are done wake up."""

import json
from typing import Any

import pytest

from everlabel import aws, moves, waking
from everlabel.data_object import CORRELATION_KEY, OBJECT_ID_KEY, ObjectKey
from everlabel.protocol import without_ids
from everlabel.task_table import Done, find_level
from tests.handlers.conftest import Cloud
from tests.handlers.stage import CHAIN, Stage, labeled, submit, unlabeled


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.labeling_job("VOTVehicle")
    stage = submit(cloud, CHAIN[:1], objects=2, maxExpiries=2)
    stage.trigger()
    return stage


@pytest.fixture
def messages(stage: Stage) -> list[dict[str, Any]]:
    return stage.cloud.published("VOTVehicle")


def quarantined(stage: Stage) -> list[str]:
    found = stage.cloud.s3.list_objects_v2(Bucket=aws.bucket(), Prefix="quarantine/").get("Contents", [])
    return [str(stage.cloud.object(entry["Key"])["reason"]) for entry in found]


def test_a_label_goes_to_the_record_with_its_line_and_off_the_to_do_list(
    stage: Stage, messages: list[dict[str, Any]]
) -> None:
    line = labeled(messages[0])
    assert stage.receive(line) == []
    done = stage.done()["DONE#1#VOTVehicle#000000"]
    assert (done.outcome, done.generation, json.loads(str(done.line))) == ("labeled", 0, line)
    assert list(stage.open()) == ["OPEN#1#VOTVehicle#000001"]


def test_the_last_label_wakes_the_level(stage: Stage, messages: list[dict[str, Any]]) -> None:
    token = stage.wait()
    stage.receive(labeled(messages[0]))
    assert stage.answered(token) is None
    stage.receive(labeled(messages[1]))
    assert stage.answered(token) == ("success", stage.goes_on(1, is_last=True))


def test_a_copy_of_a_result_changes_nothing(stage: Stage, messages: list[dict[str, Any]]) -> None:
    stage.receive(labeled(messages[0]))
    before = stage.done()["DONE#1#VOTVehicle#000000"].serialize()
    stage.cloud.now += 60
    assert stage.receive(labeled(messages[0]), labeled(messages[0])) == []
    assert stage.done()["DONE#1#VOTVehicle#000000"].serialize() == before
    assert stage.surplus() == {}


def test_a_second_label_is_kept_beside_the_first_and_never_used(stage: Stage, messages: list[dict[str, Any]]) -> None:
    stage.receive(labeled(messages[0]))
    second = {**labeled(messages[0]), "note": "another worker"}
    stage.receive(second)
    assert "note" not in str(stage.done()["DONE#1#VOTVehicle#000000"].line)
    assert [json.loads(item.line) for item in stage.surplus().values()] == [second]


def test_a_copy_wakes_the_level_that_its_original_could_not(
    stage: Stage, messages: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = stage.wait()
    with monkeypatch.context() as dying:
        dying.setattr(waking, "wake", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
        assert stage.receive(*(labeled(message) for message in messages)) == ["message-0", "message-1"]
    assert stage.answered(token) is None
    stage.receive(labeled(messages[1]))
    assert stage.answered(token) == ("success", stage.goes_on(1, is_last=True))


def test_a_copy_finishes_what_a_crash_between_record_and_to_do_list_left(
    stage: Stage, messages: list[dict[str, Any]]
) -> None:
    stage.receive(labeled(messages[1]))
    Done(
        task_id=stage.task_id,
        item="DONE#1#VOTVehicle#000000",
        outcome="labeled",
        generation=0,
        line=json.dumps(labeled(messages[0])),
        at="2027-01-15T08:00:00.000Z",
    ).save()
    token = stage.wait()
    assert stage.answered(token) is None
    stage.receive(labeled(messages[0]))
    assert stage.open() == {}
    assert stage.answered(token) is not None


def test_an_expiry_makes_the_object_due_under_a_new_generation_and_wakes(
    stage: Stage, messages: list[dict[str, Any]]
) -> None:
    token = stage.wait()
    stage.receive(unlabeled(messages[0]))
    todo = stage.open()["OPEN#1#VOTVehicle#000000"]
    assert (todo.generation, todo.due, todo.expiries) == (1, True, 1)
    answer = stage.answered(token)
    assert answer is not None
    assert answer[0] == "expired"


def test_a_notice_about_an_older_sending_wakes_nobody(stage: Stage, messages: list[dict[str, Any]]) -> None:
    stage.receive(unlabeled(messages[0]))
    stage.trigger()
    token = stage.wait()
    stage.receive(unlabeled(messages[0]))
    assert stage.answered(token) is None
    assert stage.open()["OPEN#1#VOTVehicle#000000"].generation == 1


def test_of_two_who_take_the_same_expiry_at_once_one_makes_the_new_generation(
    stage: Stage, messages: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ObjectKey(stage.task_id, 1, "VOTVehicle", 0)
    as_both_saw_it = moves.find_open(key)
    stage.receive(unlabeled(messages[0]))
    stage.trigger()
    with monkeypatch.context() as late:
        late.setattr(moves, "find_open", lambda _: as_both_saw_it)
        stage.receive(unlabeled(messages[0]))
    todo = stage.open()["OPEN#1#VOTVehicle#000000"]
    assert (todo.generation, todo.expiries, todo.due) == (1, 1, False)


def test_copies_of_an_expiry_count_once(stage: Stage, messages: list[dict[str, Any]]) -> None:
    stage.receive(unlabeled(messages[0]), unlabeled(messages[0]))
    stage.receive(unlabeled(messages[0]))
    assert stage.open()["OPEN#1#VOTVehicle#000000"].generation == 1


def test_a_copy_of_an_expiry_wakes_what_its_original_could_not(
    stage: Stage, messages: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(waking, "ask_to_send", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
        assert stage.receive(unlabeled(messages[0])) == ["message-0"]
    assert stage.open()["OPEN#1#VOTVehicle#000000"].generation == 1
    stage.receive(unlabeled(messages[0]))
    level = find_level(stage.task_id, 1)
    assert level is not None
    assert level.resend


def test_a_label_of_an_older_generation_counts(stage: Stage, messages: list[dict[str, Any]]) -> None:
    stage.receive(unlabeled(messages[0]))
    stage.receive(labeled(messages[0]))
    assert stage.done()["DONE#1#VOTVehicle#000000"].outcome == "labeled"
    assert list(stage.open()) == ["OPEN#1#VOTVehicle#000001"]


def test_an_expiry_after_the_label_changes_nothing(stage: Stage, messages: list[dict[str, Any]]) -> None:
    stage.receive(labeled(messages[0]))
    stage.receive(unlabeled(messages[0]))
    assert list(stage.open()) == ["OPEN#1#VOTVehicle#000001"]
    assert stage.done()["DONE#1#VOTVehicle#000000"].outcome == "labeled"


def test_expired_once_too_often_the_object_fails_with_the_reason(stage: Stage) -> None:
    for _ in range(3):
        expiry = unlabeled(
            next(line for line in stage.cloud.published("VOTVehicle") if "/000000/" in line[OBJECT_ID_KEY])
        )
        stage.receive(expiry)
        stage.trigger()
    done = stage.done()["DONE#1#VOTVehicle#000000"]
    assert done.outcome == "failed"
    assert done.reason == "expired 3 times, the last time with: Task expired in the portal"


def test_a_declined_object_goes_again(stage: Stage, messages: list[dict[str, Any]]) -> None:
    stage.receive(unlabeled(messages[0], "ClientError: the worker declined the task"))
    assert stage.open()["OPEN#1#VOTVehicle#000000"].due


def test_a_refused_object_fails_at_once(stage: Stage, messages: list[dict[str, Any]]) -> None:
    stage.receive(unlabeled(messages[0], "ClientError: Unsupported image format"))
    assert stage.done()["DONE#1#VOTVehicle#000000"].outcome == "failed"
    assert list(stage.open()) == ["OPEN#1#VOTVehicle#000001"]


def test_a_failure_line_with_a_placeholder_label_is_a_failure(stage: Stage, messages: list[dict[str, Any]]) -> None:
    stage.receive({**unlabeled(messages[0]), "VOTVehicle-ref": 0})
    assert stage.done() == {}
    assert stage.open()["OPEN#1#VOTVehicle#000000"].generation == 1


def test_a_late_label_of_a_failed_object_is_kept(stage: Stage, messages: list[dict[str, Any]]) -> None:
    stage.receive(unlabeled(messages[0], "Unsupported image format"))
    stage.receive(labeled(messages[0]))
    assert stage.done()["DONE#1#VOTVehicle#000000"].outcome == "failed"
    assert len(stage.surplus()) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda line: {key: value for key, value in line.items() if key != OBJECT_ID_KEY},
            "has no everlabel-object-id",
        ),
        (lambda line: {**line, OBJECT_ID_KEY: "s3://elsewhere/t/1/VOTVehicle.0/000000/g0"}, "not a deduplication id"),
        (lambda line: {**line, CORRELATION_KEY: "another/1/VOTVehicle/000000"}, "name different data objects"),
        (lambda line: {**line, "VOTVehicle-ref": "s3://clips/forged.json"}, "its labels are not below"),
        (lambda line: {**without_ids(line), **_ids(line, "VOTVehicle.0", "VOTVehicle.9")}, "incarnation 9"),
        (lambda line: {**without_ids(line), **_ids(line, "/000000/", "/000099/")}, "never sent"),
        (lambda line: {**without_ids(line), **_ids(line, "VOTVehicle", "Nobody")}, "no labeling job 'Nobody'"),
        (lambda line: {**without_ids(line), **_ids(line, "/1/VOT", "/2/VOT")}, "never sent"),
        (lambda line: {key: value for key, value in line.items() if "VOTVehicle-ref" not in key}, "neither"),
    ],
)
def test_what_nobody_can_place_is_put_aside_and_changes_nothing(
    stage: Stage, messages: list[dict[str, Any]], change: Any, words: str
) -> None:
    job = stage.cloud.labeling_job("VOTVehicle")
    assert stage.receive(change(labeled(messages[0])), topic=job.output_topic) == []
    assert len(quarantined(stage)) == 1
    assert words in quarantined(stage)[0]
    assert stage.done() == {}


def _ids(line: dict[str, Any], old: str, new: str) -> dict[str, str]:
    return {OBJECT_ID_KEY: line[OBJECT_ID_KEY].replace(old, new)}


def test_a_message_through_another_jobs_topic_is_put_aside(stage: Stage, messages: list[dict[str, Any]]) -> None:
    other = stage.cloud.labeling_job("LaneVOD", "VideoObjectDetection")
    stage.receive(labeled(messages[0]), topic=other.output_topic)
    assert "announces at" in quarantined(stage)[0]
    assert stage.done() == {}


def test_a_message_in_which_another_labeling_job_speaks_is_put_aside(
    stage: Stage, messages: list[dict[str, Any]]
) -> None:
    forged = labeled(messages[0])
    forged["VOTVehicle-ref-metadata"]["job-name"] = "labeling-job/everlabel-votvehicle-1"
    stage.receive(forged)
    assert "another labeling job answers what was sent to 'everlabel-votvehicle-0'" in quarantined(stage)[0]
    assert stage.done() == {}


@pytest.mark.parametrize("line", ["not json", "[]", "null", '"text"', "[" * 100_000])
def test_what_is_no_json_object_is_put_aside(stage: Stage, line: str) -> None:
    assert stage.receive(line) == []
    assert len(quarantined(stage)) == 1


def test_one_bad_message_does_not_hold_up_the_others(stage: Stage, messages: list[dict[str, Any]]) -> None:
    stage.receive(labeled(messages[0]), "not json", labeled(messages[1]))
    assert len(stage.done()) == 2


def test_a_message_that_cannot_be_written_comes_again_alone(
    stage: Stage, messages: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    label = moves.label

    def throttled(key: Any, *rest: Any, **more: Any) -> bool:
        if key.index == 0:
            raise RuntimeError("throttled")
        return label(key, *rest, **more)

    monkeypatch.setattr(moves, "label", throttled)
    assert stage.receive(*(labeled(message) for message in messages)) == ["message-0"]
    assert list(stage.done()) == ["DONE#1#VOTVehicle#000001"]


def test_the_object_that_everybody_waits_for_wakes_the_level_whatever_the_order(
    stage: Stage, messages: list[dict[str, Any]]
) -> None:
    token = stage.wait()
    stage.receive(unlabeled(messages[0]), labeled(messages[1]))
    assert stage.answered(token) is not None
    stage.trigger()
    again = stage.cloud.published("VOTVehicle")
    second = stage.wait()
    stage.receive(labeled(again[0]))
    assert stage.answered(second) == ("success", stage.goes_on(1, is_last=True))


def test_no_token_and_no_label_is_ever_logged(
    stage: Stage, messages: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    stage.wait(token="canary-token")  # noqa: S106 # a token of Step Functions
    stage.receive(*({**labeled(message), "canary": "canary-label"} for message in messages), "canary-garbage")
    logged = [str(record.__dict__) for record in caplog.records]
    assert logged
    assert not [record for record in logged if "canary" in record]


def test_what_fails_once_is_tried_again_at_once(
    stage: Stage, messages: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that comes again does so when it is visible again, after twelve minutes."""
    label, failures = moves.label, [RuntimeError("throttled")]

    def throttled(*args: Any, **more: Any) -> bool:
        if failures:
            raise failures.pop()
        return label(*args, **more)

    monkeypatch.setattr(moves, "label", throttled)
    assert stage.receive(*(labeled(message) for message in messages)) == []
    assert len(stage.done()) == 2


def test_whoever_dies_on_the_way_has_woken_the_levels_before(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.labeling_job("VOTVehicle")
    stages = [submit(cloud, CHAIN[:1], objects=1, clipId=name) for name in ("first", "second")]
    for stage in stages:
        stage.trigger()
    lines = {line[OBJECT_ID_KEY].split("/")[3]: line for line in cloud.published("VOTVehicle")}
    tokens = [stage.wait(token=stage.task_id) for stage in stages]
    label = moves.label

    class Died(BaseException):
        pass

    def die(key: Any, *rest: Any, **more: Any) -> bool:
        if key.task_id == stages[1].task_id:
            raise Died
        return label(key, *rest, **more)

    monkeypatch.setattr(moves, "label", die)
    with pytest.raises(Died):
        stages[0].receive(*(labeled(lines[stage.task_id]) for stage in stages))
    assert [stages[0].answered(token) is not None for token in tokens] == [True, False]
