"""A WSGI application on 127.0.0.1, served by threads until it is stopped."""

import threading
from collections.abc import Callable
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server


class HttpServer:
    """Listens as soon as it is made. `port` 0 takes a free one; `url` says which."""

    def __init__(
        self, app: Callable[..., Any], port: int, handler: type[WSGIRequestHandler] = WSGIRequestHandler
    ) -> None:
        quiet = type("QuietHandler", (handler,), {"log_request": lambda *_args, **_kwargs: None})
        self._server = make_server("127.0.0.1", port, app, threaded=True, request_handler=quiet)
        self.port: int = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name=f"http-{self.port}")
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and wait for the listening thread."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
