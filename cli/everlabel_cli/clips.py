"""Clips below a place in S3: video files, or folders of frames; each with an id of its own."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import typer

from everlabel.s3_uri import S3Uri

VIDEOS = (
    ".mp4",
    ".mov",
    ".m4v",
    ".mkv",
    ".avi",
    ".webm",
    ".ts",
    ".m2ts",
    ".mts",
    ".mpg",
    ".mpeg",
    ".wmv",
    ".flv",
    ".3gp",
)
"""Endings of what is taken for a video; whether it is one, the task finds out."""

PICTURES = (".jpg", ".jpeg", ".png")
"""Endings of frames, as `everlabel.frames` knows them."""

_LONGEST_ID = 128
"""Characters of a clip's id at the API."""


@dataclass(frozen=True)
class Clip:
    """A clip: its id, and where it lies."""

    clip_id: str
    uri: str


def below(s3: Any, place: S3Uri, are_frames: bool) -> list[Clip]:
    """The clips below a place, in the order of their keys.

    Raises:
        typer.BadParameter: if there is no such bucket, no clip in it, or two would have the same id.
    """
    keys = _keys(s3, place)
    found = list(dict.fromkeys(_folders(keys) if are_frames else _videos(keys)))
    if not found:
        what = f"folder with frames ({', '.join(PICTURES)})" if are_frames else f"video ({', '.join(VIDEOS)})"
        hint = "" if are_frames else "; folders of frames are clips with --frames"
        raise typer.BadParameter(f"there is no {what} below {place}{hint}")
    root = place.key.rpartition("/")[0]
    clips = [Clip(clip_id(key.removeprefix(root).strip("/")), str(S3Uri(place.bucket, key))) for key in found]
    owners: dict[str, str] = {}
    for clip in clips:
        if clip.clip_id in owners:
            why = f"{owners[clip.clip_id]} and {clip.uri} would both be called {clip.clip_id!r}; rename one"
            raise typer.BadParameter(why)
        owners[clip.clip_id] = clip.uri
    return clips


def clip_id(path: str) -> str:
    """The id of a clip by its path below the place that was named: `drive-7/front.mp4` is `drive-7_front`.

    Of a long path the end is kept, which tells clips of one drive apart.
    """
    without_ending = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", path)
    named = re.sub(r"[^A-Za-z0-9._-]", "_", without_ending.replace("/", "_"))[-_LONGEST_ID:]
    return re.sub(r"^[^A-Za-z0-9]+", "", named) or "clip"


def _keys(s3: Any, place: S3Uri) -> Iterator[str]:
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.key):
            for entry in page.get("Contents", []):
                yield entry["Key"]
    except s3.exceptions.NoSuchBucket as error:
        raise typer.BadParameter(f"there is no bucket {place.bucket!r}", param_hint="S3URI") from error


def _videos(keys: Iterable[str]) -> Iterator[str]:
    return (key for key in keys if key.lower().endswith(VIDEOS))


def _folders(keys: Iterable[str]) -> Iterator[str]:
    return (f"{key.rpartition('/')[0]}/" for key in keys if "/" in key and key.lower().endswith(PICTURES))
