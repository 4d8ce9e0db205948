"""Files of taxonomies: those that come with the command, and the user's own."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from everlabel_cli.answer import NotDone

if TYPE_CHECKING:
    from everlabel.taxonomy import Taxonomy

_INSTALLED = Path(__file__).parent / "bundled_taxonomies"
_CHECKOUT = Path(__file__).parents[2] / "taxonomies"
_FILE = "taxonomy.json"


def bundled() -> dict[str, Path]:
    """The taxonomies that come with the command, by name."""
    folder = _INSTALLED if _INSTALLED.exists() else _CHECKOUT
    return {path.parent.name: path for path in sorted(folder.glob(f"*/{_FILE}"))}


def text_of(given: str) -> bytes:
    """The file that a bundled name (`lava`) or a path means; a folder's is its `taxonomy.json`.

    Raises:
        typer.BadParameter: if there is none.
    """
    named = bundled()
    path = named.get(given, Path(given))
    if path.is_dir():
        path /= _FILE
    try:
        return path.read_bytes()
    except OSError as error:
        why = f"{given!r}: {error.strerror}; expected a file, or {', '.join(named)}"
        raise typer.BadParameter(why, param_hint="taxonomy") from error


def read(given: str) -> "Taxonomy":
    """The taxonomy that a bundled name or a path means.

    Raises:
        typer.BadParameter: if there is no such file.
        NotDone: with everything that is wrong with it.
    """
    from everlabel import taxonomy_form

    try:
        return taxonomy_form.read(text_of(given))
    except taxonomy_form.TaxonomyRefused as error:
        count = f"{len(error.faults)} fault{'s' * (len(error.faults) != 1)}"
        lines = [f"  {fault.field}: {fault.message}" for fault in error.faults]
        raise NotDone("\n".join([f"{given} has {count}", *lines])) from error
