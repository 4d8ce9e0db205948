"""The stand-in's door to Amazon SQS, Amazon SNS and EventBridge.

Source: SageMaker developer guide, "Manage labeling requests with an Amazon SQS queue", "Automate labeling job status".
"""

import json
from typing import TYPE_CHECKING

from local.ground_truth.events import Message
from local.ground_truth.labeling_job import DAY

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

RETENTION = int(14 * DAY)
_LONGEST_INVISIBLE = 43_200  # Amazon SQS allows 12 hours


class Topics:
    """Queues, topics and events. Errors of the services are botocore's."""

    def __init__(self, sqs: "SQSClient", sns: "SNSClient", events: "EventBridgeClient") -> None:
        self._sqs = sqs
        self._sns = sns
        self._events = events

    def create_queue(self, job: str, topic: str) -> tuple[str, str]:
        """The job's queue, which its input topic may send to: URL and ARN."""
        url = self._sqs.create_queue(
            QueueName=f"GroundTruth-{job.lower()}", Attributes={"MessageRetentionPeriod": str(RETENTION)}
        )["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        return url, arn

    def subscribe(self, topic: str, queue_arn: str) -> str:
        """Let the topic send to the queue from now on: the subscription's ARN."""
        return self._sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, ReturnSubscriptionArn=True)[
            "SubscriptionArn"
        ]

    def unsubscribe(self, subscription: str) -> None:
        """End a subscription."""
        self._sns.unsubscribe(SubscriptionArn=subscription)

    def receive(self, queue_url: str) -> list[Message]:
        """What arrived in a queue. Messages stay in it, unseen by others, until `delete`."""
        messages = []
        while found := self._sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=0, VisibilityTimeout=_LONGEST_INVISIBLE
        ).get("Messages", []):
            messages += [unwrapped(item["MessageId"], item["Body"], item["ReceiptHandle"]) for item in found]
            if len(found) < 10:
                break
        return messages

    def delete(self, queue_url: str, message: Message) -> None:
        """Take a message out of its queue."""
        self._sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message.receipt)

    def publish(self, topic: str, line: str) -> None:
        """One output line to the output topic."""
        self._sns.publish(TopicArn=topic, Message=line)

    def announce(self, job_arn: str, status: str) -> None:
        """The event EventBridge gets when a job is Completed, Failed or Stopped."""
        self._events.put_events(
            Entries=[
                {
                    "Source": "aws.sagemaker",
                    "DetailType": "SageMaker Ground Truth Labeling Job State Change",
                    "Resources": [job_arn],
                    "Detail": json.dumps({"LabelingJobStatus": status}),
                }
            ]
        )


def unwrapped(message_id: str, body: str, receipt: str) -> Message:
    """A message of a queue without its SNS envelope; one that has none was sent raw."""
    try:
        envelope = json.loads(body)
    except ValueError:
        return Message(message_id, body, receipt)
    if isinstance(envelope, dict) and envelope.get("Type") == "Notification":
        return Message(str(envelope["MessageId"]), str(envelope["Message"]), receipt)
    return Message(message_id, body, receipt)
