"""AnnotationTasksApi: what is taken in, what is refused and how, what is shown."""

import base64
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

import annotation_tasks_api
from everlabel import aws, clock, executions, job_table, moves, task_table, tasks, waking
from everlabel.data_object import ObjectKey
from everlabel.job_table import LabelingJob
from everlabel.task_table import Task, TaskStatus
from tests.handlers.api_events import TOKEN, Answer, Api, http_event
from tests.handlers.conftest import Cloud
from tests.handlers.stage import labeled, submit

API = Api(annotation_tasks_api.handler)
TASKS = "/annotation-tasks"
# As the source article prints it, byte for byte.
DEFINITION = (
    '{"labelingJobs": [{"jobName": "VOTVehicle", "inputConfig": {"clipS3Uri": "s3://clip_bucket_fake/clip_id_1234",'
    ' "fps": 1}, "jobLevel": 1}, {"jobName": "AdjVOTVehicle", "inputConfig": {"chainFromJobName": "VOTVehicle"},'
    ' "jobLevel": 2}]}'
)
TASK_ID = "clip-id-1234-1f91bfb4506b27c1"
CLIP = "labelingJobs[0].inputConfig.clipS3Uri"


@pytest.fixture(autouse=True)
def jobs(cloud: Cloud) -> None:
    """The labeling jobs that the definition names, and some that it must not name."""
    cloud.labeling_job("VOTVehicle")
    cloud.labeling_job("AdjVOTVehicle", "AdjustmentVideoObjectTracking", audit="VOTVehicle-ref")


def body(change: Callable[[dict[str, Any]], object] = lambda _body: None) -> dict[str, Any]:
    """The definition, changed."""
    made: dict[str, Any] = copy.deepcopy(json.loads(DEFINITION))
    change(made)
    return made


def post(given: Any) -> Answer:
    return API.call("POST", TASKS, given)


def put_state(job_name: str, state: str) -> None:
    job = job_table.find(job_name)
    assert job is not None
    job.update(actions=[LabelingJob.state.set(state)])


# ---- taken in -----------------------------------------------------------------------------------------------------


def test_the_definition_of_the_source_is_taken_in_and_started(cloud: Cloud) -> None:
    answer = post(DEFINITION)
    assert answer.status == 202
    assert answer.body == {
        "taskId": TASK_ID,
        "status": "InProgress",
        "executionArn": f"{aws.setting('STATE_MACHINE').replace(':stateMachine:', ':execution:')}:{TASK_ID}-0",
        "href": f"/annotation-tasks/{TASK_ID}",
    }
    assert cloud.step_functions.executions == {f"{TASK_ID}-0": json.dumps({"taskId": TASK_ID})}
    assert json.loads(task_table.find_task(TASK_ID).definition) == json.loads(DEFINITION)


@pytest.mark.parametrize("given", [DEFINITION, DEFINITION.encode(), json.dumps(json.loads(DEFINITION), indent=4)])
def test_the_same_clip_and_jobs_again_are_the_same_task(cloud: Cloud, given: str | bytes) -> None:
    first = post(DEFINITION)
    again = post(given)
    assert (first.status, again.status) == (202, 200)
    assert again.body == first.body
    assert len(cloud.step_functions.executions) == 1


def test_a_definition_with_all_its_options_is_taken_in_and_shown_as_it_was_given() -> None:
    given = body()
    given |= {
        "clipId": "drive-7.clip-3",
        "attributes": {"drive": {"city": "München", "rain": False, "km": 12.5, "lanes": 3}},
        "resendAfterSeconds": 60,
        "maxExpiries": 0,
        "onObjectFailure": "continue",
    }
    task_id = post(given).body["taskId"]
    shown = API.call("GET", f"{TASKS}/{task_id}").body
    assert shown["definition"] == given
    assert shown["clipId"] == "drive-7.clip-3"
    task = task_table.find_task(task_id)
    assert (task.resend_after_seconds, task.max_expiries) == (60, 0)


def test_without_options_the_deployment_decides() -> None:
    post(DEFINITION)
    task = task_table.find_task(TASK_ID)
    assert (task.resend_after_seconds, task.max_expiries) == (432_000, 10)


@pytest.mark.parametrize("moment", ["before it is stored", "before it starts", "after it started"])
def test_posted_twice_at_once_it_is_one_task_with_one_execution(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    others: list[tuple[Task, bool]] = []
    now, start = clock.now, executions.start

    def other_comes() -> None:
        if not others:
            others.append((Task(), False))  # so that the other one is not interrupted itself
            others[0] = tasks.create(body())

    def interrupted_now() -> float:
        if moment == "before it is stored":
            other_comes()
        return now()

    def interrupted_start(name: str, task_id: str) -> str:
        if moment == "before it starts":
            other_comes()
        arn = start(name, task_id)
        if moment == "after it started":
            other_comes()
        return arn

    monkeypatch.setattr(clock, "now", interrupted_now)
    monkeypatch.setattr(executions, "start", interrupted_start)
    answer = post(DEFINITION)
    ((other, other_is_new),) = others
    assert answer.body["taskId"] == other.task_id == TASK_ID
    assert {answer.status, 202 if other_is_new else 200} == {200, 202}
    assert list(cloud.step_functions.executions) == [f"{TASK_ID}-0"]
    assert answer.body["status"] == task_table.find_task(TASK_ID).status == "InProgress"
    assert answer.body["executionArn"] == other.execution


def test_a_task_that_was_stored_but_not_started_starts_when_it_is_posted_again(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:

        def unavailable(*_: str) -> str:
            raise ClientError({"Error": {"Code": "ServiceUnavailable", "Message": "x"}}, "StartExecution")

        broken.setattr(executions, "start", unavailable)
        assert post(DEFINITION).status == 500
    assert task_table.find_task(TASK_ID).status == "Initializing"
    again = post(DEFINITION)
    assert (again.status, again.body["status"]) == (200, "InProgress")
    assert list(cloud.step_functions.executions) == [f"{TASK_ID}-0"]


# ---- refused ------------------------------------------------------------------------------------------------------


def step(number: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda given: given["labelingJobs"][number]


FIRST, SECOND = step(0), step(1)


FAULTY: list[tuple[Callable[[dict[str, Any]], object], set[str]]] = [
    (lambda given: given.clear(), {"labelingJobs"}),
    (lambda given: given.update(labelingJobs=[]), {"labelingJobs"}),
    (lambda given: given.update(labelingJobs={}), {"labelingJobs"}),
    (lambda given: given.update(surprise=1), {"surprise"}),
    (lambda given: FIRST(given).update(surprise=1), {"labelingJobs[0].surprise"}),
    (lambda given: FIRST(given)["inputConfig"].update(x=1), {"labelingJobs[0].inputConfig.x"}),
    (
        lambda given: FIRST(given).clear(),
        {
            "labelingJobs",
            "labelingJobs[0].jobName",
            "labelingJobs[0].inputConfig",
            "labelingJobs[0].jobLevel",
            "labelingJobs[1].inputConfig.chainFromJobName",
        },
    ),
    (lambda given: FIRST(given).pop("inputConfig"), {"labelingJobs[0].inputConfig"}),
    (lambda given: FIRST(given)["inputConfig"].pop("fps"), {"labelingJobs[0].inputConfig"}),
    (lambda given: FIRST(given)["inputConfig"].pop("clipS3Uri"), {"labelingJobs[0].inputConfig"}),
    (
        lambda given: FIRST(given)["inputConfig"].update(chainFromJobName="VOTVehicle"),
        {"labelingJobs[0].inputConfig", "labelingJobs[0].inputConfig.chainFromJobName"},
    ),
    (lambda given: SECOND(given).update(jobLevel=3), {"labelingJobs"}),
    (
        lambda given: (FIRST(given).update(jobLevel=2), SECOND(given).update(jobLevel=3)),
        {"labelingJobs"},
    ),
    (lambda given: FIRST(given).update(jobLevel=0), {"labelingJobs", "labelingJobs[0].jobLevel"}),
    (lambda given: SECOND(given).update(jobLevel=True), {"labelingJobs[1].jobLevel"}),
    (lambda given: SECOND(given).update(jobLevel=2.0), {"labelingJobs[1].jobLevel"}),
    (lambda given: SECOND(given).update(jobLevel="2"), {"labelingJobs[1].jobLevel"}),
    (lambda given: SECOND(given).update(jobLevel=10**15), {"labelingJobs", "labelingJobs[1].jobLevel"}),
    (lambda given: given["labelingJobs"].append(FIRST(given)), {"labelingJobs[2].jobName"}),
    (
        lambda given: SECOND(given).update(jobLevel=1),
        {"labelingJobs[1].inputConfig.chainFromJobName"},
    ),
    (
        lambda given: SECOND(given)["inputConfig"].update(chainFromJobName="Nobody"),
        {"labelingJobs[1].inputConfig.chainFromJobName"},
    ),
    (
        lambda given: FIRST(given).update(jobName="a#b"),
        {"labelingJobs[0].jobName", "labelingJobs[1].inputConfig.chainFromJobName"},
    ),
    (
        lambda given: FIRST(given).update(jobName="a" + "-" * 3_000 + "b"),
        {"labelingJobs[0].jobName", "labelingJobs[1].inputConfig.chainFromJobName"},
    ),
    (lambda given: SECOND(given).update(jobName="Nobody"), {"labelingJobs[1].jobName"}),
    (lambda given: FIRST(given)["inputConfig"].update(fps=0.09), {"labelingJobs[0].inputConfig.fps"}),
    (lambda given: FIRST(given)["inputConfig"].update(fps=60.01), {"labelingJobs[0].inputConfig.fps"}),
    (lambda given: FIRST(given)["inputConfig"].update(fps="1"), {"labelingJobs[0].inputConfig.fps"}),
    (lambda given: FIRST(given)["inputConfig"].update(fps=True), {"labelingJobs[0].inputConfig.fps"}),
    (lambda given: FIRST(given)["inputConfig"].update(clipS3Uri="s3://elsewhere/a"), {CLIP}),
    (lambda given: FIRST(given)["inputConfig"].update(clipS3Uri="s3://clips/../a"), {CLIP}),
    (lambda given: FIRST(given)["inputConfig"].update(clipS3Uri="s3://clips/a\u0007"), {CLIP}),
    (lambda given: FIRST(given)["inputConfig"].update(clipS3Uri="s3://clips/a?X-Amz-Signature=1"), {CLIP}),
    (lambda given: FIRST(given)["inputConfig"].update(clipS3Uri="s3://clips"), {CLIP}),
    (lambda given: FIRST(given)["inputConfig"].update(clipS3Uri="file:///etc/passwd"), {CLIP}),
    (lambda given: FIRST(given)["inputConfig"].update(clipS3Uri=5), {CLIP}),
    (lambda given: given.update(clipId="../x"), {"clipId"}),
    (lambda given: given.update(attributes={"drive": {"x": []}}), {"attributes.drive.x"}),
    (lambda given: given.update(attributes={"other": {}}), {"attributes.other"}),
    (lambda given: given.update(resendAfterSeconds=0), {"resendAfterSeconds"}),
    (lambda given: given.update(resendAfterSeconds=14 * 86_400), {"resendAfterSeconds"}),
    (lambda given: given.update(maxExpiries=-1), {"maxExpiries"}),
    (lambda given: given.update(onObjectFailure="ignore"), {"onObjectFailure"}),
]


def test_a_faulty_definition_is_refused_with_each_field_at_once(cloud: Cloud) -> None:
    answers = [post(body(change)) for change, _ in FAULTY]
    assert {answer.status for answer in answers} == {400}
    assert [set(answer.faults) for answer in answers] == [fields for _, fields in FAULTY]
    # What has the wrong form is not said to have the wrong meaning too.
    assert [len(answer.body["faults"]) for answer in answers] == [len(fields) for _, fields in FAULTY]
    assert API.call("GET", TASKS).body["annotationTasks"] == []
    assert cloud.step_functions.executions == {}


def test_faults_of_form_and_of_meaning_come_in_one_answer(cloud: Cloud) -> None:
    cloud.labeling_job("Lines", annotationType="Polyline")
    put_state("VOTVehicle", "Stopped")
    answer = post(
        {
            "labelingJobs": [
                {"jobName": "VOTVehicle", "inputConfig": {"clipS3Uri": "s3://elsewhere/a", "fps": 99}, "jobLevel": 1},
                {"jobName": "Lines", "inputConfig": {"clipS3Uri": "s3://elsewhere/b", "fps": 1}, "jobLevel": 1},
                {"jobName": "AdjVOTVehicle", "inputConfig": {"chainFromJobName": "Lines"}, "jobLevel": 3},
                {"jobName": "Nobody", "inputConfig": {"chainFromJobName": "Lines"}, "jobLevel": 3, "priority": 1},
            ],
            "maxExpiries": "many",
        }
    )
    assert answer.status == 400
    assert set(answer.faults) == {
        "labelingJobs",
        "labelingJobs[0].inputConfig.clipS3Uri",
        "labelingJobs[0].inputConfig.fps",
        "labelingJobs[0].jobName",
        "labelingJobs[1].inputConfig.clipS3Uri",
        "labelingJobs[2].inputConfig.chainFromJobName",
        "labelingJobs[3].jobName",
        "labelingJobs[3].priority",
        "maxExpiries",
    }
    assert answer.body["detail"] == f"The request has {len(answer.body['faults'])} faults."
    assert "VOTVehicle' is Stopped" in answer.faults["labelingJobs[0].jobName"]
    assert "Polyline" in answer.faults["labelingJobs[2].inputConfig.chainFromJobName"]


def test_a_wrong_form_is_said_in_words_of_json() -> None:
    answer = post(
        {
            "labelingJobs": [
                {"jobName": "", "inputConfig": 5, "jobLevel": True, "x": 1},
                {"inputConfig": {"clipS3Uri": "", "fps": 99, "chainFromJobName": None}, "jobLevel": 1.5},
                {"jobName": None, "inputConfig": {"clipS3Uri": 1, "fps": 0.05}, "jobLevel": 0},
            ],
            "attributes": {"drive": 5, "clip": {"a": None}},
            "onObjectFailure": "ignore",
            "clipId": "ü",
        }
    )
    first, second, third = (f"labelingJobs[{number}]" for number in range(3))
    assert answer.faults == {
        "attributes.clip.a": "must be text, a finite number, true or false; got null",
        "attributes.drive": "must be a JSON object; got 5",
        "clipId": 'must match ^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$; got "ü"',
        f"{first}.inputConfig": "must be a JSON object; got 5",
        f"{first}.jobLevel": "must be a whole number; got true",
        f"{first}.jobName": 'must match ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}$; got ""',
        f"{first}.x": "is not a known field",
        f"{second}.inputConfig.clipS3Uri": 'must have at least 1 character; got ""',
        f"{second}.inputConfig.fps": "must be at most 60; got 99",
        f"{second}.jobLevel": "must be a whole number; got 1.5",
        f"{second}.jobName": "is missing",
        f"{third}.inputConfig.clipS3Uri": "must be text; got 1",
        f"{third}.inputConfig.fps": "must be at least 0.1; got 0.05",
        f"{third}.jobLevel": "must be at least 1; got 0",
        f"{third}.jobName": "must be text; got null",
        "onObjectFailure": "must be 'fail' or 'continue'; got \"ignore\"",
    }
    assert post({"labelingJobs": []}).faults == {"labelingJobs": "must have at least 1 item"}
    assert post({"labelingJobs": {}}).faults == {"labelingJobs": "must be a JSON array"}


UNREADABLE: list[tuple[str | bytes | None, str]] = [
    (None, "a body is needed"),
    ("", "a body is needed"),
    ("null", "a body is needed"),
    ("{", "is not JSON"),
    ("labelingJobs: []", "is not JSON"),
    (DEFINITION[:-1], "is not JSON"),
    (DEFINITION.replace('"fps": 1', '"fps": NaN'), "is not JSON: NaN"),
    (DEFINITION.replace('"fps": 1', '"fps": ' + "9" * 5_000), "is not JSON"),
    (DEFINITION.replace("clip_id_1234", "\\ud800"), "is not Unicode text"),
    (b"\xff\xfe", "is not Unicode text"),
    ("[" * 60_000, "nested too deeply"),
    (DEFINITION.replace('"fps": 1', '"fps": 1, "fps": 2'), "has the key 'fps' twice"),
    ("[]", "must be a JSON object"),
    ("5", "must be a JSON object; got 5"),
    ('"text"', 'must be a JSON object; got "text"'),
    ("x" * 65_537, "has 65537 bytes; at most 65536 are taken"),
    ("ü" * 32_769, "has 65538 bytes"),
    (b"x" * 65_537, "has 65537 bytes"),
]


def test_a_body_that_cannot_be_read_is_refused() -> None:
    for given, says in UNREADABLE:
        answer = post(given)
        assert answer.status == 400
        assert list(answer.faults) == ["body"]
        assert says in answer.faults["body"]


@pytest.mark.parametrize("encode", [str, str.encode])
def test_64_kilobytes_are_taken(encode: Callable[[str], str | bytes]) -> None:
    assert post(encode(DEFINITION.ljust(65_536))).status == 202


def test_a_body_of_another_kind_is_refused() -> None:
    answer = API.take(http_event("POST", TASKS, DEFINITION, content_type="application/x-www-form-urlencoded"))
    assert answer.status == 415
    assert "application/json" in answer.body["detail"]


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", ""])
def test_json_by_any_name_is_taken(content_type: str) -> None:
    assert API.take(http_event("POST", TASKS, DEFINITION, content_type=content_type)).status == 202


def test_what_is_not_there_is_not_found() -> None:
    for method, path in [
        ("GET", f"{TASKS}/nobody"),
        ("POST", f"{TASKS}/nobody/stop"),
        ("POST", f"{TASKS}/nobody/retry"),
        ("GET", f"{TASKS}/nobody/stop"),
        ("DELETE", TASKS),
        ("GET", "/"),
    ]:
        assert API.call(method, path).status == 404


@pytest.mark.parametrize(("method", "after"), [("GET", ""), ("POST", "/stop"), ("POST", "/retry")])
def test_an_id_longer_than_any_of_ours_is_refused(method: str, after: str) -> None:
    answer = API.call(method, f"{TASKS}/{'x' * 3_000}{after}")
    assert answer.status == 400
    assert list(answer.faults) == ["path.taskId"]


def test_an_error_of_our_own_says_nothing_of_the_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> Task:
        raise RuntimeError(f"OPEN#1 {TOKEN} pydantic")

    monkeypatch.setattr(task_table, "find_task", fail)
    answer = API.call("GET", f"{TASKS}/{TASK_ID}")
    assert answer.status == 500


def test_an_answer_of_ours_that_has_the_wrong_form_is_our_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotation_tasks_api, "view_of", lambda *_: {"task_id": 5})
    post(DEFINITION)
    assert API.call("GET", f"{TASKS}/{TASK_ID}").status == 500


# ---- stopped and retried ------------------------------------------------------------------------------------------


def test_stopping_stops_the_execution_and_may_be_repeated(cloud: Cloud) -> None:
    arn = post(DEFINITION).body["executionArn"]
    for _ in range(2):
        answer = API.call("POST", f"{TASKS}/{TASK_ID}/stop")
        assert (answer.status, answer.body["status"]) == (202, "Stopping")
    assert set(cloud.step_functions.stopped) == {arn}
    assert post(DEFINITION).body["status"] == "Stopping"


@pytest.mark.parametrize("status", [TaskStatus.COMPLETED, TaskStatus.FAILED])
def test_what_has_ended_cannot_be_stopped(cloud: Cloud, status: TaskStatus) -> None:
    post(DEFINITION)
    tasks.end(TASK_ID, status)
    answer = API.call("POST", f"{TASKS}/{TASK_ID}/stop")
    assert answer.status == 409
    assert str(status) in answer.body["detail"]
    assert cloud.step_functions.stopped == []


def test_a_failed_task_goes_on_in_an_execution_of_its_own(cloud: Cloud) -> None:
    post(DEFINITION)
    tasks.end(TASK_ID, TaskStatus.FAILED, "ClipRefused: not a video")
    assert API.call("GET", f"{TASKS}/{TASK_ID}").body["reason"] == "ClipRefused: not a video"
    answer = API.call("POST", f"{TASKS}/{TASK_ID}/retry")
    assert (answer.status, answer.body["status"]) == (202, "InProgress")
    assert answer.body["executionArn"].endswith(f":{TASK_ID}-1")
    assert set(cloud.step_functions.executions) == {f"{TASK_ID}-0", f"{TASK_ID}-1"}
    assert API.call("GET", f"{TASKS}/{TASK_ID}").body["reason"] is None


@pytest.mark.parametrize("status", [None, TaskStatus.COMPLETED, TaskStatus.STOPPED])
def test_only_what_failed_can_be_retried(cloud: Cloud, status: TaskStatus | None) -> None:
    post(DEFINITION)
    if status is not None:
        tasks.end(TASK_ID, status)
    answer = API.call("POST", f"{TASKS}/{TASK_ID}/retry")
    assert answer.status == 409
    assert str(status or "InProgress") in answer.body["detail"]
    assert list(cloud.step_functions.executions) == [f"{TASK_ID}-0"]


# ---- shown --------------------------------------------------------------------------------------------------------


def test_progress_is_shown_per_level_and_job(cloud: Cloud) -> None:
    cloud.labeling_job("LaneVOD", "VideoObjectDetection")
    steps = [
        *json.loads(DEFINITION)["labelingJobs"],
        {
            "jobName": "LaneVOD",
            "inputConfig": {"clipS3Uri": "s3://clip_bucket_fake/clip_id_1234", "fps": 1},
            "jobLevel": 1,
        },
    ]
    stage = submit(cloud, steps, objects=5)
    stage.trigger()
    keys = [ObjectKey(stage.task_id, 1, "VOTVehicle", index) for index in range(5)]
    line = json.dumps(labeled({}))
    moves.label(keys[0], 0, line)
    moves.label(keys[0], 0, f"{line} ")
    moves.expire(keys[1], 0, 0, "expired", moves.Patience(10, 1e9))
    moves.expire(keys[2], 0, 0, "expired", moves.Patience(10, 1e9))
    moves.expire(keys[2], 1, 0, "expired", moves.Patience(10, 1e9))
    moves.label(keys[2], 2, line)
    moves.fail(keys[3], 0, 0, "corrupt")
    cloud.step_functions.waiting.add(TOKEN)
    waking.park(stage.task_id, 1, TOKEN, waking.fence("2027-01-15T08:00:00.000Z", 0))

    shown = API.call("GET", f"{TASKS}/{stage.task_id}").body
    assert [(level["jobLevel"], [job["jobName"] for job in level["labelingJobs"]]) for level in shown["progress"]] == [
        (1, ["LaneVOD", "VOTVehicle"])
    ]
    lanes, vehicles = shown["progress"][0]["labelingJobs"]
    manifests = f"s3://{aws.bucket()}/tasks/{stage.task_id}/level-1"
    assert vehicles == {
        "jobName": "VOTVehicle",
        "dataObjects": 5,
        "waiting": 1,
        "sent": 1,
        "labeled": 2,
        "failed": 1,
        "stopped": 0,
        "expiries": 3,
        "resends": 0,
        "inputManifestS3Uri": f"{manifests}/VOTVehicle/input.manifest",
        "outputManifestS3Uri": None,
    }
    assert (lanes["sent"], lanes["waiting"], lanes["labeled"]) == (5, 0, 0)
    assert shown["frames"] == [{"fps": 1, "frames": 5, "done": True}]
    assert [entry["event"] for entry in shown["timeline"]] == ["created", "frames at 1 fps extracted", "level 1 began"]
    assert shown["level"] == 1
    assert shown["levels"] == 2


def test_a_refresh_is_shown_as_a_resend_and_a_second_level_beside_the_first(cloud: Cloud) -> None:
    stage = submit(cloud, objects=1)
    stage.trigger()
    cloud.now += 5 * 86_400
    stage.trigger()
    first = cloud.published("VOTVehicle")[0]
    stage.receive(labeled(first))
    stage.trigger(level=2)
    shown = API.call("GET", f"{TASKS}/{stage.task_id}").body
    jobs_ = [job for level in shown["progress"] for job in level["labelingJobs"]]
    assert [(job["jobName"], job["labeled"], job["sent"], job["resends"]) for job in jobs_] == [
        ("VOTVehicle", 1, 0, 1),
        ("AdjVOTVehicle", 0, 1, 0),
    ]
    assert shown["level"] == 2


def test_a_completed_task_shows_its_outputs(cloud: Cloud) -> None:
    stage = submit(cloud, json.loads(DEFINITION)["labelingJobs"][:1], objects=1)
    stage.trigger()
    stage.receive(labeled(cloud.published("VOTVehicle")[0]))
    stage.post_process()
    shown = API.call("GET", f"{TASKS}/{stage.task_id}").body
    assert shown["status"] == "Completed"
    (job,) = shown["progress"][0]["labelingJobs"]
    assert len(cloud.lines(job["outputManifestS3Uri"])) == 1
    assert shown["summaryS3Uri"] == f"s3://{aws.bucket()}/tasks/{stage.task_id}/summary.json"
    assert shown["timeline"][-1]["event"] == "Completed"


# ---- listed -------------------------------------------------------------------------------------------------------


@pytest.fixture
def seven(cloud: Cloud) -> list[str]:
    """Seven tasks, a second apart: 0 and 5 completed, 1 failed, 4 stopped, the others in progress."""
    made = []
    for number in range(7):
        cloud.now += 1
        made.append(post(body(lambda given, number=number: given.update(clipId=f"clip-{number}"))).body["taskId"])  # type: ignore[misc]
    for number, status in {
        0: TaskStatus.COMPLETED,
        5: TaskStatus.COMPLETED,
        1: TaskStatus.FAILED,
        4: TaskStatus.STOPPED,
    }.items():
        tasks.end(made[number], status)
    return made


def pages(**query: str) -> list[list[str]]:
    """All pages of a listing, as numbers of clips."""
    found: list[list[str]] = []
    token = None
    while token is not None or not found:
        answer = API.call("GET", TASKS, query={**query, **({"nextToken": token} if token else {})})
        assert answer.status == 200
        found.append([row["clipId"].removeprefix("clip-") for row in answer.body["annotationTasks"]])
        token = answer.body["nextToken"]
        assert len(found) < 20
    return found


@pytest.mark.usefixtures("seven")
def test_pages_give_every_task_once_whatever_their_size() -> None:
    for size in (1, 2, 3, 4, 7, 100):
        found = pages(maxResults=str(size))
        assert sorted(number for page in found for number in page) == list("0123456")
        assert all(len(page) <= size for page in found)


@pytest.mark.usefixtures("seven")
def test_a_status_is_listed_alone_and_oldest_first() -> None:
    assert sum(pages(status="InProgress"), []) == list("236")  # noqa: RUF017 # few
    assert sum(pages(status="InProgress", maxResults="2"), []) == list("236")  # noqa: RUF017
    assert sum(pages(status="Completed", maxResults="1"), []) == list("05")  # noqa: RUF017
    assert pages(status="Failed") == [["1"]]
    assert pages(status="Initializing") == [[]]


@pytest.mark.usefixtures("seven")
def test_a_row_says_what_a_reader_needs() -> None:
    (row,) = API.call("GET", TASKS, query={"status": "Failed"}).body["annotationTasks"]
    assert set(row) == {
        "taskId", "clipId", "clipS3Uri", "status", "level", "levels", "createdAt", "updatedAt", "reason",
    }  # fmt: skip
    assert row["clipS3Uri"] == "s3://clip_bucket_fake/clip_id_1234"
    assert row["levels"] == 2


def encoded(place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def key(**change: Any) -> dict[str, Any]:
    values = {"task_id": "t", "item": "TASK", "status": "InProgress", "created_at": "2027"} | change
    return {name: {"S": value} for name, value in values.items()}


NO_TOKENS = [
    "x",
    "ü",
    "%%%",
    encoded([]),
    encoded({}),
    encoded({"status": "InProgress"}),
    encoded({"status": "Nothing", "after": None}),
    encoded({"status": "InProgress", "after": {}}),
    encoded({"status": "InProgress", "after": "S"}),
    encoded({"status": "InProgress", "after": {"task_id": {"S": "t"}}}),
    encoded({"status": "InProgress", "after": key(task_id="")}),
    encoded({"status": "InProgress", "after": key(task_id=5)}),
    encoded({"status": "InProgress", "after": key(status="Failed")}),
    encoded({"status": "InProgress", "after": key(item="LEVEL-1")}),
    encoded({"status": "InProgress", "after": key() | {"definition": {"S": "x"}}}),
    encoded({"status": "InProgress", "after": key() | {"task_id": {"N": "1"}}}),
    base64.urlsafe_b64encode(b"[" * 1_400).decode(),
    base64.urlsafe_b64encode(b"\xff").decode(),
    "a" * 2_001,
]


@pytest.mark.usefixtures("seven")
def test_a_token_that_no_page_gave_is_refused() -> None:
    answers = [API.call("GET", TASKS, query={"nextToken": token}) for token in NO_TOKENS]
    assert [(answer.status, list(answer.faults)) for answer in answers] == [(400, ["query.nextToken"])] * len(NO_TOKENS)


@pytest.mark.usefixtures("seven")
def test_a_token_of_another_listing_is_refused() -> None:
    token = API.call("GET", TASKS, query={"status": "InProgress", "maxResults": "1"}).body["nextToken"]
    answer = API.call("GET", TASKS, query={"status": "Completed", "nextToken": token})
    assert answer.status == 400
    assert "InProgress" in answer.faults["query.nextToken"]


QUERIES = [
    ({"status": "Nothing"}, "query.status"),
    ({"status": ""}, "query.status"),
    ({"status": "inprogress"}, "query.status"),
    ({"maxResults": "0"}, "query.maxResults"),
    ({"maxResults": "101"}, "query.maxResults"),
    ({"maxResults": "many"}, "query.maxResults"),
    ({"state": "Failed"}, "query.state"),
    ({"maxresults": "1"}, "query.maxresults"),
]


def test_an_unknown_query_value_is_refused() -> None:
    answers = [API.call("GET", TASKS, query=query) for query, _ in QUERIES]
    assert [(answer.status, list(answer.faults)) for answer in answers] == [(400, [field]) for _, field in QUERIES]


def test_an_unknown_query_parameter_is_refused_beside_other_faults() -> None:
    answer = API.call("GET", TASKS, query={"state": "Failed", "maxResults": "0", "status": "Failed"})
    assert answer.status == 400
    assert set(answer.faults) == {"query.state", "query.maxResults"}
    assert answer.faults["query.state"] == "is not a known parameter; known are status, maxResults, nextToken"
