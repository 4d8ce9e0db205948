"""What is wrong with a definition, which task it is, and how it is read."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from everlabel.definition import Definition, Fault, JobFacts, clip_id, faults, job_names, rate, task_id
from everlabel.s3_uri import S3Uri

PRINTED: dict[str, Any] = json.loads(
    '{"labelingJobs": [{"jobName": "VOTVehicle", "inputConfig": {"clipS3Uri": "s3://clip_bucket_fake/clip_id_1234",'
    ' "fps": 1}, "jobLevel": 1}, {"jobName": "AdjVOTVehicle", "inputConfig": {"chainFromJobName": "VOTVehicle"},'
    ' "jobLevel": 2}]}'
)
BUCKETS = ["clip_bucket_fake", "clips"]


@dataclass
class Job:
    """What must be known of a labeling job."""

    job_name: str
    task_type: str = "VideoObjectTracking"
    annotation_type: str = "BoundingBox"
    audit_label_attribute: str | None = None
    state: str = "InProgress"
    label_attribute: str = ""

    def __post_init__(self) -> None:
        self.label_attribute = f"{self.job_name}-ref"


def adjustment(name: str, of: str = "VOTVehicle", **more: Any) -> Job:
    return Job(name, "AdjustmentVideoObjectTracking", audit_label_attribute=f"{of}-ref", **more)


JOBS: dict[str, JobFacts] = {
    job.job_name: job
    for job in [
        Job("VOTVehicle"),
        adjustment("AdjVOTVehicle"),
        adjustment("Again", of="AdjVOTVehicle"),
        Job("LaneVOD", "VideoObjectDetection", "Polyline"),
        Job("Lines", "VideoObjectTracking", "Polyline"),
        Job("Boxes", "BoundingBox"),
        Job("Detected", "VideoObjectDetection"),
        Job("Verify", "VerificationVideoObjectTracking", audit_label_attribute="VOTVehicle-ref"),
        adjustment("OnVerdict", of="Verify"),
        Job("Ready", state="Initializing"),
        Job("Gone", state="Stopped"),
        Job("Broken", state="Failed"),
    ]
}


def step(name: str, level: int = 1, chain: str | None = None, **given_: Any) -> dict[str, Any]:
    config = {"chainFromJobName": chain} if chain else {"clipS3Uri": "s3://clips/a.mp4", "fps": 1}
    return {"jobName": name, "inputConfig": config | given_, "jobLevel": level}


def found(*steps: Any) -> dict[str, list[str]]:
    """Faults by field."""
    fields: dict[str, list[str]] = {}
    for fault in faults({"labelingJobs": list(steps)}, JOBS, BUCKETS):
        fields.setdefault(fault.field, []).append(fault.message)
    return fields


def test_the_definition_of_the_source_has_no_fault() -> None:
    assert faults(PRINTED, JOBS, BUCKETS) == []


@pytest.mark.parametrize(
    "steps",
    [
        [step("VOTVehicle")],
        [step("VOTVehicle"), step("LaneVOD"), step("Boxes")],
        [step("VOTVehicle"), step("AdjVOTVehicle", 2, "VOTVehicle"), step("Again", 3, "AdjVOTVehicle")],
        [step("VOTVehicle"), step("Verify", 2, "VOTVehicle"), step("AdjVOTVehicle", 3, "VOTVehicle")],
        [step("VOTVehicle"), step("VOTVehicle", 2)],
        [step("Ready")],
        [step("VOTVehicle", fps=0.1), step("LaneVOD", fps=60)],
    ],
)
def test_these_definitions_have_no_fault(steps: list[dict[str, Any]]) -> None:
    assert found(*steps) == {}


@pytest.mark.parametrize(
    ("steps", "field", "says"),
    [
        ([step("VOTVehicle", 2)], "labelingJobs", "no job at level 1; levels go from 1 to 2"),
        ([step("VOTVehicle"), step("LaneVOD", 4)], "labelingJobs", "no job at level 2, 3; levels go from 1 to 4"),
        ([step("VOTVehicle", 10**12)], "labelingJobs", "no job at level 1, 2, 3, 4, 5, 6, 7, 8, 9, 10; levels"),
        (
            [step("VOTVehicle"), step("LaneVOD"), step("VOTVehicle")],
            "labelingJobs[2].jobName",
            "'VOTVehicle' is at level 1 twice (also labelingJobs[0])",
        ),
        ([step("Nobody")], "labelingJobs[0].jobName", "there is no labeling job 'Nobody'"),
        ([step("Gone")], "labelingJobs[0].jobName", "'Gone' is Stopped, not InProgress"),
        ([step("Broken")], "labelingJobs[0].jobName", "'Broken' is Failed, not InProgress"),
        (
            [step("VOTVehicle"), step("AdjVOTVehicle", 2, "LaneVOD")],
            "labelingJobs[1].inputConfig.chainFromJobName",
            "'LaneVOD' is not a job at a level below 2",
        ),
        (
            [step("VOTVehicle"), step("AdjVOTVehicle", 1, "VOTVehicle")],
            "labelingJobs[1].inputConfig.chainFromJobName",
            "'VOTVehicle' is not a job at a level below 1",
        ),
        (
            [step("VOTVehicle"), step("AdjVOTVehicle", 2, "AdjVOTVehicle")],
            "labelingJobs[1].inputConfig.chainFromJobName",
            "'AdjVOTVehicle' is not a job at a level below 2",
        ),
        (
            [step("Lines"), step("AdjVOTVehicle", 2, "Lines")],
            "labelingJobs[1].inputConfig.chainFromJobName",
            "'Lines' gives Polyline of VideoObjectTracking, 'AdjVOTVehicle' takes BoundingBox",
        ),
        (
            [step("Boxes"), step("AdjVOTVehicle", 2, "Boxes")],
            "labelingJobs[1].inputConfig.chainFromJobName",
            "'Boxes' gives BoundingBox of BoundingBox",
        ),
        (
            [step("VOTVehicle"), step("Verify", 2, "VOTVehicle"), step("OnVerdict", 3, "Verify")],
            "labelingJobs[2].inputConfig.chainFromJobName",
            "'Verify' verifies; its output is a verdict",
        ),
        (
            [step("VOTVehicle"), step("Again", 2, "VOTVehicle")],
            "labelingJobs[1].inputConfig.chainFromJobName",
            "'Again' works on the labels 'AdjVOTVehicle-ref', 'VOTVehicle' writes 'VOTVehicle-ref'",
        ),
        ([step("AdjVOTVehicle")], "labelingJobs[0].inputConfig", "starts from labels: give chainFromJobName"),
        (
            [step("VOTVehicle", clipS3Uri="s3://elsewhere/a.mp4")],
            "labelingJobs[0].inputConfig.clipS3Uri",
            "bucket 'elsewhere' is not allowed; ClipBuckets has: clip_bucket_fake, clips",
        ),
        ([step("VOTVehicle", clipS3Uri="s3://clips")], "labelingJobs[0].inputConfig.clipS3Uri", "no clip in it"),
        ([step("VOTVehicle", clipS3Uri="s3://clips/../x")], "labelingJobs[0].inputConfig.clipS3Uri", "'..'"),
        ([step("VOTVehicle", clipS3Uri="s3://clips/a\x1b")], "labelingJobs[0].inputConfig.clipS3Uri", "control"),
        ([step("VOTVehicle", clipS3Uri="s3://clips/a?b")], "labelingJobs[0].inputConfig.clipS3Uri", "query"),
        ([step("VOTVehicle", clipS3Uri="https://clips/a")], "labelingJobs[0].inputConfig.clipS3Uri", "s3://"),
        (
            [step("VOTVehicle"), step("LaneVOD", clipS3Uri="s3://clips/b.mp4")],
            "labelingJobs[1].inputConfig.clipS3Uri",
            "differs from labelingJobs[0]; an annotation task is about one clip",
        ),
    ],
)
def test_a_fault_is_named_at_its_field_and_alone(steps: list[Any], field: str, says: str) -> None:
    assert list(found(*steps)) == [field]
    assert any(says in message for message in found(*steps)[field])


def test_a_chain_across_media_is_refused_although_both_draw_boxes() -> None:
    jobs: dict[str, JobFacts] = {
        "VOTVehicle": Job("VOTVehicle"),
        "Adj": Job("Adj", "AdjustmentBoundingBox", audit_label_attribute="x"),
    }
    (fault,) = faults({"labelingJobs": [step("VOTVehicle"), step("Adj", 2, "VOTVehicle")]}, jobs, BUCKETS)
    assert fault.field == "labelingJobs[1].inputConfig.chainFromJobName"


@pytest.mark.parametrize("level", [True, False, None, "2", 2.0, [2]])
def test_what_has_not_the_form_of_a_level_is_passed_over_here(level: Any) -> None:
    assert found(step("VOTVehicle"), {**step("AdjVOTVehicle", 2, "VOTVehicle"), "jobLevel": level}) == {}
    assert list(found({**step("VOTVehicle"), "jobLevel": level}, step("AdjVOTVehicle", 2, "VOTVehicle"))) == [
        "labelingJobs",
        "labelingJobs[1].inputConfig.chainFromJobName",
    ]


def test_every_fault_comes_in_one_answer() -> None:
    assert set(
        found(
            step("Nobody"),
            step("Nobody"),
            step("Gone", 3, clipS3Uri="s3://elsewhere/.."),
            step("AdjVOTVehicle", 4, "LaneVOD"),
            step("VOTVehicle", 4, clipS3Uri="s3://elsewhere/a"),
        )
    ) == {
        "labelingJobs",
        "labelingJobs[0].jobName",
        "labelingJobs[1].jobName",
        "labelingJobs[2].jobName",
        "labelingJobs[2].inputConfig.clipS3Uri",
        "labelingJobs[3].inputConfig.chainFromJobName",
        "labelingJobs[4].inputConfig.clipS3Uri",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
NAMES = st.sampled_from([*JOBS, "Nobody", ""]) | JSON
CONFIGS = JSON | st.fixed_dictionaries(
    {}, optional={"clipS3Uri": JSON | st.text().map("s3://clips/{}".format), "fps": JSON, "chainFromJobName": NAMES}
)
STEPS = JSON | st.fixed_dictionaries(
    {}, optional={"jobName": NAMES, "inputConfig": CONFIGS, "jobLevel": st.integers(-1, 4) | JSON}
)
BODIES = JSON | st.fixed_dictionaries({"labelingJobs": st.lists(STEPS, max_size=5) | JSON})


@given(BODIES)
@example({"labelingJobs": [{"jobLevel": 10**18}]})
@example({"labelingJobs": [{"jobName": ["unhashable"], "inputConfig": {"chainFromJobName": {}}, "jobLevel": True}]})
def test_no_body_makes_the_search_for_faults_fail(body: Any) -> None:
    before = copy.deepcopy(body)
    listed = faults(body, JOBS, BUCKETS)
    assert listed == sorted(listed)
    assert all(isinstance(fault, Fault) and fault.field and fault.message for fault in listed)
    assert len(str([fault.message for fault in listed])) < 100_000
    assert repr(body) == repr(before)


@given(BODIES)
def test_only_names_that_a_labeling_job_can_have_are_looked_up(body: Any) -> None:
    for name in job_names(body):
        assert 1 <= len(name.encode()) <= 63


def test_names_are_those_of_jobs_and_of_what_they_chain_from() -> None:
    assert job_names(PRINTED) == {"VOTVehicle", "AdjVOTVehicle"}
    assert job_names({"labelingJobs": [step("a", 2, "b"), step("", 1), step("x" * 64), step("a#b")]}) == {"a", "b"}


def test_a_definition_is_read_in_the_order_of_its_levels() -> None:
    body = {"labelingJobs": [step("AdjVOTVehicle", 2, "VOTVehicle"), step("VOTVehicle", fps=12.5), step("LaneVOD")]}
    definition = Definition.read(body, 432_000, 10)
    assert [(one.job_name, one.level, one.fps, one.chain_from) for one in definition.steps] == [
        ("LaneVOD", 1, "1", None),
        ("VOTVehicle", 1, "12.5", None),
        ("AdjVOTVehicle", 2, None, "VOTVehicle"),
    ]
    assert definition.levels == 2
    assert definition.clip == S3Uri("clips", "a.mp4")
    assert definition.rates == ["1", "12.5"]
    assert [one.job_name for one in definition.at(1)] == ["LaneVOD", "VOTVehicle"]
    assert (definition.resend_after_seconds, definition.max_expiries, definition.on_object_failure) == (
        432_000,
        10,
        "fail",
    )


def test_what_the_body_says_outweighs_what_holds_otherwise() -> None:
    body = {**PRINTED, "resendAfterSeconds": 60, "maxExpiries": 0, "onObjectFailure": "continue"}
    definition = Definition.read(body, 432_000, 10)
    assert definition.resend_after_seconds == 60
    assert definition.max_expiries == 0
    assert definition.on_object_failure == "continue"


def test_a_chain_starts_from_the_nearest_level_below() -> None:
    steps = [step("A"), step("A", 2, "A"), step("B", 4, "A"), step("A", 3, "A"), step("A", 5)]
    definition = Definition.read({"labelingJobs": steps}, 1, 1)
    assert definition.source(definition.at(4)[0]).level == 3
    assert definition.source(definition.at(3)[0]).level == 2


@pytest.mark.parametrize(
    ("fps", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        (10, "10"),
        (60, "60"),
        (0.1, "0.1"),
        (12.5, "12.5"),
        (29.97, "29.97"),
        (100 / 3, "33.333333"),
    ],
)
def test_a_rate_as_text(fps: float, text: str) -> None:
    assert rate(fps) == text


@given(st.floats(0.1, 60))
def test_a_rate_reads_back_and_stays_allowed(fps: float) -> None:
    text = rate(fps)
    assert Fraction(1, 10) <= Fraction(text) <= 60
    assert float(text) == pytest.approx(fps, abs=1e-6)
    assert rate(float(text)) == text
    assert "/" not in text


@pytest.mark.parametrize(
    ("uri", "identity"),
    [
        ("s3://clips/drive/clip_7.mp4", "clip_7"),
        ("s3://clips/drive/frames/", "frames"),
        ("s3://clips/a.b.mp4", "a.b"),
        ("s3://clips/no ending", "no ending"),
    ],
)
def test_a_clip_is_called_as_its_file(uri: str, identity: str) -> None:
    assert clip_id({"labelingJobs": [step("VOTVehicle", clipS3Uri=uri)]}) == identity
    assert clip_id({"labelingJobs": [step("VOTVehicle", clipS3Uri=uri)], "clipId": "given"}) == "given"


def changed(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    body = copy.deepcopy(PRINTED)
    change(body)
    return body


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["labelingJobs"].reverse(),
        lambda body: body["labelingJobs"][0]["inputConfig"].update(fps=1.0),
        lambda body: body.update(resendAfterSeconds=60),
        lambda body: body.update(attributes={"drive": {"rain": True}}),
        lambda body: body.update(clipId="clip_id_1234"),
    ],
)
def test_the_same_clip_and_jobs_are_the_same_task(change: Callable[[dict[str, Any]], None]) -> None:
    assert task_id(changed(change)) == task_id(PRINTED)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["labelingJobs"].pop(),
        lambda body: body["labelingJobs"][0]["inputConfig"].update(fps=2),
        lambda body: body["labelingJobs"][0]["inputConfig"].update(clipS3Uri="s3://clips/clip_id_1234"),
        lambda body: body["labelingJobs"][1].update(jobLevel=3),
        lambda body: body["labelingJobs"][1].update(jobName="Other"),
        lambda body: body.update(clipId="other"),
    ],
)
def test_another_clip_or_other_jobs_are_another_task(change: Callable[[dict[str, Any]], None]) -> None:
    assert task_id(changed(change)) != task_id(PRINTED)


KEYS = st.text(st.characters(exclude_characters="?#", exclude_categories=["C", "Z"]), min_size=1, max_size=200)


@given(KEYS.filter(lambda key: ".." not in key and key.strip("/")))
def test_a_task_id_fits_where_it_goes(key: str) -> None:
    body = {"labelingJobs": [step("VOTVehicle", clipS3Uri=f"s3://clips/{key}")]}
    name = task_id(body)
    assert len(name) <= 57
    assert name.replace("-", "").isalnum()
    assert name.isascii()
    assert not name.startswith("-")
