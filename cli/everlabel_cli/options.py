"""Options that commands share, named as the AWS CLI names them and taken, as there, after the command.

A command takes them as its first argument:

    @app.command("list")
    @taking(OnStack)
    def list_things(options: OnStack, name: Annotated[str, typer.Option()] = "") -> None: ...
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Concatenate, get_type_hints

import typer

_PANEL = "Options of every command"

STACK = "everlabel"


class Format(StrEnum):
    """How an answer is written to stdout."""

    TABLE = "table"
    JSON = "json"
    TEXT = "text"


Stack = Annotated[
    str, typer.Option("--stack", envvar="EVERLABEL_STACK", help="The stack's name.", rich_help_panel=_PANEL)
]
Profile = Annotated[
    str | None, typer.Option("--profile", help="A profile of the AWS configuration.", rich_help_panel=_PANEL)
]
Region = Annotated[
    str | None,
    typer.Option(
        "--region", envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="The stack's Region.", rich_help_panel=_PANEL
    ),
]
EndpointUrl = Annotated[
    str | None,
    typer.Option("--endpoint-url", help="The laptop's cloud, or another than AWS.", rich_help_panel=_PANEL),
]
Output = Annotated[
    Format,
    typer.Option("--output", envvar="EVERLABEL_OUTPUT", help="How the answer is written.", rich_help_panel=_PANEL),
]
Query = Annotated[
    str | None,
    typer.Option("--query", help="A JMESPath expression, applied to the JSON answer.", rich_help_panel=_PANEL),
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show where in the program an error came from.", rich_help_panel=_PANEL)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@dataclass(frozen=True, kw_only=True)
class Answering:
    """Options of a command that answers."""

    output: Output = Format.TABLE
    query: Query = None
    debug: Debug = False


@dataclass(frozen=True, kw_only=True)
class OnStack(Answering):
    """Options of a command that works on a stack."""

    stack: Stack = STACK
    profile: Profile = None
    region: Region = None
    endpoint_url: EndpointUrl = None


def taking[O: Answering, **P](
    options: type[O],
) -> Callable[[Callable[Concatenate[O, P], None]], Callable[..., None]]:
    """Gives a command the options of a class; it gets them, as an object of that class, as its first argument."""

    def given_options(command: Callable[Concatenate[O, P], None]) -> Callable[..., None]:
        hints = get_type_hints(options, include_extras=True)
        shared = [
            inspect.Parameter(
                field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
            )
            for field in dataclasses.fields(options)
        ]
        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in list(inspect.signature(command, eval_str=True).parameters.values())[1:]
        ]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            chosen = options(**{parameter.name: given.pop(parameter.name) for parameter in shared})
            command(chosen, **given)  # type: ignore[call-arg] # typer calls by name

        # What typer reads, in place of what `wraps` copied.
        parameters = [*own, *shared]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return given_options
