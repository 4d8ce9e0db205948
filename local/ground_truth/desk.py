"""A worker's desk: which files belong to a task, and who labels them.

Annotators look at pixels, which takes real time: they work on one thread of their own, so that the clock goes on.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from local.annotators.shapes import Declined, FrameImage, FrameLabels, Labels, Work
from local.ground_truth import prior
from local.ground_truth.events import Task
from local.ground_truth.inputs import DataObject, InputRefused, Sequence, read_sequence
from local.ground_truth.portal import HandIn
from local.ground_truth.requests import JobRequest
from local.ground_truth.storage import Storage

_VIDEO_METHODS = frozenset({"GET", "HEAD", "PUT"})
_IMAGE_METHODS = frozenset({"GET"})


def examine(request: JobRequest, found: DataObject, storage: Storage) -> None:
    """Raises `InputRefused` if an object cannot become a task: its files cannot be read, a browser may not, or there is
    no label to adjust."""
    methods = _VIDEO_METHODS if request.task_type.is_video else _IMAGE_METHODS
    places = [found.source, request.output_prefix + "x"] if request.task_type.is_video else [found.source]
    for uri in places:
        if not storage.allows_origins(uri, methods):
            raise InputRefused(
                f"the bucket of {uri} has no CORS configuration that allows {', '.join(sorted(methods))}"
            )
    try:
        if request.task_type.is_video:
            sequence = read_sequence(storage.read(found.source))
            if missing := {frame.name for frame in sequence.frames} - storage.names(sequence.prefix):
                raise InputRefused(f"{len(missing)} frames are missing, among them {min(missing)}")
        else:
            storage.read(found.source)
        _read_prior(request, found, storage)
    except OSError as error:
        raise InputRefused(str(error)) from error


def sequence_of(found: DataObject, storage: Storage) -> Sequence:
    """The sequence file of a video task; raises OSError, `InputRefused`."""
    return read_sequence(storage.read(found.source))


def lay_out(request: JobRequest, found: DataObject, storage: Storage) -> Work:
    """Everything a worker is shown; raises OSError, `InputRefused`."""
    if request.task_type.is_video:
        sequence = sequence_of(found, storage)
        frames = tuple(FrameImage(frame.name, storage.read(sequence.prefix + frame.name)) for frame in sequence.frames)
    else:
        frames = (FrameImage(_file_name(found), storage.read(found.source)),)
    categories = request.categories
    is_verification = request.task_type.variant and not categories.editable
    return Work(
        f"Verification{request.task_type.drawing}" if is_verification else request.task_type.name,
        categories.annotation_type,
        categories.labels,
        categories.label_attributes,
        categories.frame_attributes,
        frames,
        _read_prior(request, found, storage),
    )


def _read_prior(request: JobRequest, found: DataObject, storage: Storage) -> tuple[FrameLabels, ...] | None:
    if not request.task_type.variant:
        return None
    audited = request.categories.audited or prior.find_audited(found.line)
    names = prior.class_map(found.line, audited)
    label = found.line[audited]
    if request.task_type.is_video:
        if not isinstance(label, str):
            raise InputRefused(f"{audited} is not the URI of a label file")
        return prior.read_sequence_labels(storage.read(label), names)
    if request.task_type.drawing == "BoundingBox":
        return prior.read_image_boxes(label, names, _file_name(found))
    return None


def _file_name(found: DataObject) -> str:
    return found.source.rpartition("/")[2]


class Desk:
    """Tasks being annotated, one after the other. `fault` is told of annotators that break down."""

    def __init__(self, fault: Callable[[Exception], None]) -> None:
        self._fault = fault
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="annotator")
        self._labels: dict[Task, Future[Labels]] = {}

    def begin(self, task: Task, annotate: Callable[[], Labels], done: Callable[[], None]) -> None:
        """A worker opened a task (again: it was returned and somebody else takes it)."""
        if task not in self._labels:
            self._labels[task] = self._thread.submit(annotate)
            self._labels[task].add_done_callback(lambda _: done())

    def hand_in(self, task: Task) -> HandIn:
        """How far the worker is. A breakdown of the annotator is a decline that `fault` knows about."""
        labels = self._labels[task]
        if not labels.done():
            return "not yet"
        error = labels.exception()
        if error is None:
            return "submit"
        if not isinstance(error, Declined):
            if not isinstance(error, Exception):
                raise error
            self._fault(error)
        return "decline"

    def labels(self, task: Task) -> Labels:
        """What was handed in."""
        return self._labels.pop(task).result()

    def clear(self, task: Task) -> None:
        """Nobody needs the task's labels any more."""
        if labels := self._labels.pop(task, None):
            labels.cancel()

    def close(self) -> None:
        """Finish the task at hand and drop the others."""
        self._thread.shutdown(wait=True, cancel_futures=True)
