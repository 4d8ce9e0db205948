"""Label category configurations held to what Ground Truth documents."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel.label_categories import Finding, findings
from local.ground_truth.categories import CategoriesRefused, read_categories

GOOD: dict[str, Any] = {
    "documentVersion": "2020-03-01",
    "annotationType": "BoundingBox",
    "frameAttributes": [
        {"name": "count", "type": "number", "description": "How many", "minimum": 0, "maximum": 9, "isRequired": True}
    ],
    "categoryGlobalAttributes": [{"name": "note", "type": "string", "description": "Anything"}],
    "labels": [
        {
            "label": "car",
            "categoryAttributes": [
                {"name": "hidden", "type": "string", "description": "How much", "enum": ["no", "yes"]},
            ],
        },
        {"label": "bus", "editsAllowed": "none"},
    ],
    "instructions": {"shortInstruction": "Draw.", "fullInstruction": "Draw boxes."},
    "auditLabelAttributeName": "Cars-ref",
}
IMAGE = {"document-version": "2018-11-28", "labels": [{"label": "car"}]}


def _attribute(**more: Any) -> dict[str, Any]:
    return {"name": "a", "type": "string", "description": "b", "enum": ["c"], **more}


def _hidden(config: dict[str, Any]) -> dict[str, Any]:
    return config["labels"][0]["categoryAttributes"][0]  # type: ignore[no-any-return]


ERRORS: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "no version": (lambda c: c.pop("documentVersion"), "documentVersion", "is missing"),
    "version of images": (lambda c: c.update(documentVersion="2018-11-28"), "documentVersion", "none of 2020-03-01"),
    "unknown annotation type": (lambda c: c.update(annotationType="Box"), "annotationType", "none of BoundingBox"),
    "no labels": (lambda c: c.pop("labels"), "labels", "is missing"),
    "empty labels": (lambda c: c.update(labels=[]), "labels", "at least one label"),
    "labels by name": (lambda c: c.update(labels={"car": 1}), "labels", "must be a list"),
    "label without a name": (lambda c: c["labels"].append({}), "labels[2].label", "is missing"),
    "label twice": (lambda c: c["labels"].append({"label": "car"}), "labels[2].label", "'car' is labels[0] too"),
    "unknown key": (lambda c: c.update(label="car"), "label", "is not known"),
    "unknown key of a label": (lambda c: c["labels"][0].update(color="red"), "labels[0].color", "is not known"),
    "unknown edits": (lambda c: c["labels"][0].update(editsAllowed="all"), "labels[0].editsAllowed", "any, none"),
    "attribute without a name": (
        lambda c: _hidden(c).pop("name"),
        "labels[0].categoryAttributes[0].name",
        "is missing",
    ),
    "attribute without description": (
        lambda c: _hidden(c).pop("description"),
        "labels[0].categoryAttributes[0].description",
        "is missing",
    ),
    "attribute of an unknown type": (
        lambda c: _hidden(c).update(type="enum"),
        "labels[0].categoryAttributes[0].type",
        "'enum' is none of string, number",
    ),
    "attribute without values": (
        lambda c: _hidden(c).update(enum=[]),
        "labels[0].categoryAttributes[0].enum",
        "is empty",
    ),
    "attribute twice": (
        lambda c: c["frameAttributes"].append(_attribute(name="count")),
        "frameAttributes[1].name",
        "'count' is there twice",
    ),
    "number without a maximum": (
        lambda c: c["frameAttributes"][0].pop("maximum"),
        "frameAttributes[0].maximum",
        "is missing; a number needs minimum and maximum",
    ),
    "audited attribute that is no text": (
        lambda c: c.update(auditLabelAttributeName=3),
        "auditLabelAttributeName",
        "must be text",
    ),
}

WARNINGS: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "labels": (
        lambda c: c.update(labels=[{"label": f"label {number}"} for number in range(31)]),
        "labels",
        "are 31; Ground Truth documents at most 30",
    ),
    "a label's name": (
        lambda c: c["labels"].append({"label": "x" * 17}),
        "labels[2].label",
        "has 17 characters; Ground Truth documents at most 16",
    ),
    "an attribute's name": (
        lambda c: _hidden(c).update(name="x" * 17),
        "labels[0].categoryAttributes[0].name",
        "has 17 characters; Ground Truth documents at most 16",
    ),
    "a value": (
        lambda c: _hidden(c)["enum"].append("partially occluded"),
        "labels[0].categoryAttributes[0].enum",
        "'partially occluded' has 18 characters; Ground Truth documents at most 16",
    ),
    "values": (
        lambda c: _hidden(c).update(enum=[str(number) for number in range(11)]),
        "labels[0].categoryAttributes[0].enum",
        "has 11 values; Ground Truth documents at most 10",
    ),
    "a description": (
        lambda c: _hidden(c).update(description="x" * 129),
        "labels[0].categoryAttributes[0].description",
        "has 129 characters; Ground Truth documents at most 128",
    ),
    "attributes of a label, with those of all": (
        lambda c: c["labels"][0].update(categoryAttributes=[_attribute(name=str(number)) for number in range(10)]),
        "labels[0].categoryAttributes",
        "make 11 attributes; Ground Truth documents at most 10",
    ),
    "attributes of frames": (
        lambda c: c.update(frameAttributes=[_attribute(name=str(number)) for number in range(11)]),
        "frameAttributes",
        "make 11 attributes; Ground Truth documents at most 10",
    ),
    "free texts": (
        lambda c: c["labels"][1].update(
            categoryAttributes=[{"name": str(n), "type": "string", "description": "b"} for n in range(5)]
        ),
        "labels[1].categoryAttributes",
        "make 6 free texts; Ground Truth documents at most 5",
    ),
    "the short instruction": (
        lambda c: c["instructions"].update(shortInstruction="x" * 255),
        "instructions.shortInstruction",
        "has 255 characters; Ground Truth documents at most 254",
    ),
    "the full instruction": (
        lambda c: c["instructions"].update(fullInstruction="x" * 2048),
        "instructions.fullInstruction",
        "has 2048 characters; Ground Truth documents at most 2047",
    ),
}


def _brimful() -> dict[str, Any]:
    """As much of everything as Ground Truth documents."""
    chosen = [
        _attribute(name=f"{n:016}", enum=[f"{m:016}" for m in range(10)], description="d" * 128) for n in range(5)
    ]
    free = [{"name": f"free {n}", "type": "string", "description": "Anything"} for n in range(5)]
    return {
        "documentVersion": "2020-03-01",
        "frameAttributes": [*chosen, *free],
        "categoryGlobalAttributes": chosen,
        "labels": [{"label": f"{n:016}", "categoryAttributes": free} for n in range(30)],
        "instructions": {"shortInstruction": "s" * 254, "fullInstruction": "f" * 2047},
    }


@pytest.mark.parametrize("config", [GOOD, IMAGE, _brimful()], ids=["video", "image", "brimful"])
def test_a_good_configuration_should_have_no_findings(config: Any) -> None:
    assert findings(config) == []


@pytest.mark.parametrize("kind", ERRORS)
def test_what_is_wrong_should_be_an_error(kind: str) -> None:
    change, field, message = ERRORS[kind]
    config = copy.deepcopy(GOOD)
    change(config)
    (found,) = findings(config)
    assert (found.field, found.is_error) == (field, True)
    assert message in found.message


@pytest.mark.parametrize("kind", WARNINGS)
def test_what_breaks_a_documented_quota_should_be_a_warning(kind: str) -> None:
    change, field, message = WARNINGS[kind]
    config = copy.deepcopy(GOOD)
    change(config)
    (found,) = findings(config)
    assert (found.field, found.is_error) == (field, False)
    assert message in found.message


@pytest.mark.parametrize("config", [None, 3, [], "labels"])
def test_what_is_no_configuration_should_be_told_once(config: Any) -> None:
    assert findings(config) == [Finding("the file", f"{config!r} must be a JSON object")]


def test_images_should_have_labels_alone() -> None:
    (found,) = findings({**IMAGE, "frameAttributes": []})
    assert found == Finding(
        "frameAttributes", "is not known; known are document-version, labels, auditLabelAttributeName"
    )


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
WORD = st.text("abcdefghij", min_size=1, max_size=17)
ATTRIBUTE = st.fixed_dictionaries(
    {"name": WORD, "type": st.just("string"), "description": st.just("any")},
    optional={"enum": st.lists(WORD, min_size=1, max_size=11, unique=True), "isRequired": st.booleans()},
) | st.fixed_dictionaries(
    {"name": WORD, "type": st.just("number"), "description": st.just("any"), "minimum": st.just(0)},
    optional={"maximum": st.integers(1, 9)},
)
ATTRIBUTES = st.lists(ATTRIBUTE, max_size=4, unique_by=lambda attribute: str(attribute["name"]))
LABEL: st.SearchStrategy[Any] = st.fixed_dictionaries({"label": WORD}, optional={"categoryAttributes": ATTRIBUTES})
NEARLY_GOOD = st.fixed_dictionaries(
    {
        "documentVersion": st.just("2020-03-01"),
        "labels": st.lists(LABEL, min_size=1, max_size=4, unique_by=lambda label: str(label["label"])),
    },
    optional={"frameAttributes": ATTRIBUTES, "categoryGlobalAttributes": ATTRIBUTES},
)
ANY = st.fixed_dictionaries(
    {"labels": st.lists(LABEL | JSON)}, optional={"frameAttributes": JSON, "instructions": JSON}
)


@given(NEARLY_GOOD | ANY | JSON)
def test_what_has_no_findings_should_be_what_the_stand_in_takes_with_all_quotas(config: Any) -> None:
    """And nothing, of whatever form, is more than the linter can take."""
    if findings(config):
        return
    try:
        read_categories(json.dumps(config).encode(), is_video="documentVersion" in config, quotas_enforced=True)
    except CategoriesRefused as error:
        pytest.fail(f"the linter let pass: {error}")
