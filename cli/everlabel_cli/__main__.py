"""Everlabel from the command line: `python -m everlabel_cli`.

Exit codes: 0 all was done; 1 something was not done, for instance because AWS refused it; 2 the command asks for what
there is not.
"""

import sys

import typer
from botocore.exceptions import BotoCoreError, ClientError

from everlabel_cli import quarantine

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(quarantine.app, name="quarantine")


@app.callback()
def everlabel() -> None:
    """Work on a deployed stack of Everlabel, or on the laptop's (`--endpoint-url`)."""


def main() -> None:
    """Run the command line; AWS's refusals become one line on stderr and exit code 1."""
    try:
        app(prog_name="everlabel")
    except (BotoCoreError, ClientError) as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
