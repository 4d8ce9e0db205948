"""Output messages that nobody could place: what there is, one of them, and sending them again."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from everlabel_cli import stack as stacks
from everlabel_cli.answer import progress, say
from everlabel_cli.options import OnStack, taking

if TYPE_CHECKING:
    from everlabel.quarantine import Quarantined

app = typer.Typer(help=__doc__, no_args_is_help=True)

_COLUMNS = {"messageId": "message", "at": "put aside", "reason": "reason"}


def _row(message: "Quarantined") -> dict[str, Any]:
    return {"messageId": message.message_id, "at": message.at, "reason": message.reason}


def _find(message_id: str) -> "Quarantined":
    from everlabel import quarantine

    found = quarantine.find(message_id)
    if found is None:
        raise typer.BadParameter(f"no message {message_id!r} is in quarantine")
    return found


@app.command("list")
@taking(OnStack)
def list_messages(options: OnStack) -> None:
    """List the messages that were put aside, oldest first, with the reasons."""
    from everlabel import quarantine

    stacks.enter(options)
    # One that somebody sends again meanwhile is not there any more.
    found = [quarantine.find(message_id) for message_id in progress(quarantine.ids(), "Reading")]
    messages = sorted((message for message in found if message is not None), key=lambda message: message.at)
    say([_row(message) for message in messages], options, _COLUMNS)


@app.command()
@taking(OnStack)
def show(
    options: OnStack,
    message_id: Annotated[str, typer.Argument(metavar="ID", help="The message's id.")],
) -> None:
    """Show one message as it came."""
    stacks.enter(options)
    message = _find(message_id)
    say([_row(message) | {"body": message.body}], options, {**_COLUMNS, "body": "body"})


@app.command()
@taking(OnStack)
def redrive(
    options: OnStack,
    ids: Annotated[list[str] | None, typer.Option("--id", help="A message's id; may be given again.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are in quarantine.")] = False,
) -> None:
    """Send messages to the queue of labels again, and keep them under quarantine/redriven/.

    Doing so twice is harmless. What still nobody can place comes back under another id.
    """
    if bool(ids) == everything:
        raise typer.BadParameter("give either --id or --all")
    from everlabel import quarantine

    outputs = stacks.enter(options).outputs
    if not everything:
        for message_id in ids or []:
            _find(message_id)
    rows = [
        {"messageId": message_id, "result": _redriven(message_id, outputs["LabelsQueueUrl"])}
        for message_id in progress(quarantine.ids() if everything else ids or [], "Sending")
    ]
    say(rows, options, {"messageId": "message", "result": "result"})
    if any(row["result"] != "sent" for row in rows):
        raise typer.Exit(1)


def _redriven(message_id: str, queue_url: str) -> str:
    """`sent`, or why not: one message's trouble does not hold up the others."""
    from botocore.exceptions import BotoCoreError, ClientError

    from everlabel import quarantine

    try:
        message = quarantine.find(message_id)
        if message is not None:  # else somebody else sent it meanwhile
            quarantine.redrive(message, queue_url)
    except (BotoCoreError, ClientError) as error:
        return str(error)
    return "sent"
