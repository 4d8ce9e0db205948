"""A bar chart as SVG, readable in a browser, on a page of a repository and in print."""

from collections.abc import Mapping, Sequence
from html import escape

# Three of the colours of Okabe and Ito that people of all kinds of colour vision tell apart:
# https://jfly.uni-koeln.de/color/
_COLOURS = ("#0072b2", "#e69f00", "#009e73")
_LINE, _LEFT, _WIDTH, _RIGHT = 22, 200, 420, 80
_TOP = 56


def bars(title: str, series: Sequence[str], rows: Mapping[str, Sequence[int]]) -> bytes:
    """Horizontal bars, one a row, whose parts are the series (at most three); each row ends with its sum."""
    height = _TOP + _LINE * len(rows) + 10
    most = max((sum(values) for values in rows.values()), default=0) or 1
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + _RIGHT}" height="{height}" '
        f'font-family="sans-serif" font-size="12" role="img" aria-label="{escape(title)}">',
        f'<rect width="100%" height="100%" fill="white"/><text x="10" y="20" font-size="15">{escape(title)}</text>',
    ]
    for number, name in enumerate(series):
        key = _LEFT + 90 * number
        parts.append(f'<rect x="{key}" y="32" width="12" height="12" fill="{_COLOURS[number]}"/>')
        parts.append(f'<text x="{key + 17}" y="42">{escape(name)}</text>')
    for place, (name, values) in enumerate(rows.items()):
        y, x = _TOP + _LINE * place, float(_LEFT)
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(_short(name))}</text>')
        for number, value in enumerate(values):
            width = _WIDTH * value / most
            parts.append(
                f'<rect x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{_LINE - 6}" fill="{_COLOURS[number]}">'
                f"<title>{escape(name)}, {escape(series[number])}: {value}</title></rect>"
            )
            x += width
        parts.append(f'<text x="{x + 6:.1f}" y="{y + 14}">{sum(values)}</text>')
    return "\n".join([*parts, "</svg>\n"]).encode()


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:27]}…"
