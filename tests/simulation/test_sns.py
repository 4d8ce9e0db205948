"""The simulated Amazon SNS does what AWS says, and what moto does where moto is right."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.sns import models
from moto.sns.models import Subscription, sns_backends
from moto.sqs.models import sqs_backends

from everlabel import aws, topics
from tests.conftest import ACCOUNT, REGION
from tests.simulation.beside_moto import BesideMoto, Gap, Step, explore, missed
from tests.simulation.errors import UnknownCall
from tests.simulation.sns import Sns

START = 1_800_000_000.0
_API = "https://docs.aws.amazon.com/sns/latest/api/"

MOTO_GAPS = {
    # What AWS refuses and moto accepts: moto is not asked.
    "empty message": Gap("takes it", f"{_API}API_Publish.html"),
    "bytes of a message": Gap("counts characters", f"{_API}API_Publish.html"),
    "bytes of a batch": Gap("does not count them", f"{_API}API_PublishBatch.html"),
    "empty batch": Gap("takes it", f"{_API}API_PublishBatch.html"),
    "entry id with other characters": Gap("takes it", f"{_API}API_PublishBatchRequestEntry.html"),
    "policy that is none": Gap("takes it", f"{_API}API_SetTopicAttributes.html"),
    "subscription with other attributes": Gap("changes it", "https://github.com/localstack/localstack/issues/8816"),
    # What differs in the answers and is not compared.
    "counts of subscriptions": Gap("always gives 0", f"{_API}API_GetTopicAttributes.html"),
    "delivery policy": Gap(
        "gives it; the simulation leaves it out: queues need none", f"{_API}API_GetTopicAttributes.html"
    ),
    "first policy": Gap("names the actions; the simulation says SNS:*", f"{_API}API_GetTopicAttributes.html"),
    "signature": Gap(
        "signs with version 2; AWS's default is 1, and the simulation does not sign",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
    ),
    "link to unsubscribe": Gap("names another subscription", f"{_API}API_Unsubscribe.html"),
}
"""Every difference from moto. `NextToken` at exactly 100 subscriptions (moto gives one) is not compared."""

QUEUES = ("one", "two", "three")
TOPICS = ("first", "second", "missing")


def queue_arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def topic_arn(name: str) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"


class World:
    """Topics in both, three queues to deliver to, and a clock for both."""

    def __init__(self, client: Any, patch: pytest.MonkeyPatch) -> None:
        self.time, ids = START, count(1)
        self.met, self.deliveries = set[str](), list[tuple[str, str]]()
        sns_backends[ACCOUNT][REGION].reset()
        self.moto_queues = sqs_backends[ACCOUNT][REGION]
        self.moto_queues.reset()
        for name in QUEUES:
            self.moto_queues.create_queue(name)
        patch.setattr(models, "iso_8601_datetime_with_milliseconds", lambda: iso(self.time))
        service = Sns(
            lambda: self.time, lambda: f"id-{next(ids)}", lambda to, body, _: self.deliveries.append((to, body))
        )
        identities = frozenset({"MessageId", "SubscriptionArn"})
        self.beside = BesideMoto(service.call, client, identities, frozenset(), self._tidy)
        self.subscriptions = ["nonsense"]
        for name in TOPICS[:2]:
            self.beside.both("CreateTopic", {"Name": name})

    def make(self, one: int, two: int) -> None:
        self.beside.both("CreateTopic", {"Name": ("first", "second", "third", "not a name")[(one + two) % 4]})

    def drop(self, one: int, two: int) -> None:
        if two % 6 == 0:
            self.beside.both("DeleteTopic", {"TopicArn": topic_arn(TOPICS[one % 3])})

    def look(self, one: int, two: int) -> None:
        self.beside.both("GetTopicAttributes", {"TopicArn": topic_arn(TOPICS[one % 3])})
        self.beside.both("ListSubscriptionsByTopic", {"TopicArn": topic_arn(TOPICS[two % 3])})

    def change(self, one: int, two: int) -> None:
        name, value = (
            ("DisplayName", "a name"),
            ("Policy", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}'),
            ("Policy", "{}"),
        )[two % 3]
        request = {"TopicArn": topic_arn(TOPICS[one % 3]), "AttributeName": name, "AttributeValue": value}
        if two % 3 == 2:
            self._alone("policy that is none", "SetTopicAttributes", request, "InvalidParameter")
        else:
            self.beside.both("SetTopicAttributes", request)

    def subscribe(self, one: int, two: int) -> None:
        endpoint = queue_arn(QUEUES[two % 3]) if two % 20 else "not an ARN"
        request: dict[str, Any] = {"TopicArn": topic_arn(TOPICS[one % 3]), "Protocol": "sqs", "Endpoint": endpoint}
        request |= {"ReturnSubscriptionArn": True} if two % 2 else {}
        request |= (
            {},
            {"Attributes": {"RawMessageDelivery": "true"}},
            {"Attributes": {"RawMessageDelivery": "false"}},
        )[(one + two) // 4 % 3]
        ours = self.beside.here("Subscribe", request)
        if ours == ("refusal", ("InvalidParameter", 400)) and two % 20:
            self.met.add("subscription with other attributes")
            return
        answer = self.beside.same("Subscribe", request, ours)
        if answer is not None:
            self.subscriptions.append(answer["SubscriptionArn"])

    def unsubscribe(self, one: int, two: int) -> None:
        self.beside.both("Unsubscribe", {"SubscriptionArn": self.subscriptions[(one + two) % len(self.subscriptions)]})

    def publish(self, one: int, two: int) -> None:
        request = {"TopicArn": topic_arn(TOPICS[one % 3]), "Message": f'"{one}"\\ \n\t é 😀 {two}'}
        request |= ({}, {"Subject": "a subject"}, {"Subject": "s" * 101})[two % 7 % 3]
        if two % 30 == 0:
            self._alone("empty message", "Publish", request | {"Message": ""}, "InvalidParameter")
        elif two % 30 == 1:
            self._alone("bytes of a message", "Publish", request | {"Message": "é" * 131_073}, "InvalidParameter")
        else:
            self.beside.both("Publish", request)
        self._deliveries()

    def publish_batch(self, one: int, two: int) -> None:
        entries = [{"Id": f"e{n}", "Message": f"{one}/{n}"} for n in range(two % 12)]
        request = {"TopicArn": topic_arn(TOPICS[one % 3]), "PublishBatchRequestEntries": entries}
        if not entries:
            self._alone("empty batch", "PublishBatch", request, "EmptyBatchRequest")
        elif one % 5 == 0 and len(entries) <= 10:
            entries[0]["Id"] = "not an id"
            self._alone("entry id with other characters", "PublishBatch", request, "InvalidBatchEntryId")
        elif one % 25 == 1 and len(entries) <= 10:
            entries[0]["Message"] = "x" * 262_145
            self._alone("bytes of a batch", "PublishBatch", request, "BatchRequestTooLong")
        else:
            if one % 5 == 2 and len(entries) <= 10:  # of two faults either may be told
                entries[-1]["Id"] = "e0"
            if one % 5 == 3:
                entries[0]["Subject"] = "a subject"
            self.beside.both("PublishBatch", request)
        self._deliveries()

    def wait(self, one: int, two: int) -> None:
        self.time += one + two / 1000

    def _alone(self, gap: str, operation: str, request: dict[str, Any], code: str) -> None:
        ours = self.beside.here(operation, request)
        if ours == ("refusal", ("NotFound", 404)):
            self.beside.same(operation, request | {"TopicArn": topic_arn("missing")}, ours)
            return
        assert ours == ("refusal", (code, 400)), f"{operation} {request}"
        self.met.add(gap)

    def _deliveries(self) -> None:
        """What both delivered since last looked, in the order of each queue."""
        for name in QUEUES:
            queue = self.moto_queues.queues[name]
            theirs = [opened(message.body) for message in queue._messages]
            queue._messages = []
            ours = [opened(body) for to, body in self.deliveries if to == queue_arn(name)]
            assert len(ours) == len(theirs)
            for one, other in zip(ours, theirs, strict=True):
                if isinstance(one, dict) and isinstance(other, dict):
                    self.met |= {"signature", "link to unsubscribe"}
                    for field in ("Signature", "SignatureVersion", "SigningCertURL", "UnsubscribeURL"):
                        assert one.pop(field)
                        assert other.pop(field)
                    one["MessageId"] = self.beside.theirs_of[one["MessageId"]]
                assert one == other
        self.deliveries.clear()

    def _tidy(self, operation: str, answer: Any) -> Any:
        if operation == "GetTopicAttributes":
            found = dict(answer["Attributes"])
            self.met |= {"counts of subscriptions", "delivery policy"}
            for name in ("SubscriptionsConfirmed", "SubscriptionsDeleted", "DeliveryPolicy", "EffectiveDeliveryPolicy"):
                found.pop(name, None)
            policy = found["Policy"] = json.loads(found["Policy"])
            if policy.get("Id") == "__default_policy_ID":
                self.met.add("first policy")
                policy["Statement"][0].pop("Action")
            return found
        return answer


def opened(body: str) -> Any:
    """An envelope without its layout, or the raw message."""
    return json.loads(body) if body.startswith("{") else body


def iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


OPERATIONS = (
    *("make", "drop", "look", "change", "subscribe", "subscribe", "subscribe", "unsubscribe"),
    *("publish", "publish", "publish_batch", "publish_batch", "wait"),
)


def test_topics_do_what_moto_does_but_for_its_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    met, compared = set[str](), Counter[str]()
    with mock_aws():
        client = boto3.client("sns")
        key = Subscription.private_key(Subscription.__new__(Subscription))
        monkeypatch.setattr(Subscription, "private_key", lambda _: key)  # one for all: making one takes long

        def run(steps: list[Step]) -> None:
            world = World(client, monkeypatch)
            for name, one, two in steps:
                getattr(world, name)(one, two)
            compared.update(world.beside.compared)
            met.update(world.met)

        explore(OPERATIONS, 60, run)
        assert compared.total() >= 3_500
        assert met <= MOTO_GAPS.keys()
        assert missed(MOTO_GAPS, met, OPERATIONS, run) == []


# ---- what moto cannot say -------------------------------------------------------------------------------------------


class Topics:
    """The simulated topics alone, and what they delivered."""

    def __init__(self) -> None:
        ids = count(1)
        self.codes: list[str | None] = []
        self.delivered: list[tuple[str, str, str]] = []
        self.sns = Sns(
            lambda: START,
            lambda: f"id-{next(ids)}",
            lambda to, body, message_id: self.delivered.append((to, body, message_id)),
            lambda _topic, _message: self.codes.pop(0) if self.codes else None,
        )
        self.topic = self.sns.call("CreateTopic", {"Name": "topic"})["TopicArn"]

    def subscribe(self, name: str, **attributes: str) -> str:
        request = {"TopicArn": self.topic, "Protocol": "sqs", "Endpoint": queue_arn(name), "Attributes": attributes}
        arn: str = self.sns.call("Subscribe", request)["SubscriptionArn"]
        return arn

    def listed(self) -> list[str]:
        """The queues that have subscribed, page by page."""
        found: list[str] = []
        more: dict[str, str] = {}
        while True:
            page = self.sns.call("ListSubscriptionsByTopic", {"TopicArn": self.topic, **more})
            assert not more or 0 < len(page["Subscriptions"]) <= 100
            found += [entry["Endpoint"] for entry in page["Subscriptions"]]
            if "NextToken" not in page:
                return found
            more = {"NextToken": page["NextToken"]}


@pytest.fixture
def world() -> Topics:
    return Topics()


@pytest.fixture
def client(world: Topics, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The application's own client, answered by the simulation."""
    made = boto3.client("sns")
    answer: Callable[[BaseClient, str, Any], Any] = lambda _, operation, request: world.sns.call(operation, request)  # noqa: E731
    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    monkeypatch.setattr(aws, "sns", lambda: made)
    return made


def test_a_topic_without_subscribers_drops_messages_without_a_word(world: Topics) -> None:
    assert world.sns.call("Publish", {"TopicArn": world.topic, "Message": "lost"})["MessageId"]
    arn = world.subscribe("queue")
    world.sns.call("Publish", {"TopicArn": world.topic, "Message": "heard"})
    world.sns.call("Unsubscribe", {"SubscriptionArn": arn})
    world.sns.call("Publish", {"TopicArn": world.topic, "Message": "lost"})
    assert [json.loads(body)["Message"] for _, body, _ in world.delivered] == ["heard"]
    assert world.sns.unheard == {world.topic: 2}


def test_the_envelope_is_laid_out_as_aws_does(world: Topics) -> None:
    arn = world.subscribe("queue")
    message_id = world.sns.call("Publish", {"TopicArn": world.topic, "Message": 'a "ü"'})["MessageId"]
    place = f"https://sns.{REGION}.amazonaws.com/"
    lines = [
        "{",
        '  "Type" : "Notification",',
        f'  "MessageId" : "{message_id}",',
        f'  "TopicArn" : "{world.topic}",',
        '  "Message" : "a \\"ü\\"",',
        '  "Timestamp" : "2027-01-15T08:00:00.000Z",',
        '  "SignatureVersion" : "1",',
        '  "Signature" : "unsigned",',
        f'  "SigningCertURL" : "{place}SimpleNotificationService-0.pem",',
        f'  "UnsubscribeURL" : "{place}?Action=Unsubscribe&SubscriptionArn={arn}"',
        "}",
    ]
    assert world.delivered == [(queue_arn("queue"), "\n".join(lines), message_id)]


def test_subscribing_again_gives_the_same_subscription(world: Topics) -> None:
    arn = world.subscribe("queue", RawMessageDelivery="true")
    assert world.subscribe("queue") == world.subscribe("queue", RawMessageDelivery="true") == arn
    with pytest.raises(ClientError) as error:
        world.subscribe("queue", RawMessageDelivery="false")
    assert error.value.response["Error"]["Code"] == "InvalidParameter"
    world.sns.call("Publish", {"TopicArn": world.topic, "Message": "raw"})
    assert world.delivered == [(queue_arn("queue"), "raw", "id-2")]


def test_subscriptions_are_counted_and_listed_in_pages(world: Topics) -> None:
    names = [f"queue-{number}" for number in range(201)]
    arns = [world.subscribe(name) for name in names]
    world.sns.call("Unsubscribe", {"SubscriptionArn": arns[0]})
    assert world.listed() == [queue_arn(name) for name in names[1:]]
    attributes = world.sns.call("GetTopicAttributes", {"TopicArn": world.topic})["Attributes"]
    assert (attributes["SubscriptionsConfirmed"], attributes["SubscriptionsDeleted"]) == ("200", "1")


def test_a_topic_made_again_has_no_subscribers(world: Topics) -> None:
    world.subscribe("queue")
    world.sns.call("DeleteTopic", {"TopicArn": world.topic})
    world.sns.call("CreateTopic", {"Name": "topic"})
    assert world.listed() == []


@pytest.mark.usefixtures("client")
def test_the_application_publishes_again_only_what_failed(world: Topics) -> None:
    world.subscribe("queue", RawMessageDelivery="true")
    world.codes = [None, "InternalError", None, "Throttled"]
    topics.publish(world.topic, ["a", "b", "c"])
    assert [body for _, body, _ in world.delivered] == ["a", "c", "b"]


@pytest.mark.usefixtures("client")
def test_the_application_makes_topics_and_subscribes_queues(world: Topics) -> None:
    statement: dict[str, object] = {"Effect": "Allow"}
    topics.create(topic_arn("made"), [statement])
    topics.subscribe_queue(topic_arn("made"), queue_arn("queue"))
    attributes = world.sns.call("GetTopicAttributes", {"TopicArn": topic_arn("made")})["Attributes"]
    assert json.loads(attributes["Policy"])["Statement"] == [statement | {"Resource": topic_arn("made")}]
    assert attributes["SubscriptionsConfirmed"] == "1"


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("Publish", {"Message": "x", "MessageAttributes": {}}),
        ("PublishBatch", {"PublishBatchRequestEntries": [{"Id": "1", "Message": "x", "MessageStructure": "json"}]}),
        ("Subscribe", {"Protocol": "email", "Endpoint": "x"}),
        ("Subscribe", {"Protocol": "sqs", "Endpoint": queue_arn("x"), "Attributes": {"FilterPolicy": "{}"}}),
        ("SetTopicAttributes", {"AttributeName": "KmsMasterKeyId", "AttributeValue": "x"}),
        ("AddPermission", {}),
    ],
)
def test_what_is_not_built_is_said_aloud(world: Topics, operation: str, more: dict[str, Any]) -> None:
    with pytest.raises(UnknownCall):
        world.sns.call(operation, {"TopicArn": world.topic, **more})
