"""Schedules that invoke functions, in scaled time."""

import contextlib
import json
import logging
import re
import threading
import uuid
from datetime import UTC, datetime

from local.lambdas import Lambdas, WorldEndedError
from local.stack import Schedule
from local.template import DAY, TemplateError

LOG = logging.getLogger(__name__)

UNITS = {"minute": 60, "hour": 3600, "day": DAY}


def interval(expression: str) -> int:
    """Seconds between two runs of `rate(5 minutes)`, or of a `cron(…)` that runs hourly or daily.

    Raises `TemplateError` for any other expression: the laptop's time is scaled, so it has no time of day.
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        return int(rate[1]) * UNITS[rate[2]]
    if re.fullmatch(r"cron\(\d+ \* \* \* \? \*\)", expression):
        return UNITS["hour"]
    if re.fullmatch(r"cron\(\d+ \d+ \* \* \? \*\)", expression):
        return UNITS["day"]
    raise TemplateError(f"the laptop cannot follow the schedule {expression}")


class Timer:
    """Invokes a schedule's function every so often, in scaled time but never more than once a second."""

    def __init__(self, schedule: Schedule, lambdas: Lambdas, day_seconds: float) -> None:
        self._every = max(1.0, interval(schedule.expression) * day_seconds / DAY)
        self._function = schedule.function_arn.rpartition(":")[2]
        self._schedule = schedule
        self._lambdas = lambdas
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"timer-{self._function}")
        self._thread.start()

    def stop(self) -> None:
        """Start no more runs."""
        self._stopped.set()

    def join(self) -> None:
        """Wait for the run at work."""
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(WorldEndedError):
            while not self._stopped.wait(self._every):
                answer = self._lambdas.invoke(self._function, self._event())
                if answer.error and not self._stopped.is_set():
                    LOG.warning("%s failed on schedule: %s", self._function, answer.payload.decode())

    def _event(self) -> bytes:
        if self._schedule.input is not None:
            return self._schedule.input.encode()
        _, _, _, region, account, *_ = self._schedule.function_arn.split(":")
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": account,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": [],
            "detail": {},
        }
        return json.dumps(event).encode()
