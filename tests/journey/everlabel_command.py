"""The command line in a process of its own, with nothing of the user's AWS configuration."""

import json
import os
import subprocess
import sys
from typing import Any

from local.credentials import KEY_ID, REGION, SECRET
from local.template import ROOT
from local.world import World


def everlabel(
    world: World,
    *arguments: str,
    region: str | None = REGION,
    endpoint_url: str = "",
    given: str = "",
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """One run of it on the stack of a world. A warning is an error."""
    left = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "EVERLABEL_"))}
    left |= {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_CONFIG_FILE": os.devnull}
    left |= {
        "COLUMNS": "400",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(ROOT / "cli"),
    }
    left |= environment
    where = ["--endpoint-url", endpoint_url or world.endpoint_url, *(["--region", region] if region else [])]
    command = [sys.executable, "-W", "error", "-m", "everlabel_cli", *arguments, *where]
    return subprocess.run(  # noqa: S603 - our own program
        command, cwd=ROOT, env=left, input=given, capture_output=True, text=True, timeout=120, check=False
    )


def answer(run: subprocess.CompletedProcess[str], code: int = 0) -> Any:
    """The JSON that a run answered, if it ended as it should."""
    assert run.returncode == code, run.stderr
    return json.loads(run.stdout)
