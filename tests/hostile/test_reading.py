"""Whatever is given is read as what it is, or refused by the error that says so; what is read can be written again."""

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from everlabel import definition, labeling_job_request, manifest, strict_json
from everlabel.api.annotation_tasks import AnnotationTaskDefinition
from everlabel.api.labeling_jobs import LabelingJobDefinition
from everlabel.data_object import CORRELATION_KEY, OBJECT_ID_KEY, DeduplicationId, ObjectKey
from everlabel.definition import Definition, Fault
from everlabel.labeling_job_request import Places
from everlabel.protocol import NotPlaceable, OutcomeKind, input_message, read_line, read_output, sent_id
from everlabel.receiving import OutputMessage
from everlabel.s3_uri import S3Uri
from everlabel.task_types import TASK_TYPES
from tests.conftest import ACCOUNT, REGION, STACK
from tests.handlers.conftest import WORKTEAM
from tests.handlers.stage import CHAIN
from tests.hostile.words import CANARY, mutated_texts, mutated_values, texts, values
from tests.strict_model import faults as faults_of_request

BUCKET, ATTRIBUTE = f"{STACK}-bucket", "VOTVehicle-ref"
SENT = DeduplicationId(ObjectKey("clip-0", 1, "VOTVehicle", 7), 0, 2)
OUTPUT = f"s3://{BUCKET}/labeling-jobs/VOTVehicle/output/"
LINE = {
    "source-ref": f"s3://{BUCKET}/clips/0/sequence-0001.json",
    "dataset-objectid-attribute-name": OBJECT_ID_KEY,
    OBJECT_ID_KEY: SENT.text(BUCKET),
    CORRELATION_KEY: str(SENT.key),
    ATTRIBUTE: f"{OUTPUT}annotations/SeqLabel.json",
    f"{ATTRIBUTE}-metadata": {"class-map": {"0": "car"}, "job-name": "labeling-job/votvehicle"},
}
FAILED = {**LINE, f"{ATTRIBUTE}-metadata": {"failure-reason": "Task expired", "job-name": "labeling-job/votvehicle"}}
REFUSED = re.compile("(?i)unsupported|corrupt")
TASK = {
    "labelingJobs": CHAIN,
    "clipId": "clip-1",
    "attributes": {"drive": {"city": "München", "km": 12.5}, "clip": {"rain": False}},
    "resendAfterSeconds": 60,
    "maxExpiries": 3,
    "onObjectFailure": "continue",
}
JOBS = {
    name: SimpleNamespace(
        job_name=name,
        task_type=task_type,
        annotation_type="BoundingBox",
        label_attribute=f"{name}-ref",
        audit_label_attribute=audit,
        state="InProgress",
    )
    for name, task_type, audit in [
        ("VOTVehicle", "VideoObjectTracking", None),
        ("AdjVOTVehicle", "AdjustmentVideoObjectTracking", "VOTVehicle-ref"),
    ]
}
CONFIG = {
    "labels": [{"label": "car", "editsAllowed": "none", "categoryAttributes": []}, {"label": "bus"}],
    "annotationType": "BoundingBox",
    "instructions": {"shortInstruction": "short", "fullInstruction": "full"},
}
JOB = {
    "jobName": "VOTVehicle",
    "taskType": "VideoObjectTracking",
    "annotationType": "BoundingBox",
    "labelAttributeName": "VOTVehicle-ref",
    "labelCategoryConfig": CONFIG,
    "settings": {
        "WorkteamArn": WORKTEAM,
        "TaskTitle": "Boxes",
        "TaskDescription": "Draw",
        "TaskKeywords": ["cars", "two words"],
        "TaskTimeLimitInSeconds": 3_600,
        "TaskAvailabilityLifetimeInSeconds": 864_000,
        "MaxConcurrentTaskCount": 1_000,
        "NumberOfHumanWorkersPerDataObject": 1,
        "UiTemplateS3Uri": "s3://clips/template.html",
        "KmsKeyId": "alias/key",
        "ContentClassifiers": ["FreeOfAdultContent"],
        "Tags": [{"Key": "team", "Value": "perception"}],
    },
}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{STACK}-GroundTruthRole"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:GroundTruth-{STACK}_VOTVehicle"

often = settings(max_examples=300, derandomize=True, database=None)


def taken(form: type[BaseModel], text: str) -> dict[str, Any] | None:
    """A body as the API hands it on, or None if it has the wrong form."""
    try:
        strict_json.read(text.encode())
        return form.model_validate_json(text).model_dump(exclude_none=True, exclude_unset=True)
    except (ValueError, ValidationError):
        return None


def are_in_words(faults: list[Fault]) -> bool:
    for fault in faults:
        json.dumps([fault.field, fault.message], ensure_ascii=False).encode()
    return faults == sorted(faults) and all(fault.field and 0 < len(fault.message) < 3_000 for fault in faults)


# ---- S3 URIs --------------------------------------------------------------------------------------------------------


@often
@given(texts | texts.map(lambda text: f"s3://clips/{text}") | texts.map(lambda text: f"s3://{text}/a"))
def test_any_text_should_be_a_plain_place_or_refused(text: str) -> None:
    try:
        uri = S3Uri.parse(text)
    except ValueError:
        return
    assert S3Uri.parse(str(uri)) == uri
    assert str(uri).rstrip("/") == text.rstrip("/")
    assert CANARY not in text
    assert uri.key.isprintable()
    assert not {"..", "?", "#"} & {*uri.key.split("/"), *uri.key}
    assert uri.bucket.isascii()


# ---- what is POSTed -------------------------------------------------------------------------------------------------


@often
@given(mutated_values(TASK) | values)
def test_any_definition_should_get_its_faults_in_words(body: Any) -> None:
    found = definition.faults(
        body, {name: JOBS[name] for name in definition.job_names(body) if name in JOBS}, ["clips"]
    )
    try:
        assert are_in_words(found)
    except UnicodeEncodeError:
        # Only strict JSON reaches this function.
        with pytest.raises(UnicodeEncodeError):
            json.dumps(body, ensure_ascii=False).encode()


@often
@given(mutated_texts(TASK))
def test_a_definition_without_faults_should_be_a_task(text: str) -> None:
    assert taken(AnnotationTaskDefinition, json.dumps(TASK)) == TASK
    body = taken(AnnotationTaskDefinition, text) if text.isascii() or is_utf8(text) else None
    if body is None or definition.faults(body, JOBS, ["clips", "clip_bucket_fake"]):
        return
    understood = Definition.read(body, 1, 2)
    name = definition.task_id(body)
    assert re.fullmatch(r"[A-Za-z0-9-]{1,57}", name)
    assert definition.task_id(json.loads(json.dumps(body))) == name
    assert 1 <= understood.levels <= 100
    assert all(understood.source(step) in understood.steps for step in understood.steps if step.chain_from)
    assert all(0 < float(rate) <= 60 for rate in understood.rates)


def is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@often
@given(mutated_values(JOB) | values, mutated_values(CONFIG))
def test_any_labeling_job_should_get_its_faults_in_words(body: Any, config: Any) -> None:
    for given_config in (config, labeling_job_request.configurations(body)[0]):
        labeling_job_request.faults(body, given_config if isinstance(given_config, dict) else None, STACK, REGION)


@often
@given(st.sampled_from(sorted(TASK_TYPES)).flatmap(lambda name: mutated_texts({**JOB, "taskType": name})))
def test_a_labeling_job_without_faults_should_be_a_request_that_sagemaker_takes(text: str) -> None:
    body = taken(LabelingJobDefinition, text) if is_utf8(text) else None
    config = labeling_job_request.configurations(body)[0]
    if body is None or config is None or labeling_job_request.faults(body, config, STACK, REGION):
        return
    name = labeling_job_request.labeling_job_name(STACK, body["jobName"], 999)
    places = Places(f"{TOPIC}_input-0", f"{TOPIC}_output", OUTPUT, f"{OUTPUT}c.json", f"{OUTPUT}t.html")
    request = labeling_job_request.request(body, name, places, ROLE, REGION)
    assert faults_of_request("sagemaker", "create_labeling_job", request) == []
    assert strict_json.read(json.dumps(labeling_job_request.configuration(body, config)).encode())["labels"]


# ---- manifests ------------------------------------------------------------------------------------------------------

names = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=30)


@settings(max_examples=50, derandomize=True, database=None)
@given(names, st.integers(0, 4_500))
def test_sequences_should_have_each_frame_once_in_order(name: str, count: int) -> None:
    frames = [f"{name}{number}" for number in range(count)]
    made = list(manifest.sequences(S3Uri("clips", f"{name}/"), frames))
    again = json.loads(json.dumps(made))
    assert [frame["frame"] for sequence in again for frame in sequence["frames"]] == frames
    assert [sequence["seq-no"] for sequence in again] == [*range(1, len(made) + 1)]
    for sequence in again:
        assert sequence["prefix"] == f"s3://clips/{name}/"
        assert 1 <= sequence["number-of-frames"] == len(sequence["frames"]) <= 2_000
        assert [frame["frame-no"] for frame in sequence["frames"]] == [*range(1, len(sequence["frames"]) + 1)]


@often
@given(st.lists(names, max_size=5))
def test_a_manifest_should_have_a_line_for_each_place_whatever_its_name(keys: list[str]) -> None:
    written = manifest.manifest([S3Uri("clips", key) for key in keys])
    lines = written.split(b"\n")
    assert lines.pop() == b""
    assert [read_line(line.decode())["source-ref"] for line in lines] == [f"s3://clips/{key}" for key in keys]


@given(st.integers(1, 216_000), st.integers(1, 216_000))
def test_frames_should_be_named_in_the_order_in_which_workers_see_them(one: int, other: int) -> None:
    assert (manifest.frame_name(one).encode() < manifest.frame_name(other).encode()) == (one < other)


# ---- what comes back ------------------------------------------------------------------------------------------------


@st.composite
def damaged_ids(draw: st.DrawFn) -> str:
    """An id of ours with some characters put in, taken out or replaced."""
    text = list(SENT.text(BUCKET))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text) - 1))
        text[at : at + draw(st.integers(0, 2))] = draw(st.text("0٣²9/.-g#_\n", max_size=2))
    return "".join(text)


@often
@given(texts | damaged_ids())
def test_any_id_should_be_as_we_write_it_or_refused(text: str) -> None:
    try:
        sent = DeduplicationId.parse(text, BUCKET)
    except ValueError:
        return
    assert sent.text(BUCKET) == text


@often
@given(st.sampled_from([LINE, FAILED]).flatmap(mutated_texts) | texts | values.map(json.dumps))
def test_any_line_should_be_understood_or_not_placeable(text: str) -> None:
    try:
        line = read_line(text)
        sent = sent_id(line, BUCKET)
        output = read_output(line, sent, ATTRIBUTE, REFUSED)
    except NotPlaceable as error:
        refusal = str(error)
    else:
        refusal = ""
    assert CANARY not in refusal
    assert len(refusal) < 1_000
    if refusal:
        return
    assert line[OBJECT_ID_KEY] == sent.text(BUCKET)
    if output.kind is OutcomeKind.LABELED:
        assert output.label_uri == line[ATTRIBUTE]
        metadata = line.get(f"{ATTRIBUTE}-metadata")
        assert not isinstance(metadata, dict) or metadata.get("failure-reason") is None
        again = read_line(input_message(line, sent, BUCKET)) if len(text) < 90_000 else line
        assert again[ATTRIBUTE] == line[ATTRIBUTE]
    else:
        assert output.reason is not None
        output.reason.encode()
        assert len(output.reason) <= 1_000


ENVELOPE = {"Type": "Notification", "TopicArn": TOPIC, "Message": json.dumps(LINE), "MessageId": "1"}


@often
@given(mutated_texts(ENVELOPE) | texts)
def test_any_envelope_should_be_a_message_or_not_placeable(body: str) -> None:
    try:
        message = OutputMessage.from_sqs("message", body)
    except NotPlaceable:
        return
    envelope = json.loads(body)
    assert (message.topic, message.text) == (envelope["TopicArn"], envelope["Message"])
