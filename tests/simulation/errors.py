"""How the simulated services say no."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError


class UnknownCall(Exception):
    """The simulation has no such operation or parameter. It must be built before anything is concluded from a run."""


def refused(operation: str, code: str, message: str = "", **more: Any) -> ClientError:
    """The error that botocore raises for an answer of AWS.

    Args:
        operation: the API operation, such as `PutItem`.
        code: AWS's name of the error, such as `ConditionalCheckFailedException`.
        message: what AWS says about it.
        more: what stands in the answer beside `Error`, such as `CancellationReasons` or `Item`.
    """
    answer: Any = {"Error": {"Code": code, "Message": message}, **more}
    answer.setdefault("ResponseMetadata", {"HTTPStatusCode": 400, "RetryAttempts": 0})
    return ClientError(answer, operation)


def know(operation: str, request: Mapping[str, Any], parameters: frozenset[str]) -> None:
    """Raises UnknownCall if the request has a parameter that the simulation would ignore."""
    if not request.keys() <= parameters:
        raise UnknownCall(f"{operation} with {sorted(request.keys() - parameters)}")
