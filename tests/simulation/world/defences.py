"""The defences that are knocked out: what each is, how it is removed, and the stories that must miss it."""

from tests.simulation.world import targets
from tests.simulation.world.knock_outs import Edit, KnockOut
from tests.simulation.world.stories import Story

_LAYER = "layers/everlabel/everlabel"
_MACHINE = "statemachine.asl.json"


def _knock_out(name: str, against: str, *edits: tuple[str, str, str], by: tuple[Story, ...]) -> KnockOut:
    return KnockOut(name, against, tuple(Edit(*edit) for edit in edits), by)


def _in(module: str) -> str:
    return f"{_LAYER}/{module}.py"


_REPLACED = (targets.REPLACED, targets.REPLACED_WHILE_SENDING, targets.REPLACED_WHILE_LISTING)

DEFENCES = (
    # ---- ids and the to-do list -----------------------------------------------------------------------------------
    _knock_out(
        "generation condition of an expiry",
        "a notice that comes twice counts as a second expiry",
        (
            _in("moves"),
            "return current.generation > generation or current.epoch > epoch",
            "return current.epoch > epoch",
        ),
        (
            _in("moves"),
            "condition=(Open.generation <= generation) & (Open.epoch <= epoch),\n        )",
            "condition=(Open.epoch <= epoch),\n        )",
        ),
        (
            _in("moves"),
            "together.delete(todo, condition=(Open.generation <= generation) &",
            "together.delete(todo, condition=",
        ),
        by=(targets.NOTICES_TWICE,),
    ),
    _knock_out(
        "generation stored before publishing",
        "whoever dies after publishing publishes again under another id",
        (
            _in("sending"),
            "sent = DeduplicationId(self._key(index), int(todo.epoch), int(todo.generation))",
            "drawn = int(clock.now()) % 10**8 if todo.due else int(todo.generation)\n"
            "            sent = DeduplicationId(self._key(index), int(todo.epoch), drawn)",
        ),
        by=(targets.SENT_BY_TWO, targets.DYING),
    ),
    _knock_out(
        "all objects listed before publishing",
        "an answer comes before its object is on the list, and is dropped",
        (
            _in("sending"),
            "sending.create() and sending.publish(resend_after)",
            "sending.publish(resend_after) and sending.create()",
        ),
        by=(targets.REFUSED,),
    ),
    _knock_out(
        "consistent read of the to-do list",
        "a list that is being written looks empty",
        (
            _in("task_table"),
            'Open.item.startswith(f"OPEN#{level}#"), consistent_read=True, limit=1)',
            'Open.item.startswith(f"OPEN#{level}#"), limit=1)',
        ),
        by=(targets.STALE,),
    ),
    _knock_out(
        "record once",
        "a second label takes the place of the first",
        (_in("moves"), "done.save(Done.task_id.does_not_exist())", "done.save()"),
        by=(targets.LATE_LABELS,),
    ),
    _knock_out(
        "what a crash left behind is struck off",
        "an object that has a label is sent again when its job is replaced",
        (
            _in("sending"),
            "(todo.due or todo.epoch < epoch) and moves.left_behind(todo)",
            "todo.due and moves.left_behind(todo)",
        ),
        by=(targets.HALF_WRITTEN,),
    ),
    _knock_out(
        "cap on expiries",
        "an object that nobody wants goes round for half a year",
        (_in("moves"), "if todo.expiries >= self.expiries:", "if False:"),
        by=(targets.NEVER_LABELED,),
    ),
    _knock_out(
        "cap on age",
        "an object that nobody comes to is sent for ever",
        (_in("moves"), "if todo.since is None or clock.now() - todo.since < self.seconds:", "if True:"),
        by=(targets.TOO_OLD,),
    ),
    # ---- parking and waking -----------------------------------------------------------------------------------------
    _knock_out(
        "the look after storing the token",
        "a level that was done before it was parked sleeps",
        (_in("waking"), "        return\n    wake(task_id, level, must_send=False)", "        return"),
        by=(targets.QUICK,),
    ),
    _knock_out(
        "the look after writing an outcome",
        "a level that is done sleeps until somebody else looks",
        (
            "functions/receive_labels.py",
            "            _persistently(partial(waking.wake, *level, must_send=must_send))",
            "            pass",
        ),
        by=(targets.REFUSED, targets.LABELS_LOST),
    ),
    _knock_out(
        "resend refuses parking",
        "an expiry that comes before parking is seen by nobody",
        (
            _in("waking"),
            "\n            & (Level.resend == False),  # noqa: E712 # pynamodb makes a condition of it",
            ",",
        ),
        (
            _in("waking"),
            "        return\n    wake(task_id, level, must_send=False)",
            "        return\n    if not anything_open(task_id, level):\n        wake(task_id, level)",
        ),
        by=(targets.QUICK_DECLINED,),
    ),
    _knock_out(
        "resend cleared before reading",
        "an expiry that comes while others are sent is forgotten",
        (_in("sending"), "            Level.resend.set(False),\n", ""),
        (
            _in("sending"),
            "    return Sent(True, max(SOON, math.ceil(again_in)), silent=silent)",
            "    Level(task_id=task_id, item=task_table.level_item(level)).update(actions=[Level.resend.set(False)])\n"
            "    return Sent(True, max(SOON, math.ceil(again_in)), silent=silent)",
        ),
        by=(targets.SLOW_SENDING,),
    ),
    _knock_out(
        "fence",
        "an older token takes the place of the one that is waited for",
        (
            _in("waking"),
            "(Level.fence.does_not_exist() | (Level.fence < fence) | (Level.fence == fence))",
            "Level.task_id.exists()",
        ),
        by=(targets.PARKED_BY_TWO,),
    ),
    _knock_out(
        "tolerance of stale tokens",
        "an answer to nobody stops whoever gave it",
        (_in("executions"), 'if error.response["Error"]["Code"] not in _STALE:', "if True:"),
        by=(targets.ENDED_UNHEARD,),
    ),
    _knock_out(
        "after-effects of copies",
        "whoever wrote an expiry down and died told nobody",
        (_in("moves"), "return bool(current.due)", "return False"),
        by=(targets.EXPIRY_HALF_TOLD,),
    ),
    # ---- labeling jobs ----------------------------------------------------------------------------------------------
    _knock_out(
        "adopting the epoch",
        "what an ended job had is never sent to the next one",
        (_in("sending"), "            if todo.epoch < epoch:\n", "            if False:\n"),
        by=_REPLACED,
    ),
    _knock_out(
        "the look after an adoption that was refused",
        "an object that was adopted by a call whose answer was lost is not sent",
        (
            _in("moves"),
            "return current if current is not None and current.due and current.epoch == epoch else None",
            "return None",
        ),
        by=(targets.NOTED_TWICE,),
    ),
    _knock_out(
        "only what fails at once is not replaced",
        "a job that nobody had work for is not replaced when it expires",
        (_in("labeling_jobs"), "> _AT_ONCE:", "> timedelta.max:"),
        by=(targets.FAILED_IDLE,),
    ),
    _knock_out(
        "an input topic for each incarnation",
        "what is published late for one incarnation reaches the next",
        (_in("labeling_jobs"), "_input-{epoch}", "_input-0"),
        by=_REPLACED,
    ),
    _knock_out(
        "only jobs in progress are sent to",
        "what is published to a job that does not listen is lost",
        (_in("sending"), "labeling_jobs.in_progress(step.job_name, known.get(step.job_name))", "known[step.job_name]"),
        by=_REPLACED,
    ),
    _knock_out(
        "the look at the epoch after sending",
        "what was sent while the job ended is lost",
        (
            _in("sending"),
            "if {job_name: int(job.epoch) for job_name, job in job_table.find_all(used).items()} != used:",
            "if not now and used:",
        ),
        by=_REPLACED,
    ),
    _knock_out(
        "waking the levels of an ended job",
        "what an ended job had waits until it is time to send again",
        (
            _in("replacing"),
            "    waking.send_again(job.job_name, int(job.epoch) + (job.labeling_job_arn is not None))\n",
            "",
        ),
        by=_REPLACED,
    ),
    # ---- the reconciler ---------------------------------------------------------------------------------------------
    _knock_out(
        "reconciler",
        "what notices lost stays lost",
        (
            "template.yaml",
            "            Schedule: rate(1 hour)\n",
            "            Schedule: rate(1 hour)\n            Enabled: false\n",
        ),
        by=(targets.LABELS_LOST, targets.ENDED_UNHEARD),
    ),
    _knock_out(
        "reconciler: manifests",
        "a label whose notice was lost is made again",
        (_in("reconciling"), '            yield f"output of {job.job_name}", partial(self._read_manifests, job)\n', ""),
        by=(targets.LABELS_LOST,),
    ),
    _knock_out(
        "reconciler: tasks that never started",
        "whoever stored a task and died leaves it to nobody",
        (_in("reconciling"), '        yield "tasks that never started", self._start_tasks\n', ""),
        by=(targets.RETRIED,),
    ),
    _knock_out(
        "reconciler: dead executions",
        "a task whose execution died unheard is in progress for ever",
        (_in("reconciling"), '            yield "tasks in progress", self._find_dead_executions', "            pass"),
        by=(targets.ABORTED_UNHEARD,),
    ),
    _knock_out(
        "reconciler: stopping tasks",
        "a stop that nobody heard of never ends",
        (_in("reconciling"), '        yield "tasks that are stopping", self._close_tasks\n', ""),
        by=(targets.STOPPED_UNHEARD,),
    ),
    _knock_out(
        "reconciler: telling restarted jobs",
        "what a job had when a person stopped it waits until it is time to send again",
        (_in("reconciling"), "self.findings.levels += replacing.tell(job)", "pass"),
        by=(targets.RESTARTED,),
    ),
    # ---- time -------------------------------------------------------------------------------------------------------
    _knock_out(
        "sending again in time",
        "a message that the queue forgot after fourteen days is gone",
        (_MACHINE, '      "TimeoutSecondsPath": "$.sendAgainInSeconds",\n', ""),
        by=(targets.LONG_HOLIDAY,),
    ),
    _knock_out(
        "rule about silence",
        "an expiry that is told nowhere is waited for for ever",
        (_in("sending"), "        if self._oldest_in_queue is None:", "        if True:"),
        by=(targets.TOLD_NOWHERE,),
    ),
    _knock_out(
        "a day to spare before silence",
        "an object that still waits in the queue counts as taken",
        (
            _in("sending"),
            "float(todo.sent_at or 0)) + _DAY < self._oldest_in_queue",
            "float(todo.sent_at or 0)) < self._oldest_in_queue",
        ),
        by=(targets.LONG_QUEUE,),
    ),
    _knock_out(
        "successor executions",
        "a history has an end, and so has its execution",
        (
            _in("executions"),
            "return rounds > MOST_ROUNDS // levels or clock.now() - self.started_at > LONGEST_SECONDS",
            "return False",
        ),
        by=(targets.MANY_ROUNDS,),
    ),
    # ---- messages ---------------------------------------------------------------------------------------------------
    _knock_out(
        "failures of a batch are reported one by one",
        "a message that was not taken is deleted",
        (
            "functions/receive_labels.py",
            '{"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(failed)]}',
            '{"batchItemFailures": []}',
        ),
        by=(targets.THROTTLED,),
    ),
    _knock_out(
        "quarantine",
        "a message that nobody can place is gone",
        ("functions/receive_labels.py", "    quarantine.put(message_id, body, str(reason))\n", ""),
        by=(targets.FORGED,),
    ),
    _knock_out(
        "the topic must be the job's",
        "anybody's topic may announce labels",
        (_in("receiving"), "if labeling_job.output_topic != message.topic:", "if False:"),
        by=(targets.FORGED,),
    ),
    _knock_out(
        "labels must be where the job writes",
        "labels are read from anywhere",
        (_in("receiving"), "if output.label_uri is not None and not", "if output.label_uri is None and not"),
        by=(targets.FORGED_SEQUENCES,),
    ),
    _knock_out(
        "the job must be the one that was asked",
        "one job answers for another",
        (_in("receiving"), "if output.labeling_job_name not in (None, sent_to):", "if False:"),
        by=(targets.FORGED,),
    ),
    # ---- tasks ------------------------------------------------------------------------------------------------------
    _knock_out(
        "the attempt of an end",
        "an old execution's failure ends the retry",
        (
            _in("tasks"),
            "    if attempt is not None:\n        condition &=",
            "    if attempt is None:\n        condition &=",
        ),
        by=(targets.FAILED_LATE,),
    ),
    _knock_out(
        "the look at the task after listing objects",
        "objects of a stopped task go to people",
        (
            _in("sending"),
            "            task_table.running_task(job.task_id)\n            self._note_created(end)",
            "            self._note_created(end)",
        ),
        by=(targets.STOPPED_WHILE_LISTED,),
    ),
    _knock_out(
        "closing what was listed after a stop",
        "objects of a stopped task stay on the list",
        ("functions/trigger_labeling.py", "            tasks.close_stopped(task)\n", "            pass\n"),
        by=(targets.STOPPED_WHILE_LISTED,),
    ),
    _knock_out(
        "retries of AWS Lambda's errors",
        "a function that dies fails the task",
        (
            _MACHINE,
            '"MaxDelaySeconds": 300, "JitterStrategy": "FULL"},\n',
            '"MaxDelaySeconds": 300, "JitterStrategy": "FULL"},\n'
            '        {"ErrorEquals": ["Lambda.Unknown"], "MaxAttempts": 0},\n',
        ),
        by=(targets.DYING,),
    ),
)
"""All of them. The texts that are replaced are the shipped ones: a test holds each against its file."""
