"""The definition of an annotation task: what is POSTed, what is wrong with it, and which task it is."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any, Protocol

from everlabel.s3_uri import S3Uri
from everlabel.task_types import TASK_TYPES

LOWEST_FPS, HIGHEST_FPS = Fraction(1, 10), Fraction(60)
# Ground Truth's own bound: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateLabelingJob.html
_JOB_NAME = re.compile("[a-zA-Z0-9-]{1,63}")
MOST_BYTES = 64 * 1024
"""What a definition may have; DynamoDB takes 400 KB an item, and it is stored as POSTed."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong: where, and what would be right."""

    field: str
    """The path in the body: `labelingJobs[1].inputConfig.fps`."""
    message: str


class JobFacts(Protocol):
    """What must be known of a labeling job to send clips to it."""

    job_name: str
    task_type: str
    annotation_type: str
    label_attribute: str
    audit_label_attribute: str | None
    state: str


@dataclass(frozen=True)
class LabelingStep:
    """One labeling job of a task: where it stands and what it gets."""

    job_name: str
    level: int
    clip: S3Uri | None
    fps: str | None
    """As `rate` writes it; None for a step that is chained."""
    chain_from: str | None


@dataclass(frozen=True)
class Definition:
    """An annotation task's definition, understood."""

    steps: tuple[LabelingStep, ...]
    resend_after_seconds: int
    max_expiries: int
    max_age_seconds: int
    on_object_failure: str

    @property
    def levels(self) -> int:
        """How many levels there are."""
        return max(step.level for step in self.steps)

    @property
    def clip(self) -> S3Uri:
        """Where the clip is: all jobs of a task label one clip."""
        return next(step.clip for step in self.steps if step.clip is not None)

    @property
    def rates(self) -> list[str]:
        """The frame rates that are asked for, each once, in the order of the steps."""
        return list(dict.fromkeys(step.fps for step in self.steps if step.fps is not None))

    def at(self, level: int) -> list[LabelingStep]:
        """The steps of a level; they run side by side."""
        return [step for step in self.steps if step.level == level]

    def source(self, step: LabelingStep) -> LabelingStep:
        """The step whose labels a chained step gets: the nearest of that name at a lower level."""
        return max(
            (other for other in self.steps if other.job_name == step.chain_from and other.level < step.level),
            key=lambda other: other.level,
        )

    @classmethod
    def read(
        cls, body: Mapping[str, Any], resend_after_seconds: int = 0, max_expiries: int = 0, max_age_seconds: int = 0
    ) -> "Definition":
        """Reads a body without faults; the numbers are what holds where the body says nothing."""
        steps = []
        for job in body["labelingJobs"]:
            given = job["inputConfig"]
            clip, fps = given.get("clipS3Uri"), given.get("fps")
            steps.append(
                LabelingStep(
                    job_name=job["jobName"],
                    level=job["jobLevel"],
                    clip=S3Uri.parse(clip) if clip is not None else None,
                    fps=rate(fps) if fps is not None else None,
                    chain_from=given.get("chainFromJobName"),
                )
            )
        return cls(
            tuple(sorted(steps, key=lambda step: (step.level, step.job_name))),
            int(body.get("resendAfterSeconds", resend_after_seconds)),
            int(body.get("maxExpiries", max_expiries)),
            int(body.get("maxAgeSeconds", max_age_seconds)),
            str(body.get("onObjectFailure", "fail")),
        )


def rate(fps: float) -> str:
    """A frame rate as text that reads back exactly, and names a folder: `1`, `12.5`, `29.97`."""
    return f"{fps:.6f}".rstrip("0").rstrip(".")


def clip_id(body: Mapping[str, Any]) -> str:
    """The clip's id as given, or the last part of its location without a file ending."""
    given = body.get("clipId")
    if given:
        return str(given)
    uri = next(job["inputConfig"]["clipS3Uri"] for job in body["labelingJobs"] if "clipS3Uri" in job["inputConfig"])
    return re.sub(r"\.[A-Za-z0-9]{1,5}$", "", str(uri).rstrip("/").rpartition("/")[2])


def task_id(body: Mapping[str, Any]) -> str:
    """The id that this clip with these jobs always gets: readable, and at most 57 characters.

    So the same definition POSTed again, even at the same moment, is the same task; and an execution named after it
    with its attempt fits the 80 characters of Step Functions:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    definition = Definition.read(body)
    identity = json.dumps(
        [
            clip_id(body),
            [[step.level, step.job_name, str(step.clip), step.fps, step.chain_from] for step in definition.steps],
        ]
    )
    readable = re.sub(r"[^A-Za-z0-9]+", "-", clip_id(body)).strip("-")[:40].strip("-") or "clip"
    return f"{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"


def job_names(body: Any) -> set[str]:
    """Every name in a body, however faulty it is, that a labeling job could have."""
    named = {
        name
        for _, job, given in _jobs(body)
        for name in (job.get("jobName"), given.get("chainFromJobName"))
        if isinstance(name, str)
    }
    return {name for name in named if _JOB_NAME.fullmatch(name)}


def _jobs(body: Any) -> Iterator[tuple[int, Mapping[str, Any], Mapping[str, Any]]]:
    jobs = body.get("labelingJobs") if isinstance(body, Mapping) else None
    for position, job in enumerate(jobs if isinstance(jobs, list) else []):
        if isinstance(job, Mapping):
            given = job.get("inputConfig")
            yield position, job, given if isinstance(given, Mapping) else {}


def _level(job: Mapping[str, Any]) -> int | None:
    """The level of a job, if it has the form of one; true and false are numbers to Python alone."""
    level = job.get("jobLevel")
    return level if isinstance(level, int) and not isinstance(level, bool) else None


def faults(body: Any, jobs: Mapping[str, JobFacts], clip_buckets: Iterable[str]) -> list[Fault]:
    """Everything that is wrong beyond the form of the fields, all at once.

    `jobs` are the labeling jobs that exist, by name. What has the wrong form (which the API's schema names) is passed
    over here, so that both lists can stand in one answer.
    """
    found = [*_level_faults(body), *_input_faults(body, frozenset(clip_buckets))]
    found += [fault for fault in _job_faults(body, jobs) if fault not in found]
    return sorted(found)


def _level_faults(body: Any) -> Iterator[Fault]:
    seen: dict[tuple[int, str], int] = {}
    levels: set[int] = set()
    for position, job, _ in _jobs(body):
        name, level = job.get("jobName"), _level(job)
        if level is None or level < 1:
            continue
        levels.add(level)
        if isinstance(name, str):
            first = seen.setdefault((level, name), position)
            if first != position:
                yield Fault(
                    f"labelingJobs[{position}].jobName",
                    f"{name!r} is at level {level} twice (also labelingJobs[{first}]); a job runs once a level",
                )
    # Taken one by one: a faulty body may name a level in the billions.
    missing = list(islice((level for level in range(1, max(levels, default=0)) if level not in levels), 10))
    if missing:
        yield Fault(
            "labelingJobs",
            f"no job at level {', '.join(map(str, missing))}; levels go from 1 to {max(levels)} without a gap",
        )


def _input_faults(body: Any, clip_buckets: frozenset[str]) -> Iterator[Fault]:
    clips: dict[str, int] = {}
    for position, _, given in _jobs(body):
        path = f"labelingJobs[{position}].inputConfig"
        clip = given.get("clipS3Uri")
        if not isinstance(clip, str):
            continue
        try:
            uri = S3Uri.parse(clip)
        except ValueError as error:
            yield Fault(f"{path}.clipS3Uri", f"{clip[:300]!r} {error}; expected s3://bucket/key")
            continue
        if not uri.key:
            yield Fault(f"{path}.clipS3Uri", f"{clip!r} names a bucket but no clip in it")
        if uri.bucket not in clip_buckets:
            allowed = ", ".join(sorted(clip_buckets))
            yield Fault(f"{path}.clipS3Uri", f"bucket {uri.bucket!r} is not allowed; ClipBuckets has: {allowed}")
        clips.setdefault(clip, position)
    if len(clips) > 1:
        first, other = list(clips.values())[:2]
        yield Fault(
            f"labelingJobs[{other}].inputConfig.clipS3Uri",
            f"differs from labelingJobs[{first}]; an annotation task is about one clip",
        )


def _job_faults(body: Any, jobs: Mapping[str, JobFacts]) -> Iterator[Fault]:
    known = list(_jobs(body))
    for position, job, given in known:
        name, level, chain = job.get("jobName"), _level(job), given.get("chainFromJobName")
        path = f"labelingJobs[{position}]"
        facts = jobs.get(name) if isinstance(name, str) else None
        if isinstance(name, str) and facts is None:
            yield Fault(f"{path}.jobName", f"there is no labeling job {name!r}")
        if facts is not None and facts.state not in {"InProgress", "Initializing"}:
            yield Fault(f"{path}.jobName", f"labeling job {name!r} is {facts.state}, not InProgress")
        if isinstance(chain, str):
            lower = [_level(other) for _, other, _ in known if other.get("jobName") == chain]
            if level is not None and not any(below is not None and below < level for below in lower):
                yield Fault(f"{path}.inputConfig.chainFromJobName", f"{chain!r} is not a job at a level below {level}")
            source = jobs.get(chain)
            if facts is not None and source is not None:
                yield from _chain_faults(path, facts, source)
        elif facts is not None and TASK_TYPES[facts.task_type].starts_from_labels:
            yield Fault(
                f"{path}.inputConfig",
                f"{name!r} is of type {facts.task_type}, which starts from labels: give chainFromJobName",
            )


def _chain_faults(path: str, job: JobFacts, source: JobFacts) -> Iterator[Fault]:
    field = f"{path}.inputConfig.chainFromJobName"
    to, origin = TASK_TYPES[job.task_type], TASK_TYPES[source.task_type]
    if job.annotation_type != source.annotation_type or to.media != origin.media:
        yield Fault(
            field,
            f"{source.job_name!r} gives {source.annotation_type} of {origin.family}, "
            f"{job.job_name!r} takes {job.annotation_type} of {to.family}; both must be alike",
        )
    elif to.starts_from_labels and origin.verifies:
        yield Fault(field, f"{source.job_name!r} verifies; its output is a verdict, not labels to work on")
    elif to.starts_from_labels and job.audit_label_attribute != source.label_attribute:
        yield Fault(
            field,
            f"{job.job_name!r} works on the labels {job.audit_label_attribute!r}, "
            f"{source.job_name!r} writes {source.label_attribute!r}",
        )
