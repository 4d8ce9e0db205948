"""Completed tasks: which are meant, and how they are read from a folder and from a stack."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from moto import mock_aws

from everlabel import annotation_json, aws, clock
from everlabel.annotation_document import AnnotationDocument
from everlabel_cli.stack import DeployedStack
from everlabel_cli.task_filter import EVERYTHING, FilterRefused, TaskFilter
from everlabel_cli.task_source import FolderSource, NotReadable, StackSource, s3_bytes, side_by_side
from tests.conftest import REGION
from tests.documents import BUCKET, documents, picture, sample, write_folder

ONE, TWO = sample()


@settings(max_examples=30)
@given(documents())
def test_should_make_documents_that_are_documents(document: AnnotationDocument) -> None:
    assert annotation_json.read(annotation_json.write(document)) == document


def test_should_read_documents_and_frames_from_a_copy_of_the_bucket(tmp_path: Path) -> None:
    source = FolderSource(write_folder(tmp_path, TWO, ONE))
    assert list(source.documents()) == [ONE, TWO]
    assert source.frame_bytes(ONE.frames[3]) == picture(ONE.frames[3])
    assert source.fingerprint(ONE.frames[0]) == source.fingerprint(TWO.frames[0])
    assert source.fingerprint(ONE.frames[0]) != source.fingerprint(ONE.frames[1])


def test_should_read_a_taxonomy_from_a_copy_of_the_bucket(tmp_path: Path) -> None:
    (tmp_path / "taxonomies/lava").mkdir(parents=True)
    (tmp_path / "taxonomies/lava/1.json").write_bytes(b"{}")
    source = FolderSource(tmp_path)
    assert [source.taxonomy(each) for each in ("lava/1", "lava/2", "../taxonomies/lava/1", "")] == [b"{}", *[None] * 3]


def test_should_read_a_frame_by_its_file_uri(tmp_path: Path) -> None:
    (tmp_path / "a b.jpg").write_bytes(b"jpeg")
    frame = dataclasses.replace(ONE.frames[0], s3_uri=(tmp_path / "a b.jpg").as_uri())
    assert FolderSource(tmp_path).frame_bytes(frame) == b"jpeg"


@pytest.mark.parametrize(
    ("uri", "said"),
    [("s3://bucket/none.jpg", "none.jpg"), ("s3://bucket/../x", "'..'"), ("https://x/y.jpg", "must start with s3://")],
)
def test_should_name_a_frame_that_cannot_be_read(tmp_path: Path, uri: str, said: str) -> None:
    with pytest.raises(NotReadable, match=said):
        FolderSource(tmp_path).frame_bytes(dataclasses.replace(ONE.frames[0], s3_uri=uri))


def test_should_name_a_document_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "annotations.json").write_text("{}")
    with pytest.raises(NotReadable, match=r"annotations\.json: version: is None"):
        list(FolderSource(tmp_path).documents())
    with pytest.raises(NotReadable, match="is no folder"):
        FolderSource(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({}, [ONE, TWO]),
        ({"since": "2026-11-22"}, [TWO]),
        ({"until": "2026-11-21"}, [ONE]),
        ({"until": "2026-11-21T10:00:00Z"}, []),
        ({"since": "2026-11-21T12:00:00+02:00", "until": "2026-11-22T09:00:00"}, [ONE]),
        ({"taxonomy": "lava"}, [ONE, TWO]),
        ({"taxonomy": "lava/2"}, []),
        ({"where": ("attributes.drive.weather=rainy",)}, [ONE]),
        ({"where": ("attributes.drive.weather != rainy",)}, [TWO]),
        ({"where": ("clipId=clip-two", "attributes.clip.scene=city street")}, [TWO]),
        ({"where": ("attributes.drive.nothing.below=1",)}, []),
    ],
)
def test_should_take_what_the_filter_says(
    tmp_path: Path, given: dict[str, Any], taken: list[AnnotationDocument]
) -> None:
    source = FolderSource(write_folder(tmp_path, ONE, TWO))
    assert list(source.documents(TaskFilter.read(**given))) == taken


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"since": "yesterday"}, "since is 'yesterday'; expected 2026-11-20"),
        ({"until": "2026-02-30"}, "until is '2026-02-30'"),
        ({"where": ("weather",)}, "'weather' is no condition"),
        ({"where": ("weather=rainy",)}, "asks for 'weather'; expected taskId"),
        ({"where": ("attributes=1",)}, "asks for 'attributes'"),
    ],
)
def test_should_refuse_a_filter_that_nobody_can_follow(given: dict[str, Any], said: str) -> None:
    with pytest.raises(FilterRefused, match=said):
        TaskFilter.read(**given)


def test_should_know_how_long_ago_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: 1_795_262_400.0)
    read = TaskFilter.read(since="24h", until="90m")
    assert (read.since, read.until) == ("2026-11-20T12:00:00.000Z", "2026-11-21T10:30:00.000Z")


def test_should_compare_what_is_no_text_as_json() -> None:
    document = dataclasses.replace(ONE, attributes={"clip": {"lanes": 2, "is_wet": True}})
    assert TaskFilter.read(where=("attributes.clip.lanes=2", "attributes.clip.is_wet=true")).takes(document)


class _Listing:
    """An API that lists tasks."""

    def __init__(self, *task_ids: str) -> None:
        self._task_ids = task_ids

    def pages(self, path: str, rows: str, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        assert (path, rows, parameters) == ("/annotation-tasks", "annotationTasks", {"status": "Completed"})
        yield from ({"taskId": task_id} for task_id in self._task_ids)


def test_should_read_documents_and_frames_from_a_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_folder(tmp_path, ONE, TWO)
    with mock_aws():
        aws.s3.cache_clear()
        s3 = boto3.client("s3", region_name=REGION)
        s3.create_bucket(Bucket=BUCKET)
        for path in tmp_path.rglob("*.*"):
            s3.put_object(Bucket=BUCKET, Key=str(path.relative_to(tmp_path)), Body=path.read_bytes())
        stack = DeployedStack("everlabel", "id", {"BucketName": BUCKET}, boto3.Session())
        monkeypatch.setattr(DeployedStack, "api", lambda _: _Listing("task-two", "task-old", "task-one"))
        source = StackSource(stack)
        assert list(source.documents(EVERYTHING)) == [ONE, TWO]
        assert "task-old has no annotation document" in capsys.readouterr().err
        assert source.frame_bytes(TWO.frames[2]) == picture(TWO.frames[2])
        assert source.taxonomy("lava/1") is None
        s3.put_object(Bucket=BUCKET, Key="taxonomies/lava/1.json", Body=b"{}")
        assert source.taxonomy("lava/1") == b"{}"
        assert source.taxonomy("../lava") is None
        assert source.fingerprint(ONE.frames[1]) == source.fingerprint(TWO.frames[1])
        assert source.fingerprint(ONE.frames[1]) != source.fingerprint(ONE.frames[2])
        gone = dataclasses.replace(ONE.frames[0], s3_uri=f"s3://{BUCKET}/clips/one/fps-2/frames/9.jpg")
        with pytest.raises(NotReadable, match=r"9\.jpg"):
            source.fingerprint(gone)
        with pytest.raises(NotReadable, match=r"9\.jpg"):
            source.frame_bytes(gone)
    aws.s3.cache_clear()


def test_should_keep_the_order_of_what_is_done_side_by_side() -> None:
    assert list(side_by_side(lambda number: -number, range(100))) == [-number for number in range(100)]


def test_should_make_one_client_however_many_threads_ask_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    together = Barrier(2)

    class Session:
        """Tells whether two make a client at the same time: boto3 may then fail for both."""

        def client(self, *_: object, **__: object) -> Any:
            with contextlib.suppress(BrokenBarrierError):
                together.wait(0.3)
                pytest.fail("two at once")
            return boto3.Session().client("s3", region_name=REGION)

    aws.s3.cache_clear()
    monkeypatch.setattr(aws, "_session", Session)
    with mock_aws(), pytest.raises(NotReadable, match="no object"):
        list(side_by_side(s3_bytes, [f"s3://bucket/{number}" for number in range(4)]))
    aws.s3.cache_clear()
