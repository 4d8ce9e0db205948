"""Defences of the application, each removed by a patch to a copy, and whether the simulation notices."""

import json
import os
import shutil
import subprocess  # nosec # runs this repository's own code
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from local.template import ROOT
from tests.simulation.world.processes import processes
from tests.simulation.world.stories import Story

SEEDS = 50
"""How many seeds a story has to notice."""
_COPIED = (
    "functions",
    "layers",
    "local",
    "statemachine.asl.json",
    "template.yaml",
    "tests/simulation",
    "tests/__init__.py",
)
_LONGEST = 600.0


@dataclass(frozen=True)
class Edit:
    """A text of a file that stands there once, and what takes its place."""

    file: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Writes the file anew. Raises ValueError unless the text is there exactly once."""
        path = root / self.file
        text = path.read_text()
        if (count := text.count(self.old)) != 1:
            raise ValueError(f"{self.file} has {count} times: {self.old!r}")
        path.write_text(text.replace(self.old, self.new))


@dataclass(frozen=True)
class KnockOut:
    """A defence: its name, what it defends against, how it is removed, and the stories that miss it."""

    name: str
    against: str
    edits: tuple[Edit, ...]
    stories: tuple[Story, ...]


@dataclass(frozen=True)
class Verdict:
    """What the simulation said: after how many seconds, by which story and seed, and what went wrong; None if nothing
    did."""

    knock_out: str
    seconds: float
    story: str = ""
    seed: int = 0
    wrong: str | None = None


@dataclass(frozen=True)
class Told:
    """A story, the seed it was told with, and what was wrong; None if nothing was."""

    story: Story
    seed: int
    wrong: str | None


def tell(story: Story, seed: int) -> Told:
    """Tells one story once."""
    return Told(story, seed, story.wrong(story.tell(seed)))


def told(stories: Sequence[Story], seeds: int, jobs: int = 1) -> Iterator[Told]:
    """Tells the stories, seed by seed, as many side by side as `jobs` says. One that draws nothing has one seed."""
    pairs = [(story, seed) for seed in range(1, seeds + 1) for story in stories if seed == 1 or story.is_drawn]
    if jobs == 1:
        yield from (tell(*pair) for pair in pairs)
        return
    with processes(jobs) as pool:
        yield from pool.map(tell, *zip(*pairs, strict=True))


def without(knock_out: KnockOut) -> Verdict:
    """Removes the defence from a copy and tells its stories there, in a process of its own."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="knock-out-") as directory:
        root = Path(directory)
        for name in _COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name)
            else:
                shutil.copy2(source, root / name)
        for edit in knock_out.edits:
            edit.apply(root)
        paths = (root, root / "layers" / "everlabel", root / "functions")
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "tests.simulation.world.knocked_out", knock_out.name],
            cwd=root,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
    if done.returncode != 0:
        raise RuntimeError(f"{knock_out.name}: {done.stderr[-3_000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    return Verdict(knock_out.name, time.monotonic() - began, **found)


def verdicts(knock_outs: Sequence[KnockOut], jobs: int) -> Iterator[Verdict]:
    """What the simulation says of each, so many side by side; in their order."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(without, knock_outs)
