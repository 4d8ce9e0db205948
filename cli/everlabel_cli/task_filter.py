"""Which completed tasks are meant: by the time they were completed, by taxonomy, and by what their documents say."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from everlabel import clock
from everlabel.annotation_document import AnnotationDocument
from everlabel_cli.moments import ago

_CONDITION = re.compile(r"(?P<path>[^=!]+?)\s*(?P<sign>!=|=)\s*(?P<value>.*)", re.DOTALL)
_FIELDS = {
    "taskId": "task_id",
    "clipId": "clip_id",
    "clipUri": "clip_uri",
    "taxonomy": "taxonomy",
    "attributes": "attributes",
}


class FilterRefused(ValueError):
    """A filter that nobody can follow; the text names what was given and what would be right."""


@dataclass(frozen=True)
class Condition:
    """What a document must say, or must not: `attributes.drive.weather=rainy`."""

    path: tuple[str, ...]
    is_equal: bool
    value: str

    @classmethod
    def read(cls, text: str) -> "Condition":
        """Reads `path=value` or `path!=value`. Raises FilterRefused."""
        found = _CONDITION.fullmatch(text.strip())
        if found is None:
            raise FilterRefused(f"{text!r} is no condition; expected for instance attributes.drive.weather=rainy")
        path = tuple(found["path"].strip().split("."))
        if path[0] not in _FIELDS or (len(path) > 1) != (path[0] == "attributes") or not all(path):
            raise FilterRefused(
                f"{text!r} asks for {found['path']!r}; expected taskId, clipId, clipUri, taxonomy or attributes.…"
            )
        return cls(path, found["sign"] == "=", found["value"].strip())

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}{'=' if self.is_equal else '!='}{self.value}"

    def holds(self, document: AnnotationDocument) -> bool:
        """Whether it does; what is not there equals nothing."""
        said: Any = getattr(document, _FIELDS[self.path[0]])
        for name in self.path[1:]:
            said = said.get(name) if isinstance(said, Mapping) else None
        is_equal = said is not None and self.value == (said if isinstance(said, str) else json.dumps(said))
        return is_equal == self.is_equal


@dataclass(frozen=True)
class TaskFilter:
    """Everything that must hold of a task; times are ISO 8601 in UTC, as documents have them."""

    since: str | None = None
    until: str | None = None
    """Not this instant any more."""
    taxonomy: str | None = None
    """`lava`, or one version of it: `lava/1`."""
    where: tuple[Condition, ...] = ()

    @classmethod
    def read(
        cls,
        since: str | None = None,
        until: str | None = None,
        taxonomy: str | None = None,
        where: tuple[str, ...] = (),
    ) -> "TaskFilter":
        """Reads a filter from texts: times as `2026-11-20`, `2026-11-20T10:00:00Z`, or how long ago: `24h`.

        A day that ends it is included.

        Raises:
            FilterRefused: naming the value and what would be right.
        """
        return cls(
            None if since is None else _instant("since", since, 0),
            None if until is None else _instant("until", until, 1),
            taxonomy,
            tuple(Condition.read(text) for text in where),
        )

    def takes(self, document: AnnotationDocument) -> bool:
        """Whether a task is meant."""
        return (
            (self.since is None or document.completed_at >= self.since)
            and (self.until is None or document.completed_at < self.until)
            and (self.taxonomy is None or self.taxonomy in {document.taxonomy, _name(document.taxonomy)})
            and all(condition.holds(document) for condition in self.where)
        )

    def as_json(self) -> dict[str, Any]:
        """What was asked for, as a dataset's lineage says it."""
        given = {"since": self.since, "until": self.until, "taxonomy": self.taxonomy}
        asked: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        return asked | ({"where": [str(condition) for condition in self.where]} if self.where else {})


EVERYTHING = TaskFilter()


def _name(taxonomy: str | None) -> str | None:
    return None if taxonomy is None else taxonomy.partition("/")[0]


def _instant(name: str, text: str, days: int) -> str:
    passed = ago(text, datetime.fromtimestamp(clock.now(), UTC))
    if passed is not None:
        return clock.iso(passed.timestamp())
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text) + timedelta(days=days)
            return clock.iso(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        instant = datetime.fromisoformat(text)
        return clock.iso((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise FilterRefused(
            f"{name} is {text!r}; expected 2026-11-20, 2026-11-20T10:00:00Z, or how long ago: 90m, 24h, 7d"
        ) from None
