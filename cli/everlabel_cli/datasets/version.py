"""What a dataset version says of itself: `dataset.json`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from everlabel_cli.answer import NotDone

FORM = "everlabel-dataset/1"
"""What `dataset.json` calls itself. A reader refuses what it does not know."""


@dataclass(frozen=True)
class Member:
    """One task of a dataset version: where it came from and where it went."""

    task_id: str
    clip_id: str
    clip_uri: str
    completed_at: str
    sha256: str
    """Of the task's annotation document as it was read."""
    name: str
    """Of the clip in this version, safe in file names."""
    split: str
    group: str
    """What was split by: the drive's id, or the clip's where no drive is known."""
    labeling_jobs: tuple[tuple[int, str], ...]
    """Level and name."""

    @property
    def path(self) -> str:
        """Where its annotation document lies in the version."""
        return f"annotations/{self.split}/{self.name}.json"


@dataclass(frozen=True)
class DatasetVersion:
    """One numbered version of a dataset."""

    name: str
    number: int
    created_at: str
    content_sha256: str
    """The same for versions that are equal: documents, pictures and split."""
    source: str
    filter: Mapping[str, Any]
    taxonomies: tuple[str, ...]
    seed: int
    ratios: Mapping[str, float]
    has_images: bool
    members: tuple[Member, ...]
    superseded: tuple[str, ...]
    """Tasks that another one replaced: the same clip, labeled again by the same jobs."""

    def write(self) -> bytes:
        """As JSON."""
        body = {
            "form": FORM,
            "name": self.name,
            "version": self.number,
            "createdAt": self.created_at,
            "contentSha256": self.content_sha256,
            "createdFrom": {"source": self.source, "filter": dict(self.filter), "superseded": list(self.superseded)},
            "taxonomies": list(self.taxonomies),
            "split": {"seed": self.seed, "ratios": dict(self.ratios)},
            "hasImages": self.has_images,
            "tasks": [_member_json(member) for member in self.members],
        }
        return json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def read(cls, text: bytes) -> "DatasetVersion":
        """Reads what `write` wrote. Raises NotDone, naming what is wrong, if it is anything else."""
        try:
            body = json.loads(text)
            if body["form"] != FORM:
                raise NotDone(f"dataset.json calls itself {body['form']!r}; expected {FORM!r}")
            return cls(
                name=body["name"],
                number=body["version"],
                created_at=body["createdAt"],
                content_sha256=body["contentSha256"],
                source=body["createdFrom"]["source"],
                filter=body["createdFrom"]["filter"],
                taxonomies=tuple(body["taxonomies"]),
                seed=body["split"]["seed"],
                ratios=body["split"]["ratios"],
                has_images=body["hasImages"],
                members=tuple(_member(member) for member in body["tasks"]),
                superseded=tuple(body["createdFrom"]["superseded"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotDone(f"dataset.json is not what everlabel writes: {error!r}") from error


def _member_json(member: Member) -> dict[str, Any]:
    return {
        "taskId": member.task_id,
        "clipId": member.clip_id,
        "clipUri": member.clip_uri,
        "completedAt": member.completed_at,
        "documentSha256": member.sha256,
        "split": member.split,
        "group": member.group,
        "name": member.name,
        "file": member.path,
        "labelingJobs": [{"level": level, "jobName": name} for level, name in member.labeling_jobs],
    }


def _member(body: Mapping[str, Any]) -> Member:
    return Member(
        task_id=body["taskId"],
        clip_id=body["clipId"],
        clip_uri=body["clipUri"],
        completed_at=body["completedAt"],
        sha256=body["documentSha256"],
        name=body["name"],
        split=body["split"],
        group=body["group"],
        labeling_jobs=tuple((job["level"], job["jobName"]) for job in body["labelingJobs"]),
    )


def row(version: DatasetVersion) -> dict[str, Any]:
    """A version as one line of a list."""
    splits = [member.split for member in version.members]
    return {
        "name": version.name,
        "version": version.number,
        "createdAt": version.created_at,
        "tasks": len(version.members),
        "splits": {name: splits.count(name) for name in version.ratios},
        "seed": version.seed,
        "taxonomies": list(version.taxonomies),
        "hasImages": version.has_images,
        "contentSha256": version.content_sha256,
    }
