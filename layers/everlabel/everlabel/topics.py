"""The door to Amazon SNS: input topics are published to, topics of a job are made."""

import json
from collections.abc import Iterable, Iterator, Sequence

from everlabel import aws

# https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html: ten entries and 262,144 bytes a call
MOST_ENTRIES = 10
MOST_BYTES = 262_144
_TRIES = 5


class PublishFailed(Exception):
    """Amazon SNS refused messages again and again; publishing them once more is safe."""


def batches[T](messages: Iterable[tuple[T, str]]) -> Iterator[list[tuple[T, str]]]:
    """Messages, each with what it is about, in groups that one PublishBatch takes."""
    batch: list[tuple[T, str]] = []
    size = 0
    for about, message in messages:
        length = len(message.encode())
        if batch and (len(batch) == MOST_ENTRIES or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((about, message))
        size += length
    if batch:
        yield batch


def publish(topic: str, messages: Sequence[str]) -> None:
    """Publishes at most ten messages in one call, and again those entries that failed.

    Raises:
        PublishFailed: if entries keep failing, with the codes that Amazon SNS gave.
    """
    waiting = {str(position): message for position, message in enumerate(messages)}
    codes: set[str] = set()
    for _ in range(_TRIES):
        answer = aws.sns().publish_batch(
            TopicArn=topic,
            PublishBatchRequestEntries=[{"Id": key, "Message": message} for key, message in waiting.items()],
        )
        for done in answer.get("Successful", []):
            waiting.pop(done.get("Id", ""), None)
        if not waiting:
            return
        codes |= {failed["Code"] for failed in answer.get("Failed", [])}
    raise PublishFailed(f"{len(waiting)} messages to {topic} failed {_TRIES} times: {', '.join(sorted(codes))}")


def arn(name: str) -> str:
    """The ARN that a topic of this name has beside our queue of labels."""
    return f"{aws.setting('LABELS_QUEUE').rpartition(':')[0].replace(':sqs:', ':sns:')}:{name}"


def create(arn: str, policy_statements: Sequence[dict[str, object]]) -> None:
    """Makes a standard topic, or finds it, and gives it a policy."""
    client = aws.sns()
    client.create_topic(Name=arn.rpartition(":")[2])
    statements = [{**statement, "Resource": arn} for statement in policy_statements]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    client.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def has_subscribers(topic: str) -> bool:
    """Whether what is published there reaches anybody; without subscribers Amazon SNS drops it and says nothing."""
    return bool(aws.sns().list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"])


def subscribe_queue(topic: str, queue: str) -> None:
    """Delivers a topic to an SQS queue with the envelope, which names the topic; doing it twice changes nothing."""
    aws.sns().subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True)
