"""Attributes that an item may lack, typed so that whoever reads one must think of that."""

from typing import cast

from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute


def optional_text() -> Attribute[str | None]:
    """Text, or None where the item has none."""
    return cast(Attribute[str | None], UnicodeAttribute(null=True))


def optional_number() -> Attribute[float | None]:
    """A number, or None where the item has none."""
    return cast(Attribute[float | None], NumberAttribute(null=True))
