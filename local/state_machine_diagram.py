"""Draws `docs/state-machine.svg` from `statemachine.asl.json`: `python -m local.state_machine_diagram`.

States, edges and their labels come from the definition; only where a box stands and which way a line takes is said
here. A state or an edge that has no place yet is an error, so the picture can't fall behind.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from local.template import ROOT

DEFINITION, PICTURE = ROOT / "statemachine.asl.json", ROOT / "docs" / "state-machine.svg"

WIDTH, HEIGHT = 1010, 940
BOX_WIDTH, BOX_HEIGHT = 226, 56
COLUMNS = (150, 440, 700, 880)
FIRST_ROW, ROW = 96, 100

PLACES = {
    "Transformation": (1, 0),
    "WaitForTransformComplete": (0, 0.5),
    "IsDoneTransforming": (1, 1),
    "TriggerLabeling": (1, 2),
    "LetExpiriesGather": (0, 3),
    "CheckForCompletion": (1, 4),
    "IsLastLevel": (1, 5),
    "Continued": (2, 5),
    "PostProcessing": (1, 6),
    "BatchError": (3, 6),
    "Complete": (1, 7),
    "Failed": (3, 7),
}
"""Column and row of each state."""

Point = tuple[float, float]


class NoPlaceError(Exception):
    """The definition has a state or an edge that the picture has no place for."""


@dataclass(frozen=True)
class Edge:
    """From one state to another. `kind` is the class of its line: `next`, `again` or `error`."""

    source: str
    target: str
    label: str = ""
    kind: str = "next"


def edges(states: Mapping[str, Any]) -> Iterator[Edge]:
    """Every way that an execution can take, in the order of the definition."""
    for name, state in states.items():
        choices = state.get("Choices", [])
        for choice in choices:
            yield Edge(name, choice["Next"], "yes" if len(choices) == 1 else _field(choice["Variable"]))
        if "Default" in state:
            yield Edge(name, state["Default"], "no" if len(choices) == 1 else "neither")
        if "Next" in state:
            yield Edge(name, state["Next"])
        for catch in state.get("Catch", []):
            everything = catch["ErrorEquals"] == ["States.ALL"]
            label = "" if everything else ", ".join(catch["ErrorEquals"])
            yield Edge(name, catch["Next"], label, "error" if everything else "again")


def draw(definition: Mapping[str, Any]) -> str:
    """The picture as SVG. Raises `NoPlaceError`."""
    states = definition["States"]
    if missing := [name for name in states if name not in PLACES]:
        raise NoPlaceError(f"say in PLACES where these states stand: {', '.join(missing)}")
    x, y = _middle(definition["StartAt"])
    parts = [
        f'<circle cx="{x:g}" cy="{y - 64:g}" r="7" class="start"/>',
        _line([(x, y - 57), (x, y - BOX_HEIGHT / 2)], "next", "next"),
        *_lines(dict.fromkeys(edges(states))),
        *(_box(name, state) for name, state in states.items()),
        *_legend(),
    ]
    return _PAGE.format(width=WIDTH, height=HEIGHT, body="\n".join(parts))


def _middle(name: str) -> Point:
    column, row = PLACES[name]
    return COLUMNS[int(column)], FIRST_ROW + ROW * row


def _route(edge: Edge) -> list[Point]:
    """The corners of an edge's line."""
    if points := _detour(edge):
        return points
    (x1, y1), (x2, y2) = _middle(edge.source), _middle(edge.target)
    half, up = BOX_WIDTH / 2, BOX_HEIGHT / 2
    if edge.kind == "error" and x1 < x2 and y1 < y2:
        return [(x1 + half, y1 - 14), (x2, y1 - 14), (x2, y2 - up)]
    if x1 == x2 and 0 < y2 - y1 <= 2 * ROW:
        aside = 24 if edge.kind == "error" else 0
        return [(x1 + aside, y1 + up), (x2 + aside, y2 - up)]
    if y1 == y2 and x1 < x2:
        return [(x1 + half, y1), (x2 - _width(edge.target) / 2, y2)]
    raise NoPlaceError(f"say in _detour which way the line from {edge.source} to {edge.target} takes")


def _detour(edge: Edge) -> list[Point] | None:
    """The corners of a line that goes back up, or round a box."""
    (x1, y1), (x2, y2) = _middle(edge.source), _middle(edge.target)
    half, up = BOX_WIDTH / 2, BOX_HEIGHT / 2
    match edge.source, edge.target:
        case "IsDoneTransforming", "WaitForTransformComplete":
            return [(x1 - half, y1), (x2, y1), (x2, y2 + up)]
        case "WaitForTransformComplete", "Transformation":
            return [(x1, y1 - up), (x1, y2), (x2 - half, y2)]
        case "CheckForCompletion", "LetExpiriesGather":
            return [(x1 - half, y1 + 10), (x2, y1 + 10), (x2, y2 + up)]
        case "LetExpiriesGather", "TriggerLabeling":
            return [(x1, y1 - up), (x1, y2 - 10), (x2 - half, y2 - 10)]
        case "CheckForCompletion", "TriggerLabeling":
            return [(x1 - half, y1 - 10), (x1 - half - 36, y1 - 10), (x1 - half - 36, y2 + 10), (x2 - half, y2 + 10)]
        case "IsLastLevel", "TriggerLabeling":
            return [(x1 + half, y1 - 12), (x1 + half + 28, y1 - 12), (x1 + half + 28, y2 + 12), (x2 + half, y2 + 12)]
    return None


def _lines(ways: Iterable[Edge]) -> Iterator[str]:
    """The lines; one that comes to a line of its kind that goes the same way down joins it there."""
    trunks: set[tuple[str, str]] = set()
    for edge in ways:
        points = _route(edge)
        if edge.kind == "error" and len(points) == 3:
            joins = (edge.kind, edge.target) in trunks
            trunks.add((edge.kind, edge.target))
            points = points[:2] if joins else points
            yield _line(points, edge.kind, "join" if joins else edge.kind)
        else:
            yield _line(points, edge.kind, edge.kind)
        yield from _label(edge, points)


def _label(edge: Edge, points: list[Point]) -> Iterator[str]:
    """What an edge is for, beside the first stretch of its line that has room."""
    (x, y), (next_x, next_y) = points[0], points[1]
    if not edge.label:
        return
    if x == next_x:
        yield _text(x + 8, (y + next_y) / 2 + 4, edge.label, "label")
    elif next_x > x:
        yield _text(x + 6, y - 6, edge.label, "label")
    elif points[2][1] < y and len(points) == 4:
        yield _text(next_x - 8, y - 16, edge.label, "label end")
    else:
        yield _text(next_x + 12, y - 6, edge.label, "label")


def _line(points: list[Point], kind: str, marker: str) -> str:
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polyline points="{path}" class="{kind}" marker-end="url(#{marker})"/>'


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{kind}">{escape(text)}</text>'


def _width(name: str) -> float:
    return 190 if PLACES[name][0] > 1 else BOX_WIDTH


def _box(name: str, state: Mapping[str, Any]) -> str:
    x, y = _middle(name)
    width, kind = _width(name), state["Type"].lower()
    left, top = x - width / 2, y - BOX_HEIGHT / 2
    corner = {"choice": 28, "succeed": 28, "fail": 28}.get(kind, 8)
    note = _note(state)
    rows = [
        f'<g class="{kind}"><title>{escape(state.get("Comment", name))}</title>',
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{BOX_HEIGHT}" rx="{corner}"/>',
        _text(x, y - 3 if note else y + 5, name, "name"),
        *([_text(x, y + 15, note, "note")] if note else []),
        "</g>",
    ]
    return "\n".join(rows)


def _note(state: Mapping[str, Any]) -> str:
    """What a state does, in a few words of the definition."""
    match state["Type"]:
        case "Task" if state["Resource"].endswith(".waitForTaskToken"):
            return "Lambda function, then its token"
        case "Task":
            return "Lambda function"
        case "Choice":
            return " or ".join(_field(choice["Variable"]) for choice in state["Choices"]) + "?"
        case "Wait":
            return f"for {state['Seconds']} s" if "Seconds" in state else f"for {_field(state['SecondsPath'])}"
    return ""


def _field(path: str) -> str:
    return path.rpartition(".")[2]


def _legend() -> Iterator[str]:
    y = HEIGHT - 30
    meanings = (
        ("next", "goes on", 40, 90),
        ("again", "sends again: time is up, or something expired", 175, 225),
        ("error", "any other error, after its retries", 545, 595),
    )
    for kind, meaning, left, right in meanings:
        yield _line([(left, y), (right, y)], kind, kind)
        yield _text(right + 10, y + 4, meaning, "label")


_PAGE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" \
role="img" aria-label="The state machine AnnotationTask">
<style>
  text {{ font: 13px Helvetica, Arial, sans-serif; fill: #1f2933; }}
  .name {{ font-weight: bold; font-size: 14px; text-anchor: middle; }}
  .note {{ font-size: 11.5px; fill: #52606d; text-anchor: middle; }}
  .label {{ font-size: 12px; fill: #3e4c59; }}
  .end {{ text-anchor: end; }}
  rect {{ stroke-width: 1.5; }}
  .page {{ fill: #ffffff; stroke: #d9e2ec; }}
  .task rect {{ fill: #e6f0fa; stroke: #2b6cb0; }}
  .choice rect {{ fill: #fff8e1; stroke: #b7791f; }}
  .wait rect {{ fill: #f1f3f5; stroke: #829ab1; }}
  .succeed rect {{ fill: #e3f6e8; stroke: #2f855a; }}
  .fail rect {{ fill: #fde8e8; stroke: #c53030; }}
  .start {{ fill: #1f2933; }}
  polyline {{ fill: none; stroke-width: 1.6; stroke-linejoin: round; }}
  .next {{ stroke: #3e4c59; }}
  .again {{ stroke: #b7791f; stroke-dasharray: 6 4; }}
  .error {{ stroke: #c53030; stroke-dasharray: 3 4; }}
</style>
<defs>
<marker id="next" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">\
<path d="M0 0 10 5 0 10z" fill="#3e4c59"/></marker>
<marker id="again" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">\
<path d="M0 0 10 5 0 10z" fill="#b7791f"/></marker>
<marker id="error" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">\
<path d="M0 0 10 5 0 10z" fill="#c53030"/></marker>
<marker id="join" viewBox="0 0 10 10" refX="5" refY="5" markerWidth="5" markerHeight="5">\
<circle cx="5" cy="5" r="5" fill="#c53030"/></marker>
</defs>
<rect x="0.5" y="0.5" width="1009" height="939" rx="10" class="page"/>
{body}
</svg>
"""


def main() -> None:
    """Write the picture."""
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(json.loads(DEFINITION.read_text())))


if __name__ == "__main__":
    main()
