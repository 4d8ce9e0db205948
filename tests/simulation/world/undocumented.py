"""What Ground Truth's documentation leaves open, in combinations, each as a small world that must come through.

The questions are of two kinds: when and whether something happens or is told (`TIMING`), and how it is spelled
(`SPELLING`). Each kind is tried in its full product: the first with the spellings turned along, the second with each
way in which jobs end and failures are told. A covering array has any three answers to any three questions together.

| left out of the product | why that is the same |
|---|---|
| renewal and forgetting, where ids are discarded at consumption | only a queue that discards at arrival asks for them |
| the status of a job that ended, where none ends | nobody asks for it |
| that ids must match the documented pattern | ours always match it, so the answer changes nothing |
| whether open tasks keep a job alive | it is asked after ten idle days, which the small world does not have |
| chances and delays of output messages | the world has its own, and one notice is lost in each combination |

What only changes the content of label files is turned along with the number of the combination.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import Any

from local.ground_truth.people import Behaviour
from local.ground_truth.unknowns import Unknowns
from tests.simulation.world.covering import covering_rows
from tests.simulation.world.faults import Kind, Rates
from tests.simulation.world.plan import HOUR
from tests.simulation.world.stories import Story

type Row = Mapping[str, Any]

_ENDS = 3 * HOUR
SWITCHES: Mapping[str, Sequence[Any]] = {
    "deduplication": (
        {"dedup": "consumption"},
        *(
            {"dedup": "arrival", "resend_renews_retention": renews, "queue_expiry_forgets_id": forgets}
            for renews, forgets in product((False, True), repeat=2)
        ),
    ),
    "end": (
        {"job_ends_after": None},
        *({"job_ends_after": _ENDS, "ended_job_status": status} for status in ("Failed", "Completed", "Stopped")),
    ),
    "told": tuple(
        {"failures_on_topic": topic, "failures_in_manifest": manifest}
        for topic, manifest in product((True, False), repeat=2)
    ),
    "wording": (
        {},
        {"expiry_reason": "Worker timeout", "decline_reason": "declined"},
    ),
    "failure": ("decline", "ignore"),
    "early_input": ("lost", "kept"),
    "refill_leaves_gap": (True, False),
    "stop_fails_open_objects": (False, True),
    "failure_line_has_label_key": (False, True),
    "object_id_in_path": ("number", "quoted", "raw"),
    "job_name_in_tree": ("as given", "lower case"),
    "name_in_arn": ("lower case", "as given"),
    "media": ("image", "video"),
    "queue age": ("nothing said of an empty queue", "0 seconds", "nothing said at all"),
}
"""Each question and its answers. Beside Ground Truth's: who fails an object and in which way, what is labeled, and what
CloudWatch says of the age of a queue's oldest message."""
_NOT_GROUND_TRUTHS = {"failure", "media", "queue age"}
_CONTENTS: Sequence[Mapping[str, Any]] = [
    dict(zip(("frame_no_is_string", "frame_no_from_sequence", "unlabeled_frames_missing"), answers, strict=True))
    | {"class_index_is_string": index, "unmodified_video_status": status}
    for *answers, index, status in product(
        (False, True), (False, True), (False, True), (False, True), ("absent", "unadjusted")
    )
]


def story(number: int, row: Row) -> Story:
    """A clip with two levels. An object expires or is declined, a notice is lost, jobs may end with objects open."""
    answers: dict[str, Any] = dict(_CONTENTS[number % len(_CONTENTS)])
    for name, answer in row.items():
        if name not in _NOT_GROUND_TRUTHS:
            answers |= answer if isinstance(answer, dict) else {name: answer}
    return Story(
        f"combination {number}",
        within=110,
        media=row["media"],
        away=(0, 3.2),
        lifetime=6 * HOUR,
        max_concurrent=2,
        habits=(Behaviour("", row["failure"]),),
        unknowns=Unknowns(**answers),
        parameters={"ResendAfterSeconds": 26 * 3_600},
        empty_is_zero=row["queue age"] == "0 seconds",
        rates=Rates(unmeasured=float(row["queue age"] == "nothing said at all")),
        once={"everlabel-LabelsQueue/*/delivery": Kind.LOST},
    )


def covering() -> list[Row]:
    """Combinations in which any three answers stand together."""
    return list(covering_rows(SWITCHES))


TIMING = (
    "deduplication",
    "end",
    "told",
    "failure",
    "early_input",
    "refill_leaves_gap",
    "stop_fails_open_objects",
    "queue age",
)
SPELLING = tuple(name for name in SWITCHES if name not in TIMING)


def both_products() -> list[Row]:
    """Every combination of either kind."""
    turned = covering()
    timings = [{**turned[number % len(turned)], **row} for number, row in enumerate(_product_of(TIMING))]
    spellings = [
        {**turned[number % len(turned)], **row} for number, row in enumerate(_product_of((*SPELLING, "end", "told")))
    ]
    return [*timings, *spellings]


def _product_of(names: Sequence[str]) -> Iterator[Row]:
    for answers in product(*(SWITCHES[name] for name in names)):
        yield dict(zip(names, answers, strict=True))


def wrong(numbered: tuple[int, Row]) -> str | None:
    """What is wrong with a combination; None if nothing is."""
    number, row = numbered
    told = story(number, row)
    found = told.wrong(told.tell())
    return None if found is None else f"{row}: {found}"


def tried(rows: Sequence[Row], jobs: int) -> list[str]:
    """What is wrong with each of these, by so many processes."""
    with ProcessPoolExecutor(jobs) as pool:
        found = pool.map(wrong, enumerate(rows), chunksize=8)
        return [each for each in found if each is not None]
