"""`everlabel cost`: its numbers are those of a fresh census, and of the template."""

import json
from dataclasses import astuple, replace

import pytest

from bench import cost_model as counting
from bench.census import census
from everlabel_cli import cost
from everlabel_cli.__main__ import run
from everlabel_cli.cost import Month, bill
from everlabel_cli.cost_model import COUNTED
from everlabel_cli.prices import US_EAST_1
from local.template import ROOT, Template

MONTH = Month(1_000, levels=2, items=1, seconds=10, fps=1, refreshes=0, frame_megabytes=0.3, extraction=0.1)
TEMPLATE = Template(ROOT / "template.yaml")


def usd(month: Month) -> dict[str, float]:
    return {line["line"]: line["usd"] for line in bill(month)}


def test_the_table_should_be_what_a_fresh_census_counts() -> None:
    fresh = counting.count()
    assert {name for name, use in fresh.items() if any(astuple(use))} == set(COUNTED)
    for name, use in COUNTED.items():
        assert astuple(use) == pytest.approx(astuple(fresh[name]), rel=0.02, abs=0.02), name


def test_the_model_should_foretell_a_life_that_was_not_counted() -> None:
    life = census(counting.one_by_one(150, levels=2))
    for name in ("state transitions", "write units", "read units", "SNS requests", "Lambda requests", "S3 writes"):
        foretold = COUNTED[name].of(2, 150, 0)
        assert foretold == pytest.approx(counting.used(life, name), rel=0.05, abs=1), name


def test_twice_the_clips_should_cost_twice_but_for_what_an_idle_stack_costs() -> None:
    once, twice, thrice = (sum(usd(replace(MONTH, clips=clips)).values()) for clips in (1_000, 2_000, 3_000))
    assert twice - once == pytest.approx(thrice - twice, abs=0.002)
    assert once > twice / 2


def test_the_dearest_line_should_come_first() -> None:
    dollars = [line["usd"] for line in bill(MONTH)]
    assert dollars == sorted(dollars, reverse=True)


def test_a_refresh_should_cost_two_transitions_a_level() -> None:
    more = usd(replace(MONTH, refreshes=1))["state transitions"] - usd(MONTH)["state transitions"]
    assert more == pytest.approx(1_000 * 2 * 2 * US_EAST_1["state transitions"].each)


def test_frames_that_are_there_already_should_cost_no_extraction() -> None:
    there = usd(replace(MONTH, fps=0))
    assert there["S3 GB-months"] == 0
    assert there["Lambda GB-seconds"] < usd(MONTH)["Lambda GB-seconds"]


def test_what_an_idle_stack_costs_should_be_what_the_template_has() -> None:
    functions = TEMPLATE.of_type("AWS::Serverless::Function")
    sources = [event for made in functions.values() for event in made.get("Events", {}).values()]
    assert sum(event["Type"] == "SQS" for event in sources) == cost._QUEUES
    assert functions["Transformation"]["MemorySize"] / 1024 == cost._EXTRACTION_GB
    alarms = TEMPLATE.of_type("AWS::CloudWatch::Alarm").values()
    metrics = sum(sum("MetricStat" in each for each in alarm.get("Metrics", [])) or 1 for alarm in alarms)
    assert metrics == cost._ALARM_METRICS
    assert len(TEMPLATE.of_type("AWS::CloudWatch::Dashboard")) == 1


def test_the_answer_should_be_json_on_stdout_and_the_sum_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", "--clips", "1000", "--output", "json"]) == 0
    said = capsys.readouterr()
    lines = json.loads(said.out)
    assert {line["line"]: line["usd"] for line in lines} == pytest.approx(usd(MONTH))
    assert f"US$ {sum(line['usd'] for line in lines):,.2f} a month" in said.err
    assert lines[0]["line"] in said.err


@pytest.mark.parametrize("given", [["--clips", "0"], [], ["--clips", "10", "--levels", "0"]])
def test_what_cannot_be_should_be_refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cost", *given]) == 2
    assert "--" in capsys.readouterr().err
