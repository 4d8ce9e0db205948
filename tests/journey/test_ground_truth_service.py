"""The Ground Truth stand-in as a client sees it: real boto3 calls against moto's server."""

import base64
import json
import random
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from local.annotators.shapes import Box, FrameLabels, Labels, Shape, Work
from local.ground_truth.clock import Clock
from local.ground_truth.people import Behaviour, Team
from local.ground_truth.sagemaker_api import install
from local.ground_truth.service import Cloud, GroundTruth, People
from local.ground_truth.task_types import TASK_TYPES, acs_arn, pre_arn, ui_arn
from local.ground_truth.unknowns import Unknowns

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

REGION = "us-east-1"
ACCOUNT = "123456789012"
TEAM = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/drivers"
DAY_SECONDS = 0.4
DAY = 86_400
CATEGORIES = {
    "documentVersion": "2020-03-01",
    "annotationType": "BoundingBox",
    "labels": [{"label": "bus"}, {"label": "car"}],
}
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
CORS: Any = [{"AllowedMethods": ["GET", "HEAD", "PUT"], "AllowedOrigins": ["*"], "AllowedHeaders": ["*"]}]


class Drawer:
    """Draws one car on each frame; on the next level moves it by one pixel."""

    def __init__(self) -> None:
        self.breaks = False
        self.takes = 0.0

    def annotate(self, work: Work) -> Labels:
        if self.breaks:
            raise RuntimeError("out of paint")
        time.sleep(self.takes)
        left = work.prior[0].shapes[0].geometry.left + 1 if work.prior else 1  # type: ignore[union-attr] # a box
        car = Shape("car", Box(left, 2, 3, 4), {}, "id-1", "car:1")
        frames = tuple(FrameLabels(frame.frame, (car,)) for frame in work.frames)
        return Labels(frames, PIXEL, "bus", adjusted=work.prior is not None)


@dataclass
class Cell:
    """A cloud with one bucket, two topics, and a queue that listens to the output topic."""

    s3: "S3Client"
    sqs: "SQSClient"
    sns: "SNSClient"
    events: "EventBridgeClient"
    sagemaker: "SageMakerClient"
    drawer: Drawer = field(default_factory=Drawer)
    service: GroundTruth | None = None
    unread: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.s3.create_bucket(Bucket="clips")
        self.s3.put_bucket_cors(Bucket="clips", CORSConfiguration={"CORSRules": CORS})
        self.input = self.sns.create_topic(Name="GroundTruth-in")["TopicArn"]
        self.output = self.sns.create_topic(Name="GroundTruth-out")["TopicArn"]
        self.answers = self.listen(self.output, "answers")
        self.put("categories.json", CATEGORIES)
        self.put("categories-2.json", CATEGORIES | {"auditLabelAttributeName": "VOT-ref"})
        for name in ("a.png", "b.png"):
            self.s3.put_object(Bucket="clips", Key=f"clip/{name}", Body=PIXEL)
        frames = [{"frame-no": 1, "frame": "a.png"}, {"frame-no": 2, "frame": "b.png"}]
        sequence = {"seq-no": 1, "prefix": "s3://clips/clip/", "number-of-frames": 2, "frames": frames}
        self.put("clip.json", sequence)
        self.put("gap.json", sequence | {"frames": [frames[0], {"frame-no": 2, "frame": "gone.png"}]})

    def put(self, key: str, content: Mapping[str, object]) -> None:
        self.s3.put_object(Bucket="clips", Key=key, Body=json.dumps(content).encode())

    def get(self, uri: str) -> Any:
        return json.loads(self.read_text(uri))

    def listen(self, topic: str, name: str) -> str:
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        return url

    def send(self, source: str = "s3://clips/clip.json", dedup_id: str = "s3://x/1", **more: object) -> None:
        line = {"source-ref": source, "dataset-objectid-attribute-name": "Key", "Key": dedup_id, **more}
        self.sns.publish(TopicArn=self.input, Message=json.dumps(line))

    def read(self) -> list[dict[str, Any]]:
        found = self.sqs.receive_message(QueueUrl=self.answers, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]

    def answer(self) -> dict[str, Any]:
        """The next output line."""

        def has_come() -> bool:
            self.unread += self.read() if not self.unread else []
            return bool(self.unread)

        wait_until(has_come)
        return self.unread.pop(0)

    def read_text(self, uri: str) -> str:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()

    def counters(self, name: str) -> Mapping[str, int]:
        counters: Any = self.sagemaker.describe_labeling_job(LabelingJobName=name)["LabelCounters"]
        return dict(counters)

    def waiting(self, queue: str) -> int:
        """Messages in a queue, seen or unseen."""
        url = self.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])

    def status(self, name: str) -> str:
        return self.sagemaker.describe_labeling_job(LabelingJobName=name)["LabelingJobStatus"]

    def start_job(self, **changes: Any) -> str:
        request = job_request(self.input, self.output, **changes)
        self.sagemaker.create_labeling_job(**request)
        wait_until(lambda: self.status(request["LabelingJobName"]) == "InProgress")
        return str(request["LabelingJobName"])


def wait_until(is_true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def job_request(input_topic: str, output_topic: str, **changes: Any) -> dict[str, Any]:
    task_type = TASK_TYPES[changes.pop("task_type", "VideoObjectTracking")]
    human = {
        "WorkteamArn": TEAM,
        "UiConfig": {"HumanTaskUiArn": ui_arn(REGION, task_type)}
        if task_type.is_video
        else {"UiTemplateS3Uri": "s3://clips/page.html"},
        "PreHumanTaskLambdaArn": pre_arn(REGION, task_type),
        "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": acs_arn(REGION, task_type)},
        "TaskTitle": "Draw",
        "TaskDescription": "Draw boxes",
        "NumberOfHumanWorkersPerDataObject": 1,
        "TaskTimeLimitInSeconds": 28_800,
        "TaskAvailabilityLifetimeInSeconds": 10 * DAY,
        "MaxConcurrentTaskCount": 10,
    } | changes.pop("human", {})
    return {
        "LabelingJobName": "VOT-1",
        "LabelAttributeName": "VOT-ref",
        "InputConfig": {"DataSource": {"SnsDataSource": {"SnsTopicArn": input_topic}}},
        "OutputConfig": {"S3OutputPath": "s3://clips/out", "SnsTopicArn": output_topic},
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/GroundTruth",
        "LabelCategoryConfigS3Uri": "s3://clips/categories.json",
        "HumanTaskConfig": human,
    } | changes


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def open_cell(endpoint: str) -> Iterator[Callable[..., Cell]]:
    """Makes the cell of a test; keyword arguments are GroundTruth's."""
    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION)  # noqa: S106 -- no secret
    with ExitStack() as stack:

        def client(name: Any) -> Any:
            made = session.client(name, endpoint_url=endpoint)
            stack.callback(made.close)
            return made

        def open_it(**options: Any) -> Cell:
            reset(endpoint)
            cell = Cell(client("s3"), client("sqs"), client("sns"), client("events"), client("sagemaker"))
            cloud = Cloud(REGION, ACCOUNT, client("s3"), client("sqs"), client("sns"), client("events"))

            def annotator(job: str) -> Drawer:
                assert cell.status(job) == "InProgress"  # an annotator may ask the API about its job
                return cell.drawer

            people = People(annotator, lambda _arn: Team(people=2), options.pop("behaviours", ()))
            rng = random.Random(7)  # noqa: S311 -- people, not secrets
            cell.service = GroundTruth(cloud, people, Clock(DAY_SECONDS), rng, **options)
            stack.enter_context(cell.service)
            stack.enter_context(install(cell.service))
            return cell

        yield open_it


def reset(endpoint: str) -> None:
    request = urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")  # noqa: S310 -- our own server
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert answer.status == 200


def test_a_labeled_clip_should_come_back_as_the_documented_line(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell()
    cell.start_job()
    cell.send(task="T1")
    line = cell.answer()
    uri = "s3://clips/out/VOT-1/annotations/consolidated-annotation/output/0/SeqLabel.json"
    date = line["VOT-ref-metadata"].pop("creation-date")
    assert line == {
        "source-ref": "s3://clips/clip.json",
        "dataset-objectid-attribute-name": "Key",
        "Key": "s3://x/1",
        "task": "T1",
        "VOT-ref": uri,
        "VOT-ref-metadata": {
            "class-map": {"1": "car"},
            "job-name": "labeling-job/VOT-1",
            "human-annotated": "yes",
            "type": "groundtruth/video-object-tracking",
        },
    }
    assert time.strptime(date, "%Y-%m-%dT%H:%M:%S.%f")
    frames = cell.get(uri)["tracking-annotations"]
    assert [(frame["frame-no"], frame["frame"]) for frame in frames] == [("0", "a.png"), ("1", "b.png")]
    assert frames[0]["annotations"][0]["object-name"] == "car:1"


def test_detection_should_have_no_identities(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell(unknowns=Unknowns(frame_no_is_string=False, frame_no_from_sequence=True))
    cell.start_job(task_type="VideoObjectDetection")
    cell.send()
    frames = cell.get(cell.answer()["VOT-ref"])["detection-annotations"]
    assert [frame["frame-no"] for frame in frames] == [1, 2]
    assert frames[0]["annotations"] == [
        {"height": 4, "width": 3, "top": 2, "left": 1, "class-id": "1", "label-category-attributes": {}}
    ]


def test_an_adjustment_should_get_the_labels_of_the_level_before(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell()
    cell.start_job()
    cell.send()
    first = cell.answer()
    cell.start_job(
        LabelingJobName="Adj",
        LabelAttributeName="Adj-ref",
        LabelCategoryConfigS3Uri="s3://clips/categories-2.json",
        task_type="AdjustmentVideoObjectTracking",
    )
    cell.sns.publish(TopicArn=cell.input, Message=json.dumps(first | {"Key": "s3://x/2"}))
    lines = {
        line["VOT-ref-metadata"]["job-name"] + str("Adj-ref" in line): line for line in [cell.answer(), cell.answer()]
    }
    adjusted = lines["labeling-job/VOT-1True"]
    assert adjusted["VOT-ref"] == first["VOT-ref"]
    assert adjusted["Adj-ref-metadata"]["adjustment-status"] == "adjusted"
    annotation = cell.get(adjusted["Adj-ref"])["tracking-annotations"][0]["annotations"][0]
    assert (annotation["left"], annotation["object-id"]) == (2, "id-1")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("s3://clips/gone.json", "cannot be read"),
        ("s3://clips/gap.json", "gone.png"),
        ("s3://clips/clip/a.png", "not JSON"),
        ("s3://other/clip.json", "CORS"),
    ],
)
def test_an_unusable_sequence_should_fail_with_its_reason(
    open_cell: Callable[..., Cell], source: str, reason: str
) -> None:
    cell = open_cell()
    cell.s3.create_bucket(Bucket="other")
    cell.start_job()
    cell.send(source)
    line = cell.answer()
    assert "VOT-ref" not in line
    assert reason in line["VOT-ref-metadata"]["failure-reason"]
    assert line["Key"] == "s3://x/1"


def test_what_is_not_json_should_only_be_counted(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell()
    cell.start_job()
    cell.sns.publish(TopicArn=cell.input, Message="{'source-ref': 's3://clips/clip.json'}")
    wait_until(lambda: cell.counters("VOT-1")["FailedNonRetryableError"] == 1)
    assert cell.read() == []


def test_an_ignored_task_should_expire_and_be_done_under_a_new_id(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell(behaviours=(Behaviour("clip.json", "ignore"),))
    cell.start_job(human={"TaskAvailabilityLifetimeInSeconds": 2 * DAY})
    cell.send()
    assert "expired" in cell.answer()["VOT-ref-metadata"]["failure-reason"]
    cell.send()
    cell.send(dedup_id="s3://x/2")
    assert "VOT-ref" in (line := cell.answer())
    assert line["Key"] == "s3://x/2"
    assert cell.counters("VOT-1") == {
        "TotalLabeled": 1,
        "HumanLabeled": 1,
        "MachineLabeled": 0,
        "FailedNonRetryableError": 1,
        "Unlabeled": 0,
    }
    assert cell.waiting("GroundTruth-vot-1") == 0


def test_a_message_without_a_place_should_stay_in_the_real_queue(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell(behaviours=(Behaviour("s3://x/1", "ignore"),))
    cell.start_job(human={"MaxConcurrentTaskCount": 1})
    cell.send(dedup_id="s3://x/1")
    wait_until(lambda: cell.counters("VOT-1")["Unlabeled"] == 1)
    cell.send(dedup_id="s3://x/2")
    wait_until(lambda: cell.counters("VOT-1")["Unlabeled"] == 2)
    assert cell.waiting("GroundTruth-vot-1") == 1
    lines = [cell.answer(), cell.answer()]
    assert [line["Key"] for line in lines] == ["s3://x/1", "s3://x/2"]
    assert cell.waiting("GroundTruth-vot-1") == 0


def test_a_message_should_vanish_silently_after_fourteen_days_in_the_queue(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell(behaviours=(Behaviour("s3://x/1", "ignore"),), settings={"queue_retention": 2 * DAY})
    cell.start_job(human={"MaxConcurrentTaskCount": 1, "TaskAvailabilityLifetimeInSeconds": 8 * DAY})
    cell.send(dedup_id="s3://x/1")
    wait_until(lambda: cell.counters("VOT-1")["Unlabeled"] == 1)
    cell.send(dedup_id="s3://x/2")
    assert cell.answer()["Key"] == "s3://x/1"
    assert cell.counters("VOT-1")["Unlabeled"] == 0
    assert cell.waiting("GroundTruth-vot-1") == 0
    assert cell.read() == []


def test_an_initializing_job_should_neither_hear_nor_stop(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell(settings={"initializing_takes": 2 * DAY})
    cell.sagemaker.create_labeling_job(**job_request(cell.input, cell.output))
    assert cell.status("VOT-1") == "Initializing"
    cell.send(dedup_id="s3://x/early")
    with pytest.raises(ClientError, match="ValidationException"):
        cell.sagemaker.stop_labeling_job(LabelingJobName="VOT-1")
    wait_until(lambda: cell.status("VOT-1") == "InProgress")
    cell.send(dedup_id="s3://x/late")
    assert cell.answer()["Key"] == "s3://x/late"


def test_a_stopped_job_should_be_deaf_and_leave_its_queue(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell()
    events = cell.sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = cell.sqs.get_queue_attributes(QueueUrl=events, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    cell.events.put_rule(Name="jobs", EventPattern=json.dumps({"source": ["aws.sagemaker"]}))
    cell.events.put_targets(Rule="jobs", Targets=[{"Id": "q", "Arn": arn}])
    cell.start_job()
    cell.sagemaker.stop_labeling_job(LabelingJobName="vot-1")
    assert cell.status("VOT-1") in ("Stopping", "Stopped")
    wait_until(lambda: cell.status("VOT-1") == "Stopped")
    found: list[Any] = []

    def has_come() -> bool:
        found.extend(cell.sqs.receive_message(QueueUrl=events).get("Messages", []))
        return bool(found)

    wait_until(has_come)
    event = json.loads(found[0]["Body"])
    assert event["detail-type"] == "SageMaker Ground Truth Labeling Job State Change"
    assert event["detail"] == {"LabelingJobStatus": "Stopped"}
    assert event["resources"] == [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:labeling-job/vot-1"]
    cell.send()
    assert cell.waiting("GroundTruth-vot-1") == 0
    with pytest.raises(ClientError, match="ResourceInUse"):
        cell.sagemaker.create_labeling_job(**job_request(cell.input, cell.output))
    with pytest.raises(ClientError, match="ValidationException"):
        cell.sagemaker.stop_labeling_job(LabelingJobName="VOT-1")


def test_the_manifest_should_hold_every_line_once(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell(unknowns=Unknowns(duplicate_chance=1.0))
    cell.start_job()
    cell.send(dedup_id="s3://x/1")
    cell.send("s3://clips/gone.json", dedup_id="s3://x/2")
    lines: list[dict[str, Any]] = []
    while len(lines) < 4:
        lines += cell.read()
    uri = cell.sagemaker.describe_labeling_job(LabelingJobName="VOT-1")["LabelingJobOutput"]["OutputDatasetS3Uri"]
    assert uri == "s3://clips/out/VOT-1/manifests/output/output.manifest"

    def manifest() -> list[str]:
        found = cell.s3.list_objects_v2(Bucket="clips", Prefix="out/VOT-1/manifests").get("Contents", [])
        return [] if not found else cell.read_text(uri).splitlines()

    wait_until(lambda: len(manifest()) == 2)
    assert sorted(map(json.loads, manifest()), key=str) == sorted(
        (line for number, line in enumerate(lines) if line not in lines[:number]), key=str
    )


@pytest.mark.parametrize(
    ("changes", "label", "metadata"),
    [
        (
            {"task_type": "BoundingBox", "LabelAttributeName": "L"},
            {
                "image_size": [{"width": 1, "height": 1, "depth": 3}],
                "annotations": [{"class_id": 1, "height": 4, "width": 3, "top": 2, "left": 1}],
            },
            {"objects": [{"confidence": 0.0}], "class-map": {"1": "car"}, "type": "groundtruth/object-detection"},
        ),
        (
            {"task_type": "ImageMultiClass", "LabelAttributeName": "L"},
            "0",
            {"class-name": "bus", "confidence": 0.0, "type": "groundtruth/image-classification"},
        ),
    ],
)
def test_images_should_come_back_as_documented(
    open_cell: Callable[..., Cell], changes: dict[str, Any], label: object, metadata: dict[str, Any]
) -> None:
    cell = open_cell()
    cell.start_job(**changes)
    cell.send("s3://clips/clip/a.png")
    line = cell.answer()
    assert line["L"] == label
    del line["L-metadata"]["creation-date"]
    assert line["L-metadata"] == metadata | {"job-name": "labeling-job/VOT-1", "human-annotated": "yes"}


def test_a_mask_should_have_the_colours_its_metadata_names(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell()
    cell.start_job(task_type="SemanticSegmentation")
    cell.send("s3://clips/clip/a.png")
    line = cell.answer()
    colors = line["VOT-ref-metadata"]["internal-color-map"]
    assert {key: color["class-name"] for key, color in colors.items()} == {"0": "BACKGROUND", "1": "bus", "2": "car"}
    bucket, _, key = line["VOT-ref"].removeprefix("s3://").partition("/")
    mask = cell.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    at = mask.index(b"PLTE") + 4
    assert [f"#{mask[at + 3 * place : at + 3 * place + 3].hex()}" for place in range(3)] == [
        color["hex-color"] for color in colors.values()
    ]


def test_a_listing_should_be_filtered_sorted_and_paged(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell()
    for name in ("VOT-2", "vot-1", "Other"):
        cell.sagemaker.create_labeling_job(**job_request(cell.input, cell.output, LabelingJobName=name))
    listed = cell.sagemaker.list_labeling_jobs(NameContains="VOT", SortBy="Name", MaxResults=1)
    assert [job["LabelingJobName"] for job in listed["LabelingJobSummaryList"]] == ["vot-1"]
    rest = cell.sagemaker.list_labeling_jobs(NameContains="VOT", SortBy="Name", NextToken=listed["NextToken"])
    assert [job["LabelingJobName"] for job in rest["LabelingJobSummaryList"]] == ["VOT-2"]
    assert "NextToken" not in rest
    team = cell.sagemaker.list_labeling_jobs_for_workteam(WorkteamArn=TEAM)
    assert len(team["LabelingJobSummaryList"]) == 3


def test_a_request_aws_refuses_should_be_refused(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell()
    with pytest.raises(ClientError, match=r"ValidationException.*must end with -ref"):
        cell.sagemaker.create_labeling_job(**job_request(cell.input, cell.output, LabelAttributeName="VOT"))
    with pytest.raises(ClientError, match="ResourceNotFound"):
        cell.status("VOT-1")


def test_a_slow_computer_should_not_look_like_slow_people(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell()
    cell.drawer.takes = 0.25  # more than half a day here
    cell.start_job(human={"TaskAvailabilityLifetimeInSeconds": 4 * 3_600, "TaskTimeLimitInSeconds": 3 * 3_600})
    for number in range(3):
        cell.send(dedup_id=f"s3://x/{number}")
    lines = [cell.answer() for _ in range(3)]
    assert all("VOT-ref" in line for line in lines)


def test_an_object_without_the_label_to_adjust_should_fail_alone(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell()
    changes = {"LabelCategoryConfigS3Uri": "s3://clips/categories-2.json", "LabelAttributeName": "Adj-ref"}
    cell.start_job(task_type="AdjustmentVideoObjectTracking", **changes)
    cell.send()
    line = cell.answer()
    assert "no label VOT-ref" in line["Adj-ref-metadata"]["failure-reason"]
    assert cell.status("VOT-1") == "InProgress"


def test_a_seed_manifest_should_be_read_once_at_the_beginning(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell()
    seed = '{"source-ref": "s3://clips/clip.json", "n": 1}\n{"source-ref": "s3://clips/clip.json", "n": 2}\n'
    cell.s3.put_object(Bucket="clips", Key="seed.manifest", Body=seed.encode())
    request = job_request(cell.input, cell.output)
    request["InputConfig"]["DataSource"]["S3DataSource"] = {"ManifestS3Uri": "s3://clips/seed.manifest"}
    cell.sagemaker.create_labeling_job(**request)
    assert sorted(cell.answer()["n"] for _ in range(2)) == [1, 2]
    assert cell.counters("VOT-1")["Unlabeled"] == 0


def test_output_may_be_overtaken_but_never_lost(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell(unknowns=Unknowns(delay_chance=0.5, delay_longest=DAY))
    cell.start_job()
    sent = [f"s3://x/{number}" for number in range(12)]
    for dedup_id in sent:
        cell.send(dedup_id=dedup_id)
    came = [cell.answer()["Key"] for _ in sent]
    assert sorted(came) == sorted(sent)


def test_a_job_without_its_topic_should_fail(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell()
    gone = cell.input + "-gone"
    cell.sagemaker.create_labeling_job(**job_request(gone, cell.output))
    wait_until(lambda: cell.status("VOT-1") == "Failed")
    assert "input" in cell.sagemaker.describe_labeling_job(LabelingJobName="VOT-1")["FailureReason"]


def test_a_fault_inside_should_be_raised_at_the_end(open_cell: Callable[..., Cell]) -> None:
    cell = open_cell()
    cell.drawer.breaks = True
    cell.start_job()
    cell.send()
    assert "declined" in cell.answer()["VOT-ref-metadata"]["failure-reason"]
    assert cell.service is not None
    with pytest.raises(ExceptionGroup, match="faults"):
        cell.service.close()
