"""Elements of XML."""

import json
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring  # nosec B405 # written, never read


def add(parent: Element, name: str, /, value: Any = None, **attributes: Any) -> Element:
    """An element below another one, with a text and with attributes."""
    found = SubElement(parent, name, {key: printable(as_text(given)) for key, given in attributes.items()})
    if value is not None:
        found.text = printable(as_text(value))
    return found


def written(root: Element) -> bytes:
    """The whole document, indented."""
    indent(root)
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def as_text(value: Any) -> str:
    """A JSON value as text; text is as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def printable(text: str) -> str:
    """A text that XML can hold: it has no control characters, not even written out."""
    return "".join(c if c.isprintable() else " " for c in text)
