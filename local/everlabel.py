"""The command line on the stack of a world: each run in a process of its own, as its user's would be."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.credentials import ALONE, KEY_ID, SECRET
from local.template import ROOT, STACK
from local.world import World


class CommandFailed(Exception):
    """A command that must succeed did not."""


@dataclass(frozen=True)
class Everlabel:
    """Runs `everlabel` in a folder."""

    world: World
    folder: Path

    def __call__(self, *arguments: str, given: str = "") -> str:
        """What a command answers.

        Raises:
            CommandFailed: with what it said, if it does not end with 0.
        """
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

    def json(self, *arguments: str) -> Any:
        """The same for an answer as JSON."""
        return json.loads(self(*arguments, "--output", "json"))

    def heard(self, *arguments: str, tell: Callable[[str], None]) -> tuple[int, str]:
        """The exit code of a command and its answer; `tell` gets each line of its talk when it is said."""
        with tempfile.TemporaryFile("w+", encoding="utf-8") as answer:
            process = subprocess.Popen(  # noqa: S603 - our own program
                command(*arguments),
                cwd=self.folder,
                env=environment(self.world),
                stdout=answer,
                stderr=subprocess.PIPE,
                text=True,
            )
            with process:
                try:
                    for line in process.stderr or ():
                        tell(line.rstrip("\n"))
                except BaseException:
                    process.terminate()
                    raise
            answer.seek(0)
            return process.returncode, answer.read()


def command(*arguments: str) -> list[str]:
    """What runs the command line with the interpreter of this process."""
    return [sys.executable, "-m", "everlabel_cli", *arguments]


def environment(world: World) -> dict[str, str]:
    """The environment in which the command line finds the stack of a world, and nothing of its user's AWS.

    What it notes for a later run (which clips were accepted) lies beside the world's logs, where the system lets it.
    """
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
        "XDG_CONFIG_HOME": str(world.settings.logs / "config"),
    }
