"""Ground Truth in the simulated world: its calls, its queue, its output, its people."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from botocore.exceptions import ClientError

from local.ground_truth.events import Event, Failed, JobStatus, Labeled, StatusChanged
from local.ground_truth.labeling_job import DAY
from local.ground_truth.people import HOUR, Behaviour, Team
from local.ground_truth.task_types import TASK_TYPES, acs_arn, pre_arn, ui_arn
from local.ground_truth.unknowns import Unknowns
from tests.simulation.answers import check_answer
from tests.simulation.errors import UnknownCall
from tests.simulation.s3 import S3
from tests.simulation.schedule import Schedule
from tests.simulation.sns import Sns
from tests.simulation.sqs import Sqs
from tests.simulation.world.ground_truth import GroundTruth

REGION, ACCOUNT = "us-east-1", "123456789012"
MONDAY = datetime(2027, 1, 4, tzinfo=UTC).timestamp()
TEAM = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/drivers"
QUICK = Team(people=1, hours_per_task=(1.0, 1.0))
ANSWERS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:answers"
MANIFEST = "out/VOT/manifests/output/output.manifest"


class Cell:
    """A schedule, the services that Ground Truth needs, one bucket, and a queue that hears the output topic."""

    def __init__(self, team: Team = QUICK, unknowns: Unknowns | None = None, **more: Any) -> None:
        self.schedule = Schedule(MONDAY)
        now, ids = self.schedule.now, count()
        self.sqs = Sqs(now, lambda: f"q{next(ids)}", lambda queue: self.ground_truth.arrived(queue))
        self.sns = Sns(now, lambda: f"n{next(ids)}", self.deliver)
        self.s3 = S3(now)
        self.announced: list[tuple[str, str, Sequence[str], Mapping[str, Any]]] = []
        self.seen: list[tuple[str, Event]] = []
        self.ground_truth = GroundTruth(
            self.schedule,
            self.sns,
            self.sqs,
            self.s3,
            lambda *event: self.announced.append(event),
            random.Random(1),  # noqa: S311 # people, not secrets
            unknowns=unknowns,
            team=lambda _arn: team,
            watch=lambda job, event: self.seen.append((job, event)),
            **more,
        )
        self.s3.call("CreateBucket", {"Bucket": "b"})
        labels = {"documentVersion": "2020-03-01", "labels": [{"label": "car"}]}
        self.put("labels.json", json.dumps(labels))
        self.put("audited.json", json.dumps(labels | {"auditLabelAttributeName": "VOT-ref"}))
        self.put("1.jpg", "jpeg")
        frames = [{"frame-no": 1, "frame": "1.jpg"}]
        sequence = {"seq-no": 1, "prefix": "s3://b/", "number-of-frames": 1, "frames": frames}
        self.put("clip.json", json.dumps(sequence))
        self.put("gap.json", json.dumps(sequence | {"frames": [{"frame-no": 1, "frame": "2.jpg"}]}))
        self.input, self.output = (self.sns.call("CreateTopic", {"Name": name})["TopicArn"] for name in ("in", "out"))
        self.came: list[dict[str, Any]] = []
        listening = {"TopicArn": self.output, "Protocol": "sqs", "Endpoint": ANSWERS}
        self.sns.call("Subscribe", listening | {"Attributes": {"RawMessageDelivery": "true"}})

    def put(self, key: str, content: str) -> None:
        self.s3.call("PutObject", {"Bucket": "b", "Key": key, "Body": content})

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        answer = self.ground_truth.call(operation, request)
        check_answer("sagemaker", operation, answer)
        return answer

    def create(self, name: str = "VOT", task_type: str = "VideoObjectTracking", **changes: Any) -> str:
        arn: str = self.call("CreateLabelingJob", **(self.request(name, task_type) | changes))["LabelingJobArn"]
        return arn

    def start(self, name: str = "VOT", task_type: str = "VideoObjectTracking", **changes: Any) -> None:
        self.create(name, task_type, **changes)
        self.passes(180)

    def request(self, name: str, task_type: str) -> dict[str, Any]:
        kind = TASK_TYPES[task_type]
        ui = {"HumanTaskUiArn": ui_arn(REGION, kind)} if kind.is_video else {"UiTemplateS3Uri": "s3://b/t.html"}
        return {
            "LabelingJobName": name,
            "LabelAttributeName": f"{name}-ref" if kind.needs_ref else name,
            "InputConfig": {"DataSource": {"SnsDataSource": {"SnsTopicArn": self.input}}},
            "OutputConfig": {"S3OutputPath": "s3://b/out/", "SnsTopicArn": self.output},
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/GroundTruth",
            "LabelCategoryConfigS3Uri": f"s3://b/{'audited' if kind.variant else 'labels'}.json",
            "HumanTaskConfig": {
                "WorkteamArn": TEAM,
                "UiConfig": ui,
                "PreHumanTaskLambdaArn": pre_arn(REGION, kind),
                "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": acs_arn(REGION, kind)},
                "TaskTitle": "t",
                "TaskDescription": "d",
                "NumberOfHumanWorkersPerDataObject": 1,
                "TaskTimeLimitInSeconds": 28_800,
            },
        }

    def human(self, **changes: Any) -> dict[str, Any]:
        return {"HumanTaskConfig": self.request("VOT", "VideoObjectTracking")["HumanTaskConfig"] | changes}

    def send(self, *ids: str, **more: object) -> None:
        for dedup_id in ids:
            line = {"source-ref": "s3://b/clip.json", "dataset-objectid-attribute-name": "K", "K": dedup_id, **more}
            self.sns.call("Publish", {"TopicArn": self.input, "Message": json.dumps(line)})

    def passes(self, seconds: float) -> None:
        self.schedule.run_until(self.schedule.now() + seconds)

    def deliver(self, queue: str, body: str, _id: str) -> None:
        if queue == ANSWERS:
            self.came.append(json.loads(body))
        else:
            self.sqs.send(queue, body)

    def lines(self) -> list[dict[str, Any]]:
        """The output lines that came since the last look."""
        found, self.came = self.came, []
        return found

    def describe(self, name: str = "VOT") -> dict[str, Any]:
        return self.call("DescribeLabelingJob", LabelingJobName=name)

    def waiting(self, name: str = "vot") -> int:
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:GroundTruth-{name}"
        answer = self.sqs.call("GetQueueAttributes", {"QueueUrl": queue, "AttributeNames": ["All"]})["Attributes"]
        assert answer["ApproximateNumberOfMessagesNotVisible"] == "0"
        return int(answer["ApproximateNumberOfMessages"])

    def age(self, name: str = "vot") -> float | None:
        return self.sqs.oldest_age(f"arn:aws:sqs:{REGION}:{ACCOUNT}:GroundTruth-{name}")

    def counters(self) -> tuple[int, int, int]:
        found = self.describe()["LabelCounters"]
        return found["TotalLabeled"], found["FailedNonRetryableError"], found["Unlabeled"]


def test_an_object_should_come_back_labeled_as_sent() -> None:
    cell = Cell()
    cell.start()
    cell.send("i", more={"x": 1})
    cell.passes(HOUR)
    (line,) = cell.lines()
    label = "s3://b/out/VOT/annotations/consolidated-annotation/output/0/SeqLabel.json"
    metadata = line.pop("VOT-ref-metadata")
    assert line == {
        "source-ref": "s3://b/clip.json",
        "dataset-objectid-attribute-name": "K",
        "K": "i",
        "more": {"x": 1},
        "VOT-ref": label,
    }
    assert metadata == {
        "class-map": {"0": "car"},
        "job-name": "labeling-job/VOT",
        "human-annotated": "yes",
        "creation-date": "2027-01-04T01:03:00.000000",
        "type": "groundtruth/video-object-tracking",
    }
    assert json.loads(cell.s3.read("b", label.removeprefix("s3://b/")) or b"")["tracking-annotations"]
    assert cell.counters() == (1, 0, 0)


@pytest.mark.parametrize(
    ("task_type", "label"),
    [
        ("BoundingBox", dict),
        ("SemanticSegmentation", str),
        ("ImageMultiClass", str),
        ("VideoObjectDetection", str),
    ],
)
def test_each_task_type_should_have_labels_of_its_form(task_type: str, label: type) -> None:
    cell = Cell()
    cell.start(task_type=task_type)
    cell.send("i")
    cell.passes(HOUR)
    (line,) = cell.lines()
    assert isinstance(line["VOT-ref" if TASK_TYPES[task_type].needs_ref else "VOT"], label)


def test_an_adjustment_should_need_the_label_it_adjusts() -> None:
    cell = Cell()
    cell.start()
    cell.start("Adj", "AdjustmentVideoObjectTracking")
    cell.send("i", "j", **{"VOT-ref": "s3://b/clip.json", "VOT-ref-metadata": {"class-map": {"0": "car"}}})
    cell.send("k")
    cell.send("l", **{"VOT-ref": "s3://b/gone.json", "VOT-ref-metadata": {"class-map": {"0": "car"}}})
    cell.passes(DAY)
    lines = [line for line in cell.lines() if line.get("Adj-ref-metadata", {}).get("job-name") == "labeling-job/Adj"]
    assert {line["K"]: "failure-reason" in line["Adj-ref-metadata"] for line in lines} == {
        "i": False,
        "j": False,
        "k": True,
        "l": True,
    }
    assert lines[-1]["Adj-ref-metadata"]["adjustment-status"] == "adjusted"


def test_a_name_should_be_unique_whatever_its_case() -> None:
    cell = Cell()
    cell.create("VOT")
    with pytest.raises(ClientError) as caught:
        cell.create("vot")
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("DescribeLabelingJob", {"LabelingJobName": "None"}, "ResourceNotFound"),
        ("StopLabelingJob", {"LabelingJobName": "None"}, "ResourceNotFound"),
        ("StopLabelingJob", {"LabelingJobName": "VOT"}, "ValidationException"),
        ("StopLabelingJob", {"LabelingJobName": "under_score"}, "ValidationException"),
    ],
)
def test_a_refusal_should_have_the_name_aws_gives_it(operation: str, request_: dict[str, Any], code: str) -> None:
    cell = Cell()
    cell.create("VOT")
    with pytest.raises(ClientError) as caught:
        cell.call(operation, **request_)
    assert caught.value.response["Error"]["Code"] == code


def test_a_request_that_aws_refuses_should_be_refused() -> None:
    cell = Cell()
    for changes in (
        {"LabelAttributeName": "VOT"},
        {"LabelCategoryConfigS3Uri": "s3://b/gone.json"},
        {"LabelCategoryConfigS3Uri": "https://b/labels.json"},
        cell.human(NumberOfHumanWorkersPerDataObject=2),
        cell.human(TaskTimeLimitInSeconds=31 * int(DAY)),
    ):
        with pytest.raises(ClientError, match="ValidationException"):
            cell.create(**changes)


def test_a_call_that_is_not_built_should_be_said_to_be_unknown() -> None:
    with pytest.raises(UnknownCall, match="sagemaker ListLabelingJobs"):
        Cell().call("ListLabelingJobs")


def test_a_job_should_be_described_as_it_is() -> None:
    cell = Cell()
    arn = cell.create()
    assert cell.describe()["LabelingJobStatus"] == "Initializing"
    cell.passes(180)
    found = cell.describe("vot")
    assert found["LabelingJobStatus"] == "InProgress"
    assert found["LabelingJobArn"] == arn == f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:labeling-job/vot"
    assert found["InputConfig"] == {"DataSource": {"SnsDataSource": {"SnsTopicArn": cell.input}}}
    assert found["LabelingJobOutput"] == {"OutputDatasetS3Uri": f"s3://b/{MANIFEST}"}
    assert found["CreationTime"] == datetime(2027, 1, 4, tzinfo=UTC)
    assert found["LastModifiedTime"] == datetime(2027, 1, 4, 0, 3, tzinfo=UTC)
    assert "FailureReason" not in found


def test_input_sent_too_early_should_be_lost_or_kept() -> None:
    for early, labeled in (("lost", []), ("kept", ["i"])):
        cell = Cell(unknowns=Unknowns(early_input=early))  # type: ignore[arg-type] # one of two words
        cell.create()
        cell.send("i")
        cell.passes(DAY)
        assert [line["K"] for line in cell.lines()] == labeled


def test_a_job_should_read_no_other_topic() -> None:
    cell = Cell()
    other = cell.sns.call("CreateTopic", {"Name": "other"})["TopicArn"]
    cell.start("Other", InputConfig={"DataSource": {"SnsDataSource": {"SnsTopicArn": other}}})
    cell.start()
    cell.send("i")
    cell.passes(DAY)
    assert {job for job, event in cell.seen if isinstance(event, Labeled)} == {"VOT"}


def test_a_job_whose_topic_is_gone_should_fail_with_a_reason() -> None:
    cell = Cell()
    cell.create()
    cell.sns.call("DeleteTopic", {"TopicArn": cell.input})
    cell.passes(DAY)
    found = cell.describe()
    assert found["LabelingJobStatus"] == "Failed"
    assert "input cannot be read" in found["FailureReason"]
    assert [detail for _, _, _, detail in cell.announced] == [{"LabelingJobStatus": "Failed"}]


def test_a_stopped_job_should_unsubscribe_and_keep_its_queue() -> None:
    cell = Cell(Team(people=1, hours_per_task=(1.0, 1.0), opens=10))
    cell.start(**cell.human(MaxConcurrentTaskCount=1))
    cell.send("i", "j")
    cell.passes(60)
    cell.call("StopLabelingJob", LabelingJobName="VOT")
    assert cell.describe()["LabelingJobStatus"] == "Stopping"
    cell.passes(0)
    cell.send("k")
    cell.passes(60)
    assert cell.describe()["LabelingJobStatus"] == "Stopped"
    assert cell.sns.unheard == {cell.input: 1}
    assert cell.waiting() == 1
    assert cell.announced == [
        (
            "SageMaker Ground Truth Labeling Job State Change",
            "aws.sagemaker",
            [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:labeling-job/vot"],
            {"LabelingJobStatus": "Stopped"},
        )
    ]
    cell.passes(14 * DAY)
    assert cell.waiting() == 0
    assert cell.lines() == []
    with pytest.raises(ClientError, match="cannot be stopped"):
        cell.call("StopLabelingJob", LabelingJobName="VOT")


def test_a_message_that_arrives_after_the_stop_should_stay_in_the_queue_unread() -> None:
    cell = Cell()
    cell.start()
    cell.call("StopLabelingJob", LabelingJobName="VOT")
    cell.passes(60)
    cell.sqs.send(f"arn:aws:sqs:{REGION}:{ACCOUNT}:GroundTruth-vot", "late")
    cell.passes(DAY)
    assert (cell.waiting(), cell.age()) == (1, DAY)


def test_what_lies_in_the_queue_when_the_job_begins_should_be_read() -> None:
    cell = Cell()
    cell.create()
    line = {"source-ref": "s3://b/clip.json", "dataset-objectid-attribute-name": "K", "K": "i"}
    cell.sqs.send(f"arn:aws:sqs:{REGION}:{ACCOUNT}:GroundTruth-vot", json.dumps(line))
    cell.passes(60)
    assert cell.waiting() == 1
    cell.passes(DAY)
    assert (cell.waiting(), [line["K"] for line in cell.lines()]) == (0, ["i"])


def test_the_queue_should_tell_the_truth() -> None:
    cell = Cell(Team(people=1, hours_per_task=(100.0, 100.0)))
    cell.start(**cell.human(MaxConcurrentTaskCount=1, TaskTimeLimitInSeconds=int(10 * DAY)))
    cell.send("i")
    cell.passes(60)
    assert (cell.waiting(), cell.age()) == (0, None)
    cell.send("j")
    cell.passes(HOUR)
    cell.send("k")
    cell.passes(98 * HOUR)
    assert (cell.waiting(), cell.age(), cell.counters()) == (2, 99 * HOUR, (0, 0, 3))
    cell.passes(HOUR)
    assert (cell.waiting(), cell.age()) == (1, 99 * HOUR)


def test_a_message_should_be_lost_in_silence_after_14_days() -> None:
    cell = Cell(Team(holidays=((0, 365),)))
    cell.start(**cell.human(MaxConcurrentTaskCount=1))
    cell.send("i")
    cell.passes(0.3)
    cell.send("j")
    cell.passes(14 * DAY - 0.5)
    assert (cell.waiting(), len(cell.lines())) == (1, 0)
    cell.passes(1)
    assert (cell.waiting(), cell.counters()) == (0, (0, 0, 1))
    cell.send("k")
    cell.passes(12 * DAY)
    assert cell.waiting() == 1
    assert cell.lines() == []


def test_a_renewed_copy_should_keep_its_place_in_the_queue_for_another_14_days() -> None:
    cell = Cell(
        Team(people=1, hours_per_task=(1.0, 1.0), holidays=((0, 20),)),
        Unknowns(dedup="arrival", resend_renews_retention=True),
    )
    cell.start(**cell.human(MaxConcurrentTaskCount=1))
    cell.send("i", "j")
    cell.passes(10 * DAY)
    cell.send("j")
    cell.passes(HOUR)
    assert (cell.waiting(), cell.age()) == (1, HOUR)
    cell.passes(11 * DAY)
    assert sorted(line["K"] for line in cell.lines()) == ["i", "j"]


def test_an_id_should_be_shown_to_workers_once() -> None:
    cell = Cell()
    cell.start()
    cell.send("i", "i")
    cell.passes(DAY)
    cell.send("i")
    cell.passes(DAY)
    assert (len(cell.lines()), cell.waiting()) == (1, 0)


def test_what_nobody_took_should_fail() -> None:
    cell = Cell(behaviours=[Behaviour("never", "ignore", times=1000)])
    cell.start(**cell.human(TaskAvailabilityLifetimeInSeconds=int(5 * DAY)))
    cell.send("never")
    cell.passes(5 * DAY - 1)
    assert cell.lines() == []
    cell.passes(1)
    (line,) = cell.lines()
    assert line["VOT-ref-metadata"]["failure-reason"].startswith("Task expired")
    assert "VOT-ref" not in line


def test_a_poisoned_object_should_be_refused_each_time() -> None:
    cell = Cell()
    cell.start()
    cell.ground_truth.refuse("clip-7", "the sequence file is corrupt")
    cell.send("clip-7/g0", "clip-7/g1", "clip-8/g0")
    cell.passes(DAY)
    reasons = {line["K"]: line["VOT-ref-metadata"].get("failure-reason") for line in cell.lines()}
    corrupt = "the sequence file is corrupt"
    assert reasons == {"clip-7/g0": corrupt, "clip-7/g1": corrupt, "clip-8/g0": None}


def test_an_object_without_its_file_should_fail() -> None:
    cell = Cell()
    cell.start()
    line = {"source-ref": "s3://b/gone.json", "dataset-objectid-attribute-name": "K", "K": "i"}
    bad = [line, line | {"source-ref": "gone", "K": "j"}, line | {"source-ref": "s3://b/gap.json", "K": "k"}]
    for body in [*map(json.dumps, bad), "no JSON"]:
        cell.sns.call("Publish", {"TopicArn": cell.input, "Message": body})
    cell.passes(DAY)
    assert ["failure-reason" in line["VOT-ref-metadata"] for line in cell.lines()] == [True] * 3
    assert cell.counters() == (0, 4, 0)


def test_people_should_do_as_told() -> None:
    cell = Cell()
    cell.start()
    cell.ground_truth.pause(TEAM)
    cell.send("i")
    cell.passes(35 * DAY)
    assert [line["VOT-ref-metadata"]["failure-reason"][:12] for line in cell.lines()] == ["Task expired"]
    cell.ground_truth.behave(Behaviour("j", "decline"))
    cell.send("j", "k")
    cell.ground_truth.resume(TEAM)
    cell.passes(2 * HOUR)
    assert ["VOT-ref" in line for line in cell.lines()] == [False, True]
    cell.ground_truth.change(lambda team: replace(team, hours_per_task=(0.1, 0.1)))
    cell.send("l")
    cell.passes(0.1 * HOUR)
    assert [line["K"] for line in cell.lines()] == ["l"]


def test_the_manifest_should_lag_behind_and_grow() -> None:
    cell = Cell()
    cell.start()
    cell.send("i", "j")
    cell.passes(HOUR + 299)
    assert cell.s3.read("b", MANIFEST) is None
    cell.passes(1)
    first = cell.s3.call("GetObject", {"Bucket": "b", "Key": MANIFEST})
    content = first["Body"].read()
    assert [json.loads(line)["K"] for line in content.splitlines()] == ["i"]
    cell.passes(HOUR)
    second = cell.s3.call("GetObject", {"Bucket": "b", "Key": MANIFEST, "Range": f"bytes={len(content)}-"})
    assert [json.loads(line)["K"] for line in second["Body"].read().splitlines()] == ["j"]
    assert first["ETag"] != second["ETag"]
    with pytest.raises(ClientError, match="PreconditionFailed"):
        cell.s3.call("GetObject", {"Bucket": "b", "Key": MANIFEST, "IfMatch": first["ETag"]})


def test_lines_should_be_where_the_switches_have_them() -> None:
    for on_topic, in_manifest in ((True, False), (False, True)):
        unknowns = Unknowns(failures_on_topic=on_topic, failures_in_manifest=in_manifest, manifest_lag=0)
        cell = Cell(unknowns=unknowns, behaviours=[Behaviour("i", "decline")])
        cell.start()
        cell.send("i")
        cell.passes(DAY)
        assert (len(cell.lines()) == 1, cell.s3.read("b", MANIFEST) is not None) == (on_topic, in_manifest)


def test_an_idle_job_should_stop_and_say_so() -> None:
    cell = Cell()
    cell.start()
    cell.send("i")
    cell.passes(12 * DAY)
    assert cell.describe()["LabelingJobStatus"] == "Stopped"
    assert [event.status for _, event in cell.seen if isinstance(event, StatusChanged)] == [
        JobStatus.IN_PROGRESS,
        JobStatus.STOPPING,
        JobStatus.STOPPED,
    ]


def test_a_job_that_ends_at_30_days_should_be_as_the_switch_has_it() -> None:
    unknowns = Unknowns(job_ends_after=30 * DAY, ended_job_status="Completed", stop_fails_open_objects=True)
    cell = Cell(Team(holidays=((0, 365),)), unknowns)
    cell.start()
    cell.passes(5 * DAY)
    cell.send("i")
    cell.passes(25 * DAY)
    assert cell.describe()["LabelingJobStatus"] == "Completed"
    assert [event.reason for _, event in cell.seen if isinstance(event, Failed)] == ["the labeling job ended"]
    assert [detail for _, _, _, detail in cell.announced] == [{"LabelingJobStatus": "Completed"}]


def test_two_runs_should_be_the_same() -> None:
    def run() -> list[dict[str, Any]]:
        cell = Cell(Team(people=3, hours_per_task=(0.5, 30.0)))
        cell.start()
        for number in range(50):
            cell.send(str(number))
            cell.passes(0.1)
        cell.passes(60 * DAY)
        return cell.lines()

    assert run() == run()


def test_times_that_have_no_exact_sum_should_not_hold_the_world_up() -> None:
    cell = Cell(Team(people=2, hours_per_task=(0.1, 0.7)))
    cell.start()
    for number in range(200):
        cell.send(str(number))
        cell.passes(0.1 + number / 7)
    cell.passes(60 * DAY)
    assert len(cell.lines()) == 200
    assert len(cell.schedule) == 0


def switches() -> list[Unknowns]:
    """Each answer to each question that the documentation leaves open, but for the usual ones."""
    hints = get_type_hints(Unknowns)
    usual = Unknowns()
    found = []
    for each in fields(Unknowns):
        answers: tuple[Any, ...] = get_args(hints[each.name]) if get_origin(hints[each.name]) is Literal else ()
        if hints[each.name] is bool:
            answers = (False, True)
        found += [Unknowns(**{each.name: answer}) for answer in answers if answer != getattr(usual, each.name)]
    return found


@pytest.mark.parametrize("unknowns", switches(), ids=str)
def test_whatever_the_switch_the_output_should_be_where_the_job_says_it_is(unknowns: Unknowns) -> None:
    cell = Cell(unknowns=unknowns)
    cell.start()
    cell.send("s3://b/clip-1/0/g0")
    cell.passes(HOUR + 300)
    (line,) = cell.lines()
    bucket, _, key = cell.describe()["LabelingJobOutput"]["OutputDatasetS3Uri"].removeprefix("s3://").partition("/")
    assert json.loads(cell.s3.read(bucket, key) or b"") == line
    assert cell.s3.read("b", line["VOT-ref"].removeprefix("s3://b/")) is not None
    assert cell.waiting() == 0
