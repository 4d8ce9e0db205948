"""Stories each of which one defence is for: what it must survive happens in them, and rarely elsewhere.

They are told of the application as it is, with every seed, and of the application without that defence.
"""

from typing import Literal

from local.ground_truth.people import Behaviour
from local.ground_truth.unknowns import Unknowns
from tests.simulation.world.faults import Kind, Rates
from tests.simulation.world.forgeries import FORGERIES
from tests.simulation.world.plan import DAY, HOUR
from tests.simulation.world.stories import Story, event

_MEDIA: tuple[Literal["image", "video"], ...] = ("image", "video")
_NOT_IN_MANIFEST = Unknowns(failures_in_manifest=False)
_FIRST = Behaviour("000001.jpg", "decline")
_EACH_ONCE, _EACH_TWICE = (
    tuple(Behaviour(f"clip-{clip}/00000{frame}.jpg", "decline", times) for clip in (1, 2, 3) for frame in (1, 2))
    for times in (1, 2)
)

REFUSED = Story(
    "refused at once",
    within=2,
    on_object_failure="continue",
    poison="lost frame",
    unknowns=_NOT_IN_MANIFEST,
    rates=Rates(slow=0.2, longest_call=30.0),
)
QUICK = Story(
    "labeled before the level is parked",
    within=0.75,
    hours_per_task=(0.0003, 0.0003),
    rates=Rates(slow=0.2, longest_call=60.0),
)
QUICK_DECLINED = Story(
    "declined before the level is parked",
    within=1,
    habits=(_FIRST,),
    hours_per_task=(0.0003, 0.0003),
    unknowns=_NOT_IN_MANIFEST,
    rates=Rates(slow=0.2, longest_call=60.0),
)
LABELS_LOST = Story("notices of labels are lost", within=6, clips=2, rates=Rates(lost=0.5))
LATE_LABELS = Story(
    "labels are announced when their job has been replaced",
    within=15,
    clips=2,
    unknowns=Unknowns(job_ends_after=80 * 60.0, ended_job_status="Completed"),
    rates=Rates(delayed=0.5, longest_delay=12 * HOUR),
)
HALF_WRITTEN = Story(
    "a label is half written when its job is replaced",
    within=3,
    unknowns=Unknowns(job_ends_after=70 * 60.0, ended_job_status="Completed"),
    once={"ReceiveLabels/*/dynamodb.DeleteItem/1": Kind.KILLED_BEFORE},
    surplus=1,  # of the other object, whose notice was in the same batch
)
NOTICES_TWICE = Story(
    "notices come twice",
    within=6,
    clips=3,
    habits=_EACH_ONCE,
    parameters={"MaxExpiries": 1},
    rates=Rates(duplicated=0.9, longest_delay=2 * HOUR),
)
SENT_BY_TWO = Story(
    "two send at once",
    within=6,
    clips=3,
    habits=_EACH_TWICE,
    rates=Rates(result_lost=0.2, started_twice=0.2, killed_after=0.01, slow=0.02, longest_call=60.0),
)
STALE = Story("reads are stale", within=3, clips=2, rates=Rates(stale=0.5))
SLOW_SENDING = Story(
    "an object expires while another one is sent",
    within=8,
    clips=3,
    habits=_EACH_ONCE,
    hours_per_task=(0.05, 0.15),
    unknowns=_NOT_IN_MANIFEST,
    rates=Rates(slow=0.3, longest_call=300.0),
)
EXPIRY_HALF_TOLD = Story(
    "whoever wrote an expiry down dies",
    within=2,
    habits=(_FIRST,),
    unknowns=_NOT_IN_MANIFEST,
    once={"ReceiveLabels/*/dynamodb.UpdateItem/2": Kind.KILLED_BEFORE},
)
DYING = Story(
    "invocations die",
    within=8,
    clips=3,
    habits=_EACH_TWICE,
    unknowns=_NOT_IN_MANIFEST,
    rates=Rates(killed_before=0.006, killed_after=0.006),
)
PARKED_BY_TWO = Story(
    "an old token is parked late",
    within=6,
    clips=3,
    rates=Rates(result_lost=0.3, slow=0.3, longest_call=50.0),
)
THROTTLED = Story(
    "calls are throttled",
    within=8,
    clips=3,
    habits=_EACH_TWICE,
    unknowns=_NOT_IN_MANIFEST,
    rates=Rates(throttled=0.015),
)
REPLACED = Story(
    "a job ends while objects are open",
    within=1.75,
    away=(0, 2.25),
    unknowns=Unknowns(job_ends_after=2 * HOUR, ended_job_status="Completed"),
)
REPLACED_WHILE_SENDING = Story(
    "a job ends while objects are sent",
    begins=1.875,
    within=1.25,
    unknowns=Unknowns(job_ends_after=1.88 * HOUR, ended_job_status="Completed"),
    once={"TriggerLabeling/*/sns.PublishBatch/1": Kind.SLOW},
    rates=Rates(longest_call=850.0),
)
REPLACED_WHILE_LISTING = Story(
    "a job ends while objects are listed",
    begins=1.875,
    within=1.25,
    unknowns=Unknowns(job_ends_after=1.88 * HOUR, ended_job_status="Completed"),
    once={"TriggerLabeling/*/dynamodb.BatchWriteItem/1": Kind.SLOW},
    rates=Rates(longest_call=850.0),
)
RESTARTED = Story(
    "a person stops a job and starts it again", within=6, away=(0, 3), events=(event(1.5, "stop job", "A1", lasts=1),)
)
NOTED_TWICE = Story(
    "an object's new incarnation is noted twice",
    within=6,
    away=(0, 3),
    events=(event(1.5, "stop job", "A1", lasts=1),),
    once={"TriggerLabeling/*/2/dynamodb.UpdateItem/2": Kind.ANSWER_LOST},
)
FAILED_IDLE = Story(
    "a job fails after hours in which nobody labeled",
    within=3,
    away=(0, 2.25),
    unknowns=Unknowns(job_ends_after=2 * HOUR, ended_job_status="Failed"),
)
ENDED_UNHEARD = Story(
    "a job ends unheard, and it is time to send again",
    within=6,
    away=(0, 3),
    unknowns=Unknowns(job_ends_after=2 * HOUR, ended_job_status="Completed"),
    parameters={"ResendAfterSeconds": 5_400},
    unheard=("LabelingJobStateChangeQueue",),
)
TOLD_NOWHERE = Story(
    "an expiry is told nowhere",
    within=90,
    habits=(Behaviour("000001.jpg", "ignore"),),
    lifetime=6 * HOUR,
    unknowns=Unknowns(failures_on_topic=False, failures_in_manifest=False),
    parameters={"ResendAfterSeconds": 26 * 3_600},
)
LONG_QUEUE = Story(
    "objects wait in the queue for days",
    within=10 * 24,
    clips=8,
    away=(26, 80),
    hours_per_task=(2.2, 2.2),
    lifetime=20 * HOUR,
    time_limit=3 * HOUR,
    max_concurrent=1,
    parameters={"ResendAfterSeconds": 26 * 3_600},
    rates=Rates(delayed=0.9, longest_delay=20 * HOUR),
)
LONG_HOLIDAY = Story(
    "nobody works for twenty days", within=20 * 24 + 6, away=(0, 20 * 24), lifetime=30 * DAY, max_concurrent=1
)
MANY_ROUNDS = Story("hundreds of rounds", within=20, away=(0, 18), parameters={"ResendAfterSeconds": 60})
NEVER_LABELED = Story(
    "an object that nobody wants",
    within=8,
    status="Failed",
    habits=(Behaviour("000001.jpg", "ignore", 1_000),),
    lifetime=HOUR,
)
TOO_OLD = Story(
    "objects that nobody comes to",
    within=33,
    status="Failed",
    away=(0, 60),
    parameters={"ResendAfterSeconds": 30 * 3_600, "MaxAgeSeconds": 86_400},
)
ABORTED_UNHEARD = Story(
    "an execution is aborted unheard",
    within=80,
    status="Failed",
    away=(0, 200),
    parameters={"ResendAfterSeconds": 3_600},
    events=(event(1.5, "abort execution"),),
    unheard=("ExecutionStateChangeQueue",),
)
STOPPED_UNHEARD = Story(
    "a stop is unheard",
    within=4,
    status="Stopped",
    away=(0, 5),
    events=(event(2, "stop task"),),
    unheard=("ExecutionStateChangeQueue",),
)
STOPPED_WHILE_LISTED = Story(
    "stopped while objects are listed",
    within=4,
    status="Stopped",
    away=(0, 5),
    events=tuple(event(hours, "stop task") for hours in (1.0005, 1.002, 1.2)),
    once={"TriggerLabeling/*/dynamodb.BatchWriteItem/1": Kind.SLOW},
    rates=Rates(longest_call=600.0),
)
RETRIED = Story(
    "what failed is retried, and invocations die",
    within=8,
    clips=3,
    habits=tuple(Behaviour(f"clip-{clip}/000001.jpg", "decline") for clip in (1, 2, 3)),
    parameters={"MaxExpiries": 0},
    events=tuple(event(hours, "retry task", f"clip-{clip}") for hours in (2, 3, 4) for clip in (1, 2, 3)),
    rates=Rates(killed_before=0.02, killed_after=0.02),
)
FAILED_LATE = Story(
    "that an execution failed is heard after the retry",
    within=9,
    hours_per_task=(2.0, 2.0),
    time_limit=8 * HOUR,
    habits=(_FIRST,),
    parameters={"MaxExpiries": 0},
    events=(event(3.1, "retry task"),),
    once={"everlabel-ExecutionStateChangeQueue/*/delivery": Kind.DELAYED},
    rates=Rates(longest_delay=4 * HOUR),
)
FORGED, FORGED_SEQUENCES = (
    Story(
        f"forged messages about {media}s",
        within=6,
        media=media,
        away=(0, 3),
        events=tuple(
            event(2 + number / 60, "forge on queue", "A1", variant=variant)
            for number, variant in enumerate(FORGERIES)
            # Only the label of a sequence is a place.
            if media == "video" or variant != "labels elsewhere"
        ),
    )
    for media in _MEDIA
)

TARGETS = tuple(value for value in list(globals().values()) if isinstance(value, Story))
"""All of them."""
