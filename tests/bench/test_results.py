"""Benchmarks' rows: what falls short is named, and nothing else is."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from bench import document, results
from bench.measuring import Row, Work, cost_of

_REACHED = Row("sending", "calls", ours=10, baseline=120, reach=12)
_SHORT = Row("receiving", "calls", ours=10, baseline=119, reach=12)
_UNPROMISED = Row("waiting", "s", ours=10, baseline=1)


def test_a_row_below_its_reach_falls_short_and_one_at_its_reach_does_not() -> None:
    assert [row.verdict for row in (_REACHED, _SHORT, _UNPROMISED)] == ["reached", "falls short", ""]


def test_a_work_that_costs_nothing_reaches_anything() -> None:
    row = Row("sending again", "calls for labeled objects", ours=0, baseline=600, reach=15)
    assert row.verdict == "reached"


def test_the_table_names_what_falls_short() -> None:
    console = Console(record=True, width=150)
    results.show("Title", [_REACHED, _SHORT], console)
    lines = console.export_text().splitlines()
    assert [("falls short" in line) for line in lines if "calls" in line] == [False, True]


def test_the_summary_should_hold_what_is_promised_and_nothing_else() -> None:
    text = results.summary([_REACHED, _SHORT, _UNPROMISED])
    assert "| sending | calls | 10 | 120 | 12.00 | 12 | reached |" in text
    assert "| receiving | calls | 10 | 119 | 11.90 | 12 | falls short |" in text
    assert "waiting" not in text


def test_the_digest_should_span_what_is_promised_and_name_what_falls_short() -> None:
    more = Row("sending again", "calls", ours=1, baseline=30, reach=15)
    lines = results.digest({"Sending": [_REACHED, _UNPROMISED, more], "Receiving": [_SHORT]}).splitlines()
    assert lines[2:] == [
        "| Sending | calls | 2 | 12.00 – 30.00 | 12 – 15 | reached |",
        "| Receiving | calls | 1 | 11.90 | 12 | falls short: receiving (11.90) |",
    ]


def test_documents_should_hold_the_tables_that_were_measured_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (results, document):
        monkeypatch.setattr(module, "OUT", tmp_path)
    results.write("some", "Some title", [_REACHED], rounds=3)
    text = "before\n<!-- bench: some -->\nold\n<!-- end -->\nbehind\n"
    assert document.filled(text) == (
        "before\n<!-- bench: some -->\n\n" + results.table([_REACHED]) + "\n<!-- end -->\nbehind\n"
    )
    with pytest.raises(ValueError, match="no results of other"):
        document.filled(text.replace("some", "other"))


def test_rows_should_come_back_from_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "OUT", tmp_path)
    path = results.write("some", "Some title", [_REACHED, _SHORT], rounds=3)
    assert results.read("some") == [_REACHED, _SHORT]
    assert json.loads(path.read_text())["rows"][1]["falls_short"] is True


def test_the_same_rows_should_give_the_same_plot(tmp_path: Path) -> None:
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"
    for path in (first, second):
        results.plot([_REACHED, _SHORT, _UNPROMISED], path)
    assert first.read_bytes() == second.read_bytes()
    assert b"sending: calls" in first.read_bytes()


def _ready() -> Work:
    """Getting ready takes half a second's processor time, the work itself none."""
    total = 0
    while total < 3_000_000:
        total += 1
    return _nothing


def _nothing() -> None:
    """Does nothing."""


def test_getting_ready_should_not_count() -> None:
    assert cost_of(_ready).cpu < 0.01
