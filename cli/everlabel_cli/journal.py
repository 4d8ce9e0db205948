"""What was accepted so far, kept in a file, so that a submission that was interrupted goes on where it stood."""

import hashlib
import json
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self


class NotAJournal(ValueError):
    """A file that something else is in."""


class Journal:
    """Lines of JSON in a file: one for each definition that the API accepted, with the task that it became.

    A last line that was cut off counts as not written.

    Raises:
        NotAJournal: if the file holds anything else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None
        self._tasks: dict[str, str] = {}
        self._length = 0
        if path.exists():
            for line in path.read_bytes().splitlines(keepends=True):
                if not line.endswith(b"\n"):
                    break
                try:
                    entry = json.loads(line)
                    self._tasks[entry["definition"]] = entry["taskId"]
                except (ValueError, KeyError, TypeError) as error:
                    raise NotAJournal(f"{path} is no journal of a submission: it has {line[:80]!r}") from error
                self._length += len(line)

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a", encoding="utf-8")
        self._file.truncate(self._length)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def __len__(self) -> int:
        return len(self._tasks)

    def task_of(self, definition: dict[str, Any]) -> str | None:
        """The id of the task that a definition became, or None if it was not accepted yet."""
        return self._tasks.get(_digest(definition))

    def accepted(self, definition: dict[str, Any], task_id: str) -> None:
        """Notes it, at once."""
        if self._file is None:
            raise ValueError("the journal is not open")
        digest = _digest(definition)
        self._tasks[digest] = task_id
        self._file.write(json.dumps({"definition": digest, "taskId": task_id}) + "\n")
        self._file.flush()


def place(folder: Path, stack_id: str, prefix: str) -> Path:
    """Where the journal of a prefix lies by itself. A stack that is made anew has another id, and knows no task."""
    return folder / f"{hashlib.sha256(f'{stack_id} {prefix}'.encode()).hexdigest()[:16]}.jsonl"


def _digest(definition: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()[:32]
