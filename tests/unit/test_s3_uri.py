"""S3 URIs are read strictly: what is not plainly a place in a bucket is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everlabel.s3_uri import S3Uri

BUCKETS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]", fullmatch=True)
SEGMENTS = st.text(st.characters(exclude_characters="/?#", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
KEYS = st.lists(SEGMENTS.filter(lambda segment: segment != ".."), max_size=6).map("/".join)


@pytest.mark.parametrize(
    ("text", "bucket", "key"),
    [
        ("s3://clip_bucket_fake/clip_id_1234", "clip_bucket_fake", "clip_id_1234"),
        ("s3://clips/drive/a.mp4", "clips", "drive/a.mp4"),
        ("s3://clips/drive/", "clips", "drive/"),
        ("s3://clips/", "clips", ""),
        ("s3://clips", "clips", ""),
        ("s3://clips/two dots..mp4", "clips", "two dots..mp4"),
        ("s3://clips/straße/ü.mp4", "clips", "straße/ü.mp4"),
    ],
)
def test_bucket_and_key_are_read(text: str, bucket: str, key: str) -> None:
    assert S3Uri.parse(text) == S3Uri(bucket, key)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "s3://"),
        ("clips/a.mp4", "s3://"),
        ("https://clips.s3.amazonaws.com/a.mp4", "s3://"),
        ("S3://clips/a.mp4", "s3://"),
        ("s3:/clips/a.mp4", "s3://"),
        ("s3:///a.mp4", "bucket"),
        ("s3://a/b", "bucket"),
        ("s3://-clips/b", "bucket"),
        ("s3://cl ips/b", "bucket"),
        ("s3://clips?x/b", "bucket"),
        (f"s3://{'a' * 256}/b", "bucket"),
        ("s3://clips/../secret", "'..'"),
        ("s3://clips/a/..", "'..'"),
        ("s3://clips/a?X-Amz-Signature=0", "query"),
        ("s3://clips/a?", "query"),
        ("s3://clips/a#t=1", "fragment"),
        ("s3://clips/a\n", "control"),
        ("s3://clips/a\x00b", "control"),
        ("s3://clips/a\u202eb", "control"),
        ("s3://clips/\ud800", "control"),
        (f"s3://clips/{'ü' * 513}", "1024"),
    ],
)
def test_anything_else_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        S3Uri.parse(text)


def test_the_longest_key_is_taken() -> None:
    assert S3Uri.parse(f"s3://clips/{'ü' * 512}").key == "ü" * 512


@given(BUCKETS, KEYS)
def test_what_is_written_reads_back(bucket: str, key: str) -> None:
    uri = S3Uri(bucket, key)
    assert S3Uri.parse(str(uri)) == uri


@given(st.one_of(st.text(), st.text().map("s3://{}".format), st.text().map("s3://clips/{}".format)))
def test_whatever_is_read_writes_back_or_is_refused(text: str) -> None:
    try:
        uri = S3Uri.parse(text)
    except ValueError:
        return
    assert str(uri) in {text, f"{text}/"}
    assert uri.key.isprintable()
    assert not {"?", "#"} & set(uri.key)


@pytest.mark.parametrize(("key", "below"), [("", "name"), ("a", "a/name"), ("a/", "a/name"), ("a/b", "a/b/name")])
def test_a_name_below_a_prefix(key: str, below: str) -> None:
    assert S3Uri("clips", key) / "name" == S3Uri("clips", below)
