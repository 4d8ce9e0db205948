"""The command `everlabel`."""

import sys
import traceback
from typing import Annotated

import typer

from everlabel_cli import cost, dataset, jobs, laptop, quarantine, redrive, render, submit, tasks, taxonomies
from everlabel_cli.answer import plain

HELP = """
Label video clips, level after level, and use the labels: on a deployed stack or on the laptop's (--endpoint-url).

Answers go to stdout, everything else to stderr.

Exit codes: 0 all was done; 1 something was not done; 2 the command asks for what there is not; 130 interrupted.
"""

DONE, NOT_DONE, MISUSED, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(help=HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich")
app.add_typer(jobs.app, name="jobs")
app.command()(submit.submit)
app.add_typer(tasks.app, name="tasks")
app.command()(redrive.redrive)
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(taxonomies.app, name="taxonomy")
app.add_typer(dataset.app, name="dataset")
app.add_typer(render.app, name="render")
app.command()(cost.cost)
app.add_typer(laptop.app, name="local")


def _show_version(wanted: bool) -> None:
    if wanted:
        from everlabel_cli import version

        typer.echo(f"everlabel {version()}")
        raise typer.Exit


@app.callback()
def everlabel(
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Everlabel from the command line."""


def run(arguments: list[str]) -> int:
    """Runs the command line and returns its exit code; whatever goes wrong is told on stderr, without a trace."""
    try:
        return int(app(arguments, prog_name="everlabel", standalone_mode=False) or DONE)
    except typer.Abort:
        print("Not done.", file=sys.stderr)  # noqa: T201
        return NOT_DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the answer has read enough; Python would tell of it at exit once more.
        sys.stdout = None
        return NOT_DONE
    except Exception as error:
        if "--debug" in arguments:
            traceback.print_exc()
        for line in _told(error):
            print(line, file=sys.stderr)  # noqa: T201
        return error.exit_code if isinstance(error, typer.TyperException) else NOT_DONE


def _told(error: Exception) -> list[str]:
    """An error in words: those that are meant for the user say it themselves."""
    if isinstance(error, typer.TyperException):
        first, *others = error.format_message().splitlines() or [""]
        # Without a command the help was shown, which is enough said.
        return [f"Error: {plain(first)}", *(plain(line) for line in others)] if first else []
    if type(error).__module__.startswith(("botocore", "boto3")):
        return [f"Error: {plain(' '.join(str(error).split()))}"]
    return [f"Error: {type(error).__name__}: {plain(' '.join(str(error).split()))} (--debug shows where)"]


def main() -> None:
    """The entry point."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
