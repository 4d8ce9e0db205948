"""Amazon S3 in virtual time: buckets of objects, strongly consistent, without versions."""

import hashlib
import io
import re
import urllib.parse
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from tests.simulation.errors import UnknownCall, refused
from tests.simulation.growing_file import Snapshot
from tests.simulation.sorted_keys import SortedKeys

PAGE = 1_000
"""Keys and common prefixes: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"""
LONGEST_KEY = 1_024
"""Bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""

_FROM = "from "  # a token names the first key that its page may show
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_PARAMETERS = {
    "CopyObject": {"Bucket", "Key", "CopySource"},
    "CreateBucket": {"Bucket"},
    "DeleteObject": {"Bucket", "Key"},
    "GetObject": {"Bucket", "Key", "Range", "IfMatch"},
    "HeadObject": {"Bucket", "Key", "IfMatch"},
    "ListObjectsV2": {"Bucket", "Prefix", "Delimiter", "MaxKeys", "ContinuationToken"},
    "PutObject": {"Bucket", "Key", "Body", "ContentType", "Metadata"},
}

Json = dict[str, Any]
Content = bytes | Snapshot


_MANY = 4_096
"""Objects of a bucket; those beyond are packed."""


class _Packed(bytes):
    """Content as it is kept where a bucket has many: of ten thousand clips most is never read again."""


class _Object:
    """An object; its content may be made when it is first looked at."""

    __slots__ = ("_content", "_etag", "content_type", "metadata", "modified_at")

    def __init__(
        self,
        content: Content | Callable[[], bytes],
        content_type: str,
        metadata: Mapping[str, str],
        modified_at: float,
    ) -> None:
        self._content: _Packed | Content | Callable[[], bytes] = content
        self._etag = content.etag if isinstance(content, Snapshot) else None
        self.content_type, self.metadata, self.modified_at = content_type, dict(metadata), modified_at

    def pack(self) -> None:
        """Keeps it in less memory."""
        if type(self._content) is bytes:
            self._content = _Packed(zlib.compress(self._content, 1))

    @property
    def content(self) -> Content:
        if isinstance(self._content, _Packed):
            return zlib.decompress(self._content)
        if isinstance(self._content, bytes | Snapshot):
            return self._content
        self._content = made = self._content()
        return made

    @property
    def etag(self) -> str:
        if self._etag is None:
            self._etag = f'"{hashlib.md5(bytes(self.content), usedforsecurity=False).hexdigest()}"'
        return self._etag

    @property
    def last_modified(self) -> datetime:
        """In whole seconds, as the HTTP header has it."""
        return datetime.fromtimestamp(int(self.modified_at), UTC)


@dataclass(slots=True)
class _Bucket:
    objects: dict[str, _Object] = field(default_factory=dict)
    keys: SortedKeys = field(default_factory=SortedKeys)

    def put(self, key: str, stored: _Object) -> None:
        if key not in self.objects:
            self.keys.add(key)
        self.objects[key] = stored
        if len(self.objects) > _MANY:
            stored.pack()


class S3:
    """All buckets.

    Args:
        now: seconds since 1970.
        looked: is told operation, bucket and key (or prefix) whenever somebody wants to read or list, also in vain.
    """

    def __init__(
        self, now: Callable[[], float], looked: Callable[[str, str, str], None] = lambda _operation, _bucket, _key: None
    ) -> None:
        self._now, self._looked = now, looked
        self._buckets: dict[str, _Bucket] = {}
        self._operations: dict[str, Callable[[Mapping[str, Any]], Json]] = {
            "CopyObject": self._copy_object,
            "CreateBucket": self._create_bucket,
            "DeleteObject": self._delete_object,
            "GetObject": self._get_object,
            "HeadObject": self._head_object,
            "ListObjectsV2": self._list_objects_v2,
            "PutObject": self._put_object,
        }

    def call(self, operation: str, request: Mapping[str, Any]) -> Json:
        """One call of the API, without the answer's ResponseMetadata.

        Raises:
            ClientError: as botocore does.
            UnknownCall: for what is not built.
        """
        parameters = _PARAMETERS.get(operation)
        if parameters is None or not request.keys() <= parameters:
            raise UnknownCall(f"s3 {operation} {', '.join(sorted(request.keys() - (parameters or set())))}")
        return self._operations[operation](request)

    def put(
        self,
        bucket: str,
        key: str,
        content: Content | Callable[[], bytes],
        content_type: str = "binary/octet-stream",
    ) -> None:
        """What another service stores. A callable is asked for the content once, when somebody first looks at it, and
        must give what there was when it was stored: so that a growing manifest need not be joined at every line."""
        self._bucket("PutObject", bucket).put(key, _Object(content, content_type, {}, self._now()))

    def read(self, bucket: str, key: str) -> bytes | None:
        """What another service reads, of which `looked` is not told; None if there is no such object."""
        found = self._buckets.get(bucket, _Bucket()).objects.get(key)
        return None if found is None else bytes(found.content)

    # ---- objects --------------------------------------------------------------------------------------------------

    def _create_bucket(self, request: Mapping[str, Any]) -> Json:
        self._buckets.setdefault(request["Bucket"], _Bucket())
        return {"Location": f"/{request['Bucket']}"}

    def _put_object(self, request: Mapping[str, Any]) -> Json:
        bucket, key = self._bucket("PutObject", request["Bucket"]), request["Key"]
        if len(key.encode()) > LONGEST_KEY:
            raise refused("PutObject", "KeyTooLongError", "Your key is too long")
        stored = _Object(
            _bytes(request.get("Body", b"")),
            request.get("ContentType", "binary/octet-stream"),
            request.get("Metadata", {}),
            self._now(),
        )
        bucket.put(key, stored)
        return {"ETag": stored.etag}

    def _get_object(self, request: Mapping[str, Any]) -> Json:
        found = self._object("GetObject", request)
        if "IfMatch" in request and request["IfMatch"].strip('"') != found.etag.strip('"'):
            raise _failed("GetObject", "PreconditionFailed", 412)
        answer, content = _described(found), found.content
        if "Range" in request:
            span = _span(request["Range"], len(content))
            if span is not None:
                start, end = span
                answer["ContentRange"] = f"bytes {start}-{end - 1}/{len(content)}"
                content = content[start:end]
                answer["ContentLength"] = len(content)
        answer["Body"] = StreamingBody(io.BytesIO(bytes(content)), len(content))
        return answer

    def _head_object(self, request: Mapping[str, Any]) -> Json:
        """An answer to HEAD has no body that could name the error, so its code is the HTTP status:
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"""
        try:
            found = self._object("HeadObject", request)
        except ClientError as error:
            raise _failed("HeadObject", "404", 404) from error
        if "IfMatch" in request and request["IfMatch"].strip('"') != found.etag.strip('"'):
            raise _failed("HeadObject", "412", 412)
        return _described(found)

    def _copy_object(self, request: Mapping[str, Any]) -> Json:
        source = request["CopySource"]
        if isinstance(source, str):
            bucket, _, key = urllib.parse.unquote(source).removeprefix("/").partition("/")
            source = {"Bucket": bucket, "Key": key}
        if not source.keys() <= {"Bucket", "Key"}:
            raise UnknownCall(f"s3 CopyObject {', '.join(source)}")
        target = self._bucket("CopyObject", request["Bucket"])
        found = self._object("CopyObject", source)
        if (source["Bucket"], source["Key"]) == (request["Bucket"], request["Key"]):
            raise _failed("CopyObject", "InvalidRequest", 400)
        copy = _Object(found.content, found.content_type, found.metadata, self._now())
        target.put(request["Key"], copy)
        return {"CopyObjectResult": {"ETag": copy.etag, "LastModified": copy.last_modified}}

    def _delete_object(self, request: Mapping[str, Any]) -> Json:
        bucket = self._bucket("DeleteObject", request["Bucket"])
        if bucket.objects.pop(request["Key"], None) is not None:
            bucket.keys.remove(request["Key"])
        return {}

    def _bucket(self, operation: str, name: str) -> _Bucket:
        bucket = self._buckets.get(name)
        if bucket is None:
            raise _failed(operation, "NoSuchBucket", 404)
        return bucket

    def _object(self, operation: str, request: Mapping[str, Any]) -> _Object:
        self._looked(operation, request["Bucket"], request["Key"])
        found = self._bucket(operation, request["Bucket"]).objects.get(request["Key"])
        if found is None:
            raise _failed(operation, "NoSuchKey", 404)
        return found

    # ---- listings -------------------------------------------------------------------------------------------------

    def _list_objects_v2(self, request: Mapping[str, Any]) -> Json:
        prefix, delimiter = request.get("Prefix", ""), request.get("Delimiter", "")
        most = min(request.get("MaxKeys", PAGE), PAGE)
        self._looked("ListObjectsV2", request["Bucket"], prefix)
        bucket = self._bucket("ListObjectsV2", request["Bucket"])
        contents: list[Json] = []
        folders: list[Json] = []
        token: str = request.get("ContinuationToken", _FROM + prefix)
        if not token.startswith(_FROM):
            raise _failed("ListObjectsV2", "InvalidArgument", 400)
        start = token.removeprefix(_FROM)
        while (key := _next(bucket.keys, start, prefix)) is not None:
            if len(contents) + len(folders) >= most:
                break
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            if cut < 0:
                contents.append(_listed(key, bucket.objects[key]))
                start = key + "\0"
            else:
                folder = key[: cut + len(delimiter)]
                folders.append({"Prefix": folder})
                start = _after(folder)
        answer: Json = {
            "IsTruncated": key is not None and most > 0,
            "Name": request["Bucket"],
            "Prefix": prefix,
            "MaxKeys": most,
            "KeyCount": len(contents) + len(folders),
            "EncodingType": "url",  # botocore asks for it, and decodes
        }
        if contents:
            answer["Contents"] = contents
        if folders:
            answer["CommonPrefixes"] = folders
        if delimiter:
            answer["Delimiter"] = delimiter
        if "ContinuationToken" in request:
            answer["ContinuationToken"] = request["ContinuationToken"]
        if answer["IsTruncated"]:
            answer["NextContinuationToken"] = _FROM + start
        return answer


def _next(keys: SortedKeys, start: str, prefix: str) -> str | None:
    key = keys.first_from(start)
    return key if key is not None and key.startswith(prefix) else None


def _after(folder: str) -> str:
    """The first text behind everything that begins with this."""
    return folder[:-1] + chr(ord(folder[-1]) + 1)


def _listed(key: str, stored: _Object) -> Json:
    return {
        "Key": key,
        "LastModified": stored.last_modified,
        "ETag": stored.etag,
        "Size": len(stored.content),
        "StorageClass": "STANDARD",
    }


def _described(stored: _Object) -> Json:
    return {
        "AcceptRanges": "bytes",
        "LastModified": stored.last_modified,
        "ContentLength": len(stored.content),
        "ETag": stored.etag,
        "ContentType": stored.content_type,
        "Metadata": dict(stored.metadata),
    }


def _span(text: str, size: int) -> tuple[int, int] | None:
    """The half-open span of a Range header; None if the end of an empty object is asked for, which gives it whole.

    https://www.rfc-editor.org/rfc/rfc9110#name-range-requests; Amazon S3 takes one range.
    """
    match = _RANGE.fullmatch(text)
    if match is None or match[1] == match[2] == "" or (match[1] and match[2] and int(match[2]) < int(match[1])):
        raise UnknownCall(f"s3 GetObject Range {text}")
    if match[1]:
        start, end = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
    elif size == 0 and int(match[2]) > 0:
        return None
    else:
        start, end = max(0, size - int(match[2])), size
    if start >= end:
        raise _failed("GetObject", "InvalidRange", 416)
    return start, end


def _bytes(body: Any) -> bytes:
    """What botocore takes as a body: https://docs.aws.amazon.com/boto3/latest/reference/services/s3/client/put_object.html"""
    if hasattr(body, "read"):
        body.seek(0)  # as botocore does before it repeats a request
        body = body.read()
    return body.encode() if isinstance(body, str) else bytes(body)


def _failed(operation: str, code: str, status: int) -> ClientError:
    message = {
        "404": "Not Found",
        "412": "Precondition Failed",
        "InvalidArgument": "The continuation token provided is incorrect",
        "InvalidRange": "The requested range is not satisfiable",
        "InvalidRequest": "This copy request is illegal because it is trying to copy an object to itself",
        "NoSuchBucket": "The specified bucket does not exist",
        "NoSuchKey": "The specified key does not exist.",
        "PreconditionFailed": "At least one of the pre-conditions you specified did not hold",
    }[code]
    return refused(operation, code, message, ResponseMetadata={"HTTPStatusCode": status})
