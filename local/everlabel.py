"""The command line on the stack of a world: each run in a process of its own, as its user's would be."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local.credentials import ALONE, KEY_ID, SECRET
from local.template import ROOT, STACK
from local.world import World


class CommandFailed(Exception):
    """A command that must succeed did not."""


@dataclass(frozen=True)
class Everlabel:
    """Runs `everlabel` in a folder. `announce` is told what is typed, before it runs."""

    world: World
    folder: Path
    announce: Callable[[str], None] = lambda _typed: None

    def __call__(self, *arguments: str, given: str = "") -> str:
        """What a command answers.

        Raises:
            CommandFailed: with what it said, if it does not end with 0.
        """
        self.announce(" ".join(arguments))
        done = subprocess.run(  # noqa: S603 - our own program
            command(*arguments),
            cwd=self.folder,
            env=environment(self.world),
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandFailed(f"everlabel {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def quietly(self) -> "Everlabel":
        """The same, without a word of what is typed."""
        return replace(self, announce=lambda _typed: None)

    def json(self, *arguments: str) -> Any:
        """The same for an answer as JSON."""
        return json.loads(self(*arguments, "--output", "json"))

    def telling(self, *arguments: str, tell: Callable[[str], None] | None) -> int:
        """The exit code of a command that says line by line on stderr what happens; None: it speaks for itself."""
        self.announce(" ".join(arguments))
        with subprocess.Popen(  # noqa: S603 - our own program
            command(*arguments),
            cwd=self.folder,
            env=environment(self.world),
            stdout=subprocess.DEVNULL,
            stderr=None if tell is None else subprocess.PIPE,
            text=True,
        ) as process:
            for line in process.stderr or ():
                if tell is not None:
                    tell(line.rstrip("\n"))
        return process.returncode


def command(*arguments: str) -> list[str]:
    """What runs the command line with the interpreter of this process."""
    return [sys.executable, "-m", "everlabel_cli", *arguments]


def environment(world: World) -> dict[str, str]:
    """The environment in which the command line finds the stack of a world, and nothing of its user's AWS."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVERLABEL_"))}
    return {
        **given,
        **ALONE,
        "PYTHONPATH": str(ROOT / "cli"),
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": world.settings.region,
        "AWS_ENDPOINT_URL": world.endpoint_url,
        "EVERLABEL_STACK": STACK,
    }
