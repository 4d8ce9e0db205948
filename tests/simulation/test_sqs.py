"""The simulated Amazon SQS does what AWS says, and what moto does where moto is right."""

import json
import zlib
from collections import Counter
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.sqs import models
from moto.sqs.models import SQSBackend, sqs_backends

from tests.conftest import ACCOUNT, REGION
from tests.simulation import sqs as simulated
from tests.simulation.beside_moto import BesideMoto, Gap, Step, explore, missed
from tests.simulation.errors import UnknownCall
from tests.simulation.message_queue import Message
from tests.simulation.received import SENDER
from tests.simulation.sqs import Sqs

DAY = 86_400
START = 1_800_000_000.0
_DOCS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/"

MOTO_GAPS = {
    # What AWS refuses and moto accepts, or refuses by another name: moto is not asked.
    "empty body": Gap("takes it", f"{_DOCS}APIReference/API_SendMessage.html"),
    "attribute out of range": Gap(
        "looks at MaximumMessageSize only", f"{_DOCS}APIReference/API_SetQueueAttributes.html"
    ),
    "dead letter target missing": Gap("says NonExistentQueue", f"{_DOCS}APIReference/API_SetQueueAttributes.html"),
    "redrive policy that is no JSON": Gap("breaks", f"{_DOCS}APIReference/API_SetQueueAttributes.html"),
    "name in use a moment ago": Gap("makes the queue", f"{_DOCS}APIReference/API_CreateQueue.html"),
    "repeated entry id": Gap(
        "looks at the handles of DeleteMessageBatch", f"{_DOCS}APIReference/API_DeleteMessageBatch.html"
    ),
    "visibility of what is not in flight": Gap("changes it", f"{_DOCS}APIReference/API_ChangeMessageVisibility.html"),
    "visibility by an old handle": Gap("changes it", "https://github.com/mapbox/ecs-watchbot/issues/135"),
    "handle older than 12 hours": Gap("takes it", "https://github.com/boto/boto3/issues/2898"),
    # What AWS accepts and moto does differently: moto is not asked, or put right before it is.
    "deleting by an old handle": Gap("deletes the message", f"{_DOCS}APIReference/API_DeleteMessage.html"),
    "handle of what is gone": Gap("refuses it", "https://github.com/aws/aws-sdk-net/issues/3238"),
    "12 hours of invisibility": Gap(
        "counts them from sending", f"{_DOCS}SQSDeveloperGuide/sqs-visibility-timeout.html"
    ),
    "retention": Gap(
        "counts what has expired, and receives nothing that comes after it",
        f"{_DOCS}SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html",
    ),
    "the moment when a timeout ends": Gap(
        "still hides the message; its clock never stands still", f"{_DOCS}SQSDeveloperGuide/sqs-visibility-timeout.html"
    ),
    # What differs in the answers and is not compared.
    "policy": Gap("forgets it when another attribute is set", f"{_DOCS}APIReference/API_SetQueueAttributes.html"),
    "timestamps of a queue": Gap("gives fractions", f"{_DOCS}APIReference/API_GetQueueAttributes.html"),
    "text of a redrive policy": Gap("lays it out anew", f"{_DOCS}APIReference/API_GetQueueAttributes.html"),
    "DeadLetterQueueSourceArn": Gap("leaves it out", "https://github.com/softwaremill/elasticmq/issues/921"),
}
"""Every difference from moto. Deleting a queue of dead letters (moto goes on filling it) and moving them back (moto
cannot) are not compared; they have tests of their own below."""


class World:
    """Queues in both, and a clock for both."""

    def __init__(self, client: Any, backend: SQSBackend, patch: pytest.MonkeyPatch) -> None:
        backend.reset()
        self.time, ids = START, count(1)
        patch.setattr(models, "unix_time", lambda: self.time)
        patch.setattr(models, "unix_time_millis", lambda: self.time * 1000)
        patch.setattr(models.Message, "visible", property(self._visible_in_moto))
        self.backend, self.met = backend, set[str]()
        self.service = Sqs(lambda: self.time, lambda: f"message-{next(ids)}")
        identities = frozenset({"MessageId", "ReceiptHandle"})
        self.beside = BesideMoto(self.service.call, client, identities, frozenset(), self._tidy)
        self.handles: list[str] = []
        self._policy = json.dumps(
            {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", "maxReceiveCount": "2"}
        )
        self._make("dead", {"MessageRetentionPeriod": str(4 * DAY)})
        self._make("work", {"RedrivePolicy": self._policy, "MessageRetentionPeriod": str(3 * DAY)})
        policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}'
        self._make("plain", {"DelaySeconds": "5", "VisibilityTimeout": "60", "Policy": policy})

    def _make(self, name: str, attributes: dict[str, str]) -> None:
        self.beside.both("CreateQueue", {"QueueName": name, "Attributes": attributes})

    def do(self, name: str, one: int, two: int) -> None:
        """One operation; the numbers choose its details."""
        self._expire_in_moto()
        getattr(self, name)(one, two)

    def send(self, one: int, two: int) -> None:
        delay = {"DelaySeconds": (0, 1, 30, 900, 901)[two % 5]} if one % 3 == 0 else {}
        body = "" if two % 40 == 39 else f"{one} ü {two}"
        request = {"QueueUrl": self._url(one), "MessageBody": body, **delay}
        if body:
            self.beside.both("SendMessage", request)
        else:
            self._alone("empty body", "SendMessage", request, ("MissingParameter", 400))

    def send_batch(self, one: int, two: int) -> None:
        entries: list[dict[str, Any]] = [{"Id": f"e{n}", "MessageBody": f"{one}/{n}"} for n in range(two % 12)]
        if 0 < len(entries) <= 10 and two % 5 == 0:  # of two faults either may be told
            entries[-1]["Id"] = ("e0", "not an id")[one % 2]
        if entries and two % 7 == 0:
            entries[0]["DelaySeconds"] = (901, 20)[one % 2]
        self.beside.both("SendMessageBatch", {"QueueUrl": self._url(one), "Entries": entries})

    def receive(self, one: int, two: int) -> None:
        names = {"MessageSystemAttributeNames": (["All"], ["SentTimestamp", "ApproximateReceiveCount"], [])[two % 3]}
        timeout = {"VisibilityTimeout": (0, 1, 30, 600, 43_200, 43_201)[two % 6]} if one % 2 else {}
        most = {"MaxNumberOfMessages": (0, 1, 2, 5, 10, 10, 10, 11)[one % 8]} if two % 4 else {}
        self._receive({"QueueUrl": self._url(one + two), **names, **timeout, **most})

    def receive_twice(self, one: int, two: int) -> None:
        request = {"QueueUrl": self._url(one), "MaxNumberOfMessages": 10, "VisibilityTimeout": two % 2}
        self._receive(request)
        self.time += 1
        self._receive(request | {"VisibilityTimeout": 600})

    def wear_out(self, one: int, two: int) -> None:
        for _ in range(3):
            self._receive(
                {"QueueUrl": self._url_named("work"), "VisibilityTimeout": 0, "MaxNumberOfMessages": 1 + one % 3}
            )
        self._receive({"QueueUrl": self._url_named("dead"), "VisibilityTimeout": two % 2, "AttributeNames": ["All"]})

    def _receive(self, request: dict[str, Any]) -> None:
        answer = self.beside.both("ReceiveMessage", request)
        self.handles += [message["ReceiptHandle"] for message in (answer or {}).get("Messages", [])]

    def delete(self, one: int, two: int) -> None:
        handle = self._handle(one, two)
        request = {"QueueUrl": self._url_of(handle), "ReceiptHandle": handle}
        if self._expired(handle):
            self._alone("handle older than 12 hours", "DeleteMessage", request, ("InvalidParameterValue", 400))
        elif handle == "nonsense" or self._in_moto(handle) == "latest":
            self.beside.both("DeleteMessage", request)
        else:
            old = self._in_moto(handle) == "old"
            self._alone("deleting by an old handle" if old else "handle of what is gone", "DeleteMessage", request, {})

    def delete_batch(self, one: int, two: int) -> None:
        handles = dict.fromkeys(self._handle(one + n, two) for n in range(two % 4))
        fit = [handle for handle in handles if self._in_moto(handle) == "latest" and not self._expired(handle)]
        url = self._url_of(fit[0]) if fit else self._url(one)
        fit = [handle for handle in fit if self._url_of(handle) == url]
        entries = [{"Id": str(n), "ReceiptHandle": handle} for n, handle in enumerate([*fit, "nonsense"][: two % 5])]
        self.beside.both("DeleteMessageBatch", {"QueueUrl": url, "Entries": entries})
        if len(entries) == 2:
            twice = [entry | {"Id": "1"} for entry in entries]
            code = ("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400)
            self._alone("repeated entry id", "DeleteMessageBatch", {"QueueUrl": url, "Entries": twice}, code)

    def change_visibility(self, one: int, two: int) -> None:
        handle, timeout = self._handle(one, two), (0, 1, 45, 7_200, 43_201)[two % 5]
        operation, url = "ChangeMessageVisibility", self._url_of(handle)
        request = {"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": timeout}
        state, invalid = self._in_moto(handle), ("InvalidParameterValue", 400)
        if handle == "nonsense" or timeout > 43_200:
            self.beside.both(operation, request)
        elif self._expired(handle):
            self._alone("handle older than 12 hours", operation, request, invalid)
        elif state == "gone":
            self._alone("handle of what is gone", operation, request, invalid)
        elif state == "old":
            self._alone("visibility by an old handle", operation, request, invalid)
        else:
            message = self._moto_message(handle)
            if message.visible:
                gap = "visibility of what is not in flight"
                self._alone(gap, operation, request, ("MessageNotInflight", 400))
                return
            sent, received_at = message.sent_timestamp, float(handle.rpartition("/")[2])
            message.sent_timestamp = int(received_at * 1000)
            self.met.add("12 hours of invisibility")
            self.beside.both(operation, request)
            message.sent_timestamp = sent

    def look(self, one: int, two: int) -> None:
        names = (["All"], ["QueueArn", "VisibilityTimeout"], ["Bogus"], ["ApproximateNumberOfMessages"], [])[two % 5]
        self.beside.both("GetQueueAttributes", {"QueueUrl": self._url(one), "AttributeNames": names})

    def change(self, one: int, two: int) -> None:
        changes: dict[str, str] = (
            {"VisibilityTimeout": "120"},
            {"DelaySeconds": "1"},
            {"MessageRetentionPeriod": str(DAY)},
            {"MaximumMessageSize": "1024"},
            {"RedrivePolicy": self._policy},
            {"RedrivePolicy": ""},
            {"RedrivePolicy": self._policy.replace(":dead", ":missing")},
            {"RedrivePolicy": "no JSON"},
            {"VisibilityTimeout": "43201"},
        )[two % 9]
        request = {"QueueUrl": self._url(one * 2 + 1), "Attributes": changes}  # the dead letters are nobody's source
        if two % 9 in (6, 7):
            gap = "dead letter target missing" if two % 9 == 6 else "redrive policy that is no JSON"
            self._alone(gap, "SetQueueAttributes", request, ("InvalidParameterValue", 400))
        elif two % 9 == 8:
            gap = "attribute out of range"
            self._alone(gap, "SetQueueAttributes", request, ("InvalidAttributeValue", 400))
        else:
            self.beside.both("SetQueueAttributes", request)

    def make(self, one: int, two: int) -> None:
        name = ("plain", "work", "dead", "new one")[one % 4]
        attributes = {} if two % 2 else {"DelaySeconds": "5"}
        self._create(name, attributes)

    def _create(self, name: str, attributes: dict[str, str]) -> None:
        request = {"QueueName": name, "Attributes": attributes}
        ours = self.beside.here("CreateQueue", request)
        if ours == ("refusal", ("AWS.SimpleQueueService.QueueDeletedRecently", 400)):
            self.met.add("name in use a moment ago")
        else:
            self.beside.same("CreateQueue", request, ours)

    def purge(self, one: int, two: int) -> None:
        if two % 3 == 0:
            self.beside.both("PurgeQueue", {"QueueUrl": self._url(one)})

    def drop(self, one: int, two: int) -> None:
        if two % 12 == 0:
            url = self._url(one)
            if not url.endswith("/dead") and self._exists(url):
                self.beside.both("DeleteQueue", {"QueueUrl": url})
                self._create(url.rpartition("/")[2], {})

    def find(self, one: int, two: int) -> None:
        name = self._url(one + two).rpartition("/")[2]
        self.beside.both("GetQueueUrl", {"QueueName": name})

    def wait(self, one: int, two: int) -> None:
        self.time += (1, 5, 29, 30, 60, 600, 3_600, 43_200, DAY)[two % 9] if one % 2 else two % 60

    # ---- what moto is not asked, and how it is put right ------------------------------------------------------------

    def _alone(self, gap: str, operation: str, request: dict[str, Any], expected: Any) -> None:
        assert gap in MOTO_GAPS
        ours = self.beside.here(operation, request)
        if ours == ("refusal", ("AWS.SimpleQueueService.NonExistentQueue", 400)):
            self.beside.same(operation, request, ours)
            return
        assert ours[1] == expected, f"{operation} {request}"
        self.met.add(gap)

    def _visible_in_moto(self, message: Any) -> bool:
        if self.time * 1000 == message.visible_at:
            self.met.add("the moment when a timeout ends")
        return self.time * 1000 >= float(message.visible_at)

    def _expire_in_moto(self) -> None:
        for queue in self.backend.queues.values():
            kept = [
                message
                for message in queue._messages
                if message.sent_timestamp / 1000 + queue.message_retention_period > self.time  # type: ignore[operator, attr-defined]
            ]
            if len(kept) < len(queue._messages):
                self.met.add("retention")
                queue._messages = kept

    def _tidy(self, operation: str, answer: Any) -> Any:
        if operation == "GetQueueAttributes" and "Attributes" in answer:
            found = dict(answer["Attributes"])
            if found.pop("Policy", None):
                self.met.add("policy")
            for name in {"CreatedTimestamp", "LastModifiedTimestamp"} & found.keys():
                self.met.add("timestamps of a queue")
                found[name] = int(float(found[name]))
            if "RedrivePolicy" in found:
                self.met.add("text of a redrive policy")
                policy = json.loads(found["RedrivePolicy"])
                found["RedrivePolicy"] = policy | {"maxReceiveCount": int(policy["maxReceiveCount"])}
            return {"Attributes": found}
        if operation in ("SendMessageBatch", "DeleteMessageBatch"):
            without_words = [{key: entry[key] for key in entry if key != "Message"} for entry in answer["Failed"]]
            return answer | {"Failed": without_words}
        if operation == "ReceiveMessage":
            for message in answer.get("Messages", ()):
                if "DeadLetterQueueSourceArn" in message.get("Attributes", {}):
                    self.met.add("DeadLetterQueueSourceArn")
            hidden = "DeadLetterQueueSourceArn"
            return answer | {
                key: [
                    message
                    | ({"Attributes": _without(message["Attributes"], hidden)} if "Attributes" in message else {})
                    for message in answer[key]
                ]
                for key in answer.keys() & {"Messages"}
            }
        return answer

    def _url(self, number: int) -> str:
        return self._url_named(("dead", "work", "plain", "work", "plain", "missing")[number % 6])

    def _url_named(self, name: str) -> str:
        return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"

    def _exists(self, url: str) -> bool:
        return url.rpartition("/")[2] in self.backend.queues

    def _handle(self, one: int, two: int) -> str:
        """One of the last dozen, so that some are fresh."""
        recent = self.handles[-12:]
        return recent[one % len(recent)] if recent and two % 20 else "nonsense"

    def _url_of(self, handle: str) -> str:
        name = handle.partition("#")[0].rpartition(":")[2] if handle != "nonsense" else "work"
        return self._url_named(name)

    def _expired(self, handle: str) -> bool:
        return handle != "nonsense" and self.time - float(handle.rpartition("/")[2]) > 43_200

    def _moto_message(self, handle: str) -> Any:
        theirs = self.beside.theirs_of[handle]
        queue = self.backend.queues[self._url_of(handle).rpartition("/")[2]]
        (found,) = [message for message in queue._messages if message.had_receipt_handle(theirs)]
        return found

    def _in_moto(self, handle: str) -> str:
        """Whether a handle is the latest of its message, an old one, or the message is gone."""
        if handle == "nonsense" or not self._exists(self._url_of(handle)):
            return "gone"
        theirs = self.beside.theirs_of[handle]
        for message in self.backend.queues[self._url_of(handle).rpartition("/")[2]]._messages:
            if message.had_receipt_handle(theirs):
                return "latest" if message.receipt_handle == theirs else "old"
        return "gone"


def _without(found: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != name}


OPERATIONS = (
    *("send", "send", "send_batch", "receive", "receive_twice", "receive_twice", "wear_out", "delete", "delete"),
    *("delete_batch", "change_visibility", "change_visibility", "look", "change", "make", "purge", "drop", "find"),
    *("wait", "wait"),
)


def test_queues_do_what_moto_does_but_for_its_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    met, compared = set[str](), Counter[str]()
    with mock_aws():
        client, backend = boto3.client("sqs"), sqs_backends[ACCOUNT][REGION]

        def run(steps: list[Step]) -> None:
            world = World(client, backend, monkeypatch)
            for name, one, two in steps:
                world.do(name, one, two)
            compared.update(world.beside.compared)
            met.update(world.met)

        explore(OPERATIONS, 60, run)
        assert compared.total() >= 3_500
        assert met <= MOTO_GAPS.keys()
        assert missed(MOTO_GAPS, met, OPERATIONS, run) == []


# ---- what moto cannot say -------------------------------------------------------------------------------------------


class Queues:
    """The simulated queues alone, with short words for them."""

    def __init__(self) -> None:
        self.time, ids = START, count(1)
        self.arrived: list[str] = []
        self.sqs = Sqs(lambda: self.time, lambda: f"message-{next(ids)}", self.arrived.append)

    def make(self, name: str, **attributes: object) -> str:
        """Makes a queue: its ARN."""
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in attributes.items()}
        self.sqs.call("CreateQueue", {"QueueName": name, "Attributes": texts})
        return arn(name)

    def send(self, name: str, body: str = "body", **more: object) -> None:
        self.sqs.call("SendMessage", {"QueueUrl": url(name), "MessageBody": body, **more})

    def receive(self, name: str, **more: object) -> list[dict[str, Any]]:
        request = {"QueueUrl": url(name), "MaxNumberOfMessages": 10, "AttributeNames": ["All"], **more}
        found: list[dict[str, Any]] = self.sqs.call("ReceiveMessage", request).get("Messages", [])
        return found

    def counts(self, name: str) -> tuple[int, ...]:
        """Visible, delayed, in flight."""
        found = self.sqs.call("GetQueueAttributes", {"QueueUrl": url(name), "AttributeNames": ["All"]})["Attributes"]
        return tuple(int(found[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "Delayed", "NotVisible"))

    def delete(self, name: str, handle: str) -> None:
        self.sqs.call("DeleteMessage", {"QueueUrl": url(name), "ReceiptHandle": handle})

    def dead_letters(self, most: int = 1, retention: int = 14 * DAY) -> None:
        """`work`, whose messages move to `dead` after `most` receives."""
        self.make("dead", MessageRetentionPeriod=retention)
        self.make("work", RedrivePolicy={"deadLetterTargetArn": arn("dead"), "maxReceiveCount": most})

    def bury(self) -> None:
        """A message is received once too often."""
        assert self.receive("work", VisibilityTimeout=0)
        assert self.receive("work") == []


def arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def url(name: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


@pytest.fixture
def queues() -> Queues:
    return Queues()


def test_a_message_is_lost_when_its_retention_has_passed(queues: Queues) -> None:
    queues.make("work", MessageRetentionPeriod=100)
    queues.send("work")
    queues.time += 50
    queues.send("work", "later")
    queues.time += 49.999
    assert queues.counts("work") == (2, 0, 0)
    queues.time = START + 100
    assert [message["Body"] for message in queues.receive("work")] == ["later"]
    assert queues.sqs.expired(arn("work")) == 1


def test_a_message_is_lost_while_it_is_in_flight_or_delayed(queues: Queues) -> None:
    queues.make("work", MessageRetentionPeriod=60)
    queues.send("work")
    (message,) = queues.receive("work", VisibilityTimeout=1_000)
    queues.send("work", DelaySeconds=900)
    queues.time += 60
    assert queues.counts("work") == (0, 0, 0)
    queues.delete("work", message["ReceiptHandle"])
    assert queues.sqs.expired(arn("work")) == 2


def test_a_dead_letter_keeps_the_time_when_it_was_sent(queues: Queues) -> None:
    queues.dead_letters(retention=4 * DAY)
    queues.send("work")
    queues.time += DAY
    queues.bury()
    assert queues.sqs.oldest_age(arn("dead")) == 0
    queues.time += 3 * DAY - 1
    assert queues.sqs.oldest_age(arn("dead")) == 3 * DAY - 1
    (message,) = queues.receive("dead")
    assert message["Attributes"] == {
        "SenderId": SENDER,
        "SentTimestamp": f"{START * 1000:.0f}",
        "ApproximateReceiveCount": "2",
        "ApproximateFirstReceiveTimestamp": f"{(START + DAY) * 1000:.0f}",
        "DeadLetterQueueSourceArn": arn("work"),
    }
    queues.time += 1
    assert queues.counts("dead") == (0, 0, 0)


def test_a_message_received_too_often_stays_until_somebody_would_receive_it(queues: Queues) -> None:
    queues.dead_letters()
    queues.send("work")
    queues.receive("work", VisibilityTimeout=5)
    queues.time += 100
    assert (queues.counts("work"), queues.counts("dead")) == ((1, 0, 0), (0, 0, 0))
    queues.receive("work")
    assert (queues.counts("work"), queues.counts("dead")) == ((0, 0, 0), (1, 0, 0))


def test_what_was_moved_back_is_new(queues: Queues) -> None:
    queues.dead_letters()
    queues.send("work", "poison")
    queues.time += DAY
    queues.bury()
    queues.send("dead", "sent here by hand")
    queues.sqs.call("StartMessageMoveTask", {"SourceArn": arn("dead")})
    (message,) = queues.receive("work")
    assert message["Body"] == "poison"
    assert message["MessageId"] == "message-3"
    assert message["Attributes"]["SentTimestamp"] == f"{(START + DAY) * 1000:.0f}"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert [left["Body"] for left in queues.receive("dead")] == ["sent here by hand"]


def test_dead_letters_can_be_moved_elsewhere(queues: Queues) -> None:
    queues.dead_letters()
    queues.make("elsewhere")
    queues.send("dead", "by hand")
    queues.sqs.call("StartMessageMoveTask", {"SourceArn": arn("dead"), "DestinationArn": arn("elsewhere")})
    assert [message["Body"] for message in queues.receive("elsewhere")] == ["by hand"]


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        ("work", None, "InvalidParameterValue"),
        ("missing", None, "ResourceNotFoundException"),
        ("dead", "missing", "ResourceNotFoundException"),
    ],
)
def test_only_dead_letters_are_moved(queues: Queues, source: str, target: str | None, code: str) -> None:
    queues.dead_letters()
    request = {"SourceArn": arn(source)} | ({"DestinationArn": arn(target)} if target else {})
    with pytest.raises(ClientError) as error:
        queues.sqs.call("StartMessageMoveTask", request)
    assert code_of(error) == code


def test_messages_received_three_times_do_not_count_for_the_oldest_age(queues: Queues) -> None:
    queues.make("work")
    assert queues.sqs.oldest_age(arn("work")) is None
    queues.send("work", "poison")
    queues.time += 100
    queues.send("work", "fresh")
    for _ in range(2):
        queues.receive("work", MaxNumberOfMessages=1, VisibilityTimeout=0)
    assert queues.sqs.oldest_age(arn("work")) == 100
    queues.receive("work", MaxNumberOfMessages=1, VisibilityTimeout=0)
    assert queues.sqs.oldest_age(arn("work")) == 0


def test_the_next_event_is_the_first_return_or_loss(queues: Queues) -> None:
    queues.make("work", MessageRetentionPeriod=1_000)
    assert queues.sqs.next_event_at() is None
    queues.send("work", DelaySeconds=20)
    assert queues.sqs.next_event_at() == queues.sqs.next_visible_at(arn("work")) == START + 20
    queues.time += 20
    (message,) = queues.receive("work", VisibilityTimeout=30)
    assert queues.sqs.next_event_at() == START + 50
    change = {"QueueUrl": url("work"), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 10_000}
    queues.sqs.call("ChangeMessageVisibility", change)
    assert queues.sqs.next_event_at() == START + 1_000
    assert queues.sqs.next_visible_at(arn("work")) == START + 10_020
    queues.delete("work", message["ReceiptHandle"])
    assert queues.sqs.next_event_at() is None


def test_the_poller_gets_batches_larger_than_the_api_gives(queues: Queues) -> None:
    queues.make("work")
    for number in range(25):
        queues.sqs.send(arn("work"), str(number))
    assert [message["Body"] for message in queues.sqs.receive(arn("work"), 20)] == [str(n) for n in range(20)]
    assert queues.counts("work") == (5, 0, 20)


def test_whoever_waits_is_told_of_arrivals(queues: Queues) -> None:
    queues.dead_letters()
    queues.send("work")
    (message,) = queues.receive("work")
    change = {"QueueUrl": url("work"), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
    queues.sqs.call("ChangeMessageVisibility", change)
    queues.receive("work")
    assert queues.arrived == [arn("work"), arn("work"), arn("dead")]


def test_too_many_messages_in_flight_are_refused(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "MOST_IN_FLIGHT", 3)
    queues.make("work")
    for _ in range(5):
        queues.send("work")
    assert len(queues.receive("work")) == 3
    with pytest.raises(ClientError) as error:
        queues.receive("work")
    assert code_of(error) == "OverLimit"


def test_invisibility_lasts_twelve_hours_from_the_receive(queues: Queues) -> None:
    queues.make("work")
    queues.send("work")
    queues.time += DAY
    (message,) = queues.receive("work", VisibilityTimeout=7_200)
    queues.time += 3_600
    change = {"QueueUrl": url("work"), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 11 * 3_600}
    queues.sqs.call("ChangeMessageVisibility", change)
    with pytest.raises(ClientError) as error:
        queues.sqs.call("ChangeMessageVisibility", change | {"VisibilityTimeout": 11 * 3_600 + 1})
    assert code_of(error) == "InvalidParameterValue"


def test_messages_stay_when_the_queue_of_dead_letters_is_gone(queues: Queues) -> None:
    queues.dead_letters()
    queues.send("work")
    queues.sqs.call("DeleteQueue", {"QueueUrl": url("dead")})
    assert [queues.receive("work", VisibilityTimeout=0)[0]["Body"] for _ in range(3)] == ["body"] * 3


def test_one_old_message_does_not_keep_what_came_and_went_after_it(queues: Queues) -> None:
    queues.make("work")
    queues.send("work", "old")
    queues.receive("work", VisibilityTimeout=43_200)
    for _ in range(1_000):
        queues.send("work")
        queues.delete("work", queues.receive("work")[0]["ReceiptHandle"])
    orders = vars(queues.sqs._queues["work"]).values()
    assert max(len(order._heap) for order in orders if hasattr(order, "_heap")) < 100


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("ListQueues", {}),
        ("SendMessage", {"QueueUrl": url("work"), "MessageBody": "x", "MessageGroupId": "x"}),
        ("SendMessageBatch", {"QueueUrl": url("work"), "Entries": [{"Id": "1", "MessageBody": "x", "More": 1}]}),
        ("CreateQueue", {"QueueName": "x", "Attributes": {"FifoQueue": "true"}}),
    ],
)
def test_what_is_not_built_is_said_aloud(queues: Queues, operation: str, request_: dict[str, Any]) -> None:
    queues.make("work")
    with pytest.raises(UnknownCall):
        queues.sqs.call(operation, request_)


@pytest.mark.parametrize("body", ["é 🚗", "half a surrogate \ud83d", "x" * 10_000])
def test_what_waits_among_many_should_come_out_as_it_went_in(body: str) -> None:
    message = Message("1", body, START)
    message.pack()
    assert message.body == body
    message.pack()
    assert message.body == body


def test_what_is_handed_over_should_not_be_read_again() -> None:
    message = Message("1", "body", START)
    assert message.hand_over() == "body"
    with pytest.raises(zlib.error):
        _ = message.body
