"""The door to the taxonomies of a stack: files in its bucket, written once and never changed."""

from botocore.exceptions import ClientError

from everlabel import aws, objects, taxonomy_form
from everlabel.s3_uri import S3Uri
from everlabel.taxonomy import FOLDER, Taxonomy


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
        ValueError: if it is no reference (`lava/1` is one).
        TaxonomyRefused: if somebody put another file in its place.
    """
    try:
        return taxonomy_form.read(objects.get(uri(reference)))
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
