"""The datasheet of a dataset version: what is in it, from where, how it was split; as JSON and for people.

The questions are those of "Datasheets for Datasets" (Gebru and others, https://arxiv.org/abs/1803.09010) that a program
can answer.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from everlabel.annotation_document import AnnotationDocument
from everlabel_cli.datasets.bars import bars
from everlabel_cli.datasets.version import DatasetVersion, Member

_MOST_VALUES = 50
"""Values of an attribute in a table; more are free text."""

_Table = defaultdict[str, Counter[str]]
"""Per row, how often in each split."""


def _table() -> _Table:
    return defaultdict(Counter)


class Datasheet:
    """Counts, gathered document by document."""

    def __init__(self, version: DatasetVersion) -> None:
        self._version = version
        self._splits = list(version.ratios)
        self._sizes = _table()
        self._classes = _table()
        self._shapes = _table()
        self._origins = _table()
        self._unlabeled = _table()
        self._attributes: defaultdict[str, _Table] = defaultdict(_table)
        self._groups: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, member: Member, document: AnnotationDocument) -> None:
        """Counts a document."""
        split = member.split
        self._groups[split].add(member.group)
        tracks = {label.track_id for label in document.labels if label.track_id is not None}
        sizes = {
            "tasks": 1,
            "frames": len(document.frames),
            "frames with labels": len({label.frame for label in document.labels}),
            "labels": len(document.labels),
            "tracks": len(tracks),
            "interpolated labels": sum(label.interpolated for label in document.labels),
        }
        for name, count in sizes.items():
            self._sizes[name][split] += count
        for label in document.labels:
            self._classes[label.class_name][split] += 1
            self._shapes[label.shape.type][split] += 1
            said = f"level {label.level}: {label.origin}"
            self._origins[f"{said}, {label.change}" if label.change else said][split] += 1
            for name, value in label.attributes.items():
                self._attributes[f"label: {name}"][_text(value)][split] += 1
        for frame in document.frames:
            for name, value in frame.attributes.items():
                self._attributes[f"frame: {name}"][_text(value)][split] += 1
        for missing in document.unlabeled:
            self._unlabeled[f"{missing.job_name}: {missing.outcome}"][split] += 1

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The datasheet's files and their contents."""
        sizes = {"drives": Counter({split: len(groups) for split, groups in self._groups.items()}), **self._sizes}
        body: dict[str, Any] = {
            "counts": self._rows(sizes, by_count=False),
            "classes": self._rows(self._classes),
            "shapes": self._rows(self._shapes),
            "saidBy": self._rows(self._origins),
            "unlabeled": self._rows(self._unlabeled),
            "attributes": {name: self._rows(table) for name, table in sorted(self._attributes.items())},
        }
        yield "datasheet.json", json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n"
        yield "figures/classes.svg", self._figure("Labels per class", body["classes"])
        yield "figures/attributes.svg", self._figure("Frames per attribute", self._frame_attributes(body["attributes"]))
        yield "datasheet.md", self._markdown(body).encode()

    def _rows(self, table: Mapping[str, Counter[str]], *, by_count: bool = True) -> dict[str, dict[str, int]]:
        names = sorted(table, key=lambda name: (-table[name].total(), name)) if by_count else list(table)
        return {name: {split: table[name][split] for split in self._splits} for name in names}

    def _figure(self, title: str, rows: Mapping[str, Mapping[str, int]]) -> bytes:
        return bars(title, self._splits, {name: list(counts.values()) for name, counts in rows.items()})

    def _frame_attributes(self, attributes: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
        return {
            f"{name.removeprefix('frame: ')}: {value}": counts
            for name, values in attributes.items()
            if name.startswith("frame: ") and 1 < len(values) <= _MOST_VALUES // 2
            for value, counts in values.items()
        }

    def _markdown(self, body: Mapping[str, Any]) -> str:
        version = self._version
        split = ", ".join(f"{name} {ratio:.0%}" for name, ratio in version.ratios.items())
        asked = json.dumps(version.filter, ensure_ascii=False) if version.filter else "all completed tasks"
        lines = [
            f"# {_plain(version.name)}, version {version.number}",
            "",
            f"Made at {version.created_at} from {_plain(version.source)}: {_plain(asked)}.",
            f"Taxonomy: {', '.join(map(_plain, version.taxonomies)) or 'none named'}.",
            "",
            f"Split by drive, so that no drive is in two splits: {split}; seed {version.seed}. A drive stays in its",
            "split when tasks are added. Where a task names no drive, its clip stands for one.",
            "",
            f"{len(version.superseded)} tasks were left out because the same jobs labeled the same clip again later.",
            "Each task, with its labeling jobs and the SHA-256 of its annotation document, is in `dataset.json`; each",
            "frame is in `frames.csv`.",
            "",
            *self._section("Counts", body["counts"]),
            *self._section("Labels per class", body["classes"]),
            "![Labels per class](figures/classes.svg)",
            "",
            *self._section("Labels per shape", body["shapes"]),
            *self._section("Labels by who said so", body["saidBy"]),
            *self._section("Data objects without a label", body["unlabeled"]),
            "![Frames per attribute](figures/attributes.svg)",
            "",
        ]
        for name, values in body["attributes"].items():
            if len(values) <= _MOST_VALUES:
                lines += self._section(f"Attribute of a {name}", values)
            else:
                lines += [f"## Attribute of a {_plain(name)}", "", f"{len(values)} values, see `datasheet.json`.", ""]
        return "\n".join(lines)

    def _section(self, title: str, rows: Mapping[str, Mapping[str, int]]) -> Iterable[str]:
        yield from (f"## {_plain(title)}", "")
        if not rows:
            yield from ("None.", "")
            return
        yield f"| | {' | '.join(self._splits)} | all |"
        yield "|---|" + "---:|" * (len(self._splits) + 1)
        for name, counts in rows.items():
            yield f"| {_plain(name)} | {' | '.join(str(count) for count in counts.values())} | {sum(counts.values())} |"
        yield ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    """A text that Markdown shows as it is, in one cell of a table."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return "".join(f"\\{c}" if c in "\\`*_|[]<>#" else c for c in shown)
