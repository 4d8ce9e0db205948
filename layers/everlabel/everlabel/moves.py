"""How a data object moves from the to-do list to the record.

| event                              | write                                    | condition                 |
|------------------------------------|------------------------------------------|---------------------------|
| created                            | put OPEN                                 | nothing sent yet          |
| label, of any generation           | put DONE labeled; delete OPEN            | no DONE (else SURPLUS)    |
| expired, generation g              | OPEN: generation g+1, due                | OPEN has no later id      |
| expired once too often, or refused | put DONE failed, delete OPEN, flag LEVEL | no DONE, and as above     |
| due and published                  | OPEN: not due                            | same generation and epoch |
| its message left the queue         | OPEN: taken                              | same generation and epoch |
| taken, and silent since            | as expired                               | as expired                |
| its job was replaced               | OPEN: new epoch, due                     | an older epoch            |
| task stopped                       | put DONE stopped; delete OPEN            | no DONE                   |
| task retried                       | put OPEN (g+1 if spent), delete DONE     | DONE is failed            |

Each is one conditional write, or one transaction where items must agree: whoever loses the race is told so and nothing
is overwritten. The record is written before the to-do item goes, so a crash in between leaves work to repeat, not a
loss; `left_behind` finds what it left.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pynamodb.exceptions import DeleteError, PutError, PynamoDBException, TransactWriteError, UpdateError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from everlabel import clock, tables
from everlabel.data_object import ObjectKey
from everlabel.task_table import Done, Level, Open, Outcome, Surplus, Task, level_item

_KEYS = ["task_id", "item", "kind"]


def _lost(error: PynamoDBException) -> bool:
    return error.cause_response_code == "ConditionalCheckFailedException"


def create(keys: Sequence[ObjectKey], epoch: int) -> None:
    """Puts objects of one job, in index order, on the to-do list. Only for objects that were never sent.

    What is there is overwritten, so an invocation that was thought dead may put labeled objects back; it takes them
    off again itself.
    """
    with Open.batch_write() as batch:
        for todo in new(keys, epoch):
            batch.save(todo)
    if keys:
        between = Done.item.between(keys[0].item("DONE"), keys[-1].item("DONE"))
        for done in Done.query(keys[0].task_id, between, attributes_to_get=_KEYS, consistent_read=True):
            key = ObjectKey.of_item(done.task_id, done.item)
            Open(task_id=key.task_id, item=key.item("OPEN")).delete()


def new(keys: Iterable[ObjectKey], epoch: int) -> Iterator[Open]:
    """The to-do items of objects that were never sent."""
    now = clock.now()
    return (Open(task_id=key.task_id, item=key.item("OPEN"), epoch=epoch, since=now) for key in keys)


def _find_done(key: ObjectKey) -> Done | None:
    try:
        return Done.get(key.task_id, key.item("DONE"), consistent_read=True)
    except Done.DoesNotExist:
        return None


def find_open(key: ObjectKey) -> Open | None:
    """The object's to-do item as it is now, or None if it has an outcome (or never existed)."""
    try:
        return Open.get(key.task_id, key.item("OPEN"), consistent_read=True)
    except Open.DoesNotExist:
        return None


def _keep_surplus(key: ObjectKey, generation: int, line: str) -> None:
    digest = hashlib.sha256(line.encode()).hexdigest()[:16]
    Surplus(
        task_id=key.task_id,
        item=f"{key.item('SURPLUS')}#{digest}",
        generation=generation,
        line=line,
        at=clock.iso(clock.now()),
    ).save()


def _record(
    key: ObjectKey, outcome: Outcome, generation: int, *, line: str | None = None, reason: str | None = None
) -> Done | None:
    """Writes the record unless there is one; returns the one that was there."""
    done = Done(
        task_id=key.task_id,
        item=key.item("DONE"),
        outcome=outcome,
        generation=generation,
        line=line,
        reason=reason,
        at=clock.iso(clock.now()),
    )
    try:
        done.save(Done.task_id.does_not_exist())
    except PutError as error:
        if not _lost(error):
            raise
        return _find_done(key)
    return None


def label(key: ObjectKey, generation: int, line: str, *, keep_only: bool = False) -> bool:
    """Accepts a label, whatever generation it answers; a second one is kept beside the first.

    With `keep_only` (the task was stopped) it is kept and never used. Returns whether the object was labeled by this
    call: the first label, not a copy of it.
    """
    if keep_only:
        _keep_surplus(key, generation, line)
        return False
    before = _record(key, Outcome.LABELED, generation, line=line)
    if before is not None and (before.line is None or json.loads(before.line) != json.loads(line)):
        _keep_surplus(key, generation, line)
    if before is None or before.outcome == Outcome.LABELED:
        # Whatever generation is there: the object is done.
        Open(task_id=key.task_id, item=key.item("OPEN")).delete()
    return before is None


def left_behind(todo: Open) -> bool:
    """Whether the object is on the record already, and a crash left its to-do item, which is then deleted."""
    key = ObjectKey.of_item(todo.task_id, todo.item)
    done = _find_done(key)
    if done is None:
        return False
    _strike_off(key, int(todo.generation))
    return True


def _is_old_news(current: Open, generation: int, epoch: int) -> bool:
    """Whether a notice speaks of an id that is not the object's last: another one was made since."""
    return current.generation > generation or current.epoch > epoch


@dataclass(frozen=True)
class Patience:
    """How long a data object is tried: at most so many expiries, and so many seconds on the to-do list."""

    expiries: int
    seconds: float

    @classmethod
    def with_task(cls, task: Task) -> "Patience":
        """What the task allows."""
        return cls(int(task.max_expiries), float(task.max_age_seconds))

    def is_over(self, todo: Open) -> str | None:
        """Why the object, which has just expired, is not tried again, in words; None if it is."""
        if todo.expiries >= self.expiries:
            return f"expired {int(todo.expiries) + 1} times"
        return self.is_too_old(todo)

    def is_too_old(self, todo: Open) -> str | None:
        """That the object is on the list for too long, in words; None if it is not."""
        if todo.since is None or clock.now() - todo.since < self.seconds:
            return None
        return f"had no label within {self.seconds / 86_400:g} day(s)"


def expire(key: ObjectKey, generation: int, epoch: int, reason: str, patience: Patience) -> bool:
    """Makes the object due under a new generation, or fails it if patience is over.

    Returns whether the level must send something: also for a copy of the notice, because whoever took the first one
    may have died before saying so. A notice about an older sending changes nothing; one about a later sending than is
    written down counts, because its id is spent.
    """
    current = find_open(key)
    if current is None:
        return False
    if _is_old_news(current, generation, epoch):
        return bool(current.due)
    over = patience.is_over(current)
    if over is not None:
        fail(key, generation, epoch, f"{over}, the last time with: {reason}")
        return False
    try:
        current.update(
            actions=[
                Open.generation.set(generation + 1),
                Open.expiries.set(Open.expiries + 1),
                Open.due.set(True),
                Open.taken_at.remove(),
                Open.reason.set(reason),
            ],
            condition=(Open.generation <= generation) & (Open.epoch <= epoch),
        )
    except UpdateError as error:
        if not _lost(error):
            raise
    return True


def fail(key: ObjectKey, generation: int, epoch: int, reason: str, *, is_spent: bool = True) -> None:
    """Records that the object has no label and is not sent again, unless it moved on meanwhile.

    `is_spent` is False if somebody may still be working under the id that it has.

    Record, to-do list and the level's flag change together: whoever finds the list empty finds the flag, and a retry
    that runs meanwhile either sees the record or comes first.
    """
    done = Done(
        task_id=key.task_id,
        item=key.item("DONE"),
        outcome=Outcome.FAILED,
        generation=generation,
        is_spent=is_spent,
        reason=reason,
        at=clock.iso(clock.now()),
    )
    level = Level(task_id=key.task_id, item=level_item(key.level))
    todo = Open(task_id=key.task_id, item=key.item("OPEN"))
    try:
        with TransactWrite(connection=tables.connection()) as together:
            together.save(done, condition=Done.task_id.does_not_exist())
            together.delete(todo, condition=(Open.generation <= generation) & (Open.epoch <= epoch))
            together.update(level, actions=[Level.has_failed.set(True)], condition=Level.task_id.exists())
    except TransactWriteError as error:
        if not _refused_by_condition(error):
            raise


def _refused_by_condition(error: TransactWriteError) -> bool:
    """Whether a transaction was cancelled because somebody came first, and not by a conflict, which passes."""
    return any(reason is not None and reason.code == "ConditionalCheckFailed" for reason in error.cancellation_reasons)


def stop(todo: Open) -> None:
    """Records that the task was stopped before the object had an outcome."""
    key = ObjectKey.of_item(todo.task_id, todo.item)
    _record(key, Outcome.STOPPED, int(todo.generation), reason="the task was stopped")
    _strike_off(key, int(todo.generation))


def _strike_off(key: ObjectKey, generation: int) -> None:
    """Deletes the to-do item, but not one that a retry has put there meanwhile."""
    todo = Open(task_id=key.task_id, item=key.item("OPEN"))
    try:
        todo.delete(condition=Open.generation.does_not_exist() | (Open.generation <= generation))
    except DeleteError as error:
        if not _lost(error):
            raise


def sent(todo: Open) -> None:
    """Notes that a due object was published under the generation it had."""
    _note(todo, Open.due.set(False), Open.sent_at.set(clock.now()))


def taken(todo: Open) -> None:
    """Notes that Ground Truth has the object, so that it need not be sent again under the id it has."""
    _note(todo, Open.taken_at.set(clock.now()))


def _note(todo: Open, *actions: Action) -> None:
    """Writes something about the id that the object has, unless it has another one by now."""
    try:
        todo.update(
            actions=list(actions),
            condition=(Open.generation == todo.generation) & (Open.epoch == todo.epoch),
        )
    except UpdateError as error:
        if not _lost(error):
            raise


def adopt_epoch(todo: Open, epoch: int) -> Open | None:
    """Moves the object to the job's new incarnation. Returns None if it has an outcome or moved on meanwhile.

    Whoever hears nothing of the writing tries it twice, and finds that the object has moved already.
    """
    try:
        todo.update(
            actions=[Open.epoch.set(epoch), Open.due.set(True), Open.taken_at.remove()],
            condition=(Open.generation == todo.generation) & (Open.epoch < epoch),
        )
    except UpdateError as error:
        if not _lost(error):
            raise
        current = find_open(ObjectKey.of_item(todo.task_id, todo.item))
        return current if current is not None and current.due and current.epoch == epoch else None
    return todo


def open_again(done: Done, epoch: int) -> bool:
    """Puts a failed object back on the to-do list, under a new generation if its id is spent.

    Returns False if it was not failed.
    """
    key = ObjectKey.of_item(done.task_id, done.item)
    todo = Open(
        task_id=key.task_id,
        item=key.item("OPEN"),
        generation=int(done.generation) + bool(done.is_spent),
        epoch=epoch,
        due=True,
        since=clock.now(),
        reason=done.reason,
    )
    try:
        with TransactWrite(connection=tables.connection()) as both:
            both.save(todo)
            both.delete(done, condition=Done.outcome == Outcome.FAILED)
    except TransactWriteError as error:
        if not _refused_by_condition(error):
            raise
        return False
    return True
