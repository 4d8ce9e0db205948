"""Reading taxonomies: what is right, and one message for each kind of fault."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from everlabel import taxonomy_form
from everlabel.definition import Fault
from everlabel.taxonomy import inherited
from everlabel.taxonomy_form import TaxonomyRefused
from tests.taxonomies import lava, small_file, taxonomy

type Change = Callable[[dict[str, Any]], object]


def faults(file: Any) -> list[Fault]:
    with pytest.raises(TaxonomyRefused) as refused:
        taxonomy_form.read(file if isinstance(file, bytes) else json.dumps(file).encode())
    return refused.value.faults


def animal(file: dict[str, Any]) -> dict[str, Any]:
    return file["objects"]["animal"]  # type: ignore[no-any-return]


def job(file: dict[str, Any], name: str) -> dict[str, Any]:
    return file["labelingJobs"][name]  # type: ignore[no-any-return]


def clip(file: dict[str, Any], name: str) -> dict[str, Any]:
    return file["attributes"]["clip"][name]  # type: ignore[no-any-return]


FAULTS: dict[str, tuple[Change, str, str]] = {
    # The form.
    "no name": (lambda f: f.pop("name"), "name", "is missing"),
    "name that is no path": (lambda f: f.update(name="a/b"), "name", "small letters and digits"),
    "name that is no text": (lambda f: f.update(name=3), "name", "must be text"),
    "version that is no number": (lambda f: f.update(version="1"), "version", "whole number from 1"),
    "version below one": (lambda f: f.update(version=0), "version", "0 must be a whole number from 1"),
    "unknown member": (lambda f: f.update(colour=1), "colour", "is not known; known are name, version"),
    "unknown scope": (lambda f: f["attributes"].update(route={}), "attributes.route", "drive, clip, frame"),
    "attributes that are a list": (lambda f: f["attributes"].update(clip=[]), "attributes.clip", "by name"),
    "attribute without values": (
        lambda f: clip(f, "season").pop("values"),
        "attributes.clip.season.values",
        'an attribute has values, or "type": "text" or "number"',
    ),
    "empty values": (lambda f: clip(f, "season").update(values=[]), "attributes.clip.season.values", "is empty"),
    "values that are no texts": (
        lambda f: clip(f, "season").update(values=["spring", 2]),
        "attributes.clip.season.values",
        "must be a list of texts",
    ),
    "value twice": (
        lambda f: clip(f, "season").update(values=["spring", "spring"]),
        "attributes.clip.season.values",
        "names 'spring' twice",
    ),
    "attribute without description": (
        lambda f: clip(f, "season").pop("description"),
        "attributes.clip.season.description",
        "is missing",
    ),
    "unknown type": (
        lambda f: clip(f, "degrees").update(type="integer"),
        "attributes.clip.degrees.type",
        "'integer' is none of choice, text, number",
    ),
    "text with values": (
        lambda f: f["attributes"]["drive"]["field"].update(values=["a"]),
        "attributes.drive.field.values",
        "is for type choice, and this attribute is of type text",
    ),
    "minimum above maximum": (
        lambda f: clip(f, "degrees").update(minimum=60),
        "attributes.clip.degrees.minimum",
        "60 is more than the maximum 50",
    ),
    "required that is no truth": (
        lambda f: clip(f, "season").update(required="yes"),
        "attributes.clip.season.required",
        "must be true or false",
    ),
    "frame attribute from nowhere": (
        lambda f: f["attributes"]["frame"]["number"].update({"from": "moon"}),
        "attributes.frame.number.from",
        "'moon' is none of index, time",
    ),
    "unknown shape": (
        lambda f: animal(f).update(shape="circle"),
        "objects.animal.shape",
        "'circle' is none of box, polyline, polygon, keypoint, mask",
    ),
    "no classes": (lambda f: animal(f).update(classes=[]), "objects.animal.classes", "is empty"),
    "short word that is empty": (lambda f: f["short"].update(cow=" "), "short.cow", "must be text, and not empty"),
    "job without objects": (
        lambda f: job(f, "Fences").pop("objects"),
        "labelingJobs.Fences.objects",
        "is missing; only a job that adjusts another takes it over",
    ),
    "unknown task type": (
        lambda f: job(f, "Animals").update(taskType="VideoTracking"),
        "labelingJobs.Animals.taskType",
        "is none of VideoObjectTracking",
    ),
    "job name that the API refuses": (
        lambda f: f["labelingJobs"].update({"My_Job": job(f, "Fences")}),
        "labelingJobs.My_Job",
        "letters and digits",
    ),
    "nothing named": (lambda f: f["objects"].update({" ": animal(f)}), "objects", "' ' is no name"),
    # The meaning.
    "class of two kinds": (
        lambda f: f["objects"]["fence"].update(classes=["fence", "cow"]),
        "objects.fence.classes",
        "'cow' is a class of 'animal' too",
    ),
    "class in no job": (
        lambda f: f["objects"].update(tree={"shape": "box", "classes": ["oak", "elm"]}),
        "objects.tree",
        "is in no labeling job, so nobody is asked for oak, elm",
    ),
    "unknown object": (
        lambda f: job(f, "Fences").update(objects=["fence", "wall"]),
        "labelingJobs.Fences.objects",
        "there is no 'wall' in objects; there are: animal, fence",
    ),
    "two shapes in one job": (
        lambda f: f["labelingJobs"].update(Both={"taskType": "VideoObjectTracking", "objects": ["animal", "fence"]}),
        "labelingJobs.Both.objects",
        "are drawn as box, polyline; a labeling job has one annotation type",
    ),
    "task type that does not draw the shape": (
        lambda f: f["labelingJobs"].update(Stills={"taskType": "BoundingBox", "objects": ["fence"]}),
        "labelingJobs.Stills.taskType",
        "BoundingBox draws no polyline",
    ),
    "attributes that an image job cannot ask for": (
        lambda f: f["labelingJobs"].update(Stills={"taskType": "BoundingBox", "objects": ["animal"]}),
        "labelingJobs.Stills.taskType",
        "these would be lost: age, posture",
    ),
    "instructions that an image job does not show": (
        lambda f: (
            f["objects"].update(tree={"shape": "box", "classes": ["tree"]}),
            f["labelingJobs"].update(
                Stills={"taskType": "BoundingBox", "objects": ["tree"], "instructions": {"short": "Draw."}}
            ),
        ),
        "labelingJobs.Stills.instructions",
        "shows its worker template",
    ),
    "unknown frame attribute": (
        lambda f: job(f, "Fences").update(frameAttributes=["number"]),
        "labelingJobs.Fences.frameAttributes",
        "'number' is no attribute of frames that workers can be asked for; there are: blurred",
    ),
    "adjustment of nothing": (
        lambda f: f["labelingJobs"].update(
            Late={"taskType": "AdjustmentVideoObjectDetection", "objects": ["fence"]},
        ),
        "labelingJobs.Late.taskType",
        "starts from labels: name the job that has them under adjusts",
    ),
    "twin of an unknown job": (
        lambda f: job(f, "VerFences").update(adjusts="Hedges", objects=["fence"]),
        "labelingJobs.VerFences.adjusts",
        "there is no labeling job 'Hedges'; there are: Animals, Fences, AdjAnimals",
    ),
    "twin of itself": (
        lambda f: job(f, "VerFences").update(adjusts="VerFences", objects=["fence"]),
        "labelingJobs.VerFences.adjusts",
        "'VerFences' leads back to 'VerFences'",
    ),
    "twin of another family": (
        lambda f: job(f, "AdjAnimals").update(taskType="AdjustmentVideoObjectDetection"),
        "labelingJobs.AdjAnimals.taskType",
        "does not match 'Animals', a VideoObjectTracking; expected AdjustmentVideoObjectTracking or Verification",
    ),
    "twin that starts anew": (
        lambda f: job(f, "AdjAnimals").update(taskType="VideoObjectTracking"),
        "labelingJobs.AdjAnimals.taskType",
        "VideoObjectTracking does not match 'Animals'",
    ),
    "twin that lacks objects": (
        lambda f: (
            f["objects"].update(tree={"shape": "box", "classes": ["tree"]}),
            job(f, "Animals").update(objects=["animal", "tree"]),
            job(f, "AdjAnimals").update(objects=["animal"]),
        ),
        "labelingJobs.AdjAnimals.objects",
        "do not match 'Animals': they lack tree",
    ),
    "twin of a verification": (
        lambda f: f["labelingJobs"].update(
            Again={"adjusts": "VerFences", "taskType": "AdjustmentVideoObjectDetection"}
        ),
        "labelingJobs.Again.adjusts",
        "its output is a verdict",
    ),
    "job names that differ in case": (
        lambda f: f["labelingJobs"].update(fences=dict(job(f, "Fences"))),
        "labelingJobs",
        "'Fences' and 'fences' are both 'fences', whose case Ground Truth ignores",
    ),
    "classes alike when shortened": (
        lambda f: f["short"].update({"sheep of a long-haired breed": "cow"}),
        "labelingJobs.Animals.objects",
        "'cow' and 'sheep of a long-haired breed' are both 'cow', which workers read",
    ),
    "values alike when shortened": (
        lambda f: f["short"].update({"standing upright on its legs": "lying"}),
        "objects.animal.attributes.posture.values",
        "'lying' and 'standing upright on its legs' are both 'lying'",
    ),
    "attributes alike when shortened": (
        lambda f: f["short"].update(posture="age"),
        "objects.animal.attributes",
        "'posture' and 'age' are both 'age'",
    ),
    "short word for nothing": (
        lambda f: f["short"].update(tractor="tr"),
        "short.tractor",
        "is no class, attribute or value that workers are asked for",
    ),
    "number without bounds": (
        lambda f: animal(f)["attributes"]["age"].pop("maximum"),
        "objects.animal.attributes.age",
        "needs minimum and maximum",
    ),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_each_kind_of_fault_should_get_one_message_that_names_it(kind: str) -> None:
    change, field, message = FAULTS[kind]
    file = small_file()
    taxonomy(file)  # without the fault it is read
    change(file)
    (fault,) = faults(file)
    assert fault.field == field
    assert message in fault.message


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
