"""S3 URIs, read strictly: what is not plainly a place in a bucket is refused."""

import re
from dataclasses import dataclass

# General-purpose bucket names, and the older ones of us-east-1 with capitals and underscores:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_LONGEST_KEY_BYTES = 1024  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html


@dataclass(frozen=True)
class S3Uri:
    """A bucket and a key; a key that ends in `/`, or is empty, is a prefix."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> "S3Uri":
        """Reads `s3://bucket/key`.

        Raises:
            ValueError: with the reason, if it is anything else, or has `..` as a path segment, control characters, a
                query or a fragment (a presigned URL must never be stored).
        """
        scheme, separator, rest = text.partition("://")
        if scheme != "s3" or not separator:
            raise ValueError("must start with s3://")
        bucket, _, key = rest.partition("/")
        if not _BUCKET.fullmatch(bucket):
            raise ValueError(f"has no valid bucket name: {bucket!r}")
        if not key.isprintable():
            raise ValueError("has control or unprintable characters")
        if "?" in key or "#" in key:
            raise ValueError("must not have a query or a fragment")
        if ".." in key.split("/"):
            raise ValueError("must not have '..' in its path")
        if len(key.encode(errors="surrogatepass")) > _LONGEST_KEY_BYTES:
            raise ValueError(f"has a key of more than {_LONGEST_KEY_BYTES} bytes")
        return cls(bucket, key)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def __truediv__(self, name: str) -> "S3Uri":
        """The object or prefix `name` below this prefix."""
        return S3Uri(self.bucket, f"{self.key.rstrip('/')}/{name}" if self.key else name)
