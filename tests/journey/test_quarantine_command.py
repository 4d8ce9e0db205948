"""`everlabel quarantine` on a stack of the real template, as somebody on call uses it."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from local.credentials import REGION
from local.world import World
from tests.journey import everlabel_command

FORGED = {"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:123456789012:no\x1b[31mbody", "Message": "{}"}


def everlabel(world: World, *arguments: str, **given: Any) -> subprocess.CompletedProcess[str]:
    return everlabel_command.everlabel(world, "quarantine", *arguments, **given)


def answer(run: subprocess.CompletedProcess[str]) -> Any:
    assert (run.returncode, run.stderr) == (0, "")
    return json.loads(run.stdout)


def listed(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer(everlabel(world, "list", "--output", "json"))
    return found


def put_aside(world: World, number: int) -> list[dict[str, Any]]:
    """The list, once the function has put so many messages aside."""

    def look() -> list[dict[str, Any]] | None:
        found = world.client("s3").list_objects_v2(Bucket=world.resource("Bucket"), Prefix="quarantine/", Delimiter="/")
        return listed(world) if len(found.get("Contents", [])) == number else None

    messages: list[dict[str, Any]] = world.wait_until(look)
    return messages


@pytest.fixture
def forged(world: World) -> Iterator[list[str]]:
    """The ids of two messages that nobody can place."""
    for _ in range(2):
        world.client("sqs").send_message(QueueUrl=world.outputs["LabelsQueueUrl"], MessageBody=json.dumps(FORGED))
    yield [message["messageId"] for message in put_aside(world, 2)]
    s3, bucket = world.client("s3"), world.resource("Bucket")
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix="quarantine/").get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=entry["Key"])


def redriven(world: World) -> set[str]:
    prefix = "quarantine/redriven/"
    found = world.client("s3").list_objects_v2(Bucket=world.resource("Bucket"), Prefix=prefix).get("Contents", [])
    return {entry["Key"].removeprefix(prefix).removesuffix(".json") for entry in found}


def test_an_empty_quarantine_is_an_empty_list(world: World) -> None:
    assert listed(world) == []


def test_list_and_show_say_what_came_and_why_nobody_could_place_it(world: World, forged: list[str]) -> None:
    messages = listed(world)
    assert [message["messageId"] for message in messages] == forged
    assert [message["at"] for message in messages] == sorted(message["at"] for message in messages)
    assert {message["reason"] for message in messages} == {"has no everlabel-object-id"}
    (shown,) = answer(everlabel(world, "show", forged[0], "--output", "json"))
    assert json.loads(shown["body"]) == FORGED


def test_tables_show_the_same_and_steer_no_terminal(world: World, forged: list[str]) -> None:
    run = everlabel(world, "list")
    assert run.returncode == 0
    assert all(message_id in run.stdout for message_id in forged)
    s3, bucket = world.client("s3"), world.resource("Bucket")
    nasty = {"messageId": forged[0], "at": "now", "reason": "no \x1b[31m\x07job", "body": "\x1b]0;title\x07"}
    s3.put_object(Bucket=bucket, Key=f"quarantine/{forged[0]}.json", Body=json.dumps(nasty).encode())
    run = everlabel(world, "show", forged[0])
    assert "\\x1b[31m\\x07job" in run.stdout
    assert "\x1b" not in run.stdout


def test_redrive_sends_one_and_what_still_nobody_can_place_comes_back(world: World, forged: list[str]) -> None:
    rows = answer(everlabel(world, "redrive", "--id", forged[0], "--output", "json"))
    assert rows == [{"messageId": forged[0], "result": "sent"}]
    now = [message["messageId"] for message in put_aside(world, 2)]
    assert forged[1] in now
    assert forged[0] not in now
    assert redriven(world) == {forged[0]}


def test_redrive_sends_all(world: World, forged: list[str]) -> None:
    rows = answer(everlabel(world, "redrive", "--all", "--output", "json"))
    assert {row["messageId"]: row["result"] for row in rows} == dict.fromkeys(forged, "sent")
    assert redriven(world) == set(forged)
    put_aside(world, 2)


def test_redrive_says_which_it_could_not_send(world: World, forged: list[str]) -> None:
    huge = {"messageId": "huge", "at": "0", "reason": "too large for the queue", "body": "x" * (2 << 20)}
    s3, bucket = world.client("s3"), world.resource("Bucket")
    s3.put_object(Bucket=bucket, Key="quarantine/huge.json", Body=json.dumps(huge).encode())
    run = everlabel(world, "redrive", "--all", "--output", "json")
    assert run.returncode == 1
    results = {row["messageId"]: row["result"] for row in json.loads(run.stdout)}
    assert [results[message_id] for message_id in forged] == ["sent", "sent"]
    assert "InvalidParameterValue" in results["huge"]
    assert "huge" in {message["messageId"] for message in put_aside(world, 3)}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "nobody"), "no message 'nobody'"),
        (("redrive",), "either --id or --all"),
        (("redrive", "--all", "--id", "x"), "either --id or --all"),
        (("redrive", "--id", "nobody"), "no message 'nobody'"),
        (("list", "--stack", "nobody"), "nobody"),
        (("list", "--profile", "nobody"), "nobody"),
        (("list", "--output", "xml"), "xml"),
        (("lost",), "lost"),
    ],
)
def test_what_there_is_not_ends_with_2(world: World, arguments: tuple[str, ...], words: str) -> None:
    run = everlabel(world, *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_without_a_region_it_says_so(world: World) -> None:
    run = everlabel(world, "list", region=None)
    assert run.returncode == 2
    assert "--region" in run.stderr
    assert everlabel(world, "list", region=None, AWS_REGION=REGION).returncode == 0


def test_what_cannot_be_reached_ends_with_1_and_one_line(world: World) -> None:
    run = everlabel(world, "list", endpoint_url="http://127.0.0.1:1")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.count("\n") == 1
    assert "http://127.0.0.1:1" in run.stderr
