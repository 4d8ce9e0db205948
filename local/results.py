"""What a completed task left in the bucket, as files, and the accepted labels as a picture."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from local.annotators.shapes import FrameLabels, Shape
from local.ground_truth.prior import class_map, read_image_boxes, read_sequence_labels
from local.pictures import contact_sheet


class Results:
    """The outputs of completed tasks, read with an S3 client."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def read(self, uri: str) -> bytes:
        """An object's bytes."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def lines(self, uri: str) -> list[dict[str, Any]]:
        """A manifest's lines."""
        return [json.loads(line) for line in self.read(uri).splitlines()]

    def save(self, summary_uri: str, folder: Path) -> list[Path]:
        """Writes the summary, the output manifests and the label files that they refer to; returns their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        summary = json.loads(self.read(summary_uri))
        written = [_write(folder / "summary.json", self.read(summary_uri))]
        for job in summary["labelingJobs"]:
            place = folder / f"level-{job['jobLevel']}" / job["jobName"]
            manifest = self.read(job["outputManifestS3Uri"])
            written.append(_write(place / "output.manifest", manifest))
            for number, line in enumerate(self.lines(job["outputManifestS3Uri"])):
                for attribute, uri in line.items():
                    if attribute.startswith(job["jobName"]) and str(uri).endswith(".json"):
                        written.append(_write(place / f"{number:06d}-SeqLabel.json", self.read(uri)))
        return written

    def frames(self, line: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The frames of a data object as (name, URI): those of its sequence file, or the image itself."""
        source = str(line["source-ref"])
        if not source.endswith(".json"):
            return [(source.rpartition("/")[2], source)]
        sequence = json.loads(self.read(source))
        return [(frame["frame"], sequence["prefix"] + frame["frame"]) for frame in sequence["frames"]]

    def labels(self, line: Mapping[str, Any], attribute: str) -> tuple[FrameLabels, ...]:
        """The labels of a data object, whatever annotation type they have."""
        names = class_map(line, attribute)
        if attribute.endswith("-ref"):
            return read_sequence_labels(self.read(str(line[attribute])), names)
        return read_image_boxes(line[attribute], names, self.frames(line)[0][0])

    def sheet(self, manifests: Iterable[tuple[str, str]], title: str, subtitle: str = "") -> bytes:
        """A contact sheet with the labels of several jobs over the same frames.

        `manifests` are output manifests with the label attribute to draw.
        """
        pictures: dict[str, str] = {}
        shapes: defaultdict[str, list[Shape]] = defaultdict(list)
        for uri, attribute in manifests:
            for line in self.lines(uri):
                pictures.update(self.frames(line))
                for frame in self.labels(line, attribute):
                    shapes[frame.frame] += frame.shapes
        frames = [(name, self.read(pictures[name])) for name in sorted(pictures)]
        labels = [FrameLabels(name, tuple(found)) for name, found in shapes.items()]
        return contact_sheet(frames, labels, title, subtitle=subtitle, columns=min(5, len(frames)), tile_width=380)


def accepted(summary: Mapping[str, Any], attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The output manifests of a task's last word: jobs whose labels no other job of the task went on with.

    `attributes` gives the label attribute of each job by name; yields (output manifest URI, label attribute).
    """
    last = max(job["jobLevel"] for job in summary["labelingJobs"])
    names = {job["jobName"] for job in summary["labelingJobs"] if job["jobLevel"] == last}
    for job in summary["labelingJobs"]:
        is_adjusted = any(name.endswith(job["jobName"]) and name != job["jobName"] for name in names)
        if not is_adjusted:
            yield job["outputManifestS3Uri"], attributes[job["jobName"]]


def _write(path: Path, body: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path
