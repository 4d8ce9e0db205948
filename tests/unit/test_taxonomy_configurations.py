"""The labeling jobs that taxonomies make: what Ground Truth gets, and what comes back in the taxonomy's own words."""

import copy
import json
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from everlabel import label_categories, labeling_job_request
from everlabel.api.labeling_jobs import LabelingJobDefinition
from everlabel.labeling_job_request import Places
from everlabel.taxonomy import Scope, Taxonomy
from everlabel.taxonomy_configurations import JobTemplate, configurations, findings
from everlabel.taxonomy_form import TaxonomyRefused
from everlabel.taxonomy_form import read as read_taxonomy
from local.ground_truth.categories import read_categories
from tests.taxonomies import LAVA_FILE, SCHEMA_FILE, lava, small_file, taxonomy

TEAM = {"WorkteamArn": "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/laptop"}
PLACES = Places(
    "arn:aws:sns:us-east-1:123456789012:input",
    "arn:aws:sns:us-east-1:123456789012:output",
    "s3://bucket/labeling-jobs/a/output/",
    "s3://bucket/labeling-jobs/a/label-category-config.json",
    None,
)
VALIDATOR = Draft202012Validator(json.loads(SCHEMA_FILE.read_text()))
SAGEMAKER = Session().get_service_model("sagemaker")
LAVA = configurations(lava())
FIRST = ["VOTVehicle", "VOTPedestrian", "LaneVOD", "TrafficLightVOD", "TrafficSignVOD"]


def labels(template: JobTemplate) -> list[str]:
    return [label["label"] for label in template.label_category_config["labels"]]


def test_lava_should_be_five_labeling_jobs_and_their_twins() -> None:
    assert list(LAVA) == [*FIRST, *(f"Adj{name}" for name in FIRST)]
    for name in FIRST:
        first, twin = LAVA[name], LAVA[f"Adj{name}"]
        assert first.label_attribute == f"{name}-ref"
        assert "auditLabelAttributeName" not in first.label_category_config
        assert twin.label_category_config["auditLabelAttributeName"] == f"{name}-ref"
        assert twin.adjusts == name
        assert twin.task_type == f"Adjustment{first.task_type}"
        assert twin.annotation_type == first.annotation_type
        assert twin.label_category_config["labels"] == first.label_category_config["labels"]
    assert {name: (LAVA[name].task_type, LAVA[name].annotation_type) for name in FIRST} == {
        "VOTVehicle": ("VideoObjectTracking", "BoundingBox"),
        "VOTPedestrian": ("VideoObjectTracking", "BoundingBox"),
        "LaneVOD": ("VideoObjectDetection", "Polyline"),
        "TrafficLightVOD": ("VideoObjectDetection", "BoundingBox"),
        "TrafficSignVOD": ("VideoObjectDetection", "BoundingBox"),
    }


def test_lava_should_break_no_documented_quota() -> None:
    assert findings(lava()) == []


@pytest.mark.parametrize("name", LAVA)
def test_lavas_labeling_jobs_should_pass_every_check_there_is(name: str) -> None:
    body = LAVA[name].body(TEAM)
    assert LabelingJobDefinition.model_validate(body)
    config = body["labelCategoryConfig"]
    assert labeling_job_request.faults(body, config, "everlabel", "us-east-1") == []
    assert labeling_job_request.configuration(body, config) == config
    request = labeling_job_request.request(
        body, "everlabel-a-0", PLACES, "arn:aws:iam::123456789012:role/gt", "us-east-1"
    )
    shape = SAGEMAKER.operation_model("CreateLabelingJob").input_shape
    assert shape is not None
    assert not ParamValidator().validate(request, shape).has_errors()
    assert label_categories.findings(config) == []
    categories = read_categories(json.dumps(config).encode(), is_video=True, quotas_enforced=True)
    assert list(categories.labels) == labels(LAVA[name])
    assert categories.annotation_type == LAVA[name].annotation_type


def test_lava_should_have_all_the_words_of_its_source() -> None:
    found = lava()
    assert {scope: list(found.attributes[scope]) for scope in Scope} == {
        "drive": ["drive_id", "weather", "time_of_day", "route"],
        "clip": ["clip_id", "scene", "traffic", "traffic_density"],
        "frame": ["frame_no", "timestamp"],
    }
    assert {word: ",".join(a.values) for scope in Scope for word, a in found.attributes[scope].items() if a.values} == {
        "weather": "clear,overcast,partly cloudy,rainy,foggy,undefined",
        "time_of_day": "daytime,night,dawn/dusk,undefined",
        "scene": (
            "highway,tunnel,residential,parking lot,city street,gas station,intersection,roundabout,school zone,"
            "construction,entrance,exit,undefined"
        ),
        "traffic": "free-flowing,stop-and-go,undefined",
        "traffic_density": "high,medium,low",
    }
    assert {name: ",".join(kind.classes) for name, kind in found.objects.items()} == {
        "vehicle": "car,van,truck,bus,motorbike,bicycle,undefined",
        "license plate": "license plate",
        "vehicle light": "vehicle light",
        "pedestrian": "pedestrian",
        "lane": "crosswalk,double other,double white,double yellow,road curb,single other,single white,single yellow",
        "traffic light": "traffic light",
        "traffic sign": (
            "stop,yield,do not enter,wrong way,school zone,railroad,red and white regulatory,white regulatory,"
            "highway construction and maintenance,warning"
        ),
        "ignore": "ignore",
    }
    asked = {
        f"{name}.{word}": ",".join(attribute.values)
        for name, kind in found.objects.items()
        for word, attribute in kind.attributes.items()
    }
    hidden = "none,partial,major"
    assert asked == {
        "vehicle.occlusion": hidden,
        "vehicle light.state": "on,off,undefined",
        "pedestrian.occlusion": hidden,
        "lane.style": "solid,dashed",
        "lane.direction": "horizontal,vertical",
        "traffic light.state": "red,green,yellow,undefined",
        "traffic light.is_front": "yes,no",
        "traffic light.occlusion": hidden,
        "traffic sign.is_front": "yes,no",
        "traffic sign.occlusion": hidden,
    }


def test_a_verification_should_allow_no_edits() -> None:
    config = configurations(taxonomy(small_file()))["VerFences"].label_category_config
    assert config["labels"] == [{"label": "fence", "editsAllowed": "none"}]
    assert config["auditLabelAttributeName"] == "Fences-ref"


def test_attributes_should_be_asked_in_short_words_with_what_they_need() -> None:
    file = small_file()
    file["objects"]["animal"]["attributes"]["posture"]["required"] = True
    file["short"]["posture"] = "pose"
    config = configurations(taxonomy(file))["Animals"].label_category_config
    assert [label["label"] for label in config["labels"]] == ["cow", "long-haired"]
    assert config["labels"][1]["categoryAttributes"] == [
        {
            "name": "pose",
            "type": "string",
            "description": "How it holds itself",
            "enum": ["lying", "standing"],
            "isRequired": True,
        },
        {"name": "age", "type": "number", "description": "In years", "minimum": 0, "maximum": 30},
    ]
    assert [attribute["name"] for attribute in config["frameAttributes"]] == ["blurred"]


def test_an_image_job_should_have_the_configuration_of_images() -> None:
    file = small_file()
    file["objects"]["tree"] = {"shape": "mask", "classes": ["oak", "elm"]}
    file["labelingJobs"] |= {
        "Trees": {"taskType": "SemanticSegmentation", "objects": ["tree"]},
        "AdjTrees": {"adjusts": "Trees"},
        "VerTrees": {"adjusts": "Trees", "taskType": "VerificationSemanticSegmentation"},
    }
    found = configurations(taxonomy(file))
    assert found["Trees"].label_category_config == {
        "document-version": "2018-11-28",
        "labels": [{"label": "oak"}, {"label": "elm"}],
    }
    assert found["AdjTrees"].label_category_config["auditLabelAttributeName"] == "Trees-ref"
    for name in ("AdjTrees", "VerTrees"):
        assert found[name].label_category_config["labels"] == [{"label": "oak"}, {"label": "elm"}]
        assert label_categories.findings(found[name].label_category_config) == []


def test_settings_should_go_before_what_the_taxonomy_says() -> None:
    template = LAVA["VOTVehicle"]
    assert template.body(TEAM)["settings"] == {**TEAM, "TaskTitle": "Track vehicles"}
    assert template.body({**TEAM, "TaskTitle": "Cars"})["settings"]["TaskTitle"] == "Cars"


def test_what_breaks_a_quota_should_be_warned_of_once_with_its_remedy() -> None:
    file = json.loads(LAVA_FILE.read_text())
    del file["short"]["highway construction and maintenance"]
    (found,) = findings(taxonomy(file))
    assert not found.is_error
    assert found.field == "labelingJobs.TrafficSignVOD: labels[8].label"
    assert found.message == (
        "'highway construction and maintenance' has 36 characters; Ground Truth documents at most 16: "
        'give it a shorter word under "short"'
    )


# What comes back.

WORDS = st.lists(
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=24), min_size=2, max_size=6, unique=True
)


@st.composite
def shortened(draw: st.DrawFn) -> Taxonomy:
    """A taxonomy of any words, some of them shortened, to whatever does not collide."""
    file: dict[str, Any] = copy.deepcopy(small_file())
    animal = file["objects"]["animal"]
    words = draw(WORDS.filter(lambda found: "fence" not in found))
    animal["classes"] = words
    names = draw(WORDS)
    animal["attributes"] = {name: {"description": "any", "values": draw(WORDS)} for name in names}
    values = [value for attribute in animal["attributes"].values() for value in attribute["values"]]
    every = list(dict.fromkeys([*words, *names, *values]))
    long = draw(st.lists(st.sampled_from(every), unique=True))
    # Any short word, also one that is a word of the taxonomy elsewhere.
    short = st.one_of(st.sampled_from(every), st.text("abcdef", min_size=1, max_size=4))
    file["short"] = {}
    for word in long:
        before = dict(file["short"])
        file["short"][word] = draw(short)
        try:
            taxonomy(file)
        except TaxonomyRefused:
            file["short"] = before
    return taxonomy(file)


@settings(max_examples=60)
@given(shortened(), st.data())
def test_what_was_shortened_should_be_restored(found: Taxonomy, data: st.DataObject) -> None:
    kind = found.objects["animal"]
    word = data.draw(st.sampled_from(kind.classes))
    said = {name: data.draw(st.sampled_from(attribute.values)) for name, attribute in kind.attributes.items()}
    read = {found.shorten(name): found.shorten(value) for name, value in said.items()}
    assert found.restore("AdjAnimals", found.shorten(word), read) == (word, said)
    assert found.shortened("AdjAnimals", word, said) == (found.shorten(word), read)


def test_what_is_not_of_the_taxonomy_should_stay_as_it_is() -> None:
    found = lava()
    assert found.restore("TrafficSignVOD", "construction", {"is_front": "no", "size": 3}) == (
        "highway construction and maintenance",
        {"is_front": "no", "size": 3},
    )
    # A scene, and a word of another job's.
    assert found.restore("VOTVehicle", "construction", {"a": "b"}) == ("construction", {"a": "b"})
    assert found.restore("Others", "construction", {"a": "b"}) == ("construction", {"a": "b"})
    long = "highway construction and maintenance"
    said = {"is_front": ["no"], "size": 3, "red and white regulatory": long}
    assert found.shortened("TrafficSignVOD", long, said) == ("construction", said)
    assert found.shortened("VOTVehicle", long, said) == (long, said)
    assert found.shortened("Others", long, said) == (long, said)


def test_what_is_said_of_frames_should_be_restored_too() -> None:
    file = small_file()
    file["attributes"]["frame"]["hidden by something"] = {"values": ["yes it is"], "description": "Whether"}
    file["labelingJobs"]["Animals"]["frameAttributes"] = ["hidden by something"]
    file["short"] |= {"hidden by something": "hidden", "yes it is": "yes"}
    assert taxonomy(file).restore_frame("AdjAnimals", {"hidden": "yes", "other": 1}) == {
        "hidden by something": "yes it is",
        "other": 1,
    }


# Bad input.

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [path, *(deeper for key in keys for deeper in _paths(value[key], (*path, key)))]


@given(st.data())
def test_any_file_should_be_read_or_refused_with_faults(data: st.DataObject) -> None:
    file: Any = small_file()
    for _ in range(data.draw(st.integers(1, 3))):
        *above, last = data.draw(st.sampled_from(_paths({"file": file})[1:]))
        wrapped: Any = {"file": file}
        owner = wrapped
        for key in above:
            owner = owner[key]
        owner[last] = data.draw(JSON | st.sampled_from(["Fences", "Animals", "animal", ["fence"], "cow", "polyline"]))
        file = wrapped["file"]
    templates = _templates(json.dumps(file).encode())
    assert not templates or VALIDATOR.is_valid(file)
    for template in templates:
        assert not [found for found in label_categories.findings(template.label_category_config) if found.is_error]


def _templates(text: bytes) -> list[JobTemplate]:
    try:
        return list(configurations(read_taxonomy(text)).values())
    except TaxonomyRefused as refused:
        assert refused.faults  # noqa: PT017 # most files are refused, and nothing else may be raised
        return []
