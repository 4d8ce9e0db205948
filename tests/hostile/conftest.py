"""The cloud of the handlers' tests, for input that means harm or makes no sense."""

from tests.handlers.conftest import cloud, context, valid_requests

__all__ = ["cloud", "context", "valid_requests"]
