"""From a clip to frames, sequence files and input manifests in our bucket, in slices of the time a Lambda has.

    clips/<clip>/fps-<rate>/frames/000001.jpg
                            sequence-0001.json       what one data object of a video job refers to
                            sequences.manifest       a line a sequence, for video jobs
                            frames.manifest          a line a frame, for image jobs
                            frames.json              written last: the frames are complete

`<clip>` stands for the clip's location and content, so tasks that label the same clip share its frames.
"""

import hashlib
import io
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from botocore.exceptions import ClientError
from pynamodb.exceptions import PutError

from everlabel import aws, clock, manifest, objects, task_table, video
from everlabel.definition import Definition
from everlabel.errors import ClipRefused
from everlabel.s3_uri import S3Uri
from everlabel.task_table import Frames, Task

SecondsLeft = Callable[[], float]

# What finishing the uploads under way and writing down the place needs.
_ENOUGH_SECONDS = 30.0
_UPLOADS = 16
# So many frames may wait in memory while the next ones are decoded.
_UPLOADS_AHEAD = 32
# After so many frames the place is written down; a crash repeats at most these, byte for byte.
_FRAMES_PER_NOTE = 100
_BUFFER_BYTES = 4 << 20
_PICTURES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class _Upload:
    done: Future[None]
    extracted: int
    """How many frames there are with this one."""
    resume: str


def transform(task: Task, seconds_left: SecondsLeft) -> bool:
    """Extracts the frames that a task's jobs ask for. Returns False if the time ran out; then call again.

    Raises:
        ClipRefused: if the clip cannot be turned into frames, with the reason in words.
    """
    definition = Definition.read(json.loads(task.definition))
    return all(_at_rate(task.task_id, definition.clip, rate, seconds_left) for rate in definition.rates)


def _at_rate(task_id: str, clip: S3Uri, rate: str, seconds_left: SecondsLeft) -> bool:
    try:
        frames = Frames.get(task_id, task_table.frames_item(rate), consistent_read=True)
    except Frames.DoesNotExist:
        frames = Frames(task_id=task_id, item=task_table.frames_item(rate))
    if frames.done:
        return True
    with _reading(clip):
        head = objects.head(clip) if clip.key and not clip.key.endswith("/") else None
        if head is None:
            _take_as_they_are(frames, clip)
            return True
        if frames.source_etag not in {None, head.etag}:
            raise ClipRefused(f"{clip} was replaced while its frames were extracted; submit it as another clip")
        frames.source_etag = head.etag
        frames.prefix = str(_prefix(clip, head.etag) / f"fps-{rate}/")
        return _extract(frames, clip, head, rate, seconds_left)


@contextmanager
def _reading(clip: S3Uri) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {"403", "AccessDenied"}:
            raise ClipRefused(f"{clip} may not be read: Amazon S3 says {code}") from error
        if code in {"412", "PreconditionFailed"}:
            raise ClipRefused(f"{clip} was replaced while it was read; submit it as another clip") from error
        raise


def _prefix(clip: S3Uri, content: str) -> S3Uri:
    return S3Uri(aws.bucket(), f"clips/{hashlib.sha256(f'{clip}|{content}'.encode()).hexdigest()[:24]}")


def _extract(frames: Frames, clip: S3Uri, head: objects.Head, rate: str, seconds_left: SecondsLeft) -> bool:
    prefix = S3Uri.parse(frames.prefix)
    complete = _find_complete(prefix)
    if complete is not None:
        frames.extracted = complete
        _note_done(frames, prefix)
        return True
    folder = prefix / "frames"
    uploads: deque[_Upload] = deque()
    file = io.BufferedReader(objects.RangeReader(clip, head), _BUFFER_BYTES)
    with ThreadPoolExecutor(_UPLOADS) as pool:
        for frame in video.extract(file, Fraction(rate), resume=frames.resume):
            place = folder / manifest.frame_name(frame.number + 1)
            upload = pool.submit(objects.put, place, frame.jpeg, "image/jpeg")
            uploads.append(_Upload(upload, frame.number + 1, frame.resume))
            out_of_time = seconds_left() < _ENOUGH_SECONDS
            _finish(frames, uploads, 0 if out_of_time else _UPLOADS_AHEAD)
            if out_of_time:
                _note(frames)
                return False
        _finish(frames, uploads, 0)
    names = [manifest.frame_name(number) for number in range(1, int(frames.extracted) + 1)]
    _write_manifests(prefix, folder / "", names)
    objects.put_json(prefix / "frames.json", {"clipS3Uri": str(clip), "etag": head.etag, "frames": len(names)})
    _note_done(frames, prefix)
    return True


def _finish(frames: Frames, uploads: deque[_Upload], ahead: int) -> None:
    """Waits for the oldest uploads until so many are left, and now and then writes down the place after them."""
    while len(uploads) > ahead:
        upload = uploads.popleft()
        upload.done.result()
        frames.extracted, frames.resume = upload.extracted, upload.resume
        if upload.extracted % _FRAMES_PER_NOTE == 0:
            _note(frames)


def _find_complete(prefix: S3Uri) -> int | None:
    place = prefix / "frames.json"
    return int(json.loads(objects.get(place))["frames"]) if objects.head(place) is not None else None


def _take_as_they_are(frames: Frames, clip: S3Uri) -> None:
    """A prefix of frames: they stay where they are and are taken in the byte order of their names."""
    folder = S3Uri(clip.bucket, clip.key.rstrip("/") + "/")
    most = video.Limits().max_frames
    names = sorted(
        (name for name in objects.names_below(folder, most + 1) if name.lower().endswith(_PICTURES)), key=str.encode
    )
    if not names:
        raise ClipRefused(f"there is no video at {clip} and there are no frames (.jpg, .png) below {folder}")
    if len(names) > most:
        raise ClipRefused(f"there are more than {most} frames below {folder}")
    prefix = _prefix(folder, "\n".join(names)) / "as-they-are/"
    frames.prefix, frames.extracted = str(prefix), len(names)
    _write_manifests(prefix, folder, names)
    _note_done(frames, prefix)


def _write_manifests(prefix: S3Uri, folder: S3Uri, names: Sequence[str]) -> None:
    places = []
    for sequence in manifest.sequences(folder, names):
        places.append(prefix / f"sequence-{sequence['seq-no']:04d}.json")
        objects.put_json(places[-1], sequence)
    objects.put(prefix / "sequences.manifest", manifest.manifest(places), "application/jsonlines")
    objects.put(
        prefix / "frames.manifest", manifest.manifest([folder / name for name in names]), "application/jsonlines"
    )


def _note_done(frames: Frames, prefix: S3Uri) -> None:
    frames.sequences_manifest = str(prefix / "sequences.manifest")
    frames.frames_manifest = str(prefix / "frames.manifest")
    frames.done = True
    _note(frames)


def _note(frames: Frames) -> None:
    """Writes down how far the frames are; what is complete is never set back by a slice that was thought dead."""
    frames.updated_at = clock.iso(clock.now())
    try:
        frames.save(Frames.done.does_not_exist() | (Frames.done == False))  # noqa: E712 # a condition of pynamodb
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
