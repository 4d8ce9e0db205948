"""The door to the taxonomies of a stack: files in its bucket, written once and never changed."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from everlabel import aws, objects, strict_json, taxonomy_form
from everlabel.definition import Fault
from everlabel.s3_uri import S3Uri
from everlabel.taxonomy import FOLDER, Taxonomy
from everlabel.taxonomy_form import TaxonomyRefused


class TaxonomyTaken(Exception):
    """The stack has another taxonomy of this name and version, with which labels were made perhaps."""


def uri(reference: str) -> S3Uri:
    """Where a taxonomy lies: `lava/1` at `taxonomies/lava/1.json`.

    Raises:
        ValueError: if it is no reference.
    """
    name, version = taxonomy_form.reference(reference)
    return S3Uri(aws.bucket(), f"{FOLDER}{name}/{version}.json")


def find(reference: str) -> Taxonomy | None:
    """The taxonomy, or None if the stack has no such one.

    Raises:
        ValueError: if it is no reference; also TaxonomyRefused, if somebody put another file in its place.
    """
    try:
        return taxonomy_form.read(objects.get(uri(reference)))
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise


def put(text: bytes) -> tuple[Taxonomy, bool]:
    """Stores a taxonomy's file for good. Returns the taxonomy, and False if it was there already.

    Raises:
        TaxonomyRefused: if it is none.
        TaxonomyTaken: if there is another one of its name and version.
    """
    taxonomy = taxonomy_form.read(text)
    place = uri(taxonomy.reference)
    if objects.put_new(place, text, "application/json"):
        return taxonomy, True
    if strict_json.read(objects.get(place)) != strict_json.read(text):
        raise TaxonomyTaken(f"{taxonomy.reference} is there already, with other content; give yours a higher version")
    return taxonomy, False


def references() -> list[str]:
    """The taxonomies that the stack has, by name and version."""
    folder = S3Uri(aws.bucket(), FOLDER)
    found = []
    for key in objects.keys_below(folder):
        try:
            found.append(taxonomy_form.reference(key.removeprefix(FOLDER).removesuffix(".json")))
        except ValueError:
            continue  # somebody else's file
    return [f"{name}/{version}" for name, version in sorted(found)]


def faults(body: Any) -> list[Fault]:
    """What is wrong with the taxonomy that a definition names, and with its attributes by that taxonomy.

    The definition may have any form; what has the wrong one (which the API's schema names) is passed over.
    """
    given = body if isinstance(body, Mapping) else {}
    named = given.get("taxonomy")
    if not isinstance(named, str):
        return []
    try:
        taxonomy = find(named)
    except TaxonomyRefused as error:
        return [Fault("taxonomy", f"{uri(named)} is no taxonomy: {error}")]
    except ValueError as error:
        return [Fault("taxonomy", str(error))]
    if taxonomy is None:
        return [Fault("taxonomy", f"there is no {named!r} in this stack; `everlabel taxonomy list` says what there is")]
    return taxonomy.attribute_faults(given.get("attributes"))
