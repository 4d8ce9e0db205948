"""The laptop world of a checkout: the same as `make up`, `make demo` and `make invoke`."""

import importlib.util
import os
import sys
from pathlib import Path

import typer

from everlabel_cli.answer import NotDone

app = typer.Typer(help=__doc__, no_args_is_help=True)

_CHECKOUT = Path(__file__).resolve().parents[2]
_AS_THEY_ARE = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command(context_settings=_AS_THEY_ARE)
def up(context: typer.Context) -> None:
    """Start the laptop world and keep it up until Ctrl-C; takes --port, --api-port, --day, --seed, --seed-events."""
    _run("local", "up", *context.args)


@app.command(context_settings=_AS_THEY_ARE)
def demo(context: typer.Context) -> None:
    """Take real clips all the way in a laptop world of their own; takes a video file, --out, --day, --seed."""
    _run("local.demo", *context.args)


@app.command(context_settings=_AS_THEY_ARE)
def invoke(context: typer.Context) -> None:
    """Run one function on one event without a container; takes its name, --event, --endpoint-url."""
    _run("local", "invoke", *context.args)


def _run(module: str, *arguments: str) -> None:
    """Becomes the program of the checkout, which ends as it ends.

    Raises:
        NotDone: if there is none, or what it needs is not installed.
    """
    if not (_CHECKOUT / "local" / "__main__.py").exists():
        raise NotDone(
            "the laptop world needs a checkout of Everlabel: clone it, run make setup, then .venv/bin/everlabel"
        )
    if importlib.util.find_spec("moto") is None:
        raise NotDone(f"the laptop world needs what make setup installs: run it, then {_CHECKOUT}/.venv/bin/everlabel")
    paths = [str(_CHECKOUT), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 # nosec B606 - our own program
