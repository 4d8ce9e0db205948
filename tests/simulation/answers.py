"""Answers of the simulation held against botocore's service models."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

_TYPES: dict[str, tuple[type, ...]] = {
    "blob": (bytes,),
    "boolean": (bool,),
    "double": (float, int),
    "float": (float, int),
    "integer": (int,),
    "long": (int,),
    "string": (str,),
    "timestamp": (datetime,),
}


@cache
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def check_answer(service: str, operation: str, answer: Mapping[str, Any]) -> None:
    """Raises TypeError if the service's answer could not look like this."""
    shape = _model(service).operation_model(operation).output_shape
    if shape is not None:
        _check(shape, answer, operation)
    elif answer:
        raise TypeError(f"{operation} answers nothing, not {answer}")


def _check(shape: Shape, value: Any, place: str) -> None:
    if isinstance(shape, StructureShape):
        if value.keys() - shape.members.keys() or set(shape.required_members) - value.keys():
            raise TypeError(f"{place} has {sorted(value)}")
        for name, member in value.items():
            _check(shape.members[name], member, f"{place}.{name}")
    elif isinstance(shape, ListShape):
        for number, member in enumerate(value):
            _check(shape.member, member, f"{place}[{number}]")
    elif isinstance(shape, MapShape):
        for name, member in value.items():
            _check(shape.value, member, f"{place}.{name}")
    elif not isinstance(value, _TYPES[shape.type_name]) or (
        shape.type_name == "string" and shape.enum and value not in shape.enum  # type: ignore[attr-defined]
    ):
        raise TypeError(f"{place} is {value!r}")
