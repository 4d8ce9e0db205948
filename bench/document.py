"""Puts what `make bench` wrote into README.md and docs: `python -m bench.document`.

Tables stand between `<!-- bench: NAME -->` and `<!-- end -->`: `digest` and `summary`, or all rows of a benchmark.
"""

import re
from pathlib import Path

from bench import results
from bench.measuring import OUT

_PLACE = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """The text with each table as it was measured last. Raises ValueError if one was not."""
    return _PLACE.sub(lambda found: found[1] + "\n" + _table(found[2]) + "\n" + found[3], text)


def _table(name: str) -> str:
    if name in {"digest", "summary"}:
        return (OUT / f"{name}.md").read_text()
    rows = results.read(name)
    if not rows:
        raise ValueError(f"out/bench has no results of {name}")
    return results.table(rows)


if __name__ == "__main__":
    for path in (Path("README.md"), Path("docs/performance.md"), Path("docs/frame-extraction.md")):
        path.write_text(filled(path.read_text()))
