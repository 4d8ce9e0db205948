"""Publishing in batches that Amazon SNS takes, and again what it did not take."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel import aws, topics
from tests.strict_model import StrictClient

MOST = 262_144


@dataclass
class Sns:
    """Amazon SNS that refuses what a test says, as often as it says."""

    refuse: dict[str, int] = field(default_factory=dict)
    published: list[str] = field(default_factory=list)
    calls: list[list[str]] = field(default_factory=list)

    def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        assert TopicArn == "topic"
        done, failed = [], []
        self.calls.append([entry["Message"] for entry in PublishBatchRequestEntries])
        for entry in PublishBatchRequestEntries:
            left = self.refuse.get(entry["Message"], 0)
            if left:
                self.refuse[entry["Message"]] = left - 1
                failed.append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
            else:
                self.published.append(entry["Message"])
                done.append({"Id": entry["Id"], "MessageId": "m"})
        return {"Successful": done, "Failed": failed} if failed else {"Successful": done}


@pytest.fixture
def sns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sns]:
    fake, broken = Sns(), list[str]()
    strict = StrictClient(fake, "sns", broken)
    monkeypatch.setattr(aws, "sns", lambda: strict)
    yield fake
    assert broken == []


def test_what_is_taken_is_published_once(sns: Sns) -> None:
    topics.publish("topic", ["a", "b"])
    assert sns.published == ["a", "b"]
    assert len(sns.calls) == 1


def test_only_failed_entries_are_published_again(sns: Sns) -> None:
    sns.refuse = {"b": 2}
    topics.publish("topic", ["a", "b", "c"])
    assert sns.calls == [["a", "b", "c"], ["b"], ["b"]]
    assert sorted(sns.published) == ["a", "b", "c"]


def test_two_messages_of_one_text_are_two_messages(sns: Sns) -> None:
    topics.publish("topic", ["a", "a"])
    assert sns.published == ["a", "a"]


def test_entries_that_keep_failing_are_an_error_that_says_why(sns: Sns) -> None:
    sns.refuse = {"b": 5}
    with pytest.raises(topics.PublishFailed, match="1 messages to topic failed 5 times: InternalError"):
        topics.publish("topic", ["a", "b"])
    assert sns.published == ["a"]


@given(st.lists(st.sampled_from([0, 1, 100, 100_000, 131_072, 200_000]), max_size=40))
def test_batches_keep_order_and_fit(lengths: list[int]) -> None:
    messages = [(position, "x" * length) for position, length in enumerate(lengths)]
    found = list(topics.batches(messages))
    assert [message for batch in found for message in batch] == messages
    for batch in found:
        assert 1 <= len(batch) <= 10
        assert sum(len(message) for _, message in batch) <= MOST


def test_a_batch_is_filled_before_the_next_one_begins() -> None:
    assert [len(batch) for batch in topics.batches((n, "x") for n in range(25))] == [10, 10, 5]


def test_what_counts_is_bytes_not_characters() -> None:
    assert [len(batch) for batch in topics.batches([(1, "ü" * 65_536), (2, "ü" * 65_536), (3, "")])] == [3]
    assert [len(batch) for batch in topics.batches([(1, "ü" * 65_536), (2, "ü" * 65_537)])] == [1, 1]


def test_a_topic_stands_beside_the_queue_of_labels() -> None:
    assert topics.arn("GroundTruth-everlabel_a_input") == (
        "arn:aws:sns:us-east-1:123456789012:GroundTruth-everlabel_a_input"
    )


def test_a_topic_is_made_with_a_policy_about_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    policies: dict[str, str] = {}

    class Client:
        def create_topic(self, *, Name: str) -> None:  # noqa: N803
            policies[Name] = ""

        def set_topic_attributes(self, *, TopicArn: str, AttributeName: str, AttributeValue: str) -> None:  # noqa: N803
            assert AttributeName == "Policy"
            assert TopicArn.rpartition(":")[2] in policies
            policies[TopicArn] = AttributeValue

    monkeypatch.setattr(aws, "sns", Client)
    topics.create("arn:aws:sns:r:1:name", [{"Sid": "One", "Effect": "Allow", "Action": "sns:Publish"}])
    assert json.loads(policies["arn:aws:sns:r:1:name"]) == {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "One", "Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:r:1:name"}],
    }
