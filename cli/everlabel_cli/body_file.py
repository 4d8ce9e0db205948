"""Files that hold what is sent: JSON or YAML, one body or several."""

import json
from pathlib import Path
from typing import Any

import typer

STDIN = "-"


def read(path: str) -> list[dict[str, Any]]:
    """The bodies in a file: one mapping, a list of them, or several YAML documents. `-` is stdin.

    Raises:
        typer.BadParameter: if the file cannot be read, or holds anything else.
    """
    try:
        text = typer.get_text_stream("stdin").read() if path == STDIN else Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{path} is not UTF-8: {error}") from error
    found: list[dict[str, Any]] = []
    for document in _documents(path, text):
        bodies = document if isinstance(document, list) else [document]
        for body in bodies:
            if not isinstance(body, dict):
                raise typer.BadParameter(f"{path} must hold a mapping, or a list of them; it has {body!r:.60}")
            found.append(body)
    return found


def _documents(path: str, text: str) -> list[Any]:
    if not path.endswith((".yaml", ".yml")):
        try:
            return [json.loads(text)]
        except ValueError as error:
            if path != STDIN:
                raise typer.BadParameter(f"{path} is not JSON: {error}") from error
    import yaml

    try:
        documents = [document for document in yaml.safe_load_all(text) if document is not None]
    except yaml.YAMLError as error:
        raise typer.BadParameter(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not documents:
        raise typer.BadParameter(f"{path} is empty")
    return documents
