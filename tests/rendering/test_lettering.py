"""Names in any script, cut where there is no room."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from everlabel_cli.rendering import lettering

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"


def ink(text: str) -> bytes:
    canvas = np.zeros((30, 400, 3), np.uint8)
    lettering.write(canvas, text, 5, 5, 14, (255, 255, 255))
    return canvas.tobytes()


@pytest.mark.parametrize("name", ["Fußgängerüberweg", "пешеход", "πεζός", "★"])
def test_a_name_in_any_script_should_have_letters_of_its_own(name: str) -> None:
    missing = ink("\N{OBJECT REPLACEMENT CHARACTER}"[:1] * len(name))

    assert len({ink(letter) for letter in name}) == len(set(name))
    assert ink(name) != missing
    assert ink(name) != ink("?" * len(name))


def test_a_letter_that_the_bundled_font_lacks_should_come_from_another_font(monkeypatch: pytest.MonkeyPatch) -> None:
    script_a = "\N{MATHEMATICAL SCRIPT CAPITAL A}"
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda: [str(FONTS / "STIXGeneral.ttf")])
    lettering._font_for.cache_clear()

    found = lettering._font_for(script_a)
    lettering._font_for.cache_clear()

    assert found.name == "STIXGeneral.ttf"


def test_what_cannot_be_shown_should_be_replaced() -> None:
    assert lettering.printable("a\x00b\u202ec\ud800") == "a\ufffdb\ufffdc\ufffd"


def test_a_text_should_be_cut_to_its_room() -> None:
    cut = lettering.shortened("a very long name of a class", 14, 100)

    assert cut.startswith("a very")
    assert cut.endswith("…")
    assert lettering.width(cut, 14) <= 100
    assert lettering.shortened("short", 14, 100) == "short"


@pytest.mark.parametrize(("left", "top"), [(-10, 5), (5, -10), (385, 20), (500, 500), (-500, -500)])
def test_letters_outside_of_the_canvas_should_be_cut_off(left: int, top: int) -> None:
    canvas = np.zeros((30, 400, 3), np.uint8)

    lettering.write(canvas, "wide", left, top, 14, (255, 255, 255))

    assert (canvas.max() > 0) == (abs(left) < 400)
