"""Moto's server in this process, set up for real handlers and real executions."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moto.core.config import default_user_config
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app

from local.http_server import HttpServer


@contextlib.contextmanager
def serving(port: int, logs: Path) -> Iterator[str]:
    """Moto's server, empty before and after, within the block; gives its URL. Its log goes to `logs`."""
    with _log_of("moto", logs), _set_up():
        server = HttpServer(_Dispatcher(), port, MotoRequestHandler)
        try:
            with _variable("MOTO_PORT", str(server.port)):
                yield server.url
        finally:
            server.stop()


class _Dispatcher(DomainDispatcherApplication):
    """Moto's own lists a directory and tries the patterns of all services, for each request anew."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._backends: dict[str, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """The backend of a host, which stays the same."""
        if host not in self._backends:
            found = super().get_backend_for_host(host)
            if host is None or found is None:
                return found
            self._backends[host] = found
        return self._backends[host]


@contextlib.contextmanager
def _set_up() -> Iterator[None]:
    """Moto's settings for a world of real handlers and real executions, and an empty cloud before and after."""
    ours = {"lambda": {"use_docker": False}, "stepfunctions": {"execute_state_machine": True}}
    before = {key: dict(default_user_config[key]) for key in ours}  # type: ignore[literal-required]
    default_user_config.update(ours)  # type: ignore[typeddict-item]
    moto_api_backend.reset()
    try:
        yield
    finally:
        moto_api_backend.reset()
        default_user_config.update(before)  # type: ignore[typeddict-item]


@contextlib.contextmanager
def _log_of(library: str, logs: Path) -> Iterator[None]:
    """A library's log in a file: moto reports every error of a handler, which the execution's history has too."""
    logs.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(logs / f"{library}.log")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger(library)
    logger.addHandler(handler)
    propagated, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.propagate = propagated
        logger.removeHandler(handler)
        handler.close()


@contextlib.contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
