"""Text in sorted order, for listings of large buckets."""

from bisect import bisect_left, insort

_FULL = 2_000


class SortedKeys:
    """Distinct texts in the order of their UTF-8 bytes, which is the order of Python's own comparison.

    They stand in rows of at most 2,000: an insertion moves one row, not everything.
    """

    def __init__(self) -> None:
        self._rows: list[list[str]] = []
        self._lasts: list[str] = []
        """The last key of each row."""

    def add(self, key: str) -> None:
        """Adds a key that is not there."""
        if not self._rows:
            self._rows.append([key])
            self._lasts.append(key)
            return
        at = min(bisect_left(self._lasts, key), len(self._rows) - 1)
        row = self._rows[at]
        insort(row, key)
        self._lasts[at] = row[-1]
        if len(row) > _FULL:
            half = len(row) // 2
            self._rows[at : at + 1] = [row[:half], row[half:]]
            self._lasts[at : at + 1] = [row[half - 1], row[-1]]

    def remove(self, key: str) -> None:
        """Takes out a key that is there."""
        at = bisect_left(self._lasts, key)
        row = self._rows[at]
        del row[bisect_left(row, key)]
        if row:
            self._lasts[at] = row[-1]
        else:
            del self._rows[at], self._lasts[at]

    def first_from(self, start: str) -> str | None:
        """The smallest key that is not below `start`."""
        at = bisect_left(self._lasts, start)
        if at == len(self._rows):
            return None
        row = self._rows[at]
        return row[bisect_left(row, start)]
