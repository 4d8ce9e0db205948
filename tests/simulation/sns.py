"""Amazon SNS in virtual time: standard topics that deliver to queues of Amazon SQS.

A published message is handed over once for each subscription; whether it arrives, when, and how often is the business
of who takes it. A topic that nobody has subscribed to drops it without a word, as AWS does.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.simulation.errors import UnknownCall, refused

MOST_ENTRIES = 10
MOST_BYTES = 262_144
"""In a message, and in a batch: https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html"""
PAGE = 100
"""Subscriptions: https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html"""

_NOT_FOUND = {"HTTPStatusCode": 404}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_QUEUE = re.compile(r"arn:aws:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}")
_SETTABLE = {"DisplayName", "Policy"}
_PARAMETERS = {
    "CreateTopic": {"Name"},
    "DeleteTopic": {"TopicArn"},
    "GetTopicAttributes": {"TopicArn"},
    "ListSubscriptionsByTopic": {"TopicArn", "NextToken"},
    "Publish": {"TopicArn", "Message", "Subject"},
    "PublishBatch": {"TopicArn", "PublishBatchRequestEntries"},
    "SetTopicAttributes": {"TopicArn", "AttributeName", "AttributeValue"},
    "Subscribe": {"TopicArn", "Protocol", "Endpoint", "Attributes", "ReturnSubscriptionArn"},
    "Unsubscribe": {"SubscriptionArn"},
}
_ENTRY = {"Id", "Message", "Subject"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Subscription:
    arn: str
    queue: str
    raw: bool


@dataclass(slots=True)
class _Topic:
    arn: str
    attributes: dict[str, str]
    subscriptions: dict[str, _Subscription] = field(default_factory=dict)
    """By the ARN of the queue."""
    ended: int = 0


class Sns:
    """All topics of an account in a Region.

    Args:
        now: seconds since 1970.
        new_id: makes the ids of messages and subscriptions.
        deliver: takes the ARN of a queue, the body for it, and the id that the publisher got. A queue may be gone.
        failure: tells with which code an entry of a PublishBatch fails on the service's side, given topic and message;
            None lets it pass.
    """

    def __init__(
        self,
        now: Callable[[], float],
        new_id: Callable[[], str],
        deliver: Callable[[str, str, str], None],
        failure: Callable[[str, str], str | None] = lambda _topic, _message: None,
        *,
        region: str = "us-east-1",
        account: str = "123456789012",
    ) -> None:
        self._now, self._new_id, self._deliver, self._failure = now, new_id, deliver, failure
        self._region, self._account = region, account
        self._topics: dict[str, _Topic] = {}
        self.unheard: dict[str, int] = {}
        """How many messages were dropped because nobody had subscribed, by the ARN of the topic."""
        self._operations: dict[str, Callable[[Mapping[str, Any]], Json]] = {
            "CreateTopic": self._create_topic,
            "DeleteTopic": self._delete_topic,
            "GetTopicAttributes": self._get_topic_attributes,
            "ListSubscriptionsByTopic": self._list_subscriptions_by_topic,
            "Publish": self._publish,
            "PublishBatch": self._publish_batch,
            "SetTopicAttributes": self._set_topic_attributes,
            "Subscribe": self._subscribe,
            "Unsubscribe": self._unsubscribe,
        }

    def call(self, operation: str, request: Mapping[str, Any]) -> Json:
        """One call of the API, without the answer's ResponseMetadata.

        Raises:
            ClientError: as botocore does.
            UnknownCall: for what is not built.
        """
        parameters = _PARAMETERS.get(operation)
        if parameters is None or not request.keys() <= parameters:
            raise UnknownCall(f"sns {operation} {', '.join(sorted(request.keys() - (parameters or set())))}")
        return self._operations[operation](request)

    # ---- topics ---------------------------------------------------------------------------------------------------

    def _create_topic(self, request: Mapping[str, Any]) -> Json:
        """https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html: the same name gives the same topic."""
        name = request["Name"]
        if not _NAME.fullmatch(name):
            raise refused("CreateTopic", "InvalidParameter", "Invalid parameter: Topic Name")
        arn = f"arn:aws:sns:{self._region}:{self._account}:{name}"
        if arn not in self._topics:
            self._topics[arn] = _Topic(arn, {"DisplayName": "", "Policy": _own_policy(arn, self._account)})
        return {"TopicArn": arn}

    def _delete_topic(self, request: Mapping[str, Any]) -> Json:
        self._topics.pop(request["TopicArn"], None)
        return {}

    def _get_topic_attributes(self, request: Mapping[str, Any]) -> Json:
        topic = self._find("GetTopicAttributes", request)
        counts = {
            "SubscriptionsConfirmed": str(len(topic.subscriptions)),
            "SubscriptionsDeleted": str(topic.ended),
            "SubscriptionsPending": "0",
        }
        return {"Attributes": {"Owner": self._account, "TopicArn": topic.arn} | topic.attributes | counts}

    def _set_topic_attributes(self, request: Mapping[str, Any]) -> Json:
        topic, name = self._find("SetTopicAttributes", request), request["AttributeName"]
        if name not in _SETTABLE:
            raise UnknownCall(f"sns SetTopicAttributes {name}")
        value: str = request.get("AttributeValue", "")
        if name == "Policy":
            _check_policy(value)
        topic.attributes[name] = value
        return {}

    def _find(self, operation: str, request: Mapping[str, Any]) -> _Topic:
        topic = self._topics.get(request["TopicArn"])
        if topic is None:
            raise refused(operation, "NotFound", "Topic does not exist", ResponseMetadata=_NOT_FOUND)
        return topic

    # ---- subscriptions --------------------------------------------------------------------------------------------

    def _subscribe(self, request: Mapping[str, Any]) -> Json:
        """https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html: the same endpoint gives the same subscription,
        unless the request names an attribute and gives it another value."""
        given: Mapping[str, str] = request.get("Attributes", {})
        if request["Protocol"] != "sqs" or not given.keys() <= {"RawMessageDelivery"}:
            raise UnknownCall(f"sns Subscribe {request['Protocol']} {', '.join(given)}")
        topic, queue = self._find("Subscribe", request), request.get("Endpoint", "")
        if not _QUEUE.fullmatch(queue):
            raise refused("Subscribe", "InvalidParameter", "Invalid parameter: SQS endpoint ARN")
        raw = given.get("RawMessageDelivery", "false").lower() == "true"
        found = topic.subscriptions.get(queue)
        if found is None:
            found = _Subscription(f"{topic.arn}:{self._new_id()}", queue, raw)
            topic.subscriptions[queue] = found
        elif given and raw != found.raw:
            reason = "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
            raise refused("Subscribe", "InvalidParameter", reason)
        return {"SubscriptionArn": found.arn}

    def _unsubscribe(self, request: Mapping[str, Any]) -> Json:
        arn: str = request["SubscriptionArn"]
        topic = self._topics.get(arn.rpartition(":")[0])
        if topic is not None:
            for found in list(topic.subscriptions.values()):
                if found.arn == arn:
                    del topic.subscriptions[found.queue]
                    topic.ended += 1
        return {}

    def _list_subscriptions_by_topic(self, request: Mapping[str, Any]) -> Json:
        topic = self._find("ListSubscriptionsByTopic", request)
        start = int(request.get("NextToken", "0"))
        every = list(topic.subscriptions.values())
        answer: Json = {
            "Subscriptions": [
                {
                    "SubscriptionArn": found.arn,
                    "Owner": self._account,
                    "Protocol": "sqs",
                    "Endpoint": found.queue,
                    "TopicArn": topic.arn,
                }
                for found in every[start : start + PAGE]
            ]
        }
        if start + PAGE < len(every):
            answer["NextToken"] = str(start + PAGE)
        return answer

    # ---- messages -------------------------------------------------------------------------------------------------

    def _publish(self, request: Mapping[str, Any]) -> Json:
        if fault := _fault(request):
            raise refused("Publish", "InvalidParameter", fault)
        return {"MessageId": self._send(self._find("Publish", request), request)}

    def _publish_batch(self, request: Mapping[str, Any]) -> Json:
        """https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html: each entry fares on its own."""
        topic, entries = self._find("PublishBatch", request), request["PublishBatchRequestEntries"]
        _check_entries(entries)
        successful, failed = [], []
        for entry in entries:
            if fault := _fault(entry):
                failed.append({"Id": entry["Id"], "Code": "InvalidParameter", "Message": fault, "SenderFault": True})
            elif code := self._failure(topic.arn, entry["Message"]):
                failed.append({"Id": entry["Id"], "Code": code, "Message": code, "SenderFault": False})
            else:
                successful.append({"Id": entry["Id"], "MessageId": self._send(topic, entry)})
        return {"Successful": successful, "Failed": failed}

    def _send(self, topic: _Topic, entry: Mapping[str, Any]) -> str:
        message_id = self._new_id()
        if not topic.subscriptions:
            self.unheard[topic.arn] = self.unheard.get(topic.arn, 0) + 1
        for subscription in list(topic.subscriptions.values()):
            body = entry["Message"] if subscription.raw else self._envelope(subscription, topic, entry, message_id)
            self._deliver(subscription.queue, body, message_id)
        return message_id

    def _envelope(self, subscription: _Subscription, topic: _Topic, entry: Mapping[str, Any], message_id: str) -> str:
        """https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html, signed with nothing."""
        place = f"https://sns.{self._region}.amazonaws.com/"
        subject = f'  "Subject" : {_quoted(entry["Subject"])},\n' if "Subject" in entry else ""
        time = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # Laid out by hand, as AWS does: an indented `json.dumps` takes five times as long.
        return (
            f'{{\n  "Type" : "Notification",\n  "MessageId" : "{message_id}",\n  "TopicArn" : "{topic.arn}",\n{subject}'
            f'  "Message" : {_quoted(entry["Message"])},\n  "Timestamp" : "{time}",\n  "SignatureVersion" : "1",\n'
            f'  "Signature" : "unsigned",\n  "SigningCertURL" : "{place}SimpleNotificationService-0.pem",\n'
            f'  "UnsubscribeURL" : "{place}?Action=Unsubscribe&SubscriptionArn={subscription.arn}"\n}}'
        )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _check_entries(entries: Sequence[Mapping[str, Any]]) -> None:
    operation = "PublishBatch"
    if not entries:
        raise refused(operation, "EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(entries) > MOST_ENTRIES:
        raise refused(
            operation, "TooManyEntriesInBatchRequest", "The batch request contains more entries than allowed."
        )
    size = 0
    for entry in entries:
        if not entry.keys() <= _ENTRY:
            raise UnknownCall(f"sns {operation} {', '.join(sorted(entry.keys() - _ENTRY))}")
        if not _ID.fullmatch(entry["Id"]):
            raise refused(
                operation, "InvalidBatchEntryId", "The Id of a batch entry doesn't abide by the specification."
            )
        size += len(entry["Message"].encode())
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise refused(operation, "BatchEntryIdsNotDistinct", "Two or more batch entries have the same Id.")
    if size > MOST_BYTES:
        raise refused(operation, "BatchRequestTooLong", f"The length of all messages put together is {size} bytes.")


def _fault(entry: Mapping[str, Any]) -> str | None:
    """What is wrong with a message: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
    message: str = entry["Message"]
    if not message:
        return "Invalid parameter: Empty message"
    if len(message.encode()) > MOST_BYTES:
        return "Invalid parameter: Message too long"
    subject: str = entry.get("Subject", "subject")
    if not 0 < len(subject) <= 100:
        return "Invalid parameter: Subject"
    return None


def _check_policy(text: str) -> None:
    try:
        policy = json.loads(text)
    except ValueError:
        policy = None
    if not isinstance(policy, dict) or not policy.get("Statement"):
        raise refused("SetTopicAttributes", "InvalidParameter", "Invalid parameter: Policy Error: null")


def _own_policy(arn: str, account: str) -> str:
    """What a topic allows from the beginning: its owner everything."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "SNS:*",
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})
