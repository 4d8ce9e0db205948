"""Options that every command takes, named as the AWS CLI names them."""

from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """How an answer is written to stdout."""

    TABLE = "table"
    JSON = "json"


Stack = Annotated[str, typer.Option("--stack", envvar="EVERLABEL_STACK", help="The stack's name.")]
Profile = Annotated[str | None, typer.Option("--profile", help="A profile of the AWS configuration.")]
Region = Annotated[
    str | None,
    typer.Option("--region", envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="The stack's Region."),
]
EndpointUrl = Annotated[str | None, typer.Option("--endpoint-url", help="The laptop's cloud, or another than AWS.")]
Output = Annotated[Format, typer.Option("--output", help="How the answer is written.")]

STACK = "everlabel"
