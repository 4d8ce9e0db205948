"""Plots as SVG and PNG: the same bytes for the same numbers."""

import re
import warnings
from io import BytesIO
from typing import Any

import matplotlib as mpl

from everlabel_cli.rendering.plots import INK, STYLE, Plot

_NAMELESS = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}  # nothing that changes by itself


def svg(plot: Plot) -> bytes:
    """A file of its own, dark on white."""
    return _titled(plot, "svg", facecolor="white")


def png(plot: Plot, dots_per_inch: int = 200) -> bytes:
    """A file of its own, dark on white."""
    return _titled(plot, "png", facecolor="white", dpi=dots_per_inch)


def inline_svg(plot: Plot) -> str:
    """An element for an HTML page: transparent, its letters and axes in the page's colour."""
    text = _drawn(plot, "svg", transparent=True).decode()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, count=1, flags=re.DOTALL)
    # Names of groups mean nothing in a page, and would come again with every plot.
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    # The page says how large it is; the viewBox keeps its shape.
    return re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"', r"<svg \1", text, count=1)


def _titled(plot: Plot, form: str, **options: Any) -> bytes:
    plot.figure.suptitle(plot.title, color=INK, fontsize=10)
    try:
        return _drawn(plot, form, **options)
    finally:
        plot.figure.suptitle("")  # in a page, headings say it


def _drawn(plot: Plot, form: str, **options: Any) -> bytes:
    file = BytesIO()
    # Without a salt, ids would be drawn by lot; with one for all, plots in one page would share some.
    with mpl.rc_context({**STYLE, "svg.hashsalt": plot.name}), warnings.catch_warnings():
        # The bundled font has not every script's letters. In an SVG they are the reader's own.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        plot.figure.savefig(file, format=form, metadata=_NAMELESS[form], **options)
    return file.getvalue()
