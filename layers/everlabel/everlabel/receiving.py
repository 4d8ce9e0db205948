"""Taking in output messages: each data object gets one outcome, and levels that are done wake up."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from everlabel import aws, moves, reading, waking
from everlabel.data_object import DeduplicationId
from everlabel.job_table import LabelingJob
from everlabel.labeling_job_request import labeling_job_name
from everlabel.protocol import Line, NotPlaceable, OutcomeKind, read_line, read_output, sent_id
from everlabel.reading import Rows
from everlabel.task_table import STOPPED, TASK, Job, Task, job_item

_MOST_BYTES = 400_000
"""Of a line that a record can hold; with its names an item has at most 409,600:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html. No message is so long, but a
line of a manifest may be."""


@dataclass(frozen=True)
class OutputMessage:
    """A message from an output topic: its id, the topic it came through, and its output line, as sent and as read."""

    message_id: str
    topic: str
    text: str
    line: Line
    sent: DeduplicationId

    @property
    def level(self) -> tuple[str, int]:
        """The task and the level that it says something of."""
        return self.sent.key.task_id, self.sent.key.level

    @classmethod
    def from_sqs(cls, message_id: str, body: str) -> "OutputMessage":
        """Takes the line out of Amazon SNS's envelope. Raises NotPlaceable if that, or an id of ours, is missing."""
        envelope = read_line(body)
        topic, text = envelope.get("TopicArn"), envelope.get("Message")
        if not isinstance(topic, str) or not isinstance(text, str):
            raise NotPlaceable("not from a topic: the envelope has no TopicArn or no Message")
        return cls.read(message_id, topic, text)

    @classmethod
    def read(cls, message_id: str, topic: str, text: str) -> "OutputMessage":
        """Takes an output line. Raises NotPlaceable if it is none, or has no id of ours."""
        if len(text.encode(errors="replace")) > _MOST_BYTES:
            raise NotPlaceable(f"longer than the {_MOST_BYTES:,} bytes that can be kept of a line")
        line = read_line(text)
        return cls(message_id, topic, text, line, sent_id(line, aws.bucket()))


@dataclass
class Receiver:
    """Takes the messages of one batch. What it reads of jobs and tasks, in one read, holds for this batch only."""

    batch: Sequence[OutputMessage]
    labeled: int = 0
    """How many objects got their label in this batch: first labels, not copies."""

    @cached_property
    def _refused(self) -> re.Pattern[str]:
        return re.compile(aws.setting("REFUSED_PATTERN"))

    @cached_property
    def _found(self) -> tuple[Rows, dict[str, LabelingJob]]:
        keys = [message.sent.key for message in self.batch]
        items = [(key.task_id, item) for key in keys for item in (TASK, job_item(key.level, key.job_name))]
        return reading.rows_and_jobs(items, (key.job_name for key in keys))

    def take(self, message: OutputMessage) -> bool:
        """Writes what a message of the batch says of its data object; its level is to be woken then. It may be taken
        again. Returns whether the level must send something.

        Raises:
            NotPlaceable: if job, topic, output place, task and id do not agree, or the line says nothing known.
        """
        line, sent = message.line, message.sent
        labeling_job, task = self._place(message, sent)
        output = read_output(line, sent, labeling_job.label_attribute, self._refused)
        if output.label_uri is not None and not output.label_uri.startswith(labeling_job.output_path):
            raise NotPlaceable(f"its labels are not below {labeling_job.output_path}")
        sent_to = labeling_job_name(aws.setting("POWERTOOLS_SERVICE_NAME"), sent.key.job_name, sent.epoch).lower()
        if output.labeling_job_name not in (None, sent_to):
            raise NotPlaceable(f"another labeling job answers what was sent to {sent_to!r}")
        key = sent.key
        if output.kind is OutcomeKind.LABELED:
            stopped = task.status in STOPPED
            self.labeled += moves.label(key, sent.generation, message.text, keep_only=stopped)
        elif output.kind is OutcomeKind.REFUSED:
            moves.fail(key, sent.generation, sent.epoch, str(output.reason))
        elif moves.expire(key, sent.generation, sent.epoch, str(output.reason), moves.Patience.with_task(task)):
            waking.ask_to_send(*message.level)
            return True
        return False

    def _place(self, message: OutputMessage, sent: DeduplicationId) -> tuple[LabelingJob, Task]:
        key = sent.key
        rows, labeling_jobs = self._found
        labeling_job = labeling_jobs.get(key.job_name)
        if labeling_job is None:
            raise NotPlaceable(f"there is no labeling job {key.job_name!r}")
        if labeling_job.output_topic != message.topic:
            raise NotPlaceable(f"{key.job_name!r} announces at {labeling_job.output_topic}, and this came elsewhere")
        if sent.epoch > labeling_job.epoch:
            raise NotPlaceable(f"{key.job_name!r} never had an incarnation {sent.epoch}")
        task = rows.get((key.task_id, TASK))
        if not isinstance(task, Task):
            raise NotPlaceable(f"there is no annotation task {key.task_id!r}")
        job = rows.get((key.task_id, job_item(key.level, key.job_name)))
        if not isinstance(job, Job) or key.index >= job.objects:
            raise NotPlaceable(f"annotation task {key.task_id} never sent {key}")
        return labeling_job, task
