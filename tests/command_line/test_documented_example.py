"""The example of docs/command-line.md: its definition and its table of attributes are what LAVA takes."""

import json
import re
from pathlib import Path

from everlabel.taxonomy_configurations import configurations
from everlabel_cli import clip_attributes, definitions
from everlabel_cli.clips import Clip, clip_id
from local.template import ROOT
from tests.taxonomies import lava

TEXT = (ROOT / "docs" / "command-line.md").read_text()


def block(beginning: str) -> str:
    """What stands in a block of code that begins so."""
    found = re.search(rf"^```\w*\n({re.escape(beginning)}.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_the_documented_clip_should_be_accepted_with_its_attributes(tmp_path: Path) -> None:
    given = json.loads(block("{\n"))
    table = tmp_path / "drives.csv"
    table.write_text(block("clipId,"))
    attributes = clip_attributes.read(table)
    name = clip_id("2026-05-01-a/front.mp4")
    assert list(attributes) == [name]
    definitions.refuse_unusable(given)
    made = definitions.for_clip(given, Clip(name, "s3://bucket/drives/2026-05-01-a/front.mp4"), attributes[name])
    assert {job["jobName"] for job in made["labelingJobs"]} <= set(configurations(lava()))
    assert lava().attribute_faults(made["attributes"]) == []
