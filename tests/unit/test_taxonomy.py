"""Reading taxonomies: what is right, and one message for each kind of fault."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from everlabel import taxonomy_form
from everlabel.annotation_document import ShapeType
from everlabel.definition import Fault
from everlabel.task_types import TASK_TYPES
from everlabel.taxonomy import inherited
from everlabel.taxonomy_form import TaxonomyRefused
from tests.broken_taxonomies import OF_FORM, OF_MEANING, animal, clip, job
from tests.taxonomies import LAVA_FILE, SCHEMA_FILE, lava, small_file, taxonomy

SCHEMA = json.loads(SCHEMA_FILE.read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def faults(file: Any) -> list[Fault]:
    with pytest.raises(TaxonomyRefused) as refused:
        taxonomy_form.read(file if isinstance(file, bytes) else json.dumps(file).encode())
    return refused.value.faults


@pytest.mark.parametrize("kind", [*OF_FORM, *OF_MEANING])
def test_each_kind_of_fault_should_get_one_message_that_names_it(kind: str) -> None:
    change, field, message = (OF_FORM | OF_MEANING)[kind]
    file = small_file()
    taxonomy(file)  # without the fault it is read
    change(file)
    (fault,) = faults(file)
    assert fault.field == field
    assert message in fault.message


def test_the_schema_should_take_what_has_the_right_form() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(json.loads(LAVA_FILE.read_text()))
    VALIDATOR.validate(small_file())


def test_the_longest_names_and_the_highest_version_should_be_taken() -> None:
    file = small_file() | {"name": "a" * 32, "version": 999_999}
    file["labelingJobs"]["A" * 32] = {"adjusts": "Fences"}
    VALIDATOR.validate(file)
    assert taxonomy(file).reference == f"{'a' * 32}/999999"


@pytest.mark.parametrize("kind", [*OF_FORM, *OF_MEANING])
def test_the_schema_should_refuse_what_has_the_wrong_form(kind: str) -> None:
    file = small_file()
    (OF_FORM | OF_MEANING)[kind][0](file)
    assert VALIDATOR.is_valid(file) == (kind in OF_MEANING)


def test_the_schema_should_know_every_task_type_and_shape() -> None:
    job_form = SCHEMA["properties"]["labelingJobs"]["additionalProperties"]["properties"]
    assert job_form["taskType"]["enum"] == list(TASK_TYPES)
    assert SCHEMA["properties"]["objects"]["additionalProperties"]["properties"]["shape"]["enum"] == list(ShapeType)


def test_all_faults_should_be_told_at_once() -> None:
    file = small_file()
    file["name"] = ""
    animal(file)["shape"] = "circle"
    clip(file, "season")["values"] = []
    assert [fault.field for fault in faults(file)] == ["attributes.clip.season.values", "name", "objects.animal.shape"]


@pytest.mark.parametrize("text", [b"", b"[]", b"3", b'{"name": "a", "name": "b"}', b"\xff", b'{"version": NaN}'])
def test_what_is_no_json_object_should_be_refused(text: bytes) -> None:
    assert faults(text)


def test_two_twins_that_adjust_each_other_should_be_refused() -> None:
    file = small_file()
    job(file, "AdjAnimals").update(adjusts="More", objects=["animal"])
    file["labelingJobs"]["More"] = {"adjusts": "AdjAnimals"}
    assert {fault.field for fault in faults(file)} == {"labelingJobs.AdjAnimals.adjusts", "labelingJobs.More.adjusts"}


def test_a_twin_should_take_over_what_its_job_says() -> None:
    file = small_file()
    file["labelingJobs"]["ThirdAnimals"] = {"adjusts": "AdjAnimals"}
    found = taxonomy(file).jobs
    for name in ("AdjAnimals", "ThirdAnimals"):
        assert found[name].task_type == "AdjustmentVideoObjectTracking"
        assert found[name].objects == ("animal",)
        assert found[name].frame_attributes == ("blurred",)


@pytest.mark.parametrize("text", ["lava/1", "a/999999", "a-b-2/10"])
def test_a_reference_should_have_name_and_version(text: str) -> None:
    name, version = taxonomy_form.reference(text)
    assert f"{name}/{version}" == text


@pytest.mark.parametrize(
    "text", ["lava", "lava/", "lava/0", "lava/01", "/1", "../1", "Lava/1", "a/1/2", "a/1000000", ""]
)
def test_what_is_no_reference_should_be_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected name/version"):
        taxonomy_form.reference(text)


def test_the_attributes_of_a_definition_should_be_checked_all_at_once() -> None:
    given = {
        "drive": {"weather": "sunny", "scene": "tunnel", "wheather": "clear"},
        "clip": {"traffic": 3, "frame_no": 7},
    }
    found = {fault.field: fault.message for fault in lava().attribute_faults(given)}
    assert found == {
        "attributes.clip.frame_no": "is an attribute of each frame in lava/1, which a definition does not give",
        "attributes.clip.traffic": "3 is none of its values: free-flowing, stop-and-go, undefined",
        "attributes.drive.drive_id": "is missing; lava/1 needs it",
        "attributes.drive.scene": "is an attribute of a clip in lava/1: give it in attributes.clip",
        "attributes.drive.weather": (
            "'sunny' is none of its values: clear, overcast, partly cloudy, rainy, foggy, undefined"
        ),
        "attributes.drive.wheather": (
            "is no attribute of a drive in lava/1; there are: drive_id, weather, time_of_day, route"
        ),
    }


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (-40, None),
        (50.0, None),
        (51, "51 is too large: at most 50"),
        (-40.5, "-40.5 is too small: at least -40"),
        ("10", "'10' must be a number"),
        (True, "True must be a number"),
    ],
)
def test_a_number_should_be_within_its_bounds(value: Any, fault: str | None) -> None:
    given = {"drive": {"field": "north"}, "clip": {"degrees": value}}
    found = taxonomy(small_file()).attribute_faults(given)
    assert found == ([Fault("attributes.clip.degrees", fault)] if fault else [])


def test_a_text_should_not_be_empty() -> None:
    found = taxonomy(small_file()).attribute_faults({"drive": {"field": " "}})
    assert found == [Fault("attributes.drive.field", "' ' must be text, and not empty")]


@pytest.mark.parametrize("given", [None, 3, [], {"drive": 3}, {"drive": {"drive_id": []}, "clip": None}])
def test_attributes_of_a_wrong_form_should_be_passed_over(given: Any) -> None:
    """The API's schema names what is wrong with their form."""
    assert {fault.field for fault in lava().attribute_faults(given)} <= {"attributes.drive.drive_id"}


def test_a_frame_should_inherit_what_it_does_not_say_itself() -> None:
    given = {"drive": {"weather": "rainy", "id": 7}, "clip": {"scene": "tunnel", "id": "a"}}
    assert inherited(given) == {"weather": "rainy", "scene": "tunnel", "id": "a", "drive.id": 7}
    assert inherited(given, {"weather": "clear", "id": 0}) == {
        "weather": "clear",
        "drive.weather": "rainy",
        "scene": "tunnel",
        "id": 0,
        "clip.id": "a",
        "drive.id": 7,
    }
    assert inherited({}) == {}


def test_every_class_should_tell_what_kind_of_object_it_is() -> None:
    found = lava()
    assert found.object_of("single yellow") == "lane"
    assert found.object_of("undefined") == "vehicle"
    assert found.object_of("cow") is None
