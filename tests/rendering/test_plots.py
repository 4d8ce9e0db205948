"""Plots, as files and in pages."""

import re
from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from everlabel.annotation_document import AnnotationDocument, Change
from everlabel_cli.rendering import plot_files
from everlabel_cli.rendering.class_styles import PALETTE, class_styles
from everlabel_cli.rendering.plots import INK, Plot, plots
from tests.rendering import scene
from tests.rendering.scene import box, document, label

HOSTILE = ["<b>&\"'", "$x_{1", "\x00\x1b", "横断歩道", "a" * 500, "\ud800", "-->]]>"]
BOX = box(10, 10, 20, 20)


def any_document(*classes: str, frames: int = 3) -> AnnotationDocument:
    made = document(
        [
            label(name, BOX, i, f"{name} {i % 2}", attributes={"occlusion": name})
            for i in range(frames)
            for name in classes
        ],
        frames=frames,
    )
    return replace(made, labels=tuple(replace(found, change=Change.KEPT, level=2) for found in made.labels))


def drawn(*documents: AnnotationDocument) -> dict[str, Plot]:
    return {plot.name: plot for plot in plots(documents, class_styles(documents))}


def texts(svg: bytes | str) -> list[str]:
    root = ElementTree.fromstring(svg)  # noqa: S314 # our own
    return ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]


def test_one_task_should_be_shown_over_its_time() -> None:
    assert list(drawn(any_document("car"))) == ["classes", "over-time", "tracks", "attribute-1", "changes"]


def test_several_tasks_should_be_shown_as_distributions() -> None:
    both = drawn(any_document("car"), replace(any_document("car"), task_id="task-2"))

    assert list(both) == ["classes", "per-frame", "track-lengths", "attribute-1", "changes"]


def test_a_task_without_labels_should_have_no_plots() -> None:
    assert drawn(document([], frames=3)) == {}
    assert drawn(document([], frames=0)) == {}


def test_numbers_should_be_there_in_words_too() -> None:
    plot = drawn(any_document("car", "bus"))["classes"]

    assert plot.rows == (("bus", 3, 2, 3), ("car", 3, 2, 3))
    assert plot.description == "2 classes; most often bus, 3 times."


@pytest.mark.parametrize("names", [["car"], HOSTILE, [f"class {i}" for i in range(34)]])
def test_every_plot_should_be_a_readable_svg_whatever_the_names(names: Sequence[str]) -> None:
    one = any_document(*names)
    for documents in ([one], [one, replace(one, task_id="task-2")]):
        for plot in drawn(*documents).values():
            assert texts(plot_files.svg(plot))
            assert texts(plot_files.inline_svg(plot))


def test_names_should_stay_letters() -> None:
    said = texts(plot_files.svg(drawn(any_document(*HOSTILE))["classes"]))

    assert {"<b>&\"'", "$x_{1", "横断歩道", "-->]]>"} <= set(said)


def test_a_plot_in_a_page_should_take_the_pages_colour() -> None:
    text = plot_files.inline_svg(drawn(any_document("car"))["classes"])

    assert text.startswith("<svg ")
    assert INK not in text
    assert "currentColor" in text
    assert "#ffffff" not in text


def test_plots_in_one_page_should_share_no_ids() -> None:
    whole = "".join(plot_files.inline_svg(plot) for plot in drawn(any_document(*"abcdefgh")).values())

    ids = re.findall(r' id="([^"]*)"', whole)
    assert ids
    assert len(ids) == len(set(ids))


def test_a_file_should_have_a_title_and_a_plot_in_a_page_none() -> None:
    plot = drawn(any_document("car"))["classes"]

    assert "Labels per class" in texts(plot_files.svg(plot))
    assert "Labels per class" not in texts(plot_files.inline_svg(plot))


def test_bars_should_have_the_colours_of_their_classes_and_be_as_long_as_their_numbers() -> None:
    made = document([label("bus", BOX)] * 20 + [label("car", BOX)] * 10)
    picture = scene.opened(plot_files.png(drawn(made)["classes"], 100))

    long, short = (scene.is_colour(picture, colour).any(axis=0).sum() for colour in PALETTE[:2])
    assert long == pytest.approx(2 * short, rel=0.05)


def test_bars_of_several_classes_should_say_which_is_which() -> None:
    said = texts(plot_files.svg(drawn(any_document("car", "bus"))["attribute-1"]))

    assert said.count("car") == said.count("bus") == 2  # a value and a class
    many = any_document(*(f"class {i}" for i in range(10)))
    assert texts(plot_files.svg(drawn(many)["attribute-1"])).count("class 3") == 1


@pytest.mark.parametrize("count", [1, 14, 36])
def test_axes_of_labels_should_have_no_halves(count: int) -> None:
    made = document([label("car", BOX, attributes={"state": "on"})] * count)

    for name in ("classes", "attribute-1"):
        ticks = [float(text.replace(",", "")) for text in texts(plot_files.svg(drawn(made)[name])) if text[0].isdigit()]
        assert len(ticks) > 2
        assert all(tick.is_integer() for tick in ticks)


def test_a_gap_in_a_track_should_be_seen() -> None:
    made = document([label("car", BOX, i, "1") for i in (0, 1, 4, 5)], frames=6)
    picture = scene.opened(plot_files.png(drawn(made)["tracks"], 100))

    bar = np.asarray(scene.is_colour(picture, PALETTE[0]).any(axis=0), int)
    parts = np.nonzero(np.diff(bar[np.argmax(bar) :]))[0]
    assert len(parts) == 3
    assert parts[1] - parts[0] == pytest.approx(parts[0], rel=0.1)


def test_a_plot_should_be_the_same_bytes_each_time() -> None:
    for make in (plot_files.svg, plot_files.png):
        assert make(drawn(any_document("car"))["over-time"]) == make(drawn(any_document("car"))["over-time"])
