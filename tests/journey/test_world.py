"""What the laptop world promises, tried from outside: over HTTP and with boto3."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local import credentials
from local.credentials import KEY_ID, SECRET
from local.world import Settings, World

LAPTOP = Credentials(KEY_ID, SECRET)


@pytest.fixture(scope="module")
def world(small_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = Settings(
        template=small_template, parameters={"Greeting": "hi"}, patience=1, logs=tmp_path_factory.mktemp("logs")
    )
    with World(settings) as made:
        yield made
    left = [t.name for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon]
    assert not left, f"threads outlived their world: {left}"


def invoke(world: World, function: str, event: Any, **more: Any) -> Any:
    payload = json.dumps(event).encode()
    return world.client("lambda").invoke(FunctionName=world.resource(function), Payload=payload, **more)


def item(world: World, name: str) -> dict[str, Any] | None:
    found = world.client("dynamodb").get_item(TableName=world.resource("Table"), Key={"id": {"S": name}}).get("Item")
    return None if found is None else {key: next(iter(value.values())) for key, value in found.items()}


def start(world: World, **execution_input: Any) -> str:
    client = world.client("stepfunctions")
    machine = world.outputs["Machine"]
    arn: str = client.start_execution(stateMachineArn=machine, input=json.dumps(execution_input))["executionArn"]
    return arn


def ended(world: World, arn: str) -> Any:
    def look() -> Any:
        found = world.client("stepfunctions").describe_execution(executionArn=arn)
        return None if found["status"] == "RUNNING" else found

    return world.wait_until(look, 20)


def parked(world: World, name: str, retries: str = "0") -> str:
    """The token of the task that waits under this name, at this attempt."""
    found = world.wait_until(lambda: (f := item(world, name)) and f["retries"] == retries and f, 20)
    token: str = found["token"]
    return token


def request(world: World, method: str, path: str, body: bytes = b"", signer: Credentials = LAPTOP) -> requests.Response:
    made = AWSRequest(method, world.api_url + path, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(signer, "execute-api", "us-east-1").add_auth(made)
    prepared = made.prepare()
    return requests.request(method, prepared.url, data=body, headers=dict(prepared.headers), timeout=20)


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    code: str = refused.value.response["Error"]["Code"]
    return code


class TestLambda:
    def test_runs_the_real_handler_with_the_variables_of_the_template(self, world: World) -> None:
        answer = json.load(invoke(world, "Echo", {"a": [1, "é"]})["Payload"])
        assert answer["event"] == {"a": [1, "é"]}
        assert answer["greeting"] == "hi"
        assert answer["function"] == world.resource("Echo")
        assert 0 < answer["milliseconds"] <= 10_000

    def test_keeps_a_worker_warm(self, world: World) -> None:
        first, second = (json.load(invoke(world, "Echo", {})["Payload"])["process"] for _ in range(2))
        assert first == second

    def test_gives_a_handler_only_its_code_and_installed_packages(self, world: World, small_template: Path) -> None:
        path = json.load(invoke(world, "Echo", {})["Payload"])["path"]
        assert str(small_template.parent / "functions") in path
        assert str(Path(__file__).resolve().parents[2]) not in path

    def test_tells_an_exception_by_its_class(self, world: World) -> None:
        answer = invoke(world, "Broken", {}, LogType="Tail")
        said = json.load(answer["Payload"])
        assert answer["FunctionError"] == "Unhandled"
        assert (said["errorType"], said["errorMessage"]) == ("ClipRefused", "not a video")
        assert "small.py" in said["stackTrace"][0]
        assert answer["LogResult"]

    def test_writes_what_a_handler_prints_to_its_log(self, world: World) -> None:
        invoke(world, "Broken", {})
        log = (world.settings.logs / "Broken.log").read_text()
        assert "about to break" in log
        assert "[ERROR] ClipRefused: not a video" in log

    def test_kills_a_handler_at_its_timeout_and_goes_on(self, world: World) -> None:
        before = time.monotonic()
        for _ in range(2):
            answer = invoke(world, "Slow", {})
            assert json.load(answer["Payload"])["errorType"] == "Sandbox.Timedout"
        assert time.monotonic() - before < 10

    @pytest.mark.parametrize(
        ("function", "kind"), [("Leave", "Runtime.ExitError"), ("Missing", "Runtime.ImportModuleError")]
    )
    def test_names_what_stopped_the_runtime(self, world: World, function: str, kind: str) -> None:
        answer = invoke(world, function, {})
        assert answer["FunctionError"] == "Unhandled"
        assert json.load(answer["Payload"])["errorType"] == kind

    def test_answers_a_dry_run_and_an_event_at_once(self, world: World) -> None:
        assert invoke(world, "Tick", {}, InvocationType="DryRun")["StatusCode"] == 204
        assert invoke(world, "Tick", {"detail-type": "later"}, InvocationType="Event")["StatusCode"] == 202
        world.wait_until(lambda: item(world, "later"))

    def test_runs_a_schedule_in_scaled_time(self, world: World) -> None:
        world.wait_until(lambda: item(world, "Scheduled Event"), 10)


class TestHttpApi:
    def test_carries_a_request_to_its_function(self, world: World) -> None:
        answer = request(world, "POST", "/things/a%20b?x=1&x=2&y=", b'{"n":1}')
        event = answer.json()["event"]
        assert answer.status_code == 200
        assert event["version"] == "2.0"
        assert event["routeKey"] == "POST /things/{thingId}"
        assert event["pathParameters"] == {"thingId": "a b"}
        assert event["queryStringParameters"] == {"x": "1,2", "y": ""}
        assert event["headers"]["content-type"] == "application/json"
        assert (event["body"], event["isBase64Encoded"]) == ('{"n":1}', False)
        assert event["requestContext"]["http"]["method"] == "POST"
        assert event["requestContext"]["stage"] == "$default"
        assert event["requestContext"]["authorizer"]["iam"]["accountId"] == "123456789012"

    def test_encodes_a_body_that_is_no_text(self, world: World) -> None:
        event = request(world, "POST", "/things/a", b"\xff\x00").json()["event"]
        assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)

    def test_knows_only_the_routes_of_the_template(self, world: World) -> None:
        for method, path in [("GET", "/things/a"), ("POST", "/things"), ("POST", "/things/a/b"), ("GET", "/")]:
            answer = request(world, method, path)
            assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})

    def test_refuses_who_has_not_signed(self, world: World) -> None:
        unsigned = requests.post(f"{world.api_url}/things/a", timeout=5)
        forged = request(world, "POST", "/things/a", signer=Credentials(KEY_ID, "guess"))
        stranger = request(world, "POST", "/things/a", signer=Credentials("AKIASTRANGER", SECRET))
        for answer in (unsigned, forged, stranger):
            assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})

    def test_hides_what_went_wrong_in_a_function(self, world: World) -> None:
        answer = request(world, "GET", "/broken")
        assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})

    def test_refuses_a_body_over_ten_megabytes(self, world: World) -> None:
        assert request(world, "POST", "/things/a", b"x" * (10 * 1024 * 1024 + 1)).status_code == 413

    def test_is_where_the_output_says(self, world: World) -> None:
        assert world.outputs["ApiUrl"] == world.api_url


class TestStepFunctions:
    def test_waits_for_a_token_and_takes_its_answer(self, world: World) -> None:
        arn = start(world, id="answered", seconds=60)
        world.client("stepfunctions").send_task_success(taskToken=parked(world, "answered"), output='{"done":true}')
        assert json.loads(ended(world, arn)["output"]) == {"done": True}

    def test_refuses_a_token_that_was_answered_before(self, world: World) -> None:
        client = world.client("stepfunctions")
        arn = start(world, id="twice", seconds=60)
        token = parked(world, "twice")
        client.send_task_success(taskToken=token, output="1")
        assert refusal(client.send_task_success, taskToken=token, output="2") == "TaskTimedOut"
        assert json.loads(ended(world, arn)["output"]) == 1
        assert refusal(client.send_task_success, taskToken=token, output="2") == "TaskTimedOut"
        assert refusal(client.send_task_failure, taskToken=token, error="expired") == "TaskTimedOut"

    def test_takes_one_of_many_answers_that_come_at_once(self, world: World) -> None:
        client = world.client("stepfunctions")
        arn = start(world, id="crowd", seconds=60)
        token = parked(world, "crowd")
        said: list[int] = []

        def answer(number: int) -> None:
            try:
                client.send_task_success(taskToken=token, output=str(number))
            except client.exceptions.TaskTimedOut:
                return
            said.append(number)

        crowd = [threading.Thread(target=answer, args=(number,)) for number in range(8)]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        assert [json.loads(ended(world, arn)["output"])] == said

    def test_refuses_a_token_nobody_ever_waited_for(self, world: World) -> None:
        client = world.client("stepfunctions")
        assert refusal(client.send_task_success, taskToken=str(uuid.uuid4()), output="1") == "TaskDoesNotExist"
        assert refusal(client.send_task_success, taskToken="nonsense", output="1") == "InvalidToken"

    def test_times_out_and_refuses_the_token_then(self, world: World) -> None:
        arn = start(world, id="late", seconds=2)
        token = parked(world, "late")
        assert json.loads(ended(world, arn)["output"]) == {"was": "late"}
        client = world.client("stepfunctions")
        assert refusal(client.send_task_success, taskToken=token, output="1") == "TaskTimedOut"

    def test_catches_a_failure_by_its_name(self, world: World) -> None:
        arn = start(world, id="expired", seconds=60)
        world.client("stepfunctions").send_task_failure(taskToken=parked(world, "expired"), error="expired")
        assert json.loads(ended(world, arn)["output"]) == {"was": "expired"}

    def test_gives_a_new_token_to_another_attempt(self, world: World) -> None:
        client = world.client("stepfunctions")
        arn = start(world, id="again", seconds=60)
        first = parked(world, "again")
        client.send_task_failure(taskToken=first, error="again", cause="why not")
        second = parked(world, "again", retries="1")
        assert refusal(client.send_task_success, taskToken=first, output="1") == "TaskTimedOut"
        client.send_task_success(taskToken=second, output="2")
        assert json.loads(ended(world, arn)["output"]) == 2

    def test_retries_an_error_by_its_name_and_fails_with_another(self, world: World) -> None:
        assert json.loads(ended(world, start(world, refuse="wobbly"))["output"]) == {"was": "wobbly"}
        failed = ended(world, start(world, refuse="for good"))
        assert (failed["status"], failed["error"]) == ("FAILED", "ClipRefused")
        assert "not a video" in failed["cause"]

    def test_stops_an_execution_that_waits(self, world: World) -> None:
        client = world.client("stepfunctions")
        arn = start(world, id="stopped", seconds=3600)
        token = parked(world, "stopped")
        client.stop_execution(executionArn=arn, error="Stopped", cause="by a test")
        found = client.describe_execution(executionArn=arn)
        assert (found["status"], found["error"], found["cause"]) == ("ABORTED", "Stopped", "by a test")
        assert refusal(client.send_task_success, taskToken=token, output="1") == "TaskTimedOut"

        def kinds() -> list[str]:
            return [event["type"] for event in client.get_execution_history(executionArn=arn)["events"]]

        world.wait_until(lambda: "ExecutionAborted" in kinds())

    def test_starts_a_name_once(self, world: World) -> None:
        client = world.client("stepfunctions")
        request = {"stateMachineArn": world.outputs["Machine"], "name": "only-once"}
        first = client.start_execution(**request, input='{"id":"once","seconds":60}')
        again = client.start_execution(**request, input='{"id":"once","seconds":60}')
        assert first["executionArn"] == again["executionArn"]
        assert refusal(client.start_execution, **request, input="{}") == "ExecutionAlreadyExists"
        client.send_task_success(taskToken=parked(world, "once"), output="1")
        ended(world, first["executionArn"])
        again_after = refusal(client.start_execution, **request, input='{"id":"once","seconds":60}')
        assert again_after == "ExecutionAlreadyExists"

    def test_catches_any_failure_with_its_cause(self, world: World) -> None:
        arn = start(world, id="odd", seconds=60)
        client = world.client("stepfunctions")
        client.send_task_failure(taskToken=parked(world, "odd"), error="Odd", cause="never seen before")
        assert json.loads(ended(world, arn)["output"])["error"] == {"Error": "Odd", "Cause": "never seen before"}

    def test_lets_a_runtime_error_pass_every_catch(self, world: World) -> None:
        failed = ended(world, start(world, id="no seconds"))
        assert (failed["status"], failed["error"]) == ("FAILED", "States.Runtime")

    def test_tells_event_bridge_how_an_execution_ended(self, world: World) -> None:
        sqs, queue = world.client("sqs"), world.resource("EndedQueue")
        arn = start(world, refuse="for good too")
        ended(world, arn)

        def told() -> list[Any]:
            """Executions of other tests are told of too, and may be late."""
            messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])
            events = [json.loads(message["Body"]) for message in messages]
            return [event["detail"] for event in events if event["resources"] == [arn]]

        (detail,) = world.wait_until(told)
        assert (detail["status"], detail["error"]) == ("FAILED", "ClipRefused")

    def test_affords_hundreds_of_waiting_executions(self, world: World) -> None:
        client = world.client("stepfunctions")
        arns = [start(world, id=f"many-{number}", seconds=3600) for number in range(100)]
        tokens = [parked(world, f"many-{number}") for number in range(100)]
        before = time.process_time()
        time.sleep(0.5)
        assert time.process_time() - before < 0.3, "waiting costs no processor time"
        for token in tokens:
            client.send_task_success(taskToken=token, output="1")
        for arn in arns:
            assert ended(world, arn)["status"] == "SUCCEEDED"


class TestQueues:
    def test_brings_back_only_the_messages_that_failed(self, world: World) -> None:
        sqs, queue = world.client("sqs"), world.resource("Queue")
        bodies = [f"good {number}" for number in range(25)] + ["bad one"]
        for first in range(0, len(bodies), 10):
            entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(bodies[first : first + 10])]
            sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        dead = world.resource("DeadLetters")
        found = world.wait_until(lambda: sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=1).get("Messages"))
        assert [message["Body"] for message in found] == ["bad one"]
        seen = {body: (item(world, body) or {}).get("seen") for body in bodies}
        assert seen == dict.fromkeys(bodies, "1") | {"bad one": "2"}
        assert int((item(world, "batch of good 0") or {})["size"]) > 10, "a batch may be larger than one receive"

    def test_is_fed_by_the_subscription_of_the_template(self, world: World) -> None:
        world.client("sns").publish(TopicArn=world.resource("Topic"), Message="raw words")
        world.wait_until(lambda: item(world, "raw words"))

    def test_loses_no_message_and_writes_no_condition_twice_under_many_callers(self, world: World) -> None:
        url = world.client("sqs").create_queue(QueueName="crowded")["QueueUrl"]
        winners: list[int] = []

        def work(number: int) -> None:
            session = credentials.session("us-east-1")
            sqs = session.client("sqs", endpoint_url=world.endpoint_url)
            tables = session.client("dynamodb", endpoint_url=world.endpoint_url)
            for turn in range(10):
                sqs.send_message(QueueUrl=url, MessageBody=f"{number} {turn}")
                for message in sqs.receive_message(QueueUrl=url).get("Messages", []):
                    received.append(message["Body"])
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            try:
                tables.put_item(
                    TableName=world.resource("Table"),
                    Item={"id": {"S": "race"}},
                    ConditionExpression="attribute_not_exists(id)",
                )
                winners.append(number)
            except tables.exceptions.ConditionalCheckFailedException:
                pass
            sqs.close()
            tables.close()

        received: list[str] = []
        crowd = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        sqs = world.client("sqs")
        while left := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            received += [message["Body"] for message in left]
        assert sorted(received) == sorted(f"{number} {turn}" for number in range(6) for turn in range(10))
        assert len(winners) == 1
