"""The stand-in's door to Amazon S3."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local.ground_truth.inputs import InputRefused, split_s3_uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Storage:
    """Files by S3 URI. What cannot be read is an `OSError`, as for any file."""

    def __init__(self, s3: "S3Client") -> None:
        self._s3 = s3
        self._allowed: set[tuple[str, frozenset[str]]] = set()

    def read(self, uri: str) -> bytes:
        """The content of a file; raises OSError."""
        bucket, key = _split(uri)
        try:
            return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise OSError(f"{uri} cannot be read: {error}") from error

    def write(self, uri: str, content: bytes, content_type: str) -> None:
        """Write a file; raises OSError."""
        bucket, key = _split(uri)
        try:
            self._s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)
        except (ClientError, BotoCoreError) as error:
            raise OSError(f"{uri} cannot be written: {error}") from error

    def names(self, prefix: str) -> set[str]:
        """The names of all files under an S3 URI that ends with a slash, without that prefix; raises OSError."""
        bucket, start = _split(prefix)
        try:
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=start)
            return {item["Key"].removeprefix(start) for page in pages for item in page.get("Contents", [])}
        except (ClientError, BotoCoreError) as error:
            raise OSError(f"{prefix} cannot be listed: {error}") from error

    def allows_origins(self, uri: str, methods: frozenset[str]) -> bool:
        """The bucket of a URI lets a browser use these methods (CORS). Once it does, it is not asked again."""
        bucket = _split(uri)[0]
        if (bucket, methods) not in self._allowed:
            try:
                rules = self._s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
            except ClientError:
                return False
            if not any(methods <= set(rule["AllowedMethods"]) for rule in rules):
                return False
            self._allowed.add((bucket, methods))
        return True


def _split(uri: str) -> tuple[str, str]:
    try:
        return split_s3_uri(uri)
    except InputRefused as error:
        raise OSError(str(error)) from error
