"""Transformation: from a clip to frames and input manifests, a slice at a time."""

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import transformation
from everlabel import aws, frames, manifest, objects, task_table, tasks, video
from everlabel.errors import ClipRefused, TaskNotInProgress
from everlabel.s3_uri import S3Uri
from everlabel.task_table import Frames, TaskStatus
from tests import clips
from tests.handlers.conftest import Cloud, Context


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Four seconds, 25 pictures a second."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    return clips.make(path, clips.every(Fraction(1, 25), 100)).read_bytes()


def submit(fps: float = 5, uri: str = "s3://clips/drive/clip.mp4") -> str:
    given = {"clipS3Uri": uri, "fps": fps}
    task, _ = tasks.create({"labelingJobs": [{"jobName": "VOTVehicle", "inputConfig": given, "jobLevel": 1}]})
    return str(task.task_id)


def transform(task_id: str, seconds: float = 900) -> dict[str, Any]:
    return transformation.handler({"taskId": task_id}, Context(seconds))  # type: ignore[arg-type]


def stored(cloud: Cloud, uri: str) -> bytes:
    place = S3Uri.parse(uri)
    body: bytes = cloud.s3.get_object(Bucket=place.bucket, Key=place.key)["Body"].read()
    return body


def frames_of(task_id: str, rate: str = "5") -> Frames:
    return Frames.get(task_id, task_table.frames_item(rate))


def _written(folder: Path, clip: bytes) -> Path:
    path = folder / "clip.mp4"
    path.write_bytes(clip)
    return path


def test_frames_sequence_and_manifests_are_stored_and_fit_together(cloud: Cloud, clip: bytes, tmp_path: Path) -> None:
    cloud.s3.put_object(Bucket="clips", Key="drive/clip.mp4", Body=clip)
    task_id = submit()
    assert transform(task_id) == {"taskId": task_id, "level": 1, "isDoneTransforming": True}
    done = frames_of(task_id)
    assert (done.done, done.extracted) == (True, 20)
    [line] = cloud.lines(str(done.sequences_manifest))
    sequence = json.loads(stored(cloud, line["source-ref"]))
    assert sequence["number-of-frames"] == len(sequence["frames"]) == 20
    assert sequence["prefix"].endswith("/frames/")
    assert sequence["frames"][0] == {"frame-no": 1, "frame": "000001.jpg"}
    pictures = [line["source-ref"] for line in cloud.lines(str(done.frames_manifest))]
    assert pictures == [sequence["prefix"] + frame["frame"] for frame in sequence["frames"]]
    shown = clips.numbers_in(stored(cloud, uri) for uri in pictures)
    assert shown == clips.numbers_by_ffmpeg(_written(tmp_path, clip), Fraction(5))


def test_in_slices_it_goes_on_where_it_stopped_and_stores_the_same(cloud: Cloud, clip: bytes) -> None:
    cloud.s3.put_object(Bucket="clips", Key="drive/whole.mp4", Body=clip)
    whole = submit(uri="s3://clips/drive/whole.mp4")
    transform(whole)
    cloud.s3.put_object(Bucket="clips", Key="drive/clip.mp4", Body=clip)
    task_id = submit()
    slices = 0
    while not transform(task_id, seconds=1)["isDoneTransforming"]:
        slices += 1
        assert slices < 25
    assert slices == 20
    prefixes = [frames_of(done).prefix for done in (whole, task_id)]
    assert prefixes[0] != prefixes[1]
    for number in range(1, 21):
        name = manifest.frame_name(number)
        assert stored(cloud, f"{prefixes[0]}frames/{name}") == stored(cloud, f"{prefixes[1]}frames/{name}")


def test_more_than_2000_frames_become_several_sequences(cloud: Cloud) -> None:
    for number in range(1, 2_002):
        cloud.s3.put_object(Bucket="clips", Key=f"long/{number:06d}.jpg", Body=b"x")
    task_id = submit(uri="s3://clips/long/")
    transform(task_id)
    lines = cloud.lines(str(frames_of(task_id).sequences_manifest))
    sequences = [json.loads(stored(cloud, line["source-ref"])) for line in lines]
    assert [sequence["number-of-frames"] for sequence in sequences] == [2_000, 1]
    assert [sequence["seq-no"] for sequence in sequences] == [1, 2]


def test_a_prefix_of_frames_is_taken_as_it_is(cloud: Cloud) -> None:
    for name in ("b.jpg", "a.PNG", "notes.txt", "deeper/c.jpg"):
        cloud.s3.put_object(Bucket="clips", Key=f"frames/{name}", Body=b"x")
    task_id = submit(uri="s3://clips/frames")
    transform(task_id)
    sources = [line["source-ref"] for line in cloud.lines(str(frames_of(task_id).frames_manifest))]
    assert sources == ["s3://clips/frames/a.PNG", "s3://clips/frames/b.jpg"]


def test_tasks_that_label_the_same_clip_share_its_frames(
    cloud: Cloud, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.s3.put_object(Bucket="clips", Key="drive/clip.mp4", Body=clip)
    first = submit()
    transform(first)
    given = {"clipS3Uri": "s3://clips/drive/clip.mp4", "fps": 5}
    other, _ = tasks.create({"labelingJobs": [{"jobName": "LaneVOD", "inputConfig": given, "jobLevel": 1}]})
    monkeypatch.setattr(video, "extract", _never)
    transform(other.task_id)
    assert frames_of(other.task_id).frames_manifest == frames_of(first).frames_manifest


def _never(*_: Any, **__: Any) -> None:
    raise AssertionError("extracted again")


def test_two_rates_of_one_clip_are_both_extracted(cloud: Cloud, clip: bytes) -> None:
    cloud.s3.put_object(Bucket="clips", Key="drive/clip.mp4", Body=clip)
    given = {"clipS3Uri": "s3://clips/drive/clip.mp4"}
    steps = [
        {"jobName": "VOTVehicle", "inputConfig": {**given, "fps": 5}, "jobLevel": 1},
        {"jobName": "LaneVOD", "inputConfig": {**given, "fps": 0.5}, "jobLevel": 1},
    ]
    task, _ = tasks.create({"labelingJobs": steps})
    transform(task.task_id)
    assert (frames_of(task.task_id, "5").extracted, frames_of(task.task_id, "0.5").extracted) == (20, 2)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"this is no video",
        lambda clip: clip[: len(clip) // 3],
        lambda _: b"",
        lambda _: b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",
    ],
    ids=["text", "truncated", "empty", "playlist"],
)
def test_what_is_no_whole_video_is_refused_with_a_reason(
    cloud: Cloud, clip: bytes, spoil: Callable[[bytes], bytes]
) -> None:
    cloud.s3.put_object(Bucket="clips", Key="drive/clip.mp4", Body=spoil(clip))
    task_id = submit()
    with pytest.raises(ClipRefused) as refused:
        transform(task_id)
    assert len(str(refused.value).split()) > 3
    found = frames_of_or_none(task_id)
    assert found is None or not found.done


def frames_of_or_none(task_id: str) -> Frames | None:
    try:
        return frames_of(task_id)
    except Frames.DoesNotExist:
        return None


def test_what_is_not_there_is_named(cloud: Cloud) -> None:
    with pytest.raises(ClipRefused, match=r"no video at s3://clips/drive/clip\.mp4 and there are no frames"):
        transform(submit())
    assert cloud.step_functions.executions


def test_a_clip_that_is_replaced_between_slices_is_refused(cloud: Cloud, clip: bytes) -> None:
    cloud.s3.put_object(Bucket="clips", Key="drive/clip.mp4", Body=clip)
    task_id = submit()
    transform(task_id, seconds=1)
    cloud.s3.put_object(Bucket="clips", Key="drive/clip.mp4", Body=clip + b"more")
    with pytest.raises(ClipRefused, match="was replaced"):
        transform(task_id)


def test_a_crash_between_uploads_repeats_them_and_loses_none(
    cloud: Cloud, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.s3.put_object(Bucket="clips", Key="drive/clip.mp4", Body=clip)
    monkeypatch.setattr(frames, "_FRAMES_PER_NOTE", 4)
    task_id, put = submit(), objects.put

    def dying(uri: S3Uri, body: bytes, content_type: str) -> None:
        if uri.key.endswith("000011.jpg"):
            raise ConnectionError("killed")
        put(uri, body, content_type)

    with monkeypatch.context() as crash:
        crash.setattr(objects, "put", dying)
        with pytest.raises(ConnectionError):
            transform(task_id)
    assert frames_of(task_id).extracted == 8
    transform(task_id)
    listed = cloud.s3.list_objects_v2(Bucket=aws.bucket(), Prefix="clips/")["Contents"]
    assert sum(entry["Key"].endswith(".jpg") for entry in listed) == 20


def test_decoding_should_wait_for_uploads_when_too_many_are_under_way(
    cloud: Cloud, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(ThreadPoolExecutor):
        """Uploads when somebody waits for it."""

        under_way = most = 0

        def submit(self, function: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
            Slow.under_way += 1
            Slow.most = max(Slow.most, Slow.under_way)
            future: Future[Any] = Future()

            def result() -> Any:
                Slow.under_way -= 1
                return function(*given, **named)

            monkeypatch.setattr(future, "result", result)
            return future

    cloud.s3.put_object(Bucket="clips", Key="drive/clip.mp4", Body=clip)
    monkeypatch.setattr(frames, "ThreadPoolExecutor", Slow)
    monkeypatch.setattr(frames, "_UPLOADS_AHEAD", 3)
    task_id = submit()
    transform(task_id)
    assert (Slow.most, Slow.under_way, frames_of(task_id).extracted) == (4, 0, 20)


def test_a_task_that_ended_is_left_alone(cloud: Cloud) -> None:
    task_id = submit()
    tasks.end(task_id, TaskStatus.STOPPED)
    with pytest.raises(TaskNotInProgress):
        transform(task_id)
    assert "Contents" not in cloud.s3.list_objects_v2(Bucket=aws.bucket())
