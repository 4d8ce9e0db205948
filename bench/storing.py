"""A clip's frames into Amazon S3: as `Transformation` does it, and as one would write it with Pillow.

In a module of its own because each runs in a fresh process. S3 is moto's, and each put takes as long as Amazon says
that one mostly takes: 100 to 200 ms (Amazon S3 User Guide, "Best practices design patterns"); here the lower figure.
"""

import io
import json
import os
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import boto3
from av.video.frame import VideoFrame
from moto import mock_aws

from everlabel.frame_choice import choose
from everlabel.jpeg import JpegMaker
from everlabel.video_file import Limits, VideoFile
from local.template import ROOT, Template

PICTURES = 12
"""So many are made into JPEGs, one of every four."""
QUALITY = 2
_PUT_SECONDS = 0.1
_BUCKET = "everlabel-bucket"
_CLIP = f"s3://{_BUCKET}/clip.mp4"


def our_jpegs(path: Path) -> Callable[[], object]:
    """Decodes pictures; what is returned makes JPEGs of them."""
    return partial(_each, pictures(path), JpegMaker(QUALITY).make)


def pillows_jpegs(path: Path) -> Callable[[], object]:
    """The same with Pillow, with the same quantizers."""
    some = pictures(path)
    return partial(_each, some, partial(by_pillow, quantizers=quantizers_of(JpegMaker(QUALITY).make(some[0]).jpeg)))


def our_storing(path: Path, fps: int) -> Callable[[], object]:
    """Puts the clip into the bucket; what is returned stores its frames there."""
    _cloud(path)
    # Not before: pynamodb reads the names of the tables when its models are made.
    from everlabel import frames
    from everlabel.task_table import Task

    given = {"clipS3Uri": _CLIP, "fps": fps}
    jobs = [{"jobName": "A1", "jobLevel": 1, "inputConfig": given}]
    task = Task(task_id="clip-1", item="TASK", definition=json.dumps({"labelingJobs": jobs}))
    return partial(frames.transform, task, lambda: 900.0)


def pillows_storing(path: Path, fps: int) -> Callable[[], object]:
    """The same with Pillow: every picture is decoded, and one frame is put after another."""
    s3 = _cloud(path)
    quantizers = quantizers_of(JpegMaker(QUALITY).make(pictures(path)[0]).jpeg)

    def store() -> None:
        with path.open("rb") as file, VideoFile.open(file, Limits()) as video:
            chosen = choose(video.pictures(), video.time_base, Fraction(fps), start=video.start, usual=video.usual)
            for number, choice in enumerate(chosen):
                jpeg = by_pillow(choice.picture.frame, quantizers)
                s3.put_object(Bucket=_BUCKET, Key=f"frames/{number:06d}.jpg", Body=jpeg)

    return store


def pictures(path: Path) -> list[VideoFrame]:
    """Decoded ones of the clip."""
    with av.open(str(path), "r") as container:
        return [
            frame
            for number, frame in zip(range(4 * PICTURES), container.decode(video=0), strict=False)
            if number % 4 == 0
        ]


def by_pillow(picture: VideoFrame, quantizers: dict[int, list[int]]) -> bytes:
    """The picture as JPEG."""
    out = io.BytesIO()
    image = picture.to_image()  # type: ignore[no-untyped-call]
    image.save(out, "JPEG", qtables=quantizers, subsampling="4:2:0", optimize=True)
    return out.getvalue()


def quantizers_of(jpeg: bytes) -> dict[int, list[int]]:
    """The tables in a JPEG, brightness first, as Pillow takes them."""
    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as image:
        tables: dict[int, list[int]] = image.quantization  # type: ignore[attr-defined] # of a JPEG
    return {0: tables[0], 1: tables.get(1, tables[0])}


def _each(some: list[VideoFrame], make: Callable[[VideoFrame], object]) -> None:
    for picture in some:
        make(picture)


def _cloud(path: Path) -> Any:
    """Moto with the table of tasks and the clip in a bucket; the client of S3."""
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "BUCKET": _BUCKET,
        "TASK_TABLE": "everlabel-TaskTable",
        "JOB_TABLE": "everlabel-JobTable",
    }
    mock_aws().start()
    properties = Template(ROOT / "template.yaml").of_type("AWS::DynamoDB::Table")["TaskTable"]
    keys = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    given = {key: properties[key] for key in keys if key in properties}
    boto3.client("dynamodb").create_table(TableName="everlabel-TaskTable", **given)
    from everlabel import aws

    s3 = aws.s3()
    s3.create_bucket(Bucket=_BUCKET)
    s3.put_object(Bucket=_BUCKET, Key="clip.mp4", Body=path.read_bytes())
    s3.meta.events.register("before-send.s3.PutObject", _wait)
    return s3


def _wait(**_: object) -> None:
    time.sleep(_PUT_SECONDS)
