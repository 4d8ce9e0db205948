"""Requests held against botocore's service models as strictly as the services do it.

botocore itself looks at types and lower bounds only; patterns, lengths and enumerations come from `broken_constraints`.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel
from botocore.validate import ParamValidator

from local.ground_truth.constraints import broken_constraints


@cache
def _operations(service: str) -> dict[str, OperationModel]:
    """The operations of a service by the name of the client's method and by their own."""
    model = botocore.session.get_session().get_service_model(service)
    found = {name: model.operation_model(name) for name in model.operation_names}
    return found | {xform_name(name): operation for name, operation in found.items()}


def faults_of(operation: OperationModel, request: Mapping[str, Any]) -> list[str]:
    """What a service would say against a request, one sentence each."""
    shape = operation.input_shape
    if shape is None:
        return [f"{operation.name} takes nothing"] if request else []
    report = ParamValidator().validate(dict(request), shape)
    found = [report.generate_report()] if report.has_errors() else []
    found += broken_constraints(shape, dict(request))
    return [f"{operation.name}: {fault}" for fault in found]


def faults(service: str, operation: str, request: Mapping[str, Any]) -> list[str]:
    """What a service would say against a request to one of its operations, by name."""
    return faults_of(_operations(service)[operation], request)


class StrictClient:
    """A fake client in front of which each request is held against the service's model; faults go to `broken`."""

    def __init__(self, fake: object, service: str, broken: list[str]) -> None:
        self._fake, self._service, self._broken = fake, service, broken

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._fake, name)

        def call(**request: Any) -> Any:
            self._broken += faults(self._service, name, request)
            return method(**request)

        return call
