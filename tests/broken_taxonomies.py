"""Each way in which a taxonomy may be wrong: how to break the small one, and what is said of it then."""

from collections.abc import Callable
from typing import Any

type Change = Callable[[dict[str, Any]], object]
type Breakage = tuple[Change, str, str]
"""The change, the field that is named, and a part of the message."""


def animal(file: dict[str, Any]) -> dict[str, Any]:
    return file["objects"]["animal"]  # type: ignore[no-any-return]


def job(file: dict[str, Any], name: str) -> dict[str, Any]:
    return file["labelingJobs"][name]  # type: ignore[no-any-return]


def clip(file: dict[str, Any], name: str) -> dict[str, Any]:
    return file["attributes"]["clip"][name]  # type: ignore[no-any-return]


OF_FORM: dict[str, Breakage] = {
    "no name": (lambda f: f.pop("name"), "name", "is missing"),
    "name that is no path": (lambda f: f.update(name="a/b"), "name", "small letters and digits"),
    "name that is no text": (lambda f: f.update(name=3), "name", "must be text"),
    "version that is no number": (lambda f: f.update(version="1"), "version", "whole number from 1"),
    "version below one": (lambda f: f.update(version=0), "version", "0 must be a whole number from 1"),
    "version above the highest": (
        lambda f: f.update(version=1_000_000),
        "version",
        "1000000 must be a whole number from 1 to 999999",
    ),
    "version that is a truth": (lambda f: f.update(version=True), "version", "True must be a whole number from 1"),
    "name that is too long": (lambda f: f.update(name="a" * 33), "name", "at most 32 characters"),
    "job name that is too long": (
        lambda f: f["labelingJobs"].update({"A" * 33: job(f, "Fences")}),
        f"labelingJobs.{'A' * 33}",
        "letters and digits (at most 32)",
    ),
    "clip attribute that frames have": (
        lambda f: clip(f, "season").update({"from": "index"}),
        "attributes.clip.season.from",
        "is not known; known are",
    ),
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
}
"""What the file's form does not allow, and its JSON Schema neither."""

OF_MEANING: dict[str, Breakage] = {
    "minimum above maximum": (
        lambda f: clip(f, "degrees").update(minimum=60),
        "attributes.clip.degrees.minimum",
        "60 is more than the maximum 50",
    ),
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
    "number without a lowest": (
        lambda f: animal(f)["attributes"]["age"].pop("minimum"),
        "objects.animal.attributes.age",
        "needs minimum and maximum",
    ),
    "number without bounds": (
        lambda f: animal(f)["attributes"]["age"].pop("maximum"),
        "objects.animal.attributes.age",
        "needs minimum and maximum",
    ),
}
"""What is wrong although the form is right."""
