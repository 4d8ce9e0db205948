"""A clip goes through the labeling jobs that a taxonomy makes, whose workers use every word that they are offered."""

import json
from collections import defaultdict
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from everlabel import annotation_json
from everlabel.annotation_document import AnnotationDocument, Change
from everlabel.taxonomy import Taxonomy, inherited
from everlabel.taxonomy_configurations import configurations
from local.ground_truth.labeling_job import DAY
from local.ground_truth.unknowns import Unknowns
from local.template import ROOT
from tests.simulation.world.every_word import EveryWord
from tests.simulation.world.faults import Faults, Rates
from tests.simulation.world.world import World
from tests.taxonomies import LAVA_FILE, small_file, taxonomy

TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team"
SCHEMA = ROOT / "layers/everlabel/everlabel/annotation-document.schema.json"
FRAMES = 4
LAVA: dict[str, Any] = json.loads(LAVA_FILE.read_text())
SAID: dict[str, dict[str, Any]] = {
    "lava": {
        "drive": {"drive_id": "2026-05-01-a", "weather": "partly cloudy", "time_of_day": "dawn/dusk"},
        "clip": {"clip_id": "17", "scene": "construction", "traffic": "stop-and-go", "traffic_density": "high"},
    },
    "farm": {"drive": {"field": "north"}, "clip": {"season": "autumn", "degrees": 12.5}},
}
"""What the definition says of drive and clip."""
UNKNOWNS = {
    "as likely": Unknowns(),
    "as unlikely": Unknowns(
        frame_no_is_string=False,
        frame_no_from_sequence=True,
        unlabeled_frames_missing=True,
        object_id_in_path="quoted",
        job_name_in_tree="lower case",
        name_in_arn="as given",
        unmodified_video_status="unadjusted",
        label_quotas_enforced=True,
    ),
}


def steps(given: Taxonomy) -> list[dict[str, Any]]:
    """All jobs of a taxonomy: those that draw at the first level, and their twins at the second."""
    clip = {"clipS3Uri": "s3://clips/drive", "fps": 1}
    return [
        {"jobName": name, "inputConfig": {"chainFromJobName": part.adjusts} if part.adjusts else clip}
        | {"jobLevel": 2 if part.adjusts else 1}
        for name, part in given.jobs.items()
    ]


def labeled(file: dict[str, Any], unknowns: Unknowns) -> tuple[AnnotationDocument, dict[str, Any]]:
    """The annotation document and the summary of a clip of four frames, once its task is completed."""
    given = taxonomy(file)
    with World(1, faults=Faults(1, Rates()), work=EveryWord, unknowns=unknowns) as world:
        bucket, answers = world.stack.name("Bucket"), list[tuple[int, Any]]()
        for number in range(FRAMES):
            world.s3.put("clips", f"drive/{number}.jpg", b"jpeg")
        world.s3.put(bucket, f"taxonomies/{given.reference}.json", json.dumps(file).encode())
        for template in configurations(given).values():
            body = template.body({"WorkteamArn": TEAM})
            world.api("POST", "/labeling-jobs", body, lambda *answer: answers.append(answer))
        world.run_until(world.schedule.now() + 600)
        body = {"taxonomy": given.reference, "attributes": SAID[given.name], "labelingJobs": steps(given)}
        world.api("POST", "/annotation-tasks", body, lambda *answer: answers.append(answer))
        world.run_until(world.schedule.now() + 3 * DAY)
        assert [status for status, _ in answers] == [201] * len(given.jobs) + [202], answers
        [execution] = world.step_functions.executions
        assert execution.status == "SUCCEEDED", execution.cause
        folder = f"tasks/{answers[-1][1]['taskId']}"
        document, summary = (world.s3.read(bucket, f"{folder}/{name}.json") for name in ("annotations", "summary"))
    assert document is not None
    assert summary is not None
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(document))
    return annotation_json.read(document), json.loads(summary)


def words(document: AnnotationDocument) -> dict[tuple[str, str], dict[str, set[Any]]]:
    """The words of a document: by labeling job and class, each attribute's values."""
    found: defaultdict[tuple[str, str], dict[str, set[Any]]] = defaultdict(dict)
    for label in document.labels:
        of_class = found[label.job_name, label.class_name]
        for name, value in label.attributes.items():
            of_class.setdefault(name, set()).add(value)
    return dict(found)


def asked(given: Taxonomy) -> dict[tuple[str, str], dict[str, set[Any]]]:
    """The same of all that a taxonomy's last jobs ask, in its own words. Of numbers workers say the bounds."""
    twins = [name for name, part in given.jobs.items() if part.adjusts]
    return {
        (name, word): {
            attribute: set(asked.values) or {str(asked.minimum), str(asked.maximum)}
            for attribute, asked in given.objects[kind].attributes.items()
        }
        for name in twins
        for kind in given.jobs[name].objects
        for word in given.objects[kind].classes
    }


@pytest.mark.parametrize("unknowns", UNKNOWNS)
@pytest.mark.parametrize("file", [LAVA, small_file()], ids=["lava", "farm"])
def test_a_clip_should_come_back_in_the_taxonomys_own_words(file: dict[str, Any], unknowns: str) -> None:
    given = taxonomy(file)
    document, summary = labeled(file, UNKNOWNS[unknowns])
    assert document.taxonomy == summary["taxonomy"] == given.reference
    assert words(document) == asked(given)
    assert {label.frame for label in document.labels} == set(range(FRAMES))
    assert len(document.labels) == FRAMES * len(asked(given))
    assert set(summary["classes"]) == {word for _, word in asked(given)}
    # The quotas of Ground Truth do not bind what is stored, and what workers read is nowhere in it.
    assert given.short
    assert not {word for _, word in words(document)} & set(given.short.values())


@pytest.mark.parametrize("file", [LAVA, small_file()], ids=["lava", "farm"])
def test_frames_should_inherit_what_is_said_of_drive_and_clip(file: dict[str, Any]) -> None:
    document, summary = labeled(file, Unknowns())
    said = SAID[file["name"]]
    assert document.attributes == summary["attributes"] == said
    own = {"farm": [{"blurred": value} for value in ("yes", "no", "yes", "no")]}.get(file["name"], [{}] * FRAMES)
    assert [frame.attributes for frame in document.frames] == [inherited(said, each) for each in own]
    assert [(frame.index, frame.time) for frame in document.frames] == [(place, place) for place in range(FRAMES)]


def test_twins_should_be_compared_in_the_taxonomys_own_words() -> None:
    document, summary = labeled(small_file(), Unknowns())
    assert {(label.job_name, label.change) for label in document.labels} == {
        ("AdjAnimals", Change.ADJUSTED),
        ("VerFences", Change.KEPT),
    }
    agreement = {job["jobName"]: job["agreement"] for job in summary["labelingJobs"]}
    assert agreement["AdjAnimals"]["changedAttributes"] == {"age": 2 * FRAMES, "posture": 2 * FRAMES}
    assert agreement["AdjAnimals"]["changedClasses"] == []
    assert agreement["VerFences"]["changedShare"] == 0
    animals = summary["classes"]["sheep of a long-haired breed"]["attributes"]
    assert animals["posture"] == {"lying": 2, "standing upright on its legs": 2}
